/** Several files as one .zip, stored without compression, as they come. */

import { makeZip, predictLength } from "client-zip";
import { fail } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import { modeOf, type Entry } from "../format/entry.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Unpacked } from "../format/unpack.ts";
import { piecesOf } from "../relay/pieces.ts";

/** The most files and folders. With more, the library writes a wrong count, and other programs find the .zip damaged. */
const MAX_ENTRIES = 65_534;
/** A .zip's times go from 1980 to 2107, without a time zone. */
const [FIRST_MTIME, LAST_MTIME] = [Date.UTC(1980, 0, 2) / 1000, Date.UTC(2107, 11, 30) / 1000];

/** The bytes of a .zip of these files and folders; its last ones come only when the last file has ended without error. */
export function zipped(files: AsyncIterable<Unpacked>): AsyncIterable<Bytes> {
  return piecesOf(makeZip(members(files)) as ReadableStream<Bytes>);
}

/** Throws `too_many_for_zip` if there are too many files and folders. */
export function checkCount({ files, folders }: Pick<Manifest, "files" | "folders">): void {
  if (files + folders > MAX_ENTRIES) fail({ code: "too_many_for_zip", limit: MAX_ENTRIES });
}

/** How long the .zip will be. */
export function zipLength(entries: Entry[]): number {
  return Number(predictLength(entries.map(described)));
}

async function* members(files: AsyncIterable<Unpacked>) {
  for await (const { entry, bytes } of files) yield entry.folder ? described(entry) : { ...described(entry), input: copies(bytes) };
}

function described(entry: Entry) {
  const lastModified = new Date(1000 * Math.min(Math.max(entry.mtime, FIRST_MTIME), LAST_MTIME));
  const about = { name: entry.folder ? `${entry.path}/` : entry.path, mode: modeOf(entry), lastModified };
  return entry.folder ? about : { ...about, size: entry.size };
}

/** The .zip's stream asks for one piece before the last was used up, and these are only good until then. */
async function* copies(bytes: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  for await (const piece of bytes) yield piece.slice();
}
