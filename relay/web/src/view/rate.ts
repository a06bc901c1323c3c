/** How fast bytes come, averaged over the last seconds. */

/** The average is taken over this time. */
const WINDOW_MS = 10_000;
/** There is no average before this time. */
const LEAST_MS = 1_000;

export class Rate {
  readonly #seen: { bytes: number; at: number }[] = [];

  /** Notes that by now, at a time in milliseconds, there are so many bytes. */
  saw(bytes: number, at: number): void {
    this.#seen.push({ bytes, at });
    while (this.#seen.length > 2 && (this.#seen[1]?.at ?? at) <= at - WINDOW_MS) this.#seen.shift();
  }

  /** Bytes per second; `null` while it is too early to tell. */
  get perSecond(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at - first.at < LEAST_MS || last.bytes <= first.bytes) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}
