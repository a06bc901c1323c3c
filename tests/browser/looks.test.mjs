/**
 * Every state of the page, in both languages: axe-core finds nothing, nothing is wider than the smallest screen, and
 * pictures at three widths, light and dark, are left in `SHOTS` (`target/page`).
 */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isAccessible } from "./accessible.mjs";
import { STATES } from "./states.mjs";
import { World } from "./world.mjs";

const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
const SHOTS = process.env.SHOTS ?? new URL("../../target/page", import.meta.url).pathname;
const WIDTHS = [320, 768, 1280];
/** Six words that belong together, and to no share here. */
const WRONG = JSON.parse(readFileSync(new URL("../vectors/words.json", import.meta.url), "utf8")).phrases.find(({ list, words }) => list === "en" && words.split("-").length === 6).words;

for (const name of BROWSERS) {
  describe(name, () => {
    const world = new World();
    const stage = { world, wrong: WRONG, send: (file, ...args) => world.send(stage.relay, world.file(file, "x".repeat(120_000)), ...args) };
    // Firefox cannot be told by its driver which colours a person prefers.
    const schemes = name === "chromium" ? ["light", "dark"] : ["light"];
    before(async () => {
      stage.relay = await world.relay();
      stage.gate = await world.gate(stage.relay);
      ({ browser: stage.browser } = await world.browser(name));
      mkdirSync(SHOTS, { recursive: true });
    });
    after(() => world.end());

    for (const [state, bring] of Object.entries(STATES)) {
      test(`${state} can be used by everybody`, async () => {
        for (const language of ["nl", "en"]) {
          stage.language = language;
          stage.gate.open();
          const visit = await bring(stage);
          for (const scheme of schemes) {
            if (name === "chromium") await visit.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
            for (const width of WIDTHS) {
              await visit.page.setViewport({ width, height: width < 500 ? 640 : 900 });
              await fits(visit.page, `${state} at ${width}`);
              await visit.page.screenshot({ path: join(SHOTS, `${name}-${language}-${state}-${scheme}-${width}.png`), fullPage: true });
            }
            await isAccessible(visit.page, `${state}, ${language}, ${scheme}`);
          }
          await visit.close();
        }
      });
    }
  });
}

/** Nobody has to scroll sideways; 320 pixels is also what 400 % of a usual screen leaves. */
async function fits(page, state) {
  const [needed, there] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(needed <= there, `${state}: ${needed} of ${there} pixels`);
}
