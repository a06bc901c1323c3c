/**
 * Files and folders into a folder that the person has chosen. Nothing that is there is overwritten. Browsers cannot rename
 * a folder, so what is being written has its final name; as long as it is not complete, a file beside it says so.
 */

import { failureOf, fail } from "../failure.ts";
import type { Entry } from "../format/entry.ts";
import { quoted } from "../format/names.ts";
import type { Unpacked } from "../format/unpack.ts";
import { Buffered, newBuffers, notWritten, PickedFile } from "./sink.ts";

/** Free names that are tried before giving up. */
const ATTEMPTS = 10_000;
/** What follows the last dot of a name is an extension up to this length. */
const MAX_EXTENSION = 32;

/** A file with this name lies in the folder until all is written, also when the page is closed before. In both languages. */
const UNFINISHED = "NOT FINISHED - NIET KLAAR.txt";

/** A folder being filled. Each file is complete once its own last chunk is verified. */
export class PickedFolder {
  /** The names of what is not in a folder, as they came and as they were given. */
  readonly placed = new Map<string, string>();
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();
  readonly #buffers = newBuffers();

  private constructor(
    readonly root: FileSystemDirectoryHandle,
    readonly unfinished: string,
  ) {}

  /** Begins to fill it: says in it that it is not finished. */
  static async open(root: FileSystemDirectoryHandle): Promise<PickedFolder> {
    const name = await freeName(root, { path: UNFINISHED, folder: false });
    await root.getFileHandle(name, { create: true }).catch(notTaken);
    return new PickedFolder(root, name);
  }

  /** Writes them one after another. What was begun is removed if something fails. */
  async take(files: AsyncIterable<Unpacked>): Promise<void> {
    try {
      for await (const { entry, bytes } of files) {
        if (entry.folder) await this.#folder(entry.path);
        else await this.#write(entry, bytes);
      }
    } catch (error) {
      await this.#clear();
      throw error;
    }
    await this.#remove(this.unfinished).catch(notTaken);
  }

  async #write(entry: Entry, bytes: Unpacked["bytes"]): Promise<void> {
    const slash = entry.path.lastIndexOf("/");
    const parent = slash < 0 ? this.root : await this.#folder(entry.path.slice(0, slash));
    const name = await this.#nameIn(parent, entry);
    const handle = await parent.getFileHandle(name, { create: true }).catch(notTaken);
    if (slash < 0) this.placed.set(entry.path, name);
    const file = new Buffered(await PickedFile.open(handle), this.#buffers);
    try {
      for await (const piece of bytes) await file.write(piece);
      await file.close();
    } catch (error) {
      await file.abort(failureOf(error));
      throw error;
    }
  }

  async #folder(path: string): Promise<FileSystemDirectoryHandle> {
    const known = this.#folders.get(path);
    if (known) return known;
    const slash = path.lastIndexOf("/");
    const parent = slash < 0 ? this.root : await this.#folder(path.slice(0, slash));
    const name = await this.#nameIn(parent, { path, folder: true });
    const handle = await parent.getDirectoryHandle(name, { create: true }).catch(notTaken);
    if (slash < 0) this.placed.set(path, name);
    this.#folders.set(path, handle);
    return handle;
  }

  /**
   * The name to give it: among what is in the chosen folder one that is free, further down its own. There everything is
   * made here, so what has the name is of the same share, and a browser would write into it.
   */
  async #nameIn(parent: FileSystemDirectoryHandle, entry: Pick<Entry, "path" | "folder">): Promise<string> {
    if (!entry.path.includes("/")) return freeName(parent, entry);
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    if (await isTaken(parent, name)) fail({ code: "name_taken", path: quoted(entry.path) });
    return name;
  }

  /** Somebody may have done so before. */
  async #remove(name: string): Promise<void> {
    await this.root.removeEntry(name, { recursive: true }).catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
    });
  }

  async #clear(): Promise<void> {
    try {
      for (const name of this.placed.values()) await this.#remove(name);
      await this.#remove(this.unfinished);
    } catch {
      // What cannot be removed stays, and beside it what says so.
    }
  }
}

/** The wanted name, or the first numbered one that is free. */
async function freeName(root: FileSystemDirectoryHandle, { path, folder }: Pick<Entry, "path" | "folder">): Promise<string> {
  for (let number = 1; number < ATTEMPTS; number++) {
    const name = number === 1 ? path : numbered(path, number, folder);
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
function numbered(name: string, number: number, folder: boolean): string {
  const dot = folder ? -1 : name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= MAX_EXTENSION ? dot : name.length;
  return `${name.slice(0, end)} (${number})${name.slice(end)}`;
}

/** Browsers refuse some names that file systems take. */
function notTaken(error: unknown): never {
  return error instanceof TypeError ? fail({ code: "place_failed" }) : notWritten(error);
}
