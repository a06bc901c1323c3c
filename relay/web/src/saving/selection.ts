/** Some files of many: which they are, what they are called together, and how they are fetched. */

import { Input } from "../format/archive.ts";
import type { Entry } from "../format/entry.ts";
import type { Manifest } from "../format/manifest.ts";
import type { Unpacked } from "../format/unpack.ts";
import { readRange, type Content } from "../relay/download.ts";
import type { Selection } from "./plan.ts";

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

/** Bytes in them together. */
export function sizeOf(entries: Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0);
}

/** A name for all of it as one file: that of the folder that everything is in, if it is in one. */
export function zipName({ entries }: Manifest): string {
  const top = entries.filter(({ path }) => !path.includes("/"));
  return `${top.length === 1 ? top[0]?.path : "share"}.zip`;
}

/** The chosen entries, fetched in as few stretches as makes sense. */
export async function* selected(content: Content, entries: Entry[]): AsyncGenerator<Unpacked, void> {
  for (const stretch of stretches(entries)) {
    const from = stretch[0]?.offset ?? 0;
    const to = Math.max(...stretch.map(({ offset, size }) => offset + size));
    const input = new Input(readRange(content, from, to), to - from, stretch[0]?.path ?? "");
    for (const entry of stretch) {
      for await (const _ of input.pass(entry.offset - from - input.position));
      yield { entry, bytes: input.pass(entry.size) };
    }
  }
}

function stretches(entries: Entry[]): Entry[][] {
  const stretches: Entry[][] = [];
  for (const entry of entries) {
    const current = stretches.at(-1);
    const last = current?.at(-1);
    if (current && last && entry.offset - (last.offset + last.size) <= MAX_GAP) current.push(entry);
    else stretches.push([entry]);
  }
  return stretches;
}
