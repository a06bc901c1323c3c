/** The screen while files are saved. */

import { failureOf, type Failure } from "../failure.ts";
import type { SaveAs, Selection } from "../saving/plan.ts";
import type { Event } from "../worker/protocol.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { Done } from "./done.ts";
import { waitingNotice, whyItWaits } from "./problem.ts";
import { Rate } from "./rate.ts";
import { offerBlob, save } from "./save.ts";
import type { AppContext, ContentsScreen, Screen } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { howMuch } from "./upload.ts";
import { keepAwake } from "./wake_lock.ts";

/** The figures change no more often than this, so that they can be read. */
const FIGURES_MS = 500;
/** Progress is read out each time it has grown by so many percent. */
const SAID_PERCENT = 10;

export class Saving implements Screen {
  readonly step = "save";
  readonly isBusy = true;
  readonly isSaving = true;
  readonly #rate = new Rate();
  readonly #stop = new AbortController();
  #bytes = 0;
  #total = 0;
  #why: Failure | null = null;
  /** When the figures were last drawn, and how many percent were read out. */
  #drawn = 0;
  #said = 0;

  constructor(readonly context: AppContext, readonly contents: ContentsScreen, readonly selection: Selection) {}

  heading(texts: Texts): string {
    return texts.say("saving.title");
  }

  body(texts: Texts): Child[] {
    const bar = element("progress", { id: "bar", max: 100, "aria-label": texts.say("saving.progress") });
    if (this.#total > 0) bar.value = this.#percent;
    const stop = () => {
      this.#stop.abort();
      this.#showFigures();
      this.context.announce(this.context.texts.say("saving.stopping"));
    };
    return [
      element("p", { class: "saved-name", translate: "no" }, this.contents.nameOf(this.selection, texts)),
      bar,
      element("p", { id: "figures" }, this.#figures(texts)),
      this.#waiting(texts),
      paragraph(texts.say("saving.keep")),
      button(texts.say("saving.cancel"), stop, { id: "cancel" }),
    ];
  }

  /** Saves. It must be called directly from a click. */
  async run(saveAs: SaveAs): Promise<void> {
    const { selection } = this;
    const { client } = this.context;
    const unsubscribe = client.listen((event) => this.#handle(event));
    const rest = keepAwake();
    try {
      const saved = await save(client, selection, saveAs, this.#stop.signal);
      if (selection === "all") this.contents.markSaved();
      const { blob, name } = saved;
      const again = () => (blob ? offerBlob(blob, name) : this.contents.save(selection, saveAs));
      this.context.show(new Done(this.context, this.contents, saved, again));
    } catch (error) {
      this.context.show(this.contents.failed(failureOf(error)));
    } finally {
      unsubscribe();
      rest();
    }
  }

  #handle(event: Event): void {
    if (event.type === "waiting") return this.#wait(event.why);
    if (event.type !== "progress") return;
    if (this.#why && event.bytes > this.#bytes) this.#wait(null);
    [this.#bytes, this.#total] = [event.bytes, event.total];
    this.#rate.saw(event.bytes, performance.now());
    if (performance.now() - this.#drawn < FIGURES_MS && this.#bytes < this.#total) return;
    this.#drawn = performance.now();
    this.#update();
  }

  #wait(why: Failure | null): void {
    const { texts } = this.context;
    const isOther = why?.code !== this.#why?.code;
    this.#why = why;
    // The figures stay as they are while it waits.
    if (this.#total > 0) this.#update();
    document.getElementById("waiting")?.replaceWith(this.#waiting(texts));
    // A new reason is read out, but not every step of the sender.
    if (isOther) this.context.announce(why ? whyItWaits(texts, why) : "");
  }

  #waiting(texts: Texts): HTMLElement {
    const why = this.#why;
    return waitingNotice(texts, why, why?.code === "not_uploaded" ? howMuch(texts, why) : "");
  }

  #update(): void {
    const { texts } = this.context;
    const bar = document.querySelector<HTMLProgressElement>("#bar");
    if (bar) bar.value = this.#percent;
    this.#showFigures();
    if (this.#percent < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent;
    this.context.announce(texts.say("saving.percent", { percent: this.#percent }));
  }

  #showFigures(): void {
    const figures = document.getElementById("figures");
    if (figures) setText(figures, this.#figures(this.context.texts));
  }

  get #percent(): number {
    return this.#total === 0 ? 100 : Math.floor((100 * this.#bytes) / this.#total);
  }

  #figures(texts: Texts): string {
    if (this.#stop.signal.aborted) return texts.say("saving.stopping");
    if (this.#total === 0) return texts.say("saving.start");
    const amount = texts.say("saving.amount", { done: texts.size(this.#bytes), total: texts.size(this.#total) });
    const rate = this.#rate.perSecond;
    if (rate === null || this.#why || this.#bytes === this.#total) return amount;
    const left = texts.say("saving.left", { time: texts.duration((this.#total - this.#bytes) / rate) });
    return [amount, texts.say("saving.rate", { rate: texts.size(rate) }), left].join(" · ");
  }
}
