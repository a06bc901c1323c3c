/** The screens before there is something to open: looking it up, and why it will not open. */

import { isPassing } from "../api.ts";
import type { Failure } from "../failure.ts";
import { button, paragraph, type Child } from "./dom.ts";
import { problemBox, waitingNotice, whyItWaits } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { TextKey, Texts } from "./texts.ts";
import { isOver } from "./upload.ts";

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
    return texts.say(isOver(this.failure) ? "problem.title" : "problem.now");
  }

  body(texts: Texts): Child[] {
    return [
      problemBox(texts, this.failure, "problem"),
      this.#passes ? paragraph(texts.say("again.itself")) : null,
      this.#passes || !isOver(this.failure) ? button(texts.say("again"), this.#again) : null,
    ];
  }

  left(): void {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }
}
