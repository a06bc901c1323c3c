/** Networks and relays that go away and come back, whatever was just to come from them. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { say } from "./support/driver.mjs";
import { pageFile } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";
import { TestEnv, until } from "./support/test_env.mjs";

const WAITING = say("saving.waiting", { why: say("failure.unreachable") });

const DIST = new URL("../../relay/web/dist/", import.meta.url);
const FILES = readdirSync(DIST);

inBrowsers((test, name) => {
  test("a download that the network cuts goes on by itself", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const bytes = randomBytes(9 * MIB);
    const { link, words } = fixture.sendToKey(fixture.env.file("cut.bin", bytes));
    const page = await fixture.opened({ link: proxy.through(link), words }, { ways: ["download"] });
    proxy.stall(3 * MIB);
    for (const after of [5, 100, 0]) proxy.cut(after);
    await page.click("#save");
    await page.progress();
    proxy.close();
    await page.sees(WAITING);
    proxy.open();
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded("cut.bin", bytes.length)).equals(bytes));
    assert.equal(proxy.requests.filter((request) => request.endsWith("/content")).length, 5);
  });

  test("a download goes on when the relay was killed and started again", async (fixture) => {
    const restarted = new TestEnv();
    try {
      const { url, stop, start } = await restarted.restartable();
      const proxy = await restarted.faultProxy(url);
      const bytes = randomBytes(9 * MIB);
      const { link, words } = restarted.send(url, restarted.file("restart.bin", bytes));
      const page = await fixture.opened({ link: proxy.through(link), words }, { ways: ["download"] });
      proxy.stall(3 * MIB);
      await page.click("#save");
      await page.progress();
      await stop();
      proxy.close();
      await start();
      proxy.open();
      await page.heading("saved.title");
      await page.sees(say("saved.receipt.sent"));
      assert.ok((await fixture.downloaded("restart.bin", bytes.length)).equals(bytes));
    } finally {
      await restarted.end();
    }
  });

  test("a relay that goes while words are typed costs nothing of what was typed", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("typed.bin", "x"));
    const page = await fixture.visit(proxy.through(link));
    await page.heading("ask.title");
    const half = words.indexOf("-") + 1;
    await page.type("#words", words.slice(0, half));
    // Until then the lists of words may still be coming.
    await until(() => page.page.evaluate(() => document.querySelector(".marks .exact") !== null), "the first word is not marked");
    proxy.close();
    await page.type("#words", words.slice(half));
    await page.click("#open");
    await page.sees(WAITING);
    assert.equal(await page.value("#words"), words);
    proxy.open();
    await page.heading("contents.title");
  });

  test("a relay that goes before the word lists have come costs nothing either, and it opens by itself", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("lists.bin", "x"));
    const page = await fixture.visit(proxy.through(link));
    await page.heading("ask.title");
    proxy.refuse("");
    await page.paste("#words", words);
    await page.click("#open");
    await page.sees(WAITING);
    assert.equal(await page.value("#words"), words);
    assert.equal(await page.page.evaluate(() => document.querySelector("#words").getAttribute("aria-invalid")), "false");
    proxy.refuse(null);
    await page.heading("contents.title");
  });

  test("once words are typed, opening needs no more of the page", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("prepared.bin", "x"));
    const page = await fixture.visit(proxy.through(link));
    await page.heading("ask.title");
    await page.page.focus("#words");
    const loaded = name === "firefox" ? ["scrypt_wasm-", "libsodium-"] : ["scrypt_wasm-"];
    const wanted = FILES.filter((file) => loaded.some((begin) => file.startsWith(begin))).flatMap(withImports);
    await until(() => wanted.every((file) => proxy.requests.includes(`GET /page/${file}`)), `not loaded: ${wanted}`);
    proxy.refuse(".js");
    await page.unlock(words);
    await page.heading("contents.title");
  });

  test("a worker that the network has cut is fetched again, however often one presses, and the relay is waited for", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("pressed.bin", "x"));
    proxy.refuse(pageFile("worker.js"));
    const page = await fixture.visit(proxy.through(link));
    await page.sees(say("failure.unreachable"));
    await page.sees(say("again.itself"));
    proxy.refuse(null);
    proxy.close();
    await page.pressTwice(say("again"));
    await page.heading("ask.title");
    await page.listen();
    await page.sees(WAITING);
    await page.hears(WAITING);
    assert.equal(await page.focused(), "H1");
    proxy.open();
    await page.unlock(words);
    await page.heading("contents.title");
    assert.ok(!(await page.text()).includes(say("failure.unexpected")));
  });

  test("a part of the page that did not come is told of", async (fixture) => {
    const proxy = await fixture.faultProxy();
    for (const file of ["a.txt", "b.txt"]) fixture.env.file(`part/${file}`, file);
    const { link, words } = fixture.sendToKey(fixture.env.path("part"));
    const page = await fixture.opened({ link: proxy.through(link), words });
    proxy.refuse(pageFile("zip.js"));
    await page.click("#save");
    await page.sees(say("failure.part_missing"));
    proxy.refuse(null);
    // The other browser remembers, which is why loading the page again is spoken of.
    if (name === "chromium") {
      await page.click("#save");
      await page.heading("saved.title");
    }
  });

  test("a page left open speaks the other language without the network, also while it waits", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("languages.bin", "x"));
    const page = await fixture.visit(proxy.through(link));
    await page.heading("ask.title");
    await page.paste("#words", words);
    await until(() => page.page.evaluate(() => document.querySelectorAll(".marks .exact").length === 6), "the words are not marked");
    proxy.close();
    await page.click("#open");
    await page.sees(WAITING);
    proxy.refuse(".js");
    await page.page.click("#speak-nl");
    await page.heading("ask.title", {}, "nl");
    await page.sees(say("saving.waiting", { why: say("failure.unreachable", {}, "nl") }, "nl"));
    proxy.refuse(null);
    proxy.open();
    await page.heading("contents.title", {}, "nl");
  });
});

/** A script of the page, and those that it cannot do without. */
function withImports(file) {
  const imported = readFileSync(new URL(file, DIST), "utf8").matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g);
  return [file, ...Array.from(imported, ([, name]) => withImports(name)).flat()];
}
