/** A short queue between one who makes things and one who uses them up, so that both work at the same time. */

/** A queue of at most `room` things. */
export class Pipe<T> {
  readonly #things: T[] = [];
  #ended = false;
  #error: unknown = null;
  #wake: (() => void) | null = null;

  constructor(readonly room: number) {}

  /** Puts one in as soon as there is room; `false` if nobody wants any more. */
  async put(thing: T): Promise<boolean> {
    while (this.#things.length >= this.room && !this.#ended) await this.#change();
    if (!this.#ended) this.#things.push(thing);
    this.#changed();
    return !this.#ended;
  }

  /** Nothing more will come, because of this error if there is one. */
  end(error: unknown = null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#changed();
  }

  /** Takes out one after another. Who stops early ends the pipe. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    try {
      for (;;) {
        const [thing] = this.#things.splice(0, 1);
        if (thing !== undefined) {
          this.#changed();
          yield thing;
        } else if (!this.#ended) {
          await this.#change();
        } else if (this.#error !== null) {
          throw this.#error;
        } else {
          return;
        }
      }
    } finally {
      this.end();
    }
  }

  /** Only one of the two ever waits: the pipe is full for the one, or empty for the other. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #changed(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
