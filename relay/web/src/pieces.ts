/** A browser's stream as its pieces, one after another: WebKit's cannot be iterated. */

import type { Bytes } from "./bytes.ts";

/** The stream's pieces. Who stops early ends the stream. */
export async function* piecesOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    await reader.cancel();
  }
}
