/** What nobody but the recipient learns, what strangers' texts cannot do, and what the page costs. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { say } from "./support/driver.mjs";
import { KEYS, RECIPIENT } from "./support/helpers.mjs";
import { inBrowsers, MIB } from "./support/fixture.mjs";

const SENDER = "<b>Team North</b> {{7*7}}";
const HOSTILE = "<img src=x onerror=\"document.title='owned'\">\n\u202Egnp.exe\n{{7*7}} <script>document.title='owned'</script>";

inBrowsers((test) => {
  test("hostile names and messages are text", async (fixture) => {
    const folder = fixture.env.path("hostile");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "&lt;b&gt; '; alert(1) {{7+7}}.txt"), "x");
    writeFileSync(join(folder, "javascript;alert(1).html"), "x");
    const { link, words } = fixture.send(folder, "--message", HOSTILE, "--from", SENDER);
    const page = await fixture.visit(link);
    await page.unlock(words);
    await page.heading("contents.title");
    for (const text of [SENDER, say("contents.claimed"), "&lt;b&gt; '; alert(1) {{7+7}}.txt", "<script>document.title='owned'</script>", "\\u{202e}gnp.exe"]) await page.sees(text);
    const found = await page.page.evaluate(() => [document.title, document.querySelectorAll("main img, main script").length]);
    assert.deepEqual(found, [`${say("contents.title")} – share`, 0]);
  });

  test("words, keys and names never leave the tab", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("Secret name.bin", randomBytes(MIB)), "--message", "Secret message");
    const page = await fixture.visit(proxy.through(link), { ways: ["download"] });
    await page.unlock(words);
    await page.click("#save");
    await page.heading("saved.title");
    const keyed = fixture.send(fixture.env.file("keyed name.bin", "x"), "--recipient", RECIPIENT);
    const other = await fixture.visit(proxy.through(keyed.link));
    await other.heading("ask.title");
    await other.paste("#key", KEYS);
    await other.click("#open");
    await other.heading("contents.title");
    const sent = proxy.seen.join("\n");
    assert.ok(sent.includes("/receipt") && sent.includes("/open"));
    for (const secret of ["Secret", "keyed name", "AGE-SECRET"]) assert.ok(!sent.includes(secret), secret);
    // One word alone may well be in what browsers send: "script" is one.
    const list = words.split("-");
    for (const [i, word] of list.slice(1).entries()) assert.doesNotMatch(sent, new RegExp(`${list[i]}[^a-z]{1,4}${word}`, "i"));
    assert.ok(!/"cookie"/i.test(sent));
    const kept = await page.page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length, location.hash]);
    assert.deepEqual(kept, ["", 0, 0, ""]);
  });

  test("the first load is under 60 KB as the relay sends it", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link } = fixture.send(fixture.env.file("first.bin", "x"));
    const page = await fixture.visit(proxy.through(link), { language: "nl" });
    await page.heading("ask.title", {}, "nl");
    const paths = [...new Set(proxy.requests.map((request) => request.split(" ")[1]))].filter((path) => !path.startsWith("/v1") && !path.includes("favicon"));
    const lengths = await Promise.all(paths.map((path) => packedLength(fixture, path)));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    console.log(`first load: ${total} bytes in ${paths.length} files`);
    assert.ok(paths.length > 5 && total < 60_000, `${total}`);
  });

  test("all of the page together is under 350 KB as the relay sends it", async (fixture) => {
    const { page } = await (await fetch(`${fixture.relay}/v1`)).json();
    const lengths = await Promise.all(Object.keys(page).map((file) => packedLength(fixture, file.endsWith(".html") ? "/s/0" : `/page/${file}`)));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    console.log(`everything: ${total} bytes in ${lengths.length} files`);
    assert.ok(lengths.length > 20 && total < 350_000, `${total}`);
  });
});

async function packedLength(fixture, path) {
  const { headers } = await fetch(fixture.relay + path, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  assert.ok(headers.get("content-encoding") === "gzip" || path.endsWith("/operator.json"), path);
  return Number(headers.get("content-length"));
}
