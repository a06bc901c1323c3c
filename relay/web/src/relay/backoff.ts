/** Patience with networks: which failures are tried again, when, and for how long. */

import { fail, ShareError, type Failure } from "../failure.ts";

/** The first wait; each further one is twice as long. */
const FIRST_WAIT_MS = 400;
/** The longest wait the client chooses by itself. */
const LONGEST_WAIT_MS = 20_000;
/** How long a lost connection may last where the page says that it waits, with a button to end that: at opening, and in a download. */
export const LONG_PATIENCE_MS = 24 * 3600 * 1000;
/** How often the relay is asked how far a sender is who is still uploading. */
export const SENDER_MS = 3_000;

/** How long to keep trying, what to call meanwhile, and what ends it. */
export interface Patience {
  /** How long a failure may last, in milliseconds. */
  total: number;
  /** Is called with each failure after which the call is tried again. */
  notice: (failure: Failure) => void;
  signal: AbortSignal;
}

/** From RFC 9110 and RFC 6585; what Cloudflare sends while it cannot reach the server (52x); what busy services send (529). */
const PASSING_STATUSES = new Set([408, 421, 425, 429, 500, 502, 503, 504, 507, 511, 520, 521, 522, 523, 524, 529]);

/** Whether the same call may succeed later. */
export function isPassing(failure: Failure): boolean {
  switch (failure.code) {
    case "unreachable":
    case "stalled":
    case "busy":
    case "not_uploaded":
      return true;
    case "relay_failed":
      return PASSING_STATUSES.has(failure.status) && !failure.problem?.endsWith("_damaged");
    default:
      return false;
  }
}

/** Makes the call until it works, fails for good, or patience ends; then throws the last failure. */
export async function withPatience<T>(patience: Patience, call: () => Promise<T>): Promise<T> {
  const backoff = new Backoff(patience);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await backoff.wait(error);
    }
  }
}

/** The state of one series of tries. */
export class Backoff {
  #failingSince: number | null = null;
  #wait = FIRST_WAIT_MS;

  constructor(readonly patience: Patience) {}

  /** Something worked: the next failure begins a new series. */
  worked(): void {
    this.#failingSince = null;
    this.#wait = FIRST_WAIT_MS;
  }

  /** Waits before the next try; throws the error if there should be none. */
  async wait(error: unknown): Promise<void> {
    if (!(error instanceof ShareError) || !isPassing(error.failure)) throw error;
    // The sender may take any time: the relay answers, and it ends an upload that does not go on.
    if (error.failure.code === "not_uploaded") this.worked();
    const now = performance.now();
    this.#failingSince ??= now;
    const left = this.patience.total - (now - this.#failingSince);
    if (left <= 0) throw error;
    this.patience.notice(error.failure);
    // With a jitter of ±25 %, so that clients spread out; longer if the relay asks for more.
    const own = (error.failure.code === "not_uploaded" ? SENDER_MS : this.#wait) * (0.75 + Math.random() / 2);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
    const wait = error.failure.code === "busy" ? Math.max(own, 1000 * error.failure.seconds) : own;
    await pause(Math.min(wait, left), this.patience.signal);
  }
}

/** Waits, or until the browser says that it is online again. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) fail({ code: "cancelled" });
  const ended = new AbortController();
  const woken = new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new ShareError({ code: "cancelled" })), { signal: ended.signal });
    globalThis.addEventListener?.("online", () => resolve(), { signal: ended.signal });
  });
  await within(ms, woken).finally(() => ended.abort());
}

/** What the promise gives; `null` if that takes longer. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
