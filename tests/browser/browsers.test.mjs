/** What a browser may lack: scripts, what is younger than itself, and ways to save. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { say } from "./support/driver.mjs";
import { pageFile, sha256 } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";
import { PLAIN_HOST } from "./support/test_env.mjs";

const FALLBACK = ["share get LINK", "Perhaps the connection was lost: load the page again.", "your browser is too old", "Of uw browser is te oud"];

inBrowsers((test, name) => {
  test("without scripts it says at once what to do", { skip: name === "firefox" && "its driver cannot switch scripts off" }, async (fixture) => {
    const page = await fixture.browser.newPage();
    await page.setJavaScriptEnabled(false);
    await page.goto(fixture.send(fixture.env.file("no-scripts.bin", "x")).link);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector("#fallback")).animationName), "none");
    assert.ok(isTold(await page.evaluate(() => document.body.innerText)));
  });

  test("a page that cannot begin says what to do, but gives a slow network its time", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("old.bin", "x"));
    const [cut, old] = [await fixture.faultProxy(), await fixture.faultProxy()];
    cut.refuse(pageFile("start.js"));
    // As to a browser that knows no modules, or cannot read this one.
    old.change(pageFile("start.js"), () => "a browser cannot read this");
    for (const proxy of [cut, old]) {
      const page = await fixture.browser.newPage();
      await page.goto(proxy.through(link));
      const delay = await page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("#fallback")).animationDelay));
      assert.ok(delay >= 10);
      assert.ok(!(await page.evaluate(shownAt, "beginning")).includes("share get"));
      assert.ok(isTold(await page.evaluate(shownAt, "end")));
    }
  });

  test("a browser that lacks what the page needs is told that it is too old", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("too-old.bin", "x"));
    const page = await fixture.visit(link, { prepare: () => delete AbortSignal.any });
    await page.heading("problem.title");
    await page.sees(say("failure.browser_too_old"));
  });

  test("a worker that the browser cannot read says that the browser is too old", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("younger.bin", "x"));
    const proxy = await fixture.faultProxy();
    proxy.change(pageFile("worker.js"), () => "a browser cannot read this");
    const page = await fixture.visit(proxy.through(link));
    await page.heading("problem.title");
    await page.sees(say("failure.browser_too_old"));
    const title = say("other");
    await page.sees(say("failure.browser_too_old.hint", { program: say("program.share", { title }) }));
    await page.page.evaluate((text) => [...document.querySelectorAll("summary")].find((one) => one.textContent === text).click(), title);
    await page.sees(`share get ${proxy.through(link)}`);
  });

  test("the oldest browsers that are meant open and save, as a .zip too, and from disk", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const older = "delete ReadableStream.prototype[Symbol.asyncIterator];delete ReadableStream.prototype.values;delete Promise.withResolvers;";
    proxy.change(pageFile("worker.js"), (worker) => `${worker}\n${older}`);
    const [one, other] = [randomBytes(MIB), randomBytes(70_000)];
    fixture.env.file("older/one.bin", one);
    fixture.env.file("older/other.bin", other);
    const { link, words } = fixture.send(fixture.env.path("older"));
    const page = await fixture.visit(proxy.through(link));
    await page.save(words);
    assert.deepEqual(await fixture.unzipped("older.zip"), { "older/one.bin": sha256(one), "older/other.bin": sha256(other) });
    const local = await fixture.visit(proxy.through(link));
    const saved = fixture.saved(link, words);
    await local.chooseFile("#local-file", saved);
    await local.heading("file.title", { name: basename(saved) });
    await local.save(words);
  });

  test("a plain-http page on the network opens and saves too, through memory", async (fixture) => {
    const bytes = randomBytes(3 * MIB);
    const { link, words } = fixture.send(fixture.env.file("plain.bin", bytes));
    const page = await fixture.visit(link.replace("127.0.0.1", PLAIN_HOST), { ways: ["file", "download"] });
    assert.equal(await page.page.evaluate(() => isSecureContext), false);
    await page.save(words);
    await page.sees(say("saved.where.memory"));
    await page.sees(say("saved.receipt.sent"));
    assert.ok((await fixture.downloaded("plain.bin", bytes.length)).equals(bytes));
  });

  test("where there is no picker and no service worker, as in private windows, memory is the way", async (fixture) => {
    const bytes = randomBytes(MIB + 1);
    const { link, words } = fixture.send(fixture.env.file("private.bin", bytes));
    const page = await fixture.visit(link);
    await page.save(words);
    await page.sees(say("saved.where.memory"));
    assert.ok((await fixture.downloaded("private.bin", bytes.length)).equals(bytes));
  });

  test("a service worker that is refused is passed by", async (fixture) => {
    const bytes = randomBytes(MIB + 1);
    const { link, words } = fixture.sendToKey(fixture.env.file("refused.bin", bytes));
    const page = await fixture.visit(link, { ways: ["download"], prepare: refuseServiceWorker });
    await page.save(words);
    await page.sees(say("saved.where.memory"));
    assert.ok((await fixture.downloaded("refused.bin", bytes.length)).equals(bytes));
  });
});

/** In both languages, by what stands on the page. */
function isTold(shown) {
  return FALLBACK.every((text) => shown.includes(text)) && shown.split("share get LINK").length === 3;
}

/** Runs in the page: what stands there at the beginning or at the end of its time to begin. */
function shownAt(moment) {
  for (const one of document.getAnimations()) {
    one.pause();
    one.currentTime = moment === "end" ? one.effect.getComputedTiming().endTime : 0;
  }
  return document.body.innerText;
}

/** Runs in the page, before it. */
function refuseServiceWorker() {
  // Some frames have none.
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.register = async () => {
    throw new DOMException("forbidden", "SecurityError");
  };
}
