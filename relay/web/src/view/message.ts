/**
 * The sender's message, in which https links and phone numbers can be clicked. Only what the sender typed is ever shown,
 * and it is exactly where it leads: there is no text with another target behind it. What could be read in two ways stays
 * text, and so do addresses of mail.
 */

import { printable } from "../format/names.ts";
import { element, type Child } from "./dom.ts";

/** A stretch of a line that begins at `at`, with where it leads if it can be clicked. */
interface Piece {
  text: string;
  href: string | null;
  at: number;
}

/** The message, a paragraph for each line. */
export function messageBox(message: string): HTMLElement {
  const lines = message.split("\n").map((line) => printable(line.replaceAll("\t", "    ")));
  const paragraphs = lines.map((line) => element("p", { dir: "auto" }, ...linkify(line).map(drawn)));
  return element("blockquote", { id: "message", translate: "no" }, ...paragraphs);
}

function drawn({ text, href }: Piece): Child {
  if (href === null) return text;
  const attributes = { href, dir: "ltr", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" };
  return element("a", href.startsWith("tel:") ? attributes : { ...attributes, target: "_blank" }, text);
}

/** The pieces of one printable line, in their order. */
export function linkify(line: string): Piece[] {
  const links = [...line.matchAll(/\S+/g)].flatMap(({ 0: token, index }) => linkIn(token, index));
  return split(line, links).flatMap((piece) => (piece.href === null ? split(piece.text, phonesIn(piece.text)) : piece));
}

/** The text in pieces: those that can be clicked, and what is between them. */
function split(text: string, links: Piece[]): Piece[] {
  let end = 0;
  const pieces = links.flatMap((link) => {
    const before = { text: text.slice(end, link.at), href: null, at: end };
    end = link.at + link.text.length;
    return [before, link];
  });
  return [...pieces, { text: text.slice(end), href: null, at: end }].filter((piece) => piece.text !== "");
}

/** Longer links are not looked for: nobody types them, and checking them would take long. */
const MAX_LINK = 2048;
/** How many characters before a number are looked at to see what it is part of. */
const BEFORE = 16;
const PAIRS = new Map([[")", "("], ["]", "["], ["}", "{"], [">", "<"]]);

/** The link that a word of the line is, without the brackets and quotation marks around it, and the full stop after it. */
function linkIn(token: string, at: number): Piece[] {
  if (token.length > MAX_LINK) return [];
  const start = /^[(<[{"'“„‘«]*/.exec(token)?.[0].length ?? 0;
  const text = withoutEnd(token.slice(start));
  return isPlainLink(text) ? [{ text, href: text, at: at + start }] : [];
}

/** Without the characters at the end that belong to the sentence rather than to the link. */
function withoutEnd(text: string): string {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let end = text.length;
  for (; end > 0; end--) {
    const last = text.charAt(end - 1);
    const opening = PAIRS.get(last);
    const isOutside = opening ? (counts.get(last) ?? 0) > (counts.get(opening) ?? 0) : /[.,;:!?"'”’»…]/.test(last);
    if (!isOutside) break;
    counts.set(last, (counts.get(last) ?? 0) - 1);
  }
  return text.slice(0, end);
}

/**
 * Whether the text leads where anybody would say that it does: to a host with a name in plain letters, in no other script
 * and with no number for an address, without a user's name before it.
 */
function isPlainLink(text: string): boolean {
  const [, host, port = ""] = /^https:\/\/((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})(:[0-9]{1,5})?(?:[/?#]|$)/i.exec(text) ?? [];
  // Browsers take a backslash for a slash, and drop what is not visible.
  if (!host || !/^[!-~]+$/.test(text) || /[\\<>"`^{|}]/.test(text) || /(^|\.)xn--/i.test(host)) return false;
  return Number(port.slice(1)) <= 65535 && new URL(text).hostname === host.toLowerCase();
}

/** A number begins with 0 or +, and its digits are at most three signs apart. */
const NUMBER = /(?:\+|\(0[0-9]{1,4}\)|0)(?:[ .()/\u00A0-]{0,3}[0-9])+/g;
/** The Dutch area codes, and what numbers of mobile phones, firms and services begin with. */
const AREA =
  /^0(?:1[035]|2[0346]|3[03568]|4[0356]|5[0358]|6|7[0-9]|8[4578]|91|1[1678][0-9]|2[259][0-9]|3[124][0-9]|4[1789][0-9]|5[124679][0-9])/;
const SERVICE = /^0(?:800|90[069])/;

/** Phone numbers, and no others: numbers of cases, citizens and accounts, dates and amounts stay text. */
function phonesIn(text: string): Piece[] {
  return [...text.matchAll(NUMBER)].flatMap(({ 0: number, index: at }) => {
    const [before, after] = [text.slice(Math.max(0, at - BEFORE), at), text.slice(at + number.length)];
    const isPart = /[\p{L}\p{N}_+@#=&%./,:-]$|[0-9][ \u00A0]$/u.test(before) || /^(?:[\p{L}\p{N}_@%]|[-.,:/ ]?[0-9])/u.test(after);
    const isAccount = /(?:^|[^\p{L}\p{N}])[a-z]{2}[0-9]{2} ?[a-z]{4} ?$/iu.test(before);
    const dialled = isPart || isAccount ? null : dialledAs(number);
    return dialled === null ? [] : [{ text: number, href: `tel:${dialled}`, at }];
  });
}

/** What is dialled for a number as it was typed; `null` if it is none that anybody would dial. */
function dialledAs(number: string): string | null {
  const isDate = /^[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ][0-9]{4}(?![0-9])/.test(number);
  // Each bracket is closed before another is opened.
  if (isDate || !/^[^()]*(?:\([0-9]+\)[^()]*)?$/.test(number)) return null;
  // The 0 in "+31 (0)6" is for callers within the country.
  const digits = number.replace("(0)", "").replace(/[^+0-9]/g, "");
  const abroad = /^(?:\+|00)([1-9][0-9]*)$/.exec(digits)?.[1];
  if (abroad === undefined) return isDutch(number.match(/[0-9]+/g) ?? []) ? digits : null;
  if (abroad.startsWith("31")) return /^[1-9][0-9]{8}$/.test(abroad.slice(2)) ? digits : null;
  // Without anything between its digits, what begins with 00 may be any number.
  return abroad.length >= 8 && abroad.length <= 15 && (number.startsWith("+") || /[^0-9]/.test(number)) ? digits : null;
}

/** Whether groups of digits are a number within the Netherlands: the first is all of it, or the area code. */
function isDutch(groups: string[]): boolean {
  const [first = "", ...rest] = groups;
  const { length } = groups.join("");
  const begin = AREA.exec(first)?.[0] ?? "";
  if (SERVICE.test(first)) return (first.length === 4 || rest.length === 0) && (length === 8 || length === 11);
  return begin !== "" && length === 10 && (rest.length === 0 || first === begin);
}
