/** The screens while files are saved, and once they are. */

import { failureOf, type Failure } from "../failure.ts";
import { printable } from "../names.ts";
import type { Event, SaveAs, Saved, Selection } from "../protocol.ts";
import { save } from "../save.ts";
import type { Contents } from "./contents.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { problemBox, whatHappened } from "./problem.ts";
import { Rate } from "./rate.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { howMuch } from "./upload.ts";

/** How often the figures change: not faster than they can be read. */
const FIGURES_MS = 500;
/** Every how many percent it is read out. */
const SAID_PERCENT = 10;

/** Files are being saved. */
export class Saving implements Screen {
  readonly isBusy = true;
  readonly #rate = new Rate();
  #bytes = 0;
  #total = 0;
  #why: Failure | null = null;
  #drawn = 0;
  #said = 0;

  constructor(readonly stage: Stage, readonly contents: Contents) {}

  heading(texts: Texts): string {
    return texts.say("saving.title");
  }

  body(texts: Texts): Child[] {
    const bar = element("progress", { id: "bar", max: 100, "aria-label": texts.say("saving.progress") });
    if (this.#total > 0) bar.value = this.#percent;
    return [
      bar,
      element("p", { id: "figures" }, this.#figures(texts)),
      this.#waiting(texts),
      paragraph(texts.say("saving.keep")),
      button(texts.say("saving.cancel"), () => this.stage.engine.cancel(), { id: "cancel" }),
    ];
  }

  /** Saves. To be called straight from a click. */
  async run(selection: Selection, saveAs: SaveAs): Promise<void> {
    const { engine } = this.stage;
    const deaf = engine.listen((event) => this.#hear(event));
    try {
      const saved = await save(engine, selection, saveAs);
      this.stage.announce("");
      if (selection === "all") this.contents.hasArrived();
      this.stage.show(new Done(this.stage, this.contents, saved));
    } catch (error) {
      this.stage.show(this.contents.failed(failureOf(error)));
    } finally {
      deaf();
    }
  }

  #hear(event: Event): void {
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
    this.#why = why;
    const { texts } = this.stage;
    // The figures stay as they are for as long as it waits.
    if (this.#total > 0) this.#update();
    const waiting = document.getElementById("waiting");
    const [reason, arrived] = [document.getElementById("why"), document.getElementById("arrived")];
    if (waiting) waiting.hidden = why === null;
    if (reason) setText(reason, this.#reason(texts));
    if (arrived) setText(arrived, this.#arrived(texts));
  }

  /** Why it waits; only that is read out, and not every step of the sender. */
  #waiting(texts: Texts): HTMLElement {
    const reason = element("p", { id: "why", role: "status" }, this.#reason(texts));
    const arrived = element("p", { id: "arrived" }, this.#arrived(texts));
    return element("div", { id: "waiting", class: "notice", hidden: this.#why === null }, reason, arrived);
  }

  #reason(texts: Texts): string {
    return this.#why ? texts.say("saving.waiting", { why: whatHappened(texts, this.#why) }) : "";
  }

  #arrived(texts: Texts): string {
    return this.#why?.code === "not_uploaded" ? howMuch(texts, this.#why) : "";
  }

  #update(): void {
    const { texts } = this.stage;
    const bar = document.querySelector<HTMLProgressElement>("#bar");
    const figures = document.getElementById("figures");
    if (bar) bar.value = this.#percent;
    if (figures) setText(figures, this.#figures(texts));
    if (this.#percent < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent;
    this.stage.announce(texts.say("saving.percent", { percent: this.#percent }));
  }

  get #percent(): number {
    return this.#total === 0 ? 100 : Math.floor((100 * this.#bytes) / this.#total);
  }

  #figures(texts: Texts): string {
    if (this.#total === 0) return texts.say("saving.start");
    const amount = texts.say("saving.amount", { done: texts.size(this.#bytes), total: texts.size(this.#total) });
    const rate = this.#rate.perSecond;
    if (rate === null || this.#why || this.#bytes === this.#total) return amount;
    const left = texts.say("saving.left", { time: texts.duration((this.#total - this.#bytes) / rate) });
    return [amount, texts.say("saving.rate", { rate: texts.size(rate) }), left].join(" · ");
  }
}

/** Files are saved and verified. */
export class Done implements Screen {
  #receipt: Saved["receipt"];
  #failure: Failure | null = null;

  constructor(readonly stage: Stage, readonly contents: Contents, readonly saved: Saved) {
    this.#receipt = saved.receipt;
  }

  heading(texts: Texts): string {
    return texts.say("saved.title");
  }

  body(texts: Texts): Child[] {
    const renamed = this.saved.renamed.map(([wanted, actual]) =>
      paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) })),
    );
    return [
      element("p", { class: "good" }, texts.say("saved.what", { size: texts.size(this.saved.bytes) })),
      paragraph(texts.say(`saved.where.${this.saved.way}`)),
      ...renamed,
      element("p", { id: "receipt", role: "status" }, this.#receiptText(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      element(
        "div",
        { class: "buttons" },
        this.#receipt === "failed" ? button(texts.say("saved.receipt.again"), () => void this.#tellAgain(), { class: "main", id: "tell" }) : null,
        button(texts.say("saved.back"), () => this.stage.show(this.contents), { id: "back" }),
      ),
    ];
  }

  #receiptText(texts: Texts): string {
    const isLocal = this.#receipt === "none" && this.contents.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }

  async #tellAgain(): Promise<void> {
    try {
      await this.stage.engine.call("receipt", null);
      [this.#receipt, this.#failure] = ["sent", null];
      this.stage.redraw("back");
    } catch (error) {
      this.#failure = failureOf(error);
      this.stage.redraw("tell");
    }
  }
}
