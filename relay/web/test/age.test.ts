/** The public age vectors (C2SP/CCTV), all that concern binary files, through our envelope. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { ShareError, type FailureCode } from "../src/failure.ts";
import type { Bytes } from "../src/format/bytes.ts";
import { openHeader, readHeader, type Opener } from "../src/format/header.ts";
import { readIdentities } from "../src/format/identity.ts";
import { NONCE, SEALED_CHUNK, Stream } from "../src/format/stream.ts";
import { vectorBytes, vectorPath } from "./vectors.ts";

interface Vector {
  name: string;
  fields: Map<string, string[]>;
  file: Bytes;
}

const OUTCOMES: Partial<Record<FailureCode, string>> = {
  header_malformed: "header failure",
  too_much_work: "header failure",
  header_tampered: "HMAC failure",
  words_wrong: "no match",
  no_identity_fits: "no match",
  // A header without a scrypt stanza was not sealed with words.
  needs_key: "no match",
  tampered: "payload failure",
  truncated: "payload failure",
};

function read(name: string): Vector {
  const bytes = vectorBytes(`age/${name}`);
  const blank = bytes.indexOf("\n\n");
  const fields = new Map<string, string[]>();
  for (const line of bytes.subarray(0, blank).toString().split("\n")) {
    const [, key = "", value = ""] = /^(.*?): (.*)$/.exec(line) ?? [];
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  const rest = bytes.subarray(blank + 2);
  return { name, fields, file: Uint8Array.from(fields.has("compressed") ? inflateSync(rest) : rest) };
}

function openers({ fields }: Vector): Opener[] {
  const words = (fields.get("passphrase") ?? []).map((passphrase) => ({ passphrase }));
  const keys = fields.get("identity");
  return keys ? [...words, { identities: readIdentities(keys.join("\n")) }] : words;
}

async function open(vector: Vector, released: Uint8Array[]): Promise<void> {
  const header = readHeader(vector.file);
  const nonce = vector.file.slice(header.length, header.length + NONCE);
  if (nonce.length < NONCE) throw new ShareError({ code: "header_malformed" });
  const stream = await Stream.open(await openWithAny(vector, openers(vector)), nonce);
  const payload = vector.file.slice(header.length + NONCE);
  const count = Math.max(1, Math.ceil(payload.length / SEALED_CHUNK));
  for (let i = 0; i < count; i++) {
    const chunk = payload.slice(i * SEALED_CHUNK, (i + 1) * SEALED_CHUNK);
    const attempt = (last: boolean) => stream.openRun(i, last, chunk, new Uint8Array(chunk.length));
    const last = i + 1 === count;
    try {
      released.push(await attempt(last));
    } catch (error) {
      // We know the payload's length and refuse at once. The vectors' plaintext is what a reader that finds the end only
      // by trying has released by then.
      await attempt(!last).then((plain) => released.push(plain), () => {});
      throw error;
    }
  }
}

async function openWithAny(vector: Vector, openers: Opener[]): Promise<Uint8Array> {
  let last: unknown = new ShareError({ code: "header_malformed" });
  for (const opener of openers) {
    try {
      return await openHeader(readHeader(vector.file), opener, () => {});
    } catch (error) {
      last = error;
      if (!(error instanceof ShareError) || OUTCOMES[error.failure.code] !== "no match") break;
    }
  }
  throw last;
}

async function outcome(vector: Vector): Promise<[string, Buffer]> {
  const released: Uint8Array[] = [];
  const result = await open(vector, released).then(
    () => "success",
    (error) => (error instanceof ShareError ? (OUTCOMES[error.failure.code] ?? error.failure.code) : String(error)),
  );
  return [result, Buffer.concat(released)];
}

const all = readdirSync(vectorPath("age")).map(read);

test("every binary vector has its outcome", async () => {
  const classic = all.filter(({ name }) => !name.startsWith("hybrid"));
  assert.equal(classic.length, 92, "a vector is missing");
  const wrong: string[] = [];
  for (const vector of classic) {
    const [found, released] = await outcome(vector);
    const [expected] = vector.fields.get("expect") ?? [];
    if (found !== expected) wrong.push(`${vector.name}: ${found}, not ${expected}`);
    const [payload] = vector.fields.get("payload") ?? [];
    const sha256 = createHash("sha256").update(released).digest("hex");
    if (payload === undefined ? released.length > 0 : payload !== sha256) wrong.push(`${vector.name}: released`);
  }
  assert.deepEqual(wrong, []);
});

test("post-quantum identities are named and left to others", () => {
  const hybrids = all.filter(({ name }) => name.startsWith("hybrid"));
  assert.equal(hybrids.length, 18, "a vector is missing");
  for (const vector of hybrids) {
    assert.throws(() => openers(vector), (error: ShareError) => {
      assert.deepEqual(error.failure, { code: "identity_unsupported", kind: "post_quantum" });
      return true;
    });
  }
});

test("what stock age sealed with a passphrase opens", async () => {
  const file = Uint8Array.from(vectorBytes("stock/odd_passphrase.age"));
  assert.equal(readHeader(file).kind, "words");
});

test("keys that only another program can use are named", () => {
  const kinds = { ed25519: "ssh", rsa: "ssh", rsa_pem: "ssh", ed25519_protected: "ssh", "age_protected.age": "protected", "age_protected_armor.age": "protected" };
  for (const [name, kind] of Object.entries(kinds)) {
    const text = vectorBytes(`keys/${name}`).toString("latin1");
    assert.throws(() => readIdentities(text), (error: ShareError) => {
      assert.deepEqual(error.failure, { code: "identity_unsupported", kind }, name);
      return true;
    });
  }
  assert.equal(readIdentities(vectorBytes("keys/age.txt").toString()).length, 1);
  for (const text of ["", "# nothing\n", "AGE-SECRET-KEY-1QQQ", "storm milk change human mountain clove", "x".repeat(70_000)]) {
    assert.throws(() => readIdentities(text), { message: "identity_invalid" });
  }
});
