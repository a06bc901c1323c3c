/** The field for a private key: as text, or from its file. */

import { fail } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import type { Field } from "./ask.ts";
import { element, type Child } from "./dom.ts";
import type { Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** Longer than any file with keys. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The private key, as it is typed or chosen: whichever was done last. */
export class KeyField implements Field {
  /** Kept as long as the field is: nothing but a person can put a file into it. */
  readonly #chooser = element("input", { type: "file", id: "key-file" });
  #text = "";

  constructor(readonly stage: Stage) {}

  get id(): string {
    return this.#file ? "key-file" : "key";
  }

  draw(texts: Texts, problem: string | null): Child[] {
    const input = element("textarea", {
      id: "key",
      rows: 4,
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      input: () => {
        this.#text = input.value;
        this.#chooser.value = "";
      },
    });
    input.value = this.#text;
    for (const field of [input, this.#chooser]) {
      const isWrong = problem !== null && field.id === this.id;
      field.setAttribute("aria-invalid", String(isWrong));
      field.setAttribute("aria-describedby", isWrong ? `${problem} key-hint` : "key-hint");
    }
    return [
      element("label", { for: "key" }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      this.#chooser,
    ];
  }

  submit(texts: Texts): string {
    return texts.say("key.open");
  }

  async open(): Promise<Manifest> {
    const file = this.#file;
    if (file && file.size > MAX_FILE_BYTES) fail({ code: "identity_invalid" });
    const identities = file ? await file.text() : this.#text;
    return this.stage.engine.call("unlock", { identities });
  }

  get #file(): File | null {
    return this.#chooser.files?.[0] ?? null;
  }
}
