/**
 * The three ways to save, each falling to the next by itself where it is missing or refused: a place that the person
 * chooses, a download of the browser's own, memory.
 */

import { hex, random } from "./bytes.ts";
import type { Engine } from "./engine.ts";
import { fail, isFailure } from "./failure.ts";
import type { Plan, SaveAs, Saved, Selection, Target, ToServiceWorker, Way } from "./protocol.ts";
import { pageUrl, scriptUrl } from "./trusted.ts";

/** How long the browser may still be taking over the last bytes. */
const LAST_BYTES_MS = 10_000;
/** How long the service worker may take to start; a slow or busy device takes seconds, and what comes next is limited. */
const START_MS = 20_000;
/** How long a blob may take to be copied. */
const REVOKE_MS = 600_000;

/** Tries a way. `null` if it is missing or refused; what is given up at the end comes with it. */
type Attempt = (plan: Plan, engine: Engine) => Promise<{ target: Target; transfer: Transferable[]; release: () => void } | null>;

const ATTEMPTS: Record<Way, Attempt> = { file: pickFile, folder: pickFolder, download: browserDownload, memory };

/**
 * Saves the selection; to be called when the person has just asked for it, or the browser opens no picker. `hear` is told
 * of the way that is tried.
 */
export async function save(
  engine: Engine,
  selection: Selection,
  saveAs: SaveAs = "single",
  hear: (way: Way) => void = () => {},
  ways: Way[] = saveAs === "folder" ? ["folder"] : ["file", "download", "memory"],
): Promise<Saved> {
  const plan = await engine.call("plan", { selection, saveAs });
  for (const way of ways) {
    const attempt = await ATTEMPTS[way](plan, engine);
    if (!attempt) continue;
    hear(way);
    try {
      const saved = await engine.call("save", { selection, target: attempt.target }, attempt.transfer);
      if (saved.blob) offerBlob(saved.blob, plan.name);
      return saved;
    } catch (error) {
      if (!isFailure(error, "save_refused") || way === ways.at(-1)) throw error;
    } finally {
      attempt.release();
    }
  }
  return fail({ code: "save_refused" });
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

async function browserDownload({ name, bytes }: Plan, engine: Engine): ReturnType<Attempt> {
  const worker = await serviceWorker();
  if (!worker) return null;
  const tell = (message: ToServiceWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  const { port1, port2 } = new MessageChannel();
  const id = hex(random(16));
  tell({ type: "offer", id, name, bytes }, [port2]);
  // A service worker that has to be started first may otherwise be asked before it has heard of it.
  if (!(await hasAnswered(port1))) return null;
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = pageUrl(`download/${id}`);
  document.body.append(frame);
  const deaf = engine.listen(() => tell({ type: "stay", id }));
  const release = () => {
    deaf();
    setTimeout(() => frame.remove(), LAST_BYTES_MS);
  };
  return { target: { way: "download", port: port1 }, transfer: [port1], release };
}

/** The service worker, once it runs; `null` where there can be none: in private windows, and without https. */
async function serviceWorker(): Promise<ServiceWorker | null> {
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker;
  if (!workers) return null;
  try {
    const scope = pageUrl("download/");
    const registration = await workers.register(scriptUrl("download-worker.js"), { scope, updateViaCache: "none" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    return worker && (await isActive(worker)) ? worker : null;
  } catch {
    return null;
  }
}

function isActive(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const check = () => {
      if (worker.state === "activated") resolve(true);
      else if (worker.state === "redundant") resolve(false);
    };
    setTimeout(() => resolve(false), START_MS);
    worker.addEventListener("statechange", check);
    check();
  });
}

function hasAnswered(port: MessagePort): Promise<boolean> {
  return new Promise((resolve) => {
    port.onmessage = () => resolve(true);
    setTimeout(() => resolve(false), START_MS);
  });
}

async function memory(): ReturnType<Attempt> {
  return { target: { way: "memory" }, transfer: [], release() {} };
}

/** Has the browser save what is in memory. */
function offerBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}
