/** The screen that says why a share will not open. */

import type { Failure } from "../failure.ts";
import { isPassing } from "../relay/backoff.ts";
import { button, paragraph, type Child } from "./dom.ts";
import { isOver, problemBox } from "./problem.ts";
import type { AppContext, Screen } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** How long after a failure that may pass it is tried again. */
const AGAIN_MS = 10_000;

/** Says why it will not open, or not now. What may pass is tried again by itself. */
export class Ended implements Screen {
  readonly #passes: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #again = () => void this.context.openAgain(this);

  constructor(readonly context: AppContext, readonly failure: Failure) {
    this.#passes = isPassing(failure);
    if (!this.#passes) return;
    this.wait();
    addEventListener("online", this.#again);
  }

  /** Tries it again after a while. */
  wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#again, AGAIN_MS);
  }

  heading(texts: Texts): string {
    return texts.say(isOver(this.failure) ? "problem.title" : "problem.now");
  }

  body(texts: Texts): Child[] {
    return [
      problemBox(texts, this.failure, "problem"),
      this.#passes ? paragraph(texts.say("again.itself")) : null,
      this.#passes || !isOver(this.failure) ? button(texts.say("again"), () => void this.context.open(), { class: "main" }) : null,
    ];
  }

  left(): void {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }
}
