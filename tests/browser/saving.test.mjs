/** Saving what is in a share: all of it or some, from the relay and from disk, and what is not to be saved. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync, truncateSync } from "node:fs";
import { basename, join } from "node:path";
import { say } from "./support/driver.mjs";
import { flip, sha256 } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";

const FILES = { "a.txt": "a", "b.txt": "bb", "sub/c é.bin": randomBytes(3 * MIB), "sub/empty": "" };

inBrowsers((test) => {
  test("from link and words to a verified file, its message and its receipt", async (fixture) => {
    const bytes = randomBytes(5 * MIB + 7);
    const { link, words } = fixture.send(fixture.env.file("report.bin", bytes), "--message", "Hello\nyou\tthere", "--downloads", "3");
    const page = await fixture.visit(link, { ways: ["download"] });
    await page.sees(say("facts.until"));
    assert.match(await page.text(), /until\s+\d+ \w+ 20\d\d/);
    await page.sees(say("facts.times.other", { count: 3 }));
    await page.unlock(words.toUpperCase().replaceAll("-", ", "));
    await page.heading("contents.title");
    for (const text of ["Hello", "you    there", "report.bin", "5.24 MB"]) await page.sees(text);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.ok((await fixture.downloaded("report.bin", bytes.length)).equals(bytes));
    assert.deepEqual(fixture.events(link, "receipt").map(({ verified }) => verified), [true]);
  });

  test("an empty file and one that ends with a chunk", async (fixture) => {
    for (const length of [0, 65_536]) {
      const bytes = randomBytes(length);
      const { link, words } = fixture.sendToKey(fixture.env.file(`exact-${length}.bin`, bytes));
      const page = await fixture.visit(link, { ways: ["download"] });
      await page.save(words);
      await page.sees(say("saved.receipt.sent"));
      assert.ok((await fixture.downloaded(`exact-${length}.bin`, length)).equals(bytes));
    }
  });

  test("one file, several and all of many", async (fixture) => {
    const { link, words } = fixture.send(tree(fixture));
    const page = await fixture.opened({ link, words }, { ways: ["download"] });
    await page.tick("c é.bin");
    await page.click("#save-picked");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.none"));
    assert.ok((await fixture.downloaded("c é.bin", 3 * MIB)).equals(FILES["sub/c é.bin"]));
    await page.click("#back");
    await page.heading("contents.title");
    await page.tick("b.txt");
    await page.sees(say("save.picked.other", { count: 2 }));
    await page.click("#save-picked");
    await page.heading("saved.title");
    assert.deepEqual(await fixture.unzipped("many.zip"), hashes(["b.txt", "sub/c é.bin"]));
    rmSync(join(fixture.downloads, "many.zip"));
    await page.click("#back");
    await page.click("#choose-none");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.deepEqual(await fixture.unzipped("many.zip"), hashes(Object.keys(FILES)));
  });

  test("several and all of a saved file, from disk", async (fixture) => {
    const { link, words } = fixture.send(tree(fixture));
    const saved = fixture.saved(link, words);
    const page = await fixture.visit(link, { ways: ["download"] });
    await page.chooseFile("#local-file", saved);
    await page.heading("file.title", { name: basename(saved) });
    await page.save(words);
    await page.sees(say("saved.receipt.local"));
    assert.deepEqual(await fixture.unzipped("many.zip"), hashes(Object.keys(FILES)));
    rmSync(join(fixture.downloads, "many.zip"));
    await page.click("#back");
    for (const file of ["a.txt", "c é.bin"]) await page.tick(file);
    await page.click("#save-picked");
    await page.heading("saved.title");
    assert.deepEqual(await fixture.unzipped("many.zip"), hashes(["a.txt", "sub/c é.bin"]));
  });

  test("what is damaged is never called saved", async (fixture) => {
    const { link, id, words } = fixture.sendToKey(fixture.env.file("broken.bin", randomBytes(2 * MIB)));
    flip(fixture.env.path("relay", "shares", id, "content.age"), MIB);
    const page = await fixture.visit(link, { ways: failing(fixture) });
    await page.unlock(words);
    await page.click("#save");
    await page.sees(say("failure.tampered"));
    await page.heading("contents.title");
    assert.deepEqual(fixture.events(link, "receipt"), []);
  });

  test("what is too large for memory is refused before it is fetched", async (fixture) => {
    const path = fixture.env.file("large.bin", "");
    truncateSync(path, 257 * MIB);
    const { link, words } = fixture.sendToKey(path);
    rmSync(path);
    const page = await fixture.visit(link);
    await page.unlock(words);
    await page.click("#save");
    await page.sees(say("failure.too_large_for_memory", { size: "269 MB", limit: "268 MB" }));
    assert.deepEqual(fixture.events(link, "ticket"), []);
  });
});

function tree(fixture) {
  for (const [file, bytes] of Object.entries(FILES)) fixture.env.file(join("many", file), bytes);
  return fixture.env.path("many");
}

function hashes(files) {
  return Object.fromEntries(files.map((file) => [`many/${file}`, sha256(FILES[file])]));
}

/**
 * Firefox tells of a browser download that failed in a dialog that its driver cannot get past; how such a download ends
 * is in worker_client.test.mjs.
 */
function failing({ name }) {
  return name === "firefox" ? [] : ["download"];
}
