/**
 * How saving ends in each way when it fails, by the page without its screens: Firefox tells of a download that
 * failed in a dialog that its driver cannot get past, after which nothing can be done on the page.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { flip, KEYS, sha256 } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";

/** No relay serves it. */
const TESTING = readFileSync(new URL("../../relay/web/testing.js", import.meta.url), "utf8");

inBrowsers((test, name) => {
  test("what does not authenticate is never complete, in whatever way it was to be saved", async (fixture) => {
    for (const [at, chunk] of [[3 * MIB, 47], [5 * MIB, 79]]) {
      const file = `broken-${at}.bin`;
      const { link, id } = fixture.sendToKey(fixture.env.file(file, randomBytes(5 * MIB)));
      flip(fixture.env.path("relay", "shares", id, "content.age"), at);
      for (const way of ["file", "download", "memory"]) {
        const page = await save(fixture, link, { id, way });
        assert.deepEqual(page.came, { failure: { code: "tampered", chunk } });
        assert.deepEqual(fixture.events(link, "receipt"), []);
        // Firefox has no pickers, and in its private file system no way to remove a file by its handle.
        if (way === "file" && name === "chromium") assert.equal(await page.evaluate(isPicked, file), false);
      }
    }
    // The browsers have had time to take what is not there for whole; one that is done by now proves it.
    const { link, id } = fixture.sendToKey(fixture.env.file("after.bin", randomBytes(MIB)));
    assert.equal((await save(fixture, link, { id, way: "download" })).came.receipt, "sent");
    await fixture.downloaded("after.bin", MIB);
    const complete = readdirSync(fixture.downloads).filter((file) => /^broken.*bin$/.test(file) && fixture.hasDownloaded(file));
    assert.deepEqual(complete, []);
  });

  test("one file is read without being saved, and only whole", async (fixture) => {
    const files = { "a.txt": Buffer.from("a"), "b.bin": randomBytes(MIB + 7), "c.bin": randomBytes(17 * MIB) };
    for (const [file, bytes] of Object.entries(files)) fixture.env.file(`read/${file}`, bytes);
    const { link, id } = fixture.sendToKey(fixture.env.path("read"));
    const proxy = await fixture.faultProxy();
    proxy.add("/page/testing.js", TESTING);
    const page = await fixture.browser.newPage();
    await page.goto(proxy.through(link));
    const names = Object.keys(files);
    const read = () => page.evaluate(openAndRead, { id, identities: KEYS, paths: names.map((file) => `read/${file}`) });
    const [a, b, c] = await read();
    assert.deepEqual([a.sha256, b.sha256], [sha256(files["a.txt"]), sha256(files["b.bin"])]);
    assert.deepEqual(c, { failure: { code: "too_large_for_memory", bytes: 17 * MIB, limit: 16 * MIB } });
    assert.deepEqual([fixture.events(link, "ticket").length, fixture.events(link, "receipt")], [1, []]);
    flip(fixture.env.path("relay", "shares", id, "content.age"), MIB / 2);
    const [, damaged] = await read();
    assert.equal(damaged.failure.code, "tampered");
  });
});

/** Saves on a page of its own, which stays, as the browser may still be saving what it has; what came of it is `came`. */
async function save(fixture, link, params) {
  const proxy = await fixture.faultProxy();
  proxy.add("/page/testing.js", TESTING);
  const page = await fixture.browser.newPage();
  await page.goto(proxy.through(link));
  return Object.assign(page, { came: await page.evaluate(openAndSave, { identities: KEYS, ...params }) });
}

/** Runs in the page: opens the share and saves all of it in a way. Gives whether the sender was told, or the failure. */
async function openAndSave({ id, identities, way }) {
  const { WorkerClient, save, failureOf } = await import("/page/testing.js");
  const root = await navigator.storage.getDirectory();
  // A picker needs a person; the browser's private file system stands in for what they would choose.
  window.showSaveFilePicker = ({ suggestedName }) => root.getFileHandle(suggestedName, { create: true });
  try {
    const client = new WorkerClient();
    await client.call("open", { relay: location.origin, id });
    await client.call("unlock", { identities });
    const { receipt } = await save(client, "all", "download", new AbortController().signal, [way]);
    return { receipt };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

/** Runs in the page: opens the share and reads files of it. Gives the SHA-256 of each, or the failure. */
async function openAndRead({ id, identities, paths }) {
  const { WorkerClient, failureOf } = await import("/page/testing.js");
  const client = new WorkerClient();
  await client.call("open", { relay: location.origin, id });
  const { entries } = await client.call("unlock", { identities });
  const found = [];
  for (const path of paths) {
    const place = entries.findIndex((entry) => entry.path === path);
    const read = client.call("read", { place }).then(({ bytes }) => crypto.subtle.digest("SHA-256", bytes));
    const hex = (hash) => Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
    found.push(await read.then((hash) => ({ sha256: hex(hash) }), (error) => ({ failure: failureOf(error) })));
  }
  client.end();
  return found;
}

/** Runs in the page: whether there is such a file in the browser's private file system. */
async function isPicked(file) {
  const root = await navigator.storage.getDirectory();
  return root.getFileHandle(file).then(() => true, () => false);
}
