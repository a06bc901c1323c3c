/** What shows only after half a minute. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { say } from "./driver.mjs";
import { inBrowsersAtOnce, MIB } from "./stage.mjs";
import { until } from "./world.mjs";

inBrowsersAtOnce((test) => {
  test("a download that comes to a standstill goes on by itself", async (stage) => {
    const gate = await stage.gate();
    const bytes = randomBytes(9 * MIB);
    const { link, words } = stage.send(stage.world.file("standstill.bin", bytes));
    const page = await stage.visit(gate.through(link), { ways: ["download"] });
    await page.unlock(words);
    await page.heading("contents.title");
    gate.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    await page.sees(say("saving.waiting", { why: say("failure.stalled") }));
    await page.heading("saved.title");
    assert.ok((await stage.downloaded("standstill.bin", bytes.length)).equals(bytes));
  });

  test("a receipt that could not be sent is sent when asked again", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("receipt.bin", "x"));
    const page = await stage.visit(gate.through(link));
    await page.unlock(words);
    await page.heading("contents.title");
    gate.refuse("/receipt");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.failed"));
    gate.refuse(null);
    await page.click("#tell");
    await page.sees(say("saved.receipt.sent"));
  });

  test("a download whose page was closed is never complete", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("gone.bin", randomBytes(20 * MIB)));
    gate.stall(8 * MIB);
    const page = await stage.visit(gate.through(link), { ways: ["download"] });
    await page.unlock(words);
    await page.heading("contents.title");
    await page.click("#save");
    const isGrowing = () => readdirSync(stage.downloads).some((file) => /^gone.*(part|crdownload)$/.test(file));
    await until(isGrowing, "the download did not begin");
    await page.page.close();
    // Nothing tells of it: by then Firefox would have ended the service worker, and taken what came for the whole.
    await pause(40_000);
    assert.ok(!stage.hasDownloaded("gone.bin"));
    assert.deepEqual(stage.world.events(link).filter(({ event }) => event === "receipt"), []);
  });

  test("a relay that stays away at first is asked again, with a sentence about it", async (stage) => {
    const gate = await stage.gate();
    const { link } = stage.send(stage.world.file("away.bin", "x"));
    gate.close();
    const page = await stage.visit(gate.through(link));
    await page.heading("problem.now");
    for (const key of ["failure.unreachable", "failure.unreachable.hint", "again.itself"]) await page.sees(say(key));
    gate.open();
    await page.heading("ask.title");
  });
});
