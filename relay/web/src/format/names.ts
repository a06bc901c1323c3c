/**
 * Which names are allowed, when two of them count as the same name, and how hostile text is shown.
 * `docs/format.md`, "Names", has the rules in prose. They do not depend on a version of Unicode: characters that this browser
 * does not know are allowed.
 */

import { utf8 } from "./bytes.ts";

/** The most bytes of UTF-8 in one component of a path. */
const MAX_COMPONENT_BYTES = 255;
/** The most bytes of UTF-8 in a path. */
export const MAX_PATH_BYTES = 800;
/** The most components in a path. */
const MAX_DEPTH = 100;
/** The most characters of a text that a sentence quotes. */
const MAX_QUOTED = 200;

/** Which rule of the format a path breaks, in a word; `null` if none. */
export function checkName(path: string): string | null {
  if (utf8(path).length > MAX_PATH_BYTES) return "long";
  const components = path.split("/");
  if (components.length > MAX_DEPTH) return "deep";
  return components.map(checkComponent).find((fault) => fault !== null) ?? null;
}

function checkComponent(name: string): string | null {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (utf8(name).length > MAX_COMPONENT_BYTES) return "long";
  if (!isWellShown(name) || /[\\:<>"|?*]/.test(name)) return "character";
  if (/[. \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]$/.test(name)) return "ending";
  const plain = plainOf(name);
  // Names that Windows gives to devices, with any extension.
  if (/^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)/.test(plain)) return "device";
  if (/^\.share-[0-9a-f]{16}\.part$/.test(plain)) return "staging";
  if (name.normalize("NFC") !== name) return "composed";
  return null;
}

/**
 * The name as it is compared with the names of devices and of the folders of unfinished downloads. What is mapped here are
 * all the characters that Unicode has for letters of those names in another case.
 */
function plainOf(name: string): string {
  const plain = visible(name).replaceAll("ı", "i").replaceAll("ſ", "s").replaceAll("ﬀ", "ff");
  return plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Two names with the same key are one file on a system that ignores case, or look alike. */
export function collisionKey(path: string): string {
  return visible(path).toLowerCase().toUpperCase().normalize("NFC");
}

/** The name without joiners and variation selectors. */
function visible(name: string): string {
  return name.replace(JOINERS_AND_SELECTORS, "");
}

/**
 * The text as it can safely be shown: control, bidirectional and invisible characters are escaped (`\n`, `\u{202e}`).
 * It is one line; a message of several lines has to be split before.
 */
export function printable(text: string): string {
  let previous = "";
  let shown = "";
  for (const c of text) {
    shown += isVisible(previous, c) ? c : escaped(c);
    previous = c;
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

function escaped(c: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[c];
  return short ?? `\\u{${c.codePointAt(0)?.toString(16)}}`;
}

/** Whether every character of the text is shown as something, and in its place. */
export function isWellShown(text: string): boolean {
  return printable(text) === text;
}

const JOINER = /[\u200C\u200D]/;
/** Unicode property Variation_Selector. */
const SELECTOR = /[\u180B-\u180D\u180F\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/u;
const JOINERS_AND_SELECTORS = new RegExp(`${JOINER.source}|${SELECTOR.source}`, "gu");
/** Unicode property Default_Ignorable_Code_Point (unchanged since Unicode 14). */
const IGNORABLE =
  /[\xAD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFF8\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/u;
/** Control characters, separators, annotation marks, halves of surrogate pairs, private use, and noncharacters. */
const SHAPELESS = /[\0-\x1F\x7F-\x9F\u2028\u2029\uFFF9-\uFFFB\uD800-\uDFFF\uE000-\uF8FF\u{F0000}-\u{10FFFF}]|\p{Noncharacter_Code_Point}/u;

/**
 * Whether this character is shown as something, and in its place. Joiners and variation selectors show nothing
 * themselves, but Persian, Sinhala and emoji need them after a character they act on.
 */
function isVisible(previous: string, c: string): boolean {
  if (c >= " " && c <= "~") return true;
  // No script before Arabic joins letters.
  if (JOINER.test(c)) return previous >= "\u0600" && (!IGNORABLE.test(previous) || SELECTOR.test(previous));
  if (SELECTOR.test(c)) return (previous > "\x7f" && !IGNORABLE.test(previous)) || (c === "\uFE0F" && /[0-9#*]/.test(previous));
  return !IGNORABLE.test(c) && !SHAPELESS.test(c);
}
