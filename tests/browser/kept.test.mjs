/** What is typed and what was opened are kept: from the first moment on, and when a person goes back and forth. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { say } from "./support/driver.mjs";
import { inBrowsers, inBrowsersOfTheirOwn, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

inBrowsers((test) => {
  test("Back leads from what was opened to the words, and Forward to it again", async (fixture) => {
    const bytes = randomBytes(MIB);
    const { link, words } = fixture.send("--once", fixture.env.file("back.bin", bytes));
    const page = await fixture.opened({ link, words }, { ways: ["download"] });
    await move(page, "back");
    await page.heading("ask.title");
    assert.equal(await page.value("#words"), words);
    await move(page, "forward");
    await page.heading("contents.title");
    await move(page, "back");
    await page.heading("ask.title");
    await page.click("#open");
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    await move(page, "back");
    await page.heading("ask.title");
    await move(page, "forward");
    await page.heading("saved.title");
    fixture.empty();
    await page.click("#save-again");
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded("back.bin", bytes.length)).equals(bytes));
    // At the end the words are no longer needed, and nobody is to find them.
    await page.click("#have");
    await page.heading("saved.title.placed");
    await move(page, "back");
    await page.heading("ask.title");
    assert.equal(await page.value("#words"), "");
  });

  test("a file from disk takes the place of what was opened before it, for Forward too", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("before.bin", "x"));
    const saved = fixture.saved(link, words);
    const page = await fixture.opened({ link, words });
    await move(page, "back");
    await page.heading("ask.title");
    await page.chooseFile("#local-file", saved);
    await page.heading("file.title", { name: basename(saved) });
    await move(page, "forward");
    await page.heading("file.title", { name: basename(saved) });
    await page.unlock(words);
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.local"));
    assert.deepEqual(fixture.events(link, "ticket").length, 1);
  });

  test("what is typed before the page begins is kept, and so is the place where it is typed", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("early.bin", "x"));
    const page = await fixture.visit(link, { prepare: typeAtOnce });
    await page.sees(say("facts.until"));
    assert.deepEqual([await page.value("#words"), await page.focused()], ["storm ", "words"]);
    await page.paste("#words", words);
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("what is wrong with the words is said above their field and in view, and goes once they are others", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("above.bin", "x"));
    const page = await fixture.visit(link);
    await page.sees(say("facts.until"));
    await page.page.setViewport({ width: 320, height: 300 });
    await page.paste("#words", "one two");
    await page.click("#open");
    await page.problem();
    const [problem, field, height] = await page.page.evaluate(() => {
      const [problem, field] = ["problem", "words"].map((id) => document.getElementById(id).getBoundingClientRect().toJSON());
      return [problem, field, innerHeight];
    });
    assert.ok(problem.bottom <= field.top && problem.top > -1 && problem.top < height, JSON.stringify({ problem, field, height }));
    await page.paste("#words", "");
    await page.type("#words", "storm");
    await until(() => page.page.evaluate(() => document.getElementById("problem") === null), "it is still said to be wrong");
  });

  test("Back does not end what is being saved", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("busy.bin", randomBytes(9 * MIB)));
    const page = await fixture.opened({ link: proxy.through(link), words });
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    // There and back again.
    await move(page, "back", 2);
    await page.heading("saving.title");
    assert.equal(proxy.requests.filter((request) => request.endsWith("/content")).length, 1);
  });

});

inBrowsersOfTheirOwn((test) => {
  // Its driver switches this off in Firefox.
  test("who follows a link and comes back finds what they typed", { desktop: { preferences: { "fission.bfcacheInParent": true, "browser.sessionhistory.max_total_viewers": -1 } } }, async (fixture) => {
    const { link } = fixture.send(fixture.env.file("typed.bin", "x"));
    const page = await fixture.visit(link);
    await page.sees(say("facts.until"));
    await page.paste("#words", "storm lamp");
    // No browser keeps a page that is still asking for something.
    await page.page.waitForSelector(".marks li");
    await page.page.goto(`${fixture.relay}/`);
    // Its driver waits for a page that is loaded, which this is not.
    await page.page.evaluate(() => void setTimeout(() => history.back()));
    const isBack = () => page.page.evaluate(() => document.querySelector("#words")?.value === "storm lamp").catch(() => false);
    await until(isBack, "the words are gone");
  });
});

/** Runs before the page: somebody types as soon as there is a field, which is before the scripts have come. */
function typeAtOnce() {
  new MutationObserver((_, observer) => {
    const field = document.querySelector("#words");
    if (!field) return;
    observer.disconnect();
    field.focus();
    field.value = "storm ";
  }).observe(document, { childList: true, subtree: true });
}

/** Goes back or forward, and waits until the page has heard of so many steps. */
function move(page, way, steps = 1) {
  return page.page.evaluate(
    (way, steps) =>
      new Promise((resolve) => {
        let left = steps;
        addEventListener("popstate", function heard() {
          if ((left -= 1) > 0) return;
          removeEventListener("popstate", heard);
          resolve();
        });
        history[way]();
      }),
    way,
    steps,
  );
}
