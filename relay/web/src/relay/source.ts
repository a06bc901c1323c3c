/** Where the bytes of a content's age file come from: a relay, over connections that may break, or a file on disk. */

import { fail, isFailure, ShareError } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import { arrivedOf, type RemoteShare } from "./api.ts";
import { Backoff, SENDER_MS, type Patience } from "./backoff.ts";
import { piecesOf } from "./pieces.ts";

/** Bytes that must arrive before a connection counts as working again. */
const WORKING_BYTES = 64 * 1024;
/** The most that is asked for at a time: Firefox takes a whole answer into memory, however slowly it is used. */
const ASKED_BYTES = 64 * 1024 * 1024;

/** The bytes of a content's age file. */
export interface Source {
  /**
   * Exactly the bytes from `from` to `to`, in pieces of any length, until the signal says that no more are wanted. A piece
   * is good until the next is asked for.
   */
  read(from: number, to: number, signal: AbortSignal): AsyncIterable<Bytes, void>;
}

/** A saved age file. */
export function fileSource(file: Blob): Source {
  return { read: (from, to) => piecesOf(file.slice(from, to).stream()) };
}

/**
 * The content that a ticket gives, by `Range`; a connection that breaks goes on where it stopped. Of what the sender is
 * still uploading, the bytes come as they arrive.
 */
export class RemoteSource implements Source {
  #etag: string | null = null;

  /** `total` is how long the age file must be by its manifest. */
  constructor(
    readonly share: RemoteShare,
    readonly ticket: string,
    readonly total: number,
    readonly patience: Patience,
  ) {}

  async *read(from: number, to: number, unwanted: AbortSignal): AsyncGenerator<Bytes, void> {
    const signal = AbortSignal.any([this.patience.signal, unwanted]);
    const backoff = new Backoff({ ...this.patience, signal });
    let [at, failedAt] = [from, from];
    while (at < to) {
      const end = Math.min(at + ASKED_BYTES, to);
      try {
        for await (const piece of this.#pieces(at, end, signal)) {
          at += piece.length;
          if (at > end) fail({ code: "bad_answer", what: "length" });
          if (at - failedAt >= WORKING_BYTES) backoff.worked();
          yield piece;
        }
        if (at < end) fail({ code: "unreachable" });
      } catch (error) {
        failedAt = at;
        // If the sender has not sent more yet, the connection is not lost.
        const isCut = isFailure(error, "unreachable") || isFailure(error, "stalled");
        const arrived = isCut ? await this.#askArrived(signal) : null;
        await backoff.wait(arrived ? new ShareError(arrived) : error);
      }
    }
  }

  /** What one connection brings. */
  async *#pieces(from: number, to: number, signal: AbortSignal): AsyncGenerator<Bytes, void> {
    const { total, etag, body } = await this.#watch(this.share.content(this.ticket, from, to, this.#etag, signal), signal);
    if (total !== this.total) fail({ code: "not_the_content" });
    this.#etag = etag;
    try {
      for (;;) {
        const { done, value } = await this.#watch(body.next(), signal);
        if (done) return;
        yield value;
      }
    } finally {
      await body.return();
    }
  }

  /** As long as this does not come because the sender has not sent it yet, tells how far the sender is. */
  async #watch<T>(coming: Promise<T>, signal: AbortSignal): Promise<T> {
    if (!this.share.isSending) return coming;
    let hasCome = false;
    const watch = setInterval(async () => {
      const arrived = await this.#askArrived(signal);
      if (arrived && !hasCome) this.patience.notice(arrived);
    }, SENDER_MS);
    return coming.finally(() => {
      hasCome = true;
      clearInterval(watch);
    });
  }

  /** How far the sender is; `null` once it has sent all, or if the relay does not tell. */
  async #askArrived(signal: AbortSignal) {
    if (!this.share.isSending) return null;
    // A failure is ignored here: if the share is over, the content's own answer says so.
    return this.share.status(signal).then(arrivedOf, () => null);
  }
}
