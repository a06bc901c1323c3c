/** A browser's stream as its pieces, one after another. */

import type { Bytes } from "../format/bytes.ts";

/** The most bytes that are read at a time. */
const READ_BYTES = 256 * 1024;

/** The stream's pieces, for WebKit too, whose streams cannot be iterated. Stopping early cancels the stream. */
export async function* piecesOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    // After the end or a failure this does nothing.
    reader.cancel().catch(() => {});
  }
}

/**
 * A reader of what comes over the network, that has each piece written over the last where the browser can: new memory for
 * each costs twice the work. Of a file's stream Chromium 156 now and then never gives the first piece to such a reader.
 */
export function bodyReader(stream: ReadableStream<Bytes>): Pick<ReadableStreamDefaultReader<Bytes>, "read" | "cancel"> {
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
    return { done, value };
  };
  return { read, cancel: (reason) => reader.cancel(reason) };
}
