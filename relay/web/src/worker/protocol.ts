/** The messages between the page and the worker. */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ShareStatus } from "../relay/api.ts";
import type { Again, Plan, SaveAs, Saved, Selection, Target } from "../saving/plan.ts";

/** The calls of the page to the worker, until the signal stops them. Beside `open` and `prepare`, one runs at a time. */
export interface Calls {
  /** Asks the relay about a share. Changes nothing. */
  open(params: { relay: string; id: string }, signal: AbortSignal): Promise<ShareStatus>;
  /** Looks at an age file on disk. */
  openFile(params: { file: File }): Promise<{ kind: "words" | "keys" }>;
  /**
   * Opens the manifest with the words, joined by `-`, or with private keys, as they stand in an identity file. Waits for it
   * until the sender has sent it.
   */
  unlock(params: { words: string } | { identities: string }, signal: AbortSignal): Promise<Manifest>;
  /** Loads what opening with words takes, so that it needs no more of the page by then. */
  prepare(params: null): Promise<void>;
  /** What saving would make. */
  plan(params: { selection: Selection; saveAs: SaveAs }): Promise<Plan>;
  /** Downloads, verifies and saves. A receipt is due if that was everything. */
  save(params: { selection: Selection; target: Target }, signal: AbortSignal): Promise<Saved>;
  /**
   * The bytes of one file, by its place among the entries, or of the only one; they are verified, and not saved. Takes a
   * download, as saving does, but the sender is not told.
   */
  read(params: { place: number | null }, signal: AbortSignal): Promise<{ bytes: Uint8Array<ArrayBuffer> }>;
  /** Sends the receipt that is due. Gives how long what was given to the browser can be saved again. */
  receipt(params: null, signal: AbortSignal): Promise<Again | null>;
  /** Tells the sender that the person has what was given to the browser, which ends saving it again. */
  confirm(params: null, signal: AbortSignal): Promise<null>;
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

/** From the page to the worker. */
export type ToWorker = { type: "call"; id: number; call: keyof Calls; params: unknown } | { type: "cancel"; id: number };

/** From the worker to the page. */
export type FromWorker =
  | { type: "result"; id: number; result: unknown }
  | { type: "failed"; id: number; failure: Failure }
  | { type: "event"; event: Event };
