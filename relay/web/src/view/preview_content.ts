/**
 * What is shown of a file before it is saved. Of a picture, its own header tells what it is and how large it becomes, so
 * that nothing has to be opened to know it; text is text whatever is in it. Anything else is not shown.
 */

import { printable } from "../format/names.ts";

/** The most pixels that a picture may have: more than a phone's camera makes, and 200 MB once opened. */
const MAX_PIXELS = 50_000_000;
/** The most bytes of a text that are shown. */
const MAX_TEXT = 1_000_000;

/** The kinds of pictures that are shown, by how they begin, with what measures width and height. */
const FORMATS: [type: string, begin: RegExp, measure: (view: DataView) => [width: number, height: number]][] = [
  ["image/png", /^\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR/, (view) => [view.getUint32(16), view.getUint32(20)]],
  ["image/jpeg", /^\xff\xd8\xff/, measureJpeg],
  ["image/webp", /^RIFF[^]{4}WEBPVP8[ LX]/, measureWebp],
];

/** The media type of a picture; `null` if it is none that is known, or too large to be opened. */
export function pictureOf(bytes: Uint8Array): string | null {
  const [type, , measure] = FORMATS.find(([, begin]) => begin.test(latin(bytes.subarray(0, 16)))) ?? [];
  if (!type || !measure) return null;
  try {
    const [width, height] = measure(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return width > 0 && height > 0 && width * height <= MAX_PIXELS ? type : null;
  } catch (error) {
    // It ends before it says how large it is.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Reads the first frame header, and skips what comes before it, such as an EXIF segment with a small picture in it. */
function measureJpeg(view: DataView): [number, number] {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return [0, 0];
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    // The picture itself begins, or it is a marker without a length, which has no place here.
    if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xda)) return [0, 0];
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
}

function measureWebp(view: DataView): [number, number] {
  const kind = view.getUint8(15);
  if (kind === 0x20) return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  if (kind === 0x58) return [1 + (view.getUint32(23, true) >>> 8), 1 + (view.getUint32(26, true) >>> 8)];
  const sizes = view.getUint32(21, true);
  return [1 + (sizes & 0x3fff), 1 + ((sizes >>> 14) & 0x3fff)];
}

/** The document in which a picture of this `data:` address is shown: as large as there is room for. */
export function documentAround(address: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"><image width="100%" height="100%" href="${address}"/></svg>`;
}

/** The text, or its beginning, with all that is not visible in it shown; as UTF-8 or UTF-16, or else as Windows-1252. */
export function textOf(bytes: Uint8Array): { text: string; isCut: boolean } {
  const isCut = bytes.length > MAX_TEXT;
  const begin = bytes.subarray(0, MAX_TEXT);
  const lines = decoded(begin, isCut).split(/\r\n|\n|\r/);
  const text = lines.map((line) => (/^[ -~]*$/.test(line) ? line : printable(line.replaceAll("\t", "    ")))).join("\n");
  return { text, isCut };
}

function decoded(bytes: Uint8Array, isCut: boolean): string {
  const mark = latin(bytes.subarray(0, 2));
  if (mark === "\xff\xfe") return new TextDecoder("utf-16le").decode(bytes, { stream: isCut });
  if (mark === "\xfe\xff") return new TextDecoder("utf-16be").decode(bytes, { stream: isCut });
  try {
    // Decoded as a stream, the bytes may end within a character.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** The bytes as characters of the same numbers. */
function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
