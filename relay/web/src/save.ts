/**
 * The three ways to save, each falling to the next by itself where it is missing or refused: a place that the person
 * chooses, a download of the browser's own, memory. What cannot be put into a folder is saved as one .zip.
 */

import type { Engine } from "./engine.ts";
import { fail, isFailure, ShareError } from "./failure.ts";
import type { Again, Plan, SaveAs, Saved, Selection, Target, Way } from "./protocol.ts";
import { offerDownload } from "./service_worker.ts";

/** How long a blob may take to be copied. */
const REVOKE_MS = 600_000;

/** What was saved, and as what. */
export interface SavedAs extends Omit<Saved, "receipt">, Pick<Plan, "name" | "isZip"> {
  /** `sent`: the sender knows. `failed`: try again. `none`: this was a part, or a file from disk. */
  receipt: "sent" | "failed" | "none";
  /** How long it can be saved again, if that has an end that is known. */
  again: Again | null;
}

/** A way that is open, with what is given up at the end. */
interface Opened {
  target: Target;
  transfer: Transferable[];
  release: () => void;
}

/** Tries a way; `null` if it is missing or refused. */
type Attempt = (plan: Plan, engine: Engine) => Promise<Opened | null>;

const ATTEMPTS: Record<Way, Attempt> = { file: pickFile, folder: pickFolder, download: browserDownload, memory };

/**
 * Saves the selection, until the signal says that it is no longer wanted. To be called when the person has just asked for
 * it, or the browser opens no picker.
 */
export async function save(
  engine: Engine,
  selection: Selection,
  saveAs: SaveAs,
  signal: AbortSignal,
  ways: Way[] = waysHere(),
): Promise<SavedAs> {
  try {
    return await saveBy(saveAs === "folder" ? ["folder"] : ways, engine, selection, saveAs, signal);
  } catch (error) {
    if (saveAs !== "folder" || !isFailure(error, "save_refused")) throw error;
    return saveBy(ways, engine, selection, "single", signal);
  }
}

/** Tries these ways, one after another; throws why the last one was refused. */
async function saveBy(ways: Way[], engine: Engine, selection: Selection, saveAs: SaveAs, signal: AbortSignal): Promise<SavedAs> {
  let refusal: unknown = new ShareError({ code: "save_refused" });
  const plan = await engine.call("plan", { selection, saveAs }, [], signal);
  for (const way of ways) {
    const opened = await unlessStopped(signal, ATTEMPTS[way](plan, engine));
    if (!opened) continue;
    const { target, transfer, release } = opened;
    try {
      const saved = await engine.call("save", { selection, target }, transfer, signal);
      const name = target.way === "file" ? target.handle.name : plan.name;
      if (saved.blob) offerBlob(saved.blob, name);
      const told = saved.receipt === "due" ? await tell(engine, signal) : ({ receipt: "none", again: null } as const);
      return { ...saved, name, isZip: plan.isZip, ...told };
    } catch (error) {
      if (!isFailure(error, "save_refused") && !isFailure(error, "too_large_for_memory")) throw error;
      refusal = error;
    } finally {
      release();
    }
  }
  throw refusal;
}

/**
 * WebKitGTK leaves what came of a download that failed under the name of the file. It has no private file system, by which
 * it is known; there, and in browsers older than those, memory comes first, from which a file comes whole or not at all.
 */
function waysHere(): Way[] {
  const storage: StorageManager | undefined = navigator.storage;
  return storage && "getDirectory" in storage ? ["file", "download", "memory"] : ["file", "memory", "download"];
}

/** Tells the sender, now that it was handed over. */
async function tell(engine: Engine, signal: AbortSignal): Promise<Pick<SavedAs, "receipt" | "again">> {
  return engine.call("receipt", null, [], signal).then(
    (again) => ({ receipt: "sent", again }),
    () => ({ receipt: "failed", again: null }),
  );
}

/** The way once it is open, unless it is no longer wanted before. */
async function unlessStopped(signal: AbortSignal, opening: Promise<Opened | null>): Promise<Opened | null> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new ShareError({ code: "cancelled" })));
  });
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    void opening.then((late) => late?.release(), () => {});
    throw error;
  }
}

interface Pickers {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
  showDirectoryPicker?(options: { mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

async function pickFile({ name }: Plan): ReturnType<Attempt> {
  const handle = await unlessRefused(() => (window as Pickers).showSaveFilePicker?.({ suggestedName: name }));
  return handle ? { target: { way: "file", handle }, transfer: [], release() {} } : null;
}

async function pickFolder(): ReturnType<Attempt> {
  const handle = await unlessRefused(() => (window as Pickers).showDirectoryPicker?.({ mode: "readwrite" }));
  return handle ? { target: { way: "folder", handle }, transfer: [], release() {} } : null;
}

/** Who closes the picker changed their mind; any other error means that this way is closed. */
async function unlessRefused<T>(pick: () => Promise<T> | undefined): Promise<T | null> {
  try {
    return (await pick()) ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") fail({ code: "cancelled" });
    return null;
  }
}

async function browserDownload(plan: Plan, engine: Engine): ReturnType<Attempt> {
  const offered = await offerDownload(plan, engine);
  return offered && { target: { way: "download", port: offered.port }, transfer: [offered.port], release: offered.release };
}

async function memory(): ReturnType<Attempt> {
  return { target: { way: "memory" }, transfer: [], release() {} };
}

/** Has the browser save what is in memory. Whether it does is not told to a page. */
export function offerBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}
