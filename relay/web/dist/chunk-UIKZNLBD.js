import {
  sha256
} from "./chunk-WMBZNGJP.js";
import {
  utf8
} from "./chunk-ZR6N3JSG.js";
import {
  fail
} from "./chunk-N5HTIYXM.js";

// src/words.ts
var MIN_WORDS = 6;
var MAX_WORDS = 10;
var CHECKSUM_MASK = 15;
var MIN_PREFIX = 3;
var MAX_SHOWN = 24;
var MAX_SUGGESTIONS = 3;
var MAX_WAYS = 1024;
var WordList = class {
  constructor(words) {
    this.words = words;
    this.#places = new Map(words.map((word, place) => [word, place]));
  }
  words;
  #places;
  /** Whether the word is on the list. */
  has(word) {
    return this.#places.has(word);
  }
  /**
   * The words that a typed word may stand for: itself; else the only one it begins, and those a slip away. Without such
   * a beginning there must be only one a slip away.
   */
  candidates(typed) {
    const exact = this.#places.get(typed);
    if (exact !== void 0) return [{ place: exact, slip: false }];
    const begun = typed.length >= MIN_PREFIX ? this.#placesOf((word) => word.startsWith(typed)) : [];
    const slips = this.#placesOf((word) => isSlip(typed, word)).map((place) => ({ place, slip: true }));
    const [beginning, second] = begun;
    if (beginning !== void 0 && second === void 0) {
      return [{ place: beginning, slip: false }, ...slips.filter(({ place }) => place !== beginning)];
    }
    return slips.length === 1 ? slips : [];
  }
  /** Every way to read the typed words whose checksum fits; none if a word is unknown. */
  readings(typed) {
    const choices = typed.map((word) => this.candidates(word));
    const ways = Math.min(MAX_WAYS, choices.reduce((product, choice) => product * choice.length, 1));
    const inexact = typed.filter((word) => !this.has(word)).length;
    const readings = [];
    for (let way = 0; way < ways; way++) {
      const picked = pick(choices, way);
      const indices = picked.map(({ place }) => place);
      if (checksum(indices) !== ((indices.at(-1) ?? 0) & CHECKSUM_MASK)) continue;
      readings.push({ passphrase: this.join(indices), inexact, slips: picked.filter(({ slip }) => slip).length });
    }
    return readings;
  }
  /** Words like a typed one, likeliest first. */
  suggestions(typed) {
    const start = typed.slice(0, MAX_SHOWN);
    const begins = (word) => start.length >= MIN_PREFIX - 1 && word.startsWith(start);
    const unlikeness = (word) => begins(word) || isSlip(start, word) ? 1 : edits(start, word);
    const alike = this.words.map((word) => ({ word, unlikeness: unlikeness(word) }));
    const likeliest = alike.filter((one) => one.unlikeness <= 2).sort((a, b) => a.unlikeness - b.unlikeness);
    return likeliest.slice(0, MAX_SUGGESTIONS).map(({ word }) => word);
  }
  /** The words at these places, joined by `-`. */
  join(indices) {
    return indices.map((index) => this.words[index]).join("-");
  }
  #placesOf(like) {
    return this.words.flatMap((word, place) => like(word) ? [place] : []);
  }
};
var Words = class _Words {
  constructor(lists) {
    this.lists = lists;
  }
  lists;
  /** Loads the lists. */
  static async load() {
    const { english, dutch } = await import("./wordlists-VZXUMINV.js");
    return new _Words([english, dutch].map((text) => new WordList(text.trimEnd().split("\n"))));
  }
  /** The passphrase a person means: the words joined by `-`. Throws why it is none. */
  read(text) {
    const typed = typedWords(text);
    if (typed.length < MIN_WORDS || typed.length > MAX_WORDS) fail({ code: "words_count", found: typed.length });
    const readings = this.lists.flatMap((list) => list.readings(typed));
    readings.sort((a, b) => a.inexact - b.inexact || a.slips - b.slips);
    const [best, ...others] = readings;
    if (!best) fail(this.#problem(typed, false));
    if (others.some((other) => isContested(best, other))) fail(this.#problem(typed, true));
    return best.passphrase;
  }
  /** Each typed word by itself, to be marked while the rest is typed. */
  mark(text) {
    const typed = typedWords(text);
    const list = this.#likeliest(typed);
    return typed.map((word) => {
      const state = list.has(word) ? "exact" : list.candidates(word).length > 0 ? "understood" : "unknown";
      return { text: word.slice(0, MAX_SHOWN), state, suggestions: state === "unknown" ? list.suggestions(word) : [] };
    });
  }
  /** What is wrong with words in the list they most likely come from. If `contested`, several readings fit. */
  #problem(typed, contested) {
    const list = this.#likeliest(typed);
    const isUnknown = (word2) => list.candidates(word2).length === 0 || contested && !list.has(word2);
    const at = typed.findIndex(isUnknown);
    const word = typed[at];
    if (word === void 0) return { code: "words_checksum" };
    return { code: "words_unknown", position: at + 1, word: word.slice(0, MAX_SHOWN), suggestions: list.suggestions(word) };
  }
  /** The list that knows most of the words; of equals, the one that has most of them as they are; else the first. */
  #likeliest(typed) {
    const score = (list) => {
      const known = typed.filter((word) => list.candidates(word).length > 0).length;
      return known * MAX_WORDS ** 3 + typed.filter((word) => list.has(word)).length;
    };
    return this.lists.reduce((best, list) => score(list) > score(best) ? list : best);
  }
};
function typedWords(text) {
  const plain = text.normalize("NFKD").replace(/[\p{M}\u00AD\u200B-\u200F\u2060\uFEFF]/gu, "");
  return plain.replace(/[A-Z]/g, (c) => c.toLowerCase()).match(/[a-z]+/g) ?? [];
}
function isContested(best, other) {
  const allBegin = ({ inexact, slips }) => inexact > 1 && slips === 0;
  return best.inexact === other.inexact && (!allBegin(best) || allBegin(other)) && best.passphrase !== other.passphrase;
}
function pick(choices, way) {
  return choices.flatMap((choice) => {
    const candidate = choice[way % choice.length];
    way = Math.floor(way / choice.length);
    return candidate ? [candidate] : [];
  });
}
function checksum(indices) {
  const hash = sha256.create().update(utf8("share/v1/words"));
  indices.forEach((index, i) => {
    const random = i + 1 === indices.length ? index & ~CHECKSUM_MASK : index;
    hash.update(Uint8Array.of(random >> 8, random & 255));
  });
  return (hash.digest()[0] ?? 0) >> 4;
}
function isSlip(one, other) {
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
function edits(one, other) {
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

export {
  WordList,
  Words,
  checksum
};
