/** Carries what was unpacked to where it is saved. */

import { fail, failureOf, part } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import type { Unpacked } from "../format/unpack.ts";
import { BrowserDownload } from "./browser_download.ts";
import { PickedFolder } from "./folder.ts";
import type { Saved, Target } from "./plan.ts";
import { Buffered, Memory, PickedFile, type Sink } from "./sink.ts";

/** The most that is kept in memory. */
const MEMORY_LIMIT = 256 * 1024 * 1024;

/** Saves the files: just one as it is, or all of them as one .zip or in a folder. */
export type Put = (files: AsyncIterable<Unpacked>, isSingle: boolean) => Promise<Pick<Saved, "blob" | "renamed">>;

/** What saves so many bytes to the target, once it is known that it can be written to; unless it is no longer wanted. */
export async function openTarget(target: Target, bytes: number, signal: AbortSignal): Promise<Put> {
  if (target.way === "memory" && bytes > MEMORY_LIMIT) fail({ code: "too_large_for_memory", bytes, limit: MEMORY_LIMIT });
  if (target.way === "folder") return intoFolder(await PickedFolder.open(target.handle));
  const sink = await openSink(target, signal);
  return async (files, isSingle) => {
    await write(sink instanceof BrowserDownload ? sink : new Buffered(sink), isSingle ? onlyBytes(files) : zipBytes(files));
    return { blob: sink instanceof Memory ? sink.blob : null, renamed: [] };
  };
}

function intoFolder(folder: PickedFolder): Put {
  return async (files) => {
    await folder.take(files);
    return { blob: null, renamed: [...folder.placed].filter(([wanted, actual]) => wanted !== actual) };
  };
}

async function openSink(target: Exclude<Target, { way: "folder" }>, signal: AbortSignal): Promise<Sink> {
  switch (target.way) {
    case "file":
      return PickedFile.open(target.handle);
    case "download":
      return BrowserDownload.open(target.port, signal);
    case "memory":
      return new Memory(MEMORY_LIMIT);
  }
}

async function write(sink: Sink, pieces: AsyncIterable<Bytes>): Promise<void> {
  try {
    for await (const piece of pieces) await sink.write(piece);
    await sink.close();
  } catch (error) {
    await sink.abort(failureOf(error));
    throw error;
  }
}

async function* zipBytes(files: AsyncIterable<Unpacked>): AsyncGenerator<Bytes, void> {
  yield* (await part(import("./zip.ts"))).zipped(files);
}

/** The bytes of the only file; to its very end, where the last of the content is checked. */
async function* onlyBytes(files: AsyncIterable<Unpacked>): AsyncGenerator<Bytes, void> {
  for await (const { bytes } of files) yield* bytes;
}
