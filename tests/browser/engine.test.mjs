/** The engine of the page, in real browsers against the real relay, without the page's own looks. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { flip, KEYS, OTHER_KEY, RECIPIENT, sha256 as sha256Of } from "./fixtures.mjs";
import { inBrowsers, MIB } from "./stage.mjs";
import { PLAIN_HOST } from "./world.mjs";

/** Runs in the page: opens the share, and saves what is wanted of it in a way. Gives what came of it, or the failure. */
async function fetchShare({ link, id, words, identities, selection = "all", saveAs = "single", ways, folder }) {
  const { Engine, save, loadWords, failureOf } = await import("/page/testing.js");
  const events = [];
  const root = await navigator.storage?.getDirectory?.();
  // A picker needs a person; the browser's private file system stands in for what they would choose.
  if (root) window.showSaveFilePicker = async ({ suggestedName }) => root.getFileHandle(suggestedName, { create: true });
  if (root) window.showDirectoryPicker = async () => root.getDirectoryHandle(folder, { create: true });
  try {
    const engine = new Engine();
    engine.listen((event) => events.push(event));
    if (id) await engine.call("open", { relay: location.origin, id });
    else if (link) await engine.call("open", { relay: location.origin, id: link.split("/").at(-1) });
    else await engine.call("openFile", { file: document.querySelector("#saved-file").files[0] });
    const manifest = identities
      ? await engine.call("unlock", { identities })
      : await engine.call("prove", { words: (await loadWords()).read(words) });
    const saved = ways ? await save(engine, selection, saveAs, new AbortController().signal, ways) : null;
    return { manifest: { ...manifest, nonce: null }, saved: saved && { ...saved, blob: null }, events };
  } catch (error) {
    return { failure: failureOf(error), events };
  }
}

/** Runs in the page: the length and SHA-256 of a file in the browser's private file system; null if there is none. */
async function pickedFile(...path) {
  let folder = await navigator.storage.getDirectory();
  try {
    for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
    const file = await (await folder.getFileHandle(path.at(-1))).getFile();
    return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()))).join();
  } catch {
    return null;
  }
}

async function sha256(bytes) {
  return Array.from(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))).join();
}

/** Runs `fetchShare` on a page of its own, which stays, as the browser may still be saving what it has. */
async function fetched(stage, options, prepare = async () => {}) {
  const page = await stage.browser.newPage();
  await page.goto(options.page ?? options.link);
  await prepare(page);
  return page.evaluate(fetchShare, options);
}

async function inPage(stage, link, run, ...args) {
  const page = await stage.browser.newPage();
  try {
    await page.goto(link);
    return await page.evaluate(run, ...args);
  } finally {
    await page.close();
  }
}

function receipts(stage, link) {
  return stage.world.events(link).filter(({ event }) => event === "receipt");
}

inBrowsers((test, name) => {
  test("a file is saved in each of the three ways, and the sender sees a valid receipt", async (stage) => {
    const bytes = randomBytes(5 * MIB + 7);
    for (const way of ["file", "download", "memory"]) {
      const file = `${way}.bin`;
      const { link, words } = stage.send(stage.world.file(file, bytes), "--message", "hello\nthere");
      const { manifest, saved, failure } = await fetched(stage, { link, words, ways: [way] });
      assert.equal(failure, undefined);
      assert.equal(manifest.message, "hello\nthere");
      assert.deepEqual([saved.way, saved.bytes, saved.receipt], [way, bytes.length, "sent"]);
      if (way === "file") assert.equal(await inPage(stage, link, pickedFile, file), await sha256(bytes));
      else assert.ok((await stage.downloaded(file, bytes.length)).equals(bytes));
      assert.deepEqual(receipts(stage, link).map(({ verified }) => verified), [true]);
    }
  });

  test("an empty file and one that ends with a chunk are saved", async (stage) => {
    for (const length of [0, 65_536]) {
      const { link, words } = stage.send(stage.world.file(`exact-${length}.bin`, randomBytes(length)));
      const { saved } = await fetched(stage, { link, words, ways: ["download"] });
      assert.deepEqual([saved.bytes, saved.receipt], [length, "sent"]);
      assert.equal((await stage.downloaded(`exact-${length}.bin`, length)).length, length);
    }
  });

  test("what does not authenticate is never complete, in whatever way it was to be saved", async (stage) => {
    for (const [at, chunk] of [[3 * MIB, 47], [5 * MIB, 79]]) {
      for (const way of ["file", "download", "memory"]) {
        const file = `broken-${way}-${at}.bin`;
        const { link, id, words } = stage.send(stage.world.file(file, randomBytes(5 * MIB)));
        flip(stage.world.path("relay", "shares", id, "content.age"), at);
        const { failure } = await fetched(stage, { link, words, ways: [way] });
        assert.deepEqual(failure, { code: "tampered", chunk });
        assert.deepEqual(receipts(stage, link), []);
        // Firefox has no pickers, and in its private file system no way to remove a file by its handle.
        if (way === "file" && name === "chromium") assert.equal(await inPage(stage, link, pickedFile, file), null);
      }
    }
    // The browsers have had time to take what is not there for whole; one that is done by now proves it.
    const { link, words } = stage.send(stage.world.file("after.bin", randomBytes(MIB)));
    await fetched(stage, { link, words, ways: ["download"] });
    await stage.downloaded("after.bin", MIB);
    const complete = readdirSync(stage.downloads).filter((file) => /^broken.*bin$/.test(file) && stage.hasDownloaded(file));
    assert.deepEqual(complete, []);
  });

  test("wrong words cost a try, and the right ones still open", async (stage) => {
    const { link, words } = stage.send(stage.world.file("words.bin", "x"));
    const other = stage.send(stage.world.file("other.bin", "y"));
    assert.deepEqual((await fetched(stage, { link, words: other.words })).failure, { code: "words_wrong", triesLeft: 9 });
    assert.equal((await fetched(stage, { link, words: "one two three" })).failure.code, "words_count");
    assert.equal((await fetched(stage, { link, words: words.toUpperCase().replaceAll("-", ", ") })).manifest.files, 1);
    assert.equal(stage.world.events(link).filter(({ event }) => event === "wrong_proof").length, 1);
  });

  test("a download that is cut goes on by itself", async (stage) => {
    const gate = await stage.gate();
    const bytes = randomBytes(9 * MIB);
    const { link, words } = stage.send(stage.world.file("cut.bin", bytes));
    gate.cut(3 * MIB + 5);
    gate.cut(100);
    gate.cut(0);
    const { saved, events } = await fetched(stage, { link: gate.through(link), words, ways: ["download"] });
    assert.equal(saved.receipt, "sent");
    assert.ok((await stage.downloaded("cut.bin", bytes.length)).equals(bytes));
    assert.ok(events.some(({ type }) => type === "waiting"));
    assert.equal(gate.requests.filter((request) => request.endsWith("/content")).length, 4);
  });

  test("many files come as one .zip, one by one, or into a folder", async (stage) => {
    const files = { "a.txt": "alpha", "sub/b é.bin": randomBytes(3 * MIB), "sub/run.sh": "#!/bin/sh\n", "z/empty": "" };
    for (const [file, bytes] of Object.entries(files)) stage.world.file(`tree/${file}`, bytes);
    const { link, words } = stage.send(stage.world.path("tree"));

    const whole = await fetched(stage, { link, words, ways: ["download"] });
    assert.deepEqual([whole.saved?.receipt, whole.failure], ["sent", undefined]);
    assert.deepEqual(await stage.unzipped("tree.zip"), expected(files));

    const index = whole.manifest.entries.findIndex(({ path }) => path.endsWith("b é.bin"));
    const one = await fetched(stage, { link, words, selection: [index], ways: ["download"] });
    assert.deepEqual([one.saved.receipt, one.saved.bytes], ["none", 3 * MIB]);
    assert.ok((await stage.downloaded("b é.bin", 3 * MIB)).equals(files["sub/b é.bin"]));

    if (name !== "chromium") return;
    for (const folder of ["out", "out"]) {
      const all = await fetched(stage, { link, words, saveAs: "folder", ways: ["folder"], folder });
      assert.equal(all.saved.receipt, "sent");
      const [[, actual] = ["tree", "tree"]] = all.saved.renamed;
      assert.equal(await inPage(stage, link, pickedFile, "out", actual, "sub", "b é.bin"), await sha256(files["sub/b é.bin"]));
    }
  });

  test("a share to a key opens with it, and with no other", async (stage) => {
    const { link } = stage.send(stage.world.file("keyed.bin", "for you"), "--recipient", RECIPIENT);
    const opened = await fetched(stage, { link, identities: KEYS, ways: ["download"] });
    assert.deepEqual([opened.failure, opened.saved?.receipt], [undefined, "sent"]);
    assert.equal((await stage.downloaded("keyed.bin")).toString(), "for you");
    assert.equal((await fetched(stage, { link, identities: OTHER_KEY })).failure.code, "no_identity_fits");
  });

  test("a plain-http page on the network opens and saves too, through memory", async (stage) => {
    const bytes = randomBytes(3 * MIB);
    const { link, id, words } = stage.send(stage.world.file("plain.bin", bytes));
    const page = link.replace("127.0.0.1", PLAIN_HOST);
    assert.equal(await inPage(stage, page, () => isSecureContext), false);
    const { saved, failure } = await fetched(stage, { page, id, words, ways: ["file", "download", "memory"] });
    assert.deepEqual([failure, saved?.way, saved?.receipt], [undefined, "memory", "sent"]);
    assert.ok((await stage.downloaded("plain.bin", bytes.length)).equals(bytes));
  });

  test("a saved age file opens from disk, without the network", async (stage) => {
    const gate = await stage.gate();
    stage.world.file("folder/inside", "x");
    for (const [file, kind] of [["disk.bin", "file"], ["folder", "tar"]]) {
      const path = kind === "file" ? stage.world.file(file, randomBytes(3 * MIB)) : stage.world.path(file);
      const { link, words } = stage.send(path);
      const saved = stage.world.path(`${file}.age`);
      stage.world.share("get", "--yes", "--ciphertext", saved, "--passphrase-file", stage.world.file("w", words), link);
      const asked = gate.requests.length;
      const put = async (page) => {
        // One of its own: the page has inputs for files too, and may draw them anew.
        await page.evaluate(() => document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "saved-file" })));
        await (await page.$("#saved-file")).uploadFile(saved);
      };
      const opened = await fetched(stage, { page: gate.through(link), words, ways: ["memory"] }, put);
      assert.equal(opened.failure, undefined);
      assert.deepEqual([opened.manifest.kind, opened.saved.receipt], [kind, "none"]);
      assert.deepEqual(gate.requests.slice(asked).filter((request) => request.includes("/v1") && !/^GET .v1.shares.[^/]+$/.test(request)), []);
      if (kind === "file") assert.ok((await stage.downloaded(file, 3 * MIB)).equals(readFileSync(path)));
      else await stage.downloaded("folder.zip");
    }
  });
});

function expected(files) {
  return Object.fromEntries(Object.entries(files).map(([file, bytes]) => [`tree/${file}`, sha256Of(bytes)]));
}
