/** Slow, broken, old and impatient: what the page says and does where browsers, networks and people are not as one hopes. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { say, Visit } from "./driver.mjs";
import { until, World } from "./world.mjs";

const MIB = 1024 * 1024;
const BROWSERS = process.env.BROWSERS?.split(",") ?? ["chromium", "firefox"];
const KEYS = readFileSync(new URL("../vectors/keys/age.txt", import.meta.url), "utf8");
const RECIPIENT = /age1[a-z0-9]+/.exec(KEYS)[0];
const FILES = readdirSync(new URL("../../relay/web/dist/", import.meta.url));
/** What is said when the page is at a loss, up to what is filled in. */
const LOST = say("failure.unexpected");

for (const name of BROWSERS) {
  describe(name, () => {
    const world = new World();
    let relay;
    let browser;
    before(async () => {
      relay = await world.relay();
      ({ browser } = await world.browser(name));
    });
    after(() => world.end());

    const visit = (link, options) => Visit.open(browser, link, options);
    const send = (file, ...args) => world.send(relay, world.file(file, "x"), ...args);
    const tickets = (link) => world.events(link).filter(({ event }) => event === "ticket");

    /** Presses it twice before anything can have come of it. */
    const pressTwice = (page, text) =>
      page.page.evaluate((text) => {
        const button = [...document.querySelectorAll("button")].find((one) => one.textContent === text);
        button.click();
        button.click();
      }, text);

    /** What is read out by a region that was there, and is the only one. */
    const said = (page, text) =>
      until(() => page.page.evaluate((text) => document.querySelectorAll("[role=status]").length === 1 && globalThis.live?.isConnected && globalThis.live.textContent === text, text), `“${text}” is not read out`);
    const listen = (page) => page.page.evaluate(() => void (globalThis.live = document.querySelector("[role=status]")));

    test("a worker that the network has cut is asked for again, however often one presses", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("cut-worker.bin");
      gate.refuse("/worker.js");
      const page = await visit(gate.through(link));
      await page.sees(say("failure.unreachable"));
      gate.refuse(null);
      gate.close();
      await pressTwice(page, say("again"));
      await page.heading("checking");
      await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
      await listen(page);
      await said(page, say("saving.waiting", { why: say("failure.unreachable") }));
      assert.equal(await page.focused(), "H1");
      gate.open();
      await page.unlock(words);
      await page.heading("contents.title");
      assert.ok(!(await page.text()).includes(LOST));
      await page.close();
    });

    test("a page that cannot begin says why it may be so, but gives a slow network its time", async () => {
      const gate = await world.gate(relay);
      gate.refuse("/start.js");
      const page = await visit(gate.through(send("no-start.bin").link));
      const isShown = () => page.page.evaluate(() => getComputedStyle(document.querySelector("#fallback")).visibility === "visible");
      assert.ok((await page.page.evaluate(() => parseFloat(getComputedStyle(document.querySelector("#fallback")).animationDelay))) >= 10);
      await until(isShown, "it does not say that it could not begin");
      await page.sees("Perhaps the connection was lost: load the page again.");
      await page.close();
    });

    test("without scripts it says at once what to do", { skip: name === "firefox" && "its driver cannot switch scripts off" }, async () => {
      const page = await browser.newPage();
      await page.setJavaScriptEnabled(false);
      await page.goto(send("no-scripts.bin").link);
      const delay = await page.evaluate(() => getComputedStyle(document.querySelector("#fallback")).animationName);
      assert.equal(delay, "none");
      await page.close();
    });

    test("a browser that is too old is told so", async () => {
      const page = await visit(send("too-old.bin").link, { prepare: () => delete AbortSignal.any });
      await page.heading("problem.title");
      await page.sees(say("failure.browser_too_old"));
      await page.sees(say("program.share", { title: say("command.title") }));
      await page.close();
    });

    test("word lists that did not come are asked for again, and the words are not blamed", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("lists.bin");
      const page = await visit(gate.through(link));
      await page.heading("ask.title");
      gate.refuse(".txt");
      await page.paste("#words", words);
      await page.click("#open");
      await page.sees(say("failure.unreachable"));
      assert.equal(await page.focused(), "open");
      assert.equal(await page.page.evaluate(() => document.querySelector("#words").getAttribute("aria-invalid")), "false");
      gate.refuse(null);
      await page.click("#open");
      await page.heading("contents.title");
      await page.close();
    });

    test("a part of the page that did not come is told of", async () => {
      const gate = await world.gate(relay);
      world.file("part/a.txt", "a");
      world.file("part/b.txt", "b");
      const { link, words } = world.send(relay, world.path("part"));
      const page = await visit(gate.through(link));
      await page.unlock(words);
      await page.heading("contents.title");
      gate.refuse(FILES.find((file) => file.startsWith("zip-")));
      await page.click("#save");
      await page.sees(say("failure.part_missing"));
      gate.refuse(null);
      // The other browser remembers, which is why loading the page again is spoken of.
      if (name === "chromium") {
        await page.click("#save");
        await page.heading("saved.title");
      }
      await page.close();
    });

    test("a page left open speaks the other language without the network, also while it waits", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("languages.bin");
      const page = await visit(gate.through(link));
      await page.heading("ask.title");
      await page.paste("#words", words);
      await until(() => page.page.evaluate(() => document.querySelectorAll(".marks .exact").length === 6), "the words are not marked");
      gate.close();
      await page.click("#open");
      await page.sees(say("saving.waiting", { why: say("failure.unreachable") }));
      gate.refuse(".js");
      await page.page.click("#speak-nl");
      await page.heading("ask.title", {}, "nl");
      await page.sees(say("saving.waiting", { why: say("failure.unreachable", {}, "nl") }, "nl"));
      gate.refuse(null);
      gate.open();
      await page.heading("contents.title", {}, "nl");
      await page.close();
    });

    test("stopping before anything was written spends no download, and is read out", async () => {
      const { link, words } = send("early.bin");
      const prepare = () => {
        // The empty page before it has none.
        if (!("ServiceWorkerContainer" in globalThis)) return;
        const { register } = ServiceWorkerContainer.prototype;
        const held = new Promise((resolve) => (globalThis.goOn = resolve));
        ServiceWorkerContainer.prototype.register = async function (...args) {
          await held;
          return register.apply(this, args);
        };
      };
      const page = await visit(link, { ways: ["download"], prepare });
      await page.unlock(words);
      await page.heading("contents.title");
      await listen(page);
      await page.click("#save");
      await page.sees(say("saving.start"));
      await page.click("#cancel");
      await page.heading("contents.title");
      await said(page, say("contents.stopped"));
      await page.page.evaluate(() => globalThis.goOn());
      assert.deepEqual(tickets(link), []);
      await page.close();
    });

    test("a download that the browser has ended is not called stopped by the person", { skip: name === "firefox" && "its driver cannot end a download" }, async () => {
      const gate = await world.gate(relay);
      const { link, words } = world.send(relay, world.file("ended.bin", randomBytes(9 * MIB)));
      const session = await browser.target().createCDPSession();
      const begun = new Promise((resolve) => session.on("Browser.downloadWillBegin", resolve));
      await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: world.path("ended", "."), eventsEnabled: true });
      const page = await visit(gate.through(link), { ways: ["download"] });
      await page.unlock(words);
      await page.heading("contents.title");
      gate.stall(3 * MIB);
      await page.click("#save");
      await page.progress();
      await session.send("Browser.cancelDownload", { guid: (await begun).guid });
      gate.close();
      gate.open();
      await page.sees(say("failure.download_ended"));
      await page.close();
    });

    test("whoever is told again is told once, however often one presses", async () => {
      const gate = await world.gate(relay);
      const { link, words } = send("told.bin");
      const page = await visit(gate.through(link));
      await page.unlock(words);
      await page.heading("contents.title");
      gate.refuse("/receipt");
      await page.click("#save");
      await page.heading("saved.title");
      await listen(page);
      await said(page, say("saved.receipt.failed"));
      await pressTwice(page, say("saved.receipt.again"));
      await said(page, say("saved.receipt.telling"));
      assert.equal(await page.focused(), "tell");
      gate.refuse(null);
      await said(page, say("saved.receipt.sent"));
      assert.equal(await page.focused(), "back");
      assert.ok(!(await page.text()).includes(LOST));
      await page.close();
    });

    test("the page does not wait to know whose it is, and keeps the focus when it hears", async () => {
      const prepare = () => {
        const { fetch } = window;
        const held = new Promise((resolve) => (globalThis.answer = resolve));
        window.fetch = async (url, ...args) => {
          if (!String(url).endsWith("/operator.json")) return fetch(url, ...args);
          await held;
          return Response.json({ name: "Gemeente Dam", contact: "Bel 14 020" });
        };
      };
      const page = await visit(send("whose.bin").link, { prepare });
      await page.heading("ask.title");
      await page.paste("#words", "storm");
      await page.page.focus("#speak-nl");
      await page.page.evaluate(() => globalThis.answer());
      await page.sees("Gemeente Dam");
      await page.sees("Bel 14 020");
      assert.equal(await page.focused(), "speak-nl");
      assert.equal(await page.value("#words"), "storm");
      assert.equal(await page.page.title(), `${say("ask.title")} – Gemeente Dam`);
      await page.close();
    });

    test("when every allowed download is taken, it says so before anything is typed", async () => {
      const { link, id } = send("taken.bin", "--recipient", RECIPIENT, "--once");
      const body = JSON.stringify({ ticket_hash: "0".repeat(64) });
      const answer = await fetch(`${relay}/v1/shares/${id}/tickets`, { method: "POST", headers: { "content-type": "application/json" }, body });
      assert.ok(answer.ok);
      const page = await visit(link);
      await page.heading("ask.title");
      await page.sees(say("failure.downloads_taken"));
      await page.sees(say("failure.downloads_taken.hint"));
      assert.doesNotMatch(await page.text(), /\b0 more/);
      await page.close();
    });

    test("a folder that the browser does not give becomes one .zip, and what that is stands there", async () => {
      world.file("blocked/a.txt", "a");
      world.file("blocked/b.txt", "b");
      const { link, words } = world.send(relay, world.path("blocked"));
      const prepare = () => void (window.showDirectoryPicker = () => Promise.reject(new DOMException("not here", "SecurityError")));
      const page = await visit(link, { ways: ["folder"], prepare });
      await page.unlock(words);
      await page.click("#save-folder");
      await page.heading("saved.title");
      await page.sees(say("saved.name", { name: "blocked.zip" }));
      await page.sees(say("saved.zip"));
      await page.close();
    });

    test("a key file stays in its field and is what is called wrong; typing takes its place", async () => {
      const { link } = send("key-file.bin", "--recipient", RECIPIENT);
      const page = await visit(link);
      await page.heading("ask.title");
      await page.page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
      await page.sees(`share get ${link} --identity key.txt`);
      await (await page.page.$("#key-file")).uploadFile(world.file("wrong.txt", "nonsense"));
      await page.click("#open");
      await page.sees(say("failure.identity_invalid"));
      const invalid = () => page.page.evaluate(() => [...document.querySelectorAll("[aria-invalid=true]")].map(({ id }) => id).join());
      assert.deepEqual([await page.focused(), await invalid()], ["key-file", "key-file"]);
      const chosen = () => page.page.evaluate(() => document.querySelector("#key-file").files[0]?.name);
      assert.equal(await chosen(), "wrong.txt");
      await page.paste("#key", "AGE-SECRET-KEY-1");
      assert.equal(await chosen(), undefined);
      await page.click("#open");
      await until(async () => (await invalid()) === "key", "the text is not called wrong");
      await (await page.page.$("#key-file")).uploadFile(world.file("right.txt", KEYS));
      await page.click("#open");
      await page.heading("contents.title");
      await page.close();
    });

    test("a file from disk takes the place of the share: heading, focus, and no command for a share", async () => {
      const { link, words } = send("from-disk.bin");
      const saved = world.path("from-disk.bin.age");
      world.share("get", "--yes", "--ciphertext", saved, "--passphrase-file", world.file("w", words), link);
      const page = await visit(link);
      await page.heading("ask.title");
      await page.paste("#words", words);
      await (await page.page.$("#local-file")).uploadFile(saved);
      await page.heading("file.title", { name: "from-disk.bin.age" });
      assert.equal(await page.focused(), "H1");
      assert.equal(await page.page.evaluate(() => document.querySelectorAll("details pre").length), 0);
      await page.close();
    });
  });
}
