/** Carries what was unpacked to where it is saved. */

import { part } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import type { Unpacked } from "../format/unpack.ts";
import { BrowserDownload } from "./browser_download.ts";
import { PickedFolder } from "./folder.ts";
import type { Saved, Target } from "./plan.ts";
import { Memory, PickedFile, writeAll } from "./sink.ts";

/**
 * Opens the target for so many bytes, unless it is no longer wanted. What this gives saves the files there: one as it is
 * (`isSingle`), or all of them as one .zip or in a folder.
 */
export async function openTarget(target: Target, bytes: number, signal: AbortSignal) {
  const folder = target.way === "folder" ? await PickedFolder.open(target.handle) : null;
  const sink = target.way === "folder" ? null : await openSink(target, bytes, signal);
  return async (files: AsyncIterable<Unpacked>, isSingle: boolean): Promise<Pick<Saved, "blob" | "renamed">> => {
    await folder?.take(files);
    if (sink) await writeAll(sink, isSingle ? onlyBytes(files) : zipBytes(files));
    return { blob: sink instanceof Memory ? sink.blob : null, renamed: folder?.renamed ?? [] };
  };
}

async function openSink(target: Exclude<Target, { way: "folder" }>, bytes: number, signal: AbortSignal) {
  switch (target.way) {
    case "file":
      return PickedFile.open(target.handle);
    case "download":
      return BrowserDownload.open(target.port, signal);
    case "memory":
      return new Memory(bytes);
  }
}

async function* zipBytes(files: AsyncIterable<Unpacked>): AsyncGenerator<Bytes, void> {
  yield* (await part(import("./zip.ts"))).zipped(files);
}

/** The bytes of the only file; to its very end, where the last of the content is checked. */
async function* onlyBytes(files: AsyncIterable<Unpacked>): AsyncGenerator<Bytes, void> {
  for await (const { bytes } of files) yield* bytes;
}
