/** The field for the words: what people dictate, paste and number; what each word is understood as; and errors that go. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { isAccessible } from "./support/accessible.mjs";
import { say } from "./support/driver.mjs";
import { WRONG } from "./support/helpers.mjs";
import { inBrowsers } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

const { typed } = JSON.parse(readFileSync(new URL("../vectors/words.json", import.meta.url), "utf8"));

inBrowsers((test) => {
  test("words open with what is said before and between them, and numbered", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("spoken.bin", "x"), "--word-list", "nl");
    const list = words.split("-");
    const forms = [
      `De woorden zijn ${list.slice(0, 5).join(" komma ")} en ${list[5]} punt`,
      list.map((word, i) => `${i + 1}) ${word.toUpperCase()}`).join("\n"),
      `Woorden: ${list.join(" streepje ")}`,
    ];
    for (const form of forms) {
      const page = await fixture.visit(link, { language: "nl" });
      await page.paste("#words", form);
      await page.sees(say("words.fit", { count: 6 }, "nl"));
      assert.deepEqual(await marks(page), list.map((word, i) => `${i + 1} ${word}`));
      await page.click("#open");
      await page.heading("contents.title", {}, "nl");
      await page.close();
    }
  });

  test("a number in digits is marked with its word, and one without a word as typed", async (fixture) => {
    const { text, words } = typed.find(({ name }) => name === "nl: zeven in digits");
    const { link } = fixture.send(fixture.env.file("digits.bin", "x"));
    const page = await fixture.visit(link);
    await page.paste("#words", text);
    const understood = words.split("-").map((word, i) => (word === "zeven" ? `${i + 1} 7 → ${say("words.understood")} zeven` : `${i + 1} ${word}`));
    await until(async () => (await marks(page)).join() === understood.join(), "7 is not understood");
    await page.click("#open");
    // The relay was asked: they were read as six words.
    await page.sees(say("failure.words_wrong.left.other", { count: 9 }));
    await page.paste("#words", text.replace("7", "8"));
    const at = words.split("-").indexOf("zeven") + 1;
    await until(async () => (await marks(page))[at - 1]?.startsWith(`${at} 8 ${say("words.unknown")}`), "8 is not marked");
  });

  test("each mark has its number and what is understood, and nothing calls words right that do not fit", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("marks.bin", "x"));
    const list = words.split("-");
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    // No other English word is a slip away from this.
    const slip = `${list[0]}q`;
    await page.paste("#words", [slip, ...list.slice(1)].join(" "));
    await page.sees(say("words.fit", { count: 6 }));
    assert.equal((await marks(page))[0], `1 ${slip} → ${say("words.understood")} ${list[0]}`);
    await isAccessible(page.page, "words that fit");
    const [first, second, ...rest] = WRONG.split("-");
    await page.paste("#words", [second, first, ...rest].join(" "));
    await page.click("#open");
    await page.sees(say("failure.words_checksum"));
    await until(async () => (await marks(page)).length === 6, "the words are not marked");
    assert.deepEqual(await marks(page), [second, first, ...rest].map((word, i) => `${i + 1} ${word}`));
    assert.doesNotMatch(await page.text(), /✓/);
    assert.equal(await fits(page), false);
    const colours = await page.page.evaluate(() => new Set([...document.querySelectorAll(".marks .word")].map((word) => getComputedStyle(word).color)).size);
    assert.equal(colours, 1);
    assert.equal(fixture.events(link, "wrong_proof").length, 0);
  });

  test("what is said to be wrong goes as soon as it no longer is, and not before", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("mended.bin", "x"));
    const list = words.split("-");
    const page = await fixture.visit(link);
    await page.unlock("");
    await page.sees(say("failure.words_count"));
    await page.type("#words", `${list[0]} `);
    await isMended(page);
    await page.click("#open");
    await page.sees(say("failure.words_count.one"));
    await page.paste("#words", [...list.slice(0, 4), "qqqqqq", list[5]].join(" "));
    await isMended(page);
    await page.click("#open");
    await page.sees(say("failure.words_unknown", { position: 5 }));
    await page.sees(say("failure.words_unknown.hint", { word: "qqqqqq" }));
    await page.paste("#words", [...list.slice(0, 4), "qqqqq", list[5]].join(" "));
    await until(async () => (await marks(page))[4]?.startsWith("5 qqqqq "), "what is typed is not marked");
    assert.ok(await page.page.evaluate(() => document.querySelector("#problem") !== null), "it went too early");
    await page.paste("#words", list.join(" "));
    await isMended(page);
    await page.sees(say("words.fit", { count: 6 }));
    assert.equal(await page.focused(), "words");
    await page.paste("#words", WRONG);
    await page.click("#open");
    await page.sees(say("failure.words_wrong.left.other", { count: 9 }));
    assert.equal(await fits(page), false, "words that are told to be wrong are said to fit");
    await page.paste("#words", list.join(" "));
    await isMended(page);
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("on a small screen each mark stays within it, and the field is left alone by browsers that would change it", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("small.bin", "x"));
    const page = await fixture.visit(link);
    await page.page.setViewport({ width: 320, height: 300 });
    await page.paste("#words", "abacus qqqqqqqqqqqqqqqqqqqqqqqq changf storn milk clov ");
    await until(async () => (await marks(page)).length === 6, "the words are not marked");
    const [wide, room] = await page.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.equal(wide, room);
    const attributes = ["spellcheck", "writingsuggestions", "translate", "autocorrect", "autocapitalize", "autocomplete"];
    const set = (names) => names.map((name) => document.querySelector("#words").getAttribute(name));
    assert.deepEqual(await page.page.evaluate(set, attributes), ["false", "false", "no", "off", "off", "off"]);
    assert.equal(await page.page.evaluate(() => document.querySelector(".marks").translate), false);
  });
});

/** The marks as they are read out. */
function marks(page) {
  return page.page.evaluate(() => [...document.querySelectorAll(".marks li")].map((mark) => mark.textContent.replace(/\s+/g, " ").trim()));
}

/** Whether it is said that the words fit together. */
function fits(page) {
  return page.page.evaluate(() => document.querySelector("#words-fit").textContent !== "");
}

async function isMended(page) {
  const isGone = () => document.querySelector("#problem") === null && document.querySelector("#words").getAttribute("aria-invalid") === "false";
  await until(() => page.page.evaluate(isGone), "what was mended is still said to be wrong");
}
