/** The messages of a browser download: from the page to the service worker, and between it and the worker. */

/** From the page to the service worker. */
export type ToServiceWorker =
  /** Over the port that comes with it, the bytes of a download at the address that ends in `id`. */
  | { type: "offer"; id: string; name: string; bytes: number | null }
  /** A browser ends a service worker to which no page talks, also in the middle of a download. */
  | { type: "stay" };

/** To the service worker, over a download's port. */
export type ToDownload =
  | { type: "here" }
  | { type: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "end" }
  | { type: "failed"; code: string };

/** From the service worker, over a download's port. */
export type FromDownload =
  | { type: "here" }
  /** The offer is known, and may be asked for. */
  | { type: "offered" }
  /** There is room until so many chunks have been sent in all; `used` is memory to use again (`download_chunks.ts`). */
  | { type: "room"; chunks: number; used: ArrayBuffer[] }
  /** The browser has taken every chunk. */
  | { type: "done" }
  /** There will be no file: the browser takes no more, or the page was silent for too long. */
  | { type: "ended" };
