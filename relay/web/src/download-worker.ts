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

/** Downloads the page has offered and the browser has not asked for yet. */
const offers = new Map<string, Offer>();

self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("message", ({ data, ports }: ExtendableMessageEvent) => {
  const message = data as ToServiceWorker;
  const [port] = ports;
  if (message.type === "offer" && port) offers.set(message.id, { name: message.name, bytes: message.bytes, port });
});

self.addEventListener("fetch", (event) => {
  const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
  const offer = offers.get(id);
  if (!offer) return;
  offers.delete(id);
  event.respondWith(new Response(streamOf(offer.port), { headers: headersOf(offer) }));
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

function streamOf(port: MessagePort): ReadableStream<Uint8Array> {
  const tell = (message: FromDownload) => port.postMessage(message);
  let received = 0;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      port.onmessage = ({ data }: MessageEvent<ToDownload>) => {
        if (data.type === "bytes") {
          received += 1;
          controller.enqueue(data.bytes);
        } else if (data.type === "end") {
          controller.close();
        } else {
          controller.error(new Error(data.code));
        }
      };
    },
    // Several pieces that are taken may lead to one call, so this says how far there is room, not that there is more.
    pull: (controller) => tell({ type: "room", pieces: received + (controller.desiredSize ?? 0) }),
    cancel: () => tell({ type: "cancelled" }),
  };
  return new ReadableStream(source, { highWaterMark: PIECES_AHEAD });
}
