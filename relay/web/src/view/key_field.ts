/** The field for a private key: as text, or from its file. */

import { fail } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import type { Field } from "./ask.ts";
import { element, type Child } from "./dom.ts";
import type { Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** Longer than any file with keys. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The private key, as it is typed or chosen. */
export class KeyField implements Field {
  readonly id = "key";
  #text = "";
  #file: File | null = null;

  constructor(readonly stage: Stage) {}

  draw(texts: Texts, problem: string | null): Child[] {
    const input = element("textarea", {
      id: this.id,
      rows: 4,
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      "aria-describedby": problem === null ? "key-hint" : `${problem} key-hint`,
      "aria-invalid": String(problem !== null),
      input: () => {
        this.#text = input.value;
        this.#file = null;
      },
    });
    input.value = this.#text;
    const choose = (event: Event) => (this.#file = (event.target as HTMLInputElement).files?.[0] ?? null);
    return [
      element("label", { for: this.id }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      element("input", { type: "file", id: "key-file", change: choose }),
    ];
  }

  submit(texts: Texts): string {
    return texts.say("key.open");
  }

  async open(): Promise<Manifest> {
    if (this.#file && this.#file.size > MAX_FILE_BYTES) fail({ code: "identity_invalid" });
    const identities = this.#file ? await this.#file.text() : this.#text;
    return this.stage.engine.call("unlock", { identities });
  }
}
