import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure } from "../src/failure.ts";
import en from "../src/texts/en.json";
import nl from "../src/texts/nl.json";
import { whatHappened, whatToDo } from "../src/view/problem.ts";
import { preferredLanguage, Texts } from "../src/view/texts.ts";

const english = new Texts("en");
const dutch = new Texts("nl");

test("both languages say the same things with the same values, in the same order", () => {
  assert.deepEqual(Object.keys(nl), Object.keys(en));
  for (const [key, sentence] of Object.entries(en)) {
    const values = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();
    assert.deepEqual(values((nl as Record<string, string>)[key] ?? ""), values(sentence), key);
  }
});

test("each failure has sentences without gaps", () => {
  const failures: Failure[] = [
    { code: "words_wrong" },
    { code: "words_wrong", triesLeft: 1 },
    { code: "words_wrong", triesLeft: 9 },
    { code: "words_wrong", lockedUntil: 1_800_000_000 },
    { code: "locked", until: 1_800_000_000 },
    { code: "expired" },
    { code: "collected", at: 1_800_000_000 },
    { code: "words_unknown", position: 3, word: "xyz", suggestions: ["one"] },
    { code: "words_count", found: 0 },
    { code: "words_count", found: 1 },
    { code: "words_count", found: 4 },
    { code: "identity_unsupported", kind: "post_quantum" },
    { code: "too_large_for_memory", bytes: 3e9, limit: 256 * 2 ** 20 },
    { code: "relay_failed", status: 500 },
    { code: "bad_answer", what: "JSON" },
    { code: "archive_bad", fault: "order", near: "a/b" },
    { code: "name_taken", path: "a/b" },
    { code: "save_refused" },
    { code: "unexpected", detail: "why" },
  ];
  for (const failure of failures) {
    for (const texts of [english, dutch]) {
      const said = `${whatHappened(texts, failure)} ${whatToDo(texts, failure)}`;
      assert.doesNotMatch(said, /[{}]|undefined|NaN/, said);
      assert.match(said, /[.)]/);
    }
  }
  assert.match(whatHappened(dutch, { code: "words_wrong", triesLeft: 1 }), /één poging/);
  assert.match(whatToDo(dutch, { code: "save_refused" }), /“Andere manieren”/);
  assert.match(whatToDo(dutch, { code: "save_refused" }, true), /age --decrypt/);
});

test("numbers, sizes and times are written as the language does", () => {
  assert.equal(english.size(1_500_000), "1.5 MB");
  assert.equal(dutch.size(1_500_000), "1,5 MB");
  assert.deepEqual([english.size(0), english.size(1), english.size(999)], ["0 bytes", "1 byte", "999 bytes"]);
  assert.deepEqual([dutch.size(0), dutch.size(1), dutch.size(17)], ["0 bytes", "1 byte", "17 bytes"]);
  assert.deepEqual([dutch.size(1000), dutch.size(999_499), dutch.size(999_999), english.size(999_500_000)], ["1 kB", "999 kB", "1 MB", "1 GB"]);
  assert.equal(english.size(5e15), "5,000 TB");
  assert.equal(english.count("contents.total", 1, { size: "x" }), "One file, x");
  assert.equal(dutch.count("contents.total", 2000, { size: "x" }), "2.000 bestanden, x");
  assert.deepEqual([english.duration(1), english.duration(90), dutch.duration(7200)], ["1 second", "2 minutes", "2 uur"]);
});

test("the language is the first known one of the browser, else English", () => {
  assert.equal(preferredLanguage(["fy-NL", "nl-NL", "en"]), "nl");
  assert.equal(preferredLanguage(["en-GB", "nl"]), "en");
  assert.equal(preferredLanguage(["NL"]), "nl");
  assert.equal(preferredLanguage(["fr"]), "en");
  assert.equal(preferredLanguage([]), "en");
});

test("a value in a sentence is never taken for another place in it", () => {
  assert.equal(english.say("words.said", { position: "{word}", word: "x" }), "Word {word}, “x”, is not right. Check that you typed it correctly.");
});
