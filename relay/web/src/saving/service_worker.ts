/**
 * The service worker: a download of the browser's own, whose bytes come from the page's worker over a port. It makes the
 * stream itself, because WebKit does not let one be handed over.
 *
 * Its address names its bytes, and its scope is its address (`build.mjs`, `trusted.ts`). So another release is another
 * service worker, and never an update of this one: a browser ends the old one for an update, in the middle of a download,
 * and Firefox then takes what it has for the whole file, whatever length was promised.
 */

import { CHUNKS_AHEAD, RETURNS_MEMORY } from "./download_chunks.ts";
import type { FromDownload, ToDownload, ToServiceWorker } from "./download_protocol.ts";
import { Heartbeat } from "./heartbeat.ts";

interface Offer {
  name: string;
  bytes: number | null;
  port: MessagePort;
}

declare const self: ServiceWorkerGlobalScope;

/** Downloads the page has offered and the browser has not asked for yet. */
const offers = new Map<string, Offer>();

self.addEventListener("message", ({ data, ports }: ExtendableMessageEvent) => {
  const message = data as ToServiceWorker;
  const [port] = ports;
  // That a message comes is all there is to the other kind.
  if (message.type !== "offer" || !port) return;
  offers.set(message.id, { name: message.name, bytes: message.bytes, port });
  port.postMessage({ type: "offered" } satisfies FromDownload);
});

self.addEventListener("fetch", (event) => {
  const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
  const offer = offers.get(id);
  if (!offer) return;
  offers.delete(id);
  event.respondWith(new Response(new ReadableStream(new Incoming(offer.port), { highWaterMark: CHUNKS_AHEAD }), { headers: headersOf(offer) }));
});

function headersOf({ name, bytes }: Offer): Headers {
  const headers = new Headers({
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename*=UTF-8''${encoded(name)}`,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  // For the browser to show how far it is. That it refuses a file that is too short must not be relied on: Firefox does
  // not, so a stream must fail rather than just end.
  if (bytes !== null) headers.set("Content-Length", String(bytes));
  return headers;
}

/** RFC 8187: what `encodeURIComponent` leaves as it is, and may not be. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The bytes as they come in over the port. */
class Incoming implements UnderlyingDefaultSource<Uint8Array> {
  /** The memory of the chunks that the stream has, or has had. */
  readonly #taken: ArrayBuffer[] = [];
  #received = 0;
  /** Whether all have been received. */
  #isWhole = false;
  readonly #heartbeat = new Heartbeat(() => this.#tell({ type: "here" }), () => this.#lost());
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;

  constructor(readonly port: MessagePort) {}

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.port.onmessage = ({ data }: MessageEvent<ToDownload>) => this.#handle(data, controller);
  }

  pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#isWhole) return this.#closeIfTaken(controller);
    // Several chunks that are taken may lead to one call, so this says how far there is room, not that there is more.
    const room = controller.desiredSize ?? 0;
    // Not for every chunk that is taken: a message costs nearly as much as a chunk does.
    if (room < CHUNKS_AHEAD / 2) return;
    const used = this.#used(room);
    const back = RETURNS_MEMORY ? used : [];
    if (!RETURNS_MEMORY) used.forEach(free);
    this.#tell({ type: "room", chunks: this.#received + room, used: back }, back);
  }

  /** The memory of what the browser has taken, but for the chunk it took last, with which it may still be busy. */
  #used(room: number): ArrayBuffer[] {
    return this.#taken.splice(0, Math.max(0, this.#taken.length - (CHUNKS_AHEAD - room) - 1));
  }

  /** The browser takes no more. */
  cancel(): void {
    this.#leave();
    this.#tell({ type: "ended" });
  }

  #handle(message: ToDownload, controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#heartbeat.received();
    switch (message.type) {
      case "here":
        return;
      case "bytes":
        this.#received += 1;
        this.#taken.push(message.bytes.buffer);
        return controller.enqueue(message.bytes);
      case "end":
        this.#isWhole = true;
        return this.#closeIfTaken(controller);
      case "failed":
        this.#leave();
        // A stream that fails is never taken for a whole one; one that is just left might be.
        return controller.error(new Error(message.code));
    }
  }

  /** Until the browser has taken every chunk, it may still stop. */
  #closeIfTaken(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (controller.desiredSize !== CHUNKS_AHEAD) return;
    controller.close();
    this.#leave();
    this.#tell({ type: "done" });
  }

  /** The page is gone, or stands still: it is to know, should it come back. */
  #lost(): void {
    this.#tell({ type: "ended" });
    this.#leave();
    this.#controller?.error(new Error("the page is gone"));
  }

  #leave(): void {
    this.#heartbeat.stop();
    this.port.onmessage = null;
  }

  #tell(message: FromDownload, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

/** At once: Firefox would first let very much of it gather. */
function free(memory: ArrayBuffer): void {
  memory.transfer(0);
}
