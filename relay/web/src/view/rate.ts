/** How fast something goes, over the last seconds. */

/** How far back is looked. */
const WINDOW_MS = 10_000;
/** Less than this says nothing yet. */
const LEAST_MS = 1_000;

/** Bytes and the moments they were there. */
export class Rate {
  readonly #seen: { bytes: number; at: number }[] = [];

  /** So many bytes are there, at so many milliseconds. */
  saw(bytes: number, at: number): void {
    this.#seen.push({ bytes, at });
    while (this.#seen.length > 2 && (this.#seen[1]?.at ?? at) <= at - WINDOW_MS) this.#seen.shift();
  }

  /** Bytes per second; `null` while that cannot be said. */
  get perSecond(): number | null {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at - first.at < LEAST_MS || last.bytes <= first.bytes) return null;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }
}
