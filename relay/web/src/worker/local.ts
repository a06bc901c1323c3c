/**
 * A saved age file, opened from disk. It has no manifest, so what is inside is found by looking: a tar in the one form
 * that this format has, or else one file.
 */

import { fail, isFailure } from "../failure.ts";
import { ContentReader, padded, readHeader as readTarHeader } from "../format/archive.ts";
import { Totals, type Entry } from "../format/entry.ts";
import { openHeader, type Header, type Opener } from "../format/header.ts";
import { MAX_LISTED, type Manifest } from "../format/manifest.ts";
import { checkName } from "../format/names.ts";
import type { Progress } from "../format/scrypt.ts";
import { CHUNK, NONCE, plainLength, Stream } from "../format/stream.ts";
import { Tree } from "../format/tree.ts";
import { readRange, type Content } from "../relay/download.ts";
import { fileSource } from "../relay/source.ts";

/** Enough for any tar header with its extended one. */
const HEADER_BYTES = 8 * 1024;
/** What is read at a time: many small files, or of a large one little more than its header. */
const WINDOW = 4 * CHUNK;

/** Opens a saved age file. That it is whole is known once its last chunk has opened as the last. */
export async function openLocal(file: File, header: Header, opener: Opener, progress: Progress): Promise<{ manifest: Manifest; content: Content }> {
  const fileKey = await openHeader(header, opener, progress);
  const start = new Uint8Array(await file.slice(0, header.length + NONCE).arrayBuffer());
  const length = plainLength(file.size - start.length);
  if (length === null) fail({ code: "truncated" });
  const nonce = start.slice(header.length);
  const content = { source: fileSource(file), header: start.slice(0, header.length), nonce, length, stream: await Stream.open(fileKey, nonce) };
  for await (const _ of readRange(content, Math.max(0, Math.ceil(length / CHUNK) - 1) * CHUNK, length));
  const listed = await listTar(content);
  const entries = listed ?? [single(file, length)];
  const totals = new Totals();
  entries.forEach((entry) => totals.add(entry));
  return { manifest: { ...totals, kind: listed ? "tar" : "file", nonce, length, entries, sender: null, message: null }, content };
}

/** Takes the content for one file, with the name it was saved under but for the ending that says that it is sealed. */
function single(file: File, size: number): Entry {
  const name = file.name.replace(/\.age$/i, "");
  const path = checkName(name) === null && !name.includes("/") ? name : "share";
  return { path, folder: false, size, mtime: Math.floor(file.lastModified / 1000), executable: false, private: false, offset: 0 };
}

/** The entries of a tar; `null` if it is not exactly one of ours, or has more than a manifest would list. */
async function listTar(content: Content): Promise<Entry[] | null> {
  const tree = new Tree();
  const entries: Entry[] = [];
  try {
    for (let next: number | null = 0; next !== null && next < content.length; ) {
      const before = entries.length;
      next = await listWindow(content, next, entries);
      if (entries.length > MAX_LISTED || entries.slice(before).some(({ path, folder }) => tree.enter(path, folder))) return null;
      if (next === null) return entries.length > 0 ? entries : null;
    }
  } catch (error) {
    if (!isFailure(error, "archive_bad")) throw error;
  }
  return null;
}

/** Adds the entries that are read at a time from `start` on, and gives where the next begins; `null` at the tar's end. */
async function listWindow(content: Content, start: number, entries: Entry[]): Promise<number | null> {
  const end = Math.min(start + WINDOW, content.length);
  const last = end === content.length ? end : end - HEADER_BYTES;
  const reader = new ContentReader(readRange(content, start, end), end - start, "");
  let next = start;
  do {
    await reader.skipTo(next - start);
    const found = await readTarHeader(reader);
    if (!found) {
      if (start + reader.position < content.length) reader.fail("trailing");
      return null;
    }
    const offset = start + found.offset;
    entries.push({ ...found, offset });
    next = offset + padded(found.size);
  } while (next <= last);
  return next;
}
