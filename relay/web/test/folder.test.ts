/** A folder that the person picks, and what is left in it when writing fails. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../src/failure.ts";
import type { Unpacked } from "../src/format/unpack.ts";
import { PickedFolder } from "../src/saving/folder.ts";

/** A folder of a browser's, as far as it is used. */
class Folder {
  readonly entries = new Map<string, Folder | PlainFile>();

  /** Names that are one to this folder are found by what `folded` makes of them. */
  constructor(readonly folded = (name: string) => name) {}

  async getFileHandle(name: string, { create = false } = {}): Promise<PlainFile> {
    const found = this.entries.get(this.folded(name));
    if (found instanceof PlainFile) return found;
    if (found) throw new DOMException("a folder", "TypeMismatchError");
    if (!create) throw new DOMException("none", "NotFoundError");
    const file = new PlainFile(this, name);
    this.entries.set(this.folded(name), file);
    return file;
  }

  async getDirectoryHandle(name: string): Promise<Folder> {
    const folder = (this.entries.get(this.folded(name)) as Folder | undefined) ?? new Folder(this.folded);
    this.entries.set(this.folded(name), folder);
    return folder;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.entries.delete(this.folded(name))) throw new DOMException("none", "NotFoundError");
  }

  get names(): string[] {
    return [...this.entries.keys()];
  }
}

class PlainFile {
  bytes = Buffer.alloc(0);

  constructor(
    readonly folder: Folder,
    readonly name: string,
  ) {}

  async getFile() {
    return { size: this.bytes.length };
  }

  async remove() {
    await this.folder.removeEntry(this.name);
  }

  async createWritable() {
    const parts: Uint8Array[] = [];
    return {
      write: async (bytes: Uint8Array) => void parts.push(bytes.slice()),
      close: async () => void (this.bytes = Buffer.concat(parts)),
      abort: async () => {},
    };
  }
}

async function* unpacked(names: string[], damaged?: string): AsyncGenerator<Unpacked> {
  for (const path of names) {
    const bytes = async function* () {
      yield new TextEncoder().encode(path);
      if (path === damaged) throw new Error("damaged");
    };
    yield { entry: { path, folder: false, size: path.length, mtime: 0, executable: false, private: false, offset: 0 }, bytes: bytes() };
  }
}

const open = (root: Folder) => PickedFolder.open(root as unknown as FileSystemDirectoryHandle);

for (const names of [["a", "b", "c"], ["in/a", "in/b", "in/c"]]) {
  test(`what fails leaves nothing, not even the word that it is not finished (${names})`, async () => {
    const root = new Folder();
    const folder = await open(root);
    assert.equal(root.names.length, 1);
    await assert.rejects(folder.take(unpacked(names, names[1])), { message: "damaged" });
    assert.deepEqual(root.names, []);
  });
}

/** As one does that ignores case in letters which are newer than the tables of Unicode in this browser. */
const inNewerCase = (name: string) => name.replaceAll("\u{378}", "\u{379}");

test("two names that are one to the disk are not written into one file", async () => {
  for (const [one, other] of [["in/\u{378}", "in/\u{379}"], ["in/\u{378}/a", "in/\u{379}"]] as const) {
    const root = new Folder(inNewerCase);
    const folder = await open(root);
    const error = await folder.take(unpacked([one, other])).catch(failureOf);
    assert.deepEqual(error, { code: "name_taken", path: other });
    assert.deepEqual(root.names, []);
  }
});

test("two names in the chosen folder that are one to the disk become two", async () => {
  const root = new Folder(inNewerCase);
  const folder = await open(root);
  await folder.take(unpacked(["\u{378}", "\u{379}"]));
  assert.deepEqual([...folder.placed.values()], ["\u{378}", "\u{379} (2)"]);
  assert.equal((await root.getFileHandle("\u{378}")).bytes.toString(), "\u{378}");
});

test("who has thrown away the word that it is not finished has everything all the same", async () => {
  const root = new Folder();
  const folder = await open(root);
  root.entries.clear();
  await folder.take(unpacked(["a", "b"]));
  assert.deepEqual(root.names, ["a", "b"]);
  assert.equal((await root.getFileHandle("b")).bytes.toString(), "b");
});
