/** The screens before there is something to open: looking it up, waiting for its sender, and why it will not open. */

import { isPassing, type ShareStatus } from "../api.ts";
import { failureOf, type Failure } from "../failure.ts";
import { button, element, paragraph, type Child } from "./dom.ts";
import { problemBox, waitingNotice, whyItWaits } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { TextKey, Texts } from "./texts.ts";

/** How often is asked how far the sender is. */
const UPLOADING_MS = 3_000;
/** After these there is nothing to try again. */
const IS_OVER: ReadonlySet<string> = new Set(["expired", "revoked", "collected", "not_found", "link_damaged", "browser_too_old"]);
/** How long after a failure that may pass it is tried again. */
const AGAIN_MS = 10_000;

/** The relay is being asked, or a file looked at. */
export class Checking implements Screen {
  readonly #deaf: () => void;
  #why: Failure | null = null;

  constructor(readonly stage: Stage, readonly title: TextKey) {
    this.#deaf = stage.engine.listen((event) => {
      if (event.type !== "waiting") return;
      this.#why = event.why;
      document.getElementById("waiting")?.replaceWith(waitingNotice(stage.texts, event.why));
      stage.announce(whyItWaits(stage.texts, event.why));
    });
  }

  heading(texts: Texts): string {
    return texts.say(this.title);
  }

  body(texts: Texts): Child[] {
    return [waitingNotice(texts, this.#why)];
  }

  left(): void {
    this.#deaf();
  }
}

/** The sender is still uploading. Goes on by itself. */
export class Uploading implements Screen {
  #timer = this.#soon();

  constructor(readonly stage: Stage, private status: ShareStatus) {}

  heading(texts: Texts): string {
    return texts.say("uploading.title");
  }

  body(texts: Texts): Child[] {
    const { storedBytes, payloadBytes } = this.status;
    if (payloadBytes === undefined) return [paragraph(texts.say("uploading.unknown", { size: texts.size(storedBytes) }))];
    const percent = Math.floor((100 * storedBytes) / Math.max(1, payloadBytes));
    return [
      element("progress", { max: 100, value: percent, "aria-label": texts.say("uploading.progress") }),
      paragraph(texts.say("uploading.percent", { percent: texts.number(percent) })),
    ];
  }

  left(): void {
    clearTimeout(this.#timer);
  }

  #soon(): ReturnType<typeof setTimeout> {
    return setTimeout(() => void this.#look(), UPLOADING_MS);
  }

  async #look(): Promise<void> {
    const { address, engine } = this.stage;
    if (!address) return;
    try {
      const status = await engine.call("open", { relay: address.base, id: address.id });
      if (status.state === "ready") return await this.stage.open();
      this.status = status;
      this.stage.redraw();
      this.#timer = this.#soon();
    } catch (error) {
      // Somebody has chosen a file instead.
      if (engine === this.stage.engine) this.stage.show(new Ended(this.stage, failureOf(error)));
    }
  }
}

/** It will not open, or not now. What may pass is tried again without being asked. */
export class Ended implements Screen {
  readonly #passes: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #again = () => void this.stage.open();

  constructor(readonly stage: Stage, readonly failure: Failure) {
    this.#passes = isPassing(failure);
    if (!this.#passes) return;
    this.#timer = setTimeout(this.#again, AGAIN_MS);
    addEventListener("online", this.#again);
  }

  heading(texts: Texts): string {
    return texts.say(IS_OVER.has(this.failure.code) ? "problem.title" : "problem.now");
  }

  body(texts: Texts): Child[] {
    return [
      problemBox(texts, this.failure, "problem"),
      this.#passes ? paragraph(texts.say("again.itself")) : null,
      this.#passes || !IS_OVER.has(this.failure.code) ? button(texts.say("again"), this.#again) : null,
    ];
  }

  left(): void {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }
}
