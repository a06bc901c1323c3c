/** What is to be saved, how and where, and what came of it. */

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
