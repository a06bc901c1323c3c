/** The payload: age's STREAM over ChaCha20-Poly1305, opened a run of chunks at a time, at any place; and its fingerprint. */

import { fail } from "../failure.ts";
import { utf8, type Bytes } from "./bytes.ts";
import { openCipher, type Cipher } from "./cipher.ts";
import { hkdf, sha256 } from "./sha256.ts";

/** Bytes of plaintext in every chunk but the last. */
export const CHUNK = 64 * 1024;
/** Bytes of a chunk's authentication tag, at its end. */
const TAG = 16;
/** Bytes of every sealed chunk but the last. */
export const SEALED_CHUNK = CHUNK + TAG;
/** Bytes of a nonce. Each age file has its own, between header and payload. */
export const NONCE = 16;

/** Bytes of the payload that `plain` bytes seal to. */
export function sealedLength(plain: number): number {
  return plain + Math.max(1, Math.ceil(plain / CHUNK)) * TAG;
}

/** Bytes of plaintext in a payload of `sealed` bytes; `null` if no payload is that long. */
export function plainLength(sealed: number): number | null {
  const plain = sealed - Math.ceil(sealed / SEALED_CHUNK) * TAG;
  return plain >= 0 && sealedLength(plain) === sealed ? plain : null;
}

/**
 * The cipher of one payload.
 *
 * A run is any number of consecutive chunks. Only a run that ends the payload (`last`) may have a short chunk, its final
 * one; a payload of nothing is one empty chunk.
 */
export class Stream {
  private constructor(readonly cipher: Cipher) {}

  /** The payload key is HKDF-SHA-256(ikm = file key, salt = nonce, info = "payload"). */
  static async open(fileKey: Uint8Array, nonce: Uint8Array): Promise<Stream> {
    const key = hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
    return new Stream(await openCipher(Uint8Array.from(key)));
  }

  /**
   * Opens a run of sealed chunks into `out`, which has room for it, and gives the plaintext there. Nothing in `out` may
   * be used if this throws.
   */
  async openRun(firstChunk: number, last: boolean, sealed: Bytes, out: Bytes): Promise<Bytes> {
    const plain = runLength(firstChunk, last, sealed.length);
    const chunks = Math.ceil(sealed.length / SEALED_CHUNK);
    const openChunk = async (i: number) => {
      const chunk = sealed.subarray(i * SEALED_CHUNK, (i + 1) * SEALED_CHUNK);
      const final = last && i + 1 === chunks;
      const room = out.subarray(i * CHUNK, i * CHUNK + chunk.length - TAG);
      if (!(await this.cipher.open(chunkNonce(firstChunk + i, final), chunk, room))) {
        await this.#blame(firstChunk + i, final, chunk, room);
      }
    };
    if (this.cipher.isParallel) {
      await Promise.all(Array.from({ length: chunks }, (_, i) => openChunk(i)));
    } else {
      for (let i = 0; i < chunks; i++) await openChunk(i);
    }
    return out.subarray(0, plain);
  }

  /** A full chunk that should be the last but is not tells truncation from tampering. */
  async #blame(chunk: number, final: boolean, sealed: Bytes, room: Bytes): Promise<never> {
    const goesOn = final && sealed.length === SEALED_CHUNK;
    if (goesOn && (await this.cipher.open(chunkNonce(chunk, false), sealed, room))) fail({ code: "truncated" });
    fail({ code: "tampered", chunk });
  }
}

/** The plaintext of a small age file, given what follows its header: nonce ‖ STREAM. */
export async function openBytes(fileKey: Uint8Array, afterHeader: Bytes): Promise<Bytes> {
  if (afterHeader.length < NONCE) fail({ code: "truncated" });
  const stream = await Stream.open(fileKey, afterHeader.subarray(0, NONCE));
  const sealed = afterHeader.subarray(NONCE);
  return stream.openRun(0, true, sealed, new Uint8Array(sealed.length));
}

/** Bytes of plaintext in a run of `sealed` bytes, if a run can be that long. */
function runLength(firstChunk: number, last: boolean, sealed: number): number {
  const plain = plainLength(sealed);
  if (plain === null || (!last && sealed % SEALED_CHUNK > 0)) fail({ code: "truncated" });
  if (plain === 0 && firstChunk > 0) fail({ code: "tampered", chunk: firstChunk });
  return plain;
}

/** 11 bytes of big-endian chunk number and the last-chunk flag. */
function chunkNonce(chunk: number, last: boolean): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(chunk));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/**
 * The fingerprint of a payload: SHA-256 over the tags of its sealed chunks, in order. It names exact bytes, and costs next
 * to nothing.
 */
export class Fingerprint {
  readonly #hash = sha256.create();

  /** Adds the next run of sealed chunks. */
  add(run: Uint8Array): void {
    for (let at = 0; at < run.length; at += SEALED_CHUNK) {
      const end = Math.min(run.length, at + SEALED_CHUNK);
      this.#hash.update(run.subarray(end - TAG, end));
    }
  }

  /** The 32 bytes. */
  finish(): Uint8Array {
    return this.#hash.digest();
  }
}
