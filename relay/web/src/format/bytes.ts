/** Bytes and text: hexadecimal, UTF-8, joining, comparing, streams. */

/** Bytes in memory of their own, which can be handed to another thread. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text in UTF-8. */
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

/** Bytes of the text in UTF-8. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Lower-case hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of hexadecimal digits; `null` if they are not `count` bytes. */
export function fromHex(text: string, count: number): Bytes | null {
  if (text.length !== 2 * count || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: count }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** All of them, one after another. */
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

/** Random bytes. */
export function random(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}
