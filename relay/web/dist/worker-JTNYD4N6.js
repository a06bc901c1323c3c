import {
  Input,
  MAX_LISTED,
  Tree,
  padding,
  parseManifest,
  readHeader as readHeader2
} from "./chunk-TKWQNQY3.js";
import {
  MAX_HEADER_BYTES,
  openCipher,
  openHeader,
  readHeader,
  scrypt
} from "./chunk-SMVK7HWX.js";
import {
  Backoff,
  LONG_PATIENCE_MS,
  Relay,
  SENDER_MS,
  arrivedOf,
  withPatience
} from "./chunk-UWQ3XVPS.js";
import {
  piecesOf
} from "./chunk-NQ23W23I.js";
import {
  hkdf
} from "./chunk-POEQ5JGS.js";
import {
  ShareError,
  checkName,
  concat,
  equal,
  fail,
  failureOf,
  hex,
  isFailure,
  part,
  random,
  utf8
} from "./chunk-SKKJOJXW.js";
import {
  hmac,
  sha256
} from "./chunk-YQXBLTOX.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/worker.ts
init_define_WORD_LIST_NAMES();

// src/session.ts
init_define_WORD_LIST_NAMES();

// src/download.ts
init_define_WORD_LIST_NAMES();

// src/fingerprint.ts
init_define_WORD_LIST_NAMES();

// src/stream.ts
init_define_WORD_LIST_NAMES();
var CHUNK = 64 * 1024;
var TAG = 16;
var SEALED_CHUNK = CHUNK + TAG;
var NONCE = 16;
function sealedLength(plain) {
  return plain + Math.max(1, Math.ceil(plain / CHUNK)) * TAG;
}
function plainLength(sealed) {
  const plain = sealed - Math.ceil(sealed / SEALED_CHUNK) * TAG;
  return plain >= 0 && sealedLength(plain) === sealed ? plain : null;
}
var Stream = class _Stream {
  constructor(cipher) {
    this.cipher = cipher;
  }
  cipher;
  /** The payload key is HKDF-SHA-256(ikm = file key, salt = nonce, info = "payload"). */
  static async open(fileKey, nonce) {
    const key = hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
    return new _Stream(await openCipher(Uint8Array.from(key)));
  }
  /**
   * Opens a run of sealed chunks into `out`, which has room for it, and gives the plaintext there. Nothing in `out` may
   * be used if this throws.
   */
  async openRun(firstChunk, last, sealed, out) {
    const plain = runLength(firstChunk, last, sealed.length);
    const chunks = Math.ceil(sealed.length / SEALED_CHUNK);
    const openChunk = async (i) => {
      const chunk = sealed.subarray(i * SEALED_CHUNK, (i + 1) * SEALED_CHUNK);
      const final = last && i + 1 === chunks;
      const room = out.subarray(i * CHUNK, i * CHUNK + chunk.length - TAG);
      if (!await this.cipher.open(chunkNonce(firstChunk + i, final), chunk, room)) {
        await this.#blame(firstChunk + i, final, chunk, room);
      }
    };
    if (this.cipher.isParallel) {
      await Promise.all(Array.from({ length: chunks }, (_, i) => openChunk(i)));
    } else {
      for (let i = 0; i < chunks; i++) await openChunk(i);
    }
    return out.subarray(0, plain);
  }
  /** A full chunk that should be the last but is not tells truncation from tampering. */
  async #blame(chunk, final, sealed, room) {
    const goesOn = final && sealed.length === SEALED_CHUNK;
    if (goesOn && await this.cipher.open(chunkNonce(chunk, false), sealed, room)) fail({ code: "truncated" });
    fail({ code: "tampered", chunk });
  }
};
async function openBytes(fileKey, afterHeader) {
  if (afterHeader.length < NONCE) fail({ code: "truncated" });
  const stream = await Stream.open(fileKey, afterHeader.subarray(0, NONCE));
  const sealed = afterHeader.subarray(NONCE);
  return stream.openRun(0, true, sealed, new Uint8Array(sealed.length));
}
function runLength(firstChunk, last, sealed) {
  const plain = plainLength(sealed);
  if (plain === null || !last && sealed % SEALED_CHUNK > 0) fail({ code: "truncated" });
  if (plain === 0 && firstChunk > 0) fail({ code: "tampered", chunk: firstChunk });
  return plain;
}
function chunkNonce(chunk, last) {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(3, BigInt(chunk));
  nonce[11] = last ? 1 : 0;
  return nonce;
}

// src/fingerprint.ts
var Fingerprint = class {
  #hash = sha256.create();
  /** Adds what {@link tags} took from the next run. */
  add(tags2) {
    this.#hash.update(tags2);
  }
  /** The 32 bytes. */
  finish() {
    return this.#hash.digest();
  }
};
function tags(run) {
  const chunks = Math.ceil(run.length / SEALED_CHUNK);
  const tags2 = new Uint8Array(chunks * TAG);
  for (let i = 0; i < chunks; i++) {
    const end = Math.min(run.length, (i + 1) * SEALED_CHUNK);
    tags2.set(run.subarray(end - TAG, end), i * TAG);
  }
  return tags2;
}

// src/pipe.ts
init_define_WORD_LIST_NAMES();
var Pipe = class {
  constructor(room) {
    this.room = room;
  }
  room;
  #things = [];
  #ended = false;
  #error = null;
  #wake = null;
  /** Puts one in as soon as there is room; `false` if nobody wants any more. */
  async put(thing) {
    while (this.#things.length >= this.room && !this.#ended) await this.#change();
    if (!this.#ended) this.#things.push(thing);
    this.#changed();
    return !this.#ended;
  }
  /** Nothing more will come, because of this error if there is one. */
  end(error = null) {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#changed();
  }
  /** Takes out one after another. Who stops early ends the pipe. */
  async *[Symbol.asyncIterator]() {
    try {
      for (; ; ) {
        const [thing] = this.#things.splice(0, 1);
        if (thing !== void 0) {
          this.#changed();
          yield thing;
        } else if (!this.#ended) {
          await this.#change();
        } else if (this.#error !== null) {
          throw this.#error;
        } else {
          return;
        }
      }
    } finally {
      this.end();
    }
  }
  /** Only one of the two ever waits: the pipe is full for the one, or empty for the other. */
  #change() {
    return new Promise((resolve) => this.#wake = resolve);
  }
  #changed() {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
};

// src/download.ts
var CHUNKS_PER_RUN = 16;
var RUNS_IN_FLIGHT = 4;
function fileLength(headerLength, plain) {
  return headerLength + NONCE + sealedLength(plain);
}
async function* readAll(content, fingerprint) {
  const start = content.header.length + NONCE;
  const gathered = new Gathered(content.source, 0, start + sealedLength(content.length));
  try {
    const found = await gathered.take(new Uint8Array(start));
    const [header, nonce] = [found.subarray(0, -NONCE), found.subarray(-NONCE)];
    if (!equal(header, content.header) || !equal(nonce, content.nonce)) fail({ code: "not_the_content" });
    yield* opened(content, gathered, 0, content.length, fingerprint);
  } finally {
    gathered.stop();
  }
}
async function* readRange(content, from, to) {
  if (from === to) return;
  const first = Math.floor(from / CHUNK);
  const end = Math.min(Math.ceil(to / CHUNK) * CHUNK, content.length);
  const payload = content.header.length + NONCE;
  const sealedEnd = end === content.length ? sealedLength(end) : end / CHUNK * SEALED_CHUNK;
  const gathered = new Gathered(content.source, payload + first * SEALED_CHUNK, payload + sealedEnd);
  let at = first * CHUNK;
  try {
    for await (const plain of opened(content, gathered, at, end, null)) {
      yield plain.subarray(Math.max(0, from - at), to - at);
      at += plain.length;
    }
  } finally {
    gathered.stop();
  }
}
async function* opened(content, gathered, from, to, fingerprint) {
  const pipe = new Pipe(RUNS_IN_FLIGHT);
  const buffers = new Buffers(Math.min(CHUNKS_PER_RUN * SEALED_CHUNK, sealedLength(to - from)));
  const filling = fill(content, gathered, from, to, fingerprint, pipe, buffers);
  try {
    for await (const opening of pipe) {
      const plain = await opening;
      yield plain;
      buffers.give(plain);
    }
  } finally {
    pipe.end();
    gathered.stop();
    await filling;
  }
}
async function fill({ stream, length }, gathered, from, to, fingerprint, pipe, buffers) {
  try {
    let at = from;
    do {
      const plain = Math.min(CHUNKS_PER_RUN * CHUNK, to - at);
      const last = at + plain === length;
      const sealed = await gathered.take(buffers.take(sealedLength(plain)));
      fingerprint?.add(tags(sealed));
      const opening = stream.openRun(at / CHUNK, last, sealed, buffers.take(sealed.length));
      opening.catch(() => {
      });
      opening.then(() => buffers.give(sealed), () => {
      });
      if (!await pipe.put(opening)) break;
      at += plain;
    } while (at < to);
    pipe.end();
  } catch (error) {
    pipe.end(error);
  }
}
var Buffers = class {
  /** For runs of so many bytes at most. */
  constructor(length) {
    this.length = length;
  }
  length;
  #free = [];
  take(length) {
    const buffer = this.#free.pop() ?? new ArrayBuffer(this.length);
    return new Uint8Array(buffer, 0, length);
  }
  give({ buffer }) {
    this.#free.push(buffer);
  }
};
var Gathered = class {
  #unwanted = new AbortController();
  #pieces;
  #rest = new Uint8Array();
  constructor(source, from, to) {
    this.#pieces = source.read(from, to, this.#unwanted.signal)[Symbol.asyncIterator]();
  }
  /** Fills the buffer. */
  async take(buffer) {
    for (let at = 0; at < buffer.length; ) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#pieces.next();
        if (done) fail({ code: "truncated" });
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, buffer.length - at);
      buffer.set(piece, at);
      at += piece.length;
      this.#rest = this.#rest.subarray(piece.length);
    }
    return buffer;
  }
  /** Nothing more is wanted. */
  stop() {
    this.#unwanted.abort();
    this.#pieces.return?.().then(null, () => {
    });
  }
};

// src/local.ts
init_define_WORD_LIST_NAMES();

// src/source.ts
init_define_WORD_LIST_NAMES();
var WORKING_BYTES = 64 * 1024;
var ASKED_BYTES = 64 * 1024 * 1024;
var RemoteSource = class {
  /** `total` is how long the content must be by its manifest, `isSending` whether the sender may still be uploading. */
  constructor(relay, id, ticket, total, patience, isSending) {
    this.relay = relay;
    this.id = id;
    this.ticket = ticket;
    this.total = total;
    this.patience = patience;
    this.isSending = isSending;
  }
  relay;
  id;
  ticket;
  total;
  patience;
  isSending;
  #etag = null;
  async *read(from, to, unwanted) {
    const signal = AbortSignal.any([this.patience.signal, unwanted]);
    const backoff = new Backoff({ ...this.patience, signal });
    let [at, failedAt] = [from, from];
    while (at < to) {
      const end = Math.min(at + ASKED_BYTES, to);
      try {
        for await (const piece of this.#pieces(at, end, signal)) {
          at += piece.length;
          if (at > end) fail({ code: "bad_answer", what: "length" });
          if (at - failedAt >= WORKING_BYTES) backoff.worked();
          yield piece;
        }
        if (at < end) fail({ code: "unreachable" });
      } catch (error) {
        failedAt = at;
        await backoff.wait(await this.#explained(error, signal));
      }
    }
  }
  /** What one connection brings. */
  async *#pieces(from, to, signal) {
    const body = await this.#watched(this.#ask(from, to, signal), signal);
    try {
      for (; ; ) {
        const { done, value } = await this.#watched(body.next(), signal);
        if (done) return;
        yield value;
      }
    } finally {
      await body.return();
    }
  }
  /** Tells, as long as this does not come because the sender has not sent it yet, how far the sender is. */
  async #watched(coming, signal) {
    if (!this.isSending) return coming;
    let hasCome = false;
    const watch = setInterval(async () => {
      const waiting = await this.#sender(signal);
      if (waiting && !hasCome) this.patience.notice(waiting.failure);
    }, SENDER_MS);
    return coming.finally(() => {
      hasCome = true;
      clearInterval(watch);
    });
  }
  /** A connection that brings no more is not lost if the sender has sent no more. */
  async #explained(error, signal) {
    const isCut = isFailure(error, "unreachable") || isFailure(error, "stalled");
    return isCut && await this.#sender(signal) || error;
  }
  /** How far the sender is; `null` once it has sent all, or if the relay does not tell. */
  async #sender(signal) {
    if (!this.isSending) return null;
    try {
      const arrived = arrivedOf(await this.relay.status(this.id, signal));
      this.isSending = arrived !== null;
      return arrived && new ShareError({ code: "not_uploaded", ...arrived });
    } catch {
      return null;
    }
  }
  async #ask(from, to, signal) {
    const { relay, id, ticket } = this;
    const answer = await relay.content(id, ticket, from, to, this.#etag, signal);
    if (answer.total !== this.total) fail({ code: "not_the_content" });
    this.#etag = answer.etag;
    return answer.body;
  }
};
var FileSource = class {
  constructor(file) {
    this.file = file;
  }
  file;
  read(from, to) {
    return piecesOf(this.file.slice(from, to).stream());
  }
};

// src/local.ts
var HEADER_BYTES = 8 * 1024;
var WINDOW = 4 * CHUNK;
async function readFileHeader(file) {
  return readHeader(new Uint8Array(await file.slice(0, MAX_HEADER_BYTES).arrayBuffer()));
}
async function openLocal(file, header, opener, progress) {
  const fileKey = await openHeader(header, opener, progress);
  const start = new Uint8Array(await file.slice(0, header.length + NONCE).arrayBuffer());
  const length = plainLength(file.size - start.length);
  if (length === null) fail({ code: "truncated" });
  const nonce = start.slice(header.length);
  const stream = await Stream.open(fileKey, nonce);
  const content = { source: new FileSource(file), header: start.slice(0, header.length), nonce, length, stream };
  for await (const _ of readRange(content, Math.max(0, Math.ceil(length / CHUNK) - 1) * CHUNK, length)) ;
  const entries = await listTar(content);
  return { manifest: entries ? manifestOf("tar", entries, content) : manifestOf("file", [single(file, length)], content), content };
}
function manifestOf(kind, entries, { nonce, length }) {
  const files = entries.filter((entry) => !entry.folder);
  const bytes = files.reduce((sum, entry) => sum + entry.size, 0);
  return { kind, nonce, length, files: files.length, folders: entries.length - files.length, bytes, entries, sender: null, message: null };
}
function single(file, size) {
  const name = file.name.replace(/\.age$/i, "");
  const path = checkName(name) === null && !name.includes("/") ? name : "share";
  return { path, folder: false, size, mtime: Math.floor(file.lastModified / 1e3), executable: false, private: false, offset: 0 };
}
async function listTar(content) {
  const tree = new Tree();
  const entries = [];
  try {
    for (let at = 0; at < content.length; ) {
      const found = await listWindow(content, at);
      entries.push(...found.entries);
      if (entries.length > MAX_LISTED || found.entries.some(({ path, folder }) => tree.enter(path, folder))) return null;
      if (found.next === null) return entries.length > 0 ? entries : null;
      at = found.next;
    }
  } catch (error) {
    if (!isFailure(error, "archive_bad")) throw error;
  }
  return null;
}
async function listWindow(content, at) {
  const end = Math.min(at + WINDOW, content.length);
  const last = end === content.length ? end : end - HEADER_BYTES;
  const input = new Input(readRange(content, at, end), end - at, "");
  const entries = [];
  let next = at;
  do {
    for await (const _ of input.pass(next - at - input.position)) ;
    const found = await readHeader2(input);
    if (!found) {
      if (at + input.position < content.length) input.fail("trailing");
      return { entries, next: null };
    }
    const entry = { ...found, offset: at + found.offset };
    entries.push(entry);
    next = entry.offset + entry.size + padding(entry);
  } while (next <= last);
  return { entries, next };
}

// src/proof.ts
init_define_WORD_LIST_NAMES();
var LOG_N = 15;
function proof(passphrase, id, progress) {
  return scrypt(utf8(passphrase), utf8(`share/v1/proof/${id}`), LOG_N, progress);
}

// src/receipt.ts
init_define_WORD_LIST_NAMES();
var SAVED = { disk: 1, browser: 2, confirmed: 3 };
function receiptKey(fileKey) {
  return hkdf(sha256, fileKey, new Uint8Array(), utf8("share/v1/receipt"), 32);
}
function receiptMac(key, ticketHash, fingerprint, time, saved) {
  const clock = new Uint8Array(8);
  new DataView(clock.buffer).setBigUint64(0, time);
  return hmac(sha256, key, concat(ticketHash, fingerprint, clock, Uint8Array.of(SAVED[saved])));
}

// src/selection.ts
init_define_WORD_LIST_NAMES();
var MAX_GAP = 1024 * 1024;
function singleFile({ kind, entries }, selection) {
  const [index, more] = selection === "all" ? [kind === "file" ? 0 : -1] : selection;
  const entry = index === void 0 || more !== void 0 ? void 0 : entries[index];
  return entry && !entry.folder ? entry : null;
}
function entriesOf({ entries }, selection) {
  if (selection === "all") return entries;
  const chosen = new Set(selection);
  return entries.filter((_, index) => chosen.has(index));
}
function sizeOf(entries) {
  return entries.reduce((sum, { size }) => sum + size, 0);
}
function zipName({ entries }) {
  const top = entries.filter(({ path }) => !path.includes("/"));
  return `${top.length === 1 ? top[0]?.path : "share"}.zip`;
}
async function* selected(content, entries) {
  for (const stretch of stretches(entries)) {
    const from = stretch[0]?.offset ?? 0;
    const to = Math.max(...stretch.map(({ offset, size }) => offset + size));
    const input = new Input(readRange(content, from, to), to - from, stretch[0]?.path ?? "");
    for (const entry of stretch) {
      for await (const _ of input.pass(entry.offset - from - input.position)) ;
      yield { entry, bytes: input.pass(entry.size) };
    }
  }
}
function stretches(entries) {
  const stretches2 = [];
  for (const entry of entries) {
    const current = stretches2.at(-1);
    const last = current?.at(-1);
    if (current && last && entry.offset - (last.offset + last.size) <= MAX_GAP) current.push(entry);
    else stretches2.push([entry]);
  }
  return stretches2;
}

// src/unpack.ts
init_define_WORD_LIST_NAMES();
async function* unpack(content, manifest) {
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
async function* tar(input, manifest) {
  const tree = new Tree();
  const tally = new Tally(manifest);
  for (let entry = await readHeader2(input); entry; entry = await readHeader2(input)) {
    const fault = tree.enter(entry.path, entry.folder) ?? tally.take(entry);
    if (fault) input.fail(fault);
    yield { entry, bytes: input.pass(entry.size) };
    await input.zeros(padding(entry));
  }
  if (!tally.isComplete) input.fail("totals");
}
var Tally = class {
  constructor(manifest) {
    this.manifest = manifest;
  }
  manifest;
  #files = 0;
  #folders = 0;
  #bytes = 0;
  take(entry) {
    const { entries, files, folders, bytes } = this.manifest;
    if (entries.length > 0 && !isSame(entries[this.#files + this.#folders], entry)) return "unlisted";
    if (entry.folder) this.#folders += 1;
    else this.#files += 1;
    this.#bytes += entry.size;
    return this.#files > files || this.#folders > folders || this.#bytes > bytes ? "totals" : null;
  }
  get isComplete() {
    const { files, folders, bytes } = this.manifest;
    return this.#files === files && this.#folders === folders && this.#bytes === bytes;
  }
};
function isSame(listed, found) {
  return listed !== void 0 && listed.path === found.path && listed.folder === found.folder && listed.size === found.size && listed.mtime === found.mtime && listed.executable === found.executable && listed.private === found.private && listed.offset === found.offset;
}

// src/session.ts
var CALL_PATIENCE_MS = 3e4;
var PROOF_SHARE = 1 / 5;
var READ_LIMIT = 16 * 1024 * 1024;
var PROGRESS_MS = 100;
var Session = class {
  constructor(tell) {
    this.tell = tell;
  }
  tell;
  #place = null;
  #opened = null;
  #ticket = null;
  /** What was saved and can be told of, until its ticket has ended. */
  #received = null;
  /** How far saving is. */
  #progress = null;
  /** Asks the relay about a share. */
  async open(base, id, signal) {
    const relay = new Relay(base);
    const status = await this.#call(signal, () => relay.status(id, signal));
    this.#place = { relay, id, isSending: status.state === "uploading" };
    return status;
  }
  /** Looks at an age file on disk. */
  async openFile(file) {
    const header = await readFileHeader(file);
    this.#place = { file, header };
    return { kind: header.kind };
  }
  /** Opens the manifest with words or keys, as soon as the sender has sent it. */
  async unlock(opener, signal) {
    const place = this.#place ?? fail({ code: "unexpected", detail: "nothing is open" });
    this.#opened = "file" in place ? await this.#unlockFile(place, opener, signal) : await this.#unlockShare(place, opener, signal);
    return this.#opened.manifest;
  }
  /** Loads what opening with words takes, by having it do a little. */
  async prepare() {
    await Promise.all([scrypt(new Uint8Array(1), new Uint8Array(1), 1, () => {
    }), openCipher(new Uint8Array(32))]);
  }
  /** What saving would make. */
  async plan(selection, saveAs) {
    const { manifest } = this.#openedOrFail();
    const single2 = singleFile(manifest, selection);
    if (single2) return { name: single2.path.slice(single2.path.lastIndexOf("/") + 1), isZip: false, bytes: single2.size };
    if (saveAs === "folder") return { name: zipName(manifest), isZip: false, bytes: null };
    const zip = await part(import("./zip-JYSJGD7K.js"));
    zip.checkCount(manifest);
    const entries = entriesOf(manifest, selection);
    return { name: zipName(manifest), isZip: true, bytes: entries.length > 0 ? zip.zipLength(entries) : null };
  }
  /** Downloads, verifies and saves. A receipt is due if that was everything. */
  async save(selection, target, signal) {
    const opened2 = this.#openedOrFail();
    const single2 = singleFile(opened2.manifest, selection);
    const isWhole = selection === "all";
    const fingerprint = new Fingerprint();
    this.#progress = null;
    const total = isWhole ? opened2.manifest.bytes : sizeOf(entriesOf(opened2.manifest, selection));
    const { openTarget } = await part(import("./target-VG57W77F.js"));
    const put = await openTarget(target, total, signal);
    const over = new AbortController();
    const wanted = AbortSignal.any([signal, over.signal]);
    const files = async function* () {
      const content = await this.#content(opened2, wanted);
      const unpacked = isWhole ? unpack(readAll(content, fingerprint), opened2.manifest) : selected(content, entriesOf(opened2.manifest, selection));
      yield* this.#counted(unpacked, total, wanted);
    }.bind(this);
    const saved = await put(files(), single2 !== null).finally(() => over.abort());
    const isPlaced = target.way === "file" || target.way === "folder";
    if (isWhole && opened2.remote && this.#ticket) {
      this.#received = { ticket: this.#ticket, fingerprint: fingerprint.finish(), saved: isPlaced ? "disk" : "browser" };
    }
    const receipt = isWhole && opened2.remote ? "due" : "none";
    return { way: target.way, outcome: isPlaced ? "placed" : "given", bytes: total, receipt, ...saved };
  }
  /** The bytes of one file, or of the only one. The sender is not told: that says nothing of the rest, and saves nothing. */
  async read(place, signal) {
    const opened2 = this.#openedOrFail();
    const entry = singleFile(opened2.manifest, place === null ? "all" : [place]) ?? fail({ code: "unexpected", detail: "no file" });
    if (entry.size > READ_LIMIT) fail({ code: "too_large_for_memory", bytes: entry.size, limit: READ_LIMIT });
    this.#progress = null;
    const pieces = [];
    for await (const { bytes } of selected(await this.#content(opened2, signal), [entry])) {
      for await (const piece of bytes) pieces.push(piece.slice());
    }
    return concat(...pieces);
  }
  /** Sends the receipt that is due. Gives how long what was given to the browser can be saved again. */
  async receipt(signal) {
    const { remote } = this.#openedOrFail();
    if (!this.#received || !remote) return null;
    const until = await this.#tellSender(remote, this.#received, this.#received.saved, signal);
    if (until === null) return null;
    const { now } = await this.#call(signal, () => remote.relay.status(remote.id, signal));
    return { until, seconds: Math.max(0, until - now) };
  }
  /** Tells the sender that the person has what was given to the browser. */
  async confirm(signal) {
    const { remote } = this.#openedOrFail();
    if (this.#received && remote) await this.#tellSender(remote, this.#received, "confirmed", signal);
  }
  /** Sends a receipt. Gives until when its ticket lasts; `null` once it has ended. */
  async #tellSender(remote, received, saved, signal) {
    const { ticket, fingerprint } = received;
    const time = Math.floor(Date.now() / 1e3);
    const mac = receiptMac(remote.receiptKey, sha256(ticket), fingerprint, BigInt(time), saved);
    const receipt = { fingerprint: hex(fingerprint), time, saved, mac: hex(mac) };
    const until = await this.#call(signal, () => remote.relay.receipt(remote.id, hex(ticket), receipt, signal));
    if (until === null) [this.#received, this.#ticket] = [null, null];
    return until;
  }
  async #unlockShare(share, opener, signal) {
    const { relay, id } = share;
    const shown = "passphrase" in opener ? hex(await proof(opener.passphrase, id, this.#opening(0, PROOF_SHARE, signal))) : null;
    const sealed = await withPatience(this.#patience(LONG_PATIENCE_MS, signal), () => relay.open(id, shown, signal));
    const header = readHeader(sealed);
    const fileKey = await openHeader(header, opener, this.#opening(PROOF_SHARE, 1, signal));
    const afterHeader = sealed.subarray(header.length);
    const manifest = parseManifest(await openBytes(fileKey, afterHeader), afterHeader.subarray(0, NONCE));
    const { nonce, length } = manifest;
    const stream = await Stream.open(fileKey, nonce);
    const content = { header: sealed.slice(0, header.length), nonce, length, stream };
    const remote = { ...share, proof: shown, receiptKey: receiptKey(fileKey) };
    return { manifest, content, remote, local: null };
  }
  async #unlockFile({ file, header }, opener, signal) {
    const { manifest, content } = await openLocal(file, header, opener, this.#opening(0, 1, signal));
    return { manifest, content, remote: null, local: content };
  }
  /** Tells of a part of the work of opening, as long as it is wanted. */
  #opening(from, to, signal) {
    let told = 0;
    return (share) => {
      if (signal.aborted) fail({ code: "cancelled" });
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      this.tell({ type: "opening", share: from + share * (to - from) });
    };
  }
  /** The content's bytes: of a share on a relay, one of the allowed downloads is taken for them. */
  async #content({ content, remote, local }, signal) {
    if (local) return local;
    if (!remote) return fail({ code: "unexpected", detail: "no place" });
    const { relay, id, isSending } = remote;
    const ticket = await this.#takeTicket(remote, signal);
    const total = fileLength(content.header.length, content.length);
    const patience = this.#patience(LONG_PATIENCE_MS, signal);
    return { ...content, source: new RemoteSource(relay, id, hex(ticket), total, patience, isSending) };
  }
  /** The ticket there is, as long as it lasts; else another. */
  async #takeTicket({ relay, id, proof: proof2 }, signal) {
    const take = async (ticket) => {
      await this.#call(signal, () => relay.takeTicket(id, proof2, hex(sha256(ticket)), signal));
      return ticket;
    };
    try {
      return await take(this.#ticket ??= random(32));
    } catch (error) {
      if (!isFailure(error, "ticket_ended")) throw error;
      return take(this.#ticket = random(32));
    }
  }
  /** Tells how far it is, as long as it is wanted. */
  async *#counted(files, total, wanted) {
    let [done, told] = [0, 0];
    const check = () => wanted.aborted && fail({ code: "cancelled" });
    const saved = (bytes) => {
      done += bytes;
      this.#progress = { type: "progress", bytes: done, total };
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      this.tell(this.#progress);
    };
    const count = async function* (bytes) {
      for await (const piece of bytes) {
        check();
        yield piece;
        saved(piece.length);
      }
    };
    for await (const { entry, bytes } of files) {
      check();
      yield { entry, bytes: count(bytes) };
    }
    this.tell({ type: "progress", bytes: done, total });
  }
  #openedOrFail() {
    return this.#opened ?? fail({ code: "unexpected", detail: "nothing is unlocked" });
  }
  /** A call to the relay, with patience for a connection that is lost for a moment. */
  #call(signal, call) {
    return withPatience(this.#patience(CALL_PATIENCE_MS, signal), call);
  }
  #patience(total, signal) {
    const notice = (why) => {
      if (this.#progress) this.tell(this.#progress);
      this.tell({ type: "waiting", why });
    };
    return { total, signal, notice };
  }
};

// src/worker.ts
var session = new Session((event) => send({ type: "event", event }));
var ALIVE_MS = 5e3;
var ENDING_MS = 5e3;
var running = /* @__PURE__ */ new Map();
globalThis.onmessage = async ({ data }) => {
  const { id } = data;
  if (data.type === "cancel") return running.get(id)?.abort();
  const stop = new AbortController();
  running.set(id, stop);
  const ticking = setInterval(() => send({ type: "event", event: { type: "alive" } }), ALIVE_MS);
  try {
    send({ type: "gives", id, gives: await unlessStuck(carryOut(data, stop.signal), stop.signal) });
  } catch (error) {
    send({ type: "failed", id, failure: failureOf(error) });
  } finally {
    running.delete(id);
    clearInterval(ticking);
  }
};
async function carryOut(call, signal) {
  switch (call.call) {
    case "open":
      return session.open(call.takes.relay, call.takes.id, signal);
    case "openFile":
      return session.openFile(call.takes.file);
    case "prove":
      return session.unlock({ passphrase: call.takes.words }, signal);
    case "unlock":
      return session.unlock({ identities: (await part(import("./identity-WPTINEIX.js"))).readIdentities(call.takes.identities) }, signal);
    case "prepare":
      await session.prepare();
      return null;
    case "plan":
      return session.plan(call.takes.selection, call.takes.saveAs);
    case "save":
      return session.save(call.takes.selection, call.takes.target, signal);
    case "read":
      return { bytes: await session.read(call.takes.place, signal) };
    case "receipt":
      return session.receipt(signal);
    case "confirm":
      await session.confirm(signal);
      return null;
  }
}
function unlessStuck(call, signal) {
  const stuck = new Promise((_, reject) => {
    signal.addEventListener("abort", () => setTimeout(() => reject(new ShareError({ code: "cancelled" })), ENDING_MS));
  });
  return Promise.race([call, stuck]);
}
function send(message) {
  globalThis.postMessage(message);
}
