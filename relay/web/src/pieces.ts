/** A browser's stream as its pieces, one after another. */

import type { Bytes } from "./bytes.ts";

/** Bytes that are read at a time. */
const READ_BYTES = 256 * 1024;

/** Gives one piece after another. */
export interface Reader {
  read(): Promise<ReadableStreamReadResult<Bytes>>;
  /** Nothing more is wanted. */
  cancel(): Promise<void>;
}

/** Reads into the same memory again and again where the browser can: a piece is good until the next is asked for. */
export function readerOf(stream: ReadableStream<Bytes>): Reader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
  let memory = new ArrayBuffer(READ_BYTES);
  const read = async (): Promise<ReadableStreamReadResult<Bytes>> => {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (done || !value) return { done: true, value: undefined };
    memory = value.buffer;
    return { done: false, value };
  };
  return { read, cancel: () => reader.cancel() };
}

/** The stream's pieces, which WebKit does not give by itself. Who stops early ends the stream. */
export async function* piecesOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = readerOf(stream);
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    await reader.cancel();
  }
}
