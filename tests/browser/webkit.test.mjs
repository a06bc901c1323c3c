/** The page in WebKit, which is also what every browser on an iPhone is made of: each way to save there, and what may not happen. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isAccessible } from "./support/accessible.mjs";
import { say, Visit } from "./support/driver.mjs";
import { FaultProxy } from "./support/fault_proxy.mjs";
import { KEYS, OTHER_KEY, RECIPIENT } from "./support/helpers.mjs";
import { webkit, whyNoWebkit } from "./support/webdriver.mjs";
import { TestEnv, until } from "./support/test_env.mjs";

const MIB = 1024 * 1024;
/** More than the page keeps in memory. */
const LARGE = 257 * MIB;
const HOSTILE = "<img src=x onerror=\"document.title='owned'\">\n\u202Egnp.exe\n{{7*7}} <script>document.title='owned'</script>";

const isWanted = process.env.BROWSERS?.split(",").includes("webkit") ?? true;
const why = isWanted ? whyNoWebkit() : "not among BROWSERS";
if (why) console.log(`SKIPPED: the page in WebKitGTK: ${why}`);

describe("webkit", { skip: why ?? false }, () => {
  const env = new TestEnv();
  let relay;
  let proxy;
  let seen;
  let browser;
  let downloads;
  before(async () => {
    relay = await env.relay();
    proxy = await env.faultProxy(relay);
    seen = await FaultProxy.forward(env);
    ({ browser, downloads } = await webkit(env, new URL(seen.url).host));
  });
  after(() => env.end());

  /** Runs `story` in a tab of its own, which has asked nobody but the relay, and been kept from nothing, when it ends. */
  async function visit(link, story) {
    const before = seen.requests.length;
    const page = await Visit.open(browser, proxy.through(link), { ways: ["download"], prepare: hearViolations });
    try {
      await story(page);
      assert.deepEqual(await page.page.evaluate(() => window.violations), []);
      const asked = seen.requests.slice(before);
      assert.ok(asked.length > 5);
      assert.deepEqual(asked.filter((line) => !line.includes(` ${proxy.url}/`)), []);
    } finally {
      await page.close();
    }
  }

  async function unlock(page, words) {
    await page.heading("ask.title");
    await enter(page, words);
  }

  /** The marks of the words move the button, so that a click before would miss it. */
  async function enter(page, words) {
    await page.paste("#words", words);
    await until(() => page.page.evaluate(() => document.querySelectorAll(".marks .exact").length === 6), "the words are not marked");
    await page.click("#open");
  }

  async function looksClosed(page) {
    await page.click("#preview-close");
    await until(() => page.page.evaluate(() => document.querySelector("#preview") === null), "the look is not closed");
  }

  async function looksRight(page, state) {
    for (const language of ["en", "nl"]) {
      await page.click(`#speak-${language}`);
      await isAccessible(page.page, `${state}, ${language}`);
    }
    await page.click("#speak-en");
  }

  const receipts = (link) => env.events(link).filter(({ event }) => event === "receipt");

  const downloaded = (file, length) => {
    const path = join(downloads, file);
    return until(() => existsSync(path) && statSync(path).size === length && readFileSync(path), `${file} was not downloaded: ${readdirSync(downloads)}`);
  };

  test("from link and words to a verified file, from memory, and its receipt", async () => {
    const bytes = randomBytes(20 * MIB + 7);
    const { link, words } = env.send(relay, env.file("report.bin", bytes), "--message", "Hello\nthere");
    await visit(link, async (page) => {
      await page.heading("ask.title");
      await looksRight(page, "words are asked for");
      await unlock(page, words);
      await page.heading("contents.title");
      for (const text of ["Hello", "there", "report.bin", "21 MB"]) await page.sees(text);
      await looksRight(page, "contents");
      await page.click("#save");
      await page.heading("saved.title");
      await page.sees(say("saved.where.memory"));
      await page.sees(say("saved.receipt.sent"));
      await looksRight(page, "saved");
      assert.ok((await downloaded("report.bin", bytes.length)).equals(bytes));
      assert.deepEqual(receipts(link).map(({ verified }) => verified), [true]);
    });
  });

  test("a picture and a text are looked at, in a frame of another origin, and saved afterwards", async () => {
    const GREEN = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEElEQVR4nGNgOMGAHQ0tCQCJ5TIBafw8vQAAAABJRU5ErkJggg==";
    env.file("looked at/green.png", Buffer.from(GREEN, "base64"));
    env.file("looked at/note.txt", HOSTILE);
    const { link } = env.send(relay, "--recipient", RECIPIENT, env.path("looked at"));
    await visit(link, async (page) => {
      await page.heading("ask.title");
      await page.unlock(null);
      await page.heading("contents.title");
      const look = async (name) => {
        const id = await page.page.evaluate((name) => [...document.querySelectorAll(".look")].find((one) => one.textContent.endsWith(name)).id, name);
        await page.click(`#${id}`);
        await page.page.waitForSelector("#preview iframe");
        assert.ok(await page.page.evaluate(() => document.querySelector("#preview iframe").contentDocument === null));
      };
      await look("green.png");
      await until(async () => (await page.page.evaluate(greenOf, await page.page.screenshot())) > 10_000, "the picture is not shown");
      await page.click("#preview-close");
      await look("note.txt");
      await looksClosed(page);
      await page.click("#save");
      await page.heading("saved.title");
    });
  });

  test("a large file is a download of the browser's own, which goes on when the connection breaks", async () => {
    const path = large("large.bin");
    const { link, words } = env.send(relay, path);
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.heading("contents.title");
      proxy.stall(9 * MIB);
      await page.click("#save");
      await page.progress();
      await looksRight(page, "saving");
      proxy.close();
      await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
      await looksRight(page, "connection lost");
      proxy.open();
      await page.heading("saved.title");
      assert.ok((await downloaded("large.bin", LARGE)).equals(readFileSync(path)));
      assert.deepEqual(receipts(link).map(({ verified }) => verified), [true]);
      assert.ok(seen.requests.some((line) => /\/page\/service_worker-\w+\.js$/.test(line)));
    });
  });

  test("some files of many are saved as one .zip", async () => {
    for (const file of ["a.txt", "b.txt", "sub/c.txt"]) env.file(join("many", file), file);
    const { link, words } = env.send(relay, env.path("many"));
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.heading("contents.title");
      for (const file of ["b.txt", "c.txt"]) await page.page.evaluate((file) => [...document.querySelectorAll(".files label")].find((row) => row.textContent.includes(file)).click(), file);
      await page.click("#save-picked");
      await page.heading("saved.title");
      const list = async () => spawnSync("python3", ["-m", "zipfile", "--list", join(downloads, "many.zip")], { encoding: "utf8" }).stdout;
      await until(async () => /many\/b\.txt(.|\n)*many\/sub\/c\.txt/.test(await list()), "there is no .zip with these files");
    });
  });

  test("a key opens what was sent to it, and another does not", async () => {
    const { link } = env.send(relay, env.file("keyed.bin", "for you"), "--recipient", RECIPIENT);
    await visit(link, async (page) => {
      await page.sees(say("ask.keys.who"));
      await page.paste("#key", OTHER_KEY);
      await page.click("#open");
      await page.sees(say("failure.no_identity_fits"));
      await looksRight(page, "another key");
      await (await page.page.$("#key-file")).uploadFile(env.file("identity.txt", KEYS));
      await page.click("#open");
      await page.heading("contents.title");
      await page.click("#save");
      await page.heading("saved.title");
      assert.equal((await downloaded("keyed.bin", 7)).toString(), "for you");
    });
  });

  test("a saved file opens from disk", async () => {
    const bytes = randomBytes(3 * MIB);
    const { link, words } = env.send(relay, env.file("disk.bin", bytes));
    const saved = env.path("disk.bin.age");
    env.share("get", "--yes", "--ciphertext", saved, "--passphrase-file", env.file("w", words), link);
    await visit(link, async (page) => {
      await page.heading("ask.title");
      await (await page.page.$("#local-file")).uploadFile(saved);
      await page.heading("file.title", { name: "disk.bin.age" });
      await enter(page, words);
      await page.heading("contents.title");
      await page.click("#save");
      await page.heading("saved.title");
      assert.ok((await downloaded("disk.bin", bytes.length)).equals(bytes));
    });
  });

  test("wrong words cost a try, and what was typed stays", async () => {
    const { link, words } = env.send(relay, env.file("wrong.bin", "x"));
    const other = env.send(relay, env.file("other.bin", "y")).words;
    await visit(link, async (page) => {
      await page.heading("ask.title");
      await page.type("#words", other);
      await page.click("#open");
      await page.sees(say("failure.words_wrong.left.other", { count: 9 }));
      assert.equal(await page.value("#words"), other);
      await looksRight(page, "wrong words");
      await enter(page, words);
      await page.heading("contents.title");
    });
  });

  test("hostile names and messages are text", async () => {
    const folder = env.path("hostile");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "&lt;b&gt; '; alert(1) {{7+7}}.txt"), "x");
    writeFileSync(join(folder, "javascript;alert(1).html"), "x");
    const { link, words } = env.send(relay, folder, "--message", HOSTILE);
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.heading("contents.title");
      for (const text of ["&lt;b&gt; '; alert(1) {{7+7}}.txt", "<script>document.title='owned'</script>", "\\u{202e}gnp.exe"]) await page.sees(text);
      const found = await page.page.evaluate(() => [document.title, document.querySelectorAll("main img, main script").length]);
      assert.deepEqual(found, [`${say("contents.title")} – share`, 0]);
      await looksRight(page, "hostile names");
    });
  });

  test("what is damaged is not saved", async () => {
    const { link, id, words } = env.send(relay, env.file("broken.bin", randomBytes(20 * MIB)));
    damage(id, 12 * MIB);
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.click("#save");
      await page.sees(say("failure.tampered"));
      await looksRight(page, "damaged");
    });
    assert.deepEqual(receipts(link), []);
    assert.ok(!existsSync(join(downloads, "broken.bin")));
  });

  test("what is damaged and large is never called saved, nor ever whole", async () => {
    const { link, id, words } = env.send(relay, large("large-broken.bin"));
    damage(id, 250 * MIB);
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.click("#save");
      await page.sees(say("failure.tampered"));
      // WebKitGTK leaves what came until then, and tells that it failed.
      assert.ok(statSync(join(downloads, "large-broken.bin")).size <= 250 * MIB);
    });
    assert.deepEqual(receipts(link), []);
  });

  test("a connection that breaks goes on by itself", async () => {
    const bytes = randomBytes(20 * MIB);
    const { link, words } = env.send(relay, env.file("cut.bin", bytes));
    await visit(link, async (page) => {
      await unlock(page, words);
      await page.heading("contents.title");
      proxy.cut(9 * MIB);
      proxy.cut(100);
      await page.click("#save");
      await page.heading("saved.title");
      assert.ok((await downloaded("cut.bin", bytes.length)).equals(bytes));
    });
  });

  function damage(id, at) {
    const file = openSync(env.path("relay", "shares", id, "content.age"), "r+");
    writeSync(file, "damaged", at);
    closeSync(file);
  }

  /** A file too large for memory, that differs in every MiB. */
  function large(name) {
    const path = env.file(name, "");
    const file = openSync(path, "r+");
    for (let at = 0; at < LARGE; at += MIB) writeSync(file, randomBytes(16), 0, 16, at);
    closeSync(file);
    truncateSync(path, LARGE);
    return path;
  }
});

/** Runs in the page. */
function hearViolations() {
  window.violations = [];
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => window.violations.push([violatedDirective, blockedURI]));
}

/** Runs in the page: how many pixels of a picture are green. */
async function greenOf(taken) {
  const image = new Image();
  image.src = `data:image/png;base64,${taken}`;
  await image.decode();
  const { width, height } = image;
  const pen = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, width, height);
  return data.filter((value, i) => i % 4 === 1 && value > 180 && data[i - 1] < 40 && data[i + 1] < 40).length;
}
