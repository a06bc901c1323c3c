/** Drives the page as a person would: by what stands on it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { KEYS } from "./helpers.mjs";
import { until } from "./test_env.mjs";

const texts = Object.fromEntries(
  ["en", "nl"].map((language) => [language, JSON.parse(readFileSync(new URL(`../../../relay/web/src/texts/${language}.json`, import.meta.url), "utf8"))]),
);

/** A sentence of the page. */
export function say(key, values = {}, language = "en") {
  return texts[language][key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** What is clicked to save by a way. */
export function buttonFor(way) {
  return { file: "#save-place", folder: "#save-folder" }[way] ?? "#save";
}

/** A tab with the page in it. */
export class Visit {
  /** What must not happen in any visit, and did. */
  #wrong = [];

  constructor(page) {
    this.page = page;
  }

  /**
   * Opens a link in a new tab. `ways` are those of saving that the browser is to have beside memory: `pickers` its own ones,
   * with their dialogs.
   */
  static async open(browser, link, { language = "en", ways = [], prepare } = {}) {
    const page = await browser.newPage();
    const visit = new Visit(page);
    page.on("request", (request) => {
      const url = new URL(request.url());
      // Firefox shows letters of its own from a data: address.
      if (url.protocol !== "blob:" && url.protocol !== "data:" && url.origin !== new URL(link).origin) visit.#wrong.push(`asks ${request.url()}`);
    });
    // What the relay answers, or does not, is what tests bring about; Chromium calls that an error as well.
    // So does it a header of the relay's that only pages over https heed.
    const isUsual = (text) => /^(Failed to load resource|The Cross-Origin-Opener-Policy header has been ignored)/.test(text);
    const isOurs = (message) => message.type() === "error" && !isUsual(message.text());
    page.on("console", (message) => isOurs(message) && visit.#wrong.push(`console: ${message.text()}`));
    // So Firefox calls a download that failed.
    const isOfDownload = (text) => text.includes("A ServiceWorker intercepted the request and encountered an unexpected error");
    page.on("pageerror", ({ message }) => isOfDownload(message) || visit.#wrong.push(`not caught: ${message}`));
    await page.evaluateOnNewDocument(beginWith, language, ways);
    if (prepare) await page.evaluateOnNewDocument(prepare);
    // A busy computer takes its time.
    await page.goto(link, { timeout: 120_000 });
    return visit;
  }

  /** Waits until the page has this heading. */
  async heading(key, values, language) {
    const wanted = say(key, values, language);
    let found;
    const isThere = async () => (found = await this.page.evaluate(() => document.querySelector("#page h1")?.textContent)) === wanted;
    await until(isThere, "").catch(async () => assert.fail(`no “${wanted}” but “${found}”: ${await this.text()}`));
  }

  /** Waits until a text stands on the page. */
  async sees(text) {
    await until(async () => (await this.text()).includes(text), "").catch(async () => assert.fail(`no “${text}” in: ${await this.text()}`));
  }

  /** Waits until the page tells of a problem. */
  async problem() {
    await until(() => this.page.evaluate(() => document.querySelector("#problem") !== null), "there is no problem").catch(async (error) => {
      assert.fail(`${error.message}: ${await this.text()}`);
    });
    return this;
  }

  text() {
    return this.page.evaluate(() => document.body.innerText);
  }

  async chooseFile(selector, path) {
    await (await this.page.waitForSelector(selector)).uploadFile(path);
  }

  /** Ticks the box before a file, in a folder that is opened if it is closed. */
  async tick(file) {
    await this.page.evaluate((file) => {
      const row = () => [...document.querySelectorAll(".files label")].find((one) => one.textContent.includes(file));
      for (let closed; !row() && (closed = document.querySelector(".files [aria-expanded=false]")); ) closed.click();
      row().click();
    }, file);
  }

  async type(selector, text) {
    await this.page.waitForSelector(selector);
    await this.page.focus(selector);
    await this.page.keyboard.type(text);
  }

  /** Puts a text into a field at once, as pasting does. */
  async paste(selector, text) {
    await this.page.waitForSelector(selector);
    await this.page.evaluate(
      (selector, text) => {
        const field = document.querySelector(selector);
        field.focus();
        field.value = text;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      },
      selector,
      text,
    );
  }

  /** Clicks once it is there, and neither disabled nor covered; the page has no moment in between to move it. */
  async click(selector) {
    await until(() => this.page.evaluate(clickOn, selector), "").catch(async () => assert.fail(`cannot click ${selector}: ${await this.text()}`));
  }

  /** Presses a button twice before anything can have come of it. */
  pressTwice(text) {
    return this.page.evaluate((text) => {
      const button = [...document.querySelectorAll("button")].find((one) => one.textContent === text);
      button.click();
      button.click();
    }, text);
  }

  /** From now on `hears` what the page has read out. */
  listen() {
    return this.page.evaluate(() => void (globalThis.live = document.querySelector("[role=status]")));
  }

  /** Waits until a text is read out, by a region that was there before and is the only one. */
  async hears(text) {
    const isSaid = (text) => document.querySelectorAll("[role=status]").length === 1 && globalThis.live?.isConnected && globalThis.live.textContent === text;
    await until(() => this.page.evaluate(isSaid, text), `“${text}” is not read out`);
  }

  /** Opens the share, or the file, with these words; with the key if there are none. */
  async unlock(words) {
    if (words === null) await this.paste("#key", KEYS);
    else await this.paste("#words", words);
    await this.click("#open");
  }

  /** Opens the share with these words, and saves all of it. */
  async save(words) {
    await this.unlock(words);
    await this.heading("contents.title");
    await this.click("#save");
    await this.heading("saved.title");
  }

  /** The lengths of the files in a folder of the browser's private file system, which stands in for places people pick. */
  picked(...folders) {
    return this.page.evaluate(async (folders) => {
      const found = {};
      const list = async (folder, path) => {
        for await (const [name, handle] of folder.entries()) {
          if (handle.kind === "directory") await list(handle, `${path}${name}/`);
          else found[path + name] = (await handle.getFile()).size;
        }
      };
      let folder = await navigator.storage.getDirectory();
      for (const name of folders) folder = await folder.getDirectoryHandle(name);
      await list(folder, "");
      return found;
    }, folders);
  }

  /** The SHA-256 of a file there. */
  pickedHash(...path) {
    return this.page.evaluate(async (path) => {
      let folder = await navigator.storage.getDirectory();
      for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
      const file = await (await folder.getFileHandle(path.at(-1))).getFile();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
      return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }, path);
  }

  value(selector) {
    return this.page.evaluate((selector) => document.querySelector(selector).value, selector);
  }

  /** What the focus is on. */
  focused() {
    return this.page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName);
  }

  /** Waits until a part is saved. */
  progress() {
    return until(() => this.page.evaluate(() => document.querySelector("#bar")?.value > 0), "nothing is saved");
  }

  /** Only our own origin was asked, the browser refused nothing that the page tried, and no error went uncaught. */
  check() {
    assert.deepEqual(this.#wrong, []);
  }

  async close() {
    await this.page.close();
    this.check();
  }
}

/** Runs in the page: whether it could be clicked. */
function clickOn(selector) {
  const element = document.querySelector(selector);
  if (!element || element.disabled) return false;
  element.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = element.getBoundingClientRect();
  const top = document.elementFromPoint(x + width / 2, y + height / 2);
  if (!element.contains(top)) return false;
  element.focus();
  element.click();
  return true;
}

/** Runs before the page. */
function beginWith(language, ways) {
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => console.error(`refused: ${violatedDirective} ${blockedURI}`));
  Object.defineProperty(navigator, "languages", { get: () => [language] });
  if (!ways.includes("file") && !ways.includes("pickers")) delete window.showSaveFilePicker;
  if (!ways.includes("folder") && !ways.includes("pickers")) delete window.showDirectoryPicker;
  if (!ways.includes("download")) Object.defineProperty(navigator, "serviceWorker", { get: () => undefined });
  const root = () => navigator.storage.getDirectory();
  // A picker needs a person; the browser's private file system stands in for what they would choose.
  if (ways.includes("file")) window.showSaveFilePicker = async ({ suggestedName }) => (await root()).getFileHandle(suggestedName, { create: true });
  if (ways.includes("folder")) window.showDirectoryPicker = async () => (await root()).getDirectoryHandle("chosen", { create: true });
}
