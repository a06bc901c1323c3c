/**
 * Whether the other end of a port still lives: each end sends a message every few seconds. What is sent to a worker that
 * the browser has ended is lost without a word.
 */

const INTERVAL_MS = 5_000;
/**
 * Seconds without a message. Firefox ends a service worker after 30 seconds without one, and takes what came until then
 * for the whole file, so this must be sooner.
 */
const TIMEOUT_SECONDS = 20;

/** Sends that this end lives, and notices when the other no longer does. */
export class Heartbeat {
  #silence = 0;
  readonly #sending: ReturnType<typeof setInterval>;
  readonly #counting: ReturnType<typeof setInterval>;

  constructor(send: () => void, lost: () => void) {
    this.#sending = setInterval(send, INTERVAL_MS);
    // Counted in ticks, because a computer that was asleep has not been silent.
    this.#counting = setInterval(() => {
      this.#silence += 1;
      if (this.#silence < TIMEOUT_SECONDS) return;
      this.stop();
      lost();
    }, 1000);
  }

  /** To be called for every message that comes from the other end. */
  received(): void {
    this.#silence = 0;
  }

  stop(): void {
    clearInterval(this.#sending);
    clearInterval(this.#counting);
  }
}
