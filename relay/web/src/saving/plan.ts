/** What is to be saved, how and where, and what came of it; which files that are, and how they are fetched. */

import { ContentReader } from "../format/archive.ts";
import type { Entry } from "../format/entry.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Unpacked } from "../format/unpack.ts";
import { readRange, type Content } from "../relay/download.ts";

/** Which files: all, or these entries of the manifest. */
export type Selection = "all" | number[];

/**
 * How the person wishes to save. `download` and `place`: one file, or several as one .zip, by the browser or in a place of
 * their own. `folder`: files and folders as they are, in a folder of their own.
 */
export type SaveAs = "download" | "place" | "folder";

/** The file that saving would make. */
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

/** How long what was given to the browser can be saved again. */
export interface Again {
  /** In seconds since 1970 by the relay's clock, to be shown. */
  until: number;
  /** From now on, to go by: the clock of this computer may be wrong. */
  seconds: number;
}

/** What was verified, and saved as far as a page can know. */
export interface Saved {
  way: Target["way"];
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

/** Bytes between two chosen files that are fetched along with them, rather than asked for anew. */
const MAX_GAP = 1024 * 1024;

/** The file, if just one is wanted: it is saved as it is. */
export function singleFile({ kind, entries }: Manifest, selection: Selection): Entry | null {
  const [index, more] = selection === "all" ? [kind === "file" ? 0 : -1] : selection;
  const entry = index === undefined || more !== undefined ? undefined : entries[index];
  return entry && !entry.folder ? entry : null;
}

/** The chosen entries in the order of the content. */
export function entriesOf({ entries }: Manifest, selection: Selection): Entry[] {
  if (selection === "all") return entries;
  const chosen = new Set(selection);
  return entries.filter((_, index) => chosen.has(index));
}

/** A name for all of it as one file: that of the folder that everything is in, if it is in one. */
export function zipName({ entries }: Manifest): string {
  const top = entries.filter(({ path }) => !path.includes("/"));
  return `${top.length === 1 ? top[0]?.path : "share"}.zip`;
}

/** The chosen entries. Those that lie close to each other are fetched in one stretch. */
export async function* selected(content: Content, entries: Entry[]): AsyncGenerator<Unpacked, void> {
  const stretches: Entry[][] = [];
  for (const entry of entries) {
    const last = stretches.at(-1)?.at(-1);
    if (last && entry.offset - (last.offset + last.size) <= MAX_GAP) stretches.at(-1)?.push(entry);
    else stretches.push([entry]);
  }
  for (const stretch of stretches) {
    const from = stretch[0]?.offset ?? 0;
    const to = Math.max(...stretch.map(({ offset, size }) => offset + size));
    const reader = new ContentReader(readRange(content, from, to), to - from, stretch[0]?.path ?? "");
    for (const entry of stretch) {
      await reader.skipTo(entry.offset - from);
      yield { entry, bytes: reader.pass(entry.size) };
    }
  }
}
