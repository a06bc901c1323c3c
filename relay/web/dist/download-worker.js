"use strict";
(() => {
  // src/download-worker.ts
  var PIECES_AHEAD = 4;
  var MAX_SILENCE = 20;
  var running = /* @__PURE__ */ new Map();
  var offers = /* @__PURE__ */ new Map();
  self.addEventListener("install", () => void self.skipWaiting());
  self.addEventListener("message", ({ data, ports }) => {
    const message = data;
    const [port] = ports;
    if (message.type === "stay") return running.get(message.id)?.();
    if (!port) return;
    offers.set(message.id, { name: message.name, bytes: message.bytes, port });
    port.postMessage({ type: "offered" });
  });
  self.addEventListener("fetch", (event) => {
    const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
    const offer = offers.get(id);
    if (!offer) return;
    offers.delete(id);
    event.respondWith(new Response(streamOf(id, offer.port), { headers: headersOf(offer) }));
  });
  function headersOf({ name, bytes }) {
    const headers = new Headers({
      "Content-Type": "application/octet-stream",
      "Content-Disposition": `attachment; filename*=UTF-8''${encoded(name)}`,
      "X-Content-Type-Options": "nosniff",
      "Content-Security-Policy": "default-src 'none'; sandbox"
    });
    if (bytes !== null) headers.set("Content-Length", String(bytes));
    return headers;
  }
  function encoded(name) {
    return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  }
  function streamOf(id, port) {
    const tell = (message, transfer = []) => port.postMessage(message, transfer);
    const taken = [];
    let received = 0;
    let silence = 0;
    let ticking;
    const ended = () => {
      clearInterval(ticking);
      running.delete(id);
      port.close();
    };
    const source = {
      start(controller) {
        const failed = (why) => {
          controller.error(new Error(why));
          ended();
        };
        running.set(id, () => silence = 0);
        ticking = setInterval(() => {
          silence += 1;
          if (silence > MAX_SILENCE) failed("the page is gone");
        }, 1e3);
        port.onmessage = ({ data }) => {
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
        const used = taken.splice(0, Math.max(0, taken.length - (PIECES_AHEAD - room) - 1));
        tell({ type: "room", pieces: received + room, used }, used);
      },
      cancel() {
        tell({ type: "cancelled" });
        ended();
      }
    };
    return new ReadableStream(source, { highWaterMark: PIECES_AHEAD });
  }
})();
