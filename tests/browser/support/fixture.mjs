/**
 * The fixture of a test: a browser and a relay in an environment of their own. What one test breaks or leaves open is mended and
 * closed before the next, and whatever it visited is held to what holds for every visit.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, parse } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Screen } from "./desktop.mjs";
import { Visit } from "./driver.mjs";
import { RECIPIENT } from "./helpers.mjs";
import { TestEnv, until } from "./test_env.mjs";

export const MIB = 1024 * 1024;
export const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
/** A test that takes longer hangs; the next one then begins with another browser. */
const TEST_MS = 180_000;
/** One that waits among others that all begin at once. */
const WAITING_TEST_MS = 2 * TEST_MS;
/** How long a browser may take to close what a test left. */
const CLOSE_MS = 15_000;

/** Prints what is in a .zip as JSON, after testing all of it. */
const UNZIP = `
import sys, zipfile, json, hashlib
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print(json.dumps({i.filename: hashlib.sha256(archive.read(i)).hexdigest() for i in archive.infolist() if not i.is_dir()}))
`;

/** A browser with its relay. */
export class Fixture {
  env = new TestEnv();
  #visits = [];
  #stop = async () => {};

  /** `desktop` is what lies around its browser (`TestEnv.browser`), with a screen if that has `windows`; `relay` begins its relay. */
  constructor(name, { desktop = {}, relay = (env) => env.relay() } = {}) {
    this.name = name;
    this.desktop = desktop;
    this.beginRelay = relay;
  }

  async begin() {
    this.relay = await this.beginRelay(this.env);
    if (this.desktop.windows) this.desktop.screen = await Screen.begin(this.env);
    await this.#launch();
  }

  /** Sends, and gives link, id and words. */
  send(...args) {
    return this.env.send(this.relay, ...args);
  }

  /** Sends to a key, which neither sender nor browser has to work for: for tests of what comes after opening. */
  sendToKey(...args) {
    return this.send("--recipient", RECIPIENT, ...args);
  }

  /** A proxy before the relay that can make faults; `rewrite` as of `FaultProxy`. */
  faultProxy(rewrite) {
    return this.env.faultProxy(this.relay, rewrite);
  }

  /**
   * Begins to send 32 MiB in four parts through a proxy, and holds back what is sent to such paths; the link is that past
   * the proxy.
   */
  async sendHeld(proxy, file, held) {
    const bytes = randomBytes(32 * MIB);
    proxy.hold(held);
    const sending = await this.env.beginToSend(proxy.url, this.env.file(file, bytes));
    return { bytes, ...sending, link: sending.link.replace(proxy.url, this.relay) };
  }

  /** What happened of one kind to a share, as its sender sees it. */
  events(link, kind) {
    return this.env.events(link).filter(({ event }) => event === kind);
  }

  /** The same, while a sender or a proxy of this environment goes on working. */
  async eventsBeside(link, kind) {
    const { events } = JSON.parse(await this.env.shareBeside("status", "--json", link));
    return events.filter(({ event }) => event === kind);
  }

  async visit(link, options) {
    const visit = await Visit.open(this.browser, link, options);
    this.#visits.push(visit);
    return visit;
  }

  /** Opens a link in a tab, and what was sent so. */
  async opened({ link, words }, options) {
    const visit = await this.visit(link, options);
    await visit.unlock(words);
    await visit.heading("contents.title");
    return visit;
  }

  /** The bytes of a download, once it is complete. */
  downloaded(file, length) {
    const path = join(this.downloads, file);
    const isWhole = () => this.hasDownloaded(file) && (length === undefined ? statSync(path).size > 0 : statSync(path).size === length);
    return until(() => isWhole() && readFileSync(path), `${file} was not downloaded: ${readdirSync(this.downloads)}`);
  }

  /** What is in a downloaded .zip, after all of it was tested: SHA-256 by name. */
  async unzipped(file) {
    await this.downloaded(file);
    const run = spawnSync("python3", ["-c", UNZIP, join(this.downloads, file)], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    return JSON.parse(run.stdout);
  }

  /** The path of a share saved as an age file. */
  saved(link, words) {
    const path = this.env.path(`saved-${Math.random()}.age`);
    this.env.share("get", "--yes", "--ciphertext", path, "--passphrase-file", this.env.file("w", words), link);
    return path;
  }

  /** Whether a download is complete, by the browser's own account. */
  hasDownloaded(file) {
    return isThere(join(this.downloads, file));
  }

  /** Removes what was downloaded: a browser gives another name to what has that of something there. */
  empty() {
    for (const file of readdirSync(this.downloads)) rmSync(join(this.downloads, file), { force: true });
  }

  /** Closes what a test has left, with another browser if this one no longer answers; checks what it visited. */
  async tidy() {
    const visits = this.#visits.splice(0);
    try {
      await within(CLOSE_MS, this.#closeTabs());
    } catch {
      await this.#stop();
      await this.#launch();
    }
    for (const visit of visits) visit.check();
  }

  async end() {
    await this.env.end();
  }

  async #closeTabs() {
    const tabs = await this.browser.pages();
    // Without any, a browser may end.
    await this.browser.newPage();
    for (const tab of tabs) await tab.close();
    this.empty();
  }

  async #launch() {
    ({ browser: this.browser, downloads: this.downloads, stop: this.#stop } = await this.env.browser(this.name, this.desktop));
  }
}

/**
 * Tests in each browser, both browsers at once and in each one test after another on one fixture: `define` gets `test`,
 * whose tests get the fixture, and the browser's name.
 */
export function inBrowsers(define) {
  inEach((name) => {
    const fixture = new Fixture(name);
    before(() => fixture.begin());
    afterEach(() => fixture.tidy());
    after(() => fixture.end());
    define(withLimit(TEST_MS, (title, options, run) => test(title, options, () => run(fixture))), name);
  });
}

/** As `inBrowsers`, for tests that mostly wait: all at once, each on a fixture of its own, which is made of its options. */
export function inBrowsersAtOnce(define) {
  inEach((name) => define(withLimit(WAITING_TEST_MS, ofTheirOwn(name)), name), true);
}

/** As `inBrowsers`, each test on a fixture of its own, which is made of its options. */
export function inBrowsersOfTheirOwn(define) {
  inEach((name) => define(withLimit(TEST_MS, ofTheirOwn(name)), name));
}

function ofTheirOwn(name) {
  return (title, options, run) => test(title, options, () => alone(new Fixture(name, options), run));
}

/** As the runner's own `test`, whose options may be left out. */
function withLimit(timeout, declare) {
  return (title, ...rest) => declare(title, { timeout, ...(rest.length > 1 ? rest[0] : {}) }, rest.at(-1));
}

function inEach(define, concurrency = 1) {
  describe("in browsers", { concurrency: true }, () => {
    for (const name of BROWSERS) describe(name, { concurrency }, () => define(name));
  });
}

async function alone(fixture, run) {
  try {
    await fixture.begin();
    await run(fixture);
    await fixture.tidy();
  } finally {
    await fixture.end();
  }
}

async function within(ms, promise) {
  const ended = new AbortController();
  const late = pause(ms, undefined, { signal: ended.signal }).then(() => assert.fail(`not within ${ms} ms`));
  late.catch(() => {});
  return Promise.race([promise, late]).finally(() => ended.abort());
}

/** Firefox keeps the place with an empty file, beside which `stem.xxxxxxxx.bin.part` grows. */
function isThere(path) {
  const { dir, name } = parse(path);
  const growing = readdirSync(dir).some((file) => file.startsWith(`${name}.`) && /\.(part|crdownload)$/.test(file));
  return existsSync(path) && !growing;
}
