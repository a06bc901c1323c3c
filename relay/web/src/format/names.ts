/**
 * Which names may travel, when two of them are the same name, and how hostile text is shown.
 * `docs/format.md`, "Names", has the rules in prose. They hang on no version of Unicode: characters that this browser does
 * not know may travel.
 */

import { utf8Length } from "./bytes.ts";

/** Bytes of UTF-8 in one component. */
const MAX_COMPONENT_BYTES = 255;
/** Bytes of UTF-8 in a path. */
export const MAX_PATH_BYTES = 800;
/** Components in a path. */
const MAX_DEPTH = 100;
/** Characters of a text that a sentence quotes. */
const MAX_QUOTED = 200;

/** Why a path may not travel. */
export type NameFault =
  | "empty"
  | "dots"
  | "character"
  | "device"
  | "staging"
  | "ending"
  | "composed"
  | "long"
  | "deep";

/** What is wrong with a path by the rules of the format; `null` if nothing is. */
export function checkName(path: string): NameFault | null {
  if (utf8Length(path) > MAX_PATH_BYTES) return "long";
  const components = path.split("/");
  if (components.length > MAX_DEPTH) return "deep";
  for (const component of components) {
    const fault = checkComponent(component);
    if (fault) return fault;
  }
  return null;
}

function checkComponent(name: string): NameFault | null {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (utf8Length(name) > MAX_COMPONENT_BYTES) return "long";
  if (!isWellShown(name) || /[\\:<>"|?*]/.test(name)) return "character";
  if (/[. \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]$/.test(name)) return "ending";
  const plain = plainOf(name);
  if (isDevice(plain)) return "device";
  if (/^\.share-[0-9a-f]{16}\.part$/.test(plain)) return "staging";
  if (name.normalize("NFC") !== name) return "composed";
  return null;
}

/**
 * The name as it is compared with those of devices and of folders in which downloads grow. What is mapped here are all the
 * characters that Unicode has for letters of those names in another case.
 */
function plainOf(name: string): string {
  const plain = visible(name).replaceAll("ı", "i").replaceAll("ſ", "s").replaceAll("ﬀ", "ff");
  return plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Two names in one folder with one key are one file on a system that ignores case, or look alike. */
export function collisionKey(path: string): string {
  return visible(path).toLowerCase().toUpperCase().normalize("NFC");
}

/** The name without joiners and variation selectors. */
function visible(name: string): string {
  return name.replace(/[\u200C\u200D\u180B-\u180D\u180F\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu, "");
}

/**
 * The text as it can safely be shown: control, bidirectional and invisible characters are escaped (`\n`, `\u{202e}`).
 * One line; who shows a message of several lines splits it first.
 */
export function printable(text: string): string {
  let previous: number | null = null;
  let shown = "";
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    shown += isVisible(previous, code) ? c : escaped(c, code);
    previous = code;
  }
  return shown;
}

/** The text as a sentence quotes it: printable, and no longer than a line; of a longer one, beginning and end. */
export function quoted(text: string): string {
  const shown = [...printable(text)];
  if (shown.length <= MAX_QUOTED) return shown.join("");
  const start = Math.floor((MAX_QUOTED * 2) / 3);
  return `${shown.slice(0, start).join("")}…${shown.slice(start + 1 - MAX_QUOTED).join("")}`;
}

function escaped(c: string, code: number): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c];
  return short ?? `\\u{${code.toString(16)}}`;
}

/** Whether every character of the text is shown as something, and in its place. */
export function isWellShown(text: string): boolean {
  if (/^[ -~]*$/.test(text)) return true;
  let previous: number | null = null;
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (!isVisible(previous, code)) return false;
    previous = code;
  }
  return true;
}

/**
 * Whether this character is shown as something, and in its place. Joiners and variation selectors show nothing
 * themselves, but Persian, Sinhala and emoji need them after a character they act on.
 */
function isVisible(previous: number | null, code: number): boolean {
  if (code === 0x200c || code === 0x200d) {
    // No script before Arabic joins letters.
    return previous !== null && previous >= 0x600 && (!isIgnorable(previous) || isVariationSelector(previous));
  }
  if (isVariationSelector(code)) {
    if (previous === null) return false;
    const keycap = code === 0xfe0f && /[0-9#*]/.test(String.fromCodePoint(previous));
    return keycap || (previous > 0x7f && !isIgnorable(previous));
  }
  return !isControl(code) && !isIgnorable(code) && !hasNoShape(code);
}

function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/** Unicode property Variation_Selector. */
function isVariationSelector(code: number): boolean {
  return within(code, VARIATION_SELECTORS);
}

/** Unicode property Default_Ignorable_Code_Point (unchanged since Unicode 14). */
function isIgnorable(code: number): boolean {
  return within(code, IGNORABLE);
}

/** Separators, annotation marks, noncharacters, private use, and halves of surrogate pairs, which are no characters. */
function hasNoShape(code: number): boolean {
  return within(code, SHAPELESS) || (code & 0xfffe) === 0xfffe;
}

function within(code: number, ranges: readonly (readonly [number, number])[]): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}

const VARIATION_SELECTORS = [
  [0x180b, 0x180d],
  [0x180f, 0x180f],
  [0xfe00, 0xfe0f],
  [0xe0100, 0xe01ef],
] as const;

const IGNORABLE = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x202a, 0x202e],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfff8],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe0fff],
] as const;

const SHAPELESS = [
  [0x2028, 0x2029],
  [0xfff9, 0xfffb],
  [0xfdd0, 0xfdef],
  [0xd800, 0xdfff],
  [0xe000, 0xf8ff],
  [0xf0000, 0x10ffff],
] as const;

/** Names Windows gives to devices, with any extension. */
function isDevice(plain: string): boolean {
  const stem = plain.split(".", 1)[0]?.replace(/ +$/, "") ?? "";
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/.test(stem);
}
