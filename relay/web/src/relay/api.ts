/**
 * The relay's API as typed calls (`docs/protocol.md`): those of a recipient. Every answer is bounded in size and time,
 * redirects are never followed, and no failure repeats a secret.
 */

import { fail, isFailure, type Failure } from "../failure.ts";
import { concat, fromUtf8, type Bytes } from "../format/bytes.ts";
import { JsonError, parseObject, type JsonObject } from "../format/json.ts";
import type { HowSaved } from "../format/proof.ts";
import { within } from "./backoff.ts";
import { bodyReader } from "./pieces.ts";

/** How long a small call, or the beginning of a large one, may take. */
const CALL_MS = 60_000;
/** How long the manifest may take: the largest one at 16 KiB/s. */
const MANIFEST_MS = CALL_MS + 256_000;
/** A transfer that brings less than `STALL_BYTES` in this time counts as broken. */
const STALL_MS = 30_000;
const STALL_BYTES = 16 * 1024;
const MAX_ANSWER_BYTES = 1024 * 1024;
/** The last time that a `Date` holds, in seconds since 1970: it can be shown. */
const LAST_MOMENT = 8.64e12;
/** The largest number that is exact. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** What anyone with the link may know. Times are seconds since 1970 by the relay's clock. */
export interface ShareStatus {
  state: "uploading" | "ready";
  kind: "words" | "keys";
  now: number;
  expiresAt: number;
  /** Absent while unknown. */
  payloadBytes?: number;
  storedBytes: number;
  lockedUntil?: number;
  /** Allowed downloads that nobody has taken; absent without a limit. At 0 one may still be had that somebody has left. */
  downloadsLeft?: number;
  /** Until when a download that was given to a browser can be made again, if there is one. */
  againUntil?: number;
}

/** How much of a share is there whose sender is still uploading it. */
export type Arrived = Extract<Failure, { code: "not_uploaded" }>;

/** A share on a relay, which is at the base URL of its links. */
export class RemoteShare {
  /** Whether its sender was still uploading when the relay was last asked. */
  isSending = false;

  constructor(readonly base: string, readonly id: string) {}

  async status(signal: AbortSignal): Promise<ShareStatus> {
    const status = await this.#ask("", signal, null, statusOf);
    this.isSending = status.state === "uploading";
    return status;
  }

  /** Shows the proof, and gets the manifest's age file. This uses up no download. */
  async open(proof: string | null, signal: AbortSignal): Promise<Bytes> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(MANIFEST_MS)]);
    const response = await this.#fetch("/open", limited, { proof: proof ?? undefined });
    return readBounded(response, MAX_MANIFEST_BYTES, limited);
  }

  /**
   * Takes one of the allowed downloads, or one that somebody with the same words has left. Repeating it with the same hash
   * takes no second one; a ticket that has ended is refused.
   */
  async takeTicket(proof: string | null, ticketHash: string, signal: AbortSignal): Promise<void> {
    await this.#ask("/tickets", signal, { proof: proof ?? undefined, ticket_hash: ticketHash }, (taken) => taken.whole("expires_at", LAST_MOMENT));
  }

  /**
   * The content's bytes from `from` to `to`, with the length of the whole content and the relay's name for exactly this
   * content, which is `null` where something on the way has made it weak, or taken it. `etag` is that of an earlier answer,
   * if this goes on from one.
   */
  async content(ticket: string, from: number, to: number, etag: string | null, signal: AbortSignal) {
    const headers: Record<string, string> = { Authorization: `Bearer ${ticket}`, Range: `bytes=${from}-${to - 1}` };
    if (etag !== null) headers["If-Range"] = etag;
    const stalled = new AbortController();
    // The name tells this from the person's wish to stop.
    const begun = setTimeout(() => stalled.abort(new DOMException("no answer", "TimeoutError")), CALL_MS);
    try {
      const response = await this.#fetch("/content", AbortSignal.any([signal, stalled.signal]), null, headers);
      return { ...checkRange(response, from, to, etag), body: bodyOf(response, signal, stalled) };
    } catch (error) {
      // Every range asked for lies within the length that the manifest gives: so the content is shorter than that.
      if (!isFailure(error, "relay_failed") || error.failure.status !== 416) throw error;
      return fail({ code: etag === null ? "not_the_content" : "content_changed" });
    } finally {
      clearTimeout(begun);
    }
  }

  /**
   * Tells that the content was decrypted, verified and saved; fingerprint and MAC are 64 hexadecimal digits each. Gives
   * until when the ticket still downloads; `null` if it has ended.
   */
  async receipt(
    ticket: string,
    receipt: { fingerprint: string; time: number; saved: HowSaved; mac: string },
    signal: AbortSignal,
  ): Promise<number | null> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    const response = await this.#fetch("/receipt", limited, receipt, { Authorization: `Bearer ${ticket}` });
    return response.status === 204 ? null : readAnswer(response, MAX_ANSWER_BYTES, limited, (answer) => answer.whole("again_until", LAST_MOMENT));
  }

  /** Makes a call, and gives what `use` makes of its small answer. */
  async #ask<T>(path: string, signal: AbortSignal, body: object | null, use: (answer: JsonObject) => T): Promise<T> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]);
    return readAnswer(await this.#fetch(path, limited, body), MAX_ANSWER_BYTES, limited, use);
  }

  /** The response, if it is a success; else throws the failure it stands for. A call with a body is a `POST`. */
  async #fetch(path: string, signal: AbortSignal, body: object | null, headers: Record<string, string> = {}): Promise<Response> {
    const always = { cache: "no-store", credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer", signal } as const;
    const json = { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const asked = fetch(`${this.base}/v1/shares/${this.id}${path}`, { ...always, ...(body ? json : { headers }) });
    const response = await asked.catch((error) => rethrow(error, signal));
    // A browser hides the status of a redirect; Node does not.
    if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) fail({ code: "redirected" });
    // This page came from the relay, so a page in place of an answer comes from something in between.
    if (response.ok && mediaType(response) === "text/html") fail({ code: "unreachable" });
    if (response.ok) return response;
    const { status } = response;
    if (mediaType(response) !== "application/problem+json") return fail({ code: "relay_failed", status });
    const retryAfter = Number(response.headers.get("Retry-After"));
    return fail(await readAnswer(response, MAX_ANSWER_BYTES, signal, (problem) => failureOfProblem(status, problem, retryAfter)));
  }
}

/** How far the sender is; `null` once all of it is there. */
export function arrivedOf({ state, storedBytes, payloadBytes }: ShareStatus): Arrived | null {
  if (state === "ready") return null;
  return { code: "not_uploaded", storedBytes, ...(payloadBytes === undefined ? {} : { totalBytes: payloadBytes }) };
}

/** Says why a call failed. All network errors look alike to a page; whether a deadline or the person ended it, the signal tells. */
function rethrow(error: unknown, signal: AbortSignal): never {
  if (signal.aborted) {
    const timedOut = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    fail({ code: timedOut ? "stalled" : "cancelled" });
  }
  if (error instanceof TypeError) fail({ code: "unreachable" });
  throw error;
}

/** The media type without parameters, which a proxy may have added. */
function mediaType(response: Response): string | undefined {
  return response.headers.get("Content-Type")?.split(";", 1)[0]?.trim().toLowerCase();
}

/** The failure that a problem document of the relay stands for. */
function failureOfProblem(status: number, problem: JsonObject, retryAfter: number): Failure {
  const code = problem.text("code");
  switch (code) {
    case "wrong_proof":
      return {
        code: "words_wrong",
        ...problem.optional("tries_left", "triesLeft", MAX_COUNT),
        ...problem.optional("locked_until", "lockedUntil", LAST_MOMENT),
      };
    case "locked":
      return { code, until: problem.whole("locked_until", LAST_MOMENT) };
    case "not_ready":
      return {
        code: "not_uploaded",
        storedBytes: problem.whole("stored_bytes", MAX_COUNT),
        ...problem.optional("total_bytes", "totalBytes", MAX_COUNT),
      };
    case "expired":
    case "revoked":
    case "collected":
      return { code, ...problem.optional("at", "at", LAST_MOMENT) };
    case "downloads_taken":
    case "not_found":
      return { code };
    case "damaged_id":
      return { code: "link_damaged" };
    case "ticket_invalid":
      return { code: "ticket_ended" };
    case "too_busy":
      return { code: "busy", seconds: Number.isFinite(retryAfter) ? retryAfter : 0 };
    default:
      return { code: "relay_failed", status, problem: /^[a-z_]{1,40}$/.test(code) ? code : "unknown" };
  }
}

function statusOf(answer: JsonObject): ShareStatus {
  const [state, kind] = [answer.text("state"), answer.text("kind")];
  if (state !== "uploading" && state !== "ready") throw new JsonError("state");
  if (kind !== "words" && kind !== "keys") throw new JsonError("kind");
  return {
    state,
    kind,
    now: answer.whole("now", LAST_MOMENT),
    expiresAt: answer.whole("expires_at", LAST_MOMENT),
    storedBytes: answer.whole("stored_bytes", MAX_COUNT),
    ...answer.optional("payload_bytes", "payloadBytes", MAX_COUNT),
    ...answer.optional("locked_until", "lockedUntil", LAST_MOMENT),
    ...answer.optional("downloads_left", "downloadsLeft", MAX_COUNT),
    ...answer.optional("again_until", "againUntil", LAST_MOMENT),
  };
}

function badAnswer(what: string): never {
  fail({ code: "bad_answer", what });
}

/** What `use` makes of the JSON of an answer that is no longer than `limit` bytes. */
export async function readAnswer<T>(response: Response, limit: number, signal: AbortSignal, use: (answer: JsonObject) => T): Promise<T> {
  const bytes = await readBounded(response, limit, signal);
  try {
    return use(parseObject(fromUtf8(bytes)));
  } catch (error) {
    if (error instanceof JsonError) badAnswer(error.message);
    throw error;
  }
}

async function readBounded(response: Response, limit: number, signal: AbortSignal): Promise<Bytes> {
  const parts: Bytes[] = [];
  let length = 0;
  for await (const part of bodyOf(response, signal, new AbortController())) {
    length += part.length;
    if (length > limit) badAnswer("length");
    parts.push(part.slice());
  }
  return concat(...parts);
}

/**
 * The body's bytes, with a failure when it takes `STALL_MS` of waiting for `STALL_BYTES` to come. Each piece is good until
 * the next is asked for.
 */
async function* bodyOf(response: Response, signal: AbortSignal, stalled: AbortController): AsyncGenerator<Bytes, void> {
  if (!response.body) return;
  const reader = bodyReader(response.body);
  let [waited, count] = [0, 0];
  try {
    for (;;) {
      const asked = performance.now();
      const read = await within(Math.max(0, STALL_MS - waited), reader.read()).catch((error) => rethrow(error, signal));
      if (!read) {
        stalled.abort();
        fail({ code: "stalled" });
      }
      if (read.done) return;
      waited += performance.now() - asked;
      count += read.value.length;
      if (count >= STALL_BYTES) [waited, count] = [0, 0];
      yield read.value;
    }
  } finally {
    // After the end or a failure this does nothing.
    reader.cancel().catch(() => {});
  }
}

/** Checks that a content answer is the one asked for, so that bytes never land at a wrong place. */
function checkRange(response: Response, from: number, to: number, etag: string | null): { total: number; etag: string | null } {
  const given = response.headers.get("ETag");
  // A weak ETag, or none, does no harm, because every byte is authenticated.
  const found = given?.startsWith("W/") ? null : given;
  const isOther = found !== null && found !== etag;
  // A whole content instead of a range means that If-Range did not match.
  if (etag !== null && (isOther || response.status === 200)) fail({ code: "content_changed" });
  if (response.status !== 206) badAnswer("status");
  const range = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(response.headers.get("Content-Range") ?? "");
  if (!range || Number(range[1]) !== from || Number(range[2]) !== to - 1) badAnswer("Content-Range");
  return { total: Number(range[3]), etag: found };
}
