/** Saving where browsers, disks and relays change under a running download: what is called saved is there, and whole. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { say, Visit } from "./driver.mjs";
import { proxy } from "./proxy.mjs";
import { until, World } from "./world.mjs";

const MIB = 1024 * 1024;
const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
const UNFINISHED = "NOT FINISHED - NIET KLAAR.txt";

for (const name of BROWSERS) {
  describe(name, () => {
    const world = new World();
    const proxies = [];
    let relay;
    let browser;
    let downloads;
    before(async () => {
      relay = await world.relay();
      ({ browser, downloads } = await world.browser(name));
    });
    after(async () => {
      proxies.forEach((one) => one.end());
      await world.end();
    });

    const behind = async (change) => {
      const one = await proxy(relay, change);
      proxies.push(one);
      return one.url;
    };
    const send = (file, bytes, ...args) => world.send(relay, world.file(file, bytes), ...args);
    const events = (link, kind) => world.events(link).filter(({ event }) => event === kind).length;
    const contents = async (link, words, options) => {
      const page = await Visit.open(browser, link, options);
      await page.unlock(words);
      await page.heading("contents.title");
      return page;
    };
    /** Leaves whatever the page says to that. */
    const leave = (page) => page.page.close({ runBeforeUnload: false });
    const downloaded = (file, bytes) => {
      const path = join(downloads, file);
      return until(() => existsSync(path) && statSync(path).size === bytes.length && readFileSync(path).equals(bytes), `${file} is not there`);
    };
    const problem = async (page, key, values) => {
      await page.problem();
      await page.sees(say(key, values));
    };

    /** A relay whose service worker changes, under the name it has, and takes the other's place, once `turn` was called. */
    async function turning() {
      let turned = "";
      const url = await behind((path) => (path.includes("/download-worker") ? (answer) => (answer.body += turned) : null));
      return { url, turn: () => (turned = "self.skipWaiting();") };
    }

    /** As a browser may at any time: Chromium by its own means; Firefox has none but an update. */
    async function endServiceWorker(page, turn) {
      if (name === "chromium") {
        const session = await page.page.createCDPSession();
        await session.send("ServiceWorker.enable");
        return session.send("ServiceWorker.stopAllWorkers");
      }
      turn();
      return page.page.evaluate(async () => {
        for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.update();
      });
    }

    for (const [file, size, stall] of [["small-ended.bin", 2 * MIB, MIB + 1000], ["ended.bin", 20 * MIB, 8 * MIB]]) {
      test(`a download whose service worker is ended is not called saved (${file})`, async () => {
        const server = await turning();
        const gate = await world.gate(server.url);
        const { link, words } = send(file, randomBytes(size));
        gate.stall(stall);
        const page = await contents(link.replace(relay, gate.url), words, { ways: ["download"] });
        await page.click("#save");
        await page.progress();
        await endServiceWorker(page, server.turn);
        await problem(page, "failure.download_ended");
        assert.equal(events(link, "receipt"), 0);
        if (name === "chromium") assert.ok(!existsSync(join(downloads, file)));
        await page.click("#save");
        await page.heading("saved.title");
        assert.equal(events(link, "receipt"), 1);
        await page.close();
      });
    }

    test("a newer release of the relay does not touch a download that runs", async () => {
      let isNewer = false;
      const upgraded = await newerRelease(relay);
      const server = await behind((path) => (isNewer ? upgraded(path) : null));
      const gate = await world.gate(server);
      const bytes = randomBytes(3 * MIB);
      const [one, two] = [send("one.bin", bytes), send("two.bin", randomBytes(MIB))];
      const through = ({ link }) => link.replace(relay, gate.url);
      gate.stall(2 * MIB + 5000);
      const first = await contents(through(one), one.words, { ways: ["download"] });
      await first.click("#save");
      await first.progress();
      isNewer = true;
      const second = await contents(through(two), two.words, { ways: ["download"] });
      await second.click("#save");
      await second.heading("saved.title");
      await first.heading("saved.title");
      await downloaded("one.bin", bytes);
      assert.equal(events(one.link, "receipt"), 1);
      await first.close();
      await second.close();
    });

    test("stopping works while the service worker does not come, and without it memory is taken", async () => {
      let hold = new Promise(() => {});
      const server = await behind((path) => (path.includes("/download-worker") ? () => hold : null));
      const bytes = randomBytes(MIB);
      const { link, words } = send("held-worker.bin", bytes);
      const page = await contents(link.replace(relay, server), words, { ways: ["download"] });
      await page.click("#save");
      await page.click("#cancel");
      await page.sees(say("contents.stopped"));
      assert.equal(events(link, "ticket"), 0);
      await page.click("#save");
      await page.heading("saved.title");
      await downloaded("held-worker.bin", bytes);
      await page.close();
    });

    test("what goes through memory is handed over before the sender is told, and again when asked", async () => {
      const bytes = randomBytes(300_000);
      const { link, words } = send("memory-first.bin", bytes);
      const server = await behind((path) => (path.endsWith("/receipt") ? () => downloaded("memory-first.bin", bytes) : null));
      const page = await contents(link.replace(relay, server), words);
      await page.click("#save");
      await page.heading("saved.title");
      await page.sees(say("saved.receipt.sent"));
      rmSync(join(downloads, "memory-first.bin"));
      await page.click("#save-again");
      await downloaded("memory-first.bin", bytes);
      await page.close();
    });

    test("the page asks before it is left while the sender is still to be told", async () => {
      const server = await behind((path) => (path.endsWith("/receipt") ? (answer) => Object.assign(answer, { status: 400, body: "" }) : null));
      const { link, words } = send("untold.bin", "x");
      const page = await contents(link.replace(relay, server), words);
      const asks = () => page.page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
      assert.equal(await asks(), false);
      await page.click("#save");
      await page.sees(say("saved.receipt.failed"));
      assert.equal(await asks(), true);
      await leave(page);
    });

    test("a wrong file from disk leaves the words where they are", async () => {
      const { link, words } = send("wrong-file.bin", "x");
      const page = await Visit.open(browser, link);
      await page.heading("ask.title");
      await page.paste("#words", words);
      await page.page.evaluate(() => (document.querySelector("details:has(#local-file)").open = true));
      await (await page.page.$("#local-file")).uploadFile(world.file("junk.txt", "not an age file"));
      await page.sees(say("failure.header_malformed"));
      assert.equal(await page.value("#words"), words);
      await page.click("#open");
      await page.heading("contents.title");
      await page.close();
    });

    test("a time that is none is no answer of a relay, and the page says so", async () => {
      const locked = { code: "locked", locked_until: 9e14 };
      const server = await behind((path) => (path.endsWith("/open") ? refusal(403, locked) : null));
      const { link, words } = send("far-off.bin", "x");
      const page = await Visit.open(browser, link.replace(relay, server));
      await page.unlock(words);
      await problem(page, "failure.bad_answer", { what: "locked_until" });
      await page.close();
    });

    test("an operator's page of any length does not hinder", async () => {
      const long = (answer) => (answer.body = JSON.stringify({ name: "x".repeat(100_000), logo: false }));
      const server = await behind((path) => (path.endsWith("/operator.json") ? long : null));
      const page = await Visit.open(browser, send("long-operator.bin", "x").link.replace(relay, server));
      await page.heading("ask.title");
      await until(() => page.page.evaluate(() => document.querySelector(".name")?.textContent === "share"), "there is no name");
      await page.close();
    });

    if (name !== "chromium") return;

    test("a download that is stopped in the browser is not called saved", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("stopped-there.bin", randomBytes(2 * MIB));
      gate.stall(MIB + 1000);
      const session = await browser.target().createCDPSession();
      const begun = new Promise((resolve) => session.on("Browser.downloadWillBegin", resolve));
      await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads, eventsEnabled: true });
      const page = await contents(gate.through(link), words, { ways: ["download"] });
      await page.click("#save");
      await page.progress();
      await session.send("Browser.cancelDownload", { guid: (await begun).guid });
      await problem(page, "failure.download_ended");
      assert.equal(events(link, "receipt"), 0);
      await page.close();
    });

    test("a place that is taken away in the middle is told of, and nothing is fetched twice", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("stick.bin", randomBytes(20 * MIB));
      gate.stall(8 * MIB);
      const page = await contents(gate.through(link), words, { ways: ["file", "download"] });
      await page.click("#save");
      await page.progress();
      const session = await page.page.createCDPSession();
      await session.send("Storage.clearDataForOrigin", { origin: gate.url, storageTypes: "file_systems" });
      await problem(page, "failure.place_failed");
      assert.equal(events(link, "ticket"), 1);
      assert.ok(!existsSync(join(downloads, "stick.bin")));
      await page.close();
    });

    test("a folder says that it is not finished as long as it is not", async () => {
      const gate = await world.gate(relay);
      world.file("tree/a.bin", randomBytes(MIB));
      world.file("tree/b.bin", randomBytes(3 * MIB));
      const { link, words } = world.send(relay, world.path("tree"));
      const names = (page) =>
        page.page.evaluate(async () => {
          const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen", { create: true });
          return (await Array.fromAsync(folder.keys())).sort();
        });
      gate.stall(2 * MIB);
      const page = await contents(gate.through(link), words, { ways: ["folder"] });
      await page.click("#save-folder");
      await page.progress();
      assert.deepEqual(await names(page), [UNFINISHED, "tree"]);
      await leave(page);
      const again = await contents(gate.through(link), words, { ways: ["folder"] });
      assert.deepEqual(await names(again), [UNFINISHED, "tree"]);
      await again.click("#save-folder");
      await again.heading("saved.title");
      assert.deepEqual(await names(again), [UNFINISHED, "tree", "tree (2)"]);
      await again.close();
    });
  });
}

/** The relay as it would be after an upgrade: with another service worker, and without the one there was. */
async function newerRelease(relay) {
  const { page } = await (await fetch(`${relay}/v1`)).json();
  const old = Object.keys(page).find((file) => file.startsWith("download-worker"));
  const newer = "download-worker-NEWER.js";
  return (path) => {
    if (path === `/page/${old}`) return (answer) => Object.assign(answer, { status: 404, body: "" });
    if (path === `/page/${newer}`) {
      return async (answer) => {
        const served = await fetch(`${relay}/page/${old}`);
        Object.assign(answer, { status: 200, headers: { "content-type": served.headers.get("content-type") }, body: `${await served.text()}// newer` });
      };
    }
    return path.endsWith(".js") ? (answer) => (answer.body = answer.body.toString().replaceAll(old, newer)) : null;
  };
}

/** A refusal by the relay. */
function refusal(status, problem) {
  return (answer) => Object.assign(answer, { status, headers: { "content-type": "application/problem+json; charset=utf-8" }, body: JSON.stringify(problem) });
}
