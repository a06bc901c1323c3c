/** A download's bytes from the worker through the service worker to a browser, all three for real but for the browser. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

/** How a browser may come for the next chunk: at once, in turn with others, now and then late. */
const PACES = [
  () => Promise.resolve(),
  () => new Promise(setImmediate),
  () => (Math.random() < 0.3 ? pause(Math.random() * 4) : Promise.resolve()),
];

/** Tests it as in a browser that calls itself this. */
export function testServiceWorker(userAgent: string): void {
  test("every byte arrives once and in order, and its memory stays until the next is asked for", async () => {
    const offer = await serviceWorker(userAgent);
    const { BrowserDownload } = await import("../src/saving/browser_download.ts");
    const { CHUNK_BYTES: chunk } = await import("../src/saving/download_protocol.ts");
    const { writeAll } = await import("../src/saving/sink.ts");
    const some = (count: number, most: number) => Array.from({ length: count }, () => Math.floor(Math.random() * most));
    const several = Array<number>(Math.ceil((3 * 1024 * 1024) / chunk)).fill(chunk);
    const all = [[], [0], [1], [chunk], [chunk - 1, 1], [chunk + 1], several, [chunk * 8 + 5, 0, 3], some(500, 100), some(40, chunk * 0.6)];
    for (const pace of PACES) {
      for (const lengths of all) {
        const { port, body } = await offer();
        const [sent, taken] = [createHash("sha256"), taking(body, pace)];
        const sink = await BrowserDownload.open(port, new AbortController().signal);
        const pieces = async function* () {
          for (const length of lengths) {
            const bytes = new Uint8Array(randomBytes(length));
            sent.update(bytes);
            yield bytes;
            bytes.fill(7);
          }
        };
        await writeAll(sink, pieces());
        assert.equal(await taken, sent.digest("hex"));
      }
    }
  });
}

/** Starts the service worker here; gives what offers it a download, and is given its stream. */
async function serviceWorker(userAgent: string): Promise<() => Promise<{ port: MessagePort; body: ReadableStream<Uint8Array> }>> {
  const handlers: Record<string, (event: unknown) => void> = {};
  const self = { addEventListener: (type: string, handle: (event: unknown) => void) => (handlers[type] = handle) };
  Object.defineProperty(globalThis, "navigator", { value: { userAgent }, configurable: true });
  Object.assign(globalThis, { self });
  // Younger than the oldest node.
  ArrayBuffer.prototype.transfer ??= function (this: ArrayBuffer) {
    structuredClone(this, { transfer: [this] });
    return new ArrayBuffer(0);
  };
  // Not by its type: it is checked with a service worker's library, everything here with a page's.
  await import("../src/saving/service_worker.ts" as string);
  return async () => {
    const { port1, port2 } = new MessageChannel();
    const offered = new Promise((resolve) => (port1.onmessage = resolve));
    handlers.message?.({ data: { type: "offer", id: "x", name: "n", bytes: null }, ports: [port2] });
    await offered;
    const { body } = await new Promise<Response>((respondWith) => handlers.fetch?.({ request: { url: "http://relay.example/x" }, respondWith }));
    assert.ok(body);
    return { port: port1, body };
  };
}

/** Takes everything as a browser does; gives its SHA-256. */
async function taking(body: ReadableStream<Uint8Array>, pace: () => Promise<unknown>): Promise<string> {
  const taken = createHash("sha256");
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return taken.digest("hex");
    // Still at work with it.
    await pace();
    assert.ok(value.length > 0);
    taken.update(value);
  }
}
