/** What the words and the key are typed into, as the screen around it uses them. */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Child } from "./dom.ts";
import type { Texts } from "./texts.ts";

/** Something to type into that opens a share. It keeps what was typed. */
export interface Field {
  /** The id of the element that takes what is typed. */
  readonly id: string;
  /** `problem` is what is said to be wrong, right above where it is typed; with its id if it is what was typed. */
  draw(texts: Texts, problem: Child, isMistyped: boolean): Child[];
  /** The text of the button. */
  submit(texts: Texts): string;
  /** Opens it with what was typed; `notice` hears why it waits, where the worker does not tell. */
  open(signal: AbortSignal, notice: (why: Failure) => void): Promise<Manifest>;
  /** Drops what was typed. */
  forget(): void;
}
