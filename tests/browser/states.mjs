/** Every state of the page, and how it comes about. */

import { randomBytes } from "node:crypto";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { say } from "./driver.mjs";
import { flip, lock, RECIPIENT, WRONG } from "./fixtures.mjs";
import { MIB } from "./stage.mjs";
import { until } from "./world.mjs";

const MESSAGE = "Dear Ms Jansen,\n\nHere are the results we spoke about, with the letter for your doctor.\nKind regards,\nA. de Vries";
const FILES = { "Letter to the doctor.pdf": 182_000, "Results 2026-11-20.pdf": 2_310_000, "pictures/scan of the left hand, seen from above and from the side, first part.png": 9_400_000 };

/** What the states need of a stage with a language: a gate as its `front`, and a share that expires meanwhile. */
export async function prepare(stage) {
  stage.front = await stage.gate();
  stage.expiring = await stage.world.expiring(stage.relay);
}

/** Each gives a visit in its state, on a stage that is prepared. */
export const STATES = {
  "1-words": async (stage) => visit(stage, anything(stage)),
  "2-words-marked": async (stage) => {
    const { page, words } = await asked(stage);
    await page.paste("#words", `${words.split("-").slice(0, 3).join(" ")} qqqqqqq hous${words[0]}e `);
    await until(() => page.page.evaluate(() => document.querySelector(".marks .unknown") !== null), "nothing is marked");
    return page;
  },
  "3-words-checksum": async (stage) => {
    const { page, words } = await asked(stage);
    const [first, second, ...rest] = words.split("-");
    await page.unlock([second, first, ...rest].join(" "));
    return page.problem();
  },
  "4-words-wrong": async (stage) => {
    const page = await visit(stage, stage.send(small(stage)));
    await page.unlock(WRONG);
    return page.problem();
  },
  "5-locked": async (stage) => {
    const sent = stage.send(small(stage));
    await lock(stage.relay, sent.id);
    return (await visit(stage, sent)).problem();
  },
  "6-key": async (stage) => visit(stage, stage.send(small(stage), "--recipient", RECIPIENT)),
  "7-key-wrong": async (stage) => {
    const page = await visit(stage, stage.send(small(stage), "--recipient", RECIPIENT));
    await page.heading("ask.title", {}, stage.language);
    await page.paste("#key", "AGE-SECRET-KEY-1");
    await page.click("#open");
    return page.problem();
  },
  "8-uploading": async (stage) => {
    const sending = await stage.world.sendSlowly(stage.relay, "slow.bin");
    const page = await visit(stage, sending);
    await page.sees(say("failure.not_uploaded", {}, stage.language));
    return page;
  },
  "9-expired": async (stage) => {
    const link = stage.expiring;
    await until(async () => (await fetch(link.replace("/s/", "/v1/shares/"))).status === 410, "it does not expire");
    return (await open(stage, link)).problem();
  },
  "10-damaged-link": async (stage) => (await open(stage, anything(stage).link.slice(0, -1))).problem(),
  "11-contents": async (stage) => unlocked(stage, anything(stage)),
  "12-contents-many": async (stage) => {
    const page = await unlocked(stage, stage.send(tree(stage), "--message", MESSAGE, "--from", "Neighbourhood team North"));
    await page.page.evaluate(() => document.querySelector(".files input").click());
    return page;
  },
  "13-saving": async (stage) => {
    const page = await unlocked(stage, stage.sendToKey(large(stage)));
    stage.front.stall(5 * MIB);
    await page.click("#save");
    await page.heading("saving.title", {}, stage.language);
    await page.progress();
    return page;
  },
  "14-connection-lost": async (stage) => {
    const page = await STATES["13-saving"](stage);
    stage.front.close();
    await until(() => page.page.evaluate(() => document.querySelector("#waiting")?.hidden === false), "it does not say that it waits");
    return page;
  },
  "15-corrupt": async (stage) => {
    const sent = stage.sendToKey(large(stage));
    flip(stage.world.path("relay", "shares", sent.id, "content.age"), 3 * MIB);
    const page = await unlocked(stage, sent);
    await page.click("#save");
    return page.problem();
  },
  "16-too-large": async (stage) => {
    const path = stage.world.file("large.bin", "");
    truncateSync(path, 257 * MIB);
    const page = await unlocked(stage, stage.sendToKey(path));
    await page.click("#save");
    return page.problem();
  },
  "17-saved": async (stage) => {
    const page = await unlocked(stage, anything(stage));
    await page.click("#save");
    await page.heading("saved.title", {}, stage.language);
    return page;
  },
  "18-saved-unreported": async (stage) => {
    const page = await unlocked(stage, anything(stage));
    stage.front.refuse("/receipt", 403);
    await page.click("#save");
    await until(() => page.page.evaluate(() => document.querySelector("#tell") !== null), "the receipt was sent");
    stage.front.refuse(null);
    return page;
  },
  "24-saved-confirmed": async (stage) => {
    const page = await STATES["17-saved"](stage);
    await page.click("#have");
    await page.sees(say("saved.receipt.received", {}, stage.language));
    return page;
  },
  "25-words-again": async (stage) => {
    const sent = stage.send("--once", small(stage));
    const page = await unlocked(stage, sent);
    await page.click("#save");
    await page.heading("saved.title", {}, stage.language);
    return visit(stage, sent);
  },
  "19-file-from-disk": async (stage) => {
    const { link, words } = anything(stage);
    const saved = stage.world.path("Results.age");
    stage.world.share("get", "--yes", "--force", "--ciphertext", saved, "--passphrase-file", stage.world.file("w", words), link);
    const page = await open(stage, link);
    await page.heading("ask.title", {}, stage.language);
    await (await page.page.$("#local-file")).uploadFile(saved);
    await page.heading("file.title", { name: "Results.age" }, stage.language);
    return page;
  },
  "20-uploading-percentage": async (stage) => {
    const page = await visit(stage, await beginToSend(stage, /parts\/1$/));
    await page.sees(say("uploading.ask", {}, stage.language));
    return page;
  },
  "21-waiting-for-the-sender": async (stage) => {
    const sending = await beginToSend(stage, /manifest$|parts\/1$/);
    const page = await visit(stage, sending);
    await page.unlock(sending.words);
    await until(() => page.page.evaluate(() => document.querySelector("#stop").hidden === false), "it does not wait");
    return page;
  },
  "22-contents-uploading": async (stage) => {
    const page = await unlocked(stage, await beginToSend(stage, /parts\/1$/));
    await page.sees(say("uploading.contents", {}, stage.language));
    return page;
  },
  "23-saving-uploading": async (stage) => {
    const page = await STATES["22-contents-uploading"](stage);
    await page.click("#save");
    await page.heading("saving.title", {}, stage.language);
    await page.sees(say("failure.not_uploaded", {}, stage.language));
    return page;
  },
};

/** A share whose sender is held back at such paths. */
async function beginToSend(stage, held) {
  stage.front.hold(held);
  const sending = await stage.world.beginToSend(stage.front.url, "--message", MESSAGE, large(stage));
  return { ...sending, link: sending.link.replace(stage.front.url, stage.relay) };
}

function open(stage, link) {
  return stage.visit(stage.front.through(link), { language: stage.language });
}

/** A share that opening and saving do not change. */
function anything(stage) {
  return (stage.anything ??= stage.send(small(stage)));
}

function small(stage) {
  return stage.world.file("a.bin", "x".repeat(120_000));
}

async function visit(stage, { link }) {
  const page = await open(stage, link);
  await page.heading("ask.title", {}, stage.language);
  return page;
}

async function asked(stage) {
  const { link, words } = anything(stage);
  return { words, page: await visit(stage, { link }) };
}

async function unlocked(stage, sent) {
  const page = await visit(stage, sent);
  await page.unlock(sent.words);
  await page.heading("contents.title", {}, stage.language);
  return page;
}

function tree(stage) {
  for (const [file, length] of Object.entries(FILES)) stage.world.file(join("From the clinic", file), Buffer.alloc(length));
  return stage.world.path("From the clinic");
}

function large(stage) {
  return stage.world.file("Recording.mp4", randomBytes(9 * MIB));
}
