/** The proof: what somebody who knows the words shows the relay, which keeps only its hash. */

import { utf8 } from "./bytes.ts";
import { scrypt, type Progress } from "./scrypt.ts";

const LOG_N = 15;

/** scrypt(words joined by `-`, salt = "share/v1/proof/" ‖ id, N = 2^15, r = 8, p = 1), 32 bytes. */
export function proof(passphrase: string, id: string, progress: Progress): Promise<Uint8Array> {
  return scrypt(utf8(passphrase), utf8(`share/v1/proof/${id}`), LOG_N, progress);
}
