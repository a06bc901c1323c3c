/** The screen once files are verified and saved, or given to the browser, which does not tell what becomes of them. */

import { failureOf, type Failure } from "../failure.ts";
import { printable } from "../format/names.ts";
import type { Again } from "../saving/plan.ts";
import { button, buttons, element, paragraph, type Child } from "./dom.ts";
import { isOver, problemBox } from "./problem.ts";
import type { SavedAs } from "./save.ts";
import type { AppContext, ContentsScreen, Screen } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** The longest time that a browser's timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Done implements Screen {
  readonly step = "save";
  #receipt: SavedAs["receipt"] | "received";
  #again: Again | null = null;
  /** Whether the relay no longer keeps what was given to the browser. */
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the relay no longer keeps it, by the clock of `performance`. */
  #ends = 0;
  #failure: Failure | null = null;
  #isTelling = false;

  /** `saveAgain` gives the files to the browser once more. */
  constructor(readonly context: AppContext, readonly contents: ContentsScreen, readonly saved: SavedAs, readonly saveAgain: () => void) {
    this.#receipt = saved.receipt;
    if (saved.receipt === "sent") this.#told(saved.outcome === "placed", saved.again);
  }

  /** Whether the sender would never know, or nothing could save it again. */
  get isBusy(): boolean {
    return this.#receipt === "failed" || (this.#canConfirm && this.contents.origin.isOnlyHere);
  }

  /** Whether it is known to be where it should be. */
  get isEnd(): boolean {
    return this.saved.outcome === "placed" || this.#receipt === "received";
  }

  get #canSaveAgain(): boolean {
    return !this.isEnd && (!this.#isOver || this.saved.blob !== null);
  }

  get #canConfirm(): boolean {
    return !this.isEnd && !this.#isOver && this.#receipt === "sent";
  }

  heading(texts: Texts): string {
    return texts.say(this.isEnd ? "saved.title.placed" : "saved.title");
  }

  body(texts: Texts): Child[] {
    this.#watch();
    const { renamed, isZip } = this.saved;
    const isFailed = this.#receipt === "failed";
    const tell = button(texts.say("saved.receipt.again"), () => void this.#tell("receipt", "tell"), { class: "main", id: "tell" });
    const back = button(texts.say("saved.back"), () => this.context.show(this.contents), { id: "back" });
    const ending = this.isEnd ? [isFailed ? null : paragraph(texts.say("saved.close"))] : this.#whetherItIsThere(texts);
    return [
      element("p", { class: "good" }, texts.say(this.contents.origin.isLocal ? "saved.what.local" : "saved.what")),
      ...this.#where(texts),
      isZip ? paragraph(texts.say("saved.zip")) : null,
      ...renamed.map(([wanted, actual]) => paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) }))),
      element("p", { id: "receipt" }, this.said(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      isFailed ? buttons(tell) : null,
      ...ending,
      buttons(back),
    ];
  }

  /** Says what the sender knows. */
  said(texts: Texts): string {
    if (this.#isTelling) return texts.say("saved.receipt.telling");
    const isLocal = this.#receipt === "none" && this.contents.origin.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }

  left(): void {
    clearTimeout(this.#timer);
  }

  /** What to do in either case: the page cannot know whether the file is there, but the person can see it. */
  #whetherItIsThere(texts: Texts): Child[] {
    const have = button(texts.say("saved.have"), () => void this.#tell("confirm", "have"), { class: "main", id: "have" });
    const again = button(texts.say("saved.again"), this.saveAgain, { id: "save-again" });
    return [
      this.#canConfirm ? section(texts.say("saved.there"), texts.say("saved.have.hint"), have) : null,
      section(texts.say("saved.missing"), this.#missing(texts), this.#canSaveAgain ? again : null),
    ];
  }

  /** Says where it is, and under which name. */
  #where(texts: Texts): Child[] {
    const { way, outcome, name } = this.saved;
    if (outcome === "given" && this.isEnd) return [];
    const called = element("p", {}, `${texts.say(outcome === "given" ? "saved.look" : "saved.name")} `, element("strong", { translate: "no" }, printable(name)));
    return [element("p", {}, texts.say(`saved.where.${way}`)), way === "folder" ? null : called];
  }

  /** What to do if it is not there. */
  #missing(texts: Texts): string {
    if (!this.#canSaveAgain) return texts.say(this.contents.isOver ? "saved.over" : "saved.over.more");
    if (!this.#again || this.#isOver) return texts.say("saved.again.hint");
    return texts.say("saved.again.until", { time: texts.time(this.#again.until) });
  }

  /** Notes that the relay has the receipt. `isThere`: the file is known to be where it should be. */
  #told(isThere: boolean, again: Again | null): void {
    this.#receipt = isThere ? "received" : "sent";
    [this.#again, this.#isOver] = [again, again === null];
    this.#ends = performance.now() + 1000 * (again?.seconds ?? 0);
    if (this.#isOver) void this.#lookWhetherMoreIsAllowed();
  }

  /** Asks whether the relay allows more downloads, so that the contents offer nothing that it would refuse. */
  async #lookWhetherMoreIsAllowed(): Promise<void> {
    const status = await this.context.status();
    if ("code" in status && isOver(status)) this.contents.isOver = true;
    this.#redraw();
  }

  /** Tells the sender; `pressed` is the button for it. */
  async #tell(call: "receipt" | "confirm", pressed: string): Promise<void> {
    if (this.#isTelling) return;
    [this.#isTelling, this.#failure] = [true, null];
    this.#redraw(pressed);
    try {
      const again = await this.context.client.call(call, null);
      this.#told(this.saved.outcome === "placed" || call === "confirm", again);
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.#isTelling = false;
    this.#redraw(this.#failure ? pressed : this.#canConfirm ? "have" : "back");
  }

  /** Draws what has changed, with the focus on the element with this id, and has it read out. */
  #redraw(focus = document.activeElement?.id): void {
    if (this.context.screen !== this) return;
    this.context.redraw(focus);
    this.context.announce(this.said(this.context.texts));
  }

  /** Waits, while this is shown, until the relay keeps it no longer. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (!this.#again || this.#isOver) return;
    const end = () => {
      this.#isOver = true;
      void this.#lookWhetherMoreIsAllowed();
      const focused = document.activeElement?.id;
      this.context.redraw(focused);
      if (focused && !document.getElementById(focused)) document.getElementById("back")?.focus();
      if (!this.#canSaveAgain) this.context.announce(this.context.texts.say("saved.over"));
    };
    this.#timer = setTimeout(end, Math.min(Math.max(0, this.#ends - performance.now()), LONGEST_TIMER_MS));
  }
}

/** One of the two cases, with what to do then. */
function section(title: string, hint: string, press: HTMLElement | null): HTMLElement {
  return element("section", { class: "ending" }, element("h2", {}, title), element("p", {}, hint), press);
}
