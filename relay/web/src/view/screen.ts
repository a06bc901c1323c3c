/** What one screen is, and what it may ask of the page around it. */

import type { Engine } from "../engine.ts";
import type { Child } from "./dom.ts";
import type { Texts } from "./texts.ts";

/** What the page shows at one time. It keeps what was typed, so that it can be drawn anew in another language. */
export interface Screen {
  heading(texts: Texts): string;
  body(texts: Texts): Child[];
  /** What is read out besides the heading when it is shown. */
  said?(texts: Texts): string | null;
  /** Another screen comes. */
  left?(): void;
  /** Whether leaving the page now would lose something. */
  readonly isBusy?: boolean;
}

/** The page around a screen. */
export interface Stage {
  readonly texts: Texts;
  readonly engine: Engine;
  /** The share of this page's address, if it has one; `base` is the relay. */
  readonly address: { base: string; id: string } | null;
  /** Shows a screen, and has it read out. */
  show(screen: Screen): void;
  /** Draws the present screen anew; the element with this id gets the focus. */
  redraw(focus?: string): void;
  /** Says something to who cannot see the page. */
  announce(text: string): void;
  /** Asks the relay about the share, and shows what comes of it. */
  open(): Promise<void>;
}
