/**
 * What can go wrong, as codes with data. Sentences are made of them elsewhere; nothing here holds a secret, and
 * whatever a stranger wrote is `quoted` already.
 */

import { quoted } from "./format/names.ts";

/** What is wrong with a manifest or an archive. The program has the same list (`Fault`). */
export type Fault =
  | "truncated" | "trailing" | "malformed" | "type" | "name" | "same_name" | "no_folder" | "order"
  | "totals" | "too_many" | "unlisted" | "message" | "sender" | "nonce";

/** A failure. `code` says which; the other fields come only with the codes they stand beside. */
export type Failure =
  // The link
  | { code: "link_damaged" }
  // Words, before the relay hears of them
  | { code: "words_count"; found: number }
  | { code: "words_unknown"; position: number; word: string; suggestions: string[] }
  | { code: "words_checksum" }
  // Keys
  | { code: "identity_invalid" }
  | { code: "identity_unsupported"; kind: "ssh" | "protected" | "plugin" | "post_quantum" }
  | { code: "needs_words" | "needs_key" | "no_identity_fits" }
  // The share
  | { code: "words_wrong"; triesLeft?: number; lockedUntil?: number }
  | { code: "locked"; until: number }
  | { code: "not_uploaded"; storedBytes: number; totalBytes?: number }
  | { code: "expired" | "revoked" | "collected"; at?: number }
  | { code: "downloads_taken" | "not_found" | "ticket_ended" }
  // The relay and the way to it
  | { code: "unreachable" | "stalled" | "redirected" | "content_changed" }
  | { code: "busy"; seconds: number }
  | { code: "relay_failed"; status: number; problem?: string }
  | { code: "bad_answer"; what: string }
  // The age file
  | { code: "header_malformed" | "header_tampered" | "truncated" | "not_the_content" }
  | { code: "tampered"; chunk: number }
  | { code: "too_much_work"; found: number; max: number }
  // What is inside
  | { code: "newer_version" }
  | { code: "manifest_bad"; fault: Fault }
  | { code: "archive_bad"; fault: Fault; near: string }
  // This browser
  | { code: "disk_full" | "download_ended" | "save_refused" | "place_failed" | "place_forbidden" | "not_enough_memory" | "browser_too_old" | "cancelled" }
  | { code: "name_taken"; path: string }
  | { code: "part_missing" | "file_unreadable" }
  | { code: "too_many_for_zip"; limit: number }
  | { code: "too_large_for_memory"; bytes: number; limit: number }
  | { code: "unexpected"; detail: string };

export type FailureCode = Failure["code"];

/** A failure as it is thrown. */
export class ShareError extends Error {
  override readonly name = "ShareError";

  constructor(readonly failure: Failure) {
    super(failure.code);
  }
}

export function fail(failure: Failure): never {
  throw new ShareError(failure);
}

/** The failure that was thrown. Any other error is a mistake in this program or in the browser, and becomes `unexpected`. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ShareError) return error.failure;
  if (error instanceof DOMException) {
    if (error.name === "AbortError") return { code: "cancelled" };
    if (error.name === "QuotaExceededError") return { code: "disk_full" };
    if (["NotReadableError", "NotFoundError"].includes(error.name)) return { code: "file_unreadable" };
  }
  return { code: "unexpected", detail: quoted(String(error)) };
}

/** Whether what was thrown is a failure of this code. */
export function isFailure<C extends FailureCode>(
  error: unknown,
  code: C,
): error is ShareError & { failure: Extract<Failure, { code: C }> } {
  return error instanceof ShareError && error.failure.code === code;
}

/** Waits for a script that is loaded when it is needed; if it does not come, that is `part_missing`. */
export function part<T>(loading: Promise<T>): Promise<T> {
  return loading.catch(() => fail({ code: "part_missing" }));
}
