/** The page for everybody: by keyboard alone, with large text, with colours of one's own. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { inBrowsers, MIB } from "./support/fixture.mjs";

inBrowsers((test, name) => {
  test("the keyboard alone is enough", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("keyboard.bin", "by keyboard"));
    const page = await fixture.visit(link, { ways: ["download"] });
    await page.heading("ask.title");
    const reach = async (id, isBefore = false) => {
      if (isBefore) await page.page.keyboard.down("Shift");
      for (let i = 0; i < 20 && (await page.focused()) !== id; i++) await page.page.keyboard.press("Tab");
      if (isBefore) await page.page.keyboard.up("Shift");
      assert.equal(await page.focused(), id);
    };
    await reach("speak-nl", true);
    await page.page.keyboard.press(" ");
    await page.heading("ask.title", {}, "nl");
    assert.equal(await page.focused(), "speak-nl");
    await reach("words");
    await page.page.keyboard.type(words.replaceAll("-", " "));
    await page.page.keyboard.press("Enter");
    await page.heading("contents.title", {}, "nl");
    assert.equal(await page.focused(), "H1");
    await reach("save");
    await page.page.keyboard.press("Enter");
    await page.heading("saved.title", {}, "nl");
    assert.equal(await page.focused(), "H1");
    await fixture.downloaded("keyboard.bin", 11);
  });

  if (name === "chromium") {
    test("with colours of one's own every button, field and notice keeps an edge, and focus is seen", async (fixture) => {
      const { link } = fixture.send(fixture.env.file("forced.bin", "x"));
      const page = await fixture.visit(link);
      const session = await page.page.createCDPSession();
      await session.send("Emulation.setEmulatedMedia", { features: [{ name: "forced-colors", value: "active" }] });
      await page.unlock("qqqqqqq housxq");
      await page.problem();
      assert.ok(await page.page.evaluate(() => matchMedia("(forced-colors: active)").matches));
      const edges = await page.page.evaluate(() => {
        const looks = [...document.querySelectorAll("button:not([aria-pressed=false]), textarea, .problem")].map((one) => getComputedStyle(one));
        return looks.map(({ borderLeftWidth, borderLeftStyle, borderLeftColor, backgroundColor }) => [borderLeftWidth !== "0px", borderLeftStyle, borderLeftColor !== backgroundColor].join());
      });
      assert.ok(edges.length > 3);
      assert.deepEqual([...new Set(edges)], ["true,solid,true"]);
      await page.page.focus("#words");
      assert.match(await page.page.evaluate(() => getComputedStyle(document.querySelector("#words")).outline), /solid 3px/);
    });
  }

  test("nothing on the page moves by itself", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.sendToKey(fixture.env.file("still.bin", randomBytes(9 * MIB)));
    const page = await fixture.visit(proxy.through(link));
    await page.unlock(words);
    await page.heading("contents.title");
    proxy.stall(3 * MIB);
    await page.click("#save");
    await page.progress();
    const moving = await page.page.evaluate(() => [
      ...document.getAnimations().filter(({ effect }) => effect.getComputedTiming().duration > 0),
      ...[...document.querySelectorAll("*")].filter((one) => getComputedStyle(one).transitionDuration !== "0s"),
    ].length);
    assert.equal(moving, 0);
  });
});
