/** What page, worker and service worker say to each other. */

import type { Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import type { ShareStatus } from "../relay/api.ts";

/** The calls of the page to the worker, each with its parameters and its result. Beside `open` and `prepare`, one runs at a time. */
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

/** Which files: all, or these entries of the manifest. */
export type Selection = "all" | number[];

/**
 * How the person wishes to save. `download` and `place`: one file, or several as one .zip, by the browser or in a place of
 * their own. `folder`: files and folders as they are, in a folder of their own.
 */
export type SaveAs = "download" | "place" | "folder";

/** What saving would make. */
export interface Plan {
  /** The name of the file, which may be shown as it is. */
  name: string;
  /** Whether that is a .zip of several. */
  isZip: boolean;
  /** How long it will be; `null` if that is known only afterwards. */
  bytes: number | null;
}

/** Where it is saved. */
export type Target =
  | { way: "file"; handle: FileSystemFileHandle }
  | { way: "folder"; handle: FileSystemDirectoryHandle }
  | { way: "download"; port: MessagePort }
  | { way: "memory" };

/** The ways of {@link Target}. */
export type Way = Target["way"];

/** How long what was given to the browser can be saved again. */
export interface Again {
  /** In seconds since 1970 by the relay's clock, to be shown. */
  until: number;
  /** From now on, to go by: the clock of this computer may be wrong. */
  seconds: number;
}

/** It is verified, and saved as far as a page can know. */
export interface Saved {
  way: Way;
  /** Whether it lies in the place that the person chose, or was given to the browser, which does not tell what becomes of it. */
  outcome: "placed" | "given";
  /** Bytes of the files. */
  bytes: number;
  /** `due`: to be sent once the file was handed over. `none`: this was a part, or a file from disk. */
  receipt: "due" | "none";
  /** What was saved, if it is in memory. */
  blob: Blob | null;
  /** In a folder: names that were taken, and those that were given instead. */
  renamed: [string, string][];
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

/** From the page to the service worker. */
export type ToServiceWorker =
  /** Over the port that comes with it, the bytes of a download at the address that ends in `id`. */
  | { type: "offer"; id: string; name: string; bytes: number | null }
  /** A browser ends a service worker to which no page talks, also in the middle of a download. */
  | { type: "stay" };

/** To the service worker, over a download's port. */
export type ToDownload =
  | { type: "here" }
  | { type: "bytes"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "end" }
  | { type: "failed"; code: string };

/** From the service worker, over a download's port. */
export type FromDownload =
  | { type: "here" }
  /** The offer is known, and may be asked for. */
  | { type: "offered" }
  /** There is room until so many chunks have been sent in all. Memory that may be used again comes back (`download_chunks.ts`). */
  | { type: "room"; chunks: number; used: ArrayBuffer[] }
  /** The browser has taken every chunk. */
  | { type: "done" }
  /** There will be no file: the browser takes no more, or the page was silent for too long. */
  | { type: "ended" };
