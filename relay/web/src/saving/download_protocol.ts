/**
 * A browser download as page, worker and service worker know it: their messages, how its bytes are cut between the latter
 * two, and how each of those notices that the other is gone.
 */

/**
 * Firefox runs service workers in a process of their own. Whatever goes there is copied, through memory that is made anew
 * for all that is longer than 64 KiB; and what is given back would be copied once more.
 */
const crossesProcesses = globalThis.navigator?.userAgent.includes("Firefox/") ?? false;

/** Bytes in one message. These chunks are not those of the age file. */
export const CHUNK_BYTES = crossesProcesses ? 60 * 1024 : 1024 * 1024;
/** Chunks that are on their way, or lie ready for the browser. */
export const CHUNKS_AHEAD = crossesProcesses ? 32 : 4;
/** Whether the memory of a chunk that the browser has taken is given back, to be used again: some are slow to collect. */
export const RETURNS_MEMORY = !crossesProcesses;

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
  /** There is room until so many chunks have been sent in all; `used` is memory to use again. */
  | { type: "room"; chunks: number; used: ArrayBuffer[] }
  /** The browser has taken every chunk. */
  | { type: "done" }
  /** There will be no file: the browser takes no more, or the page was silent for too long. */
  | { type: "ended" };

const HEARTBEAT_MS = 5_000;
/**
 * Seconds without a message. Firefox ends a service worker after 30 seconds without one, and takes what came until then
 * for the whole file, so this must be sooner.
 */
const TIMEOUT_SECONDS = 20;

/**
 * Tells the other end of a port every few seconds that this one lives, and notices when the other no longer does: what is
 * sent to a worker that the browser has ended is lost without a word.
 */
export class Heartbeat {
  #silence = 0;
  readonly #timers: ReturnType<typeof setInterval>[];

  constructor(send: () => void, lost: () => void) {
    // Counted in ticks, because a computer that was asleep has not been silent.
    const count = () => {
      this.#silence += 1;
      if (this.#silence < TIMEOUT_SECONDS) return;
      this.stop();
      lost();
    };
    this.#timers = [setInterval(send, HEARTBEAT_MS), setInterval(count, 1000)];
  }

  /** To be called for every message that comes from the other end. */
  received(): void {
    this.#silence = 0;
  }

  stop(): void {
    this.#timers.forEach(clearInterval);
  }
}
