/** Saving again what was given to the browser: for how long, from another tab, and who can no longer. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { say } from "./support/driver.mjs";
import { RECIPIENT } from "./support/helpers.mjs";
import { inBrowsers, inBrowsersOfTheirOwn, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

inBrowsers((test) => {
  test("who closed the tab gets it again with the words, and so does who did not", async (fixture) => {
    const { bytes, link, words } = send(fixture, "closed.bin");
    const first = await opened(fixture, { link, words });
    await first.click("#save");
    await first.heading("saved.title");
    await fixture.downloaded("closed.bin", bytes.length);
    const second = await fixture.visit(link, { ways: ["download"] });
    await second.heading("ask.title");
    await second.sees(say("ask.again").split("{time}")[0]);
    for (const page of [second, first]) {
      fixture.empty();
      if (page === second) await second.unlock(words);
      await page.click(page === second ? "#save" : "#save-again");
      await page.heading("saved.title");
      assert.ok((await fixture.downloaded("closed.bin", bytes.length)).equals(bytes));
    }
    assert.equal(fixture.events(link, "ticket").filter(({ replaces }) => replaces).length, 2);
    await first.click("#have");
    await first.sees(say("saved.receipt.received"));
    assert.equal(fixture.events(link, "collected").length, 1);
    const third = await fixture.visit(link);
    await third.sees(say("failure.collected.hint"));
  });

  test("who saved a part and closed the tab is not shut out", async (fixture) => {
    const folder = { "a.txt": "a", "b.bin": randomBytes(MIB) };
    for (const [file, bytes] of Object.entries(folder)) fixture.env.file(join("part", file), bytes);
    const { link, words } = fixture.send("--once", fixture.env.path("part"));
    const first = await opened(fixture, { link, words });
    await first.tick("a.txt");
    await first.click("#save-picked");
    await first.heading("saved.title");
    await first.sees(say("saved.receipt.none"));
    await first.close();
    const second = await opened(fixture, { link, words });
    await second.click("#save");
    await second.heading("saved.title");
    assert.equal(Object.keys(await fixture.unzipped("part.zip")).length, 2);
    await second.click("#have");
    await second.sees(say("saved.receipt.received"));
    assert.equal(fixture.events(link, "collected").length, 1);
  });

  test("an answer to a receipt that is lost loses nothing", async (fixture) => {
    const { bytes, link, words } = send(fixture, "answer.bin", "--recipient", RECIPIENT);
    let isLost = true;
    const lose = (answer) => Object.assign(answer, { status: 400, headers: {}, body: "" });
    const { url: server } = await fixture.faultProxy((path) => (isLost && path.endsWith("/receipt") ? lose : null));
    const page = await opened(fixture, { link: link.replace(fixture.relay, server), words });
    await page.click("#save");
    await page.sees(say("saved.receipt.failed"));
    await page.sees(say("saved.missing"));
    fixture.empty();
    await page.click("#save-again");
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded("answer.bin", bytes.length)).equals(bytes));
    await page.sees(say("saved.receipt.failed"));
    await page.click("#tell");
    await page.problem();
    isLost = false;
    await page.click("#tell");
    await page.sees(say("saved.receipt.sent"));
    await page.click("#have");
    await page.sees(say("saved.receipt.received"));
    assert.equal(fixture.events(link, "collected").length, 1);
  });

  test("who opened it with a key is asked before the only tab that has it is left", async (fixture) => {
    const { link } = fixture.send("--once", "--recipient", RECIPIENT, fixture.env.file("key.bin", "x"));
    const page = await opened(fixture, { link, words: null });
    const asks = () => page.page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));
    await page.click("#save");
    await page.heading("saved.title");
    assert.equal(await asks(), true);
    const other = await fixture.visit(link);
    await other.sees(say("failure.downloads_taken"));
    fixture.empty();
    await page.click("#save-again");
    await page.heading("saved.title");
    await fixture.downloaded("key.bin", 1);
    await page.click("#have");
    await page.sees(say("saved.receipt.received"));
    assert.equal(await asks(), false);
    assert.equal(fixture.events(link, "collected").length, 1);
  });
});

inBrowsersOfTheirOwn((test) => {
  test("it can be saved again as long as the relay keeps it, whatever this computer's clock says", { relay: threeDaysBehind }, async (fixture) => {
    const sent = ["download", "memory"].map((way) => ({ way, ...send(fixture, `${way}.bin`, "--recipient", RECIPIENT) }));
    const pages = [];
    for (const { way, link, words } of sent) {
      const page = await fixture.opened({ link, words }, { ways: [way] });
      await page.click("#save");
      await page.heading("saved.title");
      await page.sees(say("saved.again.until").split("{time}")[0]);
      pages.push(page);
    }
    const [download, memory] = pages;
    for (const page of pages) await until(() => page.page.evaluate(() => document.querySelector("#have") === null), "it is kept for ever");
    for (const { link } of sent) assert.equal((await fetch(link.replace("/s/", "/v1/shares/"))).status, 410);
    await download.sees(say("saved.over"));
    assert.equal(await download.page.$("#save-again"), null);
    // What is in memory is there without the relay.
    fixture.empty();
    await memory.click("#save-again");
    assert.ok((await fixture.downloaded("memory.bin", MIB)).equals(sent[1].bytes));
  });
});

/** Sends a file for one download. */
function send(fixture, file, ...options) {
  const bytes = randomBytes(MIB);
  return { bytes, ...fixture.send("--once", ...options, fixture.env.file(file, bytes)) };
}

function opened(fixture, sent) {
  return fixture.opened(sent, { ways: ["download"] });
}

/** A relay that keeps what was given to a browser for some seconds. To its clock, this computer's is three days fast. */
function threeDaysBehind(env) {
  return env.relayAtOdds("-3d", "--grace", "10");
}
