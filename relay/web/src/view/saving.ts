/** The screens while files are saved, and once they are. */

import { failureOf, type Failure } from "../failure.ts";
import { printable } from "../names.ts";
import type { Again, Event, SaveAs, Selection } from "../protocol.ts";
import { offerBlob, save, type SavedAs } from "../save.ts";
import type { Contents } from "./contents.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { problemBox, waitingNotice, whyItWaits } from "./problem.ts";
import { Rate } from "./rate.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { howMuch } from "./upload.ts";

/** How often the figures change: not faster than they can be read. */
const FIGURES_MS = 500;
/** Every how many percent it is read out. */
const SAID_PERCENT = 10;
/** The longest that a timer of a browser runs. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Files are being saved. */
export class Saving implements Screen {
  readonly isBusy = true;
  readonly #rate = new Rate();
  readonly #stop = new AbortController();
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
      button(texts.say("saving.cancel"), () => this.#end(), { id: "cancel" }),
    ];
  }

  /** Saves. To be called straight from a click. */
  async run(selection: Selection, saveAs: SaveAs): Promise<void> {
    const { engine } = this.stage;
    const deaf = engine.listen((event) => this.#hear(event));
    try {
      const saved = await save(engine, selection, saveAs, this.#stop.signal);
      if (selection === "all") this.contents.hasArrived();
      const { blob, name } = saved;
      const again = () => (blob ? offerBlob(blob, name) : this.contents.save(selection, saveAs));
      this.stage.show(new Done(this.stage, this.contents, saved, again));
    } catch (error) {
      this.stage.show(this.contents.failed(failureOf(error)));
    } finally {
      deaf();
    }
  }

  #end(): void {
    this.#stop.abort();
    this.#showFigures();
    this.stage.announce(this.stage.texts.say("saving.stopping"));
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
    const { texts } = this.stage;
    const isOther = why?.code !== this.#why?.code;
    this.#why = why;
    // The figures stay as they are for as long as it waits.
    if (this.#total > 0) this.#update();
    document.getElementById("waiting")?.replaceWith(this.#waiting(texts));
    // Why it waits is read out, and not every step of the sender.
    if (isOther) this.stage.announce(why ? whyItWaits(texts, why) : "");
  }

  #waiting(texts: Texts): HTMLElement {
    const why = this.#why;
    return waitingNotice(texts, why, why?.code === "not_uploaded" ? howMuch(texts, why) : "");
  }

  #update(): void {
    const { texts } = this.stage;
    const bar = document.querySelector<HTMLProgressElement>("#bar");
    if (bar) bar.value = this.#percent;
    this.#showFigures();
    if (this.#percent < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent;
    this.stage.announce(texts.say("saving.percent", { percent: this.#percent }));
  }

  #showFigures(): void {
    const figures = document.getElementById("figures");
    if (figures) setText(figures, this.#figures(this.stage.texts));
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

/** Files are verified and saved, or given to the browser, which does not tell what becomes of them. */
export class Done implements Screen {
  #receipt: SavedAs["receipt"] | "received";
  #again: Again | null = null;
  /** Whether the relay no longer keeps what was given to the browser. */
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failure: Failure | null = null;
  #isTelling = false;
  #hasLeft = false;

  /** `saveAgain` gives it to the browser once more. */
  constructor(readonly stage: Stage, readonly contents: Contents, readonly saved: SavedAs, readonly saveAgain: () => void) {
    this.#receipt = saved.receipt;
    if (saved.receipt === "sent") this.#received(saved.again);
  }

  /** The sender would never know, or nothing could save it again. */
  get isBusy(): boolean {
    return this.#receipt === "failed" || (this.#canConfirm && this.contents.origin.isOnlyHere);
  }

  heading(texts: Texts): string {
    return texts.say(this.#isThere ? "saved.title.placed" : "saved.title");
  }

  body(texts: Texts): Child[] {
    const renamed = this.saved.renamed.map(([wanted, actual]) =>
      paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) })),
    );
    return [
      element("p", { class: "good" }, texts.say("saved.what", { size: texts.size(this.saved.bytes) })),
      paragraph(this.#where(texts)),
      this.saved.isZip ? paragraph(texts.say("saved.zip")) : null,
      ...renamed,
      paragraph(this.#missing(texts)),
      this.#canConfirm ? paragraph(texts.say("saved.have.hint")) : null,
      element("p", { id: "receipt" }, this.said(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      element(
        "div",
        { class: "buttons" },
        this.#receipt === "failed" ? button(texts.say("saved.receipt.again"), () => void this.#tell("receipt", "tell"), { class: "main", id: "tell" }) : null,
        this.#canConfirm ? button(texts.say("saved.have"), () => void this.#tell("confirm", "have"), { id: "have" }) : null,
        this.#canSaveAgain ? button(texts.say("saved.again"), this.saveAgain, { id: "save-again" }) : null,
        button(texts.say("saved.back"), () => this.stage.show(this.contents), { id: "back" }),
      ),
    ];
  }

  /** What the sender knows. */
  said(texts: Texts): string {
    if (this.#isTelling) return texts.say("saved.receipt.telling");
    const isLocal = this.#receipt === "none" && this.contents.origin.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }

  left(): void {
    this.#hasLeft = true;
    clearTimeout(this.#timer);
  }

  /** Whether it is known to be where it should be. */
  get #isThere(): boolean {
    return this.saved.outcome === "placed" || this.#receipt === "received";
  }

  get #canSaveAgain(): boolean {
    return !this.#isThere && (!this.#isOver || this.saved.blob !== null);
  }

  get #canConfirm(): boolean {
    return !this.#isThere && !this.#isOver && this.#receipt !== "none";
  }

  #where(texts: Texts): string | null {
    const { way, outcome } = this.saved;
    const name = printable(this.saved.name);
    const where = texts.say(`saved.where.${way}`);
    if (outcome === "given") return this.#isThere ? null : `${where} ${texts.say("saved.look", { name })}`;
    return way === "folder" ? where : `${where} ${texts.say("saved.name", { name })}`;
  }

  /** What to do if it is not there. */
  #missing(texts: Texts): string | null {
    if (this.#isThere) return null;
    if (!this.#canSaveAgain) return texts.say("saved.over");
    if (!this.#again || this.#isOver) return texts.say("saved.missing");
    return texts.say("saved.missing.until", { time: texts.time(this.#again.until) });
  }

  /** The relay has the receipt. */
  #received(again: Again | null): void {
    if (this.saved.outcome === "placed") this.#receipt = "received";
    else this.#receipt = "sent";
    this.#again = again;
    this.#isOver = again === null;
    if (again) this.#timer = setTimeout(() => this.#end(), Math.min(1000 * again.seconds, LONGEST_TIMER_MS));
  }

  /** The relay keeps it no longer. */
  #end(): void {
    this.#isOver = true;
    const focused = document.activeElement?.id;
    this.stage.redraw(focused);
    if (focused && !document.getElementById(focused)) document.getElementById("back")?.focus();
    if (!this.#canSaveAgain) this.stage.announce(this.stage.texts.say("saved.over"));
  }

  /** Tells the sender; `pressed` is the button for it. */
  async #tell(call: "receipt" | "confirm", pressed: string): Promise<void> {
    if (this.#isTelling) return;
    [this.#isTelling, this.#failure] = [true, null];
    this.#drawn(pressed);
    try {
      const again = await this.stage.engine.call(call, null);
      if (call === "receipt") this.#received(again);
      else this.#receipt = "received";
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.#isTelling = false;
    this.#drawn(this.#failure ? pressed : this.#canConfirm ? "have" : "back");
  }

  /** Draws what has changed, with the focus on this, and has it read out. */
  #drawn(focus: string): void {
    if (this.#hasLeft) return;
    this.stage.redraw(focus);
    this.stage.announce(this.said(this.stage.texts));
  }
}
