/** The manifest: what is inside a share, as JSON. `docs/format.md`, "Manifest", describes every field. */

import { fail, type Fault } from "../failure.ts";
import { BLOCK, END, header, padded } from "./archive.ts";
import { equal, fromHex, fromUtf8, utf8, type Bytes } from "./bytes.ts";
import { MAX_LENGTH, Totals, type Entry } from "./entry.ts";
import { JsonError, JsonObject, parseObject, type Json } from "./json.ts";
import { isWellShown } from "./names.ts";
import { Tree } from "./tree.ts";

const VERSION = 1;
/** The most entries that a manifest lists; if there are more, it gives totals only. */
export const MAX_LISTED = 10_000;
/** The most files and folders in one share. */
const MAX_ENTRIES = 1_000_000;
/** The most bytes of UTF-8 in the sender's message. */
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_JSON_BYTES = 4 * 1024 * 1024 - 128 * 1024;
/** Seconds since 1970 that a tar header can hold (the year 2242). */
const MAX_MTIME = 0o77_777_777_777;

/** What is inside a share. */
export interface Manifest extends Omit<Totals, "add"> {
  /** `file`: the content is the bytes of one file. `tar`: a tar of files and folders. */
  kind: "file" | "tar";
  /** The nonce of the content's age file. */
  nonce: Bytes;
  /** Bytes of content. */
  length: number;
  /** All files and folders in the order of the content, or nothing at all if there are too many to list. */
  entries: Entry[];
  /** The name by which the sender wants to be known: a claim, which nothing here verifies. `null` if none. */
  sender: string | null;
  /** The sender's message, in lines; show each as `printable`. `null` if there is none. */
  message: string | null;
}

/** Reads a manifest whose own age file has this nonce, and checks all there is to check without the content. */
export function parseManifest(json: Uint8Array, ownNonce: Uint8Array): Manifest {
  if (json.length > MAX_JSON_BYTES) bad("too_many");
  const manifest = decode(json);
  // Two age files with the same key and nonce would reveal each other's plaintext.
  const fault = validate(manifest) ?? (equal(manifest.nonce, ownNonce) ? "nonce" : null);
  if (fault) bad(fault);
  return manifest;
}

function bad(fault: Fault): never {
  fail({ code: "manifest_bad", fault });
}

function decode(json: Uint8Array): Manifest {
  try {
    const object = parseObject(fromUtf8(json));
    const version = object.whole("version");
    if (version > VERSION) fail({ code: "newer_version" });
    if (version !== VERSION) throw new JsonError("version");
    return manifestOf(object);
  } catch (error) {
    if (error instanceof JsonError) bad("malformed");
    throw error;
  }
}

function manifestOf(object: JsonObject): Manifest {
  const [kind, nonce] = [object.text("kind"), object.text("nonce")];
  const entries = object.has("entries") ? object.get("entries") : [];
  if (kind !== "file" && kind !== "tar") throw new JsonError("kind");
  if (!/^[0-9a-f]{32}$/.test(nonce)) throw new JsonError("nonce");
  if (!Array.isArray(entries)) throw new JsonError("entries");
  return {
    kind,
    nonce: fromHex(nonce),
    length: object.whole("length"),
    files: object.whole("files"),
    folders: object.has("folders") ? object.whole("folders") : 0,
    bytes: object.whole("bytes"),
    entries: entries.map(entryOf),
    sender: object.has("sender") ? object.text("sender") : null,
    message: object.has("message") ? object.text("message") : null,
  };
}

function entryOf(value: Json): Entry {
  if (!(value instanceof JsonObject)) throw new JsonError("entries");
  return {
    path: value.text("path"),
    folder: value.flag("folder"),
    size: value.whole("size"),
    mtime: value.whole("mtime"),
    executable: value.flag("executable"),
    private: value.flag("private"),
    offset: value.whole("offset"),
  };
}

function validate(manifest: Manifest): Fault | null {
  const { sender, message, files, folders, entries, kind } = manifest;
  if (message !== null && !isMessage(message)) return "message";
  if (sender !== null && !isSender(sender)) return "sender";
  if (files + folders > MAX_ENTRIES || entries.length > MAX_LISTED) return "too_many";
  const check = kind === "file" ? checkFile : entries.length > 0 ? checkEntries : checkTotals;
  const fault = check(manifest);
  return fault ?? (manifest.length <= MAX_LENGTH ? null : "totals");
}

function isMessage(message: string): boolean {
  // Every control character but line feed and tab.
  return utf8(message).length <= MAX_MESSAGE_BYTES && !/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(message);
}

function isSender(name: string): boolean {
  // Nobody would read what follows a gap as a part of the name. A braille blank (U+2800) is a gap too.
  const gap = /\u2800|\p{White_Space}\p{Default_Ignorable_Code_Point}*\p{White_Space}/u;
  return /^.{1,100}$/su.test(name) && isWellShown(name) && name.trim() === name && !gap.test(name);
}

function checkFile({ entries, files, folders, bytes, length }: Manifest): Fault | null {
  const [entry] = entries;
  if (!entry || entries.length > 1) return "totals";
  const fault = new Tree().enter(entry.path, entry.folder);
  if (fault) return fault;
  const isCounted = files === 1 && folders === 0 && bytes === entry.size;
  const isPlaced = entry.offset === 0 && entry.size === length;
  return isCounted && isPlaced && isSound(entry) && !entry.folder ? null : "totals";
}

/** Of a tar with too many entries to list. Each takes a block at least. */
function checkTotals({ files, folders, bytes, length }: Manifest): Fault | null {
  const count = files + folders;
  return count > 0 && length % BLOCK === 0 && bytes + count * BLOCK + END <= length ? null : "totals";
}

function checkEntries({ entries, files, folders, bytes, length }: Manifest): Fault | null {
  const tree = new Tree();
  const totals = new Totals();
  let end = 0;
  for (const entry of entries) {
    const fault = tree.enter(entry.path, entry.folder);
    if (fault) return fault;
    const offset = end + header(entry).length;
    end = offset + padded(entry.size);
    if (!isSound(entry) || entry.offset !== offset || end > MAX_LENGTH) return "totals";
    totals.add(entry);
  }
  const isCounted = totals.files === files && totals.folders === folders && totals.bytes === bytes;
  return isCounted && end + END === length ? null : "totals";
}

function isSound(entry: Entry): boolean {
  return entry.mtime <= MAX_MTIME && entry.size <= MAX_LENGTH && !(entry.folder && (entry.size > 0 || entry.executable));
}
