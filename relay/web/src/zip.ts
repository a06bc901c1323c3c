/** Several files as one .zip, stored without compression, as they come. */

import { makeZip, predictLength } from "client-zip";
import { piecesOf, type Bytes } from "./bytes.ts";
import type { Entry } from "./manifest.ts";
import type { Unpacked } from "./unpack.ts";

/** The bytes of a .zip of these files and folders; its last ones come only when the last file has ended without error. */
export function zipped(files: AsyncIterable<Unpacked>): AsyncIterable<Bytes> {
  return piecesOf(makeZip(members(files)) as ReadableStream<Bytes>);
}

/** How long the .zip will be. */
export function zipLength(entries: Entry[]): number {
  return Number(predictLength(entries.map((entry) => (entry.folder ? described(entry) : { ...described(entry), size: entry.size }))));
}

async function* members(files: AsyncIterable<Unpacked>) {
  for await (const { entry, bytes } of files) {
    if (entry.folder) yield described(entry);
    else yield { ...described(entry), input: copies(bytes), size: entry.size };
  }
}

function described(entry: Entry) {
  const name = entry.folder ? `${entry.path}/` : entry.path;
  const mode = entry.folder || entry.executable ? 0o755 : 0o644;
  return { name, mode, lastModified: new Date(1000 * entry.mtime) };
}

/** The .zip's stream asks for one piece before the last was used up, and these are only good until then. */
async function* copies(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  for await (const piece of bytes) yield piece.slice();
}
