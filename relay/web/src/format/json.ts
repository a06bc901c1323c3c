/**
 * JSON (RFC 8259) read strictly, because what two readers may understand differently does not get in: an object with a
 * name twice, a number that is not written as a plain whole one, half of a surrogate pair, a number that no float
 * reaches, lists in lists without end.
 */

/** What JSON says. Numbers keep their text. */
export type Json = null | boolean | string | Json[] | JsonNumber | JsonObject;

/** A number as it was written. */
export class JsonNumber {
  constructor(readonly text: string) {}

  /** The whole number, as {@link readWhole} reads it. */
  get whole(): number | null {
    return readWhole(this.text);
  }
}

/**
 * A whole number below 2^64 as it is plainly written; `Infinity` for one that is too large to be exact; `null` for
 * anything else, a sign or a zero in front included.
 */
export function readWhole(text: string): number | null {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Infinity;
}

/** An object. */
export class JsonObject {
  constructor(readonly fields: ReadonlyMap<string, Json>) {}

  has(name: string): boolean {
    return this.fields.has(name);
  }

  /** The value; `undefined` if there is none. */
  get(name: string): Json | undefined {
    return this.fields.get(name);
  }
}

/** The text is not JSON, or not strictly. */
export class JsonError extends Error {}

/** Lists and objects in each other. */
const MAX_DEPTH = 127;

/** Reads a whole text. Throws {@link JsonError}. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class Reader {
  #at = 0;

  constructor(readonly text: string) {}

  /** A value that so many lists and objects are around. */
  value(depth: number): Json {
    this.#token(/[ \t\n\r]*/y);
    const value = this.#scalar() ?? this.#listOrObject(depth);
    this.#token(/[ \t\n\r]*/y);
    return value instanceof Scalar ? value.value : value;
  }

  end(): void {
    if (this.#at < this.text.length) throw new JsonError();
  }

  #scalar(): Scalar | null {
    const word = this.#token(/null|true|false/y);
    if (word) return new Scalar(word === "null" ? null : word === "true");
    const number = this.#token(/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y);
    if (number && !Number.isFinite(Number(number))) throw new JsonError();
    if (number) return new Scalar(new JsonNumber(number));
    return this.text[this.#at] === '"' ? new Scalar(this.#string()) : null;
  }

  #string(): string {
    if (this.text[this.#at] !== '"') throw new JsonError();
    let end = this.#at + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    const token = this.text.slice(this.#at, end + 1);
    this.#at = end + 1;
    const text = unescape(token);
    // `isWellFormed` is younger than the browsers this has to run in.
    if (/\p{Surrogate}/u.test(text)) throw new JsonError();
    return text;
  }

  #listOrObject(depth: number): Json[] | JsonObject {
    if (depth === MAX_DEPTH) throw new JsonError();
    return this.#take("[") ? this.#list(depth) : this.#object(depth);
  }

  #list(depth: number): Json[] {
    const list: Json[] = [];
    if (this.#closes("]")) return list;
    do list.push(this.value(depth + 1));
    while (this.#take(","));
    this.#expect("]");
    return list;
  }

  #object(depth: number): JsonObject {
    this.#expect("{");
    const fields = new Map<string, Json>();
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

  #closes(bracket: string): boolean {
    this.#token(/[ \t\n\r]*/y);
    return this.#take(bracket);
  }

  #take(character: string): boolean {
    if (this.text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw new JsonError();
  }

  #token(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const token = pattern.exec(this.text)?.[0] ?? "";
    this.#at += token.length;
    return token;
  }
}

/** Tells a value that was read, `null` among them, from none. */
class Scalar {
  constructor(readonly value: Json) {}
}

function unescape(token: string): string {
  try {
    return JSON.parse(token);
  } catch {
    throw new JsonError();
  }
}
