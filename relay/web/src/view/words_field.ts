/**
 * The one field for the words. While they are typed, each is marked with its number and the word that is understood; what a
 * slip may have been meant to be can be chosen.
 */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { TypedWord, Understood } from "../format/words.ts";
import { LONG_PATIENCE_MS, withPatience } from "../relay/backoff.ts";
import { loadWords } from "../relay/page_files.ts";
import { button, element, secretField, setText, type Child } from "./dom.ts";
import { PROBLEM } from "./problem.ts";
import type { AppContext, Field } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** How long nobody has typed when the words that are wrong are read out. */
const PAUSE_MS = 1_000;

export class WordsField implements Field {
  readonly id = "words";
  /** Whether the page says that these words are wrong. */
  #isBlamed = false;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #input = element("textarea");
  #marks = element("ol");
  #fit = element("p");

  /** `changed` is told what is wrong with the words whenever others are typed, `null` if they fit together; `text` is what was typed already. */
  constructor(readonly context: AppContext, readonly changed: (failure: Failure | null) => void, private text: string) {}

  draw(texts: Texts, problem: Child, isMistyped: boolean): Child[] {
    this.#isBlamed = isMistyped;
    const label = element("label", { for: this.id }, texts.say("words.label"));
    const hint = element("p", { id: "words-hint", class: "hint" }, texts.say("words.hint"));
    this.#input = secretField({
      id: this.id,
      rows: 2,
      inputmode: "text",
      enterkeyhint: "go",
      required: true,
      "aria-describedby": isMistyped ? `${PROBLEM} words-hint` : "words-hint",
      "aria-invalid": String(isMistyped),
      focus: () => void this.#prepare().catch(() => {}),
      input: () => this.#typed(),
      keydown: submitOnEnter,
    });
    this.#input.value = this.text;
    this.#marks = element("ol", { class: "marks", role: "list", translate: "no", "aria-label": texts.say("words.marks"), hidden: true });
    this.#fit = element("p", { id: "words-fit", class: "fit", hidden: true });
    if (this.text !== "") void this.#mark();
    return [label, hint, problem, this.#input, this.#marks, this.#fit];
  }

  forget(): void {
    this.text = "";
  }

  submit(texts: Texts): string {
    return texts.say("words.open");
  }

  async open(signal: AbortSignal, notice: (why: Failure) => void): Promise<Manifest> {
    this.#hush();
    const lists = await withPatience({ total: LONG_PATIENCE_MS, signal, notice }, loadWords);
    const words = lists.read(this.text);
    return this.context.client.call("unlock", { words }, [], signal);
  }

  /**
   * Loads what opening takes, so that it needs nothing more of the page. The lists come first: if they do not come there is
   * no network, and Firefox never asks again for a script that did not come.
   */
  async #prepare(): Promise<void> {
    await loadWords();
    await this.context.client.call("prepare", null);
  }

  /** Cancels the announcement that is due. */
  #hush(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #typed(): void {
    [this.text, this.#isBlamed] = [this.#input.value, false];
    this.#hush();
    this.#pause = setTimeout(() => void this.#announce(), PAUSE_MS);
    void this.#mark().then((understood) => understood && this.changed(understood.failure));
  }

  /** Marks what is typed, and tells what it is understood as. */
  async #mark(): Promise<Understood | null> {
    const understood = await this.#understand();
    const { texts } = this.context;
    const marked = shown(understood);
    this.#marks.replaceChildren(...marked.map((word, place) => this.#markOf(texts, word, place, marked)));
    this.#marks.hidden = marked.length === 0;
    const fit = this.#isBlamed ? "" : whetherTheyFit(texts, understood);
    setText(this.#fit, fit);
    this.#fit.hidden = fit === "";
    return understood;
  }

  /** What is typed by now; `null` while the lists are not there: opening it will say why. */
  async #understand(): Promise<Understood | null> {
    const lists = await loadWords().catch(() => null);
    return lists && lists.understand(this.text);
  }

  #markOf(texts: Texts, { text, state, meant, suggestions }: TypedWord, place: number, all: TypedWord[]): HTMLElement {
    const number = element("span", { class: "number" }, `${place + 1} `);
    const arrow = element("span", { "aria-hidden": "true" }, " → ");
    const as = element("span", { class: "hidden" }, ` ${texts.say("words.understood")} `);
    const word = element("span", { class: "word" }, text, ...(meant === null || meant === text ? [] : [arrow, as, meant]));
    const wrong = state === "unknown" ? element("span", {}, ` ${texts.say("words.unknown")} `) : null;
    const use = (word: string) =>
      button(word, () => this.#replace(place, word, all), { "aria-label": texts.say("words.use", { word, typed: text }) });
    const maybe = suggestions.length > 0 ? element("span", {}, `${texts.say("words.maybe")} `) : null;
    return element("li", { class: state }, number, word, wrong, maybe, ...suggestions.map(use));
  }

  #replace(place: number, word: string, all: TypedWord[]): void {
    const rest = this.#unfinished(all);
    this.#input.value = [...all.map(({ text }, i) => (i === place ? word : text)), rest].join(" ").trimEnd() + (rest ? "" : " ");
    this.#input.focus();
    this.#typed();
  }

  /** The beginning of another word after the marked ones. */
  #unfinished(all: TypedWord[]): string {
    const last = /[\p{L}\p{M}\p{N}]+$/u.exec(this.text)?.[0] ?? "";
    return last.toLowerCase() === all.at(-1)?.text ? "" : last;
  }

  async #announce(): Promise<void> {
    const pause = this.#pause;
    const understood = await this.#understand();
    // It no longer matters if more was typed, the share is being opened, or another screen is shown.
    if (pause !== this.#pause || !this.#input.isConnected) return;
    const { texts } = this.context;
    const marked = shown(understood);
    const position = marked.findIndex(({ state }) => state === "unknown") + 1;
    const wrong = marked[position - 1];
    if (!wrong) return this.context.announce(whetherTheyFit(texts, understood));
    const alike = wrong.suggestions.join(", ");
    const values = { position, word: wrong.text, alike };
    this.context.announce(texts.say(alike === "" ? "words.said" : "words.said.alike", values));
  }
}

/** The marks: without what is still being typed, unless it is a word already, or the words fit together with it. */
function shown(understood: Understood | null): TypedWord[] {
  if (understood === null) return [];
  return understood.words.filter(({ isOpen, state }) => !isOpen || state === "exact" || understood.failure === null);
}

/** Says that the words are a passphrase, if they are. */
function whetherTheyFit(texts: Texts, understood: Understood | null): string {
  return understood?.failure === null ? texts.say("words.fit", { count: understood.words.length }) : "";
}

function submitOnEnter(event: Event): void {
  const { key, isComposing } = event as KeyboardEvent;
  if (key !== "Enter" || isComposing) return;
  event.preventDefault();
  (event.target as HTMLTextAreaElement).form?.requestSubmit();
}
