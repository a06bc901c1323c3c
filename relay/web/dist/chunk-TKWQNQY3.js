import {
  JsonError,
  JsonNumber,
  JsonObject,
  parseJson,
  readWhole
} from "./chunk-NQ23W23I.js";
import {
  MAX_PATH_BYTES,
  checkName,
  collisionKey,
  concat,
  equal,
  fail,
  fromHex,
  fromUtf8,
  isWellShown,
  quoted,
  random,
  utf8,
  utf8Length
} from "./chunk-SKKJOJXW.js";
import {
  sha256
} from "./chunk-YQXBLTOX.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/archive.ts
init_define_WORD_LIST_NAMES();

// src/manifest.ts
init_define_WORD_LIST_NAMES();

// src/tree.ts
init_define_WORD_LIST_NAMES();
var Tree = class {
  #last = "";
  /** The folders around the present place, from the outside in; the first is that of the share itself. */
  #open = [{ path: "", names: /* @__PURE__ */ new Set() }];
  /** Of its own, so that whoever is refused by chance is not refused again. */
  #key = random(16);
  /** Checks the next path and takes it in. */
  enter(path, folder) {
    if (checkName(path)) return "name";
    const order = comparePaths(path, this.#last);
    if (order === 0) return "same_name";
    if (order < 0) return "order";
    this.#last = path;
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, slash));
    const inside = this.#open.findLastIndex((folder2) => folder2.path === parent);
    const names = this.#open[inside]?.names;
    if (!names) return "no_folder";
    this.#open.length = inside + 1;
    const before = names.size;
    names.add(this.#hash(collisionKey(path.slice(slash + 1))));
    if (names.size === before) return "same_name";
    if (folder) this.#open.push({ path, names: /* @__PURE__ */ new Set() });
    return null;
  }
  #hash(text2) {
    const digest = sha256(concat(this.#key, utf8(text2)));
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  }
};
function comparePaths(one, other) {
  const [left, right] = [one.split("/"), other.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareUtf8(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
function compareUtf8(one, other) {
  if (one === other) return 0;
  const [left, right] = [utf8(one), utf8(other)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

// src/manifest.ts
var VERSION = 1;
var MAX_LISTED = 1e4;
var MAX_ENTRIES = 1e6;
var MAX_MESSAGE_BYTES = 64 * 1024;
var MAX_JSON_BYTES = 4 * 1024 * 1024 - 128 * 1024;
var MAX_LENGTH = Number.MAX_SAFE_INTEGER;
var MAX_MTIME = 8589934591;
var NONCE_BYTES = 16;
function parseManifest(json, ownNonce) {
  if (json.length > MAX_JSON_BYTES) bad("too_many");
  const manifest = decode(json);
  const fault = validate(manifest) ?? (equal(manifest.nonce, ownNonce) ? "nonce" : null);
  if (fault) bad(fault);
  return manifest;
}
function bad(fault) {
  fail({ code: "manifest_bad", fault });
}
function decode(json) {
  try {
    const value = parseJson(fromUtf8(json) ?? "");
    if (!(value instanceof JsonObject)) throw new JsonError();
    const version = whole(value.get("version"));
    if (version > VERSION) fail({ code: "newer_version" });
    if (version !== VERSION) throw new JsonError();
    return manifestOf(value);
  } catch (error) {
    if (error instanceof JsonError) bad("malformed");
    throw error;
  }
}
function manifestOf(object) {
  const kind = object.get("kind");
  const nonce = text(object.get("nonce"));
  const entries = object.has("entries") ? object.get("entries") : [];
  if (kind !== "file" && kind !== "tar") throw new JsonError();
  if (!/^[0-9a-f]{32}$/.test(nonce)) throw new JsonError();
  if (!Array.isArray(entries)) throw new JsonError();
  return {
    kind,
    nonce: fromHex(nonce, NONCE_BYTES) ?? new Uint8Array(),
    length: whole(object.get("length")),
    files: whole(object.get("files")),
    folders: whole(object.get("folders"), 0),
    bytes: whole(object.get("bytes")),
    entries: entries.map(entryOf),
    sender: object.has("sender") ? text(object.get("sender")) : null,
    message: object.has("message") ? text(object.get("message")) : null
  };
}
function entryOf(value) {
  if (!(value instanceof JsonObject)) throw new JsonError();
  return {
    path: text(value.get("path")),
    folder: flag(value.get("folder")),
    size: whole(value.get("size")),
    mtime: whole(value.get("mtime")),
    executable: flag(value.get("executable")),
    private: flag(value.get("private")),
    offset: whole(value.get("offset"))
  };
}
function text(value) {
  if (typeof value !== "string") throw new JsonError();
  return value;
}
function whole(value, missing) {
  const number2 = value instanceof JsonNumber ? value.whole : value === void 0 ? missing : null;
  if (number2 === null || number2 === void 0) throw new JsonError();
  return number2;
}
function flag(value) {
  if (value !== void 0 && typeof value !== "boolean") throw new JsonError();
  return value === true;
}
function validate(manifest) {
  const { sender, message, files, folders, entries, kind } = manifest;
  if (message !== null && !isMessage(message)) return "message";
  if (sender !== null && !isSender(sender)) return "sender";
  if (files + folders > MAX_ENTRIES || entries.length > MAX_LISTED) return "too_many";
  const check = kind === "file" ? checkFile : entries.length > 0 ? checkEntries : checkTotals;
  const fault = check(manifest);
  return fault ?? (manifest.length <= MAX_LENGTH ? null : "totals");
}
function isMessage(message) {
  return utf8Length(message) <= MAX_MESSAGE_BYTES && !/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(message);
}
function isSender(name) {
  return /^.{1,100}$/su.test(name) && isWellShown(name) && name.trim() === name;
}
function checkFile({ entries, files, folders, bytes, length }) {
  const [entry] = entries;
  if (!entry || entries.length > 1) return "totals";
  const fault = new Tree().enter(entry.path, entry.folder);
  if (fault) return fault;
  const counted = files === 1 && folders === 0 && bytes === entry.size;
  const placed = entry.offset === 0 && entry.size === length;
  return counted && placed && isSound(entry) && !entry.folder ? null : "totals";
}
function checkTotals({ files, folders, bytes, length }) {
  const count = files + folders;
  const sound = count > 0 && length % 512 === 0 && bytes + Layout.least(count) <= length;
  return sound ? null : "totals";
}
function checkEntries({ entries, files, folders, bytes, length }) {
  const tree = new Tree();
  const layout = new Layout();
  const counted = { files: 0, folders: 0, bytes: 0 };
  for (const entry of entries) {
    const fault = tree.enter(entry.path, entry.folder);
    if (fault) return fault;
    if (!isSound(entry) || layout.place(entry) !== entry.offset) return "totals";
    counted[entry.folder ? "folders" : "files"] += 1;
    counted.bytes += entry.size;
  }
  const right = counted.files === files && counted.folders === folders && counted.bytes === bytes;
  return right && layout.length === length ? null : "totals";
}
function isSound(entry) {
  return entry.mtime <= MAX_MTIME && entry.size <= MAX_LENGTH && !(entry.folder && (entry.size > 0 || entry.executable));
}

// src/archive.ts
var BLOCK = 512;
var END = 2 * BLOCK;
var NAME_BYTES = 100;
var MAX_USTAR_SIZE = 8589934591;
var MAX_RECORD_BYTES = MAX_PATH_BYTES + 128;
var Layout = class {
  #end = 0;
  /** Where the bytes of the next entry begin; `null` if the tar would become longer than content may be. */
  place(entry) {
    const offset = this.#end + header(entry).length;
    this.#end = offset + padded(entry.size);
    return this.#end <= MAX_LENGTH ? offset : null;
  }
  /** Bytes of the whole tar. */
  get length() {
    return this.#end + END;
  }
  /** Bytes that so many entries take at least, besides their own. */
  static least(count) {
    return count * BLOCK + END;
  }
};
function padded(size) {
  return Math.ceil(size / BLOCK) * BLOCK;
}
function header(entry) {
  const path = entry.folder ? `${entry.path}/` : entry.path;
  let records = "";
  if (utf8Length(path) > NAME_BYTES || !isAscii(path)) records += record("path", path);
  if (entry.size > MAX_USTAR_SIZE) records += record("size", String(entry.size));
  const name = [...path].slice(0, NAME_BYTES).map((c) => isAscii(c) ? c : "_").join("");
  const size = entry.size > MAX_USTAR_SIZE ? 0 : entry.size;
  const main = block(name, entry.folder ? "5" : "0", size, entry.mtime, modeOf(entry));
  return records === "" ? main : concat(extended(utf8(records)), main);
}
function modeOf(entry) {
  const everyones = entry.folder || entry.executable ? 493 : 420;
  return entry.private ? everyones & 448 : everyones;
}
function extended(records) {
  const filled = new Uint8Array(padded(records.length));
  filled.set(records);
  return concat(block("PaxHeader", "x", records.length, 0, 420), filled);
}
function block(name, type, size, mtime, mode) {
  const bytes = new Uint8Array(BLOCK);
  const put = (at, text2) => bytes.set(utf8(text2), at);
  put(0, name);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(mtime, 11));
  put(148, " ".repeat(8));
  put(156, type);
  put(257, "ustar\x0000");
  put(329, octal(0, 7));
  put(337, octal(0, 7));
  put(148, octal(bytes.reduce((sum, byte) => sum + byte, 0), 7) + "\0");
  return bytes;
}
function octal(value, digits) {
  return value.toString(8).padStart(digits, "0");
}
function record(key, value) {
  const rest = key.length + utf8Length(value) + 3;
  let length = rest + 1;
  while (rest + String(length).length !== length) length += 1;
  return `${length} ${key}=${value}
`;
}
async function readHeader(input) {
  let blocks = await input.take(BLOCK);
  if (blocks.every((byte) => byte === 0)) {
    await input.zeros(END - BLOCK);
    return null;
  }
  if (blocks[156] === 120) {
    const size = number(blocks.subarray(124, 136));
    if (size === null || size > MAX_RECORD_BYTES) input.fail("malformed");
    blocks = concat(blocks, await input.take(padded(size) + BLOCK));
  }
  const entry = decode2(blocks);
  if (typeof entry === "string") input.fail(entry);
  input.near = entry.path;
  if (!equal(header(entry), blocks)) input.fail("malformed");
  return { ...entry, offset: input.position };
}
function padding(entry) {
  return padded(entry.size) - entry.size;
}
function decode2(blocks) {
  const main = blocks.subarray(-BLOCK);
  const folder = main[156] === 53;
  if (!folder && main[156] !== 48) return "type";
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
  const rights = { executable: !folder && (mode & 64) !== 0, private: (mode & 63) === 0 };
  return { path: folder ? path.replace(/\/$/, "") : path, folder, size, mtime, ...rights, offset: 0 };
}
function number(field) {
  const text2 = fromUtf8(field.subarray(0, -1));
  return text2 !== null && /^[0-7]+$/.test(text2) ? Number.parseInt(text2, 8) : null;
}
function untilZero(field) {
  const zero = field.indexOf(0);
  return zero < 0 ? field : field.subarray(0, zero);
}
function isAscii(text2) {
  return /^[\0-\x7f]*$/.test(text2);
}
var Input = class {
  /** Content that is `length` bytes long, or else at fault; it begins with the entry `near`. */
  constructor(pieces, length, near) {
    this.pieces = pieces;
    this.length = length;
    this.near = near;
  }
  pieces;
  length;
  position = 0;
  near;
  #rest = new Uint8Array();
  /** Throws the fault, with the entry it was found at. */
  fail(fault) {
    fail({ code: "archive_bad", fault, near: quoted(this.near) });
  }
  /** So many bytes, in one piece. */
  async take(count) {
    const taken = new Uint8Array(count);
    let at = 0;
    for await (const piece of this.pass(count)) {
      taken.set(piece, at);
      at += piece.length;
    }
    return taken;
  }
  /** So many bytes, as they come. */
  async *pass(count) {
    if (count > this.length - this.position) this.fail("truncated");
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0 && !await this.#more()) this.fail("truncated");
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      this.position += piece.length;
      left -= piece.length;
      yield piece;
    }
  }
  /** Reads so many bytes that must be zero. */
  async zeros(count) {
    if ((await this.take(count)).some((byte) => byte !== 0)) this.fail("malformed");
  }
  /** Reads the end of the content, which must be here. */
  async finish() {
    if (this.position < this.length || this.#rest.length > 0 || await this.#more()) this.fail("trailing");
  }
  async #more() {
    const { value } = await this.pieces.next();
    if (value === void 0) return false;
    this.#rest = value;
    return value.length > 0 || this.#more();
  }
};

export {
  Tree,
  MAX_LISTED,
  parseManifest,
  modeOf,
  readHeader,
  padding,
  Input
};
