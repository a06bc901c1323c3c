/**
 * Browsers driven by W3C WebDriver, for what puppeteer cannot do: it has no WebKitGTK, and under it the memory of Firefox
 * grows by all that is downloaded. WebKitGTK has a driver that speaks HTTP, Firefox takes the same commands itself, over
 * Marionette. A tab here answers to those calls of puppeteer's that the tests make.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { FIREFOX, firefoxPreferences, until } from "./test_env.mjs";

/** WebKitGTK's own small browser. */
const MINIBROWSER = readdirSync("/usr/lib").map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`).find((path) => existsSync(path));
/** The name of a reference to an element, by the standard. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** As long as the longest download may take. */
const SCRIPT_MS = 3_600_000;
/** The standard's commands that are used here, by Marionette's names for them. */
const COMMANDS = {
  NewSession: ["POST", "/session"],
  DeleteSession: ["DELETE", ""],
  SetTimeouts: ["POST", "/timeouts"],
  Navigate: ["POST", "/url"],
  ExecuteScript: ["POST", "/execute/sync"],
  FindElement: ["POST", "/element"],
  GetActiveElement: ["GET", "/element/active"],
  ElementClick: ["POST", "/element/{id}/click"],
  ElementSendKeys: ["POST", "/element/{id}/value"],
  TakeScreenshot: ["GET", "/screenshot"],
};

/** Why WebKitGTK cannot be driven here; `null` if it can. */
export function whyNoWebkit() {
  const missing = ["WebKitWebDriver", "Xvfb"].filter((program) => !process.env.PATH.split(":").some((folder) => existsSync(join(folder, program))));
  if (!MINIBROWSER) missing.push("MiniBrowser");
  return missing.length > 0 ? `not installed: ${missing.join(", ")}` : null;
}

/** WebKitGTK, on a screen that nobody sees. It asks for everything through `proxy`, and saves to a folder of the environment. */
export async function webkit(env, proxy) {
  const downloads = env.path("downloads-webkit", ".");
  mkdirSync(downloads, { recursive: true });
  const screen = start(env, "Xvfb", ["-displayfd", "3", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const [display] = await once(screen.stdio[3], "data");
  const port = await freePort();
  const environment = { PATH: process.env.PATH, HOME: downloads, DISPLAY: `:${String(display).trim()}`, LANG: "C.UTF-8" };
  start(env, "WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], { env: environment, stdio: "ignore" });
  const driver = new Driver(`http://127.0.0.1:${port}`);
  await driver.ready();
  const capabilities = {
    proxy: { proxyType: "manual", httpProxy: proxy, sslProxy: proxy },
    "webkitgtk:browserOptions": { binary: MINIBROWSER, args: ["--automation"] },
  };
  return { browser: { newPage: () => Tab.open(driver, { capabilities: { alwaysMatch: capabilities } }) }, downloads };
}

/** Firefox, which saves to a folder of the environment; `pid` is that of its first process. */
export async function firefox(env) {
  const downloads = env.path("downloads-marionette", ".");
  const profile = env.path("profile-marionette", ".");
  for (const folder of [downloads, profile]) mkdirSync(folder, { recursive: true });
  const preferences = Object.entries({ ...firefoxPreferences(downloads), "marionette.port": 0 });
  writeFileSync(join(profile, "user.js"), preferences.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
  const { pid } = start(env, FIREFOX, ["--headless", "--marionette", "--no-remote", "--profile", profile], { stdio: "ignore" });
  const listening = join(profile, "MarionetteActivePort");
  const port = await until(() => existsSync(listening) && Number(readFileSync(listening, "utf8")), "Firefox does not start");
  const marionette = await Marionette.connect(port);
  env.atEnd(() => marionette.end());
  return { browser: { newPage: () => Tab.open(marionette, {}) }, downloads, pid };
}

/** Runs a program until the environment ends. */
function start(env, program, args, options) {
  const running = spawn(program, args, options);
  const closed = once(running, "close");
  env.atEnd(async () => {
    running.kill();
    await closed;
  });
  return running;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A driver of its own program, over HTTP. */
class Driver {
  constructor(url) {
    this.url = url;
    this.session = "";
  }

  ready() {
    return until(() => fetch(`${this.url}/status`).then(({ ok }) => ok, () => false), "the driver does not start");
  }

  async call(command, takes) {
    const [method, path] = COMMANDS[command];
    const url = `${this.url}${this.session}${path.replace("{id}", takes.id)}`;
    const body = method === "POST" ? JSON.stringify(takes) : undefined;
    const answer = await fetch(url, { method, headers: { "content-type": "application/json" }, body });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${command}: ${value.error}: ${value.message}`);
    if (command === "NewSession") this.session = `/session/${value.sessionId}`;
    if (command === "DeleteSession") this.session = "";
    return value;
  }
}

/** A connection to Firefox: `length:[kind,number,…]`, one message after another each way. */
class Marionette {
  #waiting = [];
  #rest = Buffer.alloc(0);

  static async connect(port) {
    const marionette = new Marionette();
    const greeting = new Promise((...settle) => marionette.#waiting.push(settle));
    marionette.socket = connect(port, "127.0.0.1");
    marionette.socket.on("data", (piece) => marionette.#take(piece));
    marionette.socket.on("close", () => marionette.#waiting.forEach(([, fail]) => fail(new Error("Firefox has gone"))));
    await greeting;
    return marionette;
  }

  async call(command, takes) {
    const message = JSON.stringify([0, 0, `WebDriver:${command}`, takes]);
    const answer = new Promise((...settle) => this.#waiting.push(settle));
    this.socket.write(`${Buffer.byteLength(message)}:${message}`);
    const [, , error, gives] = await answer;
    if (error) throw new Error(`${command}: ${error.error}: ${error.message}`);
    return "value" in gives ? gives.value : gives;
  }

  end() {
    this.socket.destroy();
  }

  #take(piece) {
    this.#rest = Buffer.concat([this.#rest, piece]);
    for (;;) {
      const begin = this.#rest.indexOf(":") + 1;
      const end = begin + Number(this.#rest.subarray(0, begin - 1));
      if (begin === 0 || this.#rest.length < end) return;
      const [done] = this.#waiting.shift();
      done(JSON.parse(this.#rest.subarray(begin, end)));
      this.#rest = this.#rest.subarray(end);
    }
  }
}

/** A browser's one tab. */
class Tab {
  #prepare = [];

  static async open(driver, session) {
    await driver.call("NewSession", session);
    await driver.call("SetTimeouts", { script: SCRIPT_MS });
    return new Tab(driver);
  }

  constructor(driver) {
    this.driver = driver;
    this.keyboard = { type: (text) => this.#type(text) };
  }

  /** The standard tells nothing of what happens in the browser. */
  on() {}

  /** Nor does it run anything before a page: this runs once the page is there, which is before anything is clicked. */
  evaluateOnNewDocument(...run) {
    this.#prepare.push(run);
  }

  async goto(url) {
    await this.driver.call("Navigate", { url });
    for (const run of this.#prepare) await this.evaluate(...run);
  }

  evaluate(run, ...args) {
    const script = typeof run === "string" ? run : `return (${run})(...arguments)`;
    return this.driver.call("ExecuteScript", { script, args });
  }

  async $(selector) {
    const { [ELEMENT]: id } = await this.driver.call("FindElement", { using: "css selector", value: selector });
    return {
      click: () => this.driver.call("ElementClick", { id }),
      uploadFile: (path) => this.driver.call("ElementSendKeys", { id, text: path }),
    };
  }

  waitForSelector(selector) {
    return until(() => this.evaluate((selector) => document.querySelector(selector) !== null, selector), `no ${selector}`);
  }

  async click(selector) {
    await (await this.$(selector)).click();
  }

  focus(selector) {
    return this.evaluate((selector) => document.querySelector(selector).focus(), selector);
  }

  /** What is seen, as PNG in base64. */
  screenshot() {
    return this.driver.call("TakeScreenshot", {});
  }

  async #type(text) {
    const { [ELEMENT]: id } = await this.driver.call("GetActiveElement", {});
    await this.driver.call("ElementSendKeys", { id, text });
  }

  close() {
    return this.driver.call("DeleteSession", {});
  }
}
