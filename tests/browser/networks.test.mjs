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
});
