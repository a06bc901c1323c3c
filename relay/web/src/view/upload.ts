/** How far a sender is who is still uploading: shown, kept current, and now and then read out. */

import type { Failure } from "../failure.ts";
import { arrivedOf, type Arrived } from "../relay/api.ts";
import { SENDER_MS } from "../relay/backoff.ts";
import { element, fill, paragraph, setText, type Child } from "./dom.ts";
import { isOver } from "./problem.ts";
import type { AppContext } from "./screen.ts";
import type { TextKey, Texts } from "./texts.ts";

/** How often it is read out. */
const SAID_MS = 60_000;

/** Says how much has arrived. */
export function howMuch(texts: Texts, arrived: Arrived): string {
  const percent = percentOf(arrived);
  if (percent === null) return texts.say("uploading.amount", { size: texts.size(arrived.storedBytes) });
  return texts.say("uploading.percent", { percent: texts.number(percent) });
}

/** Shows an upload that runs. */
export class Upload {
  #isShown = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #said = performance.now();
  /** How many bytes there are in all, once all have arrived. */
  #whole: number | null = null;

  /** `hint` says what can be done meanwhile; `over` is called when the share ends. */
  constructor(
    readonly context: AppContext,
    private arrived: Arrived,
    readonly hint: TextKey,
    readonly over: (failure: Failure) => void,
  ) {}

  /** What has arrived; `null` once that is all. */
  get left(): Arrived | null {
    return this.#whole === null ? this.arrived : null;
  }

  /** Draws it, and keeps it current until `stop`. */
  draw(texts: Texts): HTMLElement {
    this.#isShown = true;
    this.#askSoon();
    return element("div", { id: "upload", class: "notice" }, ...this.#parts(texts));
  }

  stop(): void {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }

  /** Shows how much has arrived. */
  show(arrived: Arrived): void {
    this.arrived = arrived;
    const bar = document.querySelector<HTMLProgressElement>("#upload progress");
    const amount = document.getElementById("arrived");
    if (bar) bar.value = percentOf(arrived) ?? 0;
    if (amount) setText(amount, this.#amount(this.context.texts));
    if (performance.now() - this.#said < SAID_MS) return;
    this.#said = performance.now();
    this.context.announce(howMuch(this.context.texts, arrived));
  }

  #parts(texts: Texts): Child[] {
    if (this.#whole !== null) return [paragraph(texts.say("uploading.done", { size: texts.size(this.#whole) }))];
    const percent = percentOf(this.arrived);
    return [
      paragraph(texts.say("failure.not_uploaded")),
      percent === null ? null : element("progress", { max: 100, value: percent, "aria-label": texts.say("uploading.progress") }),
      element("p", { id: "arrived" }, this.#amount(texts)),
    ];
  }

  #amount(texts: Texts): string {
    return `${howMuch(texts, this.arrived)} ${texts.say(this.hint)}`;
  }

  #askSoon(): void {
    clearTimeout(this.#timer);
    if (this.#whole === null) this.#timer = setTimeout(() => void this.#ask(), SENDER_MS);
  }

  async #ask(): Promise<void> {
    const { context } = this;
    const status = await context.status();
    if (!this.#isShown) return;
    if ("code" in status) {
      // Other failures are not shown while nobody waits for the relay.
      if (isOver(status)) return this.over(status);
      return this.#askSoon();
    }
    const arrived = arrivedOf(status);
    if (arrived) {
      this.show(arrived);
    } else {
      this.#whole = status.storedBytes;
      const shown = document.getElementById("upload");
      if (shown) fill(shown, this.#parts(context.texts));
      context.announce(context.texts.say("uploading.done", { size: context.texts.size(this.#whole) }));
    }
    this.#askSoon();
  }
}

function percentOf({ storedBytes, totalBytes }: Arrived): number | null {
  return totalBytes === undefined ? null : Math.min(100, Math.floor((100 * storedBytes) / Math.max(1, totalBytes)));
}
