/** The one field for the words. Each is marked while the rest is typed; what a slip may have been meant as can be taken. */

import { LONG_PATIENCE_MS, withPatience } from "../backoff.ts";
import type { Failure } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import { loadWords } from "../wordlists.ts";
import type { TypedWord, Words } from "../words.ts";
import type { Field } from "./ask.ts";
import { button, element, type Child } from "./dom.ts";
import { PROBLEM } from "./problem.ts";
import type { Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** How long nobody types before what is wrong is read out. */
const PAUSE_MS = 1_000;

/** The words, as they are typed. */
export class WordsField implements Field {
  readonly id = "words";
  #text = "";
  #words: Promise<Words> | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #input = element("textarea");
  #marks = element("ol");

  /** `changed` is called when something else is typed; `typed` is what was typed already. */
  constructor(readonly stage: Stage, readonly changed: () => void, typed: string) {
    this.#text = typed;
  }

  draw(texts: Texts, problem: Child, isMistyped: boolean): Child[] {
    const label = element("label", { for: this.id }, texts.say("words.label"));
    const hint = element("p", { id: "words-hint", class: "hint" }, texts.say("words.hint"));
    this.#input = element("textarea", {
      ...ATTRIBUTES,
      id: this.id,
      "aria-describedby": isMistyped ? `${PROBLEM} words-hint` : "words-hint",
      "aria-invalid": String(isMistyped),
      focus: () => void this.#prepare().catch(() => {}),
      input: () => this.#typed(),
      keydown: submitOnEnter,
    });
    this.#input.value = this.#text;
    this.#marks = element("ol", { class: "marks", "aria-label": texts.say("words.marks"), hidden: true });
    if (this.#text !== "") void this.#mark();
    return [label, hint, problem, this.#input, this.#marks];
  }

  submit(texts: Texts): string {
    return texts.say("words.open");
  }

  async open(signal: AbortSignal, notice: (why: Failure) => void): Promise<Manifest> {
    const lists = await withPatience({ total: LONG_PATIENCE_MS, signal, notice }, () => this.#load());
    const words = lists.read(this.#text);
    return this.stage.engine.call("prove", { words }, [], signal);
  }

  /** So that opening needs nothing more of the page. Without lists there is no network, and Firefox asks for a script only once. */
  async #prepare(): Promise<void> {
    await this.#load();
    await this.stage.engine.call("prepare", null);
  }

  /** The lists are fetched when somebody is about to type, and again if that did not work. */
  #load(): Promise<Words> {
    this.#words ??= loadWords().catch((error) => {
      this.#words = null;
      throw error;
    });
    return this.#words;
  }

  #typed(): void {
    this.#text = this.#input.value;
    this.changed();
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#announce(), PAUSE_MS);
    void this.#mark();
  }

  async #mark(): Promise<void> {
    const marked = await this.#marked();
    const { texts } = this.stage;
    this.#marks.replaceChildren(...marked.map((word, place) => this.#markOf(texts, word, place, marked)));
    this.#marks.hidden = marked.length === 0;
  }

  /** Without what is still being typed, unless it is a word already. Nothing while the lists are not there. */
  async #marked(): Promise<TypedWord[]> {
    const text = this.#text;
    try {
      const marked = (await this.#load()).mark(text);
      const isTyping = /[\p{L}\p{M}]$/u.test(text) && marked.at(-1)?.state !== "exact";
      return text === this.#text ? (isTyping ? marked.slice(0, -1) : marked) : this.#marked();
    } catch {
      // Opening it will say why.
      return [];
    }
  }

  #markOf(texts: Texts, { text, state, suggestions }: TypedWord, place: number, all: TypedWord[]): HTMLElement {
    const said = element("span", { class: state === "unknown" ? "state" : "hidden" }, ` ${texts.say(`words.${state}`)} `);
    const use = (word: string) =>
      button(word, () => this.#replace(place, word, all), { "aria-label": texts.say("words.use", { word, typed: text }) });
    const maybe = suggestions.length > 0 ? element("span", {}, `${texts.say("words.maybe")} `) : null;
    return element("li", { class: state }, element("span", { class: "word" }, text), said, maybe, ...suggestions.map(use));
  }

  #replace(place: number, word: string, all: TypedWord[]): void {
    const rest = all.length === 0 ? "" : this.#unfinished(all);
    this.#text = [...all.map(({ text }, i) => (i === place ? word : text)), rest].join(" ").trimEnd() + (rest ? "" : " ");
    this.#input.value = this.#text;
    this.#input.focus();
    this.changed();
    void this.#mark();
  }

  /** What follows the marked words: the beginning of another. */
  #unfinished(all: TypedWord[]): string {
    const last = /[\p{L}\p{M}]+$/u.exec(this.#text)?.[0] ?? "";
    return last.toLowerCase() === all.at(-1)?.text ? "" : last;
  }

  async #announce(): Promise<void> {
    const marked = await this.#marked();
    const position = marked.findIndex(({ state }) => state === "unknown") + 1;
    const wrong = marked[position - 1];
    if (!wrong) return this.stage.announce("");
    const alike = wrong.suggestions.join(", ");
    const values = { position, word: wrong.text, alike };
    this.stage.announce(this.stage.texts.say(alike === "" ? "words.said" : "words.said.alike", values));
  }
}

const ATTRIBUTES = {
  rows: 2,
  autocapitalize: "off",
  autocomplete: "off",
  autocorrect: "off",
  spellcheck: "false",
  inputmode: "text",
  enterkeyhint: "go",
  required: true,
};

function submitOnEnter(event: Event): void {
  const { key, isComposing } = event as KeyboardEvent;
  if (key !== "Enter" || isComposing) return;
  event.preventDefault();
  (event.target as HTMLTextAreaElement).form?.requestSubmit();
}
