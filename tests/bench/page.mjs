/**
 * A browser for `page.py`: does what each line of standard input asks, once, and answers with a line of JSON: how many
 * seconds it took. Everything goes through the page as people use it, but for the plain download it is compared with.
 *
 *     page.mjs chromium
 *     {"do": "plain", "url": …}                          the browser downloads what lies there
 *     {"do": "save", "way": …, "link": …, "words": …}    from the click on Save to “saved and verified” and the whole file
 *     {"do": "words", "link": …, "words": …}             from the click on Open to the list of files
 *     {"do": "load", "link": …, "visit": 1, "until": …}  from following the link, for the first or second time and over a slow
 *                                                        line, to the form being `seen` or `working` (Chromium alone)
 */

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buttonFor, Visit } from "../browser/support/driver.mjs";
import { firefox } from "../browser/support/webdriver.mjs";
import { TestEnv, until } from "../browser/support/test_env.mjs";

const PATIENCE_MS = 600_000;
const UNFINISHED = /\.(crdownload|part)$/;

const [name] = process.argv.slice(2);
const env = new TestEnv();
// Under puppeteer Firefox takes everything into memory.
const { browser, downloads } = await (name === "firefox" ? firefox(env) : env.browser(name));
const TASKS = { plain, save, words, load };
/** 400 kbit/s, and 400 ms for each request. */
const SLOW = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };

try {
  for await (const line of createInterface(process.stdin)) {
    const task = JSON.parse(line);
    console.log(JSON.stringify({ seconds: await TASKS[task.do](task) }));
  }
} finally {
  await env.end();
}

async function plain({ url }) {
  const page = await browser.newPage();
  await page.goto("about:blank");
  const started = performance.now();
  // Without waiting: what is downloaded is never arrived at.
  await page.evaluate((url) => void location.assign(url), url);
  const seconds = await untilWhole(started);
  await page.close();
  return seconds;
}

async function save({ link, words, way }) {
  const visit = await Visit.open(browser, link, { ways: [way] });
  await visit.unlock(words);
  await visit.heading("contents.title");
  const started = performance.now();
  await visit.page.evaluate((button) => document.querySelector(button).click(), buttonFor(way));
  const seconds = way === "download" ? await untilWhole(started) : await untilSaved(visit, started);
  await visit.heading(way === "file" ? "saved.title.placed" : "saved.title");
  if (way === "file") await visit.page.evaluate(emptyPrivateFolder);
  await visit.close();
  return seconds;
}

async function words({ link, words }) {
  const visit = await Visit.open(browser, link);
  await visit.heading("ask.title");
  await visit.paste("#words", words);
  await until(() => visit.page.evaluate(() => document.querySelectorAll(".marks .exact").length === 6), "the words are not marked");
  const milliseconds = await visit.page.evaluate(openAndWait);
  await visit.page.close();
  return milliseconds / 1000;
}

async function load({ link, visit, until: moment }) {
  const context = await browser.createBrowserContext();
  let seconds;
  for (let count = 0; count < visit; count++) {
    const page = await context.newPage();
    const session = await page.createCDPSession();
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", SLOW);
    await page.evaluateOnNewDocument(watchForm);
    await page.goto(link, { waitUntil: "networkidle0", timeout: PATIENCE_MS });
    seconds = (await until(() => page.evaluate((moment) => globalThis[moment], moment), `the form is never ${moment}`)) / 1000;
    await page.close();
  }
  await context.close();
  return seconds;
}

/** Runs in the page, before it: notes when the form is drawn, and when the scripts that make it work have begun. */
function watchForm() {
  const look = () => {
    const isSeen = document.querySelector("#words")?.checkVisibility() ?? false;
    if (isSeen) globalThis.seen ??= performance.now();
    if (isSeen && document.querySelector("#fallback") === null) globalThis.working ??= performance.now();
    if (!globalThis.working) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Runs in the page: opens the share with the words that stand there. */
async function openAndWait() {
  const started = performance.now();
  document.querySelector("#open").click();
  await new Promise((resolve) => {
    const look = () => document.querySelector("#save") && resolve();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  });
  return performance.now() - started;
}

/** Seconds until a file lies among the downloads under its own name; it is then removed. */
async function untilWhole(started) {
  const isWhole = () => {
    const files = readdirSync(downloads);
    return files.length > 0 && !files.some((file) => UNFINISHED.test(file));
  };
  await until(isWhole, "nothing was downloaded", PATIENCE_MS);
  const seconds = (performance.now() - started) / 1000;
  for (const file of readdirSync(downloads)) rmSync(join(downloads, file));
  return seconds;
}

async function untilSaved(visit, started) {
  await until(() => visit.page.evaluate(() => document.querySelector("#back") !== null), "nothing was saved", PATIENCE_MS);
  return (performance.now() - started) / 1000;
}

/** Runs in the page. */
async function emptyPrivateFolder() {
  const root = await navigator.storage.getDirectory();
  for await (const name of root.keys()) await root.removeEntry(name);
}
