/** A share of 2,000 files. */

import assert from "node:assert/strict";
import { basename } from "node:path";
import { say } from "./support/driver.mjs";
import { sha256 } from "./support/helpers.mjs";
import { inBrowsers } from "./support/fixture.mjs";

const NAMES = Array.from({ length: 2000 }, (_, i) => `folder-${i % 7}/file-${String(i).padStart(4, "0")}.txt`);

inBrowsers((test, name) => {
  test("2,000 files are shown when asked for, and come as one .zip", async (fixture) => {
    const { link, words } = send(fixture);
    const page = await fixture.visit(link, { ways: ["download"] });
    await page.unlock(words);
    await page.heading("contents.title");
    await page.sees("2,000 files");
    const rows = () => page.page.evaluate(() => document.querySelectorAll(".files li").length);
    // The folder that all are in, and seven closed ones.
    assert.equal(await rows(), 8);
    const opens = () => page.page.evaluate(() => document.querySelector(".files [aria-expanded=false]").click());
    await opens();
    // With the one that shows the rest.
    assert.equal(await rows(), 8 + 100 + 1);
    await page.click(".more button");
    assert.equal(await rows(), 8 + 286);
    assert.match(await page.focused(), /^file-\d+$/);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.deepEqual(await fixture.unzipped("thousands.zip"), Object.fromEntries(NAMES.map((file) => [`thousands/${file}`, sha256(file)])));
  });

  // Every one of them is looked for in the file, with a reading of its own.
  test("2,000 files are found in a saved file, from disk", async (fixture) => {
    const { link, words } = send(fixture);
    const page = await fixture.visit(link, { ways: ["download"] });
    const saved = fixture.saved(link, words);
    await page.chooseFile("#local-file", saved);
    await page.heading("file.title", { name: basename(saved) });
    await page.unlock(words);
    await page.heading("contents.title");
    await page.sees("2,000 files");
    await page.tick("file-0014.txt");
    await page.click("#save-picked");
    await page.heading("saved.title");
    assert.equal((await fixture.downloaded("file-0014.txt", NAMES[14].length)).toString(), NAMES[14]);
  });

  if (name === "chromium") {
    test("2,000 files come into a folder", async (fixture) => {
      const { link, words } = send(fixture);
      const page = await fixture.visit(link, { ways: ["folder"] });
      await page.unlock(words);
      await page.heading("contents.title");
      await page.click("#save-folder");
      await page.heading("saved.title.placed");
      assert.deepEqual(await page.picked("chosen", "thousands"), Object.fromEntries(NAMES.map((file) => [file, file.length])));
    });

    test("a folder of 2,000 files is stopped at once, from a share and from disk, and nothing is left of it", async (fixture) => {
      const { link, words } = send(fixture);
      const saved = fixture.saved(link, words);
      // An origin of its own, where nothing has been picked before.
      const proxy = await fixture.faultProxy();
      for (const isLocal of [false, true]) {
        const page = await fixture.visit(proxy.through(link), { ways: ["folder"] });
        if (isLocal) await page.chooseFile("#local-file", saved);
        if (isLocal) await page.heading("file.title", { name: basename(saved) });
        await page.unlock(words);
        await page.heading("contents.title");
        await page.click("#save-folder");
        await page.progress();
        await page.click("#cancel");
        await page.sees(say("contents.stopped"));
        assert.deepEqual(await page.picked("chosen"), {});
      }
      assert.deepEqual(fixture.env.events(link).filter(({ event }) => event === "receipt"), []);
    });
  }
});

function send(fixture) {
  for (const file of NAMES) fixture.env.file(`thousands/${file}`, file);
  return fixture.send(fixture.env.path("thousands"));
}
