/** What is shown once a share is open: the message, the files and what is chosen of them, a look at one, the code of the link. */

import assert from "node:assert/strict";
import { crc32, deflateSync } from "node:zlib";
import jsQR from "jsqr";
import { isAccessible } from "./support/accessible.mjs";
import { say } from "./support/driver.mjs";
import { sha256 } from "./support/helpers.mjs";
import { inBrowsers } from "./support/fixture.mjs";
import { until } from "./support/test_env.mjs";

const LONG = "scan of the left hand, seen from above and from the side, first part.txt";
const MESSAGE = `Zie https://www.example.nl/a_(b)?q=1. Niet http://example.nl, https://bank.nl@evil.example of https://xn--bnk-ula.nl.
Bel 010-1234567 (of +31 (0)6 1234 5678), zaak 2024-0612345678.
[bank.nl](https://evil.example) <a href="https://evil.example">https://bank.nl</a> \u202Ehttps://evil.example`;
/** What a file would do if it could: it tells the page, and asks the relay. */
const HOSTILE = `<script>parent.postMessage("ran", "*"); fetch("/leak"); top.document.title = "ran"</script><img src="/leak.png" onerror="parent.postMessage('ran', '*')">`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" onload="parent.postMessage('ran', '*')"><image href="/leak.png" width="9" height="9"/></svg>`;

inBrowsers((test, name) => {
  test("files stand in folders that open and close, numbers in their order, and are chosen together", async (fixture) => {
    const files = ["dossier/10.txt", "dossier/9.txt", "dossier/foto's/b 10.png", "dossier/foto's/b 2.png", "dossier/foto's/ver/weg.pdf", "los.mp4"];
    const page = await fixture.opened(sendFiles(fixture, "alles", files), { ways: ["download"] });
    const rows = () => page.page.evaluate(() => [...document.querySelectorAll(".files .path")].map((one) => one.textContent));
    const all = ["alles", "dossier", "foto's", "ver", "weg.pdf", "b 2.png", "b 10.png", "9.txt", "10.txt", "los.mp4"];
    assert.deepEqual(await rows(), all);
    await open(page, "foto's");
    assert.deepEqual(await rows(), all.filter((one) => !/weg|b |ver/.test(one)));
    await page.click(await box(page, "foto's"));
    await page.sees(say("files.chosen.other", { count: 3, size: "30 bytes" }));
    assert.equal(await page.page.$eval("#save-picked", (one) => one.textContent), say("save.picked.other", { count: 3 }));
    await open(page, "foto's");
    assert.deepEqual(await ticked(page), { "foto's": true, ver: true, "weg.pdf": true, "b 2.png": true, "b 10.png": true, alles: null, dossier: null });
    await page.tick("b 2.png");
    assert.deepEqual(await ticked(page), { ver: true, "weg.pdf": true, "b 10.png": true, alles: null, dossier: null, "foto's": null });
    // Another language shows the same files, with the same ones chosen.
    await page.click("#speak-nl");
    await page.heading("contents.title", {}, "nl");
    assert.deepEqual(await rows(), all);
    await page.sees(say("files.chosen.other", { count: 2, size: "20 bytes" }, "nl"));
    await page.click("#save-picked");
    await page.heading("saved.title", {}, "nl");
    const zip = await fixture.unzipped("alles.zip");
    assert.deepEqual(Object.keys(zip).sort(), ["alles/dossier/foto's/b 10.png", "alles/dossier/foto's/ver/weg.pdf"]);
  });

  test("all of them are chosen, or none, and all of them chosen is everything", async (fixture) => {
    const sent = sendFiles(fixture, "twee", ["a.txt", "b/c.txt"]);
    const page = await fixture.opened(sent, { ways: ["download"] });
    await page.click("#choose-all");
    await page.sees(say("files.chosen.other", { count: 2, size: "20 bytes" }));
    await page.listen();
    await page.click("#choose-none");
    await page.hears(say("files.chosen.none"));
    assert.deepEqual(await ticked(page), {});
    await page.tick("a.txt");
    await page.sees(say("save.picked.one"));
    await page.tick("c.txt");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.equal(fixture.events(sent.link, "receipt").length, 1);
  });

  test("thirty files can be chosen on a phone, and long names end with their ending", async (fixture) => {
    const files = Array.from({ length: 29 }, (_, i) => `map ${i % 3}/bestand ${i}.pdf`);
    const page = await fixture.opened(sendFiles(fixture, "veel", [...files, `map 0/${LONG}`]));
    for (const width of [320, 390]) {
      await page.page.setViewport({ width, height: 640 });
      const found = await page.page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        low: [...document.querySelectorAll(".files label, .files button, .choosing button")].filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.outerHTML),
        folders: [...document.querySelectorAll(".opener .path")].map((one) => one.textContent),
        cut: document.querySelector(".cut .start").scrollWidth > document.querySelector(".cut .start").clientWidth,
        right: document.querySelector(".cut .end").getBoundingClientRect().right,
        end: document.querySelector(".cut .end").textContent,
        below: document.querySelector("#save").getBoundingClientRect().bottom > innerHeight,
      }));
      assert.deepEqual({ ...found, right: found.right < width }, { below: false, wide: 0, low: [], folders: ["veel", "map 0", "map 1", "map 2"], cut: true, right: true, end: "t part.txt" });
    }
    const copied = await page.page.evaluate(() => {
      const name = document.querySelector(".path:has(.cut)");
      getSelection().selectAllChildren(name.closest(".file"));
      return getSelection().toString().split("\n")[0];
    });
    assert.equal(copied, LONG);
    await page.click("#whole-names");
    const [whole, isCut] = await page.page.evaluate(() => [document.querySelector(".path .whole").getBoundingClientRect().width, document.querySelector(".cut").checkVisibility()]);
    assert.ok(whole > 100 && !isCut, `${whole} ${isCut}`);
  });

  test("of very many files in one folder the first are shown, and all when asked for", async (fixture) => {
    const files = Array.from({ length: 3_000 }, (_, i) => `${i}.txt`);
    const page = await fixture.opened(sendFiles(fixture, "heel veel", files));
    const rows = () => page.page.evaluate(() => [...document.querySelectorAll(".files .pick .path")].map((one) => one.textContent));
    assert.deepEqual(await rows(), files.slice(0, 100));
    await page.click("#choose-all");
    await page.sees(say("files.chosen.other", { count: "3,000", size: "30 kB" }));
    await page.click(".more button");
    assert.deepEqual(await rows(), files);
    assert.equal(await page.page.evaluate(() => document.querySelectorAll(".files label input:checked").length), 3_001);
    assert.equal(await page.page.evaluate(() => document.activeElement.closest("li").textContent.startsWith("100.txt")), true);
  });

  test("links and numbers in a message lead where they say, and nothing else is one", async (fixture) => {
    const page = await fixture.opened(fixture.sendToKey(fixture.env.file("a.bin", "x"), "--message", MESSAGE));
    const links = await page.page.evaluate(() =>
      [...document.querySelectorAll("#message a")].map((one) => [one.textContent, one.getAttribute("href"), one.target, one.rel, one.referrerPolicy, one.children.length]),
    );
    const rel = "noopener noreferrer nofollow";
    assert.deepEqual(links, [
      ["https://www.example.nl/a_(b)?q=1", "https://www.example.nl/a_(b)?q=1", "_blank", rel, "no-referrer", 0],
      ["010-1234567", "tel:0101234567", "", rel, "no-referrer", 0],
      ["+31 (0)6 1234 5678", "tel:+31612345678", "", rel, "no-referrer", 0],
    ]);
    await page.sees("\\u{202e}https://evil.example");
    assert.equal(await page.page.$eval("#message", (one) => one.translate), false);
  });

  test("pictures are looked at without being saved, in a frame of another origin", async (fixture) => {
    const jpeg = await painted(fixture, "image/jpeg");
    const webp = name === "chromium" ? { "wide.webp": await painted(fixture, "image/webp") } : {};
    const page = await fixture.opened(sendFiles(fixture, "beelden", { "high.png": png(300, 900), "wide.jpg": jpeg, ...webp }));
    for (const file of ["high.png", "wide.jpg", ...Object.keys(webp)]) {
      const frame = await look(page, file);
      const isApart = await page.page.evaluate(() => document.querySelector("#preview iframe").contentDocument === null);
      assert.ok(isApart);
      await until(() => isGreen(fixture, frame), `${file} is not shown`);
      // In Firefox axe-core fails at asking the frame, which has another origin.
      if (name === "chromium") await isAccessible(page.page, file);
      await page.click("#preview-close");
      await gone(page);
      // The focus is where it was.
      assert.match(await page.focused(), /^look-\d+$/);
    }
    assert.deepEqual(await page.page.evaluate(() => [document.querySelectorAll("iframe").length]), [0]);
  });

  test("no script of a file runs, and nothing in it is asked for", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const files = { "a.txt": HOSTILE, "b.svg": SVG, "c.png": HOSTILE, "d.csv": "naam;caf\xe9;\x80 5\r\n\u202Eexe" };
    const sent = sendFiles(fixture, "kwaad", { ...files, "d.csv": Buffer.from("naam;caf\xe9;\x80 5\r\n\x9d", "latin1"), "e.txt": "zie \u202Etxt.exe\0" });
    const prepare = () => {
      globalThis.made = new Map();
      globalThis.heard = [];
      addEventListener("message", ({ data }) => globalThis.heard.push(data));
      const { createObjectURL, revokeObjectURL } = URL;
      URL.createObjectURL = (blob) => {
        const address = createObjectURL(blob);
        globalThis.made.set(address, blob);
        return address;
      };
      URL.revokeObjectURL = (address) => globalThis.made.delete(address) && revokeObjectURL(address);
    };
    const page = await fixture.opened({ ...sent, link: proxy.through(sent.link) }, { prepare });
    proxy.requests.length = 0;
    const shown = async (file) => {
      await look(page, file);
      const made = await page.page.evaluate(() => Promise.all([...globalThis.made.values()].map(async (blob) => [blob.type, await blob.text()])));
      await page.click("#preview-close");
      await gone(page);
      return made;
    };
    assert.deepEqual(await shown("a.txt"), [["text/plain;charset=utf-8", HOSTILE]]);
    assert.deepEqual(await shown("b.svg"), [["text/plain;charset=utf-8", SVG]]);
    assert.deepEqual(await shown("d.csv"), [["text/plain;charset=utf-8", "naam;café;€ 5\n\\u{9d}"]]);
    assert.deepEqual(await shown("e.txt"), [["text/plain;charset=utf-8", "zie \\u{202e}txt.exe\\u{0}"]]);
    await page.click(await lookAt(page, "c.png"));
    await page.sees(say("preview.unknown"));
    await page.page.keyboard.press("Escape");
    await gone(page);
    assert.deepEqual(await page.page.evaluate(() => [globalThis.heard, globalThis.made.size]), [[], 0]);
    assert.equal(await page.page.title(), `${say("contents.title")} – share`);
    // What is fetched is content, with the one ticket that was taken for it.
    const asked = proxy.requests.map((request) => request.replace(/shares\/[^/]+/, "shares/ID"));
    assert.deepEqual([...new Set(asked)].filter((one) => !/\/page\/|favicon/.test(one)), ["POST /v1/shares/ID/tickets", "GET /v1/shares/ID/content"]);
  });

  test("what was looked at can still be saved, where it may be downloaded once", async (fixture) => {
    const sent = fixture.send("--once", fixture.env.file("een.txt", "maar een keer"));
    const page = await fixture.opened(sent, { ways: ["download"] });
    await look(page, "een.txt");
    await page.click("#preview-close");
    assert.equal(fixture.events(sent.link, "receipt").length, 0);
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.equal((await fixture.downloaded("een.txt")).toString(), "maar een keer");
    assert.equal(fixture.events(sent.link, "receipt").length, 1);
  });

  test("a look that is closed while it is fetched leaves nothing in the way", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const sent = fixture.sendToKey(fixture.env.file("traag.txt", "x".repeat(200_000)));
    const page = await fixture.opened({ ...sent, link: proxy.through(sent.link) }, { ways: ["download"] });
    proxy.close();
    await page.click(await lookAt(page, "traag.txt"));
    await page.sees(say("failure.unreachable"));
    await page.click("#preview-close");
    await gone(page);
    proxy.open();
    await page.click("#save");
    await page.heading("saved.title");
    await fixture.downloaded("traag.txt", 200_000);
  });

  test("the link stands as a code that another device reads, in the dark as well", async (fixture) => {
    const { link } = fixture.sendToKey(fixture.env.file("a.bin", "x"));
    const page = await fixture.visit(link);
    await page.page.waitForSelector("#key");
    await page.page.$eval(".other", (one) => (one.open = true));
    const code = await page.page.waitForSelector("#other-device svg");
    assert.equal(await page.page.$eval("#other-device svg", (one) => one.getAttribute("aria-label")), link);
    await page.sees(link);
    if (name === "chromium") await page.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
    const { data, width, height } = await pixelsOf(fixture, code);
    assert.equal(jsQR(data, width, height)?.data, link);
  });

  if (name === "chromium") {
    test("what is printed has the message and the files, and neither words nor buttons", async (fixture) => {
      for (const file of [LONG, "b.txt"]) fixture.env.file(`papier/${file}`, "x");
      const { link, words } = fixture.send(fixture.env.path("papier"), "--message", "Op papier");
      const page = await fixture.visit(link);
      await page.heading("ask.title");
      await page.paste("#words", "geheime woorden");
      await page.page.emulateMediaType("print");
      const seen = () => page.page.evaluate(() => [...document.querySelectorAll("textarea, button:not(.opener), input, details, dialog, .marks")].filter((one) => one.checkVisibility()).length);
      assert.equal(await seen(), 0);
      await page.page.emulateMediaType("screen");
      await page.page.$eval("#words", (one) => (one.value = ""));
      await page.unlock(words);
      await page.heading("contents.title");
      await page.page.emulateMediaType("print");
      assert.equal(await seen(), 0);
      for (const text of ["Op papier", LONG, "b.txt"]) await page.sees(text);
      assert.ok(await page.page.$eval(".path .whole", (one) => one.getBoundingClientRect().width > 100));
    });
  }
});

/** Sends a folder: of files with these bytes, or of ten bytes each. */
function sendFiles(fixture, folder, files, ...options) {
  const entries = Array.isArray(files) ? files.map((file) => [file, sha256(file).slice(0, 10)]) : Object.entries(files);
  for (const [file, bytes] of entries) fixture.env.file(`${folder}/${file}`, bytes);
  return fixture.sendToKey(fixture.env.path(folder), ...options);
}

/** Opens or closes a folder. */
async function open(page, folder) {
  await page.page.evaluate((folder) => [...document.querySelectorAll(".opener")].find((one) => one.querySelector(".path").textContent === folder).click(), folder);
}

/** The box for all of a folder. */
function box(page, folder) {
  return page.page.evaluate((folder) => {
    const row = [...document.querySelectorAll(".files .row")].find((one) => one.querySelector(".opener .path")?.textContent === folder);
    return `#${row.querySelector("input").id}`;
  }, folder);
}

/** What is ticked, by name; `null` where only a part of a folder is. */
function ticked(page) {
  return page.page.evaluate(() => {
    const boxes = [...document.querySelectorAll(".files input")].filter((one) => one.checked || one.indeterminate);
    return Object.fromEntries(boxes.map((one) => [one.closest(".row").querySelector(".path").textContent, one.indeterminate ? null : one.checked]));
  });
}

/** The button that shows a file. */
function lookAt(page, file) {
  return page.page.evaluate((file) => `#${[...document.querySelectorAll(".look")].find((one) => one.textContent.endsWith(` ${file}`)).id}`, file);
}

/** Looks at a file, and gives the frame that it is shown in. */
async function look(page, file) {
  await page.click(await lookAt(page, file));
  return page.page.waitForSelector("#preview iframe");
}

function gone(page) {
  return until(() => page.page.evaluate(() => document.querySelector("#preview") === null), "the look is not closed");
}

/** Whether an element is green in the middle. */
async function isGreen(fixture, element) {
  const { data, width, height } = await pixelsOf(fixture, element);
  const at = 4 * (Math.floor(height / 2) * width + Math.floor(width / 2));
  const [red, green, blue] = data.subarray(at, at + 3);
  return red < 40 && green > 180 && blue < 40;
}

/** An element as it is seen. */
async function pixelsOf(fixture, element) {
  const taken = Buffer.from(await element.screenshot()).toString("base64");
  const tab = await fixture.browser.newPage();
  const { bytes, width, height } = await tab.evaluate(async (taken) => {
    const image = new Image();
    image.src = `data:image/png;base64,${taken}`;
    await image.decode();
    const { width, height } = image;
    const canvas = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, width, height);
    const text = Array.from({ length: Math.ceil(data.length / 4096) }, (_, i) => String.fromCharCode(...data.subarray(4096 * i, 4096 * (i + 1)))).join("");
    return { bytes: btoa(text), width, height };
  }, taken);
  await tab.close();
  return { data: new Uint8ClampedArray(Buffer.from(bytes, "base64")), width, height };
}

/** A green picture, as this browser makes it. */
async function painted(fixture, type) {
  const tab = await fixture.browser.newPage();
  const address = await tab.evaluate((type) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 900, height: 300 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "rgb(0, 200, 0)";
    pen.fillRect(0, 0, 900, 300);
    return canvas.toDataURL(type);
  }, type);
  await tab.close();
  assert.ok(address.startsWith(`data:${type};`));
  return Buffer.from(address.split(",")[1], "base64");
}

/** The same as PNG. */
function png(width, height) {
  const row = Buffer.concat([Buffer.of(0), ...Array(width).fill(Buffer.of(0, 200, 0))]);
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const content = deflateSync(Buffer.concat(Array(height).fill(row)));
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", content), chunk("IEND", Buffer.alloc(0))]);
}
