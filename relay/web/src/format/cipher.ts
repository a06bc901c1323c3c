/**
 * ChaCha20-Poly1305 by the fastest means this browser has: its own (WebCrypto, Chromium from 150 on), else libsodium in
 * WebAssembly, else plain JavaScript.
 */

import { part } from "../failure.ts";
import type { Bytes } from "./bytes.ts";
import { hasWebAssembly } from "./scrypt.ts";

/** Opens chunks with one key. */
export interface Cipher {
  /** Whether it is faster to open several chunks at the same time. */
  readonly isParallel: boolean;
  /** Opens a chunk into `out`, which is exactly as long as its plaintext; `false` if it is not authentic. */
  open(nonce: Bytes, sealed: Bytes, out: Bytes): Promise<boolean> | boolean;
}

const NAME = "ChaCha20-Poly1305";

/** The fastest cipher for a 32-byte key. Each of the three below gives `null` if this browser lacks what it needs. */
export async function openCipher(key: Bytes): Promise<Cipher> {
  return (await openInBrowser(key)) ?? (await openInSodium(key)) ?? openInJavaScript(key);
}

/** Uses WebCrypto. */
export async function openInBrowser(key: Bytes): Promise<Cipher | null> {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    // Younger than TypeScript's own list of formats.
    const format = "raw-secret" as "raw";
    const secret = await subtle.importKey(format, key, NAME, false, ["decrypt"]);
    const open = async (nonce: Bytes, sealed: Bytes, out: Bytes): Promise<boolean> => {
      try {
        out.set(new Uint8Array(await subtle.decrypt({ name: NAME, iv: nonce }, secret, sealed)));
        return true;
      } catch (error) {
        if (error instanceof DOMException && error.name === "OperationError") return false;
        throw error;
      }
    };
    return { isParallel: true, open };
  } catch {
    return null;
  }
}

/** Bytes of the largest sealed chunk. */
const CHUNK_BYTES = 64 * 1024 + 16;
let sodiumLoading: ReturnType<typeof loadSodium> | undefined;

/** Uses libsodium. A chunk is opened in place, in a piece of libsodium's own memory that all chunks of all ciphers share. */
export async function openInSodium(key: Bytes): Promise<Cipher | null> {
  if (!hasWebAssembly()) return null;
  sodiumLoading ??= loadSodium().catch((error) => {
    sodiumLoading = undefined;
    throw error;
  });
  const { sodium, keyAt, nonceAt, chunkAt } = await sodiumLoading;
  const open = (nonce: Bytes, sealed: Bytes, out: Bytes): boolean => {
    sodium.HEAPU8.set(key, keyAt);
    sodium.HEAPU8.set(nonce, nonceAt);
    sodium.HEAPU8.set(sealed, chunkAt);
    // Its arguments: out, its length, unused, sealed, its length as two words, no data with its length, nonce, key.
    const failed = sodium._crypto_aead_chacha20poly1305_ietf_decrypt(chunkAt, 0, 0, chunkAt, sealed.length, 0, 0, 0, 0, nonceAt, keyAt);
    if (failed !== 0) return false;
    out.set(sodium.HEAPU8.subarray(chunkAt, chunkAt + out.length));
    return true;
  };
  return { isParallel: false, open };
}

async function loadSodium() {
  const { default: start } = await part(import("libsodium"));
  const sodium = await start();
  return { sodium, keyAt: sodium._malloc(32), nonceAt: sodium._malloc(12), chunkAt: sodium._malloc(CHUNK_BYTES) };
}

/** Uses noble. */
export async function openInJavaScript(key: Bytes): Promise<Cipher> {
  const { chacha20poly1305 } = await part(import("@noble/ciphers/chacha.js"));
  const open = (nonce: Bytes, sealed: Bytes, out: Bytes): boolean => {
    try {
      chacha20poly1305(key, nonce).decrypt(sealed, out);
      return true;
    } catch {
      // With the right lengths there is only one reason: the tag does not match.
      return false;
    }
  };
  return { isParallel: false, open };
}
