/**
 * The environment of a run of browser tests: a folder of its own, a real relay, the real command line, real browsers, and a
 * proxy in front of the relay that can cut connections. What was started ends with it.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import puppeteer from "puppeteer-core";
import { inOffice } from "./desktop.mjs";
import { FaultProxy } from "./fault_proxy.mjs";

const PROGRAMS = process.env.SHARE_PROGRAMS ?? new URL("../../../target/release/", import.meta.url).pathname;
const CHROMIUM = "/usr/bin/chromium";
export const FIREFOX = "/usr/bin/firefox-esr";
/** A name of this computer that browsers do not take for it, so that a plain-http page there is as any other. */
export const PLAIN_HOST = "relay.test";
/** How long a browser may take to end. */
const STOP_MS = 10_000;

export class TestEnv {
  root = mkdtempSync(join(tmpdir(), "share-browser-"));
  #ends = [];

  /** A path in its folder, with the folders above it. */
  path(...parts) {
    const path = join(this.root, ...parts);
    mkdirSync(join(path, ".."), { recursive: true });
    return path;
  }

  file(name, bytes) {
    const path = this.path(name);
    writeFileSync(path, bytes);
    return path;
  }

  /** What is to be ended with this environment, the last first. */
  atEnd(end) {
    this.#ends.push(end);
  }

  /** A relay on a free port, with further options. */
  async relay(...options) {
    return (await this.#startRelay("127.0.0.1:0", options)).url;
  }

  /** A relay whose clock is off by so much from that of this computer and its browsers, as `-3d`. */
  async relayAtOdds(offset, ...options) {
    const preload = spawnSync("faketime", ["-f", offset, "printenv", "LD_PRELOAD"], { encoding: "utf8" }).stdout.trim();
    const environment = { ...process.env, LD_PRELOAD: preload, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
    return (await this.#startRelay("127.0.0.1:0", options, environment)).url;
  }

  /** A relay on a free port, that can be stopped at once and started again on the same one. */
  async restartable() {
    let { url, stop } = await this.#startRelay("127.0.0.1:0", []);
    const start = async () => ({ stop } = await this.#startRelay(new URL(url).host, []));
    return { url, stop: () => stop(), start };
  }

  async #startRelay(listen, options, environment = process.env) {
    const args = ["serve", "--init", "--data", this.path("relay"), "--listen", listen, "--open", ...options];
    // Straight into a file: while this process waits for a program, it would not empty a pipe.
    const log = this.path("relay.log");
    const written = openSync(log, "a");
    const relay = spawn(join(PROGRAMS, "share-relay"), args, { env: environment, stdio: ["ignore", "pipe", written] });
    closeSync(written);
    const closed = once(relay, "close");
    const stop = async () => {
      relay.kill("SIGKILL");
      await closed;
    };
    this.#ends.push(stop);
    const [line] = await Promise.race([once(createInterface(relay.stdout), "line"), closed.then(() => [null])]);
    if (line === null) throw new Error(`the relay did not start: ${readFileSync(log, "utf8")}`);
    return { url: line.replace("listening on ", ""), stop };
  }

  /** Sends, and gives link and words. */
  send(relay, ...args) {
    const words = this.path(`words-${Math.random()}`);
    const wordArgs = args.includes("--recipient") ? [] : ["--passphrase-file", words];
    const listArgs = args.includes("--word-list") ? [] : ["--word-list", "en"];
    const run = this.share("send", "--json", "--relay", relay, ...wordArgs, ...listArgs, ...args);
    const [created] = run.stdout.trim().split("\n").map((line) => JSON.parse(line));
    return { link: created.link, id: created.id, words: existsSync(words) ? readFileSync(words, "utf8").trim() : null };
  }

  /**
   * Creates a share that has expired a moment later, and gives its link. One call to the relay: however busy the
   * computer is, it comes in time. Of each relay there is one.
   */
  async expiring(relay) {
    const id = "k3f90m1cx7q4zt8w2hbb";
    const share = {
      manage_key_hash: "00".repeat(32),
      header_bytes: 200,
      part_bytes: 16 * 65552,
      expires_in: 1,
    };
    const answer = await fetch(`${relay}/v1/shares/${id}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(share),
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
    return `${relay}/s/${id}`;
  }

  /** Begins to send what is then written to `input`; it is all there once `done` is. */
  sendSlowly(relay, name) {
    return this.beginToSend(relay, "--name", name, "-");
  }

  /** Begins to send; it is all there once `done` is. */
  async beginToSend(relay, ...what) {
    const words = this.path(`words-${Math.random()}`);
    const args = ["send", "--json", "--relay", relay, "--passphrase-file", words, "--word-list", "en", ...what];
    const sending = spawn(join(PROGRAMS, "share"), args, { cwd: this.root, env: this.#environment(), stdio: ["pipe", "pipe", "inherit"] });
    this.#ends.push(() => sending.kill());
    const done = once(sending, "close");
    const [line] = await once(createInterface(sending.stdout), "line");
    return { link: JSON.parse(line).link, words: readFileSync(words, "utf8").trim(), input: sending.stdin, done };
  }

  share(...args) {
    const run = spawnSync(join(PROGRAMS, "share"), args, { cwd: this.root, encoding: "utf8", env: this.#environment() });
    if (run.status !== 0) throw new Error(`share ${args.join(" ")}: ${run.status}\n${run.stderr}`);
    return run;
  }

  /** Runs `share` while the proxies of this environment go on working; gives what it prints. */
  async shareBeside(...args) {
    const run = spawn(join(PROGRAMS, "share"), args, { cwd: this.root, env: this.#environment(), stdio: ["ignore", "pipe", "inherit"] });
    const [text, [status]] = await Promise.all([run.stdout.setEncoding("utf8").toArray(), once(run, "close")]);
    if (status !== 0) throw new Error(`share ${args.join(" ")}: ${status}`);
    return text.join("");
  }

  #environment() {
    const home = this.path("home", ".");
    mkdirSync(home, { recursive: true });
    return { HOME: home, PATH: process.env.PATH, LANG: "en_US.UTF-8" };
  }

  /** What happened to a share, as its sender sees it. */
  events(link) {
    return JSON.parse(this.share("status", "--json", link).stdout.trim().split("\n").at(-1)).events;
  }

  /**
   * Chromium or Firefox, whose downloads go to a folder of its own. `stop` ends it, however it is. `desktop` says
   * what lies around it: it has windows on a `screen`, is told to ask where to save (`asks`), is under Chromium's `policies`
   * or with Firefox's `preferences`, or on a disk that has only so many bytes (`room`).
   */
  async browser(name, desktop = {}) {
    const folder = this.path(`downloads-${name}-${Math.random()}`, ".");
    mkdirSync(folder, { recursive: true });
    const profile = this.path(`profile-${name}-${Math.random()}`);
    const browser = await (name === "chromium" ? chromium(this, folder, profile, desktop) : firefox(this, folder, desktop));
    const ended = once(browser.process(), "exit");
    // What is mounted there for the browser alone is seen through it.
    const downloads = desktop.room ? `/proc/${browser.process().pid}/root${folder}` : folder;
    const stop = async () => {
      // One that hangs does not close by itself.
      const late = setTimeout(() => browser.process().kill("SIGKILL"), STOP_MS);
      await Promise.race([browser.close().catch(() => {}), ended]);
      await ended;
      clearTimeout(late);
    };
    this.#ends.push(stop);
    return { browser, downloads, stop };
  }

  /** A proxy before the relay that can make faults; `rewrite` as of `FaultProxy`. */
  faultProxy(relay, rewrite) {
    return FaultProxy.start(this, relay, rewrite);
  }

  async end() {
    for (const end of this.#ends.reverse()) await end();
    // The last of a browser's processes may still be writing.
    rmSync(this.root, { recursive: true, force: true, maxRetries: 20 });
  }
}

async function chromium(env, downloads, profile, desktop) {
  mkdirSync(join(profile, "Default"), { recursive: true });
  // Nobody clicks here, and without clicks it stops taking downloads after some.
  const preferences = { download: { default_directory: downloads }, profile: { default_content_setting_values: { automatic_downloads: 1 } } };
  writeFileSync(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const policies = desktop.asks ? { ...desktop.policies, PromptForDownloadLocation: true } : desktop.policies;
  const args = ["--no-sandbox", `--host-resolver-rules=MAP ${PLAIN_HOST} 127.0.0.1`];
  const browser = await puppeteer.launch({ args, userDataDir: profile, ...launchOptions(env, CHROMIUM, downloads, { ...desktop, policies }) });
  // It would save without a dialog, and whatever policies say.
  if (policies) return browser;
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads, eventsEnabled: true });
  return browser;
}

function firefox(env, downloads, desktop) {
  // Lets `preferInFirefox` change what a person would in its settings.
  const args = ["--remote-allow-system-access"];
  // Its driver would close the dialog that asks.
  const asking = desktop.asks ? { "browser.download.useDownloadDir": false, "remote.bidi.dismiss_file_pickers.enabled": false } : {};
  const extraPrefsFirefox = { ...firefoxPreferences(downloads), ...asking, ...desktop.preferences };
  return puppeteer.launch({ browser: "firefox", args, extraPrefsFirefox, ...launchOptions(env, FIREFOX, downloads, desktop) });
}

/** What puppeteer is told to launch a program on such a desktop. */
function launchOptions(env, program, downloads, desktop) {
  const executablePath = desktop.policies || desktop.room ? inOffice(env, program, downloads, desktop) : program;
  if (!desktop.screen) return { executablePath };
  // Chromium's dialog begins there, whatever its profile says.
  env.file("config/user-dirs.dirs", `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  return { executablePath, headless: false, env: { ...desktop.screen.environment, XDG_CONFIG_HOME: env.path("config") } };
}

/** Tells Firefox that the person prefers light or dark colours: its driver has no means for it. */
export async function preferInFirefox({ connection }, scheme) {
  const { result } = await connection.send("browsingContext.getTree", { "moz:scope": "chrome" });
  const [target] = result.contexts;
  const expression = `Services.prefs.setIntPref("ui.systemUsesDarkTheme", ${scheme === "dark" ? 1 : 0})`;
  await connection.send("script.evaluate", { expression, target: { context: target.context }, awaitPromise: false });
}

/** What makes Firefox save to a folder without asking. */
export function firefoxPreferences(downloads) {
  return {
    "ui.systemUsesDarkTheme": 0,
    "network.dns.localDomains": PLAIN_HOST,
    "browser.download.dir": downloads,
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": true,
    "browser.download.alwaysOpenPanel": false,
    "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream",
  };
}

/** Waits for what nothing tells of. */
export async function until(comesTrue, otherwise, ms = 60_000) {
  for (const end = Date.now() + ms; Date.now() < end; await pause(50)) {
    const value = await comesTrue();
    if (value) return value;
  }
  throw new Error(otherwise);
}
