/**
 * A file far larger than what a tab may take: it arrives whole, and the tab stays small. `LARGE_GIB` is its size; twice
 * that must be free in the folder for temporary files.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buttonFor, say, Visit } from "./support/driver.mjs";
import { Memory } from "./support/memory.mjs";
import { firefox } from "./support/webdriver.mjs";
import { TestEnv, until } from "./support/test_env.mjs";

const MIB = 1024 * 1024;
const LARGE = Number(process.env.LARGE_GIB ?? 3) * 1024 * MIB;
/** The most that the page keeps in memory. */
const KEPT = 256 * MIB;
const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
const TAB_BYTES = 300 * MIB;
/** What else a browser may take, however large the file is. */
const OTHERS_BYTES = 800 * MIB;
const SAVING_MS = 3_600_000;

const LAUNCH = {
  chromium: async (env) => {
    const launched = await env.browser("chromium");
    return { ...launched, pid: launched.browser.process().pid };
  },
  firefox,
};

describe("large files", () => {
  const env = new TestEnv();
  let relay;
  let large;
  before(async () => {
    relay = await env.relay();
    large = sent("large.bin", LARGE);
  });
  after(() => env.end());

  for (const [name, way] of [["chromium", "download"], ["chromium", "file"], ["firefox", "download"]]) {
    test(`${name} saves ${LARGE / 1024 / MIB} GiB by way of ${way}, in a small tab`, { skip: !BROWSERS.includes(name) }, async () => {
      const { tab, others } = await saved(name, way, large);
      assert.ok(tab < TAB_BYTES, `the tab took ${tab} bytes`);
      assert.ok(others < OTHERS_BYTES, `the rest of the browser took ${others} bytes`);
    });
  }

  for (const name of ["chromium", "firefox"]) {
    test(`${name} saves all that may be kept in memory`, { skip: !BROWSERS.includes(name) }, async () => {
      await saved(name, "memory", sent("kept.bin", KEPT));
    });
  }

  /** Sends a file that differs in every MiB and is otherwise not really there; gives its share, length and SHA-256. */
  function sent(file, bytes) {
    const path = env.file(file, "");
    const target = openSync(path, "r+");
    for (let at = 0; at < bytes; at += MIB) writeSync(target, randomBytes(16), 0, 16, at);
    closeSync(target);
    truncateSync(path, bytes);
    return { ...env.send(relay, path), file, bytes, sha256: sha256(path) };
  }

  /** Saves a share in a browser of its own; gives the most memory that was taken, once the file has proved whole. */
  async function saved(name, way, { link, words, file, bytes, sha256: wanted }) {
    const own = new TestEnv();
    try {
      const { browser, downloads, pid } = await LAUNCH[name](own);
      const memory = new Memory(pid);
      const page = await Visit.open(browser, link, { ways: [way] });
      await page.unlock(words);
      await page.heading("contents.title");
      const title = way === "file" ? "saved.title.placed" : "saved.title";
      const begun = performance.now();
      await page.click(buttonFor(way));
      const hasEnded = () => page.page.evaluate((saved) => document.querySelector("#problem") !== null || document.querySelector("#page h1").textContent === saved, say(title));
      await until(hasEnded, "it is still being saved", SAVING_MS);
      await page.heading(title);
      const seconds = (performance.now() - begun) / 1000;
      await page.sees(say(way === "file" ? "saved.receipt.received" : "saved.receipt.sent"));
      const path = way === "file" ? pickedFile(own.root, bytes) : join(downloads, file);
      await until(() => existsSync(path) && statSync(path).size === bytes, `${file} is not there`);
      const peak = memory.end();
      assert.equal(sha256(path), wanted);
      await page.close();
      const [tab, others] = [peak.tab, peak.others].map((bytes) => `${Math.round(bytes / MIB)} MiB`);
      console.log(`${name}, ${way}: ${bytes / MIB} MiB in ${seconds.toFixed(1)} s; the tab took ${tab} at most, the rest of the browser ${others}`);
      return peak;
    } finally {
      await own.end();
    }
  }
});

function sha256(path) {
  return spawnSync("sha256sum", [path], { encoding: "utf8" }).stdout.slice(0, 64);
}

/** The browser's private file system, which stands in for a picked file, lies in its profile. */
function pickedFile(root, bytes) {
  return spawnSync("find", [root, "-type", "f", "-size", `${bytes}c`], { encoding: "utf8" }).stdout.trim();
}
