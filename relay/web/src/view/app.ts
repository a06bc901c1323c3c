/** The page: its frame, the screen it shows, and what leads from one screen to the next. */

import { Engine } from "../engine.ts";
import { failureOf, type Failure } from "../failure.ts";
import { decodeFully, readIdSegment } from "../repair.ts";
import { printable } from "../names.ts";
import { pageUrl } from "../trusted.ts";
import { Ask } from "./ask.ts";
import { button, element, setText, type Child } from "./dom.ts";
import { Checking, Ended } from "./opening.ts";
import { loadOperator, type Operator } from "./operator.ts";
import { problemBox } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import { LANGUAGES, languageName, preferredLanguage, Texts, type Language, type TextKey } from "./texts.ts";

/** The page. */
export class App implements Stage {
  engine = new Engine();
  texts = new Texts(preferredLanguage(navigator.languages));
  readonly address = addressOf(location.pathname);
  /** `null` until it is known. */
  #operator: Operator | null = null;
  /** What is opened here. */
  #kind: "words" | "keys" | "file" = "words";
  #screen: Screen = new Checking(this, "checking");
  readonly #top = element("header");
  readonly #main = element("main");
  readonly #bottom = element("footer");
  /** It stays as it is whatever is drawn, or what is put into it would not be read out. */
  readonly #live = element("div", { class: "hidden", role: "status" });
  /** The file from disk that was chosen last. */
  #file: File | null = null;
  /** Where it says why that will not open. */
  #refusal = element("div");
  /** Where the screen is drawn. */
  #place = element("div");

  /** Draws the page and asks about the share. */
  start(root: HTMLElement): void {
    root.replaceChildren(this.#top, this.#main, this.#bottom, this.#live);
    addEventListener("beforeunload", (event) => this.#screen.isBusy && event.preventDefault());
    void this.open();
    void this.#showOperator();
  }

  async open(): Promise<void> {
    const { address } = this;
    if (!address) return this.show(new Ended(this, { code: "link_damaged" }));
    await this.#check("checking", async () => {
      const status = await this.engine.call("open", { relay: address.base, id: address.id });
      this.#kind = status.kind;
      return new Ask(this, status.kind, { status });
    });
  }

  show(screen: Screen): void {
    this.#screen.left?.();
    this.#screen = screen;
    this.#draw();
    this.#main.querySelector("h1")?.focus();
    this.announce(screen.said?.(this.texts) ?? "");
  }

  redraw(focus?: string): void {
    const { texts } = this;
    const heading = element("h1", { tabindex: -1 }, this.#screen.heading(texts));
    this.#place.replaceChildren(heading, ...this.#screen.body(texts).filter((child) => child !== null));
    this.#title();
    if (focus) document.getElementById(focus)?.focus();
  }

  announce(text: string): void {
    setText(this.#live, text);
  }

  /** Shows what comes of a question, unless another was asked meanwhile. */
  async #check(title: TextKey, ask: () => Promise<Screen>): Promise<void> {
    const checking = new Checking(this, title);
    this.show(checking);
    const next = await ask().catch((error: unknown) => new Ended(this, failureOf(error)));
    if (this.#screen === checking) this.show(next);
    else next.left?.();
  }

  #draw(): void {
    document.documentElement.lang = this.texts.language;
    this.#frame();
    this.#place = element("div", { class: "screen" });
    const extras = this.#screen.isBusy ? [] : [this.#localFile(), this.#command()];
    this.#main.replaceChildren(this.#place, ...extras.filter((extra) => extra !== null));
    this.redraw();
  }

  /** What stands around the screens. */
  #frame(): void {
    this.#top.replaceChildren(element("div", { class: "brand" }, ...this.#brand()), this.#languages());
    const contact = this.#operator?.contact ?? null;
    this.#bottom.hidden = contact === null;
    this.#bottom.replaceChildren(element("p", {}, printable(contact ?? "")));
  }

  #title(): void {
    document.title = `${this.#screen.heading(this.texts)} – ${printable(this.#operator?.name ?? "share")}`;
  }

  /** The share can be opened before it is known whose page this is. */
  async #showOperator(): Promise<void> {
    this.#operator = await loadOperator();
    const focused = document.activeElement?.id;
    this.#frame();
    this.#title();
    if (focused) document.getElementById(focused)?.focus();
  }

  #languages(): HTMLElement {
    const choices = LANGUAGES.map((language) =>
      button(languageName(language), () => this.#speak(language), {
        id: `speak-${language}`,
        lang: language,
        "aria-pressed": String(language === this.texts.language),
      }),
    );
    return element("div", { class: "languages", role: "group", "aria-label": this.texts.say("switch") }, ...choices);
  }

  #brand(): Child[] {
    if (!this.#operator) return [];
    const { name, logo } = this.#operator;
    // Its name stands beside it.
    const picture = logo === null ? null : element("img", { src: logo, alt: "" });
    return [picture, element("p", { class: "name" }, printable(name ?? "share"))];
  }

  #speak(language: Language): void {
    this.texts = new Texts(language);
    this.#draw();
    document.getElementById(`speak-${language}`)?.focus();
  }

  /** A saved file can always be opened, whatever became of the share. */
  #localFile(): HTMLElement {
    const { texts } = this;
    const choose = (event: Event) => {
      const file = (event.target as HTMLInputElement).files?.[0];
      if (file) void this.#openFile(file);
    };
    this.#refusal = element("div");
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    return aside(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      this.#refusal,
      element("label", { for: "local-file" }, texts.say("local.label")),
      input,
    ]);
  }

  /** With an engine of its own, so that the share stays as it is, with what was typed, if the file is none to open. */
  async #openFile(file: File): Promise<void> {
    const engine = new Engine();
    this.#file = file;
    this.announce(this.texts.say("ask.opening"));
    const opened = await engine.call("openFile", { file }).catch(failureOf);
    // Another was chosen meanwhile, or something is being saved.
    if (this.#file !== file || this.#screen.isBusy) return engine.end();
    if ("code" in opened) {
      engine.end();
      return this.#refuse(opened);
    }
    this.engine.end();
    [this.engine, this.#kind] = [engine, "file"];
    this.show(new Ask(this, opened.kind, { file }));
  }

  #refuse(failure: Failure): void {
    this.announce("");
    this.#refusal.replaceChildren(problemBox(this.texts, failure, "file-problem", true));
  }

  #command(): HTMLElement | null {
    if (!this.address || this.#kind === "file") return null;
    const { base, id } = this.address;
    // A line may break within the link, but not within an option.
    const option = (text: string) => element("span", { class: "option" }, text);
    const identity = this.#kind === "keys" ? [" ", option("--identity"), " key.txt"] : [];
    return aside(this.texts.say("command.title"), [
      element("p", {}, this.texts.say("command.hint")),
      element("pre", { tabindex: 0 }, `share get ${base}/s/${id}`, ...identity),
    ]);
  }
}

function aside(title: string, children: Child[]): HTMLElement {
  return element("details", {}, element("summary", {}, title), ...children);
}

/** The share that a path `…/s/<id>` leads to; `null` if the id is damaged. The relay is where the page's files are. */
function addressOf(path: string): Stage["address"] {
  const plain = decodeFully(path)?.split(/[?#]/, 1)[0] ?? "";
  const segment = plain.split("/").filter((part) => part !== "").at(-1);
  const id = segment === undefined ? null : readIdSegment(segment);
  return id === null ? null : { base: pageUrl("..").replace(/\/$/, ""), id };
}
