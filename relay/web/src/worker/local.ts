/**
 * A saved age file, opened from disk. It has no manifest, so what is inside is found by looking: a tar in the one form
 * that this format has, or else one file.
 */

import { fail, isFailure } from "../failure.ts";
import { Input, padding, readHeader as readTarHeader } from "../format/archive.ts";
import type { Entry } from "../format/entry.ts";
import { MAX_HEADER_BYTES, openHeader, readHeader, type Header, type Opener } from "../format/header.ts";
import { MAX_LISTED, type Manifest } from "../format/manifest.ts";
import { checkName } from "../format/names.ts";
import type { Progress } from "../format/scrypt.ts";
import { CHUNK, NONCE, plainLength, Stream } from "../format/stream.ts";
import { Tree } from "../format/tree.ts";
import { readRange, type Content } from "../relay/download.ts";
import { FileSource } from "../relay/source.ts";

/** Enough for any tar header with its extended one. */
const HEADER_BYTES = 8 * 1024;
/** What is read at a time: many small files, or of a large one little more than its header. */
const WINDOW = 4 * CHUNK;

/** The header of a saved age file. */
export async function readFileHeader(file: Blob): Promise<Header> {
  return readHeader(new Uint8Array(await file.slice(0, MAX_HEADER_BYTES).arrayBuffer()));
}

/** Opens a saved age file. That it is whole is known once its last chunk has opened as the last. */
export async function openLocal(
  file: File,
  header: Header,
  opener: Opener,
  progress: Progress,
): Promise<{ manifest: Manifest; content: Content }> {
  const fileKey = await openHeader(header, opener, progress);
  const start = new Uint8Array(await file.slice(0, header.length + NONCE).arrayBuffer());
  const length = plainLength(file.size - start.length);
  if (length === null) fail({ code: "truncated" });
  const nonce = start.slice(header.length);
  const stream = await Stream.open(fileKey, nonce);
  const content = { source: new FileSource(file), header: start.slice(0, header.length), nonce, length, stream };
  for await (const _ of readRange(content, Math.max(0, Math.ceil(length / CHUNK) - 1) * CHUNK, length));
  const entries = await listTar(content);
  return { manifest: entries ? manifestOf("tar", entries, content) : manifestOf("file", [single(file, length)], content), content };
}

function manifestOf(kind: Manifest["kind"], entries: Entry[], { nonce, length }: Content): Manifest {
  const files = entries.filter((entry) => !entry.folder);
  const bytes = files.reduce((sum, entry) => sum + entry.size, 0);
  return { kind, nonce, length, files: files.length, folders: entries.length - files.length, bytes, entries, sender: null, message: null };
}

/** The name it was saved under, without what says that it is sealed. */
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
    for (let at = 0; at < content.length; ) {
      const found = await listWindow(content, at);
      entries.push(...found.entries);
      if (entries.length > MAX_LISTED || found.entries.some(({ path, folder }) => tree.enter(path, folder))) return null;
      if (found.next === null) return entries.length > 0 ? entries : null;
      at = found.next;
    }
  } catch (error) {
    if (!isFailure(error, "archive_bad")) throw error;
  }
  return null;
}

/** The entries that are read at a time from `at` on, and where the next one begins; `null` at the end of the tar. */
async function listWindow(content: Content, at: number): Promise<{ entries: Entry[]; next: number | null }> {
  const end = Math.min(at + WINDOW, content.length);
  const last = end === content.length ? end : end - HEADER_BYTES;
  const input = new Input(readRange(content, at, end), end - at, "");
  const entries: Entry[] = [];
  let next = at;
  do {
    for await (const _ of input.pass(next - at - input.position));
    const found = await readTarHeader(input);
    if (!found) {
      if (at + input.position < content.length) input.fail("trailing");
      return { entries, next: null };
    }
    const entry = { ...found, offset: at + found.offset };
    entries.push(entry);
    next = entry.offset + entry.size + padding(entry);
  } while (next <= last);
  return { entries, next };
}
