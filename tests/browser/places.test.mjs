/** Places that a person picks: what lies there while it is saved and when it is, and disks that fail. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { say } from "./support/driver.mjs";
import { sha256 } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";

const UNFINISHED = "NOT FINISHED - NIET KLAAR.txt";

inBrowsers((test, name) => {
  const skip = name === "firefox" && "it has no pickers";

  test("all of many in a folder, from a share and from disk", { skip }, async (fixture) => {
    const files = { "a.txt": "a", "b é.txt": "bb", "sub/c.bin": randomBytes(3 * MIB), "sub/empty": "" };
    const { link, words } = fixture.send(tree(fixture, "many", files));
    const saved = fixture.saved(link, words);
    const { through } = await fixture.faultProxy();
    const lengths = Object.fromEntries(Object.entries(files).map(([file, { length }]) => [file, length]));
    for (const isLocal of [false, true]) {
      const page = await fixture.visit(through(link), { ways: ["folder"] });
      if (isLocal) await page.chooseFile("#local-file", saved);
      if (isLocal) await page.heading("file.title", { name: basename(saved) });
      await page.unlock(words);
      await page.heading("contents.title");
      await page.click("#save-folder");
      await page.heading("saved.title.placed");
      await page.sees(say("saved.where.folder"));
      const folder = isLocal ? "many (2)" : "many";
      assert.deepEqual(await page.picked("chosen", folder), lengths);
      assert.equal(await page.pickedHash("chosen", folder, "sub", "c.bin"), sha256(files["sub/c.bin"]));
    }
  });

  test("a folder says that it is not finished as long as it is not", { skip }, async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(tree(fixture, "tree", { "a.bin": randomBytes(MIB), "b.bin": randomBytes(3 * MIB) }));
    const opened = () => fixture.opened({ link: proxy.through(link), words }, { ways: ["folder"] });
    proxy.stall(2 * MIB);
    const page = await opened();
    await page.click("#save-folder");
    await page.progress();
    assert.deepEqual(await chosen(page), [UNFINISHED, "tree"]);
    await page.page.close();
    const again = await opened();
    assert.deepEqual(await chosen(again), [UNFINISHED, "tree"]);
    await again.click("#save-folder");
    await again.heading("saved.title.placed");
    assert.deepEqual(await chosen(again), [UNFINISHED, "tree", "tree (2)"]);
  });

  test("a disk without room leaves nothing, however often it is tried, and it is saved once there is", { skip }, async (fixture) => {
    // More than what is on its way when nobody takes it any more.
    const bytes = randomBytes(40 * MIB);
    const { link, words } = fixture.sendToKey(fixture.env.file("room.bin", bytes));
    // Under an address of its own, which nothing takes room of.
    const { url: origin, through } = await fixture.faultProxy();
    const page = await fixture.opened({ link: through(link), words }, { ways: ["file"] });
    const browser = await page.page.createCDPSession();
    await browser.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 4 * MIB });
    // A browser has six connections to a server.
    for (let tries = 0; tries < 8; tries++) {
      await page.click("#save-place");
      for (const key of ["failure.disk_full", "failure.disk_full.hint"]) await page.sees(say(key));
    }
    assert.equal((await page.picked())["room.bin"], undefined);
    assert.deepEqual(fixture.events(link, "receipt"), []);
    await browser.send("Storage.overrideQuotaForOrigin", { origin });
    await page.click("#save-place");
    await page.heading("saved.title.placed");
    assert.equal(await page.pickedHash("room.bin"), sha256(bytes));
  });

  test("a place that is taken away in the middle is told of, and nothing is fetched twice", { skip }, async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("stick.bin", randomBytes(20 * MIB)));
    proxy.stall(8 * MIB);
    const page = await fixture.opened({ link: proxy.through(link), words }, { ways: ["file", "download"] });
    await page.click("#save-place");
    await page.progress();
    const session = await page.page.createCDPSession();
    await session.send("Storage.clearDataForOrigin", { origin: proxy.url, storageTypes: "file_systems" });
    // The page learns of it with the next bytes.
    proxy.close();
    proxy.open();
    await page.problem();
    await page.sees(say("failure.place_failed"));
    assert.equal(fixture.events(link, "ticket").length, 1);
    assert.ok(!existsSync(join(fixture.downloads, "stick.bin")));
  });

  test("a folder that the browser does not give is told of, and all of it is downloaded instead", async (fixture) => {
    const sent = fixture.sendToKey(tree(fixture, "blocked", { "a.txt": "a", "b.txt": "b" }));
    const prepare = () => void (window.showDirectoryPicker = () => Promise.reject(new DOMException("not here", "SecurityError")));
    const page = await fixture.visit(sent.link, { ways: ["folder", "download"], prepare });
    await page.unlock(sent.words);
    await page.click("#save-folder");
    for (const key of ["failure.place_forbidden", "failure.place_forbidden.hint"]) await page.sees(say(key));
    assert.deepEqual(fixture.events(sent.link, "ticket"), []);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(`${say("saved.look")} blocked.zip`);
    await page.sees(say("saved.zip"));
  });
});

function tree(fixture, folder, files) {
  for (const [file, bytes] of Object.entries(files)) fixture.env.file(join(folder, file), bytes);
  return fixture.env.path(folder);
}

/** What is in the folder that was chosen. */
function chosen({ page }) {
  return page.evaluate(async () => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("chosen", { create: true });
    return (await Array.fromAsync(folder.keys())).sort();
  });
}
