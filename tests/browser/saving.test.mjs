/** Saving what is in a share, in each way there is, and what becomes of it when that goes wrong. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, truncateSync } from "node:fs";
import { basename, join } from "node:path";
import { say } from "./driver.mjs";
import { flip, sha256 } from "./fixtures.mjs";
import { inBrowsers, MIB } from "./stage.mjs";

const FILES = { "a.txt": "a", "b.txt": "bb", "sub/c.txt": "ccc" };

inBrowsers((test, name) => {
  test("from link and words to a verified file, its message and its receipt", async (stage) => {
    const bytes = randomBytes(5 * MIB + 7);
    const { link, words } = stage.send(stage.world.file("report.bin", bytes), "--message", "Hello\nthere", "--downloads", "3");
    const page = await stage.visit(link, { ways: ["download"] });
    await page.heading("ask.title");
    assert.match(await page.text(), /until \d+ \w+ 20\d\d/);
    await page.sees(say("ask.left.other", { count: 3 }));
    await page.unlock(words.toUpperCase().replaceAll("-", ", "));
    await page.heading("contents.title");
    for (const text of ["Hello", "there", "report.bin", "5.24 MB"]) await page.sees(text);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.ok((await stage.downloaded("report.bin", bytes.length)).equals(bytes));
    assert.deepEqual(receipts(stage, link).map(({ verified }) => verified), [true]);
  });

  test("one file, several and all of many", async (stage) => {
    const { link, words } = stage.send(tree(stage));
    const page = await stage.visit(link, { ways: ["download"] });
    await page.unlock(words);
    await page.heading("contents.title");
    await page.click("#save-picked");
    await page.sees(say("save.none"));
    await page.tick("b.txt");
    await page.click("#save-picked");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.none"));
    assert.equal((await stage.downloaded("b.txt", 2)).toString(), "bb");
    await page.click("#back");
    await page.heading("contents.title");
    await page.tick("c.txt");
    await page.sees(say("save.picked.other", { count: 2 }));
    await page.click("#save-picked");
    await page.heading("saved.title");
    assert.deepEqual(await stage.unzipped("many.zip"), hashes(["b.txt", "sub/c.txt"]));
    rmSync(join(stage.downloads, "many.zip"));
    await page.click("#back");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.deepEqual(await stage.unzipped("many.zip"), hashes(Object.keys(FILES)));
  });

  test("several and all of a saved file, from disk", async (stage) => {
    const { link, words } = stage.send(tree(stage));
    const saved = stage.saved(link, words);
    const page = await stage.visit(link, { ways: ["download"] });
    await page.chooseFile("#local-file", saved);
    await page.heading("file.title", { name: basename(saved) });
    await page.save(words);
    await page.sees(say("saved.receipt.local"));
    assert.deepEqual(await stage.unzipped("many.zip"), hashes(Object.keys(FILES)));
    rmSync(join(stage.downloads, "many.zip"));
    await page.click("#back");
    for (const file of ["a.txt", "c.txt"]) await page.tick(file);
    await page.click("#save-picked");
    await page.heading("saved.title");
    assert.deepEqual(await stage.unzipped("many.zip"), hashes(["a.txt", "sub/c.txt"]));
  });

  if (name === "chromium") {
    test("all of many in a folder that the person picks, from a share and from disk", async (stage) => {
      const { link, words } = stage.send(tree(stage));
      const saved = stage.saved(link, words);
      for (const isLocal of [false, true]) {
        const page = await stage.visit(link, { ways: ["folder"] });
        if (isLocal) await page.chooseFile("#local-file", saved);
        if (isLocal) await page.heading("file.title", { name: basename(saved) });
        await page.unlock(words);
        await page.heading("contents.title");
        await page.click("#save-folder");
        await page.heading("saved.title");
        await page.sees(say("saved.where.folder"));
        const folder = isLocal ? "many (2)" : "many";
        assert.deepEqual(await page.picked("chosen", folder), { "a.txt": 1, "b.txt": 2, "sub/c.txt": 3 });
      }
    });

    test("a disk without room leaves nothing, however often it is tried, and it is saved once there is", async (stage) => {
      // Longer than what is on its way when nobody takes it any more.
      const { link, words } = stage.send(stage.world.file("room.bin", randomBytes(40 * MIB)));
      const page = await stage.visit(link, { ways: ["file"] });
      const browser = await page.page.createCDPSession();
      const { origin } = new URL(link);
      await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 4 * MIB });
      await page.unlock(words);
      await page.heading("contents.title");
      // A browser has six connections to a server.
      for (let tries = 0; tries < 8; tries++) {
        await page.click("#save");
        await page.problem();
        for (const key of ["failure.disk_full", "failure.disk_full.hint"]) await page.sees(say(key));
      }
      assert.equal((await page.picked())["room.bin"], undefined);
      assert.deepEqual(receipts(stage, link), []);
      await browser.send("Storage.overrideQuotaForOrigin", { origin });
      await page.click("#save");
      await page.heading("saved.title");
      assert.equal((await page.picked())["room.bin"], 40 * MIB);
    });

    test("a download that the browser stops leaves nothing, and it can be saved again", async (stage) => {
      const gate = await stage.gate();
      const { link, words } = stage.send(stage.world.file("halted.bin", randomBytes(9 * MIB)));
      const page = await stage.visit(gate.through(link), { ways: ["download"] });
      const browser = await stage.browser.target().createCDPSession();
      await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: stage.downloads, eventsEnabled: true });
      const begun = new Promise((resolve) => browser.once("Browser.downloadWillBegin", resolve));
      await page.unlock(words);
      await page.heading("contents.title");
      gate.stall(3 * MIB);
      await page.click("#save");
      await page.progress();
      await browser.send("Browser.cancelDownload", { guid: (await begun).guid });
      // The page learns of it with the next bytes.
      gate.close();
      gate.open();
      for (const key of ["failure.download_ended", "failure.download_ended.hint"]) await page.sees(say(key));
      assert.deepEqual(readdirSync(stage.downloads).filter((file) => file.startsWith("halted")), []);
      assert.deepEqual(receipts(stage, link), []);
      await page.click("#save");
      await page.heading("saved.title");
      await stage.downloaded("halted.bin", 9 * MIB);
    });
  }

  test("what is damaged is never called saved", async (stage) => {
    const { link, id, words } = stage.send(stage.world.file("broken.bin", randomBytes(2 * MIB)));
    flip(stage.world.path("relay", "shares", id, "content.age"), MIB);
    const page = await stage.visit(link, { ways: failing(stage) });
    await page.unlock(words);
    await page.click("#save");
    await page.sees(say("failure.tampered"));
    await page.heading("contents.title");
    assert.deepEqual(receipts(stage, link), []);
  });

  test("what is too large for memory is refused before it is fetched", async (stage) => {
    const path = stage.world.file("large.bin", "");
    truncateSync(path, 257 * MIB);
    const { link, words } = stage.send(path);
    rmSync(path);
    const page = await stage.visit(link);
    await page.unlock(words);
    await page.click("#save");
    await page.sees(say("failure.too_large_for_memory", { size: "269 MB", limit: "268 MB" }));
    assert.deepEqual(stage.world.events(link).filter(({ event }) => event === "ticket"), []);
  });

  test("stopping a download leads back to the files", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("stopped.bin", randomBytes(9 * MIB)));
    const page = await stage.visit(gate.through(link), { ways: failing(stage) });
    await page.unlock(words);
    await page.heading("contents.title");
    gate.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    await page.click("#cancel");
    await page.sees(say("contents.stopped"));
    await page.click("#save");
    await page.heading("saved.title");
  });

  test("two tabs save at once, and neither takes the other's", async (stage) => {
    const sent = ["one", "two"].map((file) => {
      const bytes = randomBytes(3 * MIB);
      return { bytes, file: `tab-${file}.bin`, ...stage.send(stage.world.file(`tab-${file}.bin`, bytes)) };
    });
    const pages = await Promise.all(sent.map(({ link }) => stage.visit(link, { ways: ["download"] })));
    // A tab in the background does its work too.
    for (const [i, page] of pages.entries()) {
      await page.page.bringToFront();
      await page.unlock(sent[i].words);
      await page.heading("contents.title");
    }
    await Promise.all(pages.map((page) => page.page.evaluate(() => document.querySelector("#save").click())));
    for (const [i, page] of pages.entries()) {
      await page.heading("saved.title");
      assert.ok((await stage.downloaded(sent[i].file, 3 * MIB)).equals(sent[i].bytes));
    }
  });
});

function tree(stage) {
  for (const [file, text] of Object.entries(FILES)) stage.world.file(join("many", file), text);
  return stage.world.path("many");
}

function hashes(files) {
  return Object.fromEntries(files.map((file) => [`many/${file}`, sha256(FILES[file])]));
}

function receipts(stage, link) {
  return stage.world.events(link).filter(({ event }) => event === "receipt");
}

/**
 * Firefox tells of a browser download that failed in a dialog that its driver cannot get past; how such a download ends
 * is tested with the engine.
 */
function failing({ name }) {
  return name === "firefox" ? [] : ["download"];
}
