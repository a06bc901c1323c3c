import {
  fail,
  failureOf,
  part,
  quoted
} from "./chunk-SKKJOJXW.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/target.ts
init_define_WORD_LIST_NAMES();

// src/browser_download.ts
init_define_WORD_LIST_NAMES();

// src/hop.ts
init_define_WORD_LIST_NAMES();
var crossesProcesses = globalThis.navigator?.userAgent.includes("Firefox/") ?? false;
var PIECE_BYTES = crossesProcesses ? 60 * 1024 : 1024 * 1024;

// src/pulse.ts
init_define_WORD_LIST_NAMES();
var BEAT_MS = 5e3;
var MAX_SILENCE = 20;
var Pulse = class {
  #silence = 0;
  #beating;
  #counting;
  constructor(beat, lost) {
    this.#beating = setInterval(beat, BEAT_MS);
    this.#counting = setInterval(() => {
      this.#silence += 1;
      if (this.#silence < MAX_SILENCE) return;
      this.stop();
      lost();
    }, 1e3);
  }
  /** Something was heard. */
  heard() {
    this.#silence = 0;
  }
  stop() {
    clearInterval(this.#beating);
    clearInterval(this.#counting);
  }
};

// src/browser_download.ts
var FIRST_PULL_MS = 2e4;
var BrowserDownload = class _BrowserDownload {
  constructor(port, signal) {
    this.port = port;
    this.signal = signal;
    port.onmessage = ({ data }) => this.#hear(data);
    signal.addEventListener("abort", () => this.#changed());
  }
  port;
  signal;
  /** Memory that has come back (`hop.ts`). */
  #spare = [];
  #piece = new Uint8Array(PIECE_BYTES);
  #filled = 0;
  #sent = 0;
  #room = 0;
  #isDone = false;
  #hasEnded = false;
  #changed = () => {
  };
  #pulse = new Pulse(
    () => this.#send({ type: "here" }),
    () => this.#end()
  );
  /** Waits until the browser has begun; throws `save_refused` if it does not. */
  static async open(port, signal) {
    const download = new _BrowserDownload(port, signal);
    const late = setTimeout(() => download.#end(), FIRST_PULL_MS);
    try {
      await download.#until(() => download.#room > 0);
      return download;
    } catch {
      const failure = { code: signal.aborted ? "cancelled" : "save_refused" };
      await download.abort(failure);
      return fail(failure);
    } finally {
      clearTimeout(late);
    }
  }
  async write(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const part2 = bytes.subarray(at, at + PIECE_BYTES - this.#filled);
      this.#piece.set(part2, this.#filled);
      this.#filled += part2.length;
      at += part2.length;
      if (this.#filled === PIECE_BYTES) await this.#flush();
    }
  }
  async #flush() {
    await this.#until(() => this.#room > this.#sent);
    this.#sent += 1;
    const piece = this.#piece.subarray(0, this.#filled);
    this.#send({ type: "bytes", bytes: piece }, [piece.buffer]);
    this.#piece = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(PIECE_BYTES));
    this.#filled = 0;
  }
  /** Waits until the browser has taken all of it, however long that is: the person may have paused it there. */
  async close() {
    if (this.#filled > 0) await this.#flush();
    this.#send({ type: "end" });
    await this.#until(() => this.#isDone);
    this.#leave();
  }
  async abort(failure) {
    this.#send({ type: "failed", code: failure.code });
    this.#leave();
  }
  #hear(message) {
    this.#pulse.heard();
    if (message.type === "room") this.#hasRoom(message.pieces, message.used);
    else if (message.type === "done") this.#isDone = true;
    else if (message.type === "ended") this.#hasEnded = true;
    this.#changed();
  }
  #hasRoom(pieces, used) {
    this.#room = pieces;
    this.#spare.push(...used);
  }
  #end() {
    this.#hasEnded = true;
    this.#changed();
  }
  #leave() {
    this.#pulse.stop();
    this.port.close();
  }
  #send(message, transfer = []) {
    this.port.postMessage(message, transfer);
  }
  async #until(comesTrue) {
    for (; ; ) {
      if (this.signal.aborted) fail({ code: "cancelled" });
      if (this.#hasEnded) fail({ code: "download_ended" });
      if (comesTrue()) return;
      await new Promise((resolve) => this.#changed = resolve);
    }
  }
};

// src/folder.ts
init_define_WORD_LIST_NAMES();

// src/sink.ts
init_define_WORD_LIST_NAMES();
var WRITE_BYTES = 4 * 1024 * 1024;
var PickedFile = class _PickedFile {
  constructor(handle, writable) {
    this.handle = handle;
    this.writable = writable;
  }
  handle;
  writable;
  static async open(handle) {
    return new _PickedFile(handle, await handle.createWritable().catch(notWritten));
  }
  async write(bytes) {
    await this.writable.write(bytes).catch(notWritten);
  }
  async close() {
    await this.writable.close().catch(notWritten);
  }
  async abort() {
    await this.writable.abort().catch(() => {
    });
    await this.#removeIfEmpty().catch(() => {
    });
  }
  /** Choosing a new name makes an empty file of it. */
  async #removeIfEmpty() {
    const { size } = await this.handle.getFile();
    if (size === 0) await this.handle.remove?.();
  }
};
var REFUSALS = {
  QuotaExceededError: "disk_full",
  // By an office's policy, or by the person who was asked.
  NotAllowedError: "place_forbidden",
  SecurityError: "place_forbidden"
};
function notWritten(error) {
  if (!(error instanceof DOMException)) throw error;
  return fail({ code: REFUSALS[error.name] ?? "place_failed" });
}
var Memory = class {
  constructor(limit) {
    this.limit = limit;
  }
  limit;
  #parts = [];
  #bytes = 0;
  async write(bytes) {
    this.#bytes += bytes.length;
    if (this.#bytes > this.limit) fail({ code: "too_large_for_memory", bytes: this.#bytes, limit: this.limit });
    this.#parts.push(new Blob([bytes]));
  }
  async close() {
  }
  async abort() {
    this.#parts = [];
  }
  /** What was written. */
  get blob() {
    return new Blob(this.#parts, { type: "application/octet-stream" });
  }
};
function newBuffers() {
  return [new Uint8Array(WRITE_BYTES), new Uint8Array(WRITE_BYTES)];
}
var Buffered = class {
  constructor(sink, buffers = newBuffers()) {
    this.sink = sink;
    this.buffers = buffers;
  }
  sink;
  buffers;
  #filled = 0;
  #writing = Promise.resolve();
  async write(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + WRITE_BYTES - this.#filled);
      this.buffers[0].set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === WRITE_BYTES) await this.#flush();
    }
  }
  async close() {
    await this.#flush();
    await this.#writing;
    await this.sink.close();
  }
  async abort(failure) {
    await this.sink.abort(failure);
  }
  /** Returns once there is memory to go on with. */
  async #flush() {
    await this.#writing;
    const [full, free] = this.buffers;
    if (this.#filled === 0) return;
    this.#writing = this.sink.write(full.subarray(0, this.#filled));
    this.#writing.catch(() => {
    });
    this.buffers.splice(0, 2, free, full);
    this.#filled = 0;
  }
};

// src/folder.ts
var ATTEMPTS = 1e4;
var MAX_EXTENSION = 32;
var UNFINISHED = "NOT FINISHED - NIET KLAAR.txt";
var PickedFolder = class _PickedFolder {
  constructor(root, unfinished) {
    this.root = root;
    this.unfinished = unfinished;
  }
  root;
  unfinished;
  /** The names of what is not in a folder, as they came and as they were given. */
  placed = /* @__PURE__ */ new Map();
  #folders = /* @__PURE__ */ new Map();
  #buffers = newBuffers();
  /** Begins to fill it: says in it that it is not finished. */
  static async open(root) {
    const name = await freeName(root, { path: UNFINISHED, folder: false });
    await root.getFileHandle(name, { create: true }).catch(notTaken);
    return new _PickedFolder(root, name);
  }
  /** Writes them one after another. What was begun is removed if something fails. */
  async take(files) {
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
  async #write(entry, bytes) {
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
  async #folder(path) {
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
  async #nameIn(parent, entry) {
    if (!entry.path.includes("/")) return freeName(parent, entry);
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    if (await isTaken(parent, name)) fail({ code: "name_taken", path: quoted(entry.path) });
    return name;
  }
  /** Somebody may have done so before. */
  async #remove(name) {
    await this.root.removeEntry(name, { recursive: true }).catch((error) => {
      if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
    });
  }
  async #clear() {
    try {
      for (const name of this.placed.values()) await this.#remove(name);
      await this.#remove(this.unfinished);
    } catch {
    }
  }
};
async function freeName(root, { path, folder }) {
  for (let number = 1; number < ATTEMPTS; number++) {
    const name = number === 1 ? path : numbered(path, number, folder);
    if (!await isTaken(root, name)) return name;
  }
  return fail({ code: "place_failed" });
}
async function isTaken(root, name) {
  const found = root.getFileHandle(name).then(() => true);
  return found.catch((error) => {
    if (error instanceof DOMException && error.name === "NotFoundError") return false;
    if (error instanceof DOMException && error.name === "TypeMismatchError") return true;
    return notTaken(error);
  });
}
function numbered(name, number, folder) {
  const dot = folder ? -1 : name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= MAX_EXTENSION ? dot : name.length;
  return `${name.slice(0, end)} (${number})${name.slice(end)}`;
}
function notTaken(error) {
  return error instanceof TypeError ? fail({ code: "place_failed" }) : notWritten(error);
}

// src/target.ts
var MEMORY_LIMIT = 256 * 1024 * 1024;
async function openTarget(target, bytes, signal) {
  if (target.way === "memory" && bytes > MEMORY_LIMIT) fail({ code: "too_large_for_memory", bytes, limit: MEMORY_LIMIT });
  if (target.way === "folder") return intoFolder(await PickedFolder.open(target.handle));
  const sink = await openSink(target, signal);
  return async (files, isSingle) => {
    await write(sink instanceof BrowserDownload ? sink : new Buffered(sink), isSingle ? onlyBytes(files) : zipBytes(files));
    return { blob: sink instanceof Memory ? sink.blob : null, renamed: [] };
  };
}
function intoFolder(folder) {
  return async (files) => {
    await folder.take(files);
    return { blob: null, renamed: [...folder.placed].filter(([wanted, actual]) => wanted !== actual) };
  };
}
async function openSink(target, signal) {
  switch (target.way) {
    case "file":
      return PickedFile.open(target.handle);
    case "download":
      return BrowserDownload.open(target.port, signal);
    case "memory":
      return new Memory(MEMORY_LIMIT);
  }
}
async function write(sink, pieces) {
  try {
    for await (const piece of pieces) await sink.write(piece);
    await sink.close();
  } catch (error) {
    await sink.abort(failureOf(error));
    throw error;
  }
}
async function* zipBytes(files) {
  yield* (await part(import("./zip-JYSJGD7K.js"))).zipped(files);
}
async function* onlyBytes(files) {
  for await (const { bytes } of files) yield* bytes;
}
export {
  openTarget
};
