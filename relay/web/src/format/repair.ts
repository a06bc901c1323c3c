/** Undoes what writing, quoting and mailing do to a link, as far as that is certain. */

import { fromUtf8, utf8 } from "./bytes.ts";
import { readId } from "./id.ts";
import { refuse } from "./link_error.ts";
import type { Scheme } from "./relay_url.ts";

/** How often a text may have been percent-encoded. */
const MAX_ENCODINGS = 3;
/** Put around a link, before it. */
const OPENING = /^[ <>([{"'`*_|“”„‟‘’‚‛«»‹›]+/u;
/** Put around a link, after it. */
const CLOSING = /[ <>)\]}"'`*_|“”„‟‘’‚‛«»‹›.,;:!?=…]+$/u;
/** `hxxps` is how security people write a link that nobody should click. */
const SCHEMES: readonly [string, Scheme][] = [
  ["https:", "https"],
  ["http:", "http"],
  ["hxxps:", "https"],
  ["hxxp:", "http"],
];
/** HTML's entities and what security people write. `&amp;` comes twice, because links are escaped doubly too. */
const WRITTEN: readonly [string, string][] = [
  ["&amp;", "&"],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
  ["&nbsp;", " "],
  ["&#47;", "/"],
  ["&#x2F;", "/"],
  ["[.]", "."],
  ["(.)", "."],
  ["[:]", ":"],
  ["[://]", "://"],
  ["[/]", "/"],
];
/** Controls, soft hyphen, zero-width characters, direction marks, variation selectors. */
const INVISIBLE =
  /(?!\p{White_Space})[\p{Cc}\u00AD\u034F\u061C\u180E\u200B-\u200F\u202A-\u202C\u2060-\u206F\uFE00-\uFE0F\uFEFF]/gu;

/** An address taken apart. */
export interface Address {
  scheme: Scheme;
  /** `host[:port]`, as written. */
  authority: string;
  /** The host in lower case. */
  host: string;
  /** From the first `/`, up to `?` or `#`. */
  path: string;
  /** Between `?` and `#`. */
  query: string;
  /** All that follows the authority. */
  rest: string;
  /** Whether somebody's software turned the whole address to capitals. */
  isUpperCase: boolean;
}

/** A link with a label: Markdown's `[label](target)`, or `label<target>` as Outlook writes plain text. */
export interface Labelled {
  label: string;
  target: string;
  labelMustBeLink: boolean;
}

/**
 * One line without quoting, line-wrapping, invisible characters, HTML entities and defanging; every run of white space is
 * one space. Refuses a text that reads differently than it is.
 */
export function tidy(text: string): string {
  const joined = withoutLineQuotes(withoutSoftBreaks(decodeWhole(text)));
  if (/[\u202D\u202E]/.test(joined)) refuse({ code: "not_a_link" });
  const visible = joined.replace(INVISIBLE, "");
  const line = visible.split(/\p{White_Space}+/u).filter((word) => word !== "").join(" ");
  return WRITTEN.reduce((line, [written, meant]) => line.replaceAll(written, meant), line);
}

/** The text without quotes, brackets and punctuation around it. */
export function stripSurroundings(text: string): string {
  const stripped = text.replace(OPENING, "").replace(CLOSING, "");
  return /^url:/i.test(stripped) ? stripped.slice("url:".length).replace(OPENING, "") : stripped;
}

/** The text with its percent-encoding undone, however often; `null` if what comes out is not UTF-8. */
export function decodeFully(text: string): string | null {
  let decoded: string | null = text;
  for (let i = 0; i < MAX_ENCODINGS && decoded?.includes("%"); i++) decoded = fromUtf8(percentDecode(decoded));
  return decoded;
}

/** The id in the last part of a path, whatever punctuation or parameters hang on it. */
export function readIdSegment(segment: string): string | null {
  const [id = ""] = segment.split("&", 1);
  return readId(stripSurroundings(id).replace(/[‐‑‒–—−]/gu, "-"));
}

/** The label and target of a link that has both; `null` if the text is no such link. */
export function splitLabelled(text: string): Labelled | null {
  const middle = text.startsWith("[") ? text.indexOf("](") : -1;
  if (middle >= 0) {
    const target = text.slice(middle + 2);
    const end = target.lastIndexOf(")");
    return { label: text.slice(0, middle), target: end < 0 ? target : target.slice(0, end), labelMustBeLink: false };
  }
  const stripped = text.replace(OPENING, "");
  const [begin, end] = [stripped.indexOf("<"), stripped.lastIndexOf(">")];
  if (begin < 0 || end < begin) return null;
  return { label: stripped.slice(0, begin), target: stripped.slice(begin + 1, end), labelMustBeLink: true };
}

/**
 * Takes a tidied text apart. A scheme that is missing or maimed is put right only before a host that is certainly one.
 */
export function splitAddress(text: string): Address {
  const { scheme, slashes, rest: after } = splitScheme(text);
  const end = after.search(/[/?#]/);
  const authority = (end < 0 ? after : after.slice(0, end)).trim();
  const spaced = end < 0 ? "" : after.slice(end);
  if (/[@\\]/.test(authority) || (!scheme && spaced.includes("//"))) refuse({ code: "not_a_link" });
  if (authority.includes(" ")) refuse({ code: scheme ? "link_damaged" : "not_a_link" });
  if ((!scheme || slashes < 2) && !isCertainlyHost(authority)) refuse({ code: "not_a_link" });
  const rest = spaced.replaceAll(" ", "");
  const [, path = "", query = ""] = /^([^?#]*)(?:\?([^#]*))?/.exec(rest) ?? [];
  const [address = ""] = text.split(/[?#]/, 1);
  return {
    scheme: scheme ?? "https",
    authority,
    host: authority.replace(/:\d*$/, "").replace(/[A-Z]/g, (c) => c.toLowerCase()),
    path,
    query,
    rest,
    isUpperCase: !/[a-z]/.test(address),
  };
}

/** The scheme, the number of slashes after it, and what follows. */
function splitScheme(text: string): { scheme: Scheme | null; slashes: number; rest: string } {
  for (const [name, scheme] of SCHEMES) {
    if (text.slice(0, name.length).toLowerCase() !== name) continue;
    const [, separators = "", rest = ""] = /^([/ ]*)(.*)$/s.exec(text.slice(name.length)) ?? [];
    return { scheme, slashes: separators.replaceAll(" ", "").length, rest };
  }
  return { scheme: null, slashes: 0, rest: text.replace(/^\/+/, "") };
}

/** Whether this can stand without a scheme: a dotted name, an address or `localhost`, not any first word. */
function isCertainlyHost(authority: string): boolean {
  const [host = ""] = authority.split(":", 1);
  return host.includes(".") || host.toLowerCase() === "localhost" || authority.startsWith("[");
}

/** An address without any slash was percent-encoded as a whole. */
function decodeWhole(text: string): string {
  for (let i = 0; i < MAX_ENCODINGS; i++) {
    const [address = ""] = text.split(/[?#]/, 1);
    const decoded = address.includes("/") || !address.includes("%") ? null : fromUtf8(percentDecode(text));
    if (decoded === null) break;
    text = decoded;
  }
  return text;
}

/** Every `%` with two digits as its byte, all others as they are. */
export function percentDecode(text: string): Uint8Array {
  const bytes = utf8(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++, length++) {
    const digits = bytes[i] === 0x25 ? String.fromCharCode(...bytes.subarray(i + 1, i + 3)) : "";
    const isEncoded = /^[0-9a-fA-F]{2}$/.test(digits);
    bytes[length] = isEncoded ? Number.parseInt(digits, 16) : (bytes[i] ?? 0);
    if (isEncoded) i += 2;
  }
  return bytes.subarray(0, length);
}

/** Undoes quoted-printable's soft line breaks (RFC 2045 section 6.7), and with them its `=3D`. */
function withoutSoftBreaks(text: string): string {
  const joined = text.replace(/=\r?\n/g, "");
  return joined === text ? text : joined.replaceAll("=3D", "=");
}

/** Drops the `> ` that mail programs put before quoted lines. */
function withoutLineQuotes(text: string): string {
  return text.split(/\r?\n/).map((line) => line.replace(/^[> ]+/, "")).join("\n");
}
