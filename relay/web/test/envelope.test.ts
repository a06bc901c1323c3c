import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ShareError, type FailureCode } from "../src/failure.ts";
import { equal, fromHex, hex, type Bytes } from "../src/format/bytes.ts";
import { openInBrowser, openInJavaScript, openInSodium } from "../src/format/cipher.ts";
import { proof, receiptKey, receiptMac, type HowSaved } from "../src/format/proof.ts";
import { hkdf, sha256 } from "../src/format/sha256.ts";
import { CHUNK, Fingerprint, plainLength, SEALED_CHUNK, sealedLength, Stream } from "../src/format/stream.ts";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { vectors } from "./vectors.ts";

interface StreamVector {
  file_key: string;
  nonce: string;
  plain_bytes: number;
  payload_bytes: number;
  payload_sha256: string;
  fingerprint: string;
}

const KEY = new Uint8Array(16).fill(7);
const NONCE = new Uint8Array(16).fill(9);

/** The pattern of `tests/vectors/make.py`. */
function pattern(length: number): Bytes {
  return Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8) * 17 + (i >> 16) * 101);
}

function bytesOf(digits: string): Bytes {
  return fromHex(digits);
}

function seal(fileKey: Uint8Array, nonce: Uint8Array, plain: Bytes): Bytes {
  const key = hkdf(sha256, fileKey, nonce, Buffer.from("payload"), 32);
  const count = Math.max(1, Math.ceil(plain.length / CHUNK));
  const sealed = Array.from({ length: count }, (_, i) => {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setBigUint64(3, BigInt(i));
    iv[11] = i + 1 === count ? 1 : 0;
    return chacha20poly1305(key, iv).encrypt(plain.subarray(i * CHUNK, (i + 1) * CHUNK));
  });
  return Uint8Array.from(Buffer.concat(sealed));
}

async function open(sealed: Bytes, firstChunk = 0, last = true): Promise<Bytes> {
  const stream = await Stream.open(KEY, NONCE);
  return stream.openRun(firstChunk, last, sealed, new Uint8Array(sealed.length));
}

async function refusal(sealed: Bytes, firstChunk = 0, last = true): Promise<FailureCode | null> {
  try {
    await open(sealed, firstChunk, last);
    return null;
  } catch (error) {
    return error instanceof ShareError ? error.failure.code : assert.fail(String(error));
  }
}

test("payloads open to their plaintext and have their fingerprint", async () => {
  for (const vector of vectors<StreamVector[]>("stream.json")) {
    const [fileKey, nonce, plain] = [bytesOf(vector.file_key), bytesOf(vector.nonce), pattern(vector.plain_bytes)];
    const sealed = seal(fileKey, nonce, plain);
    assert.equal(createHash("sha256").update(sealed).digest("hex"), vector.payload_sha256);
    assert.equal(sealedLength(vector.plain_bytes), vector.payload_bytes);
    assert.equal(plainLength(vector.payload_bytes), vector.plain_bytes);
    const fingerprint = new Fingerprint();
    fingerprint.add(sealed);
    assert.equal(hex(fingerprint.finish()), vector.fingerprint);
    const stream = await Stream.open(fileKey, nonce);
    assert.ok(equal(await stream.openRun(0, true, sealed, new Uint8Array(sealed.length)), plain));
  }
});

test("proofs are those of the vectors", async () => {
  interface Vector {
    words: string;
    id: string;
    proof: string;
    proof_hash: string;
  }
  for (const { words, id, ...expected } of vectors<Vector[]>("proof.json")) {
    const found = await proof(words, id, () => {});
    assert.equal(hex(found), expected.proof, words);
    assert.equal(hex(sha256(found)), expected.proof_hash);
  }
});

test("receipts are those of the vectors", () => {
  type Vector = Record<"file_key" | "receipt_key" | "ticket_hash" | "fingerprint" | "time" | "mac", string> & { saved: HowSaved };
  for (const vector of vectors<Vector[]>("receipt.json")) {
    const key = receiptKey(bytesOf(vector.file_key));
    assert.equal(hex(key), vector.receipt_key);
    const mac = receiptMac(key, bytesOf(vector.ticket_hash), bytesOf(vector.fingerprint), BigInt(vector.time), vector.saved);
    assert.equal(hex(mac), vector.mac);
  }
});

test("every cipher opens the same, and refuses the same", async () => {
  const [key, nonce] = [pattern(32), pattern(12)];
  const found: string[] = [];
  for (const openBy of [openInBrowser, openInSodium, openInJavaScript]) {
    const cipher = await openBy(key);
    if (!cipher) continue;
    found.push(openBy.name);
    for (const length of [0, 1, 100, CHUNK]) {
      const plain = pattern(length);
      const sealed = Uint8Array.from(chacha20poly1305(key, nonce).encrypt(plain));
      const out = new Uint8Array(length);
      assert.ok(await cipher.open(nonce, sealed, out));
      assert.ok(equal(out, plain));
      sealed[length] = (sealed[length] ?? 0) ^ 1;
      assert.equal(await cipher.open(nonce, sealed, out), false);
    }
  }
  assert.deepEqual(found.slice(-2), ["openInSodium", "openInJavaScript"]);
});

test("runs open at any place", async () => {
  const plain = pattern(10 * CHUNK + 7);
  const sealed = seal(KEY, NONCE, plain);
  for (const run of [1, 2, 3, 5, 11, 100]) {
    for (let first = 0; first < 11; first += run) {
      const opened = await open(sealed.slice(first * SEALED_CHUNK, (first + run) * SEALED_CHUNK), first, first + run >= 11);
      assert.ok(equal(opened, plain.subarray(first * CHUNK, (first + run) * CHUNK)), `${run} at ${first}`);
    }
  }
});

test("any changed byte is noticed", async () => {
  const sealed = seal(KEY, NONCE, pattern(3 * CHUNK + 100));
  for (const at of [0, 1, CHUNK, SEALED_CHUNK - 1, SEALED_CHUNK, 2 * SEALED_CHUNK + 77, sealed.length - 1]) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x40;
    await assert.rejects(open(changed), (error: ShareError) => {
      assert.deepEqual(error.failure, { code: "tampered", chunk: Math.floor(at / SEALED_CHUNK) });
      return true;
    });
  }
});

test("a payload that was cut, extended or put in another order is refused", async () => {
  const sealed = seal(KEY, NONCE, pattern(3 * CHUNK));
  for (const length of [SEALED_CHUNK, 2 * SEALED_CHUNK, 0, 1, 15, SEALED_CHUNK + 3]) {
    assert.equal(await refusal(sealed.slice(0, length)), "truncated", String(length));
  }
  for (const length of [16, 17, SEALED_CHUNK - 1, SEALED_CHUNK + 16, SEALED_CHUNK + 17, 3 * SEALED_CHUNK - 1]) {
    assert.ok(await refusal(sealed.slice(0, length)), String(length));
  }
  for (const extra of [1, 16, 17, SEALED_CHUNK]) {
    assert.ok(await refusal(Uint8Array.from(Buffer.concat([sealed, new Uint8Array(extra)]))), String(extra));
  }
  const chunk = (i: number) => sealed.slice(i * SEALED_CHUNK, (i + 1) * SEALED_CHUNK);
  assert.equal(await refusal(chunk(1), 2, false), "tampered");
  assert.equal(await refusal(chunk(2), 2, false), "tampered");
  assert.equal(await refusal(seal(KEY, NONCE, pattern(0)), 1), "tampered");
  assert.equal(await refusal(seal(KEY, NONCE, pattern(0)), 0, false), "truncated");
  assert.equal(await refusal(chunk(0).slice(0, -1), 0, false), "truncated");
});
