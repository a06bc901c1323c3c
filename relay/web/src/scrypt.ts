/**
 * scrypt (RFC 7914) with r = 8 and p = 1: in WebAssembly, or in plain JavaScript where that is switched off; in a worker of
 * its own, because browsers are slow to notice that so much memory is not used any more.
 */

import { failureOf, part, ShareError, type Failure } from "./failure.ts";
import { scriptUrl } from "./trusted.ts";

const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;

/** What scrypt makes 32 bytes from; it takes 128 · 8 · 2^`logN` bytes of memory. */
export interface Derivation {
  password: Uint8Array;
  salt: Uint8Array;
  logN: number;
}

/** What came of it. */
export type Derived = { key: Uint8Array } | { failure: Failure };

/** 32 bytes from a password. */
export async function scrypt(password: Uint8Array, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const derived = (await inWorker({ password, salt, logN })) ?? (await scryptHere({ password, salt, logN }));
  if ("failure" in derived) throw new ShareError(derived.failure);
  return derived.key;
}

/** `null` if there can be no worker. */
async function inWorker(derivation: Derivation): Promise<Derived | null> {
  if (typeof Worker === "undefined") return null;
  const worker = new Worker(scriptUrl("scrypt-worker.js"), { type: "module" });
  try {
    return await new Promise<Derived | null>((resolve) => {
      worker.onmessage = ({ data }: MessageEvent<Derived>) => resolve(data);
      worker.onerror = () => resolve(null);
      worker.postMessage(derivation);
    });
  } finally {
    worker.terminate();
  }
}

/** In this thread. */
export async function scryptHere({ password, salt, logN }: Derivation): Promise<Derived> {
  try {
    return { key: await (hasWebAssembly() ? inWebAssembly : inJavaScript)(password, salt, logN) };
  } catch (error) {
    // Either says so in its own words when the browser does not give it that much.
    const isTooMuch = error instanceof RangeError || error instanceof WebAssembly.RuntimeError;
    return { failure: isTooMuch ? { code: "not_enough_memory" } : failureOf(error) };
  }
}

async function inWebAssembly(password: Uint8Array, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const { scrypt } = await part(import("./scrypt-wasm.ts"));
  return scrypt({
    password,
    salt,
    costFactor: 2 ** logN,
    blockSize: BLOCK_SIZE,
    parallelism: PARALLELISM,
    hashLength: KEY_BYTES,
    outputType: "binary",
  });
}

async function inJavaScript(password: Uint8Array, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const { scryptAsync } = await part(import("@noble/hashes/scrypt.js"));
  const memory = 128 * BLOCK_SIZE * (2 ** logN + PARALLELISM);
  return scryptAsync(password, salt, { N: 2 ** logN, r: BLOCK_SIZE, p: PARALLELISM, dkLen: KEY_BYTES, maxmem: memory });
}

/** Whether WebAssembly runs here: some browsers have it and refuse it, by policy or in a lockdown mode. */
export function hasWebAssembly(): boolean {
  try {
    // The smallest module: its magic number and version.
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}
