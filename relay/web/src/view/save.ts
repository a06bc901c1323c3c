/**
 * The ways to save: a download of the browser's own, and memory where that is missing or refused; a file or folder that the
 * person chooses, if they ask for that.
 */

import { fail, isFailure, ShareError } from "../failure.ts";
import type { Again, Plan, SaveAs, Saved, Selection, Target } from "../saving/plan.ts";
import { offerDownload } from "../saving/service_worker_client.ts";
import type { WorkerClient } from "../worker/worker_client.ts";

/** How long the browser may take to copy a blob. */
const REVOKE_MS = 600_000;

/** What was saved, and under which name. */
export interface SavedAs extends Omit<Saved, "receipt">, Pick<Plan, "name" | "isZip"> {
  /** `sent`: the sender knows. `failed`: try again. `none`: this was a part, or a file from disk. */
  receipt: "sent" | "failed" | "none";
  /** How long it can be saved again, if that has an end that is known. */
  again: Again | null;
}

/**
 * Saves the selection as the person wishes, until the signal says that it is no longer wanted. It must be called
 * when the person has just asked for it, or the browser opens no picker. Of several ways it tries one after another, and throws why the
 * last one was refused.
 */
export async function save(
  client: WorkerClient,
  selection: Selection,
  saveAs: SaveAs,
  signal: AbortSignal,
  ways: Target["way"][] = waysTo(saveAs),
): Promise<SavedAs> {
  let refusal: unknown = new ShareError({ code: "save_refused" });
  const plan = await client.call("plan", { selection, saveAs }, [], signal);
  for (const way of ways) {
    const opened = await unlessStopped(signal, open(way, plan, client));
    if (!opened) continue;
    const { target } = opened;
    try {
      const saved = await client.call("save", { selection, target }, opened.transfer, signal);
      const name = target.way === "file" ? target.handle.name : plan.name;
      if (saved.blob) offerBlob(saved.blob, name);
      return { ...saved, name, isZip: plan.isZip, ...(await tell(saved, client, signal)) };
    } catch (error) {
      if (!isFailure(error, "save_refused") && !isFailure(error, "too_large_for_memory")) throw error;
      refusal = error;
    } finally {
      opened.release?.();
    }
  }
  throw refusal;
}

/**
 * The ways to try, in their order. The browser's own download comes first, but not in WebKitGTK, which leaves an incomplete
 * file under the final name when a download fails. It is recognised by having no private file system. There, and in older
 * browsers without one, memory comes first, from which a file comes whole or not at all.
 */
function waysTo(saveAs: SaveAs): Target["way"][] {
  if (saveAs === "place") return ["file"];
  if (saveAs === "folder") return ["folder"];
  const storage: StorageManager | undefined = navigator.storage;
  return storage && "getDirectory" in storage ? ["download", "memory"] : ["memory", "download"];
}

/** Whether this browser lets a person choose the place of a file, or a folder. */
export function canPick(saveAs: "place" | "folder"): boolean {
  return (saveAs === "place" ? "showSaveFilePicker" : "showDirectoryPicker") in window;
}

/** Sends the receipt if one is due, after the files were handed over. */
async function tell({ receipt }: Saved, client: WorkerClient, signal: AbortSignal): Promise<Pick<SavedAs, "receipt" | "again">> {
  if (receipt === "none") return { receipt, again: null };
  return client.call("receipt", null, [], signal).then(
    (again) => ({ receipt: "sent", again }),
    () => ({ receipt: "failed", again: null }),
  );
}

/** Waits for a way to open, but no longer than until the signal. */
async function unlessStopped(signal: AbortSignal, opening: ReturnType<typeof open>): ReturnType<typeof open> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new ShareError({ code: "cancelled" })));
  });
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    void opening.then((late) => late?.release?.(), () => {});
    throw error;
  }
}

/** Younger than TypeScript's own list. */
declare function showSaveFilePicker(options: { suggestedName: string; startIn: "downloads" }): Promise<FileSystemFileHandle>;
declare function showDirectoryPicker(options: { mode: "readwrite"; startIn: "downloads" }): Promise<FileSystemDirectoryHandle>;

/** Opens a way; `null` if it is missing or refused. What it holds is given up by `release`. */
async function open(way: Target["way"], plan: Plan, client: WorkerClient): Promise<{ target: Target; transfer?: Transferable[]; release?(): void } | null> {
  switch (way) {
    case "file":
      return { target: { way, handle: await showSaveFilePicker({ suggestedName: plan.name, startIn: "downloads" }).catch(notPicked) } };
    case "folder":
      return { target: { way, handle: await showDirectoryPicker({ mode: "readwrite", startIn: "downloads" }).catch(notPicked) } };
    case "memory":
      return { target: { way } };
    case "download": {
      // The worker's events keep it awake, because the timers of a page in the background hardly run.
      const offered = await offerDownload(plan, (handle) => client.listen(handle));
      return offered && { target: { way, port: offered.port }, transfer: [offered.port], release: offered.release };
    }
  }
}

/** A person who closes the picker, or does not let the page write, has changed their mind. Anything else is a policy. */
function notPicked(error: unknown): never {
  if (!(error instanceof DOMException)) throw error;
  return fail({ code: error.name === "AbortError" ? "cancelled" : "place_forbidden" });
}

/** Has the browser save what is in memory. A page is not told whether it does. */
export function offerBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}
