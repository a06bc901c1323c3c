/** From content to files: trusts neither the manifest nor the tar, and wants them to agree. */

import { fail, type Fault } from "../failure.ts";
import { Input, padding, readHeader } from "./archive.ts";
import type { Bytes } from "./bytes.ts";
import type { Entry } from "./entry.ts";
import type { Manifest } from "./manifest.ts";
import { Tree } from "./tree.ts";

/** A file or folder as it comes out of the content. */
export interface Unpacked {
  entry: Entry;
  /** Its bytes; to be read to their end before the next entry is asked for. Each piece is good until the next. */
  bytes: AsyncIterable<Bytes>;
}

/**
 * Reads the whole content to its very end, in order. Only when this has ended without an error is anything that came out
 * of it worth keeping.
 */
export async function* unpack(content: AsyncIterable<Bytes, void>, manifest: Manifest): AsyncGenerator<Unpacked, void> {
  const first = manifest.entries[0];
  const input = new Input(content[Symbol.asyncIterator](), manifest.length, first?.path ?? "");
  if (manifest.kind === "tar") {
    yield* tar(input, manifest);
  } else {
    if (!first) fail({ code: "manifest_bad", fault: "totals" });
    yield { entry: first, bytes: input.pass(first.size) };
  }
  await input.finish();
}

async function* tar(input: Input, manifest: Manifest): AsyncGenerator<Unpacked, void> {
  const tree = new Tree();
  const tally = new Tally(manifest);
  for (let entry = await readHeader(input); entry; entry = await readHeader(input)) {
    const fault = tree.enter(entry.path, entry.folder) ?? tally.take(entry);
    if (fault) input.fail(fault);
    yield { entry, bytes: input.pass(entry.size) };
    await input.zeros(padding(entry));
  }
  if (!tally.isComplete) input.fail("totals");
}

/** Counts what the tar holds against what the manifest promises. */
class Tally {
  #files = 0;
  #folders = 0;
  #bytes = 0;

  constructor(readonly manifest: Manifest) {}

  take(entry: Entry): Fault | null {
    const { entries, files, folders, bytes } = this.manifest;
    if (entries.length > 0 && !isSame(entries[this.#files + this.#folders], entry)) return "unlisted";
    if (entry.folder) this.#folders += 1;
    else this.#files += 1;
    this.#bytes += entry.size;
    return this.#files > files || this.#folders > folders || this.#bytes > bytes ? "totals" : null;
  }

  get isComplete(): boolean {
    const { files, folders, bytes } = this.manifest;
    return this.#files === files && this.#folders === folders && this.#bytes === bytes;
  }
}

function isSame(listed: Entry | undefined, found: Entry): boolean {
  return (
    listed !== undefined &&
    listed.path === found.path &&
    listed.folder === found.folder &&
    listed.size === found.size &&
    listed.mtime === found.mtime &&
    listed.executable === found.executable &&
    listed.private === found.private &&
    listed.offset === found.offset
  );
}
