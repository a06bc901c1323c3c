/** What one screen is, and what it may ask of the page and the screens around it. */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ShareStatus } from "../relay/api.ts";
import type { SaveAs, Selection } from "../saving/plan.ts";
import type { WorkerClient } from "../worker/worker_client.ts";
import type { Child } from "./dom.ts";
import type { Operator } from "./operator.ts";
import type { Texts } from "./texts.ts";

/** The steps from a link to the files, in their order. */
export const STEPS = ["open", "look", "save"] as const;

/** What the page shows at one time. It keeps what was typed, so that it can be drawn anew in another language. */
export interface Screen {
  heading(texts: Texts): string;
  body(texts: Texts): Child[];
  /** What is read out after the heading when the screen is shown. */
  said?(texts: Texts): string | null;
  /** Is called before another screen is shown. */
  left?(): void;
  /** Whether leaving the page now would lose something. */
  readonly isBusy?: boolean;
  /** Whether files are being saved, which goes on until it is stopped. */
  readonly isSaving?: boolean;
  /** Absent on a screen from which there is no way on. */
  readonly step?: (typeof STEPS)[number];
  /** Whether the last step is done, and the heading says so. */
  readonly isEnd?: boolean;
}

/** Where the shown contents come from. */
export interface Origin {
  /** From a file on disk, and not from a relay. */
  isLocal: boolean;
  /** Once saved, only this page can save them again. With words, any page can. */
  isOnlyHere: boolean;
}

/** The screen with what is inside a share, as the screens that come after it use it. */
export interface ContentsScreen extends Screen {
  readonly origin: Origin;
  /** Whether the relay no longer has the share, so that nothing more can be saved. */
  isOver: boolean;
  /** Names a selection: one file by its name, or how many. */
  nameOf(selection: Selection, texts: Texts): string;
  /** Saves. It must be called directly from a click. */
  save(selection: Selection, saveAs: SaveAs): void;
  /** Notes that everything was saved. From now on, looking at a file would use up another download. */
  markSaved(): void;
  /** The screen to show after saving has failed. Stopping it is not shown as a failure. */
  failed(failure: Failure): Screen;
}

/** The field into which words or a key are typed. It keeps what was typed. */
export interface Field {
  /** The id of the element that takes what is typed. */
  readonly id: string;
  /** `problem` says what is wrong, right above where it is typed; with that element's id if what was typed is wrong. */
  draw(texts: Texts, problem: Child, isMistyped: boolean): Child[];
  /** The text of the button. */
  submit(texts: Texts): string;
  /** Opens it with what was typed; `notice` is called with the reason while it waits for anything but the worker. */
  open(signal: AbortSignal, notice: (why: Failure) => void): Promise<Manifest>;
  /** Drops what was typed. */
  forget(): void;
}

/** What a screen may use of the page around it. */
export interface AppContext {
  readonly texts: Texts;
  readonly client: WorkerClient;
  /** The share of this page's address, if it has one. */
  readonly address: { relay: string; id: string } | null;
  /** `null` until it is known. */
  readonly operator: Operator | null;
  /** The screen that is shown. */
  readonly screen: Screen;
  /** The picture of a telephone call. */
  readonly picture: Element | null;
  /** Shows a screen, and has it read out. */
  show(screen: Screen): void;
  /** Draws the present screen anew; the element with this id gets the focus. */
  redraw(focus?: string): void;
  /** Has a screen reader say something. */
  announce(text: string): void;
  /** What the relay says of the share. Changes nothing on the page. */
  status(): Promise<ShareStatus | Failure>;
  /** Asks the relay about the share, and shows what comes of it. */
  open(): Promise<void>;
  /** Does the same, but keeps showing why it did not open until it does. */
  openAgain(ended: Screen & { failure: Failure; wait(): void }): Promise<void>;
}
