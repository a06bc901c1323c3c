/**
 * The tar's one form. An entry's header has exactly one encoding, so a reader decodes a header, encodes what it
 * understood, and refuses any difference. `docs/format.md`, "Content", has every field.
 */

import { fail, type Fault } from "../failure.ts";
import { concat, equal, fromUtf8, utf8, utf8Length, type Bytes } from "./bytes.ts";
import { MAX_LENGTH, modeOf, type Entry } from "./entry.ts";
import { readWhole } from "./json.ts";
import { MAX_PATH_BYTES, quoted } from "./names.ts";

const BLOCK = 512;
/** Bytes of zeros after the last entry. */
const END = 2 * BLOCK;
const NAME_BYTES = 100;
/** The largest size a ustar header can hold: 8 GiB less one byte. */
const MAX_USTAR_SIZE = 0o77_777_777_777;
/** A pax extended header holds a path and a size, each once. */
const MAX_RECORD_BYTES = MAX_PATH_BYTES + 128;

/** Finds where each entry of a tar lies. */
export class Layout {
  #end = 0;

  /** Where the bytes of the next entry begin; `null` if the tar would become longer than content may be. */
  place(entry: Entry): number | null {
    const offset = this.#end + header(entry).length;
    this.#end = offset + padded(entry.size);
    return this.#end <= MAX_LENGTH ? offset : null;
  }

  /** Bytes of the whole tar. */
  get length(): number {
    return this.#end + END;
  }

  /** Bytes that so many entries take at least, besides their own. */
  static least(count: number): number {
    return count * BLOCK + END;
  }
}

/** The size in whole blocks. */
function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** All that precedes an entry's bytes. */
export function header(entry: Entry): Bytes {
  const path = entry.folder ? `${entry.path}/` : entry.path;
  let records = "";
  if (utf8Length(path) > NAME_BYTES || !isAscii(path)) records += record("path", path);
  if (entry.size > MAX_USTAR_SIZE) records += record("size", String(entry.size));
  // What a program that knows no pax headers will see.
  const name = [...path].slice(0, NAME_BYTES).map((c) => (isAscii(c) ? c : "_")).join("");
  const size = entry.size > MAX_USTAR_SIZE ? 0 : entry.size;
  const main = block(name, entry.folder ? "5" : "0", size, entry.mtime, modeOf(entry));
  return records === "" ? main : concat(extended(utf8(records)), main);
}

function extended(records: Bytes): Bytes {
  const filled = new Uint8Array(padded(records.length));
  filled.set(records);
  return concat(block("PaxHeader", "x", records.length, 0, 0o644), filled);
}

function block(name: string, type: string, size: number, mtime: number, mode: number): Bytes {
  const bytes = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => bytes.set(utf8(text), at);
  put(0, name);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(mtime, 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\0" + "00");
  put(329, octal(0, 7));
  put(337, octal(0, 7));
  put(148, octal(bytes.reduce((sum, byte) => sum + byte, 0), 7) + "\0");
  return bytes;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

/** A pax record: its own length in decimal, a space, key, `=`, value and a line end. */
function record(key: string, value: string): string {
  const rest = key.length + utf8Length(value) + 3;
  let length = rest + 1;
  while (rest + String(length).length !== length) length += 1;
  return `${length} ${key}=${value}\n`;
}

/** Reads the next header; `null` at the end of the tar, whose blocks of zeros are then read too. */
export async function readHeader(input: Input): Promise<Entry | null> {
  let blocks = await input.take(BLOCK);
  if (blocks.every((byte) => byte === 0)) {
    await input.zeros(END - BLOCK);
    return null;
  }
  if (blocks[156] === 0x78) {
    const size = number(blocks.subarray(124, 136));
    if (size === null || size > MAX_RECORD_BYTES) input.fail("malformed");
    blocks = concat(blocks, await input.take(padded(size) + BLOCK));
  }
  const entry = decode(blocks);
  if (typeof entry === "string") input.fail(entry);
  input.near = entry.path;
  if (!equal(header(entry), blocks)) input.fail("malformed");
  return { ...entry, offset: input.position };
}

/** Bytes that fill the last block of a file. */
export function padding(entry: Entry): number {
  return padded(entry.size) - entry.size;
}

/** What the blocks of a header seem to say; only encoding it again tells whether they do. */
function decode(blocks: Bytes): Entry | Fault {
  const main = blocks.subarray(-BLOCK);
  const folder = main[156] === 0x35;
  if (!folder && main[156] !== 0x30) return "type";
  const records = fromUtf8(blocks.subarray(BLOCK, Math.max(BLOCK, blocks.length - BLOCK)));
  let path = fromUtf8(untilZero(main.subarray(0, NAME_BYTES)));
  let size = number(main.subarray(124, 136));
  for (const line of records?.replace(/\0+$/, "").split("\n").slice(0, -1) ?? []) {
    const [, key, value] = /^\d+ (path|size)=(.*)$/s.exec(line) ?? [];
    if (key === "path") path = value ?? "";
    else if (key === "size") size = readWhole(value ?? "");
    else return "malformed";
  }
  const mtime = number(main.subarray(136, 148));
  if (size !== null && size > MAX_LENGTH) return "totals";
  if (path === null || size === null || mtime === null || records === null) return "malformed";
  const mode = number(main.subarray(100, 108));
  if (mode === null) return "malformed";
  const rights = { executable: !folder && (mode & 0o100) !== 0, private: (mode & 0o077) === 0 };
  return { path: folder ? path.replace(/\/$/, "") : path, folder, size, mtime, ...rights, offset: 0 };
}

/** An octal number that fills its field but for a zero byte. */
function number(field: Uint8Array): number | null {
  const text = fromUtf8(field.subarray(0, -1));
  return text !== null && /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

function untilZero(field: Uint8Array): Uint8Array {
  const zero = field.indexOf(0);
  return zero < 0 ? field : field.subarray(0, zero);
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

/**
 * The content as it is read: how far, how far it may go, and near which entry. What it gives out is good until the next
 * bytes are asked for.
 */
export class Input {
  position = 0;
  near: string;
  #rest: Bytes = new Uint8Array();

  /** Content that is `length` bytes long, or else at fault; it begins with the entry `near`. */
  constructor(
    readonly pieces: AsyncIterator<Bytes, void>,
    readonly length: number,
    near: string,
  ) {
    this.near = near;
  }

  /** Throws the fault, with the entry it was found at. */
  fail(fault: Fault): never {
    fail({ code: "archive_bad", fault, near: quoted(this.near) });
  }

  /** So many bytes, in one piece. */
  async take(count: number): Promise<Bytes> {
    const taken = new Uint8Array(count);
    let at = 0;
    for await (const piece of this.pass(count)) {
      taken.set(piece, at);
      at += piece.length;
    }
    return taken;
  }

  /** So many bytes, as they come. */
  async *pass(count: number): AsyncGenerator<Bytes, void> {
    if (count > this.length - this.position) this.fail("truncated");
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0 && !(await this.#more())) this.fail("truncated");
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }

  /** Reads so many bytes that must be zero. */
  async zeros(count: number): Promise<void> {
    if ((await this.take(count)).some((byte) => byte !== 0)) this.fail("malformed");
  }

  /** Reads the end of the content, which must be here. */
  async finish(): Promise<void> {
    if (this.position < this.length || this.#rest.length > 0 || (await this.#more())) this.fail("trailing");
  }

  async #more(): Promise<boolean> {
    const { value } = await this.pieces.next();
    if (value === undefined) return false;
    this.#rest = value;
    return value.length > 0 || this.#more();
  }
}
