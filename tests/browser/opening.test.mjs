/** Opening a share: by words as people type them, by a key, from disk; and why it may not open. */

import assert from "node:assert/strict";
import { say } from "./driver.mjs";
import { KEYS, lock, OTHER_KEY, RECIPIENT, WRONG } from "./fixtures.mjs";
import { inBrowsers } from "./stage.mjs";
import { until, World } from "./world.mjs";

inBrowsers((test) => {
  test("words are marked while they are typed, and what was meant can be taken", async (stage) => {
    const { link, words } = stage.send(stage.world.file("marked.bin", "x"));
    const list = words.split("-");
    const page = await stage.visit(link);
    await page.heading("ask.title");
    await page.type("#words", `${list[0]} qqqqqqq ${list[2].slice(0, -1)}`);
    const marks = () => page.page.evaluate(() => [...document.querySelectorAll(".marks li")].map((mark) => mark.className).join());
    await until(async () => (await marks()) === "exact,unknown", "a word still being typed is not marked");
    await page.paste("#words", `${list[0]} ${bent(list[1])} ${list.slice(2).join(" ")}`);
    await until(async () => (await marks()).startsWith("exact,"), "no marks");
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("a slip in the words costs no try, wrong words do, and what was typed stays", async (stage) => {
    const { link, words } = stage.send(stage.world.file("wrong.bin", "x"));
    const page = await stage.visit(link);
    await page.unlock("");
    await page.sees(say("failure.words_count", { found: 0 }));
    await page.paste("#words", "one two three four");
    await page.click("#open");
    await page.sees(say("failure.words_count", { found: 4 }));
    assert.equal(await page.value("#words"), "one two three four");
    assert.equal(await page.focused(), "words");
    const list = words.split("-");
    await page.paste("#words", ["qqqqqq", ...list.slice(1)].join(" "));
    await page.click("#open");
    await page.sees(say("failure.words_unknown", { position: 1, word: "qqqqqq" }));
    assert.deepEqual(stage.world.events(link).filter(({ event }) => event === "wrong_proof"), []);
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

  test("a share that is locked says until when, and opens once its sender has unlocked it", async (stage) => {
    const { link, id, words } = stage.send(stage.world.file("locked.bin", "x"));
    await lock(stage.relay, id);
    const page = await stage.visit(link);
    await page.unlock(words);
    await page.sees("It is locked until");
    assert.equal(await page.value("#words"), words);
    stage.world.share("unlock", link);
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("what is over says so, each in its own words", async (stage) => {
    const send = (file, ...args) => stage.send(stage.world.file(file, "x"), ...args);
    const revoked = send("revoked.bin");
    stage.world.share("revoke", revoked.link);
    const collected = send("collected.bin", "--once");
    stage.world.share("get", "--yes", "--passphrase-file", stage.world.file("w", collected.words), "--output", stage.world.path("out", "."), collected.link);
    const expired = send("expired.bin", "--expires", "20s");
    const damaged = send("damaged.bin").link.slice(0, -2);
    const unknown = send("unknown.bin");
    const elsewhere = new World();
    const other = await elsewhere.relay();
    try {
      for (const [link, sentence] of [
        [revoked.link, "The sender took it back on"],
        [collected.link, "It was collected on"],
        [expired.link, "It expired on"],
        [damaged, say("failure.link_damaged")],
        [unknown.link.replace(stage.relay, other), say("failure.not_found")],
      ]) {
        await until(async () => sentence !== "It expired on" || (await fetch(link.replace("/s/", "/v1/shares/"))).status === 410, "it does not expire");
        const page = await stage.visit(link);
        await page.heading("problem.title");
        await page.sees(sentence);
          }
    } finally {
      await elsewhere.end();
    }
  });

  test("a key opens what was sent to it; another does not, and stays in its field", async (stage) => {
    const { link } = stage.send(stage.world.file("keyed.bin", "x"), "--recipient", RECIPIENT);
    const page = await stage.visit(link);
    await page.sees(say("ask.keys.who"));
    await page.paste("#key", "nonsense");
    await page.click("#open");
    await page.sees(say("failure.identity_invalid"));
    await page.paste("#key", OTHER_KEY);
    await page.click("#open");
    await page.sees(say("failure.no_identity_fits"));
    assert.equal(await page.value("#key"), OTHER_KEY);
    const file = await page.page.$("#key-file");
    await file.uploadFile(stage.world.file("identity.txt", KEYS));
    await page.click("#open");
    await page.heading("contents.title");
  });

  test("a saved file opens from disk with the words, without the network", async (stage) => {
    const gate = await stage.gate();
    const { link, words } = stage.send(stage.world.file("disk.bin", "from disk"));
    const saved = stage.world.path("disk.bin.age");
    stage.world.share("get", "--yes", "--ciphertext", saved, "--passphrase-file", stage.world.file("w", words), link);
    const page = await stage.visit(gate.through(link));
    await page.heading("ask.title");
    await page.page.evaluate(() => document.querySelector("#words").focus());
    await until(() => gate.requests.some((request) => request.includes("wordlists")), "the word lists are not fetched");
    await (await page.page.$("#local-file")).uploadFile(saved);
    await page.heading("file.title", { name: "disk.bin.age" });
    const asked = gate.requests.length;
    await page.paste("#words", words);
    await page.click("#open");
    await page.heading("contents.title");
    await page.click("#save");
    await page.heading("saved.title");
    await page.sees(say("saved.receipt.local"));
    assert.equal((await stage.downloaded("disk.bin", 9)).toString(), "from disk");
    assert.deepEqual(gate.requests.slice(asked).filter((request) => request.includes("/v1")), []);
  });
});

/** A word with one letter too many: clear in its meaning. */
function bent(word) {
  return `${word.slice(0, 2)}${word[1]}${word.slice(2)}`;
}
