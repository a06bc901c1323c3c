/** What is fetched, and when: first and second visits, languages, without scripts, and from a relay that became a newer one. */

import assert from "node:assert/strict";
import { say } from "./support/driver.mjs";
import { pageFile } from "./support/helpers.mjs";
import { newerRelease } from "./support/fault_proxy.mjs";
import { inBrowsers } from "./support/fixture.mjs";

inBrowsers((test) => {
  test("a first visit fetches each file once, a second one asks whether the document is the same", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("visits.bin", "x"));
    const first = await fixture.visit(proxy.through(link));
    await first.unlock(words);
    await first.heading("contents.title");
    const fetched = filesOf(proxy.requests);
    assert.deepEqual(fetched, [...new Set(fetched)]);
    for (const file of ["start.js", "worker.js", "style.css", "wordlists-en.txt", "scrypt_wasm.js"]) assert.ok(fetched.includes(pageFile(file)), file);
    const before = proxy.answers.length;
    const second = await fixture.visit(proxy.through(link));
    await second.heading("ask.title");
    assert.equal(await second.page.evaluate(() => document.querySelector("#fallback")), null);
    const again = proxy.answers.slice(before).filter((answer) => !answer.includes("/v1"));
    assert.deepEqual(again, [`304 ${new URL(link).pathname}`]);
  });

  test("the document is in the reader's language, and needs no script to say what the form says", async (fixture) => {
    const proxy = await fixture.faultProxy();
    proxy.refuse(pageFile("start.js"));
    const { link } = fixture.send(fixture.env.file("languages.bin", "x"));
    for (const language of ["nl", "en"]) {
      const page = await fixture.browser.newPage();
      await page.setExtraHTTPHeaders({ "accept-language": `fy, ${language}-XX;q=0.8, en;q=0.1` });
      await page.goto(proxy.through(link));
      const shown = await page.evaluate(() => document.body.innerText);
      for (const key of ["ask.title", "ask.words.who", "words.label", "words.open"]) assert.ok(shown.includes(say(key, {}, language)), key);
      const languages = await page.evaluate(() => [document.documentElement, ...document.querySelectorAll("#fallback section")].map(({ lang }) => lang));
      assert.deepEqual(languages, [language, language, language === "nl" ? "en" : "nl"]);
    }
  });

  test("what is typed before the scripts have come goes nowhere", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("no-start.bin", "x"));
    const proxy = await fixture.faultProxy();
    proxy.refuse(pageFile("start.js"));
    const page = await fixture.browser.newPage();
    await page.goto(proxy.through(link));
    await page.type("#words", "storm");
    await page.click("#open");
    // Firefox throws, Chromium does nothing.
    await page.evaluate(() => document.querySelector("#page form").submit()).catch(() => {});
    assert.equal(page.url(), proxy.through(link));
    assert.ok(!proxy.seen.join().includes("storm") && !proxy.seen.join().includes("POST"));
  });

  test("a page that was open while its relay became a newer one says that it has to be loaded again", async (fixture) => {
    let isNewer = false;
    const upgraded = await newerRelease(fixture.relay);
    const { url } = await fixture.faultProxy((path) => (isNewer ? upgraded(path) : null));
    const { link, words } = fixture.send(fixture.env.file("upgraded.bin", "x"));
    const page = await fixture.visit(link.replace(fixture.relay, url));
    await page.heading("ask.title");
    isNewer = true;
    await page.unlock(words);
    for (const key of ["failure.part_missing", "failure.part_missing.hint"]) await page.sees(say(key));
    await page.page.reload();
    await page.heading("ask.title");
    await page.unlock(words);
    await page.heading("contents.title");
  });

  test("a preview of the link says nothing of what was sent, in the language asked for", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("Preview name.bin", "x"));
    const document = await (await fetch(link, { headers: { "user-agent": "WhatsApp/2.23", "accept-language": "nl" } })).text();
    const told = Object.fromEntries([...document.matchAll(/<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]+)">/g)].map(([, name, content]) => [name, content]));
    const [title, description] = ["preview.title", "preview.description"].map((key) => say(key, {}, "nl"));
    assert.deepEqual(told, { "og:type": "website", "og:title": title, "og:description": description, "twitter:card": "summary" });
  });
});

/** The paths of the page's own files, in the order in which they were asked for. */
function filesOf(requests) {
  return requests.map((request) => request.split(" ")[1]).filter((path) => !path.startsWith("/v1"));
}
