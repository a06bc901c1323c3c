/** A share on the page while its sender is still uploading it. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buttonFor, say } from "./support/driver.mjs";
import { WRONG } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

/** Longer than browsers leave a service worker alone that hears nothing, and than a connection may bring nothing. */
const SILENCE_MS = 35_000;
const WAITING = say("saving.waiting", { why: say("failure.not_uploaded") });
const WAYS = { ways: ["download"] };
const percent = (percent) => say("uploading.percent", { percent });
/** The parts from this one on, of 8 MiB each. */
const partsFrom = (first) => new RegExp(`/parts/[${first}-9]$`);

inBrowsers((test, name) => {
  test("it is opened and saved as it arrives, and nothing disturbs the typing", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { bytes, link, words, done } = await fixture.sendHeld(proxy, "live.bin", partsFrom(1));
    const page = await fixture.visit(link, WAYS);
    await page.heading("ask.title");
    await page.sees(percent(25));
    const half = words.slice(0, words.length / 2);
    await page.type("#words", half);
    await page.page.evaluate(() => {
      window.field = document.querySelector("#words");
      window.field.setSelectionRange(3, 3);
    });
    proxy.hold(partsFrom(2));
    await page.sees(percent(50));
    const kept = await page.page.evaluate(() => {
      const { field } = window;
      return [field === document.querySelector("#words"), field === document.activeElement, field.value, field.selectionStart];
    });
    assert.deepEqual(kept, [true, true, half, 3]);

    await page.paste("#words", words);
    await page.click("#open");
    await page.heading("contents.title");
    await page.sees("live.bin");
    await page.sees(`${percent(50)} ${say("uploading.contents")}`);
    await page.click("#save");
    await page.progress();
    await page.sees(WAITING);
    await page.sees(percent(50));
    await page.sees(say("saving.amount", { done: "16.8 MB", total: "33.6 MB" }));
    proxy.hold(partsFrom(3));
    await page.sees(percent(75));
    assert.ok(!fixture.hasDownloaded("live.bin"));
    proxy.hold(null);
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    await done;
    assert.ok((await fixture.downloaded("live.bin", bytes.length)).equals(bytes));
    assert.deepEqual(await receipts(fixture, link), [true]);
  });

  test("what is there in the end is said where it is asked for the words", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, done } = await fixture.sendHeld(proxy, "asked.bin", /\/seal$/);
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.sees(percent(100));
    proxy.hold(null);
    await done;
    const all = say("uploading.done", { size: "33.6 MB" });
    await page.sees(all);
    const said = await page.page.evaluate(() => document.querySelector("#page > .hidden[role=status]").textContent);
    assert.equal(said, all);
  });

  test("as long as there is no list of what is inside, it waits with the words, and can be stopped", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = await fixture.sendHeld(proxy, "unlisted.bin", /\/manifest$/);
    const page = await fixture.visit(link);
    await page.unlock(WRONG);
    await page.sees(say("failure.words_wrong.left.other", { count: 9 }));
    await page.paste("#words", words);
    await page.click("#open");
    await page.sees(WAITING);
    await page.sees(percent(100));
    await page.page.click("#speak-nl");
    await page.sees(say("failure.not_uploaded", {}, "nl"));
    await page.page.click("#speak-en");
    await page.sees(WAITING);
    await page.click("#stop");
    await until(async () => !(await page.text()).includes(WAITING), "it goes on waiting");
    assert.deepEqual([await page.value("#words"), await page.focused()], [words, "words"]);
    assert.equal(await page.page.evaluate(() => document.querySelector("#problem")), null);
    await page.click("#open");
    await page.sees(WAITING);
    proxy.hold(null);
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    assert.deepEqual(await receipts(fixture, link), [true]);
  });

  test("of what has no length yet the amount is told, and it opens by itself at the end", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const bytes = randomBytes(9 * MIB);
    proxy.hold(/\/seal$/);
    const { input, words, done, ...sending } = await fixture.env.sendSlowly(proxy.url, "stream.bin");
    const link = sending.link.replace(proxy.url, fixture.relay);
    input.write(bytes);
    const page = await fixture.visit(link, WAYS);
    await page.heading("ask.title");
    await page.sees(say("uploading.amount", { size: "8.39 MB" }));
    await page.unlock(words);
    await page.sees(WAITING);
    input.end();
    await page.heading("contents.title");
    // Its list is there, and its end not yet.
    await page.click("#save");
    await page.heading("saving.title");
    await page.sees(WAITING);
    await page.sees(say("saving.start"));
    assert.equal(await page.page.evaluate(() => document.querySelector("#bar").position), -1);
    proxy.hold(null);
    await page.heading("saved.title");
    await done;
    assert.ok((await fixture.downloaded("stream.bin", bytes.length)).equals(bytes));
    assert.deepEqual(await receipts(fixture, link), [true]);
  });

  test("a sender who takes it back ends it everywhere, and nothing is saved", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = await fixture.sendHeld(proxy, "back.bin", partsFrom(2));
    const asked = await fixture.visit(link);
    await asked.heading("ask.title");
    const looking = await fixture.opened({ link, words });
    const pages = [];
    // Firefox tells of a browser download that failed in a dialog that its driver cannot get past.
    for (const way of name === "firefox" ? ["file", "memory"] : ["file", "download", "memory"]) {
      const page = await fixture.opened({ link, words }, { ways: [way] });
      await page.click(buttonFor(way));
      await page.progress();
      pages.push(page);
    }
    await fixture.env.shareBeside("revoke", link);
    await asked.heading("problem.title");
    for (const page of [...pages, looking]) await page.heading("contents.title");
    for (const page of [...pages, looking, asked]) await page.sees("The sender took it back on");
    const picked = () => navigator.storage.getDirectory().then((root) => root.getFileHandle("back.bin")).then((handle) => handle.getFile());
    const left = await asked.page.evaluate(`(${picked})().then((file) => file.size, () => null)`);
    // In Firefox's private file system nothing removes a file by its handle; what a person picks is removed there too.
    assert.ok(left === null || (name === "firefox" && left === 0), `${left} bytes`);
    assert.deepEqual(readdirSync(fixture.downloads).filter((file) => file === "back.bin" && statSync(join(fixture.downloads, file)).size > 0), []);
  });

  test("each way of saving lasts while the sender sends nothing for long", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const shares = [];
    for (const way of ["file", "download", "memory"]) {
      const sending = await fixture.sendHeld(proxy, `long-${way}.bin`, partsFrom(2));
      const page = await fixture.opened(sending, { ways: [way] });
      await page.click(buttonFor(way));
      await page.progress();
      shares.push({ way, page, ...sending });
    }
    // Nothing tells that a browser has not given up.
    await pause(SILENCE_MS);
    for (const { page } of shares) await page.sees(WAITING);
    proxy.hold(null);
    for (const { way, page, bytes, link } of shares) {
      await page.heading(way === "file" ? "saved.title.placed" : "saved.title");
      if (way !== "file") assert.ok((await fixture.downloaded(`long-${way}.bin`, bytes.length)).equals(bytes));
      assert.deepEqual(await receipts(fixture, link), [true]);
    }
  });
});

async function receipts(fixture, link) {
  return (await fixture.eventsBeside(link, "receipt")).map(({ verified }) => verified);
}
