/**
 * Whether the other end of a port still lives: each says every few seconds that it does. What is sent to a worker that
 * the browser has ended is lost without a word.
 */

const BEAT_MS = 5_000;
/**
 * Seconds in which nothing was heard. Firefox ends a service worker after 30 seconds without a message, and takes what
 * came until then for the whole file, so this must be sooner.
 */
const MAX_SILENCE = 20;

/** Says that this end lives, and notices when the other no longer does. */
export class Pulse {
  #silence = 0;
  readonly #beating: ReturnType<typeof setInterval>;
  readonly #counting: ReturnType<typeof setInterval>;

  constructor(beat: () => void, lost: () => void) {
    this.#beating = setInterval(beat, BEAT_MS);
    // Counted in ticks, because a computer that was asleep has not been silent.
    this.#counting = setInterval(() => {
      this.#silence += 1;
      if (this.#silence < MAX_SILENCE) return;
      this.stop();
      lost();
    }, 1000);
  }

  /** Something was heard. */
  heard(): void {
    this.#silence = 0;
  }

  stop(): void {
    clearInterval(this.#beating);
    clearInterval(this.#counting);
  }
}
