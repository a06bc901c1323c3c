/** A share on the page while its sender is still uploading it, in real browsers, against the real relay and command line. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { say, Visit } from "./driver.mjs";
import { until, World } from "./world.mjs";

const MIB = 1024 * 1024;
const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
/** Six words that belong together, and to no share here. */
const WRONG = JSON.parse(readFileSync(new URL("../vectors/words.json", import.meta.url), "utf8")).phrases.find(({ list, words }) => list === "en" && words.split("-").length === 6).words;
/** Longer than browsers leave a service worker alone that hears nothing, and than a connection may bring nothing. */
const SILENCE_MS = 35_000;
const WAITING = say("saving.waiting", { why: say("failure.not_uploaded") });
const percent = (percent) => say("uploading.percent", { percent });
/** The parts from this one on, of 8 MiB each. */
const partsFrom = (first) => new RegExp(`/parts/[${first}-9]$`);

for (const name of BROWSERS) {
  describe(name, () => {
    const world = new World();
    // Firefox tells of a browser download that failed in a dialog that its driver cannot get past.
    const failing = name === "firefox" ? ["file", "memory"] : ["file", "download", "memory"];
    let relay;
    let gate;
    let browser;
    let downloads;
    before(async () => {
      relay = await world.relay();
      gate = await world.gate(relay);
      ({ browser, downloads } = await world.browser(name));
    });
    after(() => world.end());

    /** Begins to send 32 MiB in four parts, and holds back what the gate is to hold. */
    async function begin(file, held) {
      const bytes = randomBytes(32 * MIB);
      gate.hold(held);
      const sending = await world.beginToSend(gate.url, world.file(file, bytes));
      return { bytes, ...sending, link: sending.link.replace(gate.url, relay) };
    }

    /** A tab in front, which saves in this way. */
    async function visit(link, way) {
      const page = await Visit.open(browser, link, { ways: way === "memory" ? [] : [way] });
      await page.page.bringToFront();
      return page;
    }

    async function saving(page, words) {
      await page.unlock(words);
      await page.heading("contents.title");
      await page.click("#save");
      await page.heading("saving.title");
    }

    const isThere = (file, length) => existsSync(join(downloads, file)) && statSync(join(downloads, file)).size === length;

    /** A download, once it is complete. */
    async function downloaded(file, length) {
      await until(() => isThere(file, length), `${file} was not downloaded: ${readdirSync(downloads)}`);
      return readFileSync(join(downloads, file));
    }

    async function receipts(link) {
      const { events } = JSON.parse(await world.shareBeside("status", "--json", link));
      return events.filter(({ event }) => event === "receipt").map(({ verified }) => verified);
    }

    test("it is opened and saved as it arrives, and nothing disturbs the typing", async () => {
      const { bytes, link, words, done } = await begin("live.bin", partsFrom(1));
      const page = await visit(link, "download");
      await page.heading("ask.title");
      await page.sees(percent(25));
      const half = words.slice(0, words.length / 2);
      await page.type("#words", half);
      await page.page.evaluate(() => {
        window.field = document.querySelector("#words");
        window.field.setSelectionRange(3, 3);
      });
      gate.hold(partsFrom(2));
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
      gate.hold(partsFrom(3));
      await page.sees(percent(75));
      assert.ok(!isThere("live.bin", bytes.length));
      gate.hold(null);
      await page.heading("saved.title");
      await page.sees(say("saved.receipt.sent"));
      await done;
      assert.ok((await downloaded("live.bin", bytes.length)).equals(bytes));
      assert.deepEqual(await receipts(link), [true]);
      await page.close();
    });

    test("what is there in the end is said where it is asked for the words", async () => {
      const { link, done } = await begin("asked.bin", /\/seal$/);
      const page = await visit(link, "memory");
      await page.heading("ask.title");
      await page.sees(percent(100));
      gate.hold(null);
      await done;
      const all = say("uploading.done", { size: "33.6 MB" });
      await page.sees(all);
      const said = await page.page.evaluate(() => document.querySelector("#page > .hidden[role=status]").textContent);
      assert.equal(said, all);
      await page.close();
    });

    test("as long as there is no list of what is inside, it waits with the words, and can be stopped", async () => {
      const { link, words } = await begin("unlisted.bin", /\/manifest$/);
      const page = await visit(link, "memory");
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
      gate.hold(null);
      await page.heading("contents.title");
      await page.click("#save");
      await page.heading("saved.title");
      assert.deepEqual(await receipts(link), [true]);
      await page.close();
    });

    test("of what has no length yet the amount is told, and it opens by itself at the end", async () => {
      const bytes = randomBytes(9 * MIB);
      gate.hold(/\/seal$/);
      const { input, words, done, ...sending } = await world.sendSlowly(gate.url, "stream.bin");
      const link = sending.link.replace(gate.url, relay);
      input.write(bytes);
      const page = await visit(link, "download");
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
      gate.hold(null);
      await page.heading("saved.title");
      await done;
      assert.ok((await downloaded("stream.bin", bytes.length)).equals(bytes));
      assert.deepEqual(await receipts(link), [true]);
      await page.close();
    });

    test("a sender who takes it back ends it everywhere, and nothing is saved", async () => {
      const { link, words } = await begin("back.bin", partsFrom(2));
      const asked = await visit(link, "memory");
      await asked.heading("ask.title");
      const looking = await visit(link, "memory");
      await looking.unlock(words);
      await looking.heading("contents.title");
      const pages = [];
      for (const way of failing) {
        const page = await visit(link, way);
        await saving(page, words);
        await page.progress();
        pages.push(page);
      }
      await world.shareBeside("revoke", link);
      await asked.heading("problem.title");
      for (const page of [...pages, looking]) await page.heading("contents.title");
      for (const page of [...pages, looking, asked]) await page.sees("The sender took it back on");
      const picked = () => navigator.storage.getDirectory().then((root) => root.getFileHandle("back.bin")).then((handle) => handle.getFile());
      const left = await asked.page.evaluate(`(${picked})().then((file) => file.size, () => null)`);
      // In Firefox's private file system nothing removes a file by its handle; what a person picks is removed there too.
      assert.ok(left === null || (name === "firefox" && left === 0), `${left} bytes`);
      assert.deepEqual(readdirSync(downloads).filter((file) => file === "back.bin" && statSync(join(downloads, file)).size > 0), []);
      for (const page of [...pages, looking, asked]) await page.close();
    });

    test("each way of saving lasts while the sender sends nothing for long", async () => {
      const shares = [];
      for (const way of ["file", "download", "memory"]) {
        const sending = await begin(`long-${way}.bin`, partsFrom(2));
        const page = await visit(sending.link, way);
        await saving(page, sending.words);
        await page.progress();
        shares.push({ way, page, ...sending });
      }
      // Nothing tells that a browser has not given up.
      await pause(SILENCE_MS);
      for (const { page } of shares) await page.sees(WAITING);
      gate.hold(null);
      for (const { way, page, bytes, link } of shares) {
        await page.heading("saved.title");
        if (way !== "file") assert.ok((await downloaded(`long-${way}.bin`, bytes.length)).equals(bytes));
        assert.deepEqual(await receipts(link), [true]);
        await page.close();
      }
    });
  });
}
