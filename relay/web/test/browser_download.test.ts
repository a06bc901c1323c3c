/** The talk between worker and service worker about a download, with either side missing. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { utf8 } from "../src/format/bytes.ts";
import { BrowserDownload } from "../src/saving/browser_download.ts";
import { CHUNK_BYTES, type FromDownload, type ToDownload } from "../src/saving/download_protocol.ts";
import { writeAll } from "../src/saving/sink.ts";

const ROOM = 4;
const SILENCE_SECONDS = 20;

let [ours, theirs] = ports();
let stop = new AbortController();
let heard: string[] = [];

function ports(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel();
  return [port1, port2];
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  [ours, theirs] = ports();
  [stop, heard] = [new AbortController(), []];
  theirs.onmessage = ({ data }: MessageEvent<ToDownload>) => heard.push(data.type);
});

afterEach(() => {
  ours.close();
  theirs.close();
  mock.timers.reset();
});

const tell = (message: FromDownload) => theirs.postMessage(message);

async function begun(): Promise<BrowserDownload> {
  const opening = BrowserDownload.open(ours, stop.signal);
  tell({ type: "room", chunks: ROOM, used: [] });
  return opening;
}

/** Once the ports have passed on what is on its way, however many turns that takes. */
async function hears(...wanted: string[]): Promise<void> {
  while (heard.length < wanted.length) await new Promise(setImmediate);
  assert.deepEqual(heard, wanted);
}

test("it is complete once the browser has taken everything, not when everything was sent", async () => {
  const download = await begun();
  await download.write(utf8("all"));
  let isClosed = false;
  const closing = download.close().then(() => (isClosed = true));
  await hears("bytes", "end");
  assert.equal(isClosed, false);
  tell({ type: "done" });
  await closing;
});

test("a browser that takes no more ends it, also after everything was sent", async () => {
  const download = await begun();
  const closing = download.close();
  tell({ type: "ended" });
  await assert.rejects(closing, { message: "download_ended" });
});

test("a service worker that is silent has been ended", async () => {
  const download = await begun();
  for (let chunk = 0; chunk < ROOM; chunk++) await download.write(new Uint8Array(CHUNK_BYTES));
  let hasFailed = false;
  const writing = download.write(new Uint8Array(CHUNK_BYTES));
  mock.timers.tick((SILENCE_SECONDS - 1) * 1000);
  tell({ type: "here" });
  tell({ type: "room", chunks: ROOM + 1, used: [] });
  await writing;
  const closing = assert.rejects(download.close().catch((error) => ((hasFailed = true), Promise.reject(error))), { message: "download_ended" });
  mock.timers.tick((SILENCE_SECONDS - 1) * 1000);
  await new Promise(setImmediate);
  assert.equal(hasFailed, false);
  mock.timers.tick(1000);
  await closing;
});

test("it is stopped at once, whatever it waits for, and the browser is told", async () => {
  const download = await begun();
  for (let chunk = 0; chunk < ROOM; chunk++) await download.write(new Uint8Array(CHUNK_BYTES));
  const writing = assert.rejects(download.write(new Uint8Array(CHUNK_BYTES)), { message: "cancelled" });
  stop.abort();
  await writing;
  await download.abort({ code: "cancelled" });
  await hears("bytes", "bytes", "bytes", "bytes", "failed");
});

test("a browser that does not begin leaves it to another way", async () => {
  const opening = assert.rejects(BrowserDownload.open(ours, stop.signal), { message: "save_refused" });
  mock.timers.tick(20_000);
  await opening;
});

test("bytes go in chunks of one length, however they come, and the last as it is", async () => {
  const download = await begun();
  const lengths: number[] = [];
  theirs.onmessage = ({ data }: MessageEvent<ToDownload>) => {
    heard.push(data.type);
    if (data.type === "bytes") lengths.push(data.bytes.length);
  };
  const pieces = async function* () {
    for (const length of [1, CHUNK_BYTES, 0, 2, CHUNK_BYTES + 7]) yield new Uint8Array(length);
  };
  const closing = writeAll(download, pieces());
  await hears("bytes", "bytes", "bytes", "end");
  assert.deepEqual(lengths, [CHUNK_BYTES, CHUNK_BYTES, 10]);
  tell({ type: "done" });
  await closing;
});
