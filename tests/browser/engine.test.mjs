/** The engine of the page, in real browsers against the real relay, without the page's own looks. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { join, parse } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { PLAIN_HOST, until, World } from "./world.mjs";

const MIB = 1024 * 1024;
const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];

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
    const input = document.querySelector("#of-the-test");
    if (id) await engine.call("open", { relay: location.origin, id });
    else if (link) await engine.call("open", { relay: location.origin, id: link.split("/").at(-1) });
    else await engine.call("openFile", { file: input.files[0] });
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

for (const name of BROWSERS) {
  describe(name, () => {
    const world = new World();
    let relay;
    let browser;
    let downloads;
    before(async () => {
      relay = await world.relay();
      ({ browser, downloads } = await world.browser(name));
    });
    after(() => world.end());

    /** Runs `fetchShare` on a page of its own, which stays, as the browser may still be saving what it has. */
    async function fetched(options, prepare = async () => {}) {
      const page = await browser.newPage();
      await page.goto(options.page ?? options.link);
      await prepare(page);
      return page.evaluate(fetchShare, options);
    }

    async function inPage(link, run, ...args) {
      const page = await browser.newPage();
      try {
        await page.goto(link);
        return await page.evaluate(run, ...args);
      } finally {
        await page.close();
      }
    }

    /** A download of this name that is complete, by the browser's own account. */
    const downloaded = (file, length) => {
      const path = join(downloads, file);
      const whole = () => isThere(path) && (length === undefined ? statSync(path).size > 0 : statSync(path).size === length);
      return until(() => whole() && readFileSync(path), `${file} was not downloaded`);
    };

    function receipts(link) {
      return world.events(link).filter(({ event }) => event === "receipt");
    }

    test("a file is saved in each of the three ways, and the sender sees a valid receipt", async () => {
      const bytes = randomBytes(5 * MIB + 7);
      for (const way of ["file", "download", "memory"]) {
        const file = `${way}.bin`;
        const { link, words } = world.send(relay, world.file(file, bytes), "--message", "hello\nthere");
        const { manifest, saved, failure } = await fetched({ link, words, ways: [way] });
        assert.equal(failure, undefined);
        assert.equal(manifest.message, "hello\nthere");
        assert.deepEqual([saved.way, saved.bytes, saved.receipt], [way, bytes.length, "sent"]);
        if (way === "file") assert.equal(await inPage(link, pickedFile, file), await sha256(bytes));
        else assert.ok((await downloaded(file, bytes.length)).equals(bytes));
        assert.deepEqual(receipts(link).map(({ verified }) => verified), [true]);
      }
    });

    test("an empty file and one that ends with a chunk are saved", async () => {
      for (const length of [0, 65_536]) {
        const { link, words } = world.send(relay, world.file(`exact-${length}.bin`, randomBytes(length)));
        const { saved } = await fetched({ link, words, ways: ["download"] });
        assert.deepEqual([saved.bytes, saved.receipt], [length, "sent"]);
        assert.equal((await downloaded(`exact-${length}.bin`, length)).length, length);
      }
    });

    test("what does not authenticate is never complete, in whatever way it was to be saved", async () => {
      for (const [at, chunk] of [[12 * MIB, 191], [20 * MIB, 319]]) {
        for (const way of ["file", "download", "memory"]) {
          const file = `broken-${way}-${at}.bin`;
          const { link, id, words } = world.send(relay, world.file(file, randomBytes(20 * MIB)));
          flip(world.path("relay", "shares", id, "content.age"), at);
          const { failure } = await fetched({ link, words, ways: [way] });
          assert.deepEqual(failure, { code: "tampered", chunk });
          assert.deepEqual(receipts(link), []);
          // Firefox has no pickers, and in its private file system no way to remove a file by its handle.
          if (way === "file" && name === "chromium") assert.equal(await inPage(link, pickedFile, file), null);
        }
      }
      // The browsers have had time to take what is not there for whole; one that is done by now proves it.
      const { link, words } = world.send(relay, world.file("after.bin", randomBytes(MIB)));
      await fetched({ link, words, ways: ["download"] });
      await downloaded("after.bin", MIB);
      const complete = readdirSync(downloads).filter((file) => /^broken.*bin$/.test(file) && isThere(join(downloads, file)));
      assert.deepEqual(complete, []);
    });

    test("wrong words cost a try, and the right ones still open", async () => {
      const { link, words } = world.send(relay, world.file("words.bin", "x"));
      const other = world.send(relay, world.file("other.bin", "y"));
      assert.deepEqual((await fetched({ link, words: other.words })).failure, { code: "words_wrong", triesLeft: 9 });
      assert.equal((await fetched({ link, words: "one two three" })).failure.code, "words_count");
      assert.equal((await fetched({ link, words: words.toUpperCase().replaceAll("-", ", ") })).manifest.files, 1);
      assert.equal(world.events(link).filter(({ event }) => event === "wrong_proof").length, 1);
    });

    test("a download that is cut goes on by itself", async () => {
      const gate = await world.gate(relay);
      const bytes = randomBytes(9 * MIB);
      const { link, words } = world.send(relay, world.file("cut.bin", bytes));
      gate.cut(3 * MIB + 5);
      gate.cut(100);
      gate.cut(0);
      const { saved, events } = await fetched({ link: gate.through(link), words, ways: ["download"] });
      assert.equal(saved.receipt, "sent");
      assert.ok((await downloaded("cut.bin", bytes.length)).equals(bytes));
      assert.ok(events.some(({ type }) => type === "waiting"));
      assert.equal(gate.requests.filter((request) => request.endsWith("/content")).length, 4);
    });

    test("a download whose page was closed is never complete", async () => {
      const gate = await world.gate(relay);
      const { link, words } = world.send(relay, world.file("gone.bin", randomBytes(20 * MIB)));
      gate.stall(8 * MIB);
      const page = await browser.newPage();
      await page.goto(gate.through(link));
      const left = page.evaluate(fetchShare, { link: gate.through(link), words, ways: ["download"] }).catch(() => {});
      const growing = () => readdirSync(downloads).filter((file) => /^gone.*(part|crdownload)$/.test(file));
      await until(() => growing().length > 0, "the download did not begin");
      await page.close();
      await left;
      // Nothing tells of it: by then Firefox would have ended the service worker, and taken what came for the whole.
      await pause(40_000);
      const complete = readdirSync(downloads).filter((file) => file === "gone.bin" && isThere(join(downloads, file)));
      assert.deepEqual(complete, []);
      assert.deepEqual(receipts(link), []);
    });

    test("many files come as one .zip, one by one, or into a folder", async () => {
      const files = { "a.txt": "alpha", "sub/b é.bin": randomBytes(3 * MIB), "sub/run.sh": "#!/bin/sh\n", "z/empty": "" };
      for (const [file, bytes] of Object.entries(files)) world.file(`tree/${file}`, bytes);
      const { link, words } = world.send(relay, world.path("tree"));

      const whole = await fetched({ link, words, ways: ["download"] });
      assert.deepEqual([whole.saved?.receipt, whole.failure], ["sent", undefined]);
      await downloaded("tree.zip");
      const list = spawnSync("python3", ["-c", UNZIP, join(downloads, "tree.zip")], { encoding: "utf8" });
      assert.deepEqual(JSON.parse(list.stdout || list.stderr), expected(files));

      const index = whole.manifest.entries.findIndex(({ path }) => path.endsWith("b é.bin"));
      const one = await fetched({ link, words, selection: [index], ways: ["download"] });
      assert.deepEqual([one.saved.receipt, one.saved.bytes], ["none", 3 * MIB]);
      assert.ok((await downloaded("b é.bin", 3 * MIB)).equals(files["sub/b é.bin"]));

      if (name !== "chromium") return;
      for (const folder of ["out", "out"]) {
        const all = await fetched({ link, words, saveAs: "folder", ways: ["folder"], folder });
        assert.equal(all.saved.receipt, "sent");
        const [[, actual] = ["tree", "tree"]] = all.saved.renamed;
        assert.equal(await inPage(link, pickedFile, "out", actual, "sub", "b é.bin"), await sha256(files["sub/b é.bin"]));
      }
    });

    test("a share to a key opens with it, and with no other", async () => {
      const keys = readFileSync(new URL("../vectors/keys/age.txt", import.meta.url), "utf8");
      const recipient = /age1[a-z0-9]+/.exec(keys)[0];
      const { link } = world.send(relay, world.file("keyed.bin", "for you"), "--recipient", recipient);
      const opened = await fetched({ link, identities: keys, ways: ["download"] });
      assert.deepEqual([opened.failure, opened.saved?.receipt], [undefined, "sent"]);
      assert.equal((await downloaded("keyed.bin")).toString(), "for you");
      const other = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
      assert.equal((await fetched({ link, identities: other })).failure.code, "no_identity_fits");
    });

    test("a plain-http page on the network opens and saves too, through memory", async () => {
      const bytes = randomBytes(3 * MIB);
      const { link, id, words } = world.send(relay, world.file("plain.bin", bytes));
      const page = link.replace("127.0.0.1", PLAIN_HOST);
      assert.equal(await inPage(page, () => isSecureContext), false);
      const { saved, failure } = await fetched({ page, id, words, ways: ["file", "download", "memory"] });
      assert.deepEqual([failure, saved?.way, saved?.receipt], [undefined, "memory", "sent"]);
      assert.ok((await downloaded("plain.bin", bytes.length)).equals(bytes));
    });

    test("a saved age file opens from disk, without the network", async () => {
      const gate = await world.gate(relay);
      world.file("folder/inside", "x");
      for (const [file, kind] of [["disk.bin", "file"], ["folder", "tar"]]) {
        const path = kind === "file" ? world.file(file, randomBytes(3 * MIB)) : world.path(file);
        const { link, words } = world.send(relay, path);
        const saved = world.path(`${file}.age`);
        world.share("get", "--yes", "--ciphertext", saved, "--passphrase-file", world.file("w", words), link);
        const asked = gate.requests.length;
        const put = async (page) => {
          await page.evaluate(() => document.body.append(Object.assign(document.createElement("input"), { type: "file", id: "of-the-test" })));
          await (await page.$("#of-the-test")).uploadFile(saved);
        };
        const opened = await fetched({ page: gate.through(link), words, ways: ["memory"] }, put);
        assert.equal(opened.failure, undefined);
        assert.deepEqual([opened.manifest.kind, opened.saved.receipt], [kind, "none"]);
        assert.deepEqual(gate.requests.slice(asked).filter((request) => request.includes("/v1") && !/^GET .v1.shares.[^/]+$/.test(request)), []);
        if (kind === "file") assert.ok((await downloaded(file, 3 * MIB)).equals(readFileSync(path)));
        else await downloaded("folder.zip");
      }
    });
  });
}

/** Prints what is in a .zip as JSON, after testing all of it. */
const UNZIP = `
import sys, zipfile, json, hashlib
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print(json.dumps({i.filename: hashlib.sha256(archive.read(i)).hexdigest() for i in archive.infolist() if not i.is_dir()}))
`;

function expected(files) {
  const hash = (bytes) => spawnSync("sha256sum", { input: bytes, encoding: "utf8" }).stdout.slice(0, 64);
  return Object.fromEntries(Object.entries(files).map(([file, bytes]) => [`tree/${file}`, hash(bytes)]));
}

/** Firefox keeps the place with an empty file, beside which `stem.xxxxxxxx.bin.part` grows. */
function isThere(path) {
  const { dir, name } = parse(path);
  const growing = readdirSync(dir).some((file) => file.startsWith(`${name}.`) && /\.(part|crdownload)$/.test(file));
  return existsSync(path) && !growing;
}

function flip(path, at) {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.of(byte[0] ^ 1), 0, 1, at);
  closeSync(file);
}
