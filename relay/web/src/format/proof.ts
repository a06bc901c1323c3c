/**
 * What is shown to the relay: the proof that somebody knows the words, of which it keeps only a hash, and the receipt for
 * the sender, with a MAC that only somebody who could open the share can make.
 */

import { concat, utf8 } from "./bytes.ts";
import { scrypt, type Progress } from "./scrypt.ts";
import { hkdf, hmac, sha256 } from "./sha256.ts";

const LOG_N = 15;
/** The byte that stands for how it was saved. */
const SAVED = { disk: 1, browser: 2, confirmed: 3 } as const;

/** How it was saved: on disk under its name; given to a browser; or given to one and there, as the person says. */
export type HowSaved = keyof typeof SAVED;

/** scrypt(words joined by `-`, salt = "share/v1/proof/" ‖ id, N = 2^15, r = 8, p = 1), 32 bytes. */
export function proof(passphrase: string, id: string, progress: Progress): Promise<Uint8Array> {
  return scrypt(utf8(passphrase), utf8(`share/v1/proof/${id}`), LOG_N, progress);
}

/** HKDF-SHA-256(ikm = file key, salt empty, info = "share/v1/receipt"). */
export function receiptKey(fileKey: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, new Uint8Array(), utf8("share/v1/receipt"), 32);
}

/** HMAC-SHA-256 over ticket hash ‖ fingerprint ‖ time ‖ how it was saved; the time in seconds since 1970 as 8 bytes big-endian. */
export function receiptMac(
  key: Uint8Array,
  ticketHash: Uint8Array,
  fingerprint: Uint8Array,
  time: bigint,
  saved: HowSaved,
): Uint8Array {
  const clock = new Uint8Array(8);
  new DataView(clock.buffer).setBigUint64(0, time);
  return hmac(sha256, key, concat(ticketHash, fingerprint, clock, Uint8Array.of(SAVED[saved])));
}
