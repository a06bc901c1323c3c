/** The screen that asks for the words or the key, and tells who can open the share and until when. */

import { failureOf, type Failure } from "../failure.ts";
import { printable } from "../format/names.ts";
import { arrivedOf, type ShareStatus } from "../relay/api.ts";
import type { Event as Told } from "../worker/protocol.ts";
import { Contents } from "./contents.ts";
import { button, element, setText, type Child } from "./dom.ts";
import { Ended } from "./ended.ts";
import type { Field } from "./field.ts";
import { safety } from "./help.ts";
import { KeyField } from "./key_field.ts";
import { PROBLEM, problemBox, waitingNotice, whatHappened, whyItWaits } from "./problem.ts";
import type { AppContext, Origin, Screen } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { Upload } from "./upload.ts";
import { WordsField } from "./words_field.ts";

/** Every how many percent of slow work it is read out. */
const SAID_PERCENT = 25;

/** What is opened: a share, of which nothing is known until the relay has answered, or a file from disk. */
type About = { status: ShareStatus | null } | { file: File };

/** Asks, until it opens. */
export class Ask implements Screen {
  readonly step = "open";
  readonly #field: Field;
  /** Of a share whose sender is still uploading it. */
  #upload: Upload | null = null;
  #failure: Failure | null = null;
  #isOpening = false;
  /** Stops opening it. */
  #stop = new AbortController();
  /** How much of the work of opening it is done, in percent, where that takes long. */
  #percent: number | null = null;
  /** Why opening it has to wait. */
  #why: Failure | null = null;
  /** Why it is not known yet what there is to open. */
  #whyUnknown: Failure | null = null;
  #unsubscribe = () => {};
  #isHelpOpen = false;
  /** How much of slow work was read out, in percent. */
  #said = 0;

  /** `typed` is what was typed already. */
  constructor(readonly context: AppContext, readonly kind: "words" | "keys", private about: About, typed = "") {
    const changed = (now: Failure | null) => this.#mended(now);
    this.#field = kind === "words" ? new WordsField(context, changed, typed) : new KeyField(context, changed);
    if ("status" in about && about.status) this.#learn(about.status);
  }

  /** What is opened here. */
  get opens(): "words" | "keys" | "file" {
    return "file" in this.about ? "file" : this.kind;
  }

  /** Whether the relay has told about the share, or there is none. */
  get isKnown(): boolean {
    return "file" in this.about || this.about.status !== null;
  }

  /** Whether it is being opened with what was typed. */
  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** What was typed is no longer needed. */
  forget(): void {
    this.#field.forget();
  }

  /** The relay is being asked about the share; why that takes longer is told. */
  lookUp(): void {
    this.#unsubscribe();
    this.#unsubscribe = this.context.client.listen((event) => {
      if (event.type !== "waiting" || this.#isOpening) return;
      this.#whyUnknown = event.why;
      document.getElementById("waiting")?.replaceWith(waitingNotice(this.context.texts, event.why));
      this.context.announce(whyItWaits(this.context.texts, event.why));
    });
  }

  /** The relay has told about the share. What is being typed stays as it is. */
  know(status: ShareStatus): void {
    const { context } = this;
    this.#unsubscribe();
    const wasWaiting = this.#whyUnknown !== null;
    this.#whyUnknown = null;
    this.#learn(status);
    if (context.screen !== this) return;
    if (wasWaiting) context.announce("");
    if (this.#failure) return context.redraw(document.activeElement?.id);
    document.getElementById("waiting")?.replaceWith(waitingNotice(context.texts, null));
    this.drawKnown();
  }

  /** Draws what is known of the share and the server anew. */
  drawKnown(): void {
    const { texts } = this.context;
    document.getElementById("repeat")?.replaceWith(this.#repeat(texts));
    document.getElementById("known")?.replaceWith(this.#known(texts));
  }

  heading(texts: Texts): string {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }

  body(texts: Texts): Child[] {
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const stop = button(texts.say("ask.stop"), () => this.#stop.abort(), { id: "stop", hidden: !this.#isSlow });
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const send = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    const problem = this.#failure && problemBox(texts, this.#failure, PROBLEM, "file" in this.about);
    const field = this.#field.draw(texts, problem, this.#isMistyped);
    const form = element("form", { submit: send, novalidate: true }, ...field, element("div", { class: "buttons" }, submit, stop), state);
    return [
      this.#who(texts),
      this.#repeat(texts),
      waitingNotice(texts, this.#whyUnknown),
      form,
      this.#known(texts),
      "file" in this.about ? null : this.#safety(texts),
    ];
  }

  left(): void {
    this.#unsubscribe();
    this.#upload?.stop();
    if (this.#isOpening) this.#stop.abort();
  }

  #learn(status: ShareStatus): void {
    const { context } = this;
    this.about = { status };
    this.#failure ??= whatIsInTheWay(status);
    const arrived = arrivedOf(status);
    this.#upload ??= arrived && new Upload(context, arrived, "uploading.ask", (failure) => context.show(new Ended(context, failure)));
  }

  /** Who can open it, and how. */
  #who(texts: Texts): HTMLElement {
    const who = element("p", {}, texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    return element("div", { class: "intro" }, this.kind === "words" ? this.context.picture : null, who);
  }

  /** That somebody has it already, who may have been this person. */
  #repeat(texts: Texts): HTMLElement {
    const { downloadsLeft, againUntil } = ("status" in this.about && this.about.status) || {};
    const text = this.kind === "words" && downloadsLeft === 0 && againUntil !== undefined ? texts.say("ask.again", { time: texts.time(againUntil) }) : null;
    return element("p", { id: "repeat", class: "notice", hidden: text === null }, text);
  }

  /** Whether this is safe; it stays open or closed when the rest is drawn anew. */
  #safety(texts: Texts): HTMLElement {
    const help = safety(texts, this.kind);
    help.open = this.#isHelpOpen;
    help.addEventListener("toggle", () => (this.#isHelpOpen = help.open));
    return help;
  }

  /** What there is to know before it is opened. */
  #known(texts: Texts): HTMLElement {
    return element("div", { id: "known" }, this.#upload && this.#upload.draw(texts), this.#facts(texts));
  }

  #facts(texts: Texts): HTMLElement {
    const facts = element("dl", { class: "facts" });
    const tell = (name: string, value: string) => facts.append(element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    if ("file" in this.about) {
      tell(texts.say("facts.from"), texts.say("file.local"));
      return facts;
    }
    const { status } = this.about;
    if (status) {
      const { expiresAt, payloadBytes, downloadsLeft } = status;
      tell(texts.say("facts.until"), texts.time(expiresAt));
      if (payloadBytes !== undefined) tell(texts.say("facts.size"), texts.say("facts.about", { size: texts.size(payloadBytes) }));
      if (downloadsLeft) tell(texts.say("facts.left"), texts.count("facts.times", downloadsLeft));
    }
    const { host } = location;
    const name = this.context.operator?.name;
    tell(texts.say("facts.server"), name ? texts.say("facts.server.named", { name: printable(name), host }) : host);
    return facts;
  }

  get #origin(): Origin {
    if ("file" in this.about) return { isLocal: true, isOnlyHere: false };
    const downloadsLeft = this.about.status?.downloadsLeft ?? Infinity;
    return { isLocal: false, isOnlyHere: this.kind === "keys" && downloadsLeft <= 1 };
  }

  /** Whether it is what was typed that did not open it. */
  get #isMistyped(): boolean {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }

  /** Takes away what was said of what is typed once it no longer holds: `now` is what is wrong by now, if anything is. */
  #mended(now: Failure | null): void {
    if (!this.#isMistyped || this.#failure === null || isSameProblem(this.#failure, now)) return;
    this.#failure = null;
    document.getElementById(PROBLEM)?.remove();
    const field = document.getElementById(this.#field.id);
    field?.setAttribute("aria-invalid", "false");
    field?.setAttribute("aria-describedby", field.getAttribute("aria-describedby")?.replace(`${PROBLEM} `, "") ?? "");
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    const { context } = this;
    [this.#isOpening, this.#why, this.#percent, this.#stop] = [true, null, null, new AbortController()];
    this.#tell();
    const unsubscribe = context.client.listen((event) => this.#handle(event));
    try {
      const manifest = await this.#field.open(this.#stop.signal, (why) => this.#handle({ type: "waiting", why }));
      this.#reset();
      this.#failure = null;
      if (context.screen === this) context.show(new Contents(context, manifest, this.#origin, this.#upload?.left ?? null));
    } catch (error) {
      this.#reset();
      // Somebody may have chosen a file meanwhile.
      if (context.screen === this) this.#failed(failureOf(error));
    } finally {
      unsubscribe();
    }
  }

  #reset(): void {
    [this.#isOpening, this.#why, this.#percent] = [false, null, null];
  }

  /** Opening has failed; stopping it is no failure. */
  #failed(failure: Failure): void {
    const { context } = this;
    const isStopped = failure.code === "cancelled";
    this.#failure = isStopped ? null : failure;
    context.redraw(isStopped || this.#isMistyped ? this.#field.id : "open");
    document.getElementById(PROBLEM)?.scrollIntoView({ block: "nearest" });
    context.announce(isStopped ? whatHappened(context.texts, failure) : "");
  }

  #handle(event: Told): void {
    if (event.type === "opening") return this.#works(Math.floor(100 * event.share));
    if (event.type !== "waiting") return;
    this.#why = event.why;
    if (event.why.code === "not_uploaded") this.#upload?.saw(event.why);
    this.#tell();
  }

  #works(percent: number): void {
    if (percent === this.#percent && this.#why === null) return;
    [this.#percent, this.#why] = [percent, null];
    this.#tell();
  }

  /** Whether it takes so long that somebody may want to stop it. */
  get #isSlow(): boolean {
    return this.#why !== null || this.#percent !== null;
  }

  #doing(texts: Texts): string {
    if (!this.#isOpening) return "";
    if (this.#percent !== null && !this.#why) return texts.say("ask.opening.slow", { percent: this.#percent });
    return this.#why ? whyItWaits(texts, this.#why) : texts.say("ask.opening");
  }

  #tell(): void {
    const doing = this.#doing(this.context.texts);
    const [state, stop] = [document.getElementById("opening"), document.getElementById("stop")];
    if (state) setText(state, doing);
    if (stop) stop.hidden = !this.#isSlow;
    // Not every step of the work is read out.
    const isStep = this.#percent !== null && !this.#why && this.#percent > 0;
    if (isStep && (this.#percent ?? 0) < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent ?? 0;
    this.context.announce(doing);
  }
}

/** Whether what was told still holds for the words as they are now. */
function isSameProblem(told: Failure, now: Failure | null): boolean {
  if (told.code === "words_wrong") return told.lockedUntil !== undefined;
  if (told.code === "words_unknown" && now?.code === "words_unknown") return told.position === now.position;
  if (told.code === "words_count" && now?.code === "words_count") return told.found === now.found;
  return told.code === now?.code;
}

/**
 * Why it cannot be opened now, as far as that is known before anything is typed. With words, a download that somebody has
 * taken may be taken over, which only the relay decides.
 */
function whatIsInTheWay({ kind, lockedUntil, downloadsLeft }: ShareStatus): Failure | null {
  if (lockedUntil !== undefined) return { code: "locked", until: lockedUntil };
  return kind === "keys" && downloadsLeft === 0 ? { code: "downloads_taken" } : null;
}
