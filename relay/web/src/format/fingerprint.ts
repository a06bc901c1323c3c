/** The fingerprint: SHA-256 over the 16-byte tags of sealed chunks, in order. It names exact bytes and costs nothing. */

import { sha256 } from "./sha256.ts";
import { SEALED_CHUNK, TAG } from "./stream.ts";

/** A fingerprint being computed of a payload. */
export class Fingerprint {
  readonly #hash = sha256.create();

  /** Adds what {@link tags} took from the next run. */
  add(tags: Uint8Array): void {
    this.#hash.update(tags);
  }

  /** The 32 bytes. */
  finish(): Uint8Array {
    return this.#hash.digest();
  }
}

/** The tags of a run of sealed chunks, one after another. */
export function tags(run: Uint8Array): Uint8Array {
  const chunks = Math.ceil(run.length / SEALED_CHUNK);
  const tags = new Uint8Array(chunks * TAG);
  for (let i = 0; i < chunks; i++) {
    const end = Math.min(run.length, (i + 1) * SEALED_CHUNK);
    tags.set(run.subarray(end - TAG, end), i * TAG);
  }
  return tags;
}
