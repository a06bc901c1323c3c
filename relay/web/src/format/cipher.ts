/**
 * ChaCha20-Poly1305 by the fastest means this browser has: its own (WebCrypto, Chromium from 150 on), else libsodium in
 * WebAssembly, else plain JavaScript.
 */

import { part } from "../failure.ts";
import type { Bytes } from "./bytes.ts";
import { hasWebAssembly } from "./scrypt.ts";

/** A key that opens chunks. */
export interface Cipher {
  /** Whether several chunks may be opened at one time, and gain from it. */
  readonly isParallel: boolean;
  /** Opens a chunk into `out`, which is exactly as long as its plaintext; `false` if it is not authentic. */
  open(nonce: Bytes, sealed: Bytes, out: Bytes): Promise<boolean> | boolean;
}

/** By which means chunks can be opened. */
export type CipherName = "webcrypto" | "libsodium" | "javascript";

const NAME = "ChaCha20-Poly1305";

const OPENERS: Record<CipherName, (key: Bytes) => Promise<Cipher | null>> = {
  webcrypto: openInBrowser,
  libsodium: openInSodium,
  javascript: openInJavaScript,
};

/** The fastest cipher there is here for a 32-byte key. */
export async function openCipher(key: Bytes): Promise<Cipher> {
  return (await openInBrowser(key)) ?? (await openInSodium(key)) ?? openInJavaScript(key);
}

/** A cipher by these means; `null` if this browser does not have them. */
export function openCipherBy(name: CipherName, key: Bytes): Promise<Cipher | null> {
  return OPENERS[name](key);
}

async function openInBrowser(key: Bytes): Promise<Cipher | null> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    // Younger than TypeScript's own list of formats.
    const format = "raw-secret" as "raw";
    const secret = await subtle.importKey(format, key, NAME, false, ["decrypt"]);
    return { isParallel: true, open: (nonce, sealed, out) => decrypt(subtle, secret, nonce, sealed, out) };
  } catch {
    return null;
  }
}

async function decrypt(subtle: SubtleCrypto, key: CryptoKey, iv: Bytes, sealed: Bytes, out: Bytes): Promise<boolean> {
  try {
    out.set(new Uint8Array(await subtle.decrypt({ name: NAME, iv }, key, sealed)));
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "OperationError") return false;
    throw error;
  }
}

/** The part of libsodium's raw interface that is used here: addresses are places in `HEAPU8`. */
interface Sodium {
  HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _crypto_aead_chacha20poly1305_ietf_decrypt(
    out: number,
    outLength: number,
    nsec: number,
    sealed: number,
    sealedLow: number,
    sealedHigh: number,
    data: number,
    dataLow: number,
    dataHigh: number,
    nonce: number,
    key: number,
  ): number;
}

/** A chunk is opened in place, in a piece of memory of libsodium's that all chunks of all ciphers share. */
interface Bench {
  sodium: Sodium;
  key: number;
  nonce: number;
  chunk: number;
}

const BENCH_BYTES = 64 * 1024 + 16;
let bench: Promise<Bench | null> | undefined;

async function openInSodium(key: Bytes): Promise<Cipher | null> {
  bench ??= (hasWebAssembly() ? setUpBench() : Promise.resolve(null)).catch((error) => {
    bench = undefined;
    throw error;
  });
  const place = await bench;
  if (!place) return null;
  const { sodium } = place;
  const open = (nonce: Bytes, sealed: Bytes, out: Bytes): boolean => {
    sodium.HEAPU8.set(key, place.key);
    sodium.HEAPU8.set(nonce, place.nonce);
    sodium.HEAPU8.set(sealed, place.chunk);
    const { chunk, nonce: iv } = place;
    const decrypt = sodium._crypto_aead_chacha20poly1305_ietf_decrypt;
    if (decrypt(chunk, 0, 0, chunk, sealed.length, 0, 0, 0, 0, iv, place.key) !== 0) return false;
    out.set(sodium.HEAPU8.subarray(chunk, chunk + out.length));
    return true;
  };
  return { isParallel: false, open };
}

async function setUpBench(): Promise<Bench> {
  const { default: start } = await part(import("libsodium"));
  const sodium: Sodium = await start();
  const place = (bytes: number) => sodium._malloc(bytes);
  return { sodium, key: place(32), nonce: place(12), chunk: place(BENCH_BYTES) };
}

async function openInJavaScript(key: Bytes): Promise<Cipher> {
  const { chacha20poly1305 } = await part(import("@noble/ciphers/chacha.js"));
  const open = (nonce: Bytes, sealed: Bytes, out: Bytes): boolean => {
    try {
      chacha20poly1305(key, nonce).decrypt(sealed, out);
      return true;
    } catch {
      // Its only reason, for lengths that are right: the tag does not fit.
      return false;
    }
  };
  return { isParallel: false, open };
}
