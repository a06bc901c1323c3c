/** The page for everybody: by keyboard alone, with large text, with colours of one's own. */

import assert from "node:assert/strict";
import { inBrowsers } from "./stage.mjs";

inBrowsers((test) => {
  test("the keyboard alone is enough", async (stage) => {
    const { link, words } = stage.send(stage.world.file("keyboard.bin", "by keyboard"));
    const page = await stage.visit(link, { ways: ["download"] });
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
    await stage.downloaded("keyboard.bin", 11);
  });
});
