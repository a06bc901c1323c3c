/** Where the bytes of a content's age file come from: a relay, over connections that may break, or a file on disk. */

import { fail, isFailure, ShareError } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import { arrivedOf, type Relay } from "./api.ts";
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
  read(from: number, to: number, signal: AbortSignal): AsyncIterable<Bytes>;
}

/**
 * The content that a ticket gives, by `Range`; a connection that breaks goes on where it stopped. Of what the sender is
 * still uploading, the bytes come as they arrive.
 */
export class RemoteSource implements Source {
  #etag: string | null = null;

  /** `total` is how long the content must be by its manifest, `isSending` whether the sender may still be uploading. */
  constructor(
    readonly relay: Relay,
    readonly id: string,
    readonly ticket: string,
    readonly total: number,
    readonly patience: Patience,
    private isSending: boolean,
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
        await backoff.wait(await this.#explained(error, signal));
      }
    }
  }

  /** What one connection brings. */
  async *#pieces(from: number, to: number, signal: AbortSignal): AsyncGenerator<Bytes, void> {
    const body = await this.#watched(this.#ask(from, to, signal), signal);
    try {
      for (;;) {
        const { done, value } = await this.#watched(body.next(), signal);
        if (done) return;
        yield value;
      }
    } finally {
      await body.return();
    }
  }

  /** Tells, as long as this does not come because the sender has not sent it yet, how far the sender is. */
  async #watched<T>(coming: Promise<T>, signal: AbortSignal): Promise<T> {
    if (!this.isSending) return coming;
    let hasCome = false;
    const watch = setInterval(async () => {
      const waiting = await this.#sender(signal);
      if (waiting && !hasCome) this.patience.notice(waiting.failure);
    }, SENDER_MS);
    return coming.finally(() => {
      hasCome = true;
      clearInterval(watch);
    });
  }

  /** A connection that brings no more is not lost if the sender has sent no more. */
  async #explained(error: unknown, signal: AbortSignal): Promise<unknown> {
    const isCut = isFailure(error, "unreachable") || isFailure(error, "stalled");
    return (isCut && (await this.#sender(signal))) || error;
  }

  /** How far the sender is; `null` once it has sent all, or if the relay does not tell. */
  async #sender(signal: AbortSignal): Promise<ShareError | null> {
    if (!this.isSending) return null;
    try {
      const arrived = arrivedOf(await this.relay.status(this.id, signal));
      this.isSending = arrived !== null;
      return arrived && new ShareError({ code: "not_uploaded", ...arrived });
    } catch {
      // Whether the share is over is for the content's own answer to say.
      return null;
    }
  }

  async #ask(from: number, to: number, signal: AbortSignal): Promise<AsyncGenerator<Bytes, void>> {
    const { relay, id, ticket } = this;
    const answer = await relay.content(id, ticket, from, to, this.#etag, signal);
    if (answer.total !== this.total) fail({ code: "not_the_content" });
    this.#etag = answer.etag;
    return answer.body;
  }
}

/** A saved age file. */
export class FileSource implements Source {
  constructor(readonly file: Blob) {}

  read(from: number, to: number): AsyncIterable<Bytes> {
    return piecesOf(this.file.slice(from, to).stream());
  }
}
