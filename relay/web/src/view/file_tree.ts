/** The files of a share as a tree of folders in the order that people expect, and which of them are chosen. */

import type { Entry } from "../format/entry.ts";
import { printable } from "../format/names.ts";

/** What a file is, by the ending of its name: a hint for people, and nothing that is relied on. */
export type FileKind = "document" | "picture" | "spreadsheet" | "slides" | "text" | "film" | "sound" | "archive" | "other";

export interface FileNode {
  /** As it may be shown. */
  name: string;
  /** Its place in the manifest. */
  place: number;
  size: number;
  /** The folder it is in. */
  parent: FolderNode;
  isChosen: boolean;
}

/** A folder; that of the share itself has no name. */
export class FolderNode {
  readonly folders: FolderNode[] = [];
  readonly files: FileNode[] = [];
  /** How many files and bytes are in it and in its folders. */
  readonly total = { files: 0, bytes: 0 };
  /** How many of those are chosen. */
  readonly chosen = { files: 0, bytes: 0 };

  /** `place` is its place in the manifest, or -1. */
  constructor(readonly name: string, readonly place: number, readonly parent: FolderNode | null) {}

  /** All files in it and in its folders, in their order. */
  *[Symbol.iterator](): Generator<FileNode, void> {
    for (const folder of this.folders) yield* folder;
    yield* this.files;
  }
}

/** The tree of a manifest's entries. Folders come first, numbers in names count as numbers ("2" before "10"). */
export function treeOf(entries: readonly Entry[], language: string): FolderNode {
  const root = new FolderNode("", -1, null);
  const folders = new Map([["", root]]);
  for (const [place, { path, folder, size }] of entries.entries()) {
    const slash = path.lastIndexOf("/");
    const name = printable(path.slice(slash + 1));
    const parent = folders.get(path.slice(0, Math.max(0, slash))) ?? root;
    if (folder) {
      const node = new FolderNode(name, place, parent);
      parent.folders.push(node);
      folders.set(path, node);
    } else {
      const file = { name, place, size, parent, isChosen: false };
      parent.files.push(file);
      addAround(file, "total", 1);
    }
  }
  const { compare } = new Intl.Collator(language, { numeric: true });
  for (const { folders: inside, files } of folders.values()) {
    for (const nodes of [inside, files]) nodes.sort((one, other) => compare(one.name, other.name));
  }
  return root;
}

/** Chooses a file, or takes it out of what is chosen. */
export function choose(file: FileNode, isChosen: boolean): void {
  if (file.isChosen === isChosen) return;
  file.isChosen = isChosen;
  addAround(file, "chosen", isChosen ? 1 : -1);
}

/** The places of the chosen files, in the order of the content. */
export function chosenPlaces(root: FolderNode): number[] {
  return [...root].filter(({ isChosen }) => isChosen).map(({ place }) => place).sort((one, other) => one - other);
}

/** Adds a file, or takes it away, in each folder that it is in. */
function addAround({ parent, size }: FileNode, amount: "total" | "chosen", sign: 1 | -1): void {
  for (let folder: FolderNode | null = parent; folder; folder = folder.parent) {
    folder[amount].files += sign;
    folder[amount].bytes += sign * size;
  }
}

const ENDINGS: Record<Exclude<FileKind, "other">, string> = {
  document: "pdf doc docx odt rtf pages eml msg epub",
  picture: "png jpg jpeg gif webp bmp tif tiff heic heif avif svg psd dcm",
  spreadsheet: "xls xlsx xlsm ods csv tsv numbers",
  slides: "ppt pptx odp key",
  text: "txt md log json xml",
  film: "mp4 m4v mov avi mkv webm wmv mpg mpeg 3gp",
  sound: "mp3 m4a wav ogg oga opus flac aac wma amr",
  archive: "zip 7z rar tar gz tgz bz2 xz zst",
};
const KINDS = new Map(Object.entries(ENDINGS).flatMap(([kind, endings]) => endings.split(" ").map((ending) => [ending, kind as FileKind])));

/** What a file of this name is. */
export function kindOf(name: string): FileKind {
  return KINDS.get(endingOf(name)) ?? "other";
}

/** The ending of a name in small letters, without its full stop; nothing if it has none. */
export function endingOf(name: string): string {
  return /[^/]\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** A name that takes more room than so many Latin letters may be cut in the middle. */
const SHOWN_WHOLE = 28;
/** How much room, in Latin letters, the end of such a name has, which is never cut. */
const SHOWN_END = 10;

/** A long name as its beginning, which may be cut, and its end, which may not be; `null` for a name that is short. */
export function cutInTheMiddle(name: string): [string, string] | null {
  const letters = [...name];
  if (letters.reduce((room, letter) => room + roomFor(letter), 0) <= SHOWN_WHOLE) return null;
  let [from, room] = [letters.length, 0];
  while (room + roomFor(letters[from - 1] ?? "") <= SHOWN_END) room += roomFor(letters[(from -= 1)] ?? "");
  // Accents stay with their letter, and the parts of an emoji together.
  while (from < letters.length && (JOINED.test(letters[from] ?? "") || letters[from - 1] === "\u200D")) from += 1;
  return [letters.slice(0, from).join(""), letters.slice(from).join("")];
}

/** What belongs to the letter or emoji before it. */
const JOINED = /^[\p{M}\p{EMod}\u200D]/u;

/** How much room a letter takes: Chinese letters and emoji, for example, take that of two Latin ones. */
function roomFor(letter: string): number {
  if (JOINED.test(letter)) return 0;
  return (letter.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}

/** The most bytes of a file that can be shown before it is saved. */
const MAX_PREVIEW = 16 * 1024 * 1024;
const PREVIEWS = new Map([
  ...["png", "jpg", "jpeg", "webp"].map((ending) => [ending, "picture"] as const),
  ...["txt", "md", "log", "csv", "tsv", "json", "xml", "svg"].map((ending) => [ending, "text"] as const),
]);

/** How a file can be shown before it is saved; `null` if it cannot. */
export function previewOf({ name, size }: { name: string; size: number }): "picture" | "text" | null {
  return size > 0 && size <= MAX_PREVIEW ? (PREVIEWS.get(endingOf(name)) ?? null) : null;
}
