/** Downloads of the browser's own, which it takes from a service worker: several at once, stopped ones, newer releases. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { say } from "./support/driver.mjs";
import { newerRelease } from "./support/fault_proxy.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";

const WAYS = { ways: ["download"] };

inBrowsers((test, name) => {
  test("two tabs save at once, and neither takes the other's", async (fixture) => {
    const sent = ["one", "two"].map((file) => {
      const bytes = randomBytes(3 * MIB);
      return { bytes, file: `tab-${file}.bin`, ...fixture.sendToKey(fixture.env.file(`tab-${file}.bin`, bytes)) };
    });
    const pages = await Promise.all(sent.map(({ link }) => fixture.visit(link, WAYS)));
    // A tab in the background does its work too.
    for (const [i, page] of pages.entries()) {
      await page.page.bringToFront();
      await page.unlock(sent[i].words);
      await page.heading("contents.title");
    }
    await Promise.all(pages.map((page) => page.page.evaluate(() => document.querySelector("#save").click())));
    for (const [i, page] of pages.entries()) {
      await page.heading("saved.title");
      assert.ok((await fixture.downloaded(sent[i].file, 3 * MIB)).equals(sent[i].bytes));
    }
  });

  test("a newer release of the relay does not touch a download that runs", async (fixture) => {
    let isNewer = false;
    const upgraded = await newerRelease(fixture.relay);
    const proxy = await fixture.faultProxy((path) => (isNewer ? upgraded(path) : null));
    const bytes = randomBytes(3 * MIB);
    const send = (file, bytes) => {
      const { link, words } = fixture.sendToKey(fixture.env.file(file, bytes));
      return { link: link.replace(fixture.relay, proxy.url), words };
    };
    const [one, two] = [send("one.bin", bytes), send("two.bin", randomBytes(MIB))];
    proxy.stall(2 * MIB + 5000);
    const first = await fixture.opened(one, WAYS);
    await first.click("#save");
    await first.progress();
    isNewer = true;
    const second = await fixture.opened(two, WAYS);
    await second.click("#save");
    await second.heading("saved.title");
    proxy.close();
    proxy.open();
    await first.heading("saved.title");
    assert.ok((await fixture.downloaded("one.bin", bytes.length)).equals(bytes));
    assert.equal(fixture.events(one.link, "receipt").length, 1);
  });

  test("stopping a download leads back to the files", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("stopped.bin", randomBytes(9 * MIB)));
    // Firefox tells of a download that failed in a dialog that its driver cannot get past.
    const page = await fixture.opened({ link: proxy.through(link), words }, name === "firefox" ? {} : WAYS);
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    await page.click("#cancel");
    await page.sees(say("contents.stopped"));
    await page.click("#save");
    await page.heading("saved.title");
  });

  test("the screen stays on while it is saved, and no longer", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const sent = fixture.sendToKey(fixture.env.file("awake.bin", randomBytes(9 * MIB)));
    const page = await fixture.opened({ link: proxy.through(sent.link), words: sent.words }, { ...WAYS, prepare: noteLocks });
    const held = () => page.page.evaluate(() => globalThis.locks.map(({ released }) => !released));
    assert.deepEqual(await held(), []);
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    assert.deepEqual(await held(), [true]);
    proxy.close();
    proxy.open();
    await page.heading("saved.title");
    assert.deepEqual(await held(), [false]);
  });

  test("stopping before anything was written spends no download, and is read out", async (fixture) => {
    const sent = fixture.sendToKey(fixture.env.file("early.bin", "x"));
    const page = await fixture.opened(sent, { ...WAYS, prepare: holdServiceWorker });
    await page.listen();
    await page.click("#save");
    await page.sees(say("saving.start"));
    await page.click("#cancel");
    await page.heading("contents.title");
    await page.hears(say("contents.stopped"));
    await page.page.evaluate(() => globalThis.goOn());
    assert.deepEqual(fixture.events(sent.link, "ticket"), []);
  });

  test("a download that the browser stops leaves nothing, and it can be saved again", { skip: name === "firefox" && "its driver cannot end a download" }, async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("halted.bin", randomBytes(9 * MIB)));
    const browser = await fixture.browser.target().createCDPSession();
    await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: fixture.downloads, eventsEnabled: true });
    const begun = new Promise((resolve) => browser.once("Browser.downloadWillBegin", resolve));
    const page = await fixture.opened({ link: proxy.through(link), words }, WAYS);
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    await browser.send("Browser.cancelDownload", { guid: (await begun).guid });
    // The page learns of it with the next bytes.
    proxy.close();
    proxy.open();
    for (const key of ["failure.download_ended", "failure.download_ended.hint"]) await page.sees(say(key));
    assert.deepEqual(readdirSync(fixture.downloads).filter((file) => file.startsWith("halted")), []);
    assert.deepEqual(fixture.events(link, "receipt"), []);
    await page.click("#save");
    await page.heading("saved.title");
    await fixture.downloaded("halted.bin", 9 * MIB);
  });
});

/** Runs in the page, before it. */
function holdServiceWorker() {
  // The empty page before it has none.
  if (!("ServiceWorkerContainer" in globalThis)) return;
  const { register } = ServiceWorkerContainer.prototype;
  const held = new Promise((resolve) => (globalThis.goOn = resolve));
  ServiceWorkerContainer.prototype.register = async function (...args) {
    await held;
    return register.apply(this, args);
  };
}

/** Runs in the page, before it. */
function noteLocks() {
  globalThis.locks = [];
  if (!("WakeLock" in globalThis)) return;
  const { request } = WakeLock.prototype;
  WakeLock.prototype.request = async function (...args) {
    const lock = await request.apply(this, args);
    globalThis.locks.push(lock);
    return lock;
  };
}
