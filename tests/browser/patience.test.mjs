/** What shows only when nothing has come, or nobody has answered, for half a minute; senders who send nothing for so long are in `live`. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { say } from "./support/driver.mjs";
import { inBrowsersAtOnce, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

const WAYS = { ways: ["download"] };

inBrowsersAtOnce((test, name) => {
  test("a download that comes to a standstill goes on by itself", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const bytes = randomBytes(9 * MIB);
    const { link, words } = fixture.sendToKey(fixture.env.file("standstill.bin", bytes));
    const page = await fixture.opened({ link: proxy.through(link), words }, WAYS);
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    await page.sees(say("saving.waiting", { why: say("failure.stalled") }));
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded("standstill.bin", bytes.length)).equals(bytes));
  });

  test("a receipt that does not get through is given up, and sent when asked again", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("receipt.bin", "x"));
    const page = await fixture.opened({ link: proxy.through(link), words });
    proxy.refuse("/receipt");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.failed"));
    proxy.refuse(null);
    await page.click("#tell");
    await page.sees(say("saved.receipt.sent"));
  });

  test("a download whose page was closed is never complete", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("gone.bin", randomBytes(20 * MIB)));
    proxy.stall(8 * MIB);
    const page = await fixture.opened({ link: proxy.through(link), words }, WAYS);
    await page.click("#save");
    const isGrowing = () => readdirSync(fixture.downloads).some((file) => /^gone.*(part|crdownload)$/.test(file));
    await until(isGrowing, "the download did not begin");
    await page.page.close();
    // Nothing tells of it: by then Firefox would have ended the service worker, and taken what came for the whole.
    await pause(40_000);
    assert.ok(!fixture.hasDownloaded("gone.bin"));
    assert.deepEqual(fixture.events(link, "receipt"), []);
  });

  test("a connection that is lost when the words are given is waited for, or not", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("waited.bin", "x"));
    const [page, other] = [await fixture.visit(proxy.through(link)), await fixture.visit(proxy.through(link))];
    for (const each of [page, other]) {
      await each.heading("ask.title");
      await each.paste("#words", words);
      await until(() => each.page.evaluate(() => document.querySelectorAll(".marks .exact").length === 6), "the words are not marked");
    }
    proxy.close();
    for (const each of [page, other]) {
      await each.page.bringToFront();
      await each.click("#open");
      await each.sees(say("saving.waiting", { why: say("failure.unreachable") }));
    }
    // Longer than a small call is tried.
    await pause(40_000);
    await other.click("#stop");
    await other.sees(say("words.hint"));
    assert.ok(!(await other.text()).includes(say("failure.unreachable")));
    proxy.open();
    await page.heading("contents.title");
    await other.heading("ask.title");
    assert.equal(await other.value("#words"), words);
  });

  test("a relay that stays away at first is asked again, with a sentence about it", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link } = fixture.sendToKey(fixture.env.file("away.bin", "x"));
    proxy.close();
    const page = await fixture.visit(proxy.through(link));
    await page.heading("problem.now");
    for (const key of ["failure.unreachable", "failure.unreachable.hint", "again.itself"]) await page.sees(say(key));
    proxy.open();
    await page.heading("ask.title");
  });

  // What was sent to it is lost without a word: one download waits for room on the way, all of the other is on the way.
  test("a download whose service worker is ended is not called saved", async (fixture) => {
    const { url, turn } = await turning(fixture);
    const proxy = await fixture.env.faultProxy(url);
    const running = [];
    for (const [file, size, stall] of [["small-ended.bin", 2 * MIB, MIB + 1000], ["ended.bin", 20 * MIB, 8 * MIB]]) {
      const { link, words } = fixture.sendToKey(fixture.env.file(file, randomBytes(size)));
      proxy.stall(stall);
      const page = await fixture.opened({ link: link.replace(fixture.relay, proxy.url), words }, WAYS);
      await page.click("#save");
      await page.progress();
      running.push({ file, link, page });
    }
    await endServiceWorker(name, running[0].page, turn);
    proxy.close();
    proxy.open();
    for (const { file, link, page } of running) {
      await page.problem();
      await page.sees(say("failure.download_ended"));
      assert.deepEqual(fixture.events(link, "receipt"), []);
      if (name === "chromium") assert.ok(!existsSync(join(fixture.downloads, file)));
    }
    for (const { link, page } of running) {
      await page.page.bringToFront();
      await page.click("#save");
      await page.heading("saved.title");
      assert.equal(fixture.events(link, "receipt").length, 1);
    }
  });

  test("while the service worker does not come saving can be stopped, and without it memory is taken", async (fixture) => {
    const { url: server } = await fixture.faultProxy((path) => (path.includes("/service_worker") ? () => new Promise(() => {}) : null));
    const bytes = randomBytes(MIB);
    const { link, words } = fixture.sendToKey(fixture.env.file("held-worker.bin", bytes));
    const page = await fixture.opened({ link: link.replace(fixture.relay, server), words }, WAYS);
    await page.click("#save");
    await page.click("#cancel");
    await page.sees(say("contents.stopped"));
    assert.deepEqual(fixture.events(link, "ticket"), []);
    await page.click("#save");
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded("held-worker.bin", bytes.length)).equals(bytes));
  });
});

/** A relay whose service worker changes, under the name it has, and takes the other's place, once `turn` was called. */
async function turning(fixture) {
  let turned = "";
  const { url } = await fixture.faultProxy((path) => (path.includes("/service_worker") ? (answer) => (answer.body += turned) : null));
  return { url, turn: () => (turned = "self.skipWaiting();") };
}

/** As a browser may at any time: Chromium by its own means; Firefox has none but an update. */
async function endServiceWorker(name, { page }, turn) {
  if (name === "chromium") {
    const session = await page.createCDPSession();
    await session.send("ServiceWorker.enable");
    return session.send("ServiceWorker.stopAllWorkers");
  }
  turn();
  return page.evaluate(async () => {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.update();
  });
}
