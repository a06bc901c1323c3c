import assert from "node:assert/strict";
import { test } from "node:test";
import english from "../../../cli/wordlists/en.txt";
import dutch from "../../../cli/wordlists/nl.txt";
import { ShareError } from "../src/failure.ts";
import { checksum, Words } from "../src/format/words.ts";
import { vectors } from "./vectors.ts";

interface Vectors {
  phrases: { list: "en" | "nl"; indices: number[]; checksum: number; words: string }[];
  typed: { name: string; text: string; words?: string; error?: string; found?: number; position?: number; suggestion?: string }[];
}

const { phrases, typed } = vectors<Vectors>("words.json");
const words = new Words(english, dutch);

test("indices give the words and checksums of the vectors", () => {
  for (const phrase of phrases) {
    assert.equal(checksum(phrase.indices), phrase.checksum);
    const list = words.lists[phrase.list === "en" ? 0 : 1];
    assert.equal(list?.at(phrase.indices).join("-"), phrase.words);
    assert.equal(words.read(phrase.words), phrase.words);
  }
});

test("what people type is read forgivingly or refused", () => {
  for (const { name, text, words: expected, error, found, position, suggestion } of typed) {
    if (expected !== undefined) {
      assert.equal(words.read(text), expected, name);
      continue;
    }
    assert.throws(() => words.read(text), ({ failure }: ShareError) => {
      assert.equal(failure.code, `words_${error}`, name);
      if (failure.code === "words_count" && found !== undefined) assert.equal(failure.found, found, name);
      if (failure.code === "words_unknown") {
        assert.equal(failure.position, position, name);
        if (suggestion) assert.equal(failure.suggestions[0], suggestion, name);
      }
      return true;
    });
  }
});

test("words are marked one by one while they are typed", () => {
  const marked = words.understand("Storm, milk  changf hum qqqqqq").words;
  assert.deepEqual(marked.map(({ state }) => state), ["exact", "exact", "understood", "understood", "unknown"]);
  assert.deepEqual(marked.map(({ meant }) => meant), ["storm", "milk", "change", "chum", null]);
  assert.deepEqual(marked.map(({ isOpen }) => isOpen), [false, false, false, false, true]);
  assert.deepEqual(words.understand("").words, []);
  const numbered = words.understand("1. archief 2. klachte 3. tegelik 4.").words;
  assert.deepEqual(numbered.map(({ text, meant }) => [text, meant]), [["archief", "archief"], ["klachte", "klacht"], ["tegelik", "tegelijk"]]);
});

test("marks are of the words alone, and tell what a number stands for", () => {
  const marked = words.understand("De woorden zijn: archief, 7 komma tegelijk en 8 en").words;
  assert.deepEqual(marked.map(({ text, meant }) => [text, meant]), [["archief", "archief"], ["7", "zeven"], ["tegelijk", "tegelijk"], ["8", null]]);
  assert.ok(marked.every(({ isOpen }) => !isOpen));
});

test("what a beginning stands for that may be a slip is marked when the checksum has decided", () => {
  const [, five] = words.understand("twist acce kite pixel kiln").words;
  assert.deepEqual([five?.state, five?.meant], ["understood", null]);
  const { words: [, six], failure } = words.understand("twist acce kite pixel kiln token");
  assert.deepEqual([six?.state, six?.meant, failure], ["understood", "access", null]);
});

test("what is wrong with a text is told while it is typed, as reading it would", () => {
  for (const { name, text, error } of typed) {
    const { words: marks, failure } = words.understand(text);
    assert.equal(failure?.code, error && `words_${error}`, name);
    if (failure?.code === "words_count" && failure.found <= 20) assert.equal(marks.length, failure.found, name);
    if (failure?.code === "words_unknown") assert.equal(marks[failure.position - 1]?.text, failure.word, name);
  }
});

test("of a text that is far too long no word is marked", () => {
  assert.equal(words.understand("qwertyuiop ".repeat(20)).words.length, 20);
  assert.deepEqual(words.understand("qwertyuiop ".repeat(21)).words, []);
  assert.deepEqual(words.understand("qwertyuiop ".repeat(65)).words, []);
});

test("a valid passphrase is read in whatever form it comes", () => {
  for (const { words: passphrase } of phrases) {
    const list = passphrase.split("-");
    for (const introduce of ["", "De woorden zijn: ", "the words are ", "Wachtwoord:\n", "“"]) {
      for (const join of [" ", ", ", " komma ", " punt ", " period ", "\n- ", " en ", " streepje "]) {
        for (const number of [(_: number) => "", (i: number) => `${i}. `, (i: number) => `${i}) `, (i: number) => `woord ${i}: `]) {
          const text = introduce + list.map((word, i) => number(i + 1) + word).join(join);
          for (const form of [text, text.toUpperCase(), text.replaceAll(" ", "\u00a0\n "), `  ${text}. `, `${text} punt`, `${text} period`]) {
            assert.equal(words.read(form), passphrase, form);
          }
        }
      }
    }
  }
});

test("what a word may stand for is worked out once, however often it is marked", () => {
  const [list] = words.lists;
  assert.equal(list?.candidates("tegelik"), list?.candidates("tegelik"));
  assert.equal(list?.suggestions("qwertyuiop"), list?.suggestions("qwertyuiop"));
});

test("a long text is read in bounded time and refused", () => {
  assert.throws(() => words.read("qwertyuiop ".repeat(10)), { message: "words_unknown" });
  assert.throws(() => words.read("a ".repeat(100_000)), { message: "words_count" });
});
