/** How far the sender is who is still uploading: shown, kept current by itself, and now and then read out. */

import { failureOf, type Failure } from "../failure.ts";
import { arrivedOf, type Arrived, type ShareStatus } from "../relay/api.ts";
import { SENDER_MS } from "../relay/backoff.ts";
import { element, paragraph, setText, type Child } from "./dom.ts";
import type { AppContext } from "./screen.ts";
import type { TextKey, Texts } from "./texts.ts";

/** How often it is read out. */
const SAID_MS = 60_000;
/** After these there is nothing to wait for, nor to try again. */
const IS_OVER: ReadonlySet<string> = new Set(["expired", "revoked", "collected", "not_found", "link_damaged", "browser_too_old"]);

/** Whether it can never be opened here. */
export function isOver(failure: Failure): boolean {
  return IS_OVER.has(failure.code);
}

/** How much has arrived, as a sentence. */
export function howMuch(texts: Texts, arrived: Arrived): string {
  const percent = percentOf(arrived);
  if (percent === null) return texts.say("uploading.amount", { size: texts.size(arrived.storedBytes) });
  return texts.say("uploading.percent", { percent: texts.number(percent) });
}

/** An upload that runs. */
export class Upload {
  #isShown = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #said = performance.now();
  /** What arrived in all, once that is all. */
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

  /** As it is to stand on the page, and be kept current until `stop`. */
  draw(texts: Texts): HTMLElement {
    this.#isShown = true;
    this.#lookSoon();
    return element("div", { id: "upload", class: "notice" }, ...this.#parts(texts));
  }

  /** It is looked after no more. */
  stop(): void {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }

  /** So much has arrived. */
  saw(arrived: Arrived): void {
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

  #lookSoon(): void {
    clearTimeout(this.#timer);
    if (this.#whole === null) this.#timer = setTimeout(() => void this.#look(), SENDER_MS);
  }

  async #look(): Promise<void> {
    const { address, client } = this.context;
    if (!address) return;
    try {
      const status = await client.call("open", { relay: address.base, id: address.id });
      if (this.#isShown) this.#handle(status);
    } catch (error) {
      const failure = failureOf(error);
      if (this.#isShown && isOver(failure)) return this.over(failure);
      // Anything else is worth no word while nobody waits for it.
    }
    if (this.#isShown) this.#lookSoon();
  }

  #handle(status: ShareStatus): void {
    const arrived = arrivedOf(status);
    if (arrived) return this.saw(arrived);
    const { texts } = this.context;
    this.#whole = status.storedBytes;
    document.getElementById("upload")?.replaceChildren(...this.#parts(texts).filter((part) => part !== null));
    this.context.announce(texts.say("uploading.done", { size: texts.size(this.#whole) }));
  }
}

function percentOf({ storedBytes, totalBytes }: Arrived): number | null {
  return totalBytes === undefined ? null : Math.min(100, Math.floor((100 * storedBytes) / Math.max(1, totalBytes)));
}
