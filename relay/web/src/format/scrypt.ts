/** scrypt (RFC 7914) with r = 8 and p = 1: in WebAssembly, or in plain JavaScript where that is switched off. */

import { fail, part } from "../failure.ts";

const BLOCK_SIZE = 8;
const PARALLELISM = 1;
const KEY_BYTES = 32;
/** How long plain JavaScript works before it yields to other tasks. */
const TURN_MS = 100;

/**
 * Is called with the share of the work that is done, in plain JavaScript: where a browser does not compile that, it takes
 * minutes. If it throws, the work stops.
 */
export type Progress = (share: number) => void;

/** 32 bytes from a password; it takes 128 · 8 · 2^`logN` bytes of memory. */
export async function scrypt(password: Uint8Array, salt: Uint8Array, logN: number, progress: Progress): Promise<Uint8Array> {
  try {
    return await (hasWebAssembly() ? inWebAssembly(password, salt, logN) : inJavaScript(password, salt, logN, progress));
  } catch (error) {
    // Both mean that the browser does not give that much memory; the class `RuntimeError` may not exist here.
    if (error instanceof Error && ["RangeError", "RuntimeError"].includes(error.name)) fail({ code: "not_enough_memory" });
    throw error;
  }
}

async function inWebAssembly(password: Uint8Array, salt: Uint8Array, logN: number): Promise<Uint8Array> {
  const { scrypt } = await part(import("./scrypt_wasm.ts"));
  const cost = { costFactor: 2 ** logN, blockSize: BLOCK_SIZE, parallelism: PARALLELISM };
  return scrypt({ password, salt, ...cost, hashLength: KEY_BYTES, outputType: "binary" });
}

async function inJavaScript(password: Uint8Array, salt: Uint8Array, logN: number, onProgress: Progress): Promise<Uint8Array> {
  const { scryptAsync } = await part(import("@noble/hashes/scrypt.js"));
  // It counts its table, a block for each lane, and one to work in.
  const maxmem = 128 * BLOCK_SIZE * (2 ** logN + PARALLELISM + 1);
  const options = { N: 2 ** logN, r: BLOCK_SIZE, p: PARALLELISM, dkLen: KEY_BYTES, maxmem, asyncTick: TURN_MS, onProgress };
  return scryptAsync(password, salt, options);
}

/** Whether WebAssembly runs here: some browsers have it and refuse it, by policy or in a lockdown mode. */
export function hasWebAssembly(): boolean {
  try {
    // The smallest module: a magic number and a version.
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}
