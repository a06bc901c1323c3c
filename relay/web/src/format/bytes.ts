/** Bytes and text: hexadecimal, UTF-8, joining, comparing, reading piece by piece. */

/** Bytes in memory of their own, which can be handed to another thread. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The text that the bytes are in UTF-8; `null` if they are not. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

/** The bytes as lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal digits, of which there must be two for each. */
export function fromHex(digits: string): Bytes {
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

/** Joins the parts, in memory of its own. */
export function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether they are the same bytes. Not for secrets: it stops at the first difference. */
export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

export function random(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** Reads bytes that come in pieces of any length. */
export class ByteReader {
  readonly #pieces: AsyncIterator<Bytes, void>;
  #rest: Bytes = new Uint8Array();

  constructor(pieces: AsyncIterable<Bytes, void>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Some bytes, up to `most` of them; `null` at the end. They are good until the next call. */
  async some(most: number): Promise<Bytes | null> {
    while (this.#rest.length === 0) {
      const { value } = await this.#pieces.next();
      if (value === undefined) return null;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Fills the buffer, and gives how many bytes that took: fewer than it holds only at the end. */
  async fill(buffer: Bytes): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const piece = await this.some(buffer.length - filled);
      if (!piece) break;
      buffer.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  /** Tells the source that no more bytes are needed. What goes wrong after that does not matter. */
  stop(): void {
    this.#pieces.return?.().catch(() => {});
  }
}
