/** A share being opened, on a relay that gives out what a test says. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { failureOf, type Failure } from "../src/failure.ts";
import { concat, utf8, type Bytes } from "../src/format/bytes.ts";
import { hkdf, sha256 } from "../src/format/sha256.ts";
import { Session } from "../src/worker/session.ts";
import { vectorBytes } from "./vectors.ts";

const { signal } = new AbortController();
const VECTOR = vectorBytes("age/x25519").toString("latin1");

/** A field of the vector, by its name. */
function field(name: string): string {
  return new RegExp(`^${name}: (.*)$`, "m").exec(VECTOR)?.[1] ?? assert.fail();
}

/** The header of an age file whose file key and identity are known. */
const HEADER = utf8(/age-encryption\.org\/v1\n.*?\n--- [^\n]*\n/s.exec(VECTOR)?.[0] ?? assert.fail());
const FILE_KEY = Buffer.from(field("file key"), "hex");

/** A manifest's age file. */
function sealed(nonce: Bytes, contentNonce: Bytes): Bytes {
  const manifest = {
    version: 1, kind: "file", nonce: Buffer.from(contentNonce).toString("hex"), length: 5, files: 1, bytes: 5,
    entries: [{ path: "a", size: 5, mtime: 0, offset: 0 }],
  };
  const iv = new Uint8Array(12);
  iv[11] = 1;
  const key = hkdf(sha256, FILE_KEY, nonce, utf8("payload"), 32);
  return concat(HEADER, nonce, chacha20poly1305(key, iv).encrypt(utf8(JSON.stringify(manifest))));
}

/** What opening a share with this manifest comes to. */
async function opened(manifest: Bytes): Promise<Failure | "opened"> {
  const status = { state: "ready", kind: "keys", now: 1, expires_at: 9, stored_bytes: 21, tries_left: 10 };
  const server = createServer((request, response) => response.end(request.method === "GET" ? JSON.stringify(status) : manifest));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const session = new Session(() => {});
  try {
    await session.open({ relay: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, id: "k3f90m1cx7q4zt8w2hbb" }, signal);
    await session.unlock({ identities: field("identity") }, signal);
    return "opened";
  } catch (error) {
    return failureOf(error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("a share whose manifest and content have one nonce is refused", async () => {
  const [one, other] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  assert.equal(await opened(sealed(one, other)), "opened");
  assert.deepEqual(await opened(sealed(one, one)), { code: "manifest_bad", fault: "nonce" });
});
