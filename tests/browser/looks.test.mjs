/**
 * Every state of the page, in both languages, light and dark: axe-core finds nothing, nothing is wider than the smallest
 * screen, and letters set as wide apart as people may need them are not cut off. Pictures are left in `PICTURES`
 * (`target/page`): of Chromium in Dutch, or of everything with `npm run pictures`.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { isAccessible, PICTURES } from "./accessible.mjs";
import { BROWSERS, Stage } from "./stage.mjs";
import { prepare, STATES } from "./states.mjs";
import { preferInFirefox } from "./world.mjs";

const TAKES_ALL = process.env.TAKE === "all";
const WIDTHS = [320, 768, 1280];
const ALL = [["nl", "light"], ["nl", "dark"], ["en", "dark"], ["en", "light"]];
/** Each language and each scheme in both browsers, and every pair of them in one. */
const SIGHTS = { chromium: ALL, firefox: TAKES_ALL ? ALL : ALL.filter(([language, scheme]) => (language === "nl") === (scheme === "light")) };

describe("looks", { concurrency: true }, () => {
  for (const name of BROWSERS) {
    describe(name, { concurrency: 1 }, () => {
      const stage = new Stage(name);
      stage.language = "nl";
      before(async () => {
        mkdirSync(PICTURES, { recursive: true });
        await stage.begin();
        await prepare(stage);
      });
      afterEach(() => stage.tidy());
      after(() => stage.end());

      for (const [state, bring] of Object.entries(STATES)) {
        test(`${state} can be used by everybody`, { timeout: 180_000 }, async () => {
          stage.front.open();
          const visit = await bring(stage);
          for (const [language, scheme] of SIGHTS[name]) {
            await speak(visit, language);
            await prefer(stage, visit, scheme);
            await look(visit, { name, language, state, scheme });
          }
        });
      }
    });
  }
});

/** The person prefers light or dark colours from now on. */
async function prefer({ name, browser }, { page }, scheme) {
  if (name === "chromium") await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  else await preferInFirefox(browser, scheme);
  await page.waitForFunction((isDark) => matchMedia("(prefers-color-scheme: dark)").matches === isDark, {}, scheme === "dark");
}

/** What stands on the page stays when another language is chosen. */
async function speak({ page }, language) {
  if ((await page.evaluate(() => document.documentElement.lang)) === language) return;
  await page.evaluate((id) => document.getElementById(id).click(), `speak-${language}`);
  await page.waitForFunction((language) => document.documentElement.lang === language, {}, language);
}

async function look({ page }, { name, language, state, scheme }) {
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  const isTaken = TAKES_ALL || (name === "chromium" && language === "nl");
  for (const width of isTaken ? WIDTHS : WIDTHS.slice(0, 1)) {
    await page.setViewport({ width, height: width < 500 ? 640 : 900 });
    await fits(page, `${state} at ${width}`);
    if (isTaken) await page.screenshot({ path: join(PICTURES, `${name}-${language}-${state}-${scheme}-${width}.png`), fullPage: true });
  }
  await isAccessible(page, `${state}, ${language}, ${scheme}`);
  await page.evaluate(spreadLetters);
  await fits(page, `${state} with letters apart`);
  await page.evaluate(() => (document.adoptedStyleSheets = []));
}

/** Nobody has to scroll sideways, and nothing is cut off. 320 pixels is also what 400 % of a usual screen leaves. */
async function fits(page, state) {
  const cut = await page.evaluate(() => {
    const isCut = (one) => one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1;
    // A field scrolls, a long name ends in three dots before its ending, and how much of a chosen file's name is shown is the browser's own affair.
    const hides = (one) => getComputedStyle(one).overflow !== "visible" && !one.matches("textarea, input, .hidden, .cut .start, .path .whole");
    const cut = [...document.body.querySelectorAll("*")].filter((one) => hides(one) && isCut(one));
    const { scrollWidth, clientWidth } = document.documentElement;
    return [...cut.map(({ outerHTML }) => outerHTML), ...(scrollWidth > clientWidth ? [`${scrollWidth} of ${clientWidth} pixels`] : [])];
  });
  assert.deepEqual(cut, [], state);
}

/** Runs in the page: what a person may set (WCAG 2.2, 1.4.12). */
function spreadLetters() {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }");
  document.adoptedStyleSheets = [sheet];
}
