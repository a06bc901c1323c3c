import {
  pageUrl,
  scriptUrl
} from "./chunk-SLSNA55A.js";
import {
  fail,
  isFailure
} from "./chunk-N5HTIYXM.js";
import {
  hex,
  random
} from "./chunk-GV6BKEVW.js";

// src/save.ts
var LAST_BYTES_MS = 1e4;
var START_MS = 2e4;
var REVOKE_MS = 6e5;
var ATTEMPTS = { file: pickFile, folder: pickFolder, download: browserDownload, memory };
async function save(engine, selection, saveAs = "single", hear = () => {
}, ways = saveAs === "folder" ? ["folder"] : ["file", "download", "memory"]) {
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
async function pickFile({ name }) {
  const handle = await unlessRefused(() => window.showSaveFilePicker?.({ suggestedName: name }));
  return handle ? { target: { way: "file", handle }, transfer: [], release() {
  } } : null;
}
async function pickFolder() {
  const handle = await unlessRefused(() => window.showDirectoryPicker?.({ mode: "readwrite" }));
  return handle ? { target: { way: "folder", handle }, transfer: [], release() {
  } } : null;
}
async function unlessRefused(pick) {
  try {
    return await pick() ?? null;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") fail({ code: "cancelled" });
    return null;
  }
}
async function browserDownload({ name, bytes }, engine) {
  const worker = await serviceWorker();
  if (!worker) return null;
  const tell = (message, transfer = []) => worker.postMessage(message, transfer);
  const { port1, port2 } = new MessageChannel();
  const id = hex(random(16));
  tell({ type: "offer", id, name, bytes }, [port2]);
  if (!await hasAnswered(port1)) return null;
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
async function serviceWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return null;
  try {
    const scope = pageUrl("download/");
    const registration = await workers.register(scriptUrl("download-worker.js"), { scope, updateViaCache: "none" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    return worker && await isActive(worker) ? worker : null;
  } catch {
    return null;
  }
}
function isActive(worker) {
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
function hasAnswered(port) {
  return new Promise((resolve) => {
    port.onmessage = () => resolve(true);
    setTimeout(() => resolve(false), START_MS);
  });
}
async function memory() {
  return { target: { way: "memory" }, transfer: [], release() {
  } };
}
function offerBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_MS);
}

export {
  save
};
