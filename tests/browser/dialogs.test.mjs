/**
 * What becomes of a share when a download of the browser's own comes to nothing, with real dialogs, policies and disks:
 * a page hears of none of it.
 */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { whyNoMounts } from "./support/desktop.mjs";
import { say } from "./support/driver.mjs";
import { RECIPIENT } from "./support/helpers.mjs";
import { inBrowsersOfTheirOwn, MIB } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

/** How Chromium calls those for a place that a page may write to. */
const PLACE = "^Warning: this site can see edits you make";
const FOLDER = "^Select where this site can save changes";
/** What chooses the folder that was typed. */
const OPEN = "alt+o";

/** How Firefox and Chromium call the desktop's dialog. */
const DIALOG = "^(Enter name of file to save to|Save File)";
/** What presses its button. */
const SAVE = "alt+s";
/** A browser with all its ways to save. */
const ALL = { ways: ["download", "pickers"] };

inBrowsersOfTheirOwn((test, name) => {
  const whyNot = whyNoMounts();
  const isChromium = name === "chromium";
  const noPickers = !isChromium && "it has no pickers";
  const noPolicies = isChromium ? whyNot : "it has no such policy";

  test("a dialog that is closed loses nothing of a share for one download", { desktop: { windows: true, asks: true }, skip: isChromium && whyNot }, async (fixture) => {
    const { screen } = fixture.desktop;
    for (const way of ["download", "memory"]) {
      const { bytes, file, link, words } = send(fixture, way, 3 * MIB, "--recipient", RECIPIENT);
      const page = await fixture.opened({ link, words }, { ways: [way] });
      await page.click("#save");
      await page.heading("saved.title");
      await page.sees(`${say("saved.look")} ${file}`);
      await screen.answer(DIALOG, "Escape");
      await until(() => readdirSync(fixture.downloads).length === 0, "something is left");
      assert.deepEqual(endOf(fixture, link), ["browser"]);
      await page.click("#save-again");
      await screen.answer(DIALOG, SAVE);
      assert.ok((await fixture.downloaded(file, bytes.length)).equals(bytes));
      await page.click("#have");
      await page.sees(say("saved.receipt.received"));
      assert.deepEqual(endOf(fixture, link), ["browser", "confirmed", "collected"]);
      fixture.empty();
    }
  });

  test("where an office allows no downloads, the words still open it elsewhere", { desktop: { policies: { DownloadRestrictions: 3 } }, skip: noPolicies }, async (fixture) => {
    for (const way of ["download", "memory"]) {
      const { bytes, link, words } = send(fixture, way, MIB);
      const page = await fixture.opened({ link, words }, { ways: [way] });
      await page.click("#save");
      if (way === "memory") await page.heading("saved.title");
      else for (const key of ["failure.download_ended", "failure.download_ended.hint"]) await page.sees(say(key));
      assert.deepEqual(endOf(fixture, link), way === "memory" ? ["browser"] : []);
      await page.close();
      assert.deepEqual(readdirSync(fixture.downloads), []);
      // For some seconds the relay waits for a receipt of what it has served.
      await until(() => takenOver(fixture, link, words)?.equals(bytes), "nobody can take it over");
      assert.equal(endOf(fixture, link).at(-1), "collected");
    }
  });

  test("a place is chosen in the desktop's own dialog, and only by who asks for it", { desktop: { windows: true }, skip: noPickers }, async (fixture) => {
    const { screen } = fixture.desktop;
    const { bytes, file, link, words } = send(fixture, "placed", 3 * MIB, "--recipient", RECIPIENT);
    const page = await fixture.opened({ link, words }, ALL);
    await page.click("#save-place");
    await screen.answer(PLACE, "Escape");
    await page.sees(say("contents.stopped"));
    assert.deepEqual([readdirSync(fixture.downloads), fixture.events(link, "ticket")], [[], []]);
    await page.click("#save-place");
    await screen.answer(PLACE, SAVE);
    await page.heading("saved.title.placed");
    // It begins where downloads are.
    assert.ok(readFileSync(join(fixture.downloads, file)).equals(bytes));
    assert.deepEqual(endOf(fixture, link), ["disk", "collected"]);
  });

  test("the browser's own download asks for no place", { desktop: { windows: true }, skip: noPickers }, async (fixture) => {
    const { bytes, file, link, words } = send(fixture, "ordinary", 3 * MIB, "--recipient", RECIPIENT);
    const page = await fixture.opened({ link, words }, ALL);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.where.download"));
    assert.ok((await fixture.downloaded(file, bytes.length)).equals(bytes));
  });

  test("a folder is chosen in the desktop's own dialog, and what the browser asks then can be declined", { desktop: { windows: true }, skip: noPickers }, async (fixture) => {
    const { screen } = fixture.desktop;
    for (const name of ["a.txt", "b.txt"]) fixture.env.file(`folder/${name}`, name);
    const { link, words } = fixture.sendToKey("--once", fixture.env.path("folder"));
    mkdirSync(join(fixture.downloads, "mine"));
    const page = await fixture.opened({ link, words }, ALL);
    const choose = async (folder) => {
      await page.click("#save-folder");
      await screen.type(FOLDER, folder);
      await screen.answer(FOLDER, OPEN);
    };
    // That of downloads itself counts as one of the system.
    await choose(fixture.downloads);
    await screen.press("Chromium$", page.page, "Escape");
    await page.sees(say("contents.stopped"));
    await choose(join(fixture.downloads, "mine"));
    await screen.press("Chromium$", page.page, "Escape");
    await page.sees(say("contents.stopped"));
    assert.deepEqual(fixture.events(link, "ticket"), []);
    await choose(join(fixture.downloads, "mine"));
    await screen.press("Chromium$", page.page, "Tab", "Return");
    await page.heading("saved.title.placed");
    assert.deepEqual(readdirSync(join(fixture.downloads, "mine", "folder")).sort(), ["a.txt", "b.txt"]);
    assert.deepEqual(endOf(fixture, link), ["disk", "collected"]);
  });

  test("a chosen place without room is called that, and once there is some it is saved", { desktop: { windows: true, room: 8 * MIB }, skip: noPickers || whyNot }, async (fixture) => {
    const { screen } = fixture.desktop;
    writeFileSync(join(fixture.downloads, "filler"), Buffer.alloc(7 * MIB));
    const { bytes, file, link, words } = send(fixture, "narrow", 5 * MIB, "--recipient", RECIPIENT);
    const page = await fixture.opened({ link, words }, ALL);
    await page.click("#save-place");
    await screen.answer(PLACE, SAVE);
    await page.problem();
    // On a busy computer Chromium now and then only says that it could not write: then room is asked about.
    const told = await page.text();
    assert.ok(["failure.disk_full", "failure.place_failed"].some((key) => told.includes(say(key)) && told.includes(say(`${key}.hint`))), told);
    assert.deepEqual(readdirSync(fixture.downloads), ["filler"]);
    fixture.empty();
    await page.click("#save-place");
    await screen.answer(PLACE, SAVE);
    await page.heading("saved.title.placed");
    assert.ok(readFileSync(join(fixture.downloads, file)).equals(bytes));
    assert.deepEqual(endOf(fixture, link), ["disk", "collected"]);
  });

  test("where an office lets pages write nowhere, that is what is told, and the download goes on", { desktop: { policies: { DefaultFileSystemWriteGuardSetting: 2 } }, skip: noPolicies }, async (fixture) => {
    const { bytes, file, link, words } = send(fixture, "guarded", MIB, "--recipient", RECIPIENT);
    const page = await fixture.opened({ link, words }, ALL);
    await page.click("#save-place");
    for (const key of ["failure.place_forbidden", "failure.place_forbidden.hint"]) await page.sees(say(key));
    assert.deepEqual(fixture.events(link, "ticket"), []);
    await page.click("#save");
    await page.heading("saved.title");
    assert.ok((await fixture.downloaded(file, bytes.length)).equals(bytes));
  });

  test("a disk without room loses nothing, and once there is some it is saved again", { desktop: { room: 8 * MIB }, skip: whyNot }, async (fixture) => {
    for (const way of ["download", "memory"]) {
      const filler = join(fixture.downloads, "filler");
      writeFileSync(filler, Buffer.alloc(7 * MIB));
      const { bytes, file, link, words } = send(fixture, way, 5 * MIB, "--recipient", RECIPIENT);
      const page = await fixture.opened({ link, words }, { ways: [way] });
      await page.click("#save");
      if (way === "memory") await page.heading("saved.title");
      else await page.sees(say("failure.download_ended"));
      // Firefox now and then leaves the empty file by which it took the name.
      await until(() => !fixture.hasDownloaded(file) || statSync(join(fixture.downloads, file)).size === 0, "it was saved without room");
      assert.deepEqual(endOf(fixture, link), way === "memory" ? ["browser"] : []);
      fixture.empty();
      await page.click(way === "memory" ? "#save-again" : "#save");
      await page.heading("saved.title");
      assert.ok((await fixture.downloaded(file, bytes.length)).equals(bytes));
      await page.click("#have");
      await page.sees(say("saved.receipt.received"));
      assert.deepEqual(endOf(fixture, link), ["browser", "confirmed", "collected"]);
      fixture.empty();
    }
  });
});

/** What somebody else gets with the words; nothing as long as the relay refuses it. */
function takenOver(fixture, link, words) {
  try {
    return elsewhere(fixture, link, words);
  } catch (error) {
    if (/All downloads the sender allowed are taken/.test(error.message)) return null;
    throw error;
  }
}

/** Sends a file for one download. */
function send(fixture, name, length, ...options) {
  const [file, bytes] = [`${name}.bin`, randomBytes(length)];
  return { bytes, file, ...fixture.send("--once", ...options, fixture.env.file(file, bytes)) };
}

/** What the sender sees of its end: how it was saved by each genuine receipt, and whether the relay has let go of it. */
function endOf(fixture, link) {
  const events = fixture.env.events(link).filter(({ event }) => event === "receipt" || event === "collected");
  return events.map(({ event, saved, verified }) => (event === "receipt" ? verified && saved : event));
}

/** The bytes as the program gets them with the same words. */
function elsewhere(fixture, link, words) {
  const path = fixture.env.path(`elsewhere-${Math.random()}`);
  fixture.env.share("get", "--yes", "--output", path, "--passphrase-file", fixture.env.file("w", words), link);
  const [file] = readdirSync(path);
  return readFileSync(join(path, file));
}
