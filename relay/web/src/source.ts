/** Where the bytes of a content's age file come from: a relay, over connections that may break, or a file on disk. */

import { type Relay } from "./api.ts";
import { Backoff, type Patience } from "./backoff.ts";
import type { Bytes } from "./bytes.ts";
import { fail } from "./failure.ts";
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

/** The content that a ticket gives, by `Range`; a connection that breaks goes on where it stopped. */
export class RemoteSource implements Source {
  #etag: string | null = null;

  /** `total` is how long the content must be by its manifest. */
  constructor(
    readonly relay: Relay,
    readonly id: string,
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
        for await (const piece of await this.#ask(at, end, signal)) {
          at += piece.length;
          if (at > end) fail({ code: "bad_answer", what: "length" });
          if (at - failedAt >= WORKING_BYTES) backoff.worked();
          yield piece;
        }
        if (at < end) fail({ code: "unreachable" });
      } catch (error) {
        failedAt = at;
        await backoff.wait(error);
      }
    }
  }

  async #ask(from: number, to: number, signal: AbortSignal): Promise<AsyncIterable<Bytes>> {
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

  async *read(from: number, to: number): AsyncGenerator<Bytes, void> {
    yield* piecesOf(this.file.slice(from, to).stream());
  }
}
