"use strict";
(() => {
  // src/hop.ts
  var crossesProcesses = globalThis.navigator?.userAgent.includes("Firefox/") ?? false;
  var PIECE_BYTES = crossesProcesses ? 60 * 1024 : 1024 * 1024;
  var PIECES_AHEAD = crossesProcesses ? 32 : 4;
  var GIVES_BACK = !crossesProcesses;

  // src/pulse.ts
  var BEAT_MS = 5e3;
  var MAX_SILENCE = 20;
  var Pulse = class {
    #silence = 0;
    #beating;
    #counting;
    constructor(beat, lost) {
      this.#beating = setInterval(beat, BEAT_MS);
      this.#counting = setInterval(() => {
        this.#silence += 1;
        if (this.#silence < MAX_SILENCE) return;
        this.stop();
        lost();
      }, 1e3);
    }
    /** Something was heard. */
    heard() {
      this.#silence = 0;
    }
    stop() {
      clearInterval(this.#beating);
      clearInterval(this.#counting);
    }
  };

  // src/download-worker.ts
  var offers = /* @__PURE__ */ new Map();
  self.addEventListener("message", ({ data, ports }) => {
    const message = data;
    const [port] = ports;
    if (message.type !== "offer" || !port) return;
    offers.set(message.id, { name: message.name, bytes: message.bytes, port });
    port.postMessage({ type: "offered" });
  });
  self.addEventListener("fetch", (event) => {
    const id = new URL(event.request.url).pathname.split("/").at(-1) ?? "";
    const offer = offers.get(id);
    if (!offer) return;
    offers.delete(id);
    event.respondWith(new Response(new ReadableStream(new Incoming(offer.port), { highWaterMark: PIECES_AHEAD }), { headers: headersOf(offer) }));
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
  var Incoming = class {
    constructor(port) {
      this.port = port;
    }
    port;
    /** The memory of the pieces that the stream has, or has had. */
    #taken = [];
    #received = 0;
    /** Whether all have been received. */
    #isWhole = false;
    #pulse = new Pulse(() => this.#tell({ type: "here" }), () => this.#lost());
    #controller = null;
    start(controller) {
      this.#controller = controller;
      this.port.onmessage = ({ data }) => this.#hear(data, controller);
    }
    pull(controller) {
      if (this.#isWhole) return this.#closeIfTaken(controller);
      const room = controller.desiredSize ?? 0;
      if (room < PIECES_AHEAD / 2) return;
      const used = this.#used(room);
      const back = GIVES_BACK ? used : [];
      if (!GIVES_BACK) used.forEach(free);
      this.#tell({ type: "room", pieces: this.#received + room, used: back }, back);
    }
    /** The memory of what the browser has taken, but for the piece it took last, with which it may still be busy. */
    #used(room) {
      return this.#taken.splice(0, Math.max(0, this.#taken.length - (PIECES_AHEAD - room) - 1));
    }
    /** The browser takes no more. */
    cancel() {
      this.#leave();
      this.#tell({ type: "ended" });
    }
    #hear(message, controller) {
      this.#pulse.heard();
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
          return controller.error(new Error(message.code));
      }
    }
    /** Until the browser has taken every piece, it may still stop. */
    #closeIfTaken(controller) {
      if (controller.desiredSize !== PIECES_AHEAD) return;
      controller.close();
      this.#leave();
      this.#tell({ type: "done" });
    }
    /** The page is gone, or stands still: it is to know, should it come back. */
    #lost() {
      this.#tell({ type: "ended" });
      this.#leave();
      this.#controller?.error(new Error("the page is gone"));
    }
    #leave() {
      this.#pulse.stop();
      this.port.onmessage = null;
    }
    #tell(message, transfer = []) {
      this.port.postMessage(message, transfer);
    }
  };
  function free(memory) {
    memory.transfer(0);
  }
})();
