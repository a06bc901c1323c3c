import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/pieces.ts
init_define_WORD_LIST_NAMES();
var READ_BYTES = 256 * 1024;
async function* piecesOf(stream) {
  const reader = stream.getReader();
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
  } finally {
    reader.cancel().catch(() => {
    });
  }
}
function bodyReader(stream) {
  let reader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
  let memory = new ArrayBuffer(READ_BYTES);
  const read = async () => {
    const { done, value } = await reader.read(new Uint8Array(memory));
    if (done || !value) return { done: true, value: void 0 };
    memory = value.buffer;
    return { done, value };
  };
  return { read, cancel: (reason) => reader.cancel(reason) };
}

// src/json.ts
init_define_WORD_LIST_NAMES();
var JsonNumber = class {
  constructor(text) {
    this.text = text;
  }
  text;
  /** The whole number, as {@link readWhole} reads it. */
  get whole() {
    return readWhole(this.text);
  }
};
function readWhole(text) {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) > 0xffffffffffffffffn) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Infinity;
}
var JsonObject = class {
  constructor(fields) {
    this.fields = fields;
  }
  fields;
  has(name) {
    return this.fields.has(name);
  }
  /** The value; `undefined` if there is none. */
  get(name) {
    return this.fields.get(name);
  }
};
var JsonError = class extends Error {
};
var MAX_DEPTH = 127;
function parseJson(text) {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}
var Reader = class {
  constructor(text) {
    this.text = text;
  }
  text;
  #at = 0;
  /** A value that so many lists and objects are around. */
  value(depth) {
    this.#token(/[ \t\n\r]*/y);
    const value = this.#scalar() ?? this.#listOrObject(depth);
    this.#token(/[ \t\n\r]*/y);
    return value instanceof Scalar ? value.value : value;
  }
  end() {
    if (this.#at < this.text.length) throw new JsonError();
  }
  #scalar() {
    const word = this.#token(/null|true|false/y);
    if (word) return new Scalar(word === "null" ? null : word === "true");
    const number = this.#token(/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y);
    if (number && !Number.isFinite(Number(number))) throw new JsonError();
    if (number) return new Scalar(new JsonNumber(number));
    return this.text[this.#at] === '"' ? new Scalar(this.#string()) : null;
  }
  #string() {
    if (this.text[this.#at] !== '"') throw new JsonError();
    let end = this.#at + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    const token = this.text.slice(this.#at, end + 1);
    this.#at = end + 1;
    const text = unescape(token);
    if (new RegExp("\\p{Surrogate}", "u").test(text)) throw new JsonError();
    return text;
  }
  #listOrObject(depth) {
    if (depth === MAX_DEPTH) throw new JsonError();
    return this.#take("[") ? this.#list(depth) : this.#object(depth);
  }
  #list(depth) {
    const list = [];
    if (this.#closes("]")) return list;
    do
      list.push(this.value(depth + 1));
    while (this.#take(","));
    this.#expect("]");
    return list;
  }
  #object(depth) {
    this.#expect("{");
    const fields = /* @__PURE__ */ new Map();
    if (this.#closes("}")) return new JsonObject(fields);
    do {
      this.#token(/[ \t\n\r]*/y);
      const name = this.#string();
      this.#token(/[ \t\n\r]*/y);
      this.#expect(":");
      if (fields.has(name)) throw new JsonError();
      fields.set(name, this.value(depth + 1));
    } while (this.#take(","));
    this.#expect("}");
    return new JsonObject(fields);
  }
  #closes(bracket) {
    this.#token(/[ \t\n\r]*/y);
    return this.#take(bracket);
  }
  #take(character) {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }
  #expect(character) {
    if (!this.#take(character)) throw new JsonError();
  }
  #token(pattern) {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.text)?.[0] ?? "";
    this.#at += token.length;
    return token;
  }
};
var Scalar = class {
  constructor(value) {
    this.value = value;
  }
  value;
};
function unescape(token) {
  try {
    return JSON.parse(token);
  } catch {
    throw new JsonError();
  }
}

export {
  JsonNumber,
  readWhole,
  JsonObject,
  JsonError,
  parseJson,
  piecesOf,
  bodyReader
};
