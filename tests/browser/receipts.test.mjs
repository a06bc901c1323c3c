/** What the sender is told, when, and what becomes of the page until then. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { say } from "./support/driver.mjs";
import { inBrowsers } from "./support/fixture.mjs";

inBrowsers((test) => {
  test("what goes through memory is handed over before the sender is told, and again when asked", async (fixture) => {
    const bytes = randomBytes(300_000);
    const { link, words } = fixture.sendToKey(fixture.env.file("memory-first.bin", bytes));
    const isThere = async () => assert.ok((await fixture.downloaded("memory-first.bin", bytes.length)).equals(bytes));
    const { url: server } = await fixture.faultProxy((path) => (path.endsWith("/receipt") ? isThere : null));
    const page = await fixture.opened({ link: link.replace(fixture.relay, server), words });
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    rmSync(join(fixture.downloads, "memory-first.bin"));
    await page.click("#save-again");
    await isThere();
  });

  test("the page asks before it is left while the sender is still to be told", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("untold.bin", "x"));
    proxy.refuse("/receipt", 400);
    const page = await fixture.opened({ link: proxy.through(link), words });
    const asks = () => page.page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
    assert.equal(await asks(), false);
    await page.click("#save");
    await page.sees(say("saved.receipt.failed"));
    assert.equal(await asks(), true);
    proxy.refuse(null);
    await page.click("#tell");
    await page.sees(say("saved.receipt.sent"));
    assert.equal(await asks(), false);
  });

  test("whoever is told again is told once, however often one presses", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("told.bin", "x"));
    const page = await fixture.opened({ link: proxy.through(link), words });
    proxy.refuse("/receipt", 400);
    await page.click("#save");
    await page.heading("saved.title");
    await page.listen();
    await page.hears(say("saved.receipt.failed"));
    // What is not answered at all is tried again by itself.
    proxy.refuse("/receipt");
    await page.pressTwice(say("saved.receipt.again"));
    await page.hears(say("saved.receipt.telling"));
    assert.equal(await page.focused(), "tell");
    proxy.refuse(null);
    await page.hears(say("saved.receipt.sent"));
    assert.equal(await page.focused(), "have");
    assert.ok(!(await page.text()).includes(say("failure.unexpected")));
    assert.equal(fixture.events(link, "receipt").length, 1);
  });
});
