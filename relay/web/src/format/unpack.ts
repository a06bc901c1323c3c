/** Turns content into files. Neither the manifest nor the tar is trusted, and they must agree. */

import { fail } from "../failure.ts";
import { ContentReader, padded, readHeader } from "./archive.ts";
import type { Bytes } from "./bytes.ts";
import { Totals, type Entry } from "./entry.ts";
import type { Manifest } from "./manifest.ts";
import { Tree } from "./tree.ts";

/** A file or folder as it comes out of the content. */
export interface Unpacked {
  entry: Entry;
  /** Its bytes; to be read to their end before the next entry is asked for. Each piece is good until the next. */
  bytes: AsyncIterable<Bytes>;
}

/**
 * Reads the whole content to its very end, in order. Only when this has ended without an error is anything that came out
 * of it worth keeping.
 */
export async function* unpack(pieces: AsyncIterable<Bytes, void>, manifest: Manifest): AsyncGenerator<Unpacked, void> {
  const first = manifest.entries[0];
  const content = new ContentReader(pieces, manifest.length, first?.path ?? "");
  if (manifest.kind === "tar") {
    yield* tar(content, manifest);
  } else {
    if (!first) fail({ code: "manifest_bad", fault: "totals" });
    yield { entry: first, bytes: content.pass(first.size) };
  }
  await content.finish();
}

async function* tar(content: ContentReader, { entries, files, folders, bytes }: Manifest): AsyncGenerator<Unpacked, void> {
  const tree = new Tree();
  const totals = new Totals();
  for (let entry = await readHeader(content); entry; entry = await readHeader(content)) {
    const fault = tree.enter(entry.path, entry.folder);
    if (fault) content.fail(fault);
    if (entries.length > 0 && !isSame(entries[totals.files + totals.folders], entry)) content.fail("unlisted");
    totals.add(entry);
    if (totals.files > files || totals.folders > folders || totals.bytes > bytes) content.fail("totals");
    yield { entry, bytes: content.pass(entry.size) };
    await content.zeros(padded(entry.size) - entry.size);
  }
  if (totals.files !== files || totals.folders !== folders || totals.bytes !== bytes) content.fail("totals");
}

function isSame(listed: Entry | undefined, found: Entry): boolean {
  return listed !== undefined && (Object.keys(found) as (keyof Entry)[]).every((field) => listed[field] === found[field]);
}
