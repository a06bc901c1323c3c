/**
 * The words: read as people type, dictate and paste them, with mistakes, and checked before a try is spent ("Words" in
 * `docs/format.md`; "What people say" in `docs/wordlists.md`).
 */

import { fail, type Failure } from "../failure.ts";
import { utf8 } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

const MIN_WORDS = 6;
const MAX_WORDS = 10;
const CHECKSUM_MASK = 0b1111;
/** Fewer letters than this are not taken for the beginning of a word. */
const MIN_PREFIX = 3;
/** How much of a wrong word is shown, and compared with the list. */
const MAX_SHOWN = 24;
const MAX_SUGGESTIONS = 3;
/** In a text with more words than this no word is marked: it is not a passphrase. */
const MAX_MARKED = 2 * MAX_WORDS;
/** For how many typed words the candidates are cached. */
const MAX_CACHED = 256;
/** How many combinations of candidates are tried. A text with so many slips is better typed again. */
const MAX_WAYS = 1024;
/** A text of more words than this is not a passphrase. It leaves room for what people say around and between the words. */
const MAX_SAID = 64;

/** Names by which people introduce the words: "the words are", "wachtwoord:". */
const NAMES = setOf("passphrase password passwords wachtwoord wachtwoorden wachtzin woorden words");
/** Words that may stand before and after such a name. */
const ARTICLES = setOf("are de deze dit het is mijn my six the these uw your zes zijn");
/** Names of punctuation, which people dictate between the words, and what they put before a single one. */
const PUNCTUATION = setOf(
  "and code comma dash dot en hyphen komma koppelteken line new newline nieuwe period punt puntkomma regel semicolon " +
    "space spatie streepje woord word",
);

/** The numbers that have a word on a list. */
const NUMBERS: Record<string, string[]> = {
  ...{ 0: ["nul", "zero"], 2: ["twee"], 5: ["five", "vijf"], 7: ["seven", "zeven"], 9: ["negen"] },
  ...{ 11: ["eleven"], 12: ["twaalf"], 13: ["dertien"], 14: ["fourteen"], 15: ["fifteen"], 16: ["sixteen"] },
  ...{ 18: ["eighteen"], 20: ["twintig"], 30: ["thirty"], 60: ["zestig"], 80: ["tachtig"], 90: ["ninety"] },
  ...{ 100: ["honderd"], 1000: ["duizend", "thousand"], 1000000: ["miljoen", "million"] },
};

/** A word of the list that a typed word may stand for. */
interface Candidate {
  place: number;
  /** Whether the typed word is one slip away from it, rather than the word itself or its beginning. */
  slip: boolean;
}

/** Words of one list that a text may stand for, and whose checksum fits. */
interface Reading {
  typed: string[];
  /** The words of the list that the typed ones stand for. */
  words: string[];
  /** How many words were not typed in full and correctly. */
  inexact: number;
  /** How many words were typed with a slip. */
  slips: number;
}

/** A typed word, as it can be marked while the rest is still being typed. */
export interface TypedWord {
  /** In lower case and without accents. */
  text: string;
  /** `exact`: on the list. `understood`: a number, cut short or with a slip, but clear. `unknown`: neither. */
  state: "exact" | "understood" | "unknown";
  /** The word it stands for, once that is certain. */
  meant: string | null;
  /** Words of the list that look like it, likeliest first; only for `unknown`. */
  suggestions: string[];
  /** Whether the text ends in it, so that more letters may come. */
  isOpen: boolean;
}

/** What a text is taken to mean. */
export interface Understood {
  words: TypedWord[];
  /** Why it is no passphrase; `null` if it is one. */
  failure: Failure | null;
}

/** One list of 2048 words, in alphabetical order. */
class WordList {
  readonly #places: Map<string, number>;

  constructor(readonly words: readonly string[]) {
    this.#places = new Map(words.map((word, place) => [word, place]));
  }

  /** Whether the word is on the list; a number stands for its word. */
  has(typed: string): boolean {
    return this.#place(typed) !== undefined;
  }

  /**
   * The words that a typed word may stand for: itself; else the only one it begins, and those a slip away. Without such
   * a beginning there must be only one a slip away.
   */
  readonly candidates = cached((typed): Candidate[] => {
    const exact = this.#place(typed);
    if (exact !== undefined) return [{ place: exact, slip: false }];
    const begun = typed.length >= MIN_PREFIX ? this.#placesOf((word) => word.startsWith(typed)) : [];
    const slips = this.#placesOf((word) => isSlip(typed, word)).map((place) => ({ place, slip: true }));
    const [beginning, second] = begun;
    if (beginning !== undefined && second === undefined) {
      return [{ place: beginning, slip: false }, ...slips.filter(({ place }) => place !== beginning)];
    }
    return slips.length === 1 ? slips : [];
  });

  /** The typed words among what was said: without fillers, or `withFillers` that may stand for a word of the list. */
  #typed(said: string[], withFillers: boolean): string[] {
    const isFiller = (word: string) => ARTICLES.has(word) || PUNCTUATION.has(word);
    const isTyped = (word: string) => !isFiller(word) || (withFillers && this.candidates(word).length > 0);
    return withoutNumbering(said.filter(isTyped));
  }

  /** Of a text that cannot be read, the words that a failure is to speak of. */
  likeliest(said: string[]): string[] {
    const typed = this.#typed(said, false);
    const all = this.#typed(said, true);
    return !isCount(typed.length) && isCount(all.length) ? all : typed;
  }

  /** Every way to read what was said whose checksum fits; none if a typed word is unknown. */
  readings(said: string[], withFillers: boolean): Reading[] {
    const typed = this.#typed(said, withFillers);
    if (!isCount(typed.length)) return [];
    const choices = typed.map((word) => this.candidates(word));
    const ways = Math.min(MAX_WAYS, choices.reduce((product, choice) => product * choice.length, 1));
    const inexact = typed.filter((word) => !this.has(word)).length;
    const readings: Reading[] = [];
    for (let way = 0; way < ways; way++) {
      const picked = pick(choices, way);
      const indices = picked.map(({ place }) => place);
      if (checksum(indices) !== ((indices.at(-1) ?? 0) & CHECKSUM_MASK)) continue;
      const slips = picked.filter(({ slip }) => slip).length;
      readings.push({ typed, words: this.at(indices), inexact, slips });
    }
    return readings;
  }

  /** Words like a typed one, likeliest first. */
  readonly suggestions = cached((typed): string[] => {
    const start = typed.slice(0, MAX_SHOWN);
    const begins = (word: string) => start.length >= MIN_PREFIX - 1 && word.startsWith(start);
    const unlikeness = (word: string) => (begins(word) || isSlip(start, word) ? 1 : edits(start, word));
    const alike = this.words.map((word) => ({ word, unlikeness: unlikeness(word) }));
    // Sorting is stable, and the list is in alphabetical order.
    const likeliest = alike.filter((one) => one.unlikeness <= 2).sort((a, b) => a.unlikeness - b.unlikeness);
    return likeliest.slice(0, MAX_SUGGESTIONS).map(({ word }) => word);
  });

  /** The words at these places. */
  at(indices: number[]): string[] {
    return indices.flatMap((index) => this.words[index] ?? []);
  }

  #place(typed: string): number | undefined {
    const names = [typed, ...(Object.hasOwn(NUMBERS, typed) ? (NUMBERS[typed] ?? []) : [])];
    return names.map((name) => this.#places.get(name)).find((place) => place !== undefined);
  }

  #placesOf(like: (word: string) => boolean): number[] {
    return this.words.flatMap((word, place) => (like(word) ? [place] : []));
  }
}

/** Caches the function's results: with every letter that is typed, all words are looked at again. */
function cached<T>(compute: (word: string) => T): (word: string) => T {
  const known = new Map<string, T>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    if (known.size >= MAX_CACHED) known.clear();
    const found = compute(word);
    known.set(word, found);
    return found;
  };
}

/** All lists. The list that words come from is found from the words. */
export class Words {
  readonly lists: readonly WordList[];

  /** Takes the lists as they are written, one word a line. */
  constructor(...lists: string[]) {
    this.lists = lists.map((text) => new WordList(text.trimEnd().split("\n")));
  }

  /** The passphrase a person means: the words joined by `-`. Throws why it is none. */
  read(text: string): string {
    const read = this.#read(saidIn(text));
    return "code" in read ? fail(read) : read.words.join("-");
  }

  /** Each typed word by itself, to be marked while the rest is typed, and what is still wrong with all of them. */
  understand(text: string): Understood {
    const said = saidIn(text);
    const read = this.#read(said);
    const failure = "code" in read ? read : null;
    if (said.length > MAX_SAID) return { words: [], failure };
    const list = this.#likeliest(said);
    const typed = "code" in read ? list.likeliest(said) : read.typed;
    if (typed.length > MAX_MARKED) return { words: [], failure };
    const endsOpen = /[\p{L}\p{M}\p{N}]$/u.test(text) && typed.at(-1) === said.at(-1);
    const words = typed.map((word, i) => {
      const candidates = list.candidates(word);
      const only = candidates.length === 1 ? list.at(candidates.map(({ place }) => place))[0] : undefined;
      const meant = ("code" in read ? only : read.words[i]) ?? null;
      const state = meant === word ? "exact" : candidates.length > 0 || meant ? "understood" : "unknown";
      const suggestions = state === "unknown" ? list.suggestions(word) : [];
      return { text: word.slice(0, MAX_SHOWN), state, meant, suggestions, isOpen: endsOpen && i === typed.length - 1 } as const;
    });
    return { words, failure };
  }

  /** The only reading of what was said, or why there is none. */
  #read(said: string[]): Reading | Failure {
    if (said.length > MAX_SAID) return { code: "words_count", found: said.length };
    const readingsOf = (withFillers: boolean) => this.lists.flatMap((list) => list.readings(said, withFillers));
    const without = readingsOf(false);
    const readings = without.length > 0 ? without : readingsOf(true);
    readings.sort((a, b) => a.inexact - b.inexact || a.slips - b.slips);
    const [best, ...others] = readings;
    if (!best) return this.#problem(said, false);
    return others.some((other) => isContested(best, other)) ? this.#problem(said, true) : best;
  }

  /** What is wrong with words in the list they most likely come from. If `contested`, several readings fit. */
  #problem(said: string[], contested: boolean): Failure {
    const list = this.#likeliest(said);
    const typed = list.likeliest(said);
    if (!isCount(typed.length)) return { code: "words_count", found: typed.length };
    const isUnknown = (word: string) => list.candidates(word).length === 0 || (contested && !list.has(word));
    const at = typed.findIndex(isUnknown);
    const word = typed[at];
    if (word === undefined) return { code: "words_checksum" };
    return { code: "words_unknown", position: at + 1, word: word.slice(0, MAX_SHOWN), suggestions: list.suggestions(word) };
  }

  /** The list that knows most of the words; of equals, the one that has most of them as they are; else the first. */
  #likeliest(said: string[]): WordList {
    const score = (list: WordList) => {
      const typed = list.likeliest(said);
      const known = typed.filter((word) => list.candidates(word).length > 0).length;
      return known * (MAX_SAID + 1) + typed.filter((word) => list.has(word)).length;
    };
    return this.lists.reduce((best, list) => (score(list) > score(best) ? list : best));
  }
}

/**
 * Runs of a–z and of digits in a text, without case, accents and invisible characters, and without those that only
 * introduce others: a name of the words, the articles around it, and a number directly before it.
 */
function saidIn(text: string): string[] {
  // The marks that can be combined, and what comes along from mail and web pages in the middle of words.
  const plain = text.normalize("NFKD").replace(/[\p{M}\u00AD\u200B-\u200F\u2060\uFEFF]/gu, "");
  const said: string[] = [];
  let isIntroduced = false;
  for (const word of plain.replace(/[A-Z]/g, (c) => c.toLowerCase()).match(/[a-z]+|[0-9]+/g) ?? []) {
    isIntroduced = NAMES.has(word) || (isIntroduced && ARTICLES.has(word));
    if (NAMES.has(word)) {
      if (/^[0-9]/.test(said.at(-1) ?? "")) said.pop();
      while (ARTICLES.has(said.at(-1) ?? "")) said.pop();
    } else if (!isIntroduced) {
      said.push(word);
    }
  }
  return said;
}

function setOf(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

/** Leaves out numbers that count up from 1 before each word. */
function withoutNumbering(typed: string[]): string[] {
  const isNumbered = typed.every((word, i) => i % 2 === 1 || word === String(i / 2 + 1));
  return isNumbered ? typed.filter((_, i) => i % 2 === 1) : typed;
}

function isCount(found: number): boolean {
  return found >= MIN_WORDS && found <= MAX_WORDS;
}

/**
 * Whether the other may be meant as well. Who types beginnings does so throughout: several inexact words that are all
 * beginnings are not slips by chance, a single one may be.
 */
function isContested(best: Reading, other: Reading): boolean {
  const allBegin = ({ inexact, slips }: Reading) => inexact > 1 && slips === 0;
  const isOther = best.words.join() !== other.words.join();
  return best.inexact === other.inexact && (!allBegin(best) || allBegin(other)) && isOther;
}

/** One candidate of each choice: the digits of a mixed-radix number. */
function pick(choices: Candidate[][], way: number): Candidate[] {
  return choices.flatMap((choice) => {
    const candidate = choice[way % choice.length];
    way = Math.floor(way / choice.length);
    return candidate ? [candidate] : [];
  });
}

/** The first four bits of SHA-256("share/v1/words" ‖ the indices, two bytes each, the last one without its checksum). */
export function checksum(indices: number[]): number {
  const hash = sha256.create().update(utf8("share/v1/words"));
  indices.forEach((index, i) => {
    const random = i + 1 === indices.length ? index & ~CHECKSUM_MASK : index;
    hash.update(Uint8Array.of(random >> 8, random & 0xff));
  });
  return (hash.digest()[0] ?? 0) >> 4;
}

/** Whether one slip lies between the words: a letter wrong, missing or too many, or two neighbours swapped. */
function isSlip(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  if (a.length <= 1 && b.length <= 1) return a.length + b.length > 0;
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}

/** How many letters to replace, insert or delete to make one word the other. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = (row[j] ?? 0) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
