/**
 * The service worker: a download of the browser's own, whose bytes come from the page's worker over a port. It makes the
 * stream itself, because WebKit does not let one be handed over.
 */

import type { FromDownload, ToDownload, ToServiceWorker } from "./protocol.ts";

/** Pieces that the stream asks for ahead. */
const PIECES_AHEAD = 4;

interface Offer {
  name: string;
  bytes: number | null;
  port: MessagePort;
}

declare const self: ServiceWorkerGlobalScope;

/**
 * After so many seconds in which nothing was heard of a download it is given up: its page is gone. Firefox ends a service
 * worker after 30 seconds without a message, and takes what came until then for the whole file, so this must be sooner.
 */
const MAX_SILENCE = 20;
/** For each download that runs: hears that its page is still there. */
const running = new Map<string, () => void>();

/** Downloads the page has offered and the browser has not asked for yet. */
const offers = new Map<string, Offer>();

self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("message", ({ data, ports }: ExtendableMessageEvent) => {
  const message = data as ToServiceWorker;
  const [port] = ports;
  if (message.type === "stay") return running.get(message.id)?.();
  if (!port) return;
  offers.set(message.id, { name: message.name, bytes: message.bytes, port });
  port.postMessage({ type: "offered" } satisfies FromDownload);
});

self.addEventListener("fetch", (event) => {
  const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
  const offer = offers.get(id);
  if (!offer) return;
  offers.delete(id);
  event.respondWith(new Response(streamOf(id, offer.port), { headers: headersOf(offer) }));
});

function headersOf({ name, bytes }: Offer): Headers {
  const headers = new Headers({
    "Content-Type": "application/octet-stream",
    "Content-Disposition": `attachment; filename*=UTF-8''${encoded(name)}`,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
  });
  // So that the browser itself notices a file that is too short.
  if (bytes !== null) headers.set("Content-Length", String(bytes));
  return headers;
}

/** RFC 8187: what `encodeURIComponent` leaves as it is, and may not be. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function streamOf(id: string, port: MessagePort): ReadableStream<Uint8Array> {
  const tell = (message: FromDownload, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  /** The memory of the pieces that the stream has, or has had. */
  const taken: ArrayBuffer[] = [];
  let received = 0;
  let silence = 0;
  let ticking: ReturnType<typeof setInterval> | undefined;
  const ended = () => {
    clearInterval(ticking);
    running.delete(id);
    port.close();
  };
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      // A stream that fails is never taken for a whole one; one that is just left might be.
      const failed = (why: string) => {
        controller.error(new Error(why));
        ended();
      };
      running.set(id, () => (silence = 0));
      // Counted in ticks, because a computer that was asleep has not been silent.
      ticking = setInterval(() => {
        silence += 1;
        if (silence > MAX_SILENCE) failed("the page is gone");
      }, 1000);
      port.onmessage = ({ data }: MessageEvent<ToDownload>) => {
        if (data.type === "failed") return failed(data.code);
        if (data.type === "bytes") {
          received += 1;
          taken.push(data.bytes.buffer);
          return controller.enqueue(data.bytes);
        }
        controller.close();
        ended();
      };
    },
    // Several pieces that are taken may lead to one call, so this says how far there is room, not that there is more.
    pull(controller) {
      const room = controller.desiredSize ?? 0;
      // The browser may still be busy with the piece it took last.
      const used = taken.splice(0, Math.max(0, taken.length - (PIECES_AHEAD - room) - 1));
      tell({ type: "room", pieces: received + room, used }, used);
    },
    cancel() {
      tell({ type: "cancelled" });
      ended();
    },
  };
  return new ReadableStream(source, { highWaterMark: PIECES_AHEAD });
}
