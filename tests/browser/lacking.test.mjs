/**
 * What is taken from a browser by an office's policies, a hardened profile or its age: each first way is really gone, and
 * the next one opens and saves.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { whyNoMounts } from "./support/desktop.mjs";
import { say } from "./support/driver.mjs";
import { pageFile } from "./support/helpers.mjs";
import { inBrowsersOfTheirOwn, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

/** Whether to wait for minutes, where nothing is compiled. */
const IS_LONG = process.env.SLOW !== undefined;
/** How long scrypt may take in an interpreter, on a computer that is busy with others. */
const SLOW_MS = 1_200_000;

inBrowsersOfTheirOwn((test, name) => {
  const isChromium = name === "chromium";

  /** A test where one thing is gone: by an office's policies in Chromium, by preferences in Firefox. */
  function without(what, { policies, preferences, skip, timeout }, run) {
    const desktop = isChromium ? { policies } : { preferences };
    const isMissing = isChromium ? !policies : !preferences;
    test(what, { desktop, timeout, skip: skip ?? ((isMissing && "this browser has no such setting") || (isChromium && whyNoMounts())) }, run);
  }

  without("without WebAssembly it says how far it is, can be stopped, opens and saves", { preferences: { "javascript.options.wasm": false } }, (fixture) => opensSlowly(fixture, fixture.relay));

  // Chromium then has no WebAssembly either.
  without(
    "without a compiler it takes minutes, says how far it is, can be stopped, opens and saves",
    {
      policies: { DefaultJavaScriptJitSetting: 2 },
      preferences: { "javascript.options.wasm": false, "javascript.options.ion": false, "javascript.options.baselinejit": false },
      skip: !IS_LONG && "it takes minutes: npm run slow",
      timeout: SLOW_MS,
    },
    (fixture) => opensSlowly(fixture, fixture.relay),
  );

  test("where WebAssembly is refused it does the same", async (fixture) => {
    const csp = "content-security-policy";
    const refuse = (path) => path === pageFile("worker.js") && ((answer) => (answer.headers[csp] = answer.headers[csp].replace("'wasm-unsafe-eval'", "")));
    const { url } = await fixture.faultProxy(refuse);
    await opensSlowly(fixture, url);
  });

  without("without service workers it saves through memory", { policies: { DefaultCookiesSetting: 2 }, preferences: { "dom.serviceWorkers.enabled": false } }, async (fixture) => {
    const { bytes, page } = await saves(fixture, "memory.bin");
    await page.sees(say("saved.where.memory"));
    assert.ok((await fixture.downloaded("memory.bin", bytes.length)).equals(bytes));
  });

  without("without a private file system memory comes before the download", { preferences: { "dom.fs.enabled": false } }, async (fixture) => {
    const { bytes, page } = await saves(fixture, "before.bin");
    await page.sees(say("saved.where.memory"));
    assert.ok((await fixture.downloaded("before.bin", bytes.length)).equals(bytes));
  });
});

/** Sends a file to a key, opens it and saves it as a browser does that has all it has. */
async function saves(fixture, file) {
  const bytes = randomBytes(3 * MIB);
  const page = await fixture.opened(fixture.sendToKey(fixture.env.file(file, bytes)), { ways: ["download", "pickers"] });
  await page.click("#save");
  await page.heading("saved.title");
  return { bytes, page };
}

/** Opens with words in plain JavaScript, after stopping it once, and saves. */
async function opensSlowly(fixture, relay) {
  const bytes = randomBytes(MIB + 1);
  const { link, words } = fixture.send(fixture.env.file("slow.bin", bytes));
  const page = await fixture.visit(link.replace(fixture.relay, relay), { ways: ["download"] });
  await page.heading("ask.title");
  await page.page.evaluate(noteProgress);
  await page.unlock(words);
  await page.click("#stop");
  await page.hears(say("failure.cancelled"));
  assert.equal(await page.value("#words"), words);
  await page.click("#open");
  await until(() => page.page.evaluate(() => document.querySelector("#save") !== null), "it does not open", SLOW_MS);
  const noted = await page.page.evaluate(() => globalThis.noted);
  const pattern = new RegExp(say("ask.opening.slow", { percent: "(\\d+)" }));
  const percents = noted.map((text) => Number(pattern.exec(text)?.[1])).filter((percent) => !Number.isNaN(percent));
  assert.ok(percents.some((percent) => percent > 20), String(noted));
  const said = await page.page.evaluate(() => globalThis.said);
  assert.ok(!said.includes(say("words.fit", { count: 6 })), `what is said of words is said while they open: ${said}`);
  await page.click("#save");
  await page.heading("saved.title");
  assert.ok((await fixture.downloaded("slow.bin", bytes.length)).equals(bytes));
}

/** Runs in the page: notes what it says of its work, and what it has read out. */
function noteProgress() {
  globalThis.live = document.querySelector("[role=status]");
  [globalThis.noted, globalThis.said] = [[], []];
  const note = () => {
    const said = globalThis.live.textContent;
    if (said !== globalThis.said.at(-1)) globalThis.said.push(said);
    const text = document.querySelector("#opening")?.textContent;
    if (text && text !== globalThis.noted.at(-1)) globalThis.noted.push(text);
  };
  new MutationObserver(note).observe(document.body, { childList: true, characterData: true, subtree: true });
}
