/** Files and folders into a folder that the person has chosen. Nothing that is there is overwritten. */

import { failureOf, fail } from "./failure.ts";
import { Buffered, PickedFile } from "./sink.ts";
import type { Entry } from "./manifest.ts";
import type { Unpacked } from "./unpack.ts";

/** Free names that are tried before giving up. */
const ATTEMPTS = 10_000;
/** What follows the last dot of a name is an extension up to this length. */
const MAX_EXTENSION = 32;

/** A folder being filled. Each file is complete once its own last chunk is verified. */
export class PickedFolder {
  /** The names of what is not in a folder, as they came and as they were given. */
  readonly placed = new Map<string, string>();
  readonly #folders = new Map<string, FileSystemDirectoryHandle>();

  constructor(readonly root: FileSystemDirectoryHandle) {}

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
  }

  async #write(entry: Entry, bytes: Unpacked["bytes"]): Promise<void> {
    const slash = entry.path.lastIndexOf("/");
    const parent = slash < 0 ? this.root : await this.#folder(entry.path.slice(0, slash));
    const name = slash < 0 ? await this.#freeName(entry) : entry.path.slice(slash + 1);
    const handle = await parent.getFileHandle(name, { create: true }).catch(notTaken);
    const file = new Buffered(await PickedFile.open(handle));
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
    const name = slash < 0 ? await this.#freeName({ path, folder: true }) : path.slice(slash + 1);
    const handle = await parent.getDirectoryHandle(name, { create: true }).catch(notTaken);
    this.#folders.set(path, handle);
    return handle;
  }

  /** The wanted name, or the first numbered one that is free. */
  async #freeName({ path, folder }: Pick<Entry, "path" | "folder">): Promise<string> {
    for (let number = 1; number < ATTEMPTS; number++) {
      const name = number === 1 ? path : numbered(path, number, folder);
      if (await this.#isTaken(name)) continue;
      this.placed.set(path, name);
      return name;
    }
    return fail({ code: "save_refused" });
  }

  async #isTaken(name: string): Promise<boolean> {
    const found = this.root.getFileHandle(name).then(() => true);
    return found.catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotFoundError") return false;
      if (error instanceof DOMException && error.name === "TypeMismatchError") return true;
      return notTaken(error);
    });
  }

  async #clear(): Promise<void> {
    for (const name of this.placed.values()) {
      // One that cannot be removed was never made.
      await this.root.removeEntry(name, { recursive: true }).catch(() => {});
    }
  }
}

/** `name (2).ext`. */
function numbered(name: string, number: number, folder: boolean): string {
  const dot = folder ? -1 : name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= MAX_EXTENSION ? dot : name.length;
  return `${name.slice(0, end)} (${number})${name.slice(end)}`;
}

/** Browsers refuse some names that file systems take, and folders that may not be written to. */
function notTaken(error: unknown): never {
  if (error instanceof TypeError || error instanceof DOMException) fail({ code: "save_refused" });
  throw error;
}
