/** The field for a private key: as text, or from its file. */

import { fail } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import { element, secretField, type Child } from "./dom.ts";
import { PROBLEM } from "./problem.ts";
import type { AppContext, Field } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** A file that is longer than this holds no keys. */
const MAX_FILE_BYTES = 1024 * 1024;

/** Takes the key that was typed or chosen last. */
export class KeyField implements Field {
  /** Is never made anew, because only a person can put a file into it. */
  readonly #chooser = element("input", { type: "file", id: "key-file" });
  #text = "";

  /** `changed` is called when another key was typed or chosen. */
  constructor(readonly context: AppContext, readonly changed: (failure: null) => void) {
    this.#chooser.addEventListener("change", () => changed(null));
  }

  get id(): string {
    return this.#chooser.files?.[0] ? "key-file" : "key";
  }

  draw(texts: Texts, problem: Child, isMistyped: boolean): Child[] {
    const typed = () => {
      this.#text = input.value;
      this.#chooser.value = "";
      this.changed(null);
    };
    const input = secretField({ id: "key", rows: 4, input: typed });
    input.value = this.#text;
    for (const field of [input, this.#chooser]) {
      const isWrong = isMistyped && field.id === this.id;
      field.setAttribute("aria-invalid", String(isWrong));
      field.setAttribute("aria-describedby", isWrong ? `${PROBLEM} key-hint` : "key-hint");
    }
    const isAtFile = this.id === "key-file";
    return [
      element("label", { for: "key" }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      isAtFile ? null : problem,
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      isAtFile ? problem : null,
      this.#chooser,
    ];
  }

  forget(): void {
    this.#text = "";
    this.#chooser.value = "";
  }

  submit(texts: Texts): string {
    return texts.say("key.open");
  }

  async open(signal: AbortSignal): Promise<Manifest> {
    const file = this.#chooser.files?.[0];
    if (file && file.size > MAX_FILE_BYTES) fail({ code: "identity_invalid" });
    const identities = file ? await file.text() : this.#text;
    return this.context.client.call("unlock", { identities }, [], signal);
  }
}
