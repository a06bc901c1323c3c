/**
 * The service worker: a download of the browser's own, whose bytes come from the page's worker over a port. It makes the
 * stream itself, because WebKit does not let one be handed over.
 *
 * Its address names its bytes, and its scope is its address (`build.mjs`, `page_files.ts`). So another release is another
 * service worker, and never an update of this one: a browser ends the old one for an update, in the middle of a download,
 * and Firefox then takes what it has for the whole file, whatever length was promised.
 */

import { CHUNKS_AHEAD, Heartbeat, RETURNS_MEMORY, type FromDownload, type ToDownload, type ToServiceWorker } from "./download_protocol.ts";

declare const self: ServiceWorkerGlobalScope;

/** Downloads the page has offered and the browser has not asked for yet, by their ids. */
const offers = new Map<string, { port: MessagePort; headers: Headers }>();

self.addEventListener("message", ({ data, ports }: ExtendableMessageEvent) => {
  const message = data as ToServiceWorker;
  const [port] = ports;
  // `stay` needs no answer: any message keeps the service worker running.
  if (message.type !== "offer" || !port) return;
  offers.set(message.id, { port, headers: headersOf(message.name, message.bytes) });
  port.postMessage({ type: "offered" } satisfies FromDownload);
});

self.addEventListener("fetch", (event) => {
  const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
  const offer = offers.get(id);
  if (!offer) return;
  offers.delete(id);
  const body = new ReadableStream(new Incoming(offer.port), { highWaterMark: CHUNKS_AHEAD });
  event.respondWith(new Response(body, { headers: offer.headers }));
});

function headersOf(name: string, bytes: number | null): Headers {
  // RFC 8187: what `encodeURIComponent` leaves as it is, and may not be.
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const headers = new Headers({
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename*=UTF-8''${encoded}`,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  // For the browser to show how far it is. That it refuses a file that is too short must not be relied on: Firefox does
  // not, so a stream must fail rather than just end.
  if (bytes !== null) headers.set("Content-Length", String(bytes));
  return headers;
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
    // All but the chunk that the browser took last, which it may still be using.
    const used = this.#taken.splice(0, Math.max(0, this.#taken.length - (CHUNKS_AHEAD - room) - 1));
    // What does not go back is freed at once: Firefox would first let very much of it gather.
    if (!RETURNS_MEMORY) used.splice(0).forEach((memory) => memory.transfer(0));
    this.#tell({ type: "room", chunks: this.#received + room, used }, used);
  }

  /** The browser takes no more. */
  cancel(): void {
    this.#leave({ type: "ended" });
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
        this.#leave(null);
        // A browser might take a stream that just stops for a complete one; it never does that with one that fails.
        return controller.error(new Error(message.code));
    }
  }

  /** Until the browser has taken every chunk, it may still stop. */
  #closeIfTaken(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (controller.desiredSize !== CHUNKS_AHEAD) return;
    controller.close();
    this.#leave({ type: "done" });
  }

  /** The page is gone, or stands still: it is told so in case it comes back. */
  #lost(): void {
    this.#leave({ type: "ended" });
    this.#controller?.error(new Error("the page is gone"));
  }

  #leave(message: FromDownload | null): void {
    this.#heartbeat.stop();
    this.port.onmessage = null;
    if (message) this.#tell(message);
  }

  #tell(message: FromDownload, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}
