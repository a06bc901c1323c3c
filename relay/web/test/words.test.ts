import assert from "node:assert/strict";
import { test } from "node:test";
import dutch from "../../../cli/wordlists/nl.txt";
import english from "../../../cli/wordlists/en.txt";
import { ShareError } from "../src/failure.ts";
import { checksum, Words } from "../src/words.ts";
import { vectors } from "./vectors.ts";

interface Vectors {
  phrases: { list: "en" | "nl"; indices: number[]; checksum: number; words: string }[];
  typed: { name: string; text: string; words?: string; error?: string; position?: number; suggestion?: string }[];
}

const { phrases, typed } = vectors<Vectors>("words.json");
const words = Words.of(english, dutch);

test("indices give the words and checksums of the vectors", () => {
  for (const phrase of phrases) {
    assert.equal(checksum(phrase.indices), phrase.checksum);
    const list = words.lists[phrase.list === "en" ? 0 : 1];
    assert.equal(list?.join(phrase.indices), phrase.words);
    assert.equal(words.read(phrase.words), phrase.words);
  }
});

test("what people type is read forgivingly or refused", () => {
  for (const { name, text, words: expected, error, position, suggestion } of typed) {
    if (expected !== undefined) {
      assert.equal(words.read(text), expected, name);
      continue;
    }
    assert.throws(() => words.read(text), ({ failure }: ShareError) => {
      assert.equal(failure.code, `words_${error}`, name);
      if (failure.code === "words_unknown") {
        assert.equal(failure.position, position, name);
        if (suggestion) assert.equal(failure.suggestions[0], suggestion, name);
      }
      return true;
    });
  }
});

test("words are marked one by one while they are typed", () => {
  const marked = words.mark("Storm, milk  changf hum qqqqqq");
  assert.deepEqual(marked.map(({ state }) => state), ["exact", "exact", "understood", "understood", "unknown"]);
  assert.deepEqual(words.mark(""), []);
  assert.deepEqual(words.mark("1. archief 2. klachte 3. tegelik").map(({ state }) => state), ["exact", "understood", "understood"]);
});

test("of a text that is far too long no word is marked", () => {
  assert.equal(words.mark("qwertyuiop ".repeat(20)).length, 20);
  assert.deepEqual(words.mark("qwertyuiop ".repeat(21)), []);
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
