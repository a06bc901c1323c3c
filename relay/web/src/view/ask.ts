/** The screen that asks for the words or the key, and tells who can open the share and until when. */

import type { ShareStatus } from "../api.ts";
import { failureOf, type Failure } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import { printable } from "../names.ts";
import { Contents } from "./contents.ts";
import { element, paragraph, setText, type Child } from "./dom.ts";
import { KeyField } from "./key_field.ts";
import { problemBox, whyItWaits } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { WordsField } from "./words_field.ts";

/** What is opened: a share, or a file from disk. */
type About = { status: ShareStatus } | { file: File };

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
  /** Why opening it has to wait. */
  #why: Failure | null = null;
  #hasLeft = false;

  constructor(readonly stage: Stage, readonly kind: "words" | "keys", readonly about: About) {
    this.#field = kind === "words" ? new WordsField(stage) : new KeyField(stage);
    this.#failure = "status" in about ? whatIsInTheWay(about.status) : null;
  }

  heading(texts: Texts): string {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }

  body(texts: Texts): Child[] {
    const problem = this.#failure ? problemBox(texts, this.#failure, "problem", "file" in this.about) : null;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const send = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    const field = this.#field.draw(texts, this.#isMistyped ? "problem" : null);
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
      downloadsLeft === undefined || downloadsLeft === 0 ? null : texts.count("ask.left", downloadsLeft),
    ];
    const safe = paragraph(texts.say("ask.safe"), { class: "quiet" });
    return [who, paragraph(facts.filter((fact) => fact !== null).join(" ")), safe];
  }

  /** Whether it is what was typed that did not open it. */
  get #isMistyped(): boolean {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    const { stage } = this;
    [this.#isOpening, this.#why] = [true, null];
    this.#tell();
    const deaf = stage.engine.listen((event) => {
      if (event.type !== "waiting") return;
      this.#why = event.why;
      this.#tell();
    });
    try {
      const manifest = await this.#field.open();
      // Somebody may have chosen a file meanwhile.
      if (this.#hasLeft) return;
      stage.show(new Contents(stage, manifest, "file" in this.about));
    } catch (error) {
      this.#isOpening = false;
      this.#failure = failureOf(error);
      if (this.#hasLeft) return;
      stage.announce("");
      stage.redraw(this.#isMistyped ? this.#field.id : "open");
    } finally {
      deaf();
    }
  }

  left(): void {
    this.#hasLeft = true;
  }

  #doing(texts: Texts): string {
    if (!this.#isOpening) return "";
    return this.#why ? whyItWaits(texts, this.#why) : texts.say("ask.opening");
  }

  #tell(): void {
    const doing = this.#doing(this.stage.texts);
    const state = document.getElementById("opening");
    if (state) setText(state, doing);
    this.stage.announce(doing);
  }
}

/** Why it cannot be opened now, as far as that is known before anything is typed. */
function whatIsInTheWay({ lockedUntil, downloadsLeft }: ShareStatus): Failure | null {
  if (lockedUntil !== undefined) return { code: "locked", until: lockedUntil };
  return downloadsLeft === 0 ? { code: "downloads_taken" } : null;
}
