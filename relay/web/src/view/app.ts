/** The page: its frame, the screen it shows, and what leads from one screen to the next. */

import { failureOf, type Failure } from "../failure.ts";
import { idInPath } from "../format/id.ts";
import { printable } from "../format/names.ts";
import type { ShareStatus } from "../relay/api.ts";
import { pageUrl } from "../relay/page_files.ts";
import { WorkerClient } from "../worker/worker_client.ts";
import { Ask } from "./ask.ts";
import { element, fill, setText } from "./dom.ts";
import { Ended } from "./ended.ts";
import { band, foot, steps } from "./frame.ts";
import { icon } from "./icons.ts";
import { loadOperator, type Operator } from "./operator.ts";
import { OtherWays } from "./other_ways.ts";
import type { AppContext, Screen } from "./screen.ts";
import { preferredLanguage, Texts, type Language } from "./texts.ts";

/** Marks the entry of the browser's history under which a share is open. */
const OPENED = "opened";

export class App implements AppContext {
  client = new WorkerClient();
  texts = new Texts(preferredLanguage(navigator.languages));
  operator: Operator | null = null;
  readonly address = addressOf(location.pathname);
  readonly picture = document.getElementById("call");
  screen: Screen;
  /** Where the words or the key are typed, to come back to with what was typed. */
  #ask: Ask;
  /** What was opened last. */
  #opened: Screen | null = null;
  readonly #top = element("header");
  readonly #main = element("main");
  readonly #bottom = element("footer");
  /** This element is never drawn anew: otherwise its text would not be read out. */
  readonly #live = element("div", { class: "hidden", role: "status" });
  readonly #otherWays = new OtherWays(this, (client, kind, file) => this.#takeFile(client, kind, file));
  readonly #steps = element("ol", { class: "steps", role: "list" });
  /** Where the screen is drawn. */
  #place = element("div");

  /** `typed` is what was typed before the page began. */
  constructor(typed: string) {
    this.#ask = new Ask(this, "words", null, null, typed);
    this.screen = this.#ask;
  }

  /** Draws the page and asks about the share. */
  start(root: HTMLElement): void {
    root.replaceChildren(this.#top, this.#main, this.#bottom, this.#live);
    addEventListener("popstate", () => this.#onPopState());
    this.#draw();
    void this.open();
    void this.#showOperator();
  }

  async open(): Promise<void> {
    if (!this.address) return this.show(new Ended(this, { code: "link_damaged" }));
    // Nearly every share opens with words: they can be typed while the relay is being asked.
    const ask = this.#ask;
    if (this.screen !== ask) this.show(ask);
    ask.lookUp();
    const status = await this.status();
    if (!("code" in status)) {
      if (status.kind === ask.kind) ask.know(status);
      else if (this.screen === ask) this.show(new Ask(this, status.kind, status));
    } else if (this.screen === ask && !ask.isOpening) this.show(new Ended(this, status));
  }

  async openAgain(ended: Ended): Promise<void> {
    const status = await this.status();
    if (this.screen !== ended) return;
    if ("code" in status) return status.code === ended.failure.code ? ended.wait() : this.show(new Ended(this, status));
    if (status.kind !== this.#ask.kind) return this.show(new Ask(this, status.kind, status));
    this.show(this.#ask);
    this.#ask.know(status);
  }

  async status(): Promise<ShareStatus | Failure> {
    return this.address ? this.client.call("open", this.address).catch(failureOf) : { code: "link_damaged" };
  }

  show(screen: Screen): void {
    this.screen.left?.();
    this.screen = screen;
    if (screen instanceof Ask) this.#ask = screen;
    if (screen.step !== "open" && screen.step && !screen.isSaving) {
      this.#opened = screen;
      // The browser's Back is to lead from here to the words, and not away from the page.
      if (history.state !== OPENED) history.pushState(OPENED, "");
    }
    this.#draw();
    this.#main.querySelector("h1")?.focus();
    scrollTo(0, 0);
    this.announce(screen.said?.(this.texts) ?? "");
  }

  redraw(focus?: string): void {
    const { texts, screen } = this;
    const isAtHeading = document.activeElement?.tagName === "H1";
    // The next person at this computer must not find the words.
    if (screen.isEnd) this.#ask.forget();
    const heading = element("h1", { tabindex: -1 }, screen.isEnd ? icon("check") : null, screen.heading(texts));
    this.#steps.replaceChildren(...steps(texts, screen, this.#ask.kind));
    this.#place.className = screen.isEnd ? "screen end" : "screen";
    fill(this.#place, [heading, ...screen.body(texts)]);
    this.#title();
    // Only while it is needed: with it, browsers do not keep the page for Back and Forward.
    (screen.isBusy ? addEventListener : removeEventListener)("beforeunload", askToStay);
    if (focus) document.getElementById(focus)?.focus();
    else if (isAtHeading) heading.focus();
  }

  announce(text: string): void {
    setText(this.#live, text);
  }

  /** The person has gone back or forth in the browser's history. */
  #onPopState(): void {
    const isOpened = history.state === OPENED;
    if (this.screen.isBusy) {
      // Saving goes on here until it is stopped.
      if (!isOpened) history.forward();
      return;
    }
    if (!isOpened && !this.#ask.isKnown) return void this.open();
    const screen = isOpened ? this.#opened : this.#ask;
    if (screen && screen !== this.screen) this.show(screen);
  }

  #draw(): void {
    const { texts, screen } = this;
    document.documentElement.lang = texts.language;
    this.#frame();
    this.#place = element("div");
    const others = screen.step === "save" ? [] : [this.#otherWays.draw(texts, this.#ask.file ? "file" : this.#ask.kind)];
    this.#main.replaceChildren(this.#steps, this.#place, ...others);
    this.redraw();
  }

  #frame(): void {
    this.#steps.setAttribute("aria-label", this.texts.say("steps"));
    this.#top.replaceChildren(band(this.texts, this.operator, (language) => this.#speak(language)));
    fill(this.#bottom, [foot(this.texts, this.operator)]);
  }

  #title(): void {
    document.title = `${this.screen.heading(this.texts)} – ${printable(this.operator?.name ?? "share")}`;
  }

  /** Shows whose page this is. The share can be opened before that is known. */
  async #showOperator(): Promise<void> {
    this.operator = await loadOperator();
    const focused = document.activeElement?.id;
    this.#frame();
    this.#title();
    if (this.screen === this.#ask) this.#ask.drawKnown();
    if (focused) document.getElementById(focused)?.focus();
  }

  #speak(language: Language): void {
    this.texts = new Texts(language);
    this.#draw();
    document.getElementById(`speak-${language}`)?.focus();
  }

  /** Shows a file from disk in place of the share. */
  #takeFile(client: WorkerClient, kind: "words" | "keys", file: File): void {
    this.client.end();
    [this.client, this.#opened] = [client, null];
    this.show(new Ask(this, kind, null, file));
  }
}

function askToStay(event: Event): void {
  event.preventDefault();
}

/** The share of this page's address; `null` if its id is damaged. The relay is where the page's files are. */
function addressOf(path: string): AppContext["address"] {
  const id = idInPath(path);
  return id === null ? null : { relay: pageUrl("..").replace(/\/$/, ""), id };
}
