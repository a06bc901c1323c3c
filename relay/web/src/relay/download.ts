/**
 * Opens the content's bytes as they come: network, decryption and whoever takes the plaintext work at the same time, and
 * nothing comes out that has not been authenticated.
 */

import { fail } from "../failure.ts";
import { ByteReader, concat, equal, type Bytes } from "../format/bytes.ts";
import { CHUNK, NONCE, SEALED_CHUNK, sealedLength, type Fingerprint, type Stream } from "../format/stream.ts";
import type { Source } from "./source.ts";

/** Bytes of plaintext that are opened together, in 16 chunks. */
const RUN_BYTES = 16 * CHUNK;
/** Runs that are fetched and opened before they are asked for. */
const RUNS_AHEAD = 5;

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
export function readAll(content: Content, fingerprint: Fingerprint): AsyncGenerator<Bytes, void> {
  return opened(content, 0, content.length, fingerprint);
}

/** The plaintext from `from` to `to`: authentic, and at its place, though nothing is said about the rest. */
export async function* readRange(content: Content, from: number, to: number): AsyncGenerator<Bytes, void> {
  if (from === to) return;
  let at = Math.floor(from / CHUNK) * CHUNK;
  const end = Math.min(Math.ceil(to / CHUNK) * CHUNK, content.length);
  for await (const plain of opened(content, at, end, null)) {
    yield plain.subarray(Math.max(0, from - at), to - at);
    at += plain.length;
  }
}

/** Plaintext from `from`, where a chunk begins, to `to`, where one ends. With a fingerprint, that is all of it. */
async function* opened(content: Content, from: number, to: number, fingerprint: Fingerprint | null): AsyncGenerator<Bytes, void> {
  const { source, header, nonce, length, stream } = content;
  const payload = header.length + NONCE;
  const begin = fingerprint ? 0 : payload + (from / CHUNK) * SEALED_CHUNK;
  const end = payload + (to === length ? sealedLength(to) : (to / CHUNK) * SEALED_CHUNK);
  const unwanted = new AbortController();
  const sealed = new ByteReader(source.read(begin, end, unwanted.signal));
  const gather = async (buffer: Bytes) => {
    if ((await sealed.fill(buffer)) < buffer.length) fail({ code: "truncated" });
    return buffer;
  };
  const checkStart = async () => {
    if (!equal(await gather(new Uint8Array(payload)), concat(header, nonce))) fail({ code: "not_the_content" });
  };
  // Memory for a run each, sealed or open, allocated once and used again.
  const spare: ArrayBuffer[] = [];
  const memory = sealedLength(Math.min(RUN_BYTES, to - from));
  const take = (count: number) => new Uint8Array(spare.pop() ?? new ArrayBuffer(memory), 0, count);

  let before: Promise<unknown> = fingerprint ? checkStart() : Promise.resolve();
  const openRun = async (at: number): Promise<Bytes> => {
    const plain = Math.min(RUN_BYTES, to - at);
    const gathering = before.then(() => gather(take(sealedLength(plain))));
    before = gathering;
    const run = await gathering;
    fingerprint?.add(run);
    const out = await stream.openRun(at / CHUNK, at + plain === length, run, take(run.length));
    spare.push(run.buffer);
    return out;
  };

  const ahead: Promise<Bytes>[] = [];
  let at = from;
  try {
    do {
      // Content of no bytes is one run too.
      for (; ahead.length < RUNS_AHEAD && (at < to || at === from); at += RUN_BYTES) {
        const opening = openRun(at);
        // Whoever awaits it gets the error. After an earlier error nobody awaits it.
        opening.catch(() => {});
        ahead.push(opening);
      }
      const plain = await ahead.shift();
      if (!plain) return;
      yield plain;
      spare.push(plain.buffer);
    } while (ahead.length > 0 || at < to);
  } finally {
    unwanted.abort();
    sealed.stop();
    await Promise.allSettled(ahead);
  }
}
