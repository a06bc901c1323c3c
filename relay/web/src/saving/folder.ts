/**
 * Files and folders into a folder that the person has chosen. Nothing that is there is overwritten. Browsers cannot rename
 * a folder, so what is being written has its final name; as long as it is not complete, a file beside it says so.
 */

import { fail } from "../failure.ts";
import { quoted } from "../format/names.ts";
import type { Unpacked } from "../format/unpack.ts";
import { notWritten, PickedFile, twoBuffers, writeAll } from "./sink.ts";

/** Free names that are tried before giving up. */
const ATTEMPTS = 10_000;
/** What follows the last dot of a name is an extension up to this length. */
const MAX_EXTENSION = 32;

/** A file with this name lies in the folder until all is written, also when the page is closed before. In both languages. */
const UNFINISHED = "NOT FINISHED - NIET KLAAR.txt";

/** A folder being filled. Each file is complete once its own last chunk is verified. */
export class PickedFolder {
  /** The names of what lies in the chosen folder itself, as they came and as they were given. */
  readonly placed = new Map<string, string>();
  readonly #folders: Map<string, FileSystemDirectoryHandle>;
  readonly #memory = twoBuffers();

  private constructor(
    readonly root: FileSystemDirectoryHandle,
    readonly unfinished: string,
  ) {
    this.#folders = new Map([["", root]]);
  }

  /** Begins to fill it: says in it that it is not finished. */
  static async open(root: FileSystemDirectoryHandle): Promise<PickedFolder> {
    const name = await freeName(root, UNFINISHED, false);
    await root.getFileHandle(name, { create: true }).catch(notTaken);
    return new PickedFolder(root, name);
  }

  /** Writes them one after another. What was begun is removed if something fails. */
  async take(files: AsyncIterable<Unpacked>): Promise<void> {
    try {
      for await (const { entry, bytes } of files) {
        if (entry.folder) await this.#folder(entry.path);
        else await writeAll(await PickedFile.open(await this.#make(entry.path, "getFileHandle"), this.#memory), bytes);
      }
    } catch (error) {
      try {
        for (const name of [...this.placed.values(), this.unfinished]) await this.#remove(name);
      } catch {
        // What cannot be removed stays, and beside it what says so.
      }
      throw error;
    }
    await this.#remove(this.unfinished).catch(notTaken);
  }

  /** The names that were taken, and those that were given instead. */
  get renamed(): [string, string][] {
    return [...this.placed].filter(([wanted, actual]) => wanted !== actual);
  }

  async #folder(path: string): Promise<FileSystemDirectoryHandle> {
    const folder = this.#folders.get(path) ?? (await this.#make(path, "getDirectoryHandle"));
    this.#folders.set(path, folder);
    return folder;
  }

  /**
   * Makes a file or folder: in the chosen folder with a name that is free, further down with its own. There everything is
   * made here, so what has the name is of the same share, and a browser would write into it.
   */
  async #make<M extends "getFileHandle" | "getDirectoryHandle">(path: string, method: M): Promise<Awaited<ReturnType<FileSystemDirectoryHandle[M]>>> {
    const slash = path.lastIndexOf("/");
    const parent = await this.#folder(path.slice(0, Math.max(0, slash)));
    const name = slash < 0 ? await freeName(parent, path, method === "getDirectoryHandle") : path.slice(slash + 1);
    if (slash >= 0 && (await isTaken(parent, name))) fail({ code: "name_taken", path: quoted(path) });
    const made = await parent[method](name, { create: true }).catch(notTaken);
    if (slash < 0) this.placed.set(path, name);
    return made as Awaited<ReturnType<FileSystemDirectoryHandle[M]>>;
  }

  /** Removes it, unless somebody has done so before. */
  async #remove(name: string): Promise<void> {
    await this.root.removeEntry(name, { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
    });
  }

}

/** The wanted name, or the first numbered one that is free. */
async function freeName(root: FileSystemDirectoryHandle, wanted: string, isFolder: boolean): Promise<string> {
  for (let number = 1; number < ATTEMPTS; number++) {
    const name = number === 1 ? wanted : numbered(wanted, number, isFolder);
    if (!(await isTaken(root, name))) return name;
  }
  return fail({ code: "place_failed" });
}

async function isTaken(root: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  const found = root.getFileHandle(name).then(() => true);
  return found.catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "NotFoundError") return false;
    if (error instanceof DOMException && error.name === "TypeMismatchError") return true;
    return notTaken(error);
  });
}

/** `name (2).ext`. */
function numbered(name: string, number: number, isFolder: boolean): string {
  const dot = isFolder ? -1 : name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= MAX_EXTENSION ? dot : name.length;
  return `${name.slice(0, end)} (${number})${name.slice(end)}`;
}

/** Browsers refuse some names that file systems take. */
function notTaken(error: unknown): never {
  return error instanceof TypeError ? fail({ code: "place_failed" }) : notWritten(error);
}
