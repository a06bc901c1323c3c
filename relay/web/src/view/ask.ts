/** The screen that asks for the words or the key, and tells who can open the share and until when. */

import { arrivedOf, type ShareStatus } from "../api.ts";
import { failureOf, type Failure } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import { printable } from "../names.ts";
import type { Event as Told } from "../protocol.ts";
import { Contents, type Origin } from "./contents.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { KeyField } from "./key_field.ts";
import { Ended } from "./opening.ts";
import { problemBox, whatHappened, whyItWaits } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { Upload } from "./upload.ts";
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
  open(signal: AbortSignal): Promise<Manifest>;
}

/** Asks, until it opens. */
export class Ask implements Screen {
  readonly #field: Field;
  /** Of a share whose sender is still uploading it. */
  readonly #upload: Upload | null;
  #failure: Failure | null;
  #isOpening = false;
  /** Stops opening it. */
  #stop = new AbortController();
  /** Why opening it has to wait. */
  #why: Failure | null = null;
  #hasLeft = false;

  constructor(readonly stage: Stage, readonly kind: "words" | "keys", readonly about: About) {
    this.#field = kind === "words" ? new WordsField(stage) : new KeyField(stage);
    this.#failure = "status" in about ? whatIsInTheWay(about.status) : null;
    const arrived = "status" in about ? arrivedOf(about.status) : null;
    const over = (failure: Failure) => stage.show(new Ended(stage, failure));
    this.#upload = arrived && new Upload(stage, arrived, "uploading.ask", over);
  }

  heading(texts: Texts): string {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }

  body(texts: Texts): Child[] {
    const problem = this.#failure ? problemBox(texts, this.#failure, "problem", "file" in this.about) : null;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const stop = button(texts.say("ask.stop"), () => this.#stop.abort(), { id: "stop", hidden: this.#why === null });
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const send = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    const field = this.#field.draw(texts, this.#isMistyped ? "problem" : null);
    const form = element("form", { submit: send, novalidate: true }, ...field, element("div", { class: "buttons" }, submit, stop), state);
    return [...this.#details(texts), this.#upload && this.#upload.draw(texts), problem, form];
  }

  left(): void {
    this.#hasLeft = true;
    this.#upload?.stop();
  }

  #details(texts: Texts): Child[] {
    const who = paragraph(texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    if ("file" in this.about) return [who, paragraph(texts.say("file.local"))];
    const { expiresAt, payloadBytes, downloadsLeft, againUntil } = this.about.status;
    const canRepeat = this.kind === "words" && downloadsLeft === 0 && againUntil !== undefined;
    const facts = [
      texts.say("ask.until", { time: texts.time(expiresAt) }),
      payloadBytes === undefined ? null : texts.say("ask.size", { size: texts.size(payloadBytes) }),
      downloadsLeft === undefined || downloadsLeft === 0 ? null : texts.count("ask.left", downloadsLeft),
      canRepeat ? texts.say("ask.again", { time: texts.time(againUntil) }) : null,
    ];
    const safe = paragraph(texts.say(this.kind === "words" ? "ask.words.safe" : "ask.keys.safe"), { class: "quiet" });
    return [who, paragraph(facts.filter((fact) => fact !== null).join(" ")), safe];
  }

  get #origin(): Origin {
    if ("file" in this.about) return { isLocal: true, isOnlyHere: false };
    const { downloadsLeft = Infinity } = this.about.status;
    return { isLocal: false, isOnlyHere: this.kind === "keys" && downloadsLeft <= 1 };
  }

  /** Whether it is what was typed that did not open it. */
  get #isMistyped(): boolean {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    const { stage } = this;
    [this.#isOpening, this.#why, this.#stop] = [true, null, new AbortController()];
    this.#tell();
    const deaf = stage.engine.listen((event) => this.#hear(event));
    try {
      const manifest = await this.#field.open(this.#stop.signal);
      if (!this.#hasLeft) stage.show(new Contents(stage, manifest, this.#origin, this.#upload?.left ?? null));
    } catch (error) {
      // Somebody may have chosen a file meanwhile.
      if (!this.#hasLeft) this.#failed(failureOf(error));
    } finally {
      deaf();
    }
  }

  /** Opening has failed; stopping it is no failure. */
  #failed(failure: Failure): void {
    [this.#isOpening, this.#why] = [false, null];
    const isStopped = failure.code === "cancelled";
    this.#failure = isStopped ? null : failure;
    this.stage.redraw(isStopped || this.#isMistyped ? this.#field.id : "open");
    this.stage.announce(isStopped ? whatHappened(this.stage.texts, failure) : "");
  }

  #hear(event: Told): void {
    if (event.type !== "waiting") return;
    this.#why = event.why;
    if (event.why.code === "not_uploaded") this.#upload?.saw(event.why);
    this.#tell();
  }

  #doing(texts: Texts): string {
    if (!this.#isOpening) return "";
    return this.#why ? whyItWaits(texts, this.#why) : texts.say("ask.opening");
  }

  #tell(): void {
    const doing = this.#doing(this.stage.texts);
    const [state, stop] = [document.getElementById("opening"), document.getElementById("stop")];
    if (state) setText(state, doing);
    if (stop) stop.hidden = this.#why === null;
    this.stage.announce(doing);
  }
}

/**
 * Why it cannot be opened now, as far as that is known before anything is typed. With words, a download that somebody has
 * taken may be taken over, which only the relay decides.
 */
function whatIsInTheWay({ kind, lockedUntil, downloadsLeft }: ShareStatus): Failure | null {
  if (lockedUntil !== undefined) return { code: "locked", until: lockedUntil };
  return kind === "keys" && downloadsLeft === 0 ? { code: "downloads_taken" } : null;
}
