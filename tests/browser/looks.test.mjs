/**
 * Every state of the page, in both languages, light and dark: axe-core finds nothing, nothing is wider than the smallest
 * screen, and letters set as wide apart or twice as large as people may need them are not cut off. Pictures are left in
 * `PICTURES` (`target/page`): of Chromium in Dutch, or of everything, with colours of one's own, large letters and on paper
 * too, with `npm run pictures`.
 */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { isAccessible, PICTURES } from "./support/accessible.mjs";
import { BROWSERS, Fixture } from "./support/fixture.mjs";
import { prepare, STATES } from "./support/page_states.mjs";
import { preferInFirefox } from "./support/test_env.mjs";

const TAKES_ALL = process.env.TAKE === "all";
const WIDTHS = [320, 390, 768, 1280];
const ALL = [["nl", "light"], ["nl", "dark"], ["en", "dark"], ["en", "light"]];
/** Each language and each scheme in both browsers, and every pair of them in one. */
const SIGHTS = { chromium: ALL, firefox: TAKES_ALL ? ALL : ALL.filter(([language, scheme]) => (language === "nl") === (scheme === "light")) };

/** What a person may set (WCAG 2.2, 1.4.12 and 1.4.4). */
const SPREAD_LETTERS = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }";
const TWICE_AS_LARGE = "html { font-size: 225% !important }";

describe("looks", { concurrency: true }, () => {
  for (const name of BROWSERS) {
    describe(name, { concurrency: 1 }, () => {
      const fixture = new Fixture(name);
      fixture.language = "nl";
      before(async () => {
        mkdirSync(PICTURES, { recursive: true });
        await fixture.begin();
        await prepare(fixture);
      });
      afterEach(() => fixture.tidy());
      after(() => fixture.end());

      for (const [state, bring] of Object.entries(STATES)) {
        test(`${state} can be used by everybody`, { timeout: 180_000 }, async () => {
          fixture.front.open();
          const visit = await bring(fixture);
          for (const [language, scheme] of SIGHTS[name]) {
            await speak(visit, language);
            await prefer(fixture, visit, scheme);
            await look(visit, { name, language, state, scheme });
          }
          if (TAKES_ALL && name === "chromium") await takeOthers(visit, state);
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
  await page.evaluate(style, SPREAD_LETTERS);
  await fits(page, `${state} with letters apart`);
  await page.setViewport({ width: 390, height: 844 });
  await page.evaluate(style, TWICE_AS_LARGE);
  await fits(page, `${state} with letters twice as large`);
  await page.evaluate(style, "");
}

/** Pictures with colours of one's own, with letters twice as large, and on paper. */
async function takeOthers({ page }, state) {
  const session = await page.createCDPSession();
  const sights = { forced: { features: [{ name: "forced-colors", value: "active" }] }, large: {}, paper: { media: "print" } };
  for (const [sight, media] of Object.entries(sights)) {
    await session.send("Emulation.setEmulatedMedia", { media: "", features: [], ...media });
    await page.evaluate(style, sight === "large" ? TWICE_AS_LARGE : "");
    for (const width of [390, 1280]) {
      await page.setViewport({ width, height: 900 });
      await page.screenshot({ path: join(PICTURES, `chromium-${state}-${sight}-${width}.png`), fullPage: true });
    }
  }
  await session.detach();
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

/** Runs in the page: what a person has set. */
function style(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [sheet];
}
