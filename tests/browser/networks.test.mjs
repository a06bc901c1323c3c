/** Networks and relays that go away and come back. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { say } from "./driver.mjs";
import { inBrowsers, MIB } from "./stage.mjs";
import { World } from "./world.mjs";

inBrowsers((test) => {
  test("a download that the network cuts goes on by itself", async (stage) => {
    const gate = await stage.gate();
    const bytes = randomBytes(9 * MIB);
    const { link, words } = stage.send(stage.world.file("cut.bin", bytes));
    const page = await stage.visit(gate.through(link), { ways: ["download"] });
    await page.unlock(words);
    await page.heading("contents.title");
    gate.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    gate.close();
    await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
    gate.open();
    await page.heading("saved.title");
    assert.ok((await stage.downloaded("cut.bin", bytes.length)).equals(bytes));
  });

  test("a download goes on when the relay was killed and started again", async (stage) => {
    const restarted = new World();
    try {
      const { url, stop, start } = await restarted.restartable();
      const gate = await restarted.gate(url);
      const bytes = randomBytes(9 * MIB);
      const { link, words } = restarted.send(url, restarted.file("restart.bin", bytes));
      const page = await stage.visit(gate.through(link), { ways: ["download"] });
      await page.unlock(words);
      await page.heading("contents.title");
      gate.stall(3 * MIB);
      await page.click("#save");
      await page.progress();
      await stop();
      gate.close();
      await start();
      gate.open();
      await page.heading("saved.title");
      await page.sees(say("saved.receipt.sent"));
      assert.ok((await stage.downloaded("restart.bin", bytes.length)).equals(bytes));
      } finally {
      await restarted.end();
    }
  });

  test("a relay that cannot be reached at first is asked again without being told to", async (stage) => {
    const gate = await stage.gate();
    const { link } = stage.send(stage.world.file("first.bin", "x"));
    gate.close();
    const page = await stage.visit(gate.through(link));
    await page.heading("checking");
    await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
    gate.open();
    await page.heading("ask.title");
  });

  test("a relay that goes while words are typed costs nothing of what was typed", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("typed.bin", "x"));
    const page = await stage.visit(gate.through(link));
    await page.heading("ask.title");
    await page.type("#words", words.slice(0, 10));
    gate.close();
    await page.type("#words", words.slice(10));
    await page.click("#open");
    await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
    assert.equal(await page.value("#words"), words);
    gate.open();
    await page.heading("contents.title");
  });

  test("a relay that goes before the word lists have come costs nothing of what was typed either", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("lists.bin", "x"));
    const page = await stage.visit(gate.through(link));
    await page.heading("ask.title");
    gate.refuse("");
    await page.paste("#words", words);
    await page.click("#open");
    await page.problem();
    await page.sees(say("failure.unreachable"));
    assert.equal(await page.value("#words"), words);
    gate.refuse(null);
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("a worker that cannot be fetched is no old browser, and is fetched again by itself", async (stage) => {
    const gate = await stage.gate();
    const { link } = stage.send(stage.world.file("worker.bin", "x"));
    gate.refuse("/page/worker.js");
    const page = await stage.visit(gate.through(link));
    await page.sees(say("failure.unreachable"));
    await page.sees(say("again.itself"));
    gate.refuse(null);
    await page.heading("ask.title");
  });
});
