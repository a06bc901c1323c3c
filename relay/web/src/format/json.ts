/**
 * JSON (RFC 8259) read strictly, because what two readers may understand differently does not get in: an object with a
 * name twice, half of a surrogate pair, a number that no float reaches, lists in lists without end.
 */

/**
 * A value of JSON. A number is what {@link readWhole} makes of it, and `NaN` if it is not plainly a whole one, so that
 * `1.0` and `1e2` are never taken for whole numbers.
 */
export type Json = null | boolean | string | number | Json[] | JsonObject;

/** The text is not JSON, or not strictly, or not of the expected types. The message names the field, or is `JSON`. */
export class JsonError extends Error {}

/** An object, whose fields are read with the type they must have. */
export class JsonObject {
  constructor(readonly fields: ReadonlyMap<string, Json>) {}

  has(name: string): boolean {
    return this.fields.has(name);
  }

  /** The value; `undefined` if there is none. */
  get(name: string): Json | undefined {
    return this.fields.get(name);
  }

  text(name: string): string {
    const value = this.get(name);
    return typeof value === "string" ? value : wrong(name);
  }

  /** A whole number up to `max`; without one, `Infinity` stands for all that are too large to be exact. */
  whole(name: string, max = Infinity): number {
    const value = this.get(name);
    return typeof value === "number" && value <= max ? value : wrong(name);
  }

  /** A whole number as the field `as` of an object to spread; an empty object if there is none. */
  optional<K extends string>(name: string, as: K, max: number): { [key in K]?: number } {
    return this.has(name) ? ({ [as]: this.whole(name, max) } as { [key in K]: number }) : {};
  }

  /** `false` if there is none. */
  flag(name: string): boolean {
    const value = this.has(name) ? this.get(name) : false;
    return typeof value === "boolean" ? value : wrong(name);
  }
}

/** How deep lists and objects may lie in each other. */
const MAX_DEPTH = 127;

/**
 * A whole number below 2^64 as it is plainly written; `Infinity` for one that is too large to be exact; `null` for
 * anything else, a sign or a zero in front included.
 */
export function readWhole(text: string): number | null {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : Infinity;
}

/** Reads a whole text that is an object. Throws {@link JsonError}. */
export function parseObject(text: string | null): JsonObject {
  const value = parseJson(text ?? "");
  return value instanceof JsonObject ? value : wrong("JSON");
}

/** Reads a whole text. Throws {@link JsonError}. */
export function parseJson(text: string): Json {
  // After this the text is known to be JSON, so that commas and colons can be passed over like spaces.
  parseLoosely(text);
  const token = /[\s,:]*([[\]{}"]|[^\s,:\]}]+)/y;
  const nextToken = (): string => {
    const found = token.exec(text)?.[1] ?? wrong("JSON");
    if (found !== '"') return found;
    const start = token.lastIndex - 1;
    let end = start + 1;
    // By hand, because a pattern for a string of megabytes would overflow the stack.
    while (text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    token.lastIndex = end + 1;
    return text.slice(start, end + 1);
  };
  const valueOf = (token: string, depth: number): Json => {
    if (token !== "[" && token !== "{") return scalarOf(token);
    if (depth === MAX_DEPTH) wrong("JSON");
    if (token === "[") {
      const list: Json[] = [];
      for (let next = nextToken(); next !== "]"; next = nextToken()) list.push(valueOf(next, depth + 1));
      return list;
    }
    const fields = new Map<string, Json>();
    for (let next = nextToken(); next !== "}"; next = nextToken()) {
      const name = stringOf(next);
      if (fields.has(name)) wrong("JSON");
      fields.set(name, valueOf(nextToken(), depth + 1));
    }
    return new JsonObject(fields);
  };
  return valueOf(nextToken(), 0);
}

function scalarOf(token: string): Json {
  if (token.startsWith('"')) return stringOf(token);
  if (token === "null") return null;
  if (token === "true" || token === "false") return token === "true";
  if (!Number.isFinite(Number(token))) wrong("JSON");
  return readWhole(token) ?? NaN;
}

function stringOf(token: string): string {
  const text = String(parseLoosely(token));
  // `isWellFormed` is younger than the browsers this has to run in.
  return /\p{Surrogate}/u.test(text) ? wrong("JSON") : text;
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return wrong("JSON");
  }
}

function wrong(what: string): never {
  throw new JsonError(what);
}
