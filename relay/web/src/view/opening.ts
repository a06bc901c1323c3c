/** The screens before there is something to open: looking it up, and why it will not open. */

import { isPassing } from "../api.ts";
import type { Failure } from "../failure.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { problemBox, whatHappened } from "./problem.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { isOver } from "./upload.ts";

/** How long after a failure that may pass it is tried again. */
const AGAIN_MS = 10_000;

/** The relay is being asked. */
export class Checking implements Screen {
  readonly #deaf: () => void;

  constructor(stage: Stage) {
    this.#deaf = stage.engine.listen((event) => {
      const waiting = document.getElementById("waiting");
      if (!waiting || event.type !== "waiting") return;
      waiting.hidden = false;
      setText(waiting, stage.texts.say("saving.waiting", { why: whatHappened(stage.texts, event.why) }));
    });
  }

  heading(texts: Texts): string {
    return texts.say("checking");
  }

  body(): Child[] {
    return [element("p", { id: "waiting", class: "notice", role: "status", hidden: true })];
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
    return texts.say("problem.title");
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
