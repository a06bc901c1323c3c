/** Opening a share: by words as people type them, by a key, from disk; and why it may not open. */

import assert from "node:assert/strict";
import { basename } from "node:path";
import { say } from "./support/driver.mjs";
import { KEYS, lock, OTHER_KEY, RECIPIENT, WRONG } from "./support/helpers.mjs";
import { inBrowsers } from "./support/fixture.mjs";
import { TestEnv, until } from "./support/test_env.mjs";

inBrowsers((test) => {
  test("words are marked while they are typed, and what was meant can be taken", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("marked.bin", "x"));
    const list = words.split("-");
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.type("#words", `${list[0]} qqqqqqq ${list[2].slice(0, -1)}`);
    const marks = () => page.page.evaluate(() => [...document.querySelectorAll(".marks li")].map((mark) => mark.className).join());
    await until(async () => (await marks()) === "exact,unknown", "a word still being typed is not marked");
    await page.paste("#words", `${list[0]} ${bent(list[1])} ${list.slice(2).join(" ")}`);
    await until(async () => (await marks()).startsWith("exact,"), "no marks");
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("what a word may have been meant as is offered, and one click puts it in its place", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("meant.bin", "x"));
    const [first, second, ...rest] = words.split("-");
    const typed = `${second}xq`;
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.type("#words", [first, typed, ...rest].join(" "));
    await page.sees(`Word 2, “${typed}”, is not right. Did you mean: `);
    await page.click(`.marks button[aria-label="${say("words.use", { word: second, typed })}"]`);
    assert.equal((await page.value("#words")).trim(), words.replaceAll("-", " "));
    assert.equal(await page.focused(), "words");
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("words open as they come from a mail, a phone or speech", async (fixture) => {
    const title = (word) => word[0].toUpperCase() + word.slice(1);
    const numbered = (list) => list.map((word, i) => `> ${i + 1}. ${title(word)}`).join("\r\n");
    const mangled = (list) => list.map((word) => `\u201c${word.slice(0, 2)}\u00ad${word.slice(2).toUpperCase()}\u201d`).join(",\u00a0\n");
    const spoken = (list) => `${title(list.join(" "))}.`;
    for (const [language, how, write] of [["nl", "paste", numbered], ["en", "paste", mangled], ["nl", "type", spoken]]) {
      const { link, words } = fixture.send(fixture.env.file("typed.bin", "x"), "--word-list", language);
      const page = await fixture.visit(link, { language });
      await page.heading("ask.title", {}, language);
      await page[how]("#words", write(words.split("-")));
      await page.click("#open");
      await page.heading("contents.title", {}, language);
    }
  });

  test("words in the middle of a letter are counted, cost no try and stay", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("letter.bin", "x"));
    const letter = `Dear Ms Jansen,\n\nthese are the words: ${words.replaceAll("-", " ")}.\nKind regards from all of us at the clinic`;
    const page = await fixture.visit(link);
    await page.unlock(letter);
    await page.sees(say("failure.words_count.other", { count: 17 }));
    assert.equal(await page.value("#words"), letter);
    assert.deepEqual(fixture.events(link, "wrong_proof"), []);
  });

  test("a slip in the words costs no try, wrong words do, and what was typed stays", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("wrong.bin", "x"));
    const page = await fixture.visit(link);
    await page.unlock("");
    await page.sees(say("failure.words_count"));
    await page.paste("#words", "one two three four");
    await page.click("#open");
    await page.sees(say("failure.words_count.other", { count: 4 }));
    assert.equal(await page.value("#words"), "one two three four");
    assert.equal(await page.focused(), "words");
    const list = words.split("-");
    await page.paste("#words", ["qqqqqq", ...list.slice(1)].join(" "));
    await page.click("#open");
    await page.sees(say("failure.words_unknown", { position: 1, word: "qqqqqq" }));
    assert.deepEqual(fixture.events(link, "wrong_proof"), []);
    await page.paste("#words", WRONG);
    await page.click("#open");
    await page.sees(say("failure.words_wrong.left.other", { count: 9 }));
    assert.equal(await page.value("#words"), WRONG);
    await page.page.click("#speak-nl");
    await page.sees(say("failure.words_wrong.left.other", { count: 9 }, "nl"));
    assert.equal(await page.value("#words"), WRONG);
    await page.paste("#words", words);
    await page.click("#open");
    await page.heading("contents.title", {}, "nl");
  });

  test("a share that is locked says until when, and opens once its sender has unlocked it", async (fixture) => {
    const { link, id, words } = fixture.send(fixture.env.file("locked.bin", "x"));
    await lock(fixture.relay, id);
    const page = await fixture.visit(link);
    await page.unlock(words);
    await page.sees(say("failure.locked").split("{time}")[0]);
    assert.equal(await page.value("#words"), words);
    fixture.env.share("unlock", link);
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("what is over says so, each in its own words", async (fixture) => {
    const send = (file, ...args) => fixture.send(fixture.env.file(file, "x"), ...args);
    const expired = await fixture.env.expiring(fixture.relay);
    const revoked = send("revoked.bin");
    fixture.env.share("revoke", revoked.link);
    const collected = send("collected.bin", "--once");
    fixture.env.share("get", "--yes", "--passphrase-file", fixture.env.file("w", collected.words), "--output", fixture.env.path("out", "."), collected.link);
    const damaged = send("damaged.bin").link.slice(0, -2);
    const unknown = send("unknown.bin");
    const elsewhere = new TestEnv();
    const other = await elsewhere.relay();
    try {
      for (const [link, sentence] of [
        [revoked.link, "The sender took it back on"],
        [collected.link, "It has already been downloaded, on"],
        [damaged, say("failure.link_damaged")],
        [unknown.link.replace(fixture.relay, other), say("failure.not_found")],
        [expired, "It expired on"],
      ]) {
        await until(async () => sentence !== "It expired on" || (await fetch(link.replace("/s/", "/v1/shares/"))).status === 410, "it does not expire");
        const page = await fixture.visit(link);
        await page.heading("problem.title");
        await page.sees(sentence);
      }
    } finally {
      await elsewhere.end();
    }
  });

  test("when every allowed download is taken, it says so before anything is typed", async (fixture) => {
    const { link, id } = fixture.send(fixture.env.file("taken.bin", "x"), "--recipient", RECIPIENT, "--once");
    const body = JSON.stringify({ ticket_hash: "0".repeat(64) });
    const answer = await fetch(`${fixture.relay}/v1/shares/${id}/tickets`, { method: "POST", headers: { "content-type": "application/json" }, body });
    assert.ok(answer.ok);
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.sees(say("failure.downloads_taken"));
    await page.sees(say("failure.downloads_taken.hint"));
    assert.doesNotMatch(await page.text(), /\b0 more/);
  });

  test("a time that is none is no answer of a relay, and the page says so", async (fixture) => {
    const body = JSON.stringify({ code: "locked", locked_until: 9e14 });
    const refused = (answer) => Object.assign(answer, { status: 403, headers: { "content-type": "application/problem+json; charset=utf-8" }, body });
    const { url: server } = await fixture.faultProxy((path) => (path.endsWith("/open") ? refused : null));
    const { link, words } = fixture.send(fixture.env.file("far-off.bin", "x"));
    const page = await fixture.visit(link.replace(fixture.relay, server));
    await page.unlock(words);
    await page.problem();
    await page.sees(say("failure.bad_answer", { what: "locked_until" }));
  });

  test("a key opens what was sent to it; another does not, and stays in its field", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("keyed.bin", "for you"), "--recipient", RECIPIENT);
    const page = await fixture.visit(link);
    await page.sees(say("ask.keys.who"));
    await page.page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
    await page.sees(`share get ${link} --identity key.txt`);
    await page.paste("#key", "nonsense");
    await page.click("#open");
    await page.sees(say("failure.identity_invalid"));
    await page.paste("#key", OTHER_KEY);
    await page.click("#open");
    await page.sees(say("failure.no_identity_fits"));
    assert.equal(await page.value("#key"), OTHER_KEY);
    await page.chooseFile("#key-file", fixture.env.file("identity.txt", KEYS));
    await page.click("#open");
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.sent"));
    assert.equal((await fixture.downloaded("keyed.bin", 7)).toString(), "for you");
  });

  test("a key file stays in its field and is what is called wrong; typing takes its place", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("key-file.bin", "x"), "--recipient", RECIPIENT);
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.chooseFile("#key-file", fixture.env.file("wrong.txt", "nonsense"));
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
    await page.chooseFile("#key-file", fixture.env.file("right.txt", KEYS));
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("a saved file opens from disk with the words, without the network", async (fixture) => {
    const proxy = await fixture.faultProxy();
    const { link, words } = fixture.send(fixture.env.file("disk.bin", "from disk"));
    const saved = fixture.saved(link, words);
    const page = await fixture.visit(proxy.through(link));
    await page.heading("ask.title");
    await page.page.evaluate(() => document.querySelector("#words").focus());
    await until(() => proxy.requests.some((request) => request.includes("wordlists")), "the word lists are not fetched");
    await page.paste("#words", "storm");
    await page.chooseFile("#local-file", saved);
    await page.heading("file.title", { name: basename(saved) });
    assert.equal(await page.focused(), "H1");
    // There is no command for it, as it is no share.
    assert.equal(await page.page.evaluate(() => document.querySelectorAll("details pre").length), 0);
    const asked = proxy.requests.length;
    await page.paste("#words", words);
    await page.click("#open");
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.local"));
    assert.equal((await fixture.downloaded(basename(saved, ".age"), 9)).toString(), "from disk");
    assert.deepEqual(proxy.requests.slice(asked).filter((request) => request.includes("/v1")), []);
  });

  test("a wrong file from disk leaves the words where they are", async (fixture) => {
    const { link, words } = fixture.send(fixture.env.file("wrong-file.bin", "x"));
    const page = await fixture.visit(link);
    await page.heading("ask.title");
    await page.paste("#words", words);
    await page.page.evaluate(() => (document.querySelector("details:has(#local-file)").open = true));
    await page.chooseFile("#local-file", fixture.env.file("junk.txt", "not an age file"));
    await page.sees(say("failure.header_malformed"));
    assert.equal(await page.value("#words"), words);
    await page.click("#open");
    await page.heading("contents.title");
  });
});

/** A word with one letter too many: clear in its meaning. */
function bent(word) {
  return `${word.slice(0, 2)}${word[1]}${word.slice(2)}`;
}
