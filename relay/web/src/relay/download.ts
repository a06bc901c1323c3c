/**
 * Opens the content's bytes as they come: network, decryption and whoever takes the plaintext work at the same time, and
 * nothing comes out that has not been authenticated.
 */

import { fail } from "../failure.ts";
import { equal, type Bytes } from "../format/bytes.ts";
import { tags, type Fingerprint } from "../format/fingerprint.ts";
import { CHUNK, NONCE, SEALED_CHUNK, sealedLength, type Stream } from "../format/stream.ts";
import { Pipe } from "./pipe.ts";
import type { Source } from "./source.ts";

/** Chunks that are opened together: 1 MiB of plaintext. */
const CHUNKS_PER_RUN = 16;
/** Runs that are being opened, or wait for whoever takes them. */
const RUNS_IN_FLIGHT = 4;

/** The content's age file: where its bytes come from, and what they must be by the manifest. */
export interface Content {
  source: Source;
  header: Bytes;
  nonce: Bytes;
  /** Bytes of plaintext. */
  length: number;
  stream: Stream;
}

/** Bytes of the age file of a content this long. */
export function fileLength(headerLength: number, plain: number): number {
  return headerLength + NONCE + sealedLength(plain);
}

/**
 * The whole plaintext, in order, and its fingerprint. Each piece is good until the next is asked for; all are only worth
 * keeping when this has ended without an error.
 */
export async function* readAll(content: Content, fingerprint: Fingerprint): AsyncGenerator<Bytes, void> {
  const start = content.header.length + NONCE;
  const gathered = new Gathered(content.source, 0, start + sealedLength(content.length));
  try {
    const found = await gathered.take(new Uint8Array(start));
    const [header, nonce] = [found.subarray(0, -NONCE), found.subarray(-NONCE)];
    if (!equal(header, content.header) || !equal(nonce, content.nonce)) fail({ code: "not_the_content" });
    yield* opened(content, gathered, 0, content.length, fingerprint);
  } finally {
    gathered.stop();
  }
}

/** The plaintext from `from` to `to`: authentic, and at its place, though nothing is said about the rest. */
export async function* readRange(content: Content, from: number, to: number): AsyncGenerator<Bytes, void> {
  if (from === to) return;
  const first = Math.floor(from / CHUNK);
  const end = Math.min(Math.ceil(to / CHUNK) * CHUNK, content.length);
  const payload = content.header.length + NONCE;
  const sealedEnd = end === content.length ? sealedLength(end) : (end / CHUNK) * SEALED_CHUNK;
  const gathered = new Gathered(content.source, payload + first * SEALED_CHUNK, payload + sealedEnd);
  let at = first * CHUNK;
  try {
    for await (const plain of opened(content, gathered, at, end, null)) {
      yield plain.subarray(Math.max(0, from - at), to - at);
      at += plain.length;
    }
  } finally {
    gathered.stop();
  }
}

/** Plaintext from `from`, where a chunk begins, to `to`, where one ends. */
async function* opened(
  content: Content,
  gathered: Gathered,
  from: number,
  to: number,
  fingerprint: Fingerprint | null,
): AsyncGenerator<Bytes, void> {
  const pipe = new Pipe<Promise<Bytes>>(RUNS_IN_FLIGHT);
  const buffers = new Buffers(Math.min(CHUNKS_PER_RUN * SEALED_CHUNK, sealedLength(to - from)));
  const filling = fill(content, gathered, from, to, fingerprint, pipe, buffers);
  try {
    for await (const opening of pipe) {
      const plain = await opening;
      yield plain;
      buffers.give(plain);
    }
  } finally {
    pipe.end();
    gathered.stop();
    await filling;
  }
}

/** Gathers one run after another and has it opened. Ends the pipe, with what went wrong if something did. */
async function fill(
  { stream, length }: Content,
  gathered: Gathered,
  from: number,
  to: number,
  fingerprint: Fingerprint | null,
  pipe: Pipe<Promise<Bytes>>,
  buffers: Buffers,
): Promise<void> {
  try {
    let at = from;
    do {
      const plain = Math.min(CHUNKS_PER_RUN * CHUNK, to - at);
      const last = at + plain === length;
      const sealed = await gathered.take(buffers.take(sealedLength(plain)));
      fingerprint?.add(tags(sealed));
      const opening = stream.openRun(at / CHUNK, last, sealed, buffers.take(sealed.length));
      // Who takes it from the pipe hears of a failure; nobody may take it any more.
      opening.catch(() => {});
      opening.then(() => buffers.give(sealed), () => {});
      if (!(await pipe.put(opening))) break;
      at += plain;
    } while (at < to);
    pipe.end();
  } catch (error) {
    pipe.end(error);
  }
}

/** Buffers for a run each, sealed or open, allocated once and used again. */
class Buffers {
  readonly #free: ArrayBuffer[] = [];

  /** For runs of so many bytes at most. */
  constructor(readonly length: number) {}

  take(length: number): Bytes {
    const buffer = this.#free.pop() ?? new ArrayBuffer(this.length);
    return new Uint8Array(buffer, 0, length);
  }

  give({ buffer }: Bytes): void {
    this.#free.push(buffer);
  }
}

/** Bytes that come in pieces of any length, and can be taken in pieces of a wanted one. */
class Gathered {
  readonly #unwanted = new AbortController();
  readonly #pieces: AsyncIterator<Bytes>;
  #rest: Bytes = new Uint8Array();

  constructor(source: Source, from: number, to: number) {
    this.#pieces = source.read(from, to, this.#unwanted.signal)[Symbol.asyncIterator]();
  }

  /** Fills the buffer. */
  async take(buffer: Bytes): Promise<Bytes> {
    for (let at = 0; at < buffer.length; ) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#pieces.next();
        if (done) fail({ code: "truncated" });
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, buffer.length - at);
      buffer.set(piece, at);
      at += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return buffer;
  }

  /** Nothing more is wanted. */
  stop(): void {
    this.#unwanted.abort();
    // What it was waiting for fails now, or nobody waits for it.
    this.#pieces.return?.().then(null, () => {});
  }
}
