/** The screen that asks for the words or the key, and tells who can open the share and until when. */

import { failureOf, type Failure } from "../failure.ts";
import { printable } from "../format/names.ts";
import { arrivedOf, type ShareStatus } from "../relay/api.ts";
import type { Event as WorkerEvent } from "../worker/protocol.ts";
import { Contents } from "./contents.ts";
import { button, buttons, element, setText, type Child } from "./dom.ts";
import { Ended } from "./ended.ts";
import { KeyField } from "./key_field.ts";
import { PROBLEM, problemBox, waitingNotice, whatHappened, whyItWaits } from "./problem.ts";
import type { AppContext, Field, Origin, Screen } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { Upload } from "./upload.ts";
import { WordsField } from "./words_field.ts";

/** Progress of slow work is read out each time it has grown by so many percent. */
const SAID_PERCENT = 25;

export class Ask implements Screen {
  readonly step = "open";
  readonly #field: Field;
  /** `null` if the sender is not uploading. */
  #upload: Upload | null = null;
  #failure: Failure | null = null;
  /** Stops opening the share; `null` while it is not being opened. */
  #stop: AbortController | null = null;
  /** How much of the work of opening is done, in percent, where that takes long. */
  #percent: number | null = null;
  /** Why opening has to wait. */
  #why: Failure | null = null;
  /** Why the relay has not told about the share yet. */
  #whyUnknown: Failure | null = null;
  #unsubscribe = () => {};
  #isHelpOpen = false;
  /** How much of slow work was read out, in percent. */
  #said = 0;

  /**
   * `status` is that of the share, of which nothing is known until the relay has answered; `file` is a file from disk to
   * open instead of a share. `typed` is what was typed already.
   */
  constructor(readonly context: AppContext, readonly kind: "words" | "keys", private status: ShareStatus | null, readonly file: File | null = null, typed = "") {
    const changed = (now: Failure | null) => this.#onTyped(now);
    this.#field = kind === "words" ? new WordsField(context, changed, typed) : new KeyField(context, changed);
    if (status) this.#learn(status);
  }

  /** Whether the relay has told about the share, or there is none. */
  get isKnown(): boolean {
    return this.file !== null || this.status !== null;
  }

  get isOpening(): boolean {
    return this.#stop !== null;
  }

  /** Drops what was typed. */
  forget(): void {
    this.#field.forget();
  }

  /** Shows, while the relay is being asked about the share, why that takes longer. */
  lookUp(): void {
    this.#unsubscribe();
    this.#unsubscribe = this.context.client.listen((event) => {
      if (event.type !== "waiting" || this.isOpening) return;
      this.#whyUnknown = event.why;
      document.getElementById("waiting")?.replaceWith(waitingNotice(this.context.texts, event.why));
      this.context.announce(whyItWaits(this.context.texts, event.why));
    });
  }

  /** Shows what the relay has told about the share. What is being typed stays as it is. */
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
    return this.file ? texts.say("file.title", { name: printable(this.file.name) }) : texts.say("ask.title");
  }

  body(texts: Texts): Child[] {
    const { file, kind } = this;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const stop = button(texts.say("ask.stop"), () => this.#stop?.abort(), { id: "stop", hidden: !this.#isSlow });
    const onSubmit = (event: Event) => {
      event.preventDefault();
      void this.#open();
    };
    const problem = this.#failure && problemBox(texts, this.#failure, PROBLEM, file !== null);
    const field = this.#field.draw(texts, problem, this.#isMistyped);
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const who = element("p", {}, texts.say(kind === "words" ? "ask.words.who" : "ask.keys.who"));
    return [
      element("div", { class: "intro" }, kind === "words" ? this.context.picture : null, who),
      this.#repeat(texts),
      waitingNotice(texts, this.#whyUnknown),
      element("form", { submit: onSubmit, novalidate: true }, ...field, buttons(submit, stop), state),
      this.#known(texts),
      file ? null : this.#safety(texts),
    ];
  }

  left(): void {
    this.#unsubscribe();
    this.#upload?.stop();
    this.#stop?.abort();
  }

  #learn(status: ShareStatus): void {
    const { context } = this;
    this.status = status;
    this.#failure ??= whatIsInTheWay(status);
    const arrived = arrivedOf(status);
    this.#upload ??= arrived && new Upload(context, arrived, "uploading.ask", (failure) => context.show(new Ended(context, failure)));
  }

  /** Says that somebody has it already, who may have been this person. */
  #repeat(texts: Texts): HTMLElement {
    const { downloadsLeft, againUntil } = this.status ?? {};
    const text = this.kind === "words" && downloadsLeft === 0 && againUntil !== undefined ? texts.say("ask.again", { time: texts.time(againUntil) }) : null;
    return element("p", { id: "repeat", class: "notice", hidden: text === null }, text);
  }

  /** Whether this is safe, and how a person can see for themselves. Stays open or closed when the rest is drawn anew. */
  #safety(texts: Texts): HTMLElement {
    const { kind } = this;
    const points = [
      texts.say("safe.sender"),
      texts.say("safe.address", { host: location.host }),
      texts.say(`safe.${kind}`),
      texts.say("safe.files"),
      texts.say(kind === "words" ? "safe.nothing" : "safe.nothing.keys"),
      texts.say(`ask.${kind}.safe`),
      texts.say("safe.page", { title: texts.say("other") }),
    ];
    const list = element("ul", {}, ...points.map((point) => element("li", {}, point)));
    const help = element("details", {}, element("summary", { id: "safe" }, texts.say("safe")), list);
    help.open = this.#isHelpOpen;
    help.addEventListener("toggle", () => (this.#isHelpOpen = help.open));
    return help;
  }

  /** What there is to know before it is opened. */
  #known(texts: Texts): HTMLElement {
    const { host } = location;
    const name = this.context.operator?.name;
    const { expiresAt, payloadBytes, downloadsLeft } = this.status ?? {};
    const facts: [name: string, value: string][] = [];
    if (expiresAt !== undefined) facts.push([texts.say("facts.until"), texts.time(expiresAt)]);
    if (payloadBytes !== undefined) facts.push([texts.say("facts.size"), texts.say("facts.about", { size: texts.size(payloadBytes) })]);
    if (downloadsLeft) facts.push([texts.say("facts.left"), texts.count("facts.times", downloadsLeft)]);
    if (this.file) facts.push([texts.say("facts.from"), texts.say("file.local")]);
    else facts.push([texts.say("facts.server"), name ? texts.say("facts.server.named", { name: printable(name), host }) : host]);
    const rows = facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)));
    return element("div", { id: "known" }, this.#upload && this.#upload.draw(texts), element("dl", { class: "facts" }, ...rows));
  }

  get #origin(): Origin {
    const downloadsLeft = this.status?.downloadsLeft ?? Infinity;
    return { isLocal: this.file !== null, isOnlyHere: this.file === null && this.kind === "keys" && downloadsLeft <= 1 };
  }

  /** Whether it failed because of what was typed. */
  get #isMistyped(): boolean {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }

  /** Removes the problem that is shown if it is not the one (`now`) of what is typed by now. */
  #onTyped(now: Failure | null): void {
    if (!this.#isMistyped || this.#failure === null || isSameProblem(this.#failure, now)) return;
    this.#failure = null;
    document.getElementById(PROBLEM)?.remove();
    const field = document.getElementById(this.#field.id);
    field?.setAttribute("aria-invalid", "false");
    field?.setAttribute("aria-describedby", field.getAttribute("aria-describedby")?.replace(`${PROBLEM} `, "") ?? "");
  }

  async #open(): Promise<void> {
    if (this.isOpening) return;
    const { context } = this;
    const stop = new AbortController();
    this.#showOpening(stop, null, null);
    const unsubscribe = context.client.listen((event) => this.#handle(event));
    try {
      const opening = this.#field.open(stop.signal, (why) => this.#handle({ type: "waiting", why }));
      const manifest = await opening.finally(() => ([this.#stop, this.#why, this.#percent] = [null, null, null]));
      this.#failure = null;
      if (context.screen === this) context.show(new Contents(context, manifest, this.#origin, this.#upload?.left ?? null));
    } catch (error) {
      // Somebody may have chosen a file meanwhile.
      if (context.screen === this) this.#failed(failureOf(error));
    } finally {
      unsubscribe();
    }
  }

  /** Shows why opening failed. Stopping it is not shown as a failure. */
  #failed(failure: Failure): void {
    const { context } = this;
    const isStopped = failure.code === "cancelled";
    this.#failure = isStopped ? null : failure;
    context.redraw(isStopped || this.#isMistyped ? this.#field.id : "open");
    document.getElementById(PROBLEM)?.scrollIntoView({ block: "nearest" });
    context.announce(isStopped ? whatHappened(context.texts, failure) : "");
  }

  #handle(event: WorkerEvent): void {
    if (event.type === "opening") {
      const percent = Math.floor(100 * event.share);
      if (percent !== this.#percent || this.#why !== null) this.#showOpening(this.#stop, percent, null);
    } else if (event.type === "waiting") {
      if (event.why.code === "not_uploaded") this.#upload?.show(event.why);
      this.#showOpening(this.#stop, this.#percent, event.why);
    }
  }

  /** Whether it takes so long that somebody may want to stop it. */
  get #isSlow(): boolean {
    return this.#why !== null || this.#percent !== null;
  }

  #doing(texts: Texts): string {
    if (!this.isOpening) return "";
    if (this.#why) return whyItWaits(texts, this.#why);
    return this.#percent === null ? texts.say("ask.opening") : texts.say("ask.opening.slow", { percent: this.#percent });
  }

  #showOpening(stop: AbortController | null, percent: number | null, why: Failure | null): void {
    [this.#stop, this.#percent, this.#why] = [stop, percent, why];
    const doing = this.#doing(this.context.texts);
    const [state, stopButton] = [document.getElementById("opening"), document.getElementById("stop")];
    if (state) setText(state, doing);
    if (stopButton) stopButton.hidden = !this.#isSlow;
    // Not every step of the work is read out.
    if (percent && !why && percent < this.#said + SAID_PERCENT) return;
    this.#said = percent ?? 0;
    this.context.announce(doing);
  }
}

/** Whether the problem that was shown is also that of the words as they are now. */
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
