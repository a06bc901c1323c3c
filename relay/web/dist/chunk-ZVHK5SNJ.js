import {
  ShareError,
  fail,
  hex,
  isFailure,
  quoted,
  random,
  utf8
} from "./chunk-SKKJOJXW.js";
import {
  sha256
} from "./chunk-YQXBLTOX.js";
import {
  define_WORD_LIST_NAMES_default,
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/engine.ts
init_define_WORD_LIST_NAMES();

// src/trusted.ts
init_define_WORD_LIST_NAMES();
var DOWNLOAD_WORKER = "download-worker-ONFUCWBT.js";
var WORKER = /^worker-\w+\.js$/;
var factory = globalThis.trustedTypes;
var policy = factory?.createPolicy("share", {
  createScriptURL(url) {
    const name = url.slice(pageUrl(".").length);
    if (url === pageUrl(name) && (name === DOWNLOAD_WORKER || WORKER.test(name))) return url;
    throw new TypeError("not a script of this page");
  }
});
function pageUrl(name) {
  return new URL(name, import.meta.url).href;
}
function workerName() {
  return document.querySelector("#worker")?.getAttribute("href")?.split("/").at(-1) ?? "";
}
function scriptUrl(name) {
  const url = pageUrl(name);
  return policy ? policy.createScriptURL(url) : url;
}

// src/engine.ts
var isYoungEnough = "any" in AbortSignal;
var Engine = class {
  #ears = /* @__PURE__ */ new Set();
  #running = /* @__PURE__ */ new Map();
  #worker = null;
  #isEnded = false;
  #calls = 0;
  /** Settled once the calls that wait for each other are over. */
  #before = Promise.resolve();
  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear) {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }
  /**
   * Makes a call, until the signal says to stop; throws a {@link ShareError}. `open` and `prepare` are made at once, all
   * others after those before them.
   */
  async call(call, takes, transfer = [], signal = null) {
    const begin = () => this.#begin({ call, takes }, transfer, signal);
    if (call === "open" || call === "prepare") return begin();
    const gives = this.#before.then(begin);
    this.#before = gives.catch(() => {
    });
    return gives;
  }
  /** Ends the worker; calls that run or wait fail with `cancelled`. */
  end() {
    this.#isEnded = true;
    this.#worker?.terminate();
    this.#failAll({ code: "cancelled" });
  }
  async #begin(call, transfer, signal) {
    if (!isYoungEnough) fail({ code: "browser_too_old" });
    if (this.#isEnded || signal?.aborted) fail({ code: "cancelled" });
    const running = withResolvers();
    const id = this.#calls += 1;
    const cancel = () => this.#send({ type: "cancel", id });
    this.#running.set(id, running);
    signal?.addEventListener("abort", cancel);
    try {
      this.#send({ type: "call", id, ...call }, transfer);
      return await running.promise;
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#running.delete(id);
    }
  }
  #send(message, transfer = []) {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
  }
  #start() {
    const worker = new Worker(scriptUrl(workerName()), { type: "module" });
    let hasBegun = false;
    worker.onmessage = ({ data }) => {
      hasBegun = true;
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#running.get(data.id)?.resolve(data.gives);
      else this.#running.get(data.id)?.reject(new ShareError(data.failure));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (hasBegun) return this.#failAll({ code: "unexpected", detail: quoted(event.message) });
      this.#worker = null;
      void this.#tellWhy();
    };
    return worker;
  }
  /** Whether the worker could not be loaded, or not be understood. A newer relay no longer has it. */
  async #tellWhy() {
    const status = await statusOfWorker();
    const code = status === null ? "unreachable" : status === 404 ? "part_missing" : "browser_too_old";
    if (this.#worker === null) this.#failAll({ code });
  }
  #failAll(failure) {
    this.#running.forEach((running) => running.reject(new ShareError(failure)));
  }
};
function statusOfWorker() {
  const answered = fetch(pageUrl(workerName()), { method: "HEAD", cache: "no-store", credentials: "omit" });
  return answered.then(({ ok, status }) => ok || status === 404 ? status : null, () => null);
}
function withResolvers() {
  let [resolve, reject] = [() => {
  }, () => {
  }];
  const promise = new Promise((...functions) => [resolve, reject] = functions);
  return { promise, resolve, reject };
}

// src/save.ts
init_define_WORD_LIST_NAMES();

// src/service_worker.ts
init_define_WORD_LIST_NAMES();
var START_MS = 2e4;
var LAST_BYTES_MS = 1e4;
async function offerDownload({ name, bytes }, engine) {
  const worker = await within(START_MS, activeWorker());
  if (!worker) return null;
  const tell2 = (message, transfer = []) => worker.postMessage(message, transfer);
  const { port1, port2 } = new MessageChannel();
  const id = hex(random(16));
  const answered = new Promise((resolve) => port1.onmessage = () => resolve(true));
  tell2({ type: "offer", id, name, bytes }, [port2]);
  if (!await within(START_MS, answered)) return null;
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = scope() + id;
  document.body.append(frame);
  const deaf = engine.listen(() => tell2({ type: "stay" }));
  const release = () => {
    deaf();
    setTimeout(() => frame.remove(), LAST_BYTES_MS);
  };
  return { port: port1, release };
}
function scope() {
  return pageUrl(DOWNLOAD_WORKER.replace(/\.js$/, "/"));
}
async function activeWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return null;
  try {
    const registration = await workers.register(scriptUrl(DOWNLOAD_WORKER), { scope: scope(), updateViaCache: "none" });
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
    worker.addEventListener("statechange", check);
    check();
  });
}
function within(ms, promise) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, null))]);
}

// src/save.ts
var REVOKE_MS = 6e5;
var ATTEMPTS = { file: pickFile, folder: pickFolder, download: browserDownload, memory };
async function save(engine, selection, saveAs, signal, ways = waysTo(saveAs)) {
  let refusal = new ShareError({ code: "save_refused" });
  const plan = await engine.call("plan", { selection, saveAs }, [], signal);
  for (const way of ways) {
    const opened = await unlessStopped(signal, ATTEMPTS[way](plan, engine));
    if (!opened) continue;
    const { target, transfer, release } = opened;
    try {
      const saved = await engine.call("save", { selection, target }, transfer, signal);
      const name = target.way === "file" ? target.handle.name : plan.name;
      if (saved.blob) offerBlob(saved.blob, name);
      const told = saved.receipt === "due" ? await tell(engine, signal) : { receipt: "none", again: null };
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
function waysTo(saveAs) {
  if (saveAs === "place") return ["file"];
  if (saveAs === "folder") return ["folder"];
  const storage = navigator.storage;
  return storage && "getDirectory" in storage ? ["download", "memory"] : ["memory", "download"];
}
function canPick(saveAs) {
  return (saveAs === "place" ? "showSaveFilePicker" : "showDirectoryPicker") in window;
}
async function tell(engine, signal) {
  return engine.call("receipt", null, [], signal).then(
    (again) => ({ receipt: "sent", again }),
    () => ({ receipt: "failed", again: null })
  );
}
async function unlessStopped(signal, opening) {
  const stopped = new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new ShareError({ code: "cancelled" })));
  });
  try {
    return await Promise.race([opening, stopped]);
  } catch (error) {
    void opening.then((late) => late?.release(), () => {
    });
    throw error;
  }
}
var pickers = globalThis;
async function pickFile({ name }) {
  const handle = await pickers.showSaveFilePicker({ suggestedName: name, startIn: "downloads" }).catch(notPicked);
  return { target: { way: "file", handle }, transfer: [], release() {
  } };
}
async function pickFolder() {
  const handle = await pickers.showDirectoryPicker({ mode: "readwrite", startIn: "downloads" }).catch(notPicked);
  return { target: { way: "folder", handle }, transfer: [], release() {
  } };
}
function notPicked(error) {
  if (!(error instanceof DOMException)) throw error;
  return fail({ code: error.name === "AbortError" ? "cancelled" : "place_forbidden" });
}
async function browserDownload(plan, engine) {
  const offered = await offerDownload(plan, engine);
  return offered && { target: { way: "download", port: offered.port }, transfer: [offered.port], release: offered.release };
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

// src/wordlists.ts
init_define_WORD_LIST_NAMES();

// src/words.ts
init_define_WORD_LIST_NAMES();
var MIN_WORDS = 6;
var MAX_WORDS = 10;
var CHECKSUM_MASK = 15;
var MIN_PREFIX = 3;
var MAX_SHOWN = 24;
var MAX_SUGGESTIONS = 3;
var MAX_MARKED = 2 * MAX_WORDS;
var MAX_REMEMBERED = 256;
var MAX_WAYS = 1024;
var MAX_SAID = 64;
var NAMES = setOf("passphrase password passwords wachtwoord wachtwoorden wachtzin woorden words");
var ARTICLES = setOf("are de deze dit het is mijn my six the these uw your zes zijn");
var SIGNS = setOf(
  "and code comma dash dot en hyphen komma koppelteken line new newline nieuwe period punt puntkomma regel semicolon space spatie streepje woord word"
);
var NUMBERS = {
  ...{ 0: ["nul", "zero"], 2: ["twee"], 5: ["five", "vijf"], 7: ["seven", "zeven"], 9: ["negen"] },
  ...{ 11: ["eleven"], 12: ["twaalf"], 13: ["dertien"], 14: ["fourteen"], 15: ["fifteen"], 16: ["sixteen"] },
  ...{ 18: ["eighteen"], 20: ["twintig"], 30: ["thirty"], 60: ["zestig"], 80: ["tachtig"], 90: ["ninety"] },
  ...{ 100: ["honderd"], 1e3: ["duizend", "thousand"], 1e6: ["miljoen", "million"] }
};
var WordList = class {
  constructor(words) {
    this.words = words;
    this.#places = new Map(words.map((word, place) => [word, place]));
  }
  words;
  #places;
  #candidates = new Remembered((typed) => this.#candidatesOf(typed));
  #suggestions = new Remembered((typed) => this.#suggestionsFor(typed));
  /** Whether the word is on the list; a number stands for its word. */
  has(typed) {
    return this.#place(typed) !== void 0;
  }
  /**
   * The words that a typed word may stand for: itself; else the only one it begins, and those a slip away. Without such
   * a beginning there must be only one a slip away.
   */
  candidates(typed) {
    return this.#candidates.of(typed);
  }
  #candidatesOf(typed) {
    const exact = this.#place(typed);
    if (exact !== void 0) return [{ place: exact, slip: false }];
    const begun = typed.length >= MIN_PREFIX ? this.#placesOf((word) => word.startsWith(typed)) : [];
    const slips = this.#placesOf((word) => isSlip(typed, word)).map((place) => ({ place, slip: true }));
    const [beginning, second] = begun;
    if (beginning !== void 0 && second === void 0) {
      return [{ place: beginning, slip: false }, ...slips.filter(({ place }) => place !== beginning)];
    }
    return slips.length === 1 ? slips : [];
  }
  /**
   * Every way to take the words out of what was said, likeliest first: with those fillers only that are on the list,
   * without any, and with all that may stand for a word of the list.
   */
  #takes(said) {
    const take = (isWord) => {
      const isLeftOut = (word) => isFiller(word) && !isWord(word);
      const leftOut = said.filter((word) => isLeftOut(word) && this.has(word)).length;
      return { typed: withoutNumbering(said.filter((word) => !isLeftOut(word))), leftOut };
    };
    const ways = [(word) => this.has(word), () => false, (word) => this.candidates(word).length > 0];
    return said.some(isFiller) ? ways.map(take) : ways.slice(0, 1).map(take);
  }
  /** What of a text that cannot be read is told as its words. */
  likeliest(said) {
    const takes = this.#takes(said);
    return (takes.find(mayBePassphrase) ?? takes[0])?.typed ?? [];
  }
  /** Every way to read what was said. */
  readings(said) {
    return this.#takes(said).filter(mayBePassphrase).flatMap((take) => this.#readingsOf(take));
  }
  /** Every way to read the typed words whose checksum fits; none if a word is unknown. */
  #readingsOf({ typed, leftOut }) {
    const choices = typed.map((word) => this.candidates(word));
    const ways = Math.min(MAX_WAYS, choices.reduce((product, choice) => product * choice.length, 1));
    const inexact = leftOut + typed.filter((word) => !this.has(word)).length;
    const readings = [];
    for (let way = 0; way < ways; way++) {
      const picked = pick(choices, way);
      const indices = picked.map(({ place }) => place);
      if (checksum(indices) !== ((indices.at(-1) ?? 0) & CHECKSUM_MASK)) continue;
      const slips = leftOut + picked.filter(({ slip }) => slip).length;
      readings.push({ typed, words: this.at(indices), inexact, slips });
    }
    return readings;
  }
  /** Words like a typed one, likeliest first. */
  suggestions(typed) {
    return this.#suggestions.of(typed);
  }
  #suggestionsFor(typed) {
    const start = typed.slice(0, MAX_SHOWN);
    const begins = (word) => start.length >= MIN_PREFIX - 1 && word.startsWith(start);
    const unlikeness = (word) => begins(word) || isSlip(start, word) ? 1 : edits(start, word);
    const alike = this.words.map((word) => ({ word, unlikeness: unlikeness(word) }));
    const likeliest = alike.filter((one) => one.unlikeness <= 2).sort((a, b) => a.unlikeness - b.unlikeness);
    return likeliest.slice(0, MAX_SUGGESTIONS).map(({ word }) => word);
  }
  /** The words at these places. */
  at(indices) {
    return indices.flatMap((index) => this.words[index] ?? []);
  }
  #place(typed) {
    const names = [typed, ...Object.hasOwn(NUMBERS, typed) ? NUMBERS[typed] ?? [] : []];
    return names.map((name) => this.#places.get(name)).find((place) => place !== void 0);
  }
  #placesOf(like) {
    return this.words.flatMap((word, place) => like(word) ? [place] : []);
  }
};
var Remembered = class {
  constructor(workOut) {
    this.workOut = workOut;
  }
  workOut;
  #known = /* @__PURE__ */ new Map();
  of(word) {
    const known = this.#known.get(word);
    if (known !== void 0) return known;
    if (this.#known.size >= MAX_REMEMBERED) this.#known.clear();
    const found = this.workOut(word);
    this.#known.set(word, found);
    return found;
  }
};
var Words = class _Words {
  constructor(lists) {
    this.lists = lists;
  }
  lists;
  /** From the lists as they are written, one word a line. */
  static of(...lists) {
    return new _Words(lists.map((text) => new WordList(text.trimEnd().split("\n"))));
  }
  /** The passphrase a person means: the words joined by `-`. Throws why it is none. */
  read(text) {
    const read = this.#read(saidIn(text));
    return "code" in read ? fail(read) : read.words.join("-");
  }
  /** Each typed word by itself, to be marked while the rest is typed, and what is still wrong with all of them. */
  understand(text) {
    const said = saidIn(text);
    const read = this.#read(said);
    const failure = "code" in read ? read : null;
    if (said.length > MAX_SAID) return { words: [], failure };
    const list = this.#likeliest(said);
    const typed = "code" in read ? list.likeliest(said) : read.typed;
    if (typed.length > MAX_MARKED) return { words: [], failure };
    const isOpen = /[\p{L}\p{M}\p{N}]$/u.test(text) && typed.at(-1) === said.at(-1);
    const words = typed.map((word, i) => {
      const candidates = list.candidates(word);
      const only = candidates.length === 1 ? list.at(candidates.map(({ place }) => place))[0] : void 0;
      const meant = ("code" in read ? only : read.words[i]) ?? null;
      const state = meant === word ? "exact" : candidates.length > 0 || meant ? "understood" : "unknown";
      const suggestions = state === "unknown" ? list.suggestions(word) : [];
      return { text: word.slice(0, MAX_SHOWN), state, meant, suggestions, isOpen: isOpen && i === typed.length - 1 };
    });
    return { words, failure };
  }
  /** The only reading of what was said, or why there is none. */
  #read(said) {
    if (said.length > MAX_SAID) return { code: "words_count", found: said.length };
    const readings = this.lists.flatMap((list) => list.readings(said));
    readings.sort((a, b) => a.inexact - b.inexact || a.slips - b.slips);
    const [best, ...others] = readings;
    if (!best) return this.#problem(said, false);
    return others.some((other) => isContested(best, other)) ? this.#problem(said, true) : best;
  }
  /** What is wrong with words in the list they most likely come from. If `contested`, several readings fit. */
  #problem(said, contested) {
    const list = this.#likeliest(said);
    const typed = list.likeliest(said);
    if (!isCount(typed.length)) return { code: "words_count", found: typed.length };
    const isUnknown = (word2) => list.candidates(word2).length === 0 || contested && !list.has(word2);
    const at = typed.findIndex(isUnknown);
    const word = typed[at];
    if (word === void 0) return { code: "words_checksum" };
    return { code: "words_unknown", position: at + 1, word: word.slice(0, MAX_SHOWN), suggestions: list.suggestions(word) };
  }
  /** The list that knows most of the words; of equals, the one that has most of them as they are; else the first. */
  #likeliest(said) {
    const score = (list) => {
      const typed = list.likeliest(said);
      const known = typed.filter((word) => list.candidates(word).length > 0).length;
      return known * (MAX_SAID + 1) + typed.filter((word) => list.has(word)).length;
    };
    return this.lists.reduce((best, list) => score(list) > score(best) ? list : best);
  }
};
function saidIn(text) {
  const plain = text.normalize("NFKD").replace(/[\p{M}\u00AD\u200B-\u200F\u2060\uFEFF]/gu, "");
  const said = [];
  let isIntroduced = false;
  for (const word of plain.replace(/[A-Z]/g, (c) => c.toLowerCase()).match(/[a-z]+|[0-9]+/g) ?? []) {
    isIntroduced = NAMES.has(word) || isIntroduced && ARTICLES.has(word);
    if (NAMES.has(word)) {
      if (/^[0-9]/.test(said.at(-1) ?? "")) said.pop();
      while (ARTICLES.has(said.at(-1) ?? "")) said.pop();
    } else if (!isIntroduced) {
      said.push(word);
    }
  }
  return said;
}
function isFiller(word) {
  return ARTICLES.has(word) || SIGNS.has(word);
}
function setOf(words) {
  return new Set(words.split(" "));
}
function withoutNumbering(typed) {
  const isNumbered = typed.every((word, i) => i % 2 === 1 || word === String(i / 2 + 1));
  return isNumbered ? typed.filter((_, i) => i % 2 === 1) : typed;
}
function isCount(found) {
  return found >= MIN_WORDS && found <= MAX_WORDS;
}
function mayBePassphrase({ typed }) {
  return isCount(typed.length);
}
function isContested(best, other) {
  const allBegin = ({ inexact, slips }) => inexact > 1 && slips === 0;
  const isOther = best.words.join() !== other.words.join();
  return best.inexact === other.inexact && (!allBegin(best) || allBegin(other)) && isOther;
}
function pick(choices, way) {
  return choices.flatMap((choice) => {
    const candidate = choice[way % choice.length];
    way = Math.floor(way / choice.length);
    return candidate ? [candidate] : [];
  });
}
function checksum(indices) {
  const hash = sha256.create().update(utf8("share/v1/words"));
  indices.forEach((index, i) => {
    const random2 = i + 1 === indices.length ? index & ~CHECKSUM_MASK : index;
    hash.update(Uint8Array.of(random2 >> 8, random2 & 255));
  });
  return (hash.digest()[0] ?? 0) >> 4;
}
function isSlip(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [a, b] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  if (a.length <= 1 && b.length <= 1) return a.length + b.length > 0;
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}
function edits(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 0; i < one.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < other.length; j++) {
      const replaced = (row[j] ?? 0) + (one[i] === other[j] ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}

// src/wordlists.ts
var WORDS = 2048;
async function loadWords() {
  const words = Words.of(...await Promise.all(define_WORD_LIST_NAMES_default.map(fetchText)));
  return words.lists.every((list) => list.words.length === WORDS) ? words : fail({ code: "part_missing" });
}
async function fetchText(name) {
  const response = await fetch(pageUrl(name), { credentials: "omit" }).catch(() => fail({ code: "unreachable" }));
  return response.ok ? response.text().catch(() => fail({ code: "unreachable" })) : fail({ code: "part_missing" });
}

export {
  pageUrl,
  Engine,
  save,
  canPick,
  offerBlob,
  loadWords
};
