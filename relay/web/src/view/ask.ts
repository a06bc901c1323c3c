/** The screen that asks for the words or the key, and tells who can open the share and until when. */

import type { ShareStatus } from "../api.ts";
import { failureOf, type Failure } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import { printable } from "../names.ts";
import { element, paragraph, type Child } from "./dom.ts";
import { lazy } from "./lazy.ts";
import { KeyField } from "./key_field.ts";
import { problemBox, whatHappened } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { WordsField } from "./words_field.ts";

/** What is opened: a share, or a file from disk. */
type About = { status: ShareStatus } | { file: File };

/** What comes next. */
const loadContents = lazy(() => import("./contents.ts"));

/** Something to type into that opens a share. It keeps what was typed. */
export interface Field {
  /** The id of the element that takes what is typed. */
  readonly id: string;
  /** `problem` is the id of what is said to be wrong with it. */
  draw(texts: Texts, problem: string | null): Child[];
  /** The text of the button. */
  submit(texts: Texts): string;
  /** Opens it with what was typed. */
  open(): Promise<Manifest>;
}

/** Asks, until it opens. */
export class Ask implements Screen {
  readonly #field: Field;
  #failure: Failure | null;
  #isOpening = false;

  constructor(readonly stage: Stage, readonly kind: "words" | "keys", readonly about: About) {
    this.#field = kind === "words" ? new WordsField(stage) : new KeyField(stage);
    const until = "status" in about ? about.status.lockedUntil : undefined;
    this.#failure = until === undefined ? null : { code: "locked", until };
  }

  heading(texts: Texts): string {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }

  body(texts: Texts): Child[] {
    const problem = this.#failure ? problemBox(texts, this.#failure, "problem") : null;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const state = element("p", { id: "opening", role: "status" });
    const send = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    // That it is locked is no fault of what was typed.
    const isWrong = this.#failure !== null && this.#failure.code !== "locked";
    const field = this.#field.draw(texts, isWrong ? "problem" : null);
    const form = element("form", { submit: send, novalidate: true }, ...field, submit, state);
    return [...this.#details(texts), problem, form];
  }

  #details(texts: Texts): Child[] {
    const who = paragraph(texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    if ("file" in this.about) return [who, paragraph(texts.say("file.local"))];
    const { expiresAt, payloadBytes, downloadsLeft } = this.about.status;
    const facts = [
      texts.say("ask.until", { time: texts.time(expiresAt) }),
      payloadBytes === undefined ? null : texts.say("ask.size", { size: texts.size(payloadBytes) }),
      downloadsLeft === undefined ? null : texts.count("ask.left", downloadsLeft),
    ];
    const safe = paragraph(texts.say("ask.safe"), { class: "quiet" });
    return [who, paragraph(facts.filter((fact) => fact !== null).join(" ")), safe];
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#say(this.stage.texts.say("ask.opening"));
    const deaf = this.stage.engine.listen((event) => {
      const { texts } = this.stage;
      if (event.type === "waiting") this.#say(texts.say("saving.waiting", { why: whatHappened(texts, event.why) }));
    });
    try {
      const [manifest, { Contents }] = await Promise.all([this.#field.open(), loadContents()]);
      this.stage.show(new Contents(this.stage, manifest, "file" in this.about));
    } catch (error) {
      this.#failure = failureOf(error);
      this.stage.redraw(this.#field.id);
    } finally {
      this.#isOpening = false;
      deaf();
    }
  }

  #say(text: string): void {
    const state = document.getElementById("opening");
    if (state) state.textContent = text;
  }
}
