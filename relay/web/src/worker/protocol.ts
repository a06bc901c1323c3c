/** The messages between the page and the worker. */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ShareStatus } from "../relay/api.ts";
import type { Again, Plan, SaveAs, Saved, Selection, Target } from "../saving/plan.ts";

/** The calls of the page to the worker, with parameters and result. Beside `open` and `prepare`, one runs at a time. */
export interface Calls {
  /** Asks the relay about a share. Changes nothing. */
  open: { params: { relay: string; id: string }; result: ShareStatus };
  /** Looks at an age file on disk. */
  openFile: { params: { file: File }; result: { kind: "words" | "keys" } };
  /**
   * Shows the relay that the words, joined by `-`, are known, and opens the manifest, as soon as the sender has sent it.
   */
  prove: { params: { words: string }; result: Manifest };
  /** Opens the manifest with private keys, as they stand in an identity file, as soon as the sender has sent it. */
  unlock: { params: { identities: string }; result: Manifest };
  /** Loads what opening with words takes, so that it needs no more of the page by then. */
  prepare: { params: null; result: null };
  /** What saving would make. */
  plan: { params: { selection: Selection; saveAs: SaveAs }; result: Plan };
  /** Downloads, verifies and saves. */
  save: { params: { selection: Selection; target: Target }; result: Saved };
  /**
   * The bytes of one file, by its place among the entries, or of the only one; they are verified, and not saved. Takes a
   * download, as saving does.
   */
  read: { params: { place: number | null }; result: { bytes: Uint8Array<ArrayBuffer> } };
  /** Sends the receipt that is due. */
  receipt: { params: null; result: Again | null };
  /** Tells the sender that the person has what was given to the browser, which ends saving it again. */
  confirm: { params: null; result: null };
}

/** What the worker tells while a call runs. */
export type Event =
  /** It is still there. Comes every few seconds, because the timers of a page that nobody looks at hardly run. */
  | { type: "alive" }
  /** So many bytes of the files are verified and handed on. */
  | { type: "progress"; bytes: number; total: number }
  /** A share of the work of opening is done. Only where that may take minutes, because this browser has no WebAssembly. */
  | { type: "opening"; share: number }
  /** The connection is lost, the relay busy or the sender still uploading, and it is tried again. */
  | { type: "waiting"; why: Failure };

/** A call and its parameters. */
export type AnyCall = { [C in keyof Calls]: { call: C; params: Calls[C]["params"] } }[keyof Calls];

/** From the page to the worker. */
export type ToWorker = ({ type: "call"; id: number } & AnyCall) | { type: "cancel"; id: number };

/** From the worker to the page. */
export type FromWorker =
  | { type: "result"; id: number; result: Calls[keyof Calls]["result"] }
  | { type: "failed"; id: number; failure: Failure }
  | { type: "event"; event: Event };
