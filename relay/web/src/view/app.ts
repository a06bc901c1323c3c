/** The page: its frame, the screen it shows, and what leads from one screen to the next. */

import { Engine } from "../engine.ts";
import { failureOf } from "../failure.ts";
import { decodeFully, readIdSegment } from "../repair.ts";
import { printable } from "../names.ts";
import { pageUrl } from "../trusted.ts";
import { Ask } from "./ask.ts";
import { button, element, type Child } from "./dom.ts";
import { Checking, Ended, Uploading } from "./opening.ts";
import { loadOperator, type Operator } from "./operator.ts";
import type { Screen, Stage } from "./screen.ts";
import { LANGUAGES, languageName, preferredLanguage, Texts, type Language } from "./texts.ts";

/** The page. */
export class App implements Stage {
  engine = new Engine();
  readonly address = addressOf(location.pathname);
  readonly #root = document.getElementById("page") ?? document.body;
  readonly #live = element("div", { class: "hidden", role: "status" });
  #screen: Screen = new Checking(this);
  /** Where the screen is drawn. */
  #place = element("div");

  private constructor(public texts: Texts, readonly operator: Operator) {}

  /** Draws the page and asks about the share. */
  static async start(): Promise<void> {
    const app = new App(...(await Promise.all([Texts.load(preferredLanguage(navigator.languages)), loadOperator()])));
    document.getElementById("fallback")?.remove();
    addEventListener("beforeunload", (event) => app.#screen.isBusy && event.preventDefault());
    app.#draw();
    await app.open();
  }

  async open(): Promise<void> {
    if (!this.address) return this.show(new Ended(this, { code: "link_damaged" }));
    try {
      const status = await this.engine.call("open", { relay: this.address.base, id: this.address.id });
      this.show(status.state === "uploading" ? new Uploading(this, status) : new Ask(this, status.kind, { status }));
    } catch (error) {
      this.show(new Ended(this, failureOf(error)));
    }
  }

  show(screen: Screen): void {
    this.#screen.left?.();
    const isOther = screen.constructor !== this.#screen.constructor;
    this.#screen = screen;
    this.#draw();
    if (isOther) this.#root.querySelector("h1")?.focus();
  }

  redraw(focus?: string): void {
    const { texts } = this;
    const heading = element("h1", { tabindex: -1 }, this.#screen.heading(texts));
    this.#place.replaceChildren(heading, ...this.#screen.body(texts).filter((child) => child !== null));
    document.title = `${this.#screen.heading(texts)} – ${printable(this.operator.name ?? "share")}`;
    if (focus) document.getElementById(focus)?.focus();
  }

  announce(text: string): void {
    this.#live.textContent = text;
  }

  #draw(): void {
    document.documentElement.lang = this.texts.language;
    this.#place = element("div", { class: "screen" });
    const extras = this.#screen.isBusy ? [] : [this.#localFile(), this.#command()];
    const main = element("main", {}, this.#place, ...extras);
    const parts = [this.#header(), main, this.#footer(), this.#live];
    this.#root.replaceChildren(...parts.filter((part) => part !== null));
    this.redraw();
  }

  #header(): HTMLElement {
    const choices = LANGUAGES.map((language) =>
      button(languageName(language), () => void this.#speak(language), {
        id: `speak-${language}`,
        lang: language,
        "aria-pressed": String(language === this.texts.language),
      }),
    );
    const group = element("div", { class: "languages", role: "group", "aria-label": this.texts.say("switch") }, ...choices);
    return element("header", {}, element("div", { class: "brand" }, ...this.#brand()), group);
  }

  #brand(): Child[] {
    const { name, logo } = this.operator;
    // Its name stands beside it.
    const picture = logo === null ? null : element("img", { src: logo, alt: "" });
    return [picture, element("p", { class: "name" }, printable(name ?? "share"))];
  }

  #footer(): HTMLElement | null {
    const { contact } = this.operator;
    return contact === null ? null : element("footer", {}, element("p", {}, printable(contact)));
  }

  async #speak(language: Language): Promise<void> {
    const texts = await Texts.load(language).catch(() => null);
    if (!texts) return this.announce(this.texts.say("failure.unreachable"));
    this.texts = texts;
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
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    return aside(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      element("label", { for: "local-file" }, texts.say("local.label")),
      input,
    ]);
  }

  async #openFile(file: File): Promise<void> {
    // Whatever runs on the share is over.
    this.engine.end();
    this.engine = new Engine();
    try {
      const { kind } = await this.engine.call("openFile", { file });
      this.show(new Ask(this, kind, { file }));
    } catch (error) {
      this.show(new Ended(this, failureOf(error)));
    }
  }

  #command(): HTMLElement | null {
    if (!this.address) return null;
    const { base, id } = this.address;
    return aside(this.texts.say("command.title"), [
      element("p", {}, this.texts.say("command.hint")),
      element("pre", { tabindex: 0 }, `share get ${base}/s/${id}`),
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
