/** Every state of the page, and how it comes about. */

import { randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { say } from "./driver.mjs";
import { flip, lock, RECIPIENT, WRONG } from "./helpers.mjs";
import { MIB } from "./fixture.mjs";
import { until } from "./test_env.mjs";

const MESSAGE = "Dear Ms Jansen,\n\nHere are the results we spoke about, with the letter for your doctor.\nKind regards,\nA. de Vries";
const FILES = { "Letter to the doctor.pdf": 182_000, "Results 2026-11-20.pdf": 2_310_000, "pictures/scan of the left hand, seen from above and from the side, first part.png": 9_400_000 };

/** What the states need of a fixture with a language: a proxy as its `front`, and a share that expires meanwhile. */
export async function prepare(fixture) {
  fixture.front = await fixture.faultProxy();
  fixture.expiring = await fixture.env.expiring(fixture.relay);
}

/** Each gives a visit in its state, on a fixture that is prepared. */
export const STATES = {
  "1-words": async (fixture) => visit(fixture, anything(fixture)),
  "2-words-marked": async (fixture) => {
    const { page, words } = await asked(fixture);
    await page.paste("#words", `${words.split("-").slice(0, 3).join(" ")} qqqqqqq hous${words[0]}e `);
    await until(() => page.page.evaluate(() => document.querySelector(".marks .unknown") !== null), "nothing is marked");
    return page;
  },
  "3-words-checksum": async (fixture) => {
    const { page, words } = await asked(fixture);
    const [first, second, ...rest] = words.split("-");
    await page.unlock([second, first, ...rest].join(" "));
    return page.problem();
  },
  "4-words-wrong": async (fixture) => {
    const page = await visit(fixture, fixture.send(small(fixture)));
    await page.unlock(WRONG);
    return page.problem();
  },
  "5-locked": async (fixture) => {
    const sent = fixture.send(small(fixture));
    await lock(fixture.relay, sent.id);
    return (await visit(fixture, sent)).problem();
  },
  "6-key": async (fixture) => visit(fixture, fixture.send(small(fixture), "--recipient", RECIPIENT)),
  "7-key-wrong": async (fixture) => {
    const page = await visit(fixture, fixture.send(small(fixture), "--recipient", RECIPIENT));
    await page.heading("ask.title", {}, fixture.language);
    await page.paste("#key", "AGE-SECRET-KEY-1");
    await page.click("#open");
    return page.problem();
  },
  "8-uploading": async (fixture) => {
    const sending = await fixture.env.sendSlowly(fixture.relay, "slow.bin");
    const page = await visit(fixture, sending);
    await page.sees(say("failure.not_uploaded", {}, fixture.language));
    return page;
  },
  "9-expired": async (fixture) => {
    const link = fixture.expiring;
    await until(async () => (await fetch(link.replace("/s/", "/v1/shares/"))).status === 410, "it does not expire");
    return (await open(fixture, link)).problem();
  },
  "10-damaged-link": async (fixture) => (await open(fixture, anything(fixture).link.slice(0, -1))).problem(),
  "11-contents": async (fixture) => unlocked(fixture, anything(fixture)),
  "12-contents-many": async (fixture) => {
    const page = await unlocked(fixture, fixture.send(tree(fixture), "--message", MESSAGE, "--from", "Neighbourhood team North"));
    await page.page.evaluate(() => document.querySelector(".files input").click());
    return page;
  },
  "13-saving": async (fixture) => {
    const page = await unlocked(fixture, fixture.sendToKey(large(fixture)));
    fixture.front.stall(5 * MIB);
    await page.click("#save");
    await page.heading("saving.title", {}, fixture.language);
    await page.progress();
    return page;
  },
  "14-connection-lost": async (fixture) => {
    const page = await STATES["13-saving"](fixture);
    fixture.front.close();
    await until(() => page.page.evaluate(() => document.querySelector("#waiting")?.hidden === false), "it does not say that it waits");
    return page;
  },
  "15-corrupt": async (fixture) => {
    const sent = fixture.sendToKey(large(fixture));
    flip(fixture.env.path("relay", "shares", sent.id, "content.age"), 3 * MIB);
    const page = await unlocked(fixture, sent);
    await page.click("#save");
    return page.problem();
  },
  "16-too-large": async (fixture) => {
    const path = fixture.env.file("large.bin", "");
    truncateSync(path, 257 * MIB);
    const page = await unlocked(fixture, fixture.sendToKey(path));
    await page.click("#save");
    return page.problem();
  },
  "17-saved": async (fixture) => {
    const page = await unlocked(fixture, anything(fixture));
    await page.click("#save");
    await page.heading("saved.title", {}, fixture.language);
    return page;
  },
  "18-saved-unreported": async (fixture) => {
    const page = await unlocked(fixture, anything(fixture));
    fixture.front.refuse("/receipt", 403);
    await page.click("#save");
    await until(() => page.page.evaluate(() => document.querySelector("#tell") !== null), "the receipt was sent");
    fixture.front.refuse(null);
    return page;
  },
  "24-saved-confirmed": async (fixture) => {
    const page = await STATES["17-saved"](fixture);
    await page.click("#have");
    await page.sees(say("saved.receipt.received", {}, fixture.language));
    return page;
  },
  "25-words-again": async (fixture) => {
    const sent = fixture.send("--once", small(fixture));
    const page = await unlocked(fixture, sent);
    await page.click("#save");
    await page.heading("saved.title", {}, fixture.language);
    return visit(fixture, sent);
  },
  "19-file-from-disk": async (fixture) => {
    const { link, words } = anything(fixture);
    const saved = fixture.env.path("Results.age");
    fixture.env.share("get", "--yes", "--force", "--ciphertext", saved, "--passphrase-file", fixture.env.file("w", words), link);
    const page = await open(fixture, link);
    await page.heading("ask.title", {}, fixture.language);
    await (await page.page.$("#local-file")).uploadFile(saved);
    await page.heading("file.title", { name: "Results.age" }, fixture.language);
    return page;
  },
  "20-uploading-percentage": async (fixture) => {
    const page = await visit(fixture, await beginToSend(fixture, /parts\/1$/));
    await page.sees(say("uploading.ask", {}, fixture.language));
    return page;
  },
  "21-waiting-for-the-sender": async (fixture) => {
    const sending = await beginToSend(fixture, /manifest$|parts\/1$/);
    const page = await visit(fixture, sending);
    await page.unlock(sending.words);
    await until(() => page.page.evaluate(() => document.querySelector("#stop").hidden === false), "it does not wait");
    return page;
  },
  "22-contents-uploading": async (fixture) => {
    const page = await unlocked(fixture, await beginToSend(fixture, /parts\/1$/));
    await page.sees(say("uploading.contents", {}, fixture.language));
    return page;
  },
  "23-saving-uploading": async (fixture) => {
    const page = await STATES["22-contents-uploading"](fixture);
    await page.click("#save");
    await page.heading("saving.title", {}, fixture.language);
    await page.sees(say("failure.not_uploaded", {}, fixture.language));
    return page;
  },
};

/** A share whose sender is held back at such paths. */
async function beginToSend(fixture, held) {
  fixture.front.hold(held);
  const sending = await fixture.env.beginToSend(fixture.front.url, "--message", MESSAGE, large(fixture));
  return { ...sending, link: sending.link.replace(fixture.front.url, fixture.relay) };
}

function open(fixture, link) {
  return fixture.visit(fixture.front.through(link), { language: fixture.language });
}

/** A share that opening and saving do not change. */
function anything(fixture) {
  return (fixture.anything ??= fixture.send(small(fixture)));
}

function small(fixture) {
  return fixture.env.file("a.bin", "x".repeat(120_000));
}

async function visit(fixture, { link }) {
  const page = await open(fixture, link);
  await page.heading("ask.title", {}, fixture.language);
  return page;
}

async function asked(fixture) {
  const { link, words } = anything(fixture);
  return { words, page: await visit(fixture, { link }) };
}

async function unlocked(fixture, sent) {
  const page = await visit(fixture, sent);
  await page.unlock(sent.words);
  await page.heading("contents.title", {}, fixture.language);
  return page;
}

function tree(fixture) {
  for (const [file, length] of Object.entries(FILES)) fixture.env.file(join("From the clinic", file), Buffer.alloc(length));
  return fixture.env.path("From the clinic");
}

function large(fixture) {
  return fixture.env.file("Recording.mp4", randomBytes(9 * MIB));
}
