/**
 * The tar's one form. An entry's header has exactly one encoding, so a reader decodes a header, encodes what it
 * understood, and refuses any difference. `docs/format.md`, "Content", has every field.
 */

import { fail, type Fault } from "../failure.ts";
import { ByteReader, concat, equal, fromUtf8, utf8, type Bytes } from "./bytes.ts";
import { MAX_LENGTH, modeOf, type Entry } from "./entry.ts";
import { readWhole } from "./json.ts";
import { MAX_PATH_BYTES, quoted } from "./names.ts";

/** A tar consists of blocks of so many bytes. */
export const BLOCK = 512;
/** Bytes of zeros after the last entry. */
export const END = 2 * BLOCK;
const NAME_BYTES = 100;
/** The largest size a ustar header can hold: 8 GiB less one byte. */
const MAX_USTAR_SIZE = 0o77_777_777_777;
/** A pax extended header holds a path and a size, each once. */
const MAX_RECORD_BYTES = MAX_PATH_BYTES + 128;

/** The size in whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** The header of an entry, with a pax extended header before it where one is needed. */
export function header(entry: Entry): Bytes {
  const path = entry.folder ? `${entry.path}/` : entry.path;
  let records = "";
  if (utf8(path).length > NAME_BYTES || !isAscii(path)) records += record("path", path);
  if (entry.size > MAX_USTAR_SIZE) records += record("size", String(entry.size));
  // The name for programs that do not know pax headers.
  const name = [...path].slice(0, NAME_BYTES).map((c) => (isAscii(c) ? c : "_")).join("");
  const size = entry.size > MAX_USTAR_SIZE ? 0 : entry.size;
  const main = block(name, entry.folder ? "5" : "0", size, entry.mtime, modeOf(entry));
  if (records === "") return main;
  const extended = utf8(records);
  const filling = new Uint8Array(padded(extended.length) - extended.length);
  return concat(block("PaxHeader", "x", extended.length, 0, 0o644), extended, filling, main);
}

function block(name: string, type: string, size: number, mtime: number, mode: number): Bytes {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => bytes.set(utf8(text), at);
  put(0, name);
  put(100, octal(mode, 7));
  put(124, octal(size, 11));
  put(136, octal(mtime, 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\0" + "00");
  // No owner, no group, no device.
  for (const at of [108, 116, 329, 337]) put(at, octal(0, 7));
  put(148, octal(bytes.reduce((sum, byte) => sum + byte, 0), 7) + "\0");
  return bytes;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** A pax record: its own length in decimal, a space, key, `=`, value and a line end. */
function record(key: string, value: string): string {
  const rest = key.length + utf8(value).length + 3;
  let length = rest + 1;
  while (rest + String(length).length !== length) length += 1;
  return `${length} ${key}=${value}\n`;
}

/** Reads the next header; `null` at the end of the tar, whose blocks of zeros are then read too. */
export async function readHeader(content: ContentReader): Promise<Entry | null> {
  let blocks = await content.take(BLOCK);
  if (blocks.every((byte) => byte === 0)) {
    await content.zeros(END - BLOCK);
    return null;
  }
  if (blocks[156] === 0x78) {
    const size = number(blocks.subarray(124, 136));
    if (size === null || size > MAX_RECORD_BYTES) content.fail("malformed");
    blocks = concat(blocks, await content.take(padded(size) + BLOCK));
  }
  const entry = decode(blocks);
  if (typeof entry === "string") content.fail(entry);
  content.near = entry.path;
  if (!equal(header(entry), blocks)) content.fail("malformed");
  return { ...entry, offset: content.position };
}

/** What the blocks of a header seem to say. Whether they do is known only by encoding it again. */
function decode(blocks: Bytes): Entry | Fault {
  const main = blocks.subarray(-BLOCK);
  const folder = main[156] === 0x35;
  if (!folder && main[156] !== 0x30) return "type";
  const records = fromUtf8(blocks.subarray(BLOCK, Math.max(BLOCK, blocks.length - BLOCK)));
  let path = fromUtf8(main.subarray(0, NAME_BYTES))?.replace(/\0.*$/s, "") ?? null;
  let size = number(main.subarray(124, 136));
  for (const line of records?.replace(/\0+$/, "").split("\n").slice(0, -1) ?? []) {
    const [, key, value] = /^\d+ (path|size)=(.*)$/s.exec(line) ?? [];
    if (key === "path") path = value ?? "";
    else if (key === "size") size = readWhole(value ?? "");
    else return "malformed";
  }
  const mtime = number(main.subarray(136, 148));
  if (size !== null && size > MAX_LENGTH) return "totals";
  const mode = number(main.subarray(100, 108));
  if (path === null || size === null || mtime === null || records === null || mode === null) return "malformed";
  const rights = { executable: !folder && (mode & 0o100) !== 0, private: (mode & 0o077) === 0 };
  return { path: folder ? path.replace(/\/$/, "") : path, folder, size, mtime, ...rights, offset: 0 };
}

/** An octal number that fills its field but for a zero byte. */
function number(field: Uint8Array): number | null {
  const text = fromUtf8(field.subarray(0, -1));
  return text !== null && /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/** Reads content, and knows how far it is and at which entry. What it gives out is good until the next bytes are asked for. */
export class ContentReader {
  position = 0;
  readonly #bytes: ByteReader;

  /** Content that must be `length` bytes long; it begins with the entry `near`. */
  constructor(pieces: AsyncIterable<Bytes, void>, readonly length: number, public near: string) {
    this.#bytes = new ByteReader(pieces);
  }

  /** Throws the fault, with the entry it was found at. */
  fail(fault: Fault): never {
    fail({ code: "archive_bad", fault, near: quoted(this.near) });
  }

  /** So many bytes, in one piece. */
  async take(count: number): Promise<Bytes> {
    const pieces: Bytes[] = [];
    for await (const piece of this.pass(count)) pieces.push(piece.slice());
    return concat(...pieces);
  }

  /** So many bytes, as they come. */
  async *pass(count: number): AsyncGenerator<Bytes, void> {
    const end = this.position + count;
    if (end > this.length) this.fail("truncated");
    while (this.position < end) {
      const piece = (await this.#bytes.some(end - this.position)) ?? this.fail("truncated");
      this.position += piece.length;
      yield piece;
    }
  }

  /** Reads so many bytes that must be zero. */
  async zeros(count: number): Promise<void> {
    if ((await this.take(count)).some((byte) => byte !== 0)) this.fail("malformed");
  }

  /** Reads on to `position`. */
  async skipTo(position: number): Promise<void> {
    for await (const _ of this.pass(position - this.position));
  }

  /** Reads the end of the content, which must be here. */
  async finish(): Promise<void> {
    if (this.position < this.length || (await this.#bytes.some(1))) this.fail("trailing");
  }
}
