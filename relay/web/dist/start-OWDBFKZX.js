import {
  SENDER_MS,
  arrivedOf,
  isPassing,
  readJson
} from "./chunk-MMU2RVU7.js";
import {
  JsonObject
} from "./chunk-NQ23W23I.js";
import {
  Engine,
  loadWords,
  offerBlob,
  pageUrl,
  save
} from "./chunk-OMQJI7W2.js";
import "./chunk-POEQ5JGS.js";
import {
  fail,
  failureOf,
  fromUtf8,
  printable,
  utf8
} from "./chunk-34UT2S5R.js";
import "./chunk-YQXBLTOX.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/start.ts
init_define_WORD_LIST_NAMES();

// src/view/app.ts
init_define_WORD_LIST_NAMES();

// src/repair.ts
init_define_WORD_LIST_NAMES();

// src/id.ts
init_define_WORD_LIST_NAMES();
var ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
var LENGTH = 20;
function readId(text2) {
  const plain = text2.replaceAll("-", "").replace(/[A-Z]/g, (c) => c.toLowerCase());
  const symbols = [...plain.replaceAll("o", "0").replace(/[il]/g, "1")].map((c) => ALPHABET.indexOf(c));
  if (symbols.length !== LENGTH || symbols.includes(-1) || weightedSum(symbols) !== 0) return null;
  return symbols.map((symbol) => ALPHABET[symbol]).join("");
}
function weightedSum(symbols) {
  let weight = 1;
  let sum = 0;
  for (const symbol of symbols) {
    sum ^= multiply(weight, symbol);
    weight = multiply(weight, 2);
  }
  return sum;
}
function multiply(a, b) {
  let product = 0;
  for (let bit = 4; bit >= 0; bit--) {
    product <<= 1;
    if (product & 32) product ^= 37;
    if (b >> bit & 1) product ^= a;
  }
  return product;
}

// src/link_error.ts
init_define_WORD_LIST_NAMES();

// src/repair.ts
var MAX_ENCODINGS = 3;
var OPENING = /^[ <>([{"'`*_|“”„‟‘’‚‛«»‹›]+/u;
var CLOSING = /[ <>)\]}"'`*_|“”„‟‘’‚‛«»‹›.,;:!?=…]+$/u;
var INVISIBLE = new RegExp("(?!\\p{White_Space})[\\p{Cc}\\u00AD\\u034F\\u061C\\u180E\\u200B-\\u200F\\u202A-\\u202C\\u2060-\\u206F\\uFE00-\\uFE0F\\uFEFF]", "gu");
function stripSurroundings(text2) {
  const stripped = text2.replace(OPENING, "").replace(CLOSING, "");
  return /^url:/i.test(stripped) ? stripped.slice("url:".length).replace(OPENING, "") : stripped;
}
function decodeFully(text2) {
  let decoded = text2;
  for (let i = 0; i < MAX_ENCODINGS && decoded?.includes("%"); i++) decoded = fromUtf8(percentDecode(decoded));
  return decoded;
}
function readIdSegment(segment) {
  const [id = ""] = segment.split("&", 1);
  return readId(stripSurroundings(id).replace(/[‐‑‒–—−]/gu, "-"));
}
function percentDecode(text2) {
  const bytes = utf8(text2);
  let length = 0;
  for (let i = 0; i < bytes.length; i++, length++) {
    const digits = bytes[i] === 37 ? String.fromCharCode(...bytes.subarray(i + 1, i + 3)) : "";
    const isEncoded = /^[0-9a-fA-F]{2}$/.test(digits);
    bytes[length] = isEncoded ? Number.parseInt(digits, 16) : bytes[i] ?? 0;
    if (isEncoded) i += 2;
  }
  return bytes.subarray(0, length);
}

// src/view/ask.ts
init_define_WORD_LIST_NAMES();

// src/view/contents.ts
init_define_WORD_LIST_NAMES();

// src/view/dom.ts
init_define_WORD_LIST_NAMES();
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
function paragraph(text2, attributes = {}) {
  return text2 === null ? null : element("p", attributes, text2);
}
function button(text2, press, attributes = {}) {
  return element("button", { type: "button", click: press, ...attributes }, text2);
}
function setText(target, text2) {
  if (target.textContent !== text2) target.textContent = text2;
}

// src/view/problem.ts
init_define_WORD_LIST_NAMES();
function whatHappened(texts, failure) {
  switch (failure.code) {
    case "words_wrong":
      if (failure.lockedUntil !== void 0) return texts.say("failure.words_wrong.locked", { time: texts.time(failure.lockedUntil) });
      if (failure.triesLeft !== void 0) return texts.count("failure.words_wrong.left", failure.triesLeft);
      break;
    case "locked":
      return texts.say("failure.locked", { time: texts.time(failure.until) });
    case "expired":
    case "revoked":
    case "collected":
      if (failure.at !== void 0) return texts.say(`failure.${failure.code}.at`, { time: texts.time(failure.at) });
      break;
    case "identity_unsupported":
      return texts.say("failure.identity_unsupported", { kind: texts.say(`kind.${failure.kind}`) });
    case "too_many_for_zip":
      return texts.say("failure.too_many_for_zip", { limit: texts.number(failure.limit) });
    case "too_large_for_memory":
      return texts.say("failure.too_large_for_memory", { size: texts.size(failure.bytes), limit: texts.size(failure.limit) });
  }
  return texts.say(`failure.${failure.code}`, plainValues(failure));
}
function whatToDo(texts, failure, isLocal = false) {
  const program = isLocal ? texts.say("program.local") : texts.say("program.share", { title: texts.say("command.title") });
  return texts.say(`failure.${failure.code}.hint`, { ...plainValues(failure), program });
}
function whyItWaits(texts, why) {
  return texts.say("saving.waiting", { why: whatHappened(texts, why) });
}
function waitingNotice(texts, why, more = "") {
  return element("p", { id: "waiting", class: "notice", hidden: why === null }, why && `${whyItWaits(texts, why)} ${more}`);
}
function problemBox(texts, failure, id, isLocal = false) {
  const label = element("span", { class: "hidden" }, `${texts.say("problem.label")} `);
  const what = element("p", { class: "what" }, label, whatHappened(texts, failure));
  return element("div", { class: "problem", role: "alert", id }, what, element("p", {}, whatToDo(texts, failure, isLocal)));
}
function plainValues(failure) {
  const isPlain = (field) => ["string", "number"].includes(typeof field[1]);
  return Object.fromEntries(Object.entries(failure).filter(isPlain));
}

// src/view/saving.ts
init_define_WORD_LIST_NAMES();

// src/view/rate.ts
init_define_WORD_LIST_NAMES();
var WINDOW_MS = 1e4;
var LEAST_MS = 1e3;
var Rate = class {
  #seen = [];
  /** So many bytes are there, at so many milliseconds. */
  saw(bytes, at) {
    this.#seen.push({ bytes, at });
    while (this.#seen.length > 2 && (this.#seen[1]?.at ?? at) <= at - WINDOW_MS) this.#seen.shift();
  }
  /** Bytes per second; `null` while that cannot be said. */
  get perSecond() {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (!first || !last || last.at - first.at < LEAST_MS || last.bytes <= first.bytes) return null;
    return (last.bytes - first.bytes) * 1e3 / (last.at - first.at);
  }
};

// src/view/upload.ts
init_define_WORD_LIST_NAMES();
var SAID_MS = 6e4;
var IS_OVER = /* @__PURE__ */ new Set(["expired", "revoked", "collected", "not_found", "link_damaged", "browser_too_old"]);
function isOver(failure) {
  return IS_OVER.has(failure.code);
}
function howMuch(texts, arrived) {
  const percent = percentOf(arrived);
  if (percent === null) return texts.say("uploading.amount", { size: texts.size(arrived.storedBytes) });
  return texts.say("uploading.percent", { percent: texts.number(percent) });
}
var Upload = class {
  /** `hint` says what can be done meanwhile; `over` is called when the share ends. */
  constructor(stage, arrived, hint, over) {
    this.stage = stage;
    this.arrived = arrived;
    this.hint = hint;
    this.over = over;
  }
  stage;
  arrived;
  hint;
  over;
  #isShown = false;
  #timer;
  #said = performance.now();
  /** What arrived in all, once that is all. */
  #whole = null;
  /** What has arrived; `null` once that is all. */
  get left() {
    return this.#whole === null ? this.arrived : null;
  }
  /** As it is to stand on the page, and be kept current until `stop`. */
  draw(texts) {
    this.#isShown = true;
    this.#lookSoon();
    return element("div", { id: "upload", class: "notice" }, ...this.#parts(texts));
  }
  /** It is looked after no more. */
  stop() {
    this.#isShown = false;
    clearTimeout(this.#timer);
  }
  /** So much has arrived. */
  saw(arrived) {
    this.arrived = arrived;
    const bar = document.querySelector("#upload progress");
    const amount = document.getElementById("arrived");
    if (bar) bar.value = percentOf(arrived) ?? 0;
    if (amount) setText(amount, this.#amount(this.stage.texts));
    if (performance.now() - this.#said < SAID_MS) return;
    this.#said = performance.now();
    this.stage.announce(howMuch(this.stage.texts, arrived));
  }
  #parts(texts) {
    if (this.#whole !== null) return [paragraph(texts.say("uploading.done", { size: texts.size(this.#whole) }))];
    const percent = percentOf(this.arrived);
    return [
      paragraph(texts.say("failure.not_uploaded")),
      percent === null ? null : element("progress", { max: 100, value: percent, "aria-label": texts.say("uploading.progress") }),
      element("p", { id: "arrived" }, this.#amount(texts))
    ];
  }
  #amount(texts) {
    return `${howMuch(texts, this.arrived)} ${texts.say(this.hint)}`;
  }
  #lookSoon() {
    clearTimeout(this.#timer);
    if (this.#whole === null) this.#timer = setTimeout(() => void this.#look(), SENDER_MS);
  }
  async #look() {
    const { address, engine } = this.stage;
    if (!address) return;
    try {
      const status = await engine.call("open", { relay: address.base, id: address.id });
      if (this.#isShown) this.#hear(status);
    } catch (error) {
      const failure = failureOf(error);
      if (this.#isShown && isOver(failure)) return this.over(failure);
    }
    if (this.#isShown) this.#lookSoon();
  }
  #hear(status) {
    const arrived = arrivedOf(status);
    if (arrived) return this.saw(arrived);
    const { texts } = this.stage;
    this.#whole = status.storedBytes;
    document.getElementById("upload")?.replaceChildren(...this.#parts(texts).filter((part) => part !== null));
    this.stage.announce(texts.say("uploading.done", { size: texts.size(this.#whole) }));
  }
};
function percentOf({ storedBytes, totalBytes }) {
  return totalBytes === void 0 ? null : Math.min(100, Math.floor(100 * storedBytes / Math.max(1, totalBytes)));
}

// src/view/saving.ts
var FIGURES_MS = 500;
var SAID_PERCENT = 10;
var LONGEST_TIMER_MS = 2 ** 31 - 1;
var Saving = class {
  constructor(stage, contents) {
    this.stage = stage;
    this.contents = contents;
  }
  stage;
  contents;
  isBusy = true;
  #rate = new Rate();
  #stop = new AbortController();
  #bytes = 0;
  #total = 0;
  #why = null;
  #drawn = 0;
  #said = 0;
  heading(texts) {
    return texts.say("saving.title");
  }
  body(texts) {
    const bar = element("progress", { id: "bar", max: 100, "aria-label": texts.say("saving.progress") });
    if (this.#total > 0) bar.value = this.#percent;
    return [
      bar,
      element("p", { id: "figures" }, this.#figures(texts)),
      this.#waiting(texts),
      paragraph(texts.say("saving.keep")),
      button(texts.say("saving.cancel"), () => this.#end(), { id: "cancel" })
    ];
  }
  /** Saves. To be called straight from a click. */
  async run(selection, saveAs) {
    const { engine } = this.stage;
    const deaf = engine.listen((event) => this.#hear(event));
    try {
      const saved = await save(engine, selection, saveAs, this.#stop.signal);
      if (selection === "all") this.contents.hasArrived();
      const { blob, name } = saved;
      const again = () => blob ? offerBlob(blob, name) : this.contents.save(selection, saveAs);
      this.stage.show(new Done(this.stage, this.contents, saved, again));
    } catch (error) {
      this.stage.show(this.contents.failed(failureOf(error)));
    } finally {
      deaf();
    }
  }
  #end() {
    this.#stop.abort();
    this.#showFigures();
    this.stage.announce(this.stage.texts.say("saving.stopping"));
  }
  #hear(event) {
    if (event.type === "waiting") return this.#wait(event.why);
    if (event.type !== "progress") return;
    if (this.#why && event.bytes > this.#bytes) this.#wait(null);
    [this.#bytes, this.#total] = [event.bytes, event.total];
    this.#rate.saw(event.bytes, performance.now());
    if (performance.now() - this.#drawn < FIGURES_MS && this.#bytes < this.#total) return;
    this.#drawn = performance.now();
    this.#update();
  }
  #wait(why) {
    const { texts } = this.stage;
    const isOther = why?.code !== this.#why?.code;
    this.#why = why;
    if (this.#total > 0) this.#update();
    document.getElementById("waiting")?.replaceWith(this.#waiting(texts));
    if (isOther) this.stage.announce(why ? whyItWaits(texts, why) : "");
  }
  #waiting(texts) {
    const why = this.#why;
    return waitingNotice(texts, why, why?.code === "not_uploaded" ? howMuch(texts, why) : "");
  }
  #update() {
    const { texts } = this.stage;
    const bar = document.querySelector("#bar");
    if (bar) bar.value = this.#percent;
    this.#showFigures();
    if (this.#percent < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent;
    this.stage.announce(texts.say("saving.percent", { percent: this.#percent }));
  }
  #showFigures() {
    const figures = document.getElementById("figures");
    if (figures) setText(figures, this.#figures(this.stage.texts));
  }
  get #percent() {
    return this.#total === 0 ? 100 : Math.floor(100 * this.#bytes / this.#total);
  }
  #figures(texts) {
    if (this.#stop.signal.aborted) return texts.say("saving.stopping");
    if (this.#total === 0) return texts.say("saving.start");
    const amount = texts.say("saving.amount", { done: texts.size(this.#bytes), total: texts.size(this.#total) });
    const rate = this.#rate.perSecond;
    if (rate === null || this.#why || this.#bytes === this.#total) return amount;
    const left = texts.say("saving.left", { time: texts.duration((this.#total - this.#bytes) / rate) });
    return [amount, texts.say("saving.rate", { rate: texts.size(rate) }), left].join(" · ");
  }
};
var Done = class {
  /** `saveAgain` gives it to the browser once more. */
  constructor(stage, contents, saved, saveAgain) {
    this.stage = stage;
    this.contents = contents;
    this.saved = saved;
    this.saveAgain = saveAgain;
    this.#receipt = saved.receipt;
    if (saved.receipt === "sent") this.#received(saved.again);
  }
  stage;
  contents;
  saved;
  saveAgain;
  #receipt;
  #again = null;
  /** Whether the relay no longer keeps what was given to the browser. */
  #isOver = false;
  #timer;
  #failure = null;
  #isTelling = false;
  #hasLeft = false;
  /** The sender would never know, or nothing could save it again. */
  get isBusy() {
    return this.#receipt === "failed" || this.#canConfirm && this.contents.origin.isOnlyHere;
  }
  heading(texts) {
    return texts.say(this.#isThere ? "saved.title.placed" : "saved.title");
  }
  body(texts) {
    const renamed = this.saved.renamed.map(
      ([wanted, actual]) => paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) }))
    );
    return [
      element("p", { class: "good" }, texts.say("saved.what", { size: texts.size(this.saved.bytes) })),
      paragraph(this.#where(texts)),
      this.saved.isZip ? paragraph(texts.say("saved.zip")) : null,
      ...renamed,
      paragraph(this.#missing(texts)),
      this.#canConfirm ? paragraph(texts.say("saved.have.hint")) : null,
      element("p", { id: "receipt" }, this.said(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      element(
        "div",
        { class: "buttons" },
        this.#receipt === "failed" ? button(texts.say("saved.receipt.again"), () => void this.#tell("receipt", "tell"), { class: "main", id: "tell" }) : null,
        this.#canConfirm ? button(texts.say("saved.have"), () => void this.#tell("confirm", "have"), { id: "have" }) : null,
        this.#canSaveAgain ? button(texts.say("saved.again"), this.saveAgain, { id: "save-again" }) : null,
        button(texts.say("saved.back"), () => this.stage.show(this.contents), { id: "back" })
      )
    ];
  }
  /** What the sender knows. */
  said(texts) {
    if (this.#isTelling) return texts.say("saved.receipt.telling");
    const isLocal = this.#receipt === "none" && this.contents.origin.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }
  left() {
    this.#hasLeft = true;
    clearTimeout(this.#timer);
  }
  /** Whether it is known to be where it should be. */
  get #isThere() {
    return this.saved.outcome === "placed" || this.#receipt === "received";
  }
  get #canSaveAgain() {
    return !this.#isThere && (!this.#isOver || this.saved.blob !== null);
  }
  get #canConfirm() {
    return !this.#isThere && !this.#isOver && this.#receipt !== "none";
  }
  #where(texts) {
    const { way, outcome } = this.saved;
    const name = printable(this.saved.name);
    const where = texts.say(`saved.where.${way}`);
    if (outcome === "given") return this.#isThere ? null : `${where} ${texts.say("saved.look", { name })}`;
    return way === "folder" ? where : `${where} ${texts.say("saved.name", { name })}`;
  }
  /** What to do if it is not there. */
  #missing(texts) {
    if (this.#isThere) return null;
    if (!this.#canSaveAgain) return texts.say("saved.over");
    if (!this.#again || this.#isOver) return texts.say("saved.missing");
    return texts.say("saved.missing.until", { time: texts.time(this.#again.until) });
  }
  /** The relay has the receipt. */
  #received(again) {
    if (this.saved.outcome === "placed") this.#receipt = "received";
    else this.#receipt = "sent";
    this.#again = again;
    this.#isOver = again === null;
    if (again) this.#timer = setTimeout(() => this.#end(), Math.min(1e3 * again.seconds, LONGEST_TIMER_MS));
  }
  /** The relay keeps it no longer. */
  #end() {
    this.#isOver = true;
    const focused = document.activeElement?.id;
    this.stage.redraw(focused);
    if (focused && !document.getElementById(focused)) document.getElementById("back")?.focus();
    if (!this.#canSaveAgain) this.stage.announce(this.stage.texts.say("saved.over"));
  }
  /** Tells the sender; `pressed` is the button for it. */
  async #tell(call, pressed) {
    if (this.#isTelling) return;
    [this.#isTelling, this.#failure] = [true, null];
    this.#drawn(pressed);
    try {
      const again = await this.stage.engine.call(call, null);
      if (call === "receipt") this.#received(again);
      else this.#receipt = "received";
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.#isTelling = false;
    this.#drawn(this.#failure ? pressed : this.#canConfirm ? "have" : "back");
  }
  /** Draws what has changed, with the focus on this, and has it read out. */
  #drawn(focus) {
    if (this.#hasLeft) return;
    this.stage.redraw(focus);
    this.stage.announce(this.said(this.stage.texts));
  }
};

// src/view/contents.ts
var SHOWN = 100;
var Contents = class {
  /** `arrived` is how much is there, if the sender is still uploading. */
  constructor(stage, manifest, origin, arrived) {
    this.stage = stage;
    this.manifest = manifest;
    this.origin = origin;
    const over = (failure) => {
      this.#failure = failure;
      stage.redraw(document.activeElement?.id);
    };
    this.#upload = arrived && new Upload(stage, arrived, "uploading.contents", over);
  }
  stage;
  manifest;
  origin;
  /** Entries that were chosen, by their place in the manifest. */
  #chosen = /* @__PURE__ */ new Set();
  #showsAll = false;
  #notice = "none";
  #failure = null;
  #upload;
  heading(texts) {
    return texts.say("contents.title");
  }
  body(texts) {
    const { files, bytes } = this.manifest;
    return [
      this.#failure ? problemBox(texts, this.#failure, "problem", this.origin.isLocal) : null,
      this.#upload && !(this.#failure && isOver(this.#failure)) ? this.#upload.draw(texts) : null,
      paragraph(this.said(texts), { class: "notice" }),
      ...this.#message(texts),
      element("h2", {}, texts.say("contents.files")),
      paragraph(texts.count("contents.total", files, { size: texts.size(bytes) })),
      this.#list(texts),
      this.#buttons(texts),
      this.#notice === "choose" ? paragraph(texts.say("save.none"), { class: "notice", role: "alert" }) : null
    ];
  }
  left() {
    this.#upload?.stop();
  }
  /** All of it is there, and saved. */
  hasArrived() {
    this.#upload = null;
  }
  said(texts) {
    return this.#notice === "stopped" ? texts.say("contents.stopped") : null;
  }
  /** Saving has failed; stopping it is no failure. */
  failed(failure) {
    const isStopped = failure.code === "cancelled";
    this.#notice = isStopped ? "stopped" : "none";
    this.#failure = isStopped ? null : failure;
    return this;
  }
  /** Saves. To be called straight from a click. */
  save(selection, saveAs) {
    this.#notice = "none";
    this.#failure = null;
    const saving = new Saving(this.stage, this);
    this.stage.show(saving);
    void saving.run(selection, saveAs);
  }
  #message(texts) {
    const { message } = this.manifest;
    if (message === null) return [];
    const lines = message.split("\n").map((line) => element("p", { dir: "auto" }, printable(line.replaceAll("	", "    "))));
    return [element("h2", {}, texts.say("contents.message")), element("blockquote", {}, ...lines)];
  }
  #list(texts) {
    const entries = [...this.manifest.entries.entries()].filter(([, entry]) => !entry.folder);
    if (entries.length === 0 && this.manifest.files > 0) return paragraph(texts.say("contents.many"));
    const shown = this.#showsAll ? entries : entries.slice(0, SHOWN);
    const rows = shown.map(([place, { path, size }]) => this.#row(texts, place, path, size));
    const more = () => {
      this.#showsAll = true;
      this.stage.redraw(`file-${entries[SHOWN]?.[0]}`);
    };
    const rest = shown.length < entries.length ? button(texts.say("contents.more", { count: texts.number(entries.length) }), more) : null;
    return element("div", {}, element("ul", { class: "files" }, ...rows), rest);
  }
  #row(texts, place, path, size) {
    const name = element("bdi", { class: "path" }, printable(path));
    const shownSize = element("span", { class: "size" }, texts.size(size));
    if (!this.#offersChoice) return element("li", {}, element("div", { class: "row" }, name, shownSize));
    const box = element("input", { type: "checkbox", id: `file-${place}`, checked: this.#chosen.has(place), change: () => this.#choose(place, box.checked) });
    return element("li", {}, element("label", { class: "row" }, box, name, shownSize));
  }
  /** Whether there is more than one thing to save. */
  get #offersChoice() {
    return this.manifest.kind === "tar" && this.manifest.entries.length > 1;
  }
  #choose(place, isChosen) {
    if (isChosen) this.#chosen.add(place);
    else this.#chosen.delete(place);
    const picked = document.getElementById("save-picked");
    if (picked) picked.textContent = this.#pickedText(this.stage.texts);
  }
  #pickedText(texts) {
    const { size } = this.#chosen;
    return size === 0 ? texts.say("save.picked.none") : texts.count("save.picked", size);
  }
  #buttons(texts) {
    const all = (saveAs) => () => this.save("all", saveAs);
    const isOne = this.manifest.kind === "file";
    const picked = () => {
      if (this.#chosen.size > 0) return this.save([...this.#chosen].sort((a, b) => a - b), "single");
      this.#notice = "choose";
      this.stage.redraw("save-picked");
    };
    const canPickFolder = "showDirectoryPicker" in window;
    return element(
      "div",
      { class: "buttons" },
      button(texts.say(isOne ? "save.one" : "save.all"), all("single"), { class: "main", id: "save" }),
      !isOne && canPickFolder ? button(texts.say("save.folder"), all("folder"), { id: "save-folder" }) : null,
      this.#offersChoice ? button(this.#pickedText(texts), picked, { id: "save-picked" }) : null
    );
  }
};

// src/view/key_field.ts
init_define_WORD_LIST_NAMES();
var MAX_FILE_BYTES = 1024 * 1024;
var KeyField = class {
  constructor(stage) {
    this.stage = stage;
  }
  stage;
  /** Kept as long as the field is: nothing but a person can put a file into it. */
  #chooser = element("input", { type: "file", id: "key-file" });
  #text = "";
  get id() {
    return this.#file ? "key-file" : "key";
  }
  draw(texts, problem) {
    const input = element("textarea", {
      id: "key",
      rows: 4,
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      input: () => {
        this.#text = input.value;
        this.#chooser.value = "";
      }
    });
    input.value = this.#text;
    for (const field of [input, this.#chooser]) {
      const isWrong = problem !== null && field.id === this.id;
      field.setAttribute("aria-invalid", String(isWrong));
      field.setAttribute("aria-describedby", isWrong ? `${problem} key-hint` : "key-hint");
    }
    return [
      element("label", { for: "key" }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      this.#chooser
    ];
  }
  submit(texts) {
    return texts.say("key.open");
  }
  async open(signal) {
    const file = this.#file;
    if (file && file.size > MAX_FILE_BYTES) fail({ code: "identity_invalid" });
    const identities = file ? await file.text() : this.#text;
    return this.stage.engine.call("unlock", { identities }, [], signal);
  }
  get #file() {
    return this.#chooser.files?.[0] ?? null;
  }
};

// src/view/opening.ts
init_define_WORD_LIST_NAMES();
var AGAIN_MS = 1e4;
var Checking = class {
  constructor(stage, title) {
    this.stage = stage;
    this.title = title;
    this.#deaf = stage.engine.listen((event) => {
      if (event.type !== "waiting") return;
      this.#why = event.why;
      document.getElementById("waiting")?.replaceWith(waitingNotice(stage.texts, event.why));
      stage.announce(whyItWaits(stage.texts, event.why));
    });
  }
  stage;
  title;
  #deaf;
  #why = null;
  heading(texts) {
    return texts.say(this.title);
  }
  body(texts) {
    return [waitingNotice(texts, this.#why)];
  }
  left() {
    this.#deaf();
  }
};
var Ended = class {
  constructor(stage, failure) {
    this.stage = stage;
    this.failure = failure;
    this.#passes = isPassing(failure);
    if (!this.#passes) return;
    this.#timer = setTimeout(this.#again, AGAIN_MS);
    addEventListener("online", this.#again);
  }
  stage;
  failure;
  #passes;
  #timer;
  #again = () => void this.stage.open();
  heading(texts) {
    return texts.say(isOver(this.failure) ? "problem.title" : "problem.now");
  }
  body(texts) {
    return [
      problemBox(texts, this.failure, "problem"),
      this.#passes ? paragraph(texts.say("again.itself")) : null,
      this.#passes || !isOver(this.failure) ? button(texts.say("again"), this.#again) : null
    ];
  }
  left() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }
};

// src/view/words_field.ts
init_define_WORD_LIST_NAMES();
var PAUSE_MS = 1e3;
var WordsField = class {
  constructor(stage) {
    this.stage = stage;
  }
  stage;
  id = "words";
  #text = "";
  #words = null;
  #pause;
  #input = element("textarea");
  #marks = element("ol");
  draw(texts, problem) {
    const label = element("label", { for: this.id }, texts.say("words.label"));
    const hint = element("p", { id: "words-hint", class: "hint" }, texts.say("words.hint"));
    this.#input = element("textarea", {
      ...ATTRIBUTES,
      id: this.id,
      "aria-describedby": problem === null ? "words-hint" : `${problem} words-hint`,
      "aria-invalid": String(problem !== null),
      focus: () => void this.#load().catch(() => {
      }),
      input: () => this.#typed(),
      keydown: submitOnEnter
    });
    this.#input.value = this.#text;
    this.#marks = element("ol", { class: "marks", "aria-label": texts.say("words.marks"), hidden: true });
    if (this.#text !== "") void this.#mark();
    return [label, hint, this.#input, this.#marks];
  }
  submit(texts) {
    return texts.say("words.open");
  }
  async open(signal) {
    const words = (await this.#load()).read(this.#text);
    return this.stage.engine.call("prove", { words }, [], signal);
  }
  /** The lists are fetched when somebody is about to type, and again if that did not work. */
  #load() {
    this.#words ??= loadWords().catch((error) => {
      this.#words = null;
      throw error;
    });
    return this.#words;
  }
  #typed() {
    this.#text = this.#input.value;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#announce(), PAUSE_MS);
    void this.#mark();
  }
  async #mark() {
    const marked = await this.#marked();
    const { texts } = this.stage;
    this.#marks.replaceChildren(...marked.map((word, place) => this.#markOf(texts, word, place, marked)));
    this.#marks.hidden = marked.length === 0;
  }
  /** Without what is still being typed, unless it is a word already. Nothing while the lists are not there. */
  async #marked() {
    const text2 = this.#text;
    try {
      const marked = (await this.#load()).mark(text2);
      const isTyping = /[\p{L}\p{M}]$/u.test(text2) && marked.at(-1)?.state !== "exact";
      return text2 === this.#text ? isTyping ? marked.slice(0, -1) : marked : this.#marked();
    } catch {
      return [];
    }
  }
  #markOf(texts, { text: text2, state, suggestions }, place, all) {
    const said = element("span", { class: state === "unknown" ? "state" : "hidden" }, ` ${texts.say(`words.${state}`)} `);
    const use = (word) => button(word, () => this.#replace(place, word, all), { "aria-label": texts.say("words.use", { word, typed: text2 }) });
    const maybe = suggestions.length > 0 ? element("span", {}, `${texts.say("words.maybe")} `) : null;
    return element("li", { class: state }, element("span", { class: "word" }, text2), said, maybe, ...suggestions.map(use));
  }
  #replace(place, word, all) {
    const rest = all.length === 0 ? "" : this.#unfinished(all);
    this.#text = [...all.map(({ text: text2 }, i) => i === place ? word : text2), rest].join(" ").trimEnd() + (rest ? "" : " ");
    this.#input.value = this.#text;
    this.#input.focus();
    void this.#mark();
  }
  /** What follows the marked words: the beginning of another. */
  #unfinished(all) {
    const last = /[\p{L}\p{M}]+$/u.exec(this.#text)?.[0] ?? "";
    return last.toLowerCase() === all.at(-1)?.text ? "" : last;
  }
  async #announce() {
    const marked = await this.#marked();
    const position = marked.findIndex(({ state }) => state === "unknown") + 1;
    const wrong = marked[position - 1];
    if (!wrong) return this.stage.announce("");
    const alike = wrong.suggestions.join(", ");
    const values = { position, word: wrong.text, alike };
    this.stage.announce(this.stage.texts.say(alike === "" ? "words.said" : "words.said.alike", values));
  }
};
var ATTRIBUTES = {
  rows: 2,
  autocapitalize: "off",
  autocomplete: "off",
  autocorrect: "off",
  spellcheck: "false",
  inputmode: "text",
  enterkeyhint: "go",
  required: true
};
function submitOnEnter(event) {
  const { key, isComposing } = event;
  if (key !== "Enter" || isComposing) return;
  event.preventDefault();
  event.target.form?.requestSubmit();
}

// src/view/ask.ts
var Ask = class {
  constructor(stage, kind, about) {
    this.stage = stage;
    this.kind = kind;
    this.about = about;
    this.#field = kind === "words" ? new WordsField(stage) : new KeyField(stage);
    this.#failure = "status" in about ? whatIsInTheWay(about.status) : null;
    const arrived = "status" in about ? arrivedOf(about.status) : null;
    const over = (failure) => stage.show(new Ended(stage, failure));
    this.#upload = arrived && new Upload(stage, arrived, "uploading.ask", over);
  }
  stage;
  kind;
  about;
  #field;
  /** Of a share whose sender is still uploading it. */
  #upload;
  #failure;
  #isOpening = false;
  /** Stops opening it. */
  #stop = new AbortController();
  /** Why opening it has to wait. */
  #why = null;
  #hasLeft = false;
  heading(texts) {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }
  body(texts) {
    const problem = this.#failure ? problemBox(texts, this.#failure, "problem", "file" in this.about) : null;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const stop = button(texts.say("ask.stop"), () => this.#stop.abort(), { id: "stop", hidden: this.#why === null });
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const send = (event) => {
      event.preventDefault();
      void this.#open();
    };
    const field = this.#field.draw(texts, this.#isMistyped ? "problem" : null);
    const form = element("form", { submit: send, novalidate: true }, ...field, element("div", { class: "buttons" }, submit, stop), state);
    return [...this.#details(texts), this.#upload && this.#upload.draw(texts), problem, form];
  }
  left() {
    this.#hasLeft = true;
    this.#upload?.stop();
  }
  #details(texts) {
    const who = paragraph(texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    if ("file" in this.about) return [who, paragraph(texts.say("file.local"))];
    const { expiresAt, payloadBytes, downloadsLeft, againUntil } = this.about.status;
    const canRepeat = this.kind === "words" && downloadsLeft === 0 && againUntil !== void 0;
    const facts = [
      texts.say("ask.until", { time: texts.time(expiresAt) }),
      payloadBytes === void 0 ? null : texts.say("ask.size", { size: texts.size(payloadBytes) }),
      downloadsLeft === void 0 || downloadsLeft === 0 ? null : texts.count("ask.left", downloadsLeft),
      canRepeat ? texts.say("ask.again", { time: texts.time(againUntil) }) : null
    ];
    const safe = paragraph(texts.say(this.kind === "words" ? "ask.words.safe" : "ask.keys.safe"), { class: "quiet" });
    return [who, paragraph(facts.filter((fact) => fact !== null).join(" ")), safe];
  }
  get #origin() {
    if ("file" in this.about) return { isLocal: true, isOnlyHere: false };
    const { downloadsLeft = Infinity } = this.about.status;
    return { isLocal: false, isOnlyHere: this.kind === "keys" && downloadsLeft <= 1 };
  }
  /** Whether it is what was typed that did not open it. */
  get #isMistyped() {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }
  async #open() {
    if (this.#isOpening) return;
    const { stage } = this;
    [this.#isOpening, this.#why, this.#stop] = [true, null, new AbortController()];
    this.#tell();
    const deaf = stage.engine.listen((event) => this.#hear(event));
    try {
      const manifest = await this.#field.open(this.#stop.signal);
      if (!this.#hasLeft) stage.show(new Contents(stage, manifest, this.#origin, this.#upload?.left ?? null));
    } catch (error) {
      if (!this.#hasLeft) this.#failed(failureOf(error));
    } finally {
      deaf();
    }
  }
  /** Opening has failed; stopping it is no failure. */
  #failed(failure) {
    [this.#isOpening, this.#why] = [false, null];
    const isStopped = failure.code === "cancelled";
    this.#failure = isStopped ? null : failure;
    this.stage.redraw(isStopped || this.#isMistyped ? this.#field.id : "open");
    this.stage.announce(isStopped ? whatHappened(this.stage.texts, failure) : "");
  }
  #hear(event) {
    if (event.type !== "waiting") return;
    this.#why = event.why;
    if (event.why.code === "not_uploaded") this.#upload?.saw(event.why);
    this.#tell();
  }
  #doing(texts) {
    if (!this.#isOpening) return "";
    return this.#why ? whyItWaits(texts, this.#why) : texts.say("ask.opening");
  }
  #tell() {
    const doing = this.#doing(this.stage.texts);
    const [state, stop] = [document.getElementById("opening"), document.getElementById("stop")];
    if (state) setText(state, doing);
    if (stop) stop.hidden = this.#why === null;
    this.stage.announce(doing);
  }
};
function whatIsInTheWay({ kind, lockedUntil, downloadsLeft }) {
  if (lockedUntil !== void 0) return { code: "locked", until: lockedUntil };
  return kind === "keys" && downloadsLeft === 0 ? { code: "downloads_taken" } : null;
}

// src/view/operator.ts
init_define_WORD_LIST_NAMES();
var NOBODY = { name: null, contact: null, logo: null };
var PATIENCE_MS = 5e3;
var MAX_LETTERS = 200;
var MAX_BYTES = 64 * 1024;
async function loadOperator() {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(pageUrl("operator.json"), { signal });
    const told = response.ok ? await readJson(response, MAX_BYTES, signal) : null;
    if (!(told instanceof JsonObject)) return NOBODY;
    paint("--accent-light", told.get("accent"));
    paint("--accent-dark", told.get("accent_dark"));
    return { name: text(told.get("name")), contact: text(told.get("contact")), logo: told.get("logo") === true ? pageUrl("operator-logo") : null };
  } catch {
    return NOBODY;
  }
}
function text(value) {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_LETTERS) : null;
}
function paint(property, colour) {
  if (typeof colour !== "string" || !/^#[0-9a-fA-F]{6}$/.test(colour)) return;
  document.documentElement.style.setProperty(property, colour);
}

// src/view/texts.ts
init_define_WORD_LIST_NAMES();

// src/texts/en.json
var en_default = {
  "bytes.one": "{count} byte",
  "bytes.other": "{count} bytes",
  checking: "Looking up what was sent to you…",
  "ask.title": "Someone has sent you something",
  "ask.words.who": "Only someone with the words can open it. The sender tells you the words, for example by phone.",
  "ask.keys.who": "Only someone with the right private key can open it. You need no words.",
  "ask.until": "You can get it until {time}.",
  "ask.size": "It is about {size}.",
  "ask.left.one": "It can be downloaded once more.",
  "ask.left.other": "It can be downloaded {count} more times.",
  "ask.again": "It has already been downloaded. Was that you? Then you can save it again until {time}. Was it not you? Then call the sender.",
  "ask.words.safe": "It is opened on your own device. The words never leave it, and this server cannot read what was sent.",
  "ask.keys.safe": "It is opened on your own device. Your key never leaves it, and this server cannot read what was sent.",
  "ask.opening": "Opening…",
  "ask.stop": "Stop waiting",
  "words.label": "The words",
  "words.hint": "Usually six words. Capitals and commas do not matter. Write a number as a word: seven, not 7.",
  "words.open": "Open",
  "words.marks": "The words you typed",
  "words.exact": "on the list",
  "words.understood": "understood",
  "words.unknown": "not on the list.",
  "words.maybe": "Did you mean:",
  "words.use": "Use “{word}” for “{typed}”",
  "words.said": "Word {position}, “{word}”, is not on the list.",
  "words.said.alike": "Word {position}, “{word}”, is not on the list. Did you mean: {alike}?",
  "key.label": "Your private key",
  "key.hint": "The text of your key file. It begins with AGE-SECRET-KEY-.",
  "key.file": "Or choose your key file",
  "key.open": "Open",
  "file.title": "Open the file {name}",
  "file.local": "This is a saved file on your own device. Nothing is sent to the server.",
  "local.title": "Do you have a saved .age file?",
  "local.label": "Choose the file",
  "local.hint": "It is opened here in your browser, without the internet.",
  "command.title": "Do you have the share program?",
  "command.hint": "It does the same as this page, trusts no server, and is faster with large files. Type this in a terminal:",
  "program.share": "Or use the share program: see “{title}” on this page.",
  "program.local": "Or use the age program: age --decrypt.",
  "uploading.percent": "{percent} % has arrived.",
  "uploading.amount": "Arrived so far: {size}.",
  "uploading.ask": "You need not wait for the rest: this page goes on by itself.",
  "uploading.contents": "You can save it now already: the rest is saved as it arrives.",
  "uploading.done": "All of it has arrived: {size}.",
  "uploading.progress": "How much has arrived",
  "contents.title": "What was sent to you",
  "contents.message": "Message from the sender",
  "contents.files": "Files",
  "contents.total.one": "One file, {size}",
  "contents.total.other": "{count} files, {size}",
  "contents.many": "There are too many files to list. You can save all of them together.",
  "contents.more": "Show all {count} files",
  "contents.stopped": "You stopped it. Nothing was saved.",
  "save.one": "Save the file",
  "save.all": "Save everything as one .zip",
  "save.folder": "Save everything in a folder",
  "save.picked.one": "Save the chosen file",
  "save.picked.other": "Save the {count} chosen files",
  "save.picked.none": "Save only the chosen files",
  "save.none": "First choose one or more files.",
  "saving.title": "Saving…",
  "saving.start": "Starting…",
  "saving.progress": "How much is saved",
  "saving.amount": "{done} of {total}",
  "saving.rate": "{rate} per second",
  "saving.left": "about {time} left",
  "saving.percent": "{percent} % is saved",
  "saving.keep": "Keep this page open until it is done.",
  "saving.cancel": "Stop",
  "saving.stopping": "Stopping…",
  "saving.waiting": "{why} It goes on by itself; you need not do anything.",
  "saved.title": "Sent to your downloads",
  "saved.title.placed": "Saved",
  "saved.what": "Nothing was changed on the way ({size}).",
  "saved.where.file": "It is in the place you chose.",
  "saved.where.folder": "It is in the folder you chose.",
  "saved.where.download": "Look in your browser's downloads, or in the place you choose if your browser asks for one.",
  "saved.where.memory": "Look in your browser's downloads, or in the place you choose if your browser asks for one.",
  "saved.name": "It is called {name}.",
  "saved.look": "Look for {name}.",
  "saved.missing": "Is it not there? Then save it again.",
  "saved.missing.until": "Is it not there? Then save it again. You can do so until {time}.",
  "saved.over": "The time to save it again is over.",
  "saved.have": "I have the file",
  "saved.have.hint": "Is it there? Then press “I have the file”. The sender will know, and the server need not keep it for you any longer.",
  "saved.zip": "This is one file with all the files in it. Open it to see them; on a phone, with the Files app.",
  "saved.renamed": "A file with the name {wanted} was already there. The new one is called {actual}.",
  "saved.receipt.sent": "The sender can see that it was sent to your downloads.",
  "saved.receipt.received": "The sender can now see that you received it.",
  "saved.receipt.failed": "The sender could not be told yet.",
  "saved.receipt.telling": "Telling the sender…",
  "saved.receipt.again": "Tell the sender now",
  "saved.receipt.none": "This was a part of what was sent, so the sender is not told.",
  "saved.receipt.local": "The sender is not told about files from your own device.",
  "saved.again": "Save it again",
  "saved.back": "Back to the files",
  again: "Try again",
  "again.itself": "This page tries again by itself.",
  "problem.title": "This cannot be opened",
  "problem.now": "This cannot be opened now",
  "problem.label": "There is a problem:",
  "preview.title": "Something is ready for you",
  "preview.description": "Open the link to fetch it. You need the words that the sender gives you.",
  switch: "Choose a language",
  "failure.link_damaged": "This link is damaged: a part of it is wrong or missing.",
  "failure.link_damaged.hint": "Copy the whole link from the message, or ask the sender for it again.",
  "failure.words_count": "You need 6 to 10 words. There are {found} now.",
  "failure.words_count.hint": "Type all the words the sender gave you, in the same order. Write a number as a word: seven, not 7. If you speak the words, do not say “comma” between them.",
  "failure.words_unknown": "Word {position} is not on the list: “{word}”.",
  "failure.words_unknown.hint": "Compare this word with what the sender told you.",
  "failure.words_checksum": "These words do not belong together. One word is wrong, or two words have changed places.",
  "failure.words_checksum.hint": "Compare each word with what the sender told you. This did not cost a try.",
  "failure.identity_invalid": "This is not a private key, or it is damaged.",
  "failure.identity_invalid.hint": "Copy the whole line that begins with AGE-SECRET-KEY-, or choose your key file.",
  "failure.identity_unsupported": "This page cannot use this kind of key: {kind}.",
  "failure.identity_unsupported.hint": "Use another key. {program}",
  "kind.ssh": "an ssh key",
  "kind.protected": "a key protected with a password",
  "kind.plugin": "a key that needs another program",
  "kind.post_quantum": "a post-quantum key",
  "failure.needs_words": "This opens with words, not with a key.",
  "failure.needs_words.hint": "Ask the sender for the words.",
  "failure.needs_key": "This opens with a private key, not with words.",
  "failure.needs_key.hint": "Give the private key that belongs to the public key the sender used.",
  "failure.no_identity_fits": "This key does not open it.",
  "failure.no_identity_fits.hint": "Use the private key that belongs to the public key the sender used.",
  "failure.words_wrong": "These words do not open it.",
  "failure.words_wrong.left.one": "These words do not open it. You have one try left.",
  "failure.words_wrong.left.other": "These words do not open it. You have {count} tries left.",
  "failure.words_wrong.locked": "These words do not open it, and that was the last try. It is locked until {time}.",
  "failure.words_wrong.hint": "Compare each word with what the sender told you. Do they belong to this link?",
  "failure.locked": "It is locked until {time}, because wrong words were given too often.",
  "failure.locked.hint": "Wait until then, or ask the sender to unlock it. You can leave this page open. Then press “Open” again.",
  "failure.not_uploaded": "The sender is still uploading it.",
  "failure.not_uploaded.hint": "This page tries again by itself.",
  "failure.expired": "It has expired.",
  "failure.expired.at": "It expired on {time}.",
  "failure.expired.hint": "Ask the sender to send it again.",
  "failure.revoked": "The sender has taken it back.",
  "failure.revoked.at": "The sender took it back on {time}.",
  "failure.revoked.hint": "Ask the sender to send it again.",
  "failure.collected": "It has already been downloaded. The sender allows no more downloads.",
  "failure.collected.at": "It has already been downloaded, on {time}. The sender allows no more downloads.",
  "failure.collected.hint": "Was that you? Look in your downloads. Was it not you? Call the sender at once.",
  "failure.downloads_taken": "All downloads that the sender allowed are in use.",
  "failure.downloads_taken.hint": "Is it being downloaded in another window or on another device? Stop that there, or wait until it is done, and try again. Otherwise, the place of an interrupted download is free again within a day.",
  "failure.not_found": "This server does not know this link.",
  "failure.not_found.hint": "It may have expired long ago. Ask the sender for a new link.",
  "failure.ticket_ended": "The server no longer lets this download go on.",
  "failure.ticket_ended.hint": "Perhaps it was saved again in another window. If not, save it here again.",
  "failure.unreachable": "The connection to the server is lost.",
  "failure.unreachable.hint": "Check the network connection of your device.",
  "failure.stalled": "The server or the network no longer responds.",
  "failure.stalled.hint": "Check the network connection of your device.",
  "failure.redirected": "The server points to another address. This page never follows that.",
  "failure.redirected.hint": "A login page of your network may be in between. Open another web page first, then try again.",
  "failure.content_changed": "The server now gives something else than when the download began. Nothing was saved.",
  "failure.content_changed.hint": "Save it again. If this happens again, tell the sender.",
  "failure.busy": "The server is too busy.",
  "failure.busy.hint": "Try again a little later.",
  "failure.relay_failed": "The server cannot do this now ({status}).",
  "failure.relay_failed.hint": "Try again later. If it keeps going wrong, tell whoever runs this server.",
  "failure.bad_answer": "The answer is not that of a share server ({what}).",
  "failure.bad_answer.hint": "A login page of your network may be in between. Open another web page first, then try again.",
  "failure.header_malformed": "This is not an age file, or its beginning is damaged.",
  "failure.header_malformed.hint": "Choose another file, or ask the sender to send it again.",
  "failure.header_tampered": "The beginning of the file was changed after it was locked.",
  "failure.header_tampered.hint": "Nothing was saved. Ask the sender to send it again.",
  "failure.truncated": "A part is missing at the end.",
  "failure.truncated.hint": "Nothing was saved. Try again. If it goes wrong again, ask the sender to send it again.",
  "failure.not_the_content": "What the server gives is not what was sent.",
  "failure.not_the_content.hint": "Nothing was saved. Ask the sender to send it again, and tell whoever runs this server.",
  "failure.tampered": "It is damaged, or it was changed after it was sent.",
  "failure.tampered.hint": "Nothing was saved, and you can throw away a download that your browser calls failed. Try again. If it goes wrong again, ask the sender to send it again.",
  "failure.too_much_work": "Opening this takes too much computing.",
  "failure.too_much_work.hint": "This was not made by share. Ask the sender how it was locked.",
  "failure.newer_version": "This was sent with a newer version of share.",
  "failure.newer_version.hint": "Load this page again. If that does not help, use the newest share program.",
  "failure.manifest_bad": "The list of what is in here is not right.",
  "failure.manifest_bad.hint": "Nothing was saved. Ask the sender to send it again.",
  "failure.archive_bad": "The contents are not right, near “{near}”.",
  "failure.archive_bad.hint": "Nothing was saved. Ask the sender to send it again.",
  "failure.disk_full": "There is not enough room to save it.",
  "failure.disk_full.hint": "Make room on your device, or choose another disk. Then save it again.",
  "failure.download_ended": "Your browser has stopped the download. Nothing was saved.",
  "failure.download_ended.hint": "Perhaps there is not enough room on your device, or your organisation does not allow downloads. Try again, or open the link on another device.",
  "failure.file_unreadable": "A file or folder on your device is no longer there, or cannot be read.",
  "failure.file_unreadable.hint": "Is the disk or stick still there? Choose the file, or the place to save in, again.",
  "failure.save_refused": "Your browser does not let this page save files.",
  "failure.save_refused.hint": "Try another browser. {program}",
  "failure.place_failed": "It could not be written to the place you chose. What is there is not complete.",
  "failure.place_failed.hint": "Is the disk or stick still there, and may you write to it? Or save it again in another place.",
  "failure.name_taken": "“{path}” has the same name, for this disk, as something else in this share. Nothing was saved.",
  "failure.name_taken.hint": "Save it as one .zip, or in a folder on another disk.",
  "failure.too_many_for_zip": "There are too many files for one .zip: it can hold {limit}.",
  "failure.too_many_for_zip.hint": "Save everything in a folder if your browser offers that, or use the share program.",
  "failure.not_enough_memory": "Your browser has not enough memory to open this.",
  "failure.not_enough_memory.hint": "Close other tabs and programs, then try again. Or use another device.",
  "failure.browser_too_old": "This browser is too old to open this.",
  "failure.browser_too_old.hint": "Update your browser, or use another one. {program}",
  "failure.part_missing": "A part of this page could not be loaded.",
  "failure.part_missing.hint": "Check the network connection of your device and try again. If that does not help, load this page again.",
  "failure.cancelled": "You stopped it.",
  "failure.cancelled.hint": "You can begin again.",
  "failure.too_large_for_memory": "This is too large for this browser: {size}. Here it can save at most {limit}.",
  "failure.too_large_for_memory.hint": "Open the link in another browser and not in a private window, or save fewer files at once. {program}",
  "failure.unexpected": "Something went wrong that should not happen.",
  "failure.unexpected.hint": "Load this page again. If it keeps going wrong, tell whoever runs this server: {detail}"
};

// src/texts/nl.json
var nl_default = {
  "bytes.one": "{count} byte",
  "bytes.other": "{count} bytes",
  checking: "We zoeken op wat er voor u is…",
  "ask.title": "Iemand heeft iets naar u verstuurd",
  "ask.words.who": "Alleen wie de woorden heeft, kan het openen. U krijgt de woorden van de afzender, bijvoorbeeld per telefoon.",
  "ask.keys.who": "Alleen wie de juiste privésleutel heeft, kan het openen. U hebt geen woorden nodig.",
  "ask.until": "U kunt het ophalen tot {time}.",
  "ask.size": "Het is ongeveer {size} groot.",
  "ask.left.one": "Het kan nog één keer worden opgehaald.",
  "ask.left.other": "Het kan nog {count} keer worden opgehaald.",
  "ask.again": "Het is al een keer opgehaald. Was u dat? Dan kunt u het tot {time} opnieuw opslaan. Was u dat niet? Bel dan de afzender.",
  "ask.words.safe": "Het gaat open op uw eigen apparaat. De woorden blijven daar, en deze server kan niet lezen wat er is verstuurd.",
  "ask.keys.safe": "Het gaat open op uw eigen apparaat. Uw sleutel blijft daar, en deze server kan niet lezen wat er is verstuurd.",
  "ask.opening": "Bezig met openen…",
  "ask.stop": "Niet meer wachten",
  "words.label": "De woorden",
  "words.hint": "Meestal zijn het zes woorden. Hoofdletters en komma's maken niet uit. Schrijf een getal als woord: zeven, niet 7.",
  "words.open": "Openen",
  "words.marks": "De woorden die u hebt getypt",
  "words.exact": "staat op de lijst",
  "words.understood": "begrepen",
  "words.unknown": "staat niet op de lijst.",
  "words.maybe": "Bedoelt u:",
  "words.use": "Maak “{word}” van “{typed}”",
  "words.said": "Woord {position}, “{word}”, staat niet op de lijst.",
  "words.said.alike": "Woord {position}, “{word}”, staat niet op de lijst. Bedoelt u: {alike}?",
  "key.label": "Uw privésleutel",
  "key.hint": "De tekst uit uw sleutelbestand. Die begint met AGE-SECRET-KEY-.",
  "key.file": "Of kies uw sleutelbestand",
  "key.open": "Openen",
  "file.title": "Het bestand {name} openen",
  "file.local": "Dit is een bewaard bestand op uw eigen apparaat. Er gaat niets naar de server.",
  "local.title": "Hebt u een bewaard .age-bestand?",
  "local.label": "Kies het bestand",
  "local.hint": "Het gaat hier in uw browser open, zonder internet.",
  "command.title": "Hebt u het programma share?",
  "command.hint": "Het doet hetzelfde als deze pagina, hoeft geen server te vertrouwen en is sneller bij grote bestanden. Typ dit in een terminal:",
  "program.share": "Of gebruik het programma share: zie “{title}” op deze pagina.",
  "program.local": "Of gebruik het programma age: age --decrypt.",
  "uploading.percent": "{percent} % is er al.",
  "uploading.amount": "Wat er al is: {size}.",
  "uploading.ask": "U hoeft niet op de rest te wachten: deze pagina gaat vanzelf verder.",
  "uploading.contents": "U kunt het nu al opslaan: de rest volgt vanzelf.",
  "uploading.done": "Alles is er: {size}.",
  "uploading.progress": "Hoeveel er al is",
  "contents.title": "Dit is naar u verstuurd",
  "contents.message": "Bericht van de afzender",
  "contents.files": "Bestanden",
  "contents.total.one": "Eén bestand, {size}",
  "contents.total.other": "{count} bestanden, {size}",
  "contents.many": "Het zijn te veel bestanden om te noemen. U kunt ze allemaal tegelijk opslaan.",
  "contents.more": "Toon alle {count} bestanden",
  "contents.stopped": "U hebt het gestopt. Er is niets opgeslagen.",
  "save.one": "Het bestand opslaan",
  "save.all": "Alles opslaan als één .zip",
  "save.folder": "Alles opslaan in een map",
  "save.picked.one": "Het gekozen bestand opslaan",
  "save.picked.other": "De {count} gekozen bestanden opslaan",
  "save.picked.none": "Alleen de gekozen bestanden opslaan",
  "save.none": "Kies eerst een of meer bestanden.",
  "saving.title": "Bezig met opslaan…",
  "saving.start": "Het begint…",
  "saving.progress": "Hoeveel er is opgeslagen",
  "saving.amount": "{done} van {total}",
  "saving.rate": "{rate} per seconde",
  "saving.left": "nog ongeveer {time}",
  "saving.percent": "{percent} % is opgeslagen",
  "saving.keep": "Laat deze pagina open tot het klaar is.",
  "saving.cancel": "Stoppen",
  "saving.stopping": "Bezig met stoppen…",
  "saving.waiting": "{why} Het gaat vanzelf verder; u hoeft niets te doen.",
  "saved.title": "Verstuurd naar uw downloads",
  "saved.title.placed": "Opgeslagen",
  "saved.what": "Er is onderweg niets veranderd ({size}).",
  "saved.where.file": "Het staat op de plaats die u hebt gekozen.",
  "saved.where.folder": "Het staat in de map die u hebt gekozen.",
  "saved.where.download": "Kijk bij de downloads van uw browser, of op de plaats die u kiest als uw browser daarom vraagt.",
  "saved.where.memory": "Kijk bij de downloads van uw browser, of op de plaats die u kiest als uw browser daarom vraagt.",
  "saved.name": "Het heet {name}.",
  "saved.look": "Zoek naar {name}.",
  "saved.missing": "Staat het er niet? Sla het dan opnieuw op.",
  "saved.missing.until": "Staat het er niet? Sla het dan opnieuw op. Dat kan tot {time}.",
  "saved.over": "De tijd om het opnieuw op te slaan is voorbij.",
  "saved.have": "Ik heb het bestand",
  "saved.have.hint": "Staat het er wel? Druk dan op “Ik heb het bestand”. Dan weet de afzender het, en hoeft de server het niet langer voor u te bewaren.",
  "saved.zip": "Dit is één bestand met alle bestanden erin. Open het om ze te zien; op een telefoon met de app Bestanden.",
  "saved.renamed": "Er was al een bestand met de naam {wanted}. Het nieuwe heet {actual}.",
  "saved.receipt.sent": "De afzender kan zien dat het naar uw downloads is verstuurd.",
  "saved.receipt.received": "De afzender kan nu zien dat u het hebt ontvangen.",
  "saved.receipt.failed": "De afzender kon nog geen bericht krijgen.",
  "saved.receipt.telling": "Bezig met melden aan de afzender…",
  "saved.receipt.again": "Meld het nu aan de afzender",
  "saved.receipt.none": "Dit was een deel van wat er is verstuurd. Daarom krijgt de afzender geen bericht.",
  "saved.receipt.local": "Over bestanden van uw eigen apparaat krijgt de afzender geen bericht.",
  "saved.again": "Opnieuw opslaan",
  "saved.back": "Terug naar de bestanden",
  again: "Opnieuw proberen",
  "again.itself": "Deze pagina probeert het vanzelf opnieuw.",
  "problem.title": "Dit kan niet worden geopend",
  "problem.now": "Dit kan nu niet worden geopend",
  "problem.label": "Er is een probleem:",
  "preview.title": "Er staat iets voor u klaar",
  "preview.description": "Open de link om het op te halen. U hebt de woorden nodig die u van de afzender krijgt.",
  switch: "Kies een taal",
  "failure.link_damaged": "Deze link is beschadigd: een deel is fout of ontbreekt.",
  "failure.link_damaged.hint": "Kopieer de hele link uit het bericht, of vraag de afzender de link opnieuw te versturen.",
  "failure.words_count": "U hebt 6 tot 10 woorden nodig. Er staan er nu {found}.",
  "failure.words_count.hint": "Typ alle woorden die u van de afzender hebt gekregen, in dezelfde volgorde. Schrijf een getal als woord: zeven, niet 7. Zegt u de woorden hardop, zeg er dan geen “komma” tussen.",
  "failure.words_unknown": "Woord {position} staat niet op de lijst: “{word}”.",
  "failure.words_unknown.hint": "Vergelijk dit woord met wat de afzender u heeft verteld.",
  "failure.words_checksum": "Deze woorden horen niet bij elkaar. Er is een woord fout, of er zijn twee woorden verwisseld.",
  "failure.words_checksum.hint": "Vergelijk elk woord met wat de afzender u heeft verteld. Dit heeft geen poging gekost.",
  "failure.identity_invalid": "Dit is geen privésleutel, of die is beschadigd.",
  "failure.identity_invalid.hint": "Kopieer de hele regel die begint met AGE-SECRET-KEY-, of kies uw sleutelbestand.",
  "failure.identity_unsupported": "Deze pagina kan dit soort sleutel niet gebruiken: {kind}.",
  "failure.identity_unsupported.hint": "Gebruik een andere sleutel. {program}",
  "kind.ssh": "een ssh-sleutel",
  "kind.protected": "een sleutel met een wachtwoord",
  "kind.plugin": "een sleutel die een ander programma nodig heeft",
  "kind.post_quantum": "een post-kwantumsleutel",
  "failure.needs_words": "Dit gaat open met woorden, niet met een sleutel.",
  "failure.needs_words.hint": "Vraag de afzender om de woorden.",
  "failure.needs_key": "Dit gaat open met een privésleutel, niet met woorden.",
  "failure.needs_key.hint": "Geef de privésleutel die hoort bij de openbare sleutel die de afzender heeft gebruikt.",
  "failure.no_identity_fits": "Met deze sleutel gaat het niet open.",
  "failure.no_identity_fits.hint": "Gebruik de privésleutel die hoort bij de openbare sleutel die de afzender heeft gebruikt.",
  "failure.words_wrong": "Met deze woorden gaat het niet open.",
  "failure.words_wrong.left.one": "Met deze woorden gaat het niet open. U hebt nog één poging.",
  "failure.words_wrong.left.other": "Met deze woorden gaat het niet open. U hebt nog {count} pogingen.",
  "failure.words_wrong.locked": "Met deze woorden gaat het niet open, en dat was de laatste poging. Het is op slot tot {time}.",
  "failure.words_wrong.hint": "Vergelijk elk woord met wat de afzender u heeft verteld. Horen de woorden bij deze link?",
  "failure.locked": "Het is op slot tot {time}, omdat er te vaak verkeerde woorden zijn gegeven.",
  "failure.locked.hint": "Wacht tot dan, of vraag de afzender het te ontgrendelen. U kunt deze pagina open laten. Druk daarna weer op “Openen”.",
  "failure.not_uploaded": "De afzender is nog bezig met versturen.",
  "failure.not_uploaded.hint": "Deze pagina probeert het vanzelf opnieuw.",
  "failure.expired": "Het is verlopen.",
  "failure.expired.at": "Het is verlopen op {time}.",
  "failure.expired.hint": "Vraag de afzender het opnieuw te versturen.",
  "failure.revoked": "De afzender heeft het ingetrokken.",
  "failure.revoked.at": "De afzender heeft het ingetrokken op {time}.",
  "failure.revoked.hint": "Vraag de afzender het opnieuw te versturen.",
  "failure.collected": "Het is al opgehaald. De afzender staat niet meer downloads toe.",
  "failure.collected.at": "Het is al opgehaald, op {time}. De afzender staat niet meer downloads toe.",
  "failure.collected.hint": "Was u het zelf? Kijk bij uw downloads. Was u het niet? Bel meteen de afzender.",
  "failure.downloads_taken": "Alle downloads die de afzender toestond, zijn in gebruik.",
  "failure.downloads_taken.hint": "Wordt het nu in een ander venster of op een ander apparaat opgehaald? Stop dat daar, of wacht tot het klaar is, en probeer het opnieuw. Anders komt de plaats van een afgebroken download binnen een dag vrij.",
  "failure.not_found": "Deze server kent deze link niet.",
  "failure.not_found.hint": "Misschien is het al lang verlopen. Vraag de afzender om een nieuwe link.",
  "failure.ticket_ended": "De server laat deze download niet meer verdergaan.",
  "failure.ticket_ended.hint": "Misschien is het in een ander venster opnieuw opgeslagen. Was dat niet zo, sla het dan hier opnieuw op.",
  "failure.unreachable": "De verbinding met de server is weg.",
  "failure.unreachable.hint": "Controleer de netwerkverbinding van uw apparaat.",
  "failure.stalled": "De server of het netwerk reageert niet meer.",
  "failure.stalled.hint": "Controleer de netwerkverbinding van uw apparaat.",
  "failure.redirected": "De server verwijst naar een ander adres. Deze pagina volgt dat nooit.",
  "failure.redirected.hint": "Misschien zit er een inlogpagina van uw netwerk tussen. Open eerst een andere webpagina en probeer het dan opnieuw.",
  "failure.content_changed": "De server geeft nu iets anders dan toen de download begon. Er is niets opgeslagen.",
  "failure.content_changed.hint": "Sla het opnieuw op. Gebeurt dit nog een keer, vertel het dan aan de afzender.",
  "failure.busy": "De server heeft het te druk.",
  "failure.busy.hint": "Probeer het iets later opnieuw.",
  "failure.relay_failed": "De server kan dit nu niet doen ({status}).",
  "failure.relay_failed.hint": "Probeer het later opnieuw. Blijft het misgaan, meld het dan bij de beheerder van deze server.",
  "failure.bad_answer": "Het antwoord is niet dat van een share-server ({what}).",
  "failure.bad_answer.hint": "Misschien zit er een inlogpagina van uw netwerk tussen. Open eerst een andere webpagina en probeer het dan opnieuw.",
  "failure.header_malformed": "Dit is geen age-bestand, of het begin ervan is beschadigd.",
  "failure.header_malformed.hint": "Kies een ander bestand, of vraag de afzender het opnieuw te versturen.",
  "failure.header_tampered": "Het begin van het bestand is veranderd nadat het werd versleuteld.",
  "failure.header_tampered.hint": "Er is niets opgeslagen. Vraag de afzender het opnieuw te versturen.",
  "failure.truncated": "Aan het einde ontbreekt een deel.",
  "failure.truncated.hint": "Er is niets opgeslagen. Probeer het opnieuw. Gaat het weer mis, vraag dan de afzender het opnieuw te versturen.",
  "failure.not_the_content": "Wat de server geeft, is niet wat er is verstuurd.",
  "failure.not_the_content.hint": "Er is niets opgeslagen. Vraag de afzender het opnieuw te versturen, en meld het bij de beheerder van deze server.",
  "failure.tampered": "Het is beschadigd, of het is veranderd nadat het is verstuurd.",
  "failure.tampered.hint": "Er is niets opgeslagen. Noemt uw browser een download mislukt, dan kunt u die weggooien. Probeer het opnieuw. Gaat het weer mis, vraag dan de afzender het opnieuw te versturen.",
  "failure.too_much_work": "Dit openen kost te veel rekenwerk.",
  "failure.too_much_work.hint": "Dit is niet met share gemaakt. Vraag de afzender hoe het is versleuteld.",
  "failure.newer_version": "Dit is verstuurd met een nieuwere versie van share.",
  "failure.newer_version.hint": "Laad deze pagina opnieuw. Helpt dat niet, gebruik dan het nieuwste programma share.",
  "failure.manifest_bad": "De lijst van wat hierin zit, klopt niet.",
  "failure.manifest_bad.hint": "Er is niets opgeslagen. Vraag de afzender het opnieuw te versturen.",
  "failure.archive_bad": "De inhoud klopt niet, bij “{near}”.",
  "failure.archive_bad.hint": "Er is niets opgeslagen. Vraag de afzender het opnieuw te versturen.",
  "failure.disk_full": "Er is niet genoeg ruimte om het op te slaan.",
  "failure.disk_full.hint": "Maak ruimte vrij op uw apparaat, of kies een andere schijf. Sla het dan opnieuw op.",
  "failure.download_ended": "Uw browser heeft de download gestopt. Er is niets opgeslagen.",
  "failure.download_ended.hint": "Misschien is er niet genoeg ruimte op uw apparaat, of staat uw organisatie downloads niet toe. Probeer het opnieuw, of open de link op een ander apparaat.",
  "failure.file_unreadable": "Een bestand of map op uw apparaat is er niet meer, of is niet te lezen.",
  "failure.file_unreadable.hint": "Is de schijf of stick er nog? Kies het bestand, of de plaats om op te slaan, opnieuw.",
  "failure.save_refused": "Deze pagina mag van uw browser geen bestanden opslaan.",
  "failure.save_refused.hint": "Probeer een andere browser. {program}",
  "failure.place_failed": "Het kon niet worden opgeslagen op de plaats die u hebt gekozen. Wat daar staat, is niet compleet.",
  "failure.place_failed.hint": "Is de schijf of stick er nog, en mag u erop schrijven? Of sla het opnieuw op, op een andere plaats.",
  "failure.name_taken": "“{path}” heet op deze schijf hetzelfde als iets anders in deze zending. Er is niets opgeslagen.",
  "failure.name_taken.hint": "Sla het op als één .zip, of in een map op een andere schijf.",
  "failure.too_many_for_zip": "Er zijn te veel bestanden voor één .zip: daar passen er {limit} in.",
  "failure.too_many_for_zip.hint": "Sla alles op in een map als uw browser dat aanbiedt, of gebruik het programma share.",
  "failure.not_enough_memory": "Uw browser heeft niet genoeg geheugen om dit te openen.",
  "failure.not_enough_memory.hint": "Sluit andere tabbladen en programma's en probeer het opnieuw. Of gebruik een ander apparaat.",
  "failure.browser_too_old": "Deze browser is te oud om dit te openen.",
  "failure.browser_too_old.hint": "Werk uw browser bij, of gebruik een andere browser. {program}",
  "failure.part_missing": "Een deel van deze pagina kon niet worden geladen.",
  "failure.part_missing.hint": "Controleer de netwerkverbinding van uw apparaat en probeer het opnieuw. Lukt dat niet, laad deze pagina dan opnieuw.",
  "failure.cancelled": "U hebt het gestopt.",
  "failure.cancelled.hint": "U kunt opnieuw beginnen.",
  "failure.too_large_for_memory": "Dit is te groot voor deze browser: {size}. Hier kan die hoogstens {limit} opslaan.",
  "failure.too_large_for_memory.hint": "Open de link in een andere browser en niet in een privévenster, of sla minder bestanden tegelijk op. {program}",
  "failure.unexpected": "Er ging iets mis dat niet hoort te gebeuren.",
  "failure.unexpected.hint": "Laad deze pagina opnieuw. Blijft het misgaan, meld het dan bij de beheerder van deze server: {detail}"
};

// src/view/texts.ts
var LANGUAGES = ["nl", "en"];
var SENTENCES = { nl: nl_default, en: en_default };
var LANGUAGE_NAMES = { nl: "Nederlands", en: "English" };
var SIZE_UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];
var ROUNDED_UP = 999.5;
var MINUTE = 60;
var HOUR = 3600;
function preferredLanguage(wanted) {
  for (const tag of wanted) {
    const language = LANGUAGES.find((one) => one === tag.toLowerCase().split("-", 1)[0]);
    if (language) return language;
  }
  return "en";
}
function languageName(language) {
  return LANGUAGE_NAMES[language];
}
var Texts = class {
  constructor(language) {
    this.language = language;
    this.#plurals = new Intl.PluralRules(language);
  }
  language;
  #plurals;
  /** A sentence, with values in place of `{name}`. */
  say(key, values = {}) {
    return SENTENCES[this.language][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }
  /** The form of a sentence for so many; `{count}` is the number. */
  count(key, count, values = {}) {
    const form = this.#plurals.select(count) === "one" ? "one" : "other";
    return this.say(`${key}.${form}`, { count: this.number(count), ...values });
  }
  number(value) {
    return new Intl.NumberFormat(this.language).format(value);
  }
  /** Bytes, in decimal units and three figures. */
  size(bytes) {
    if (bytes < 1e3) return this.count("bytes", bytes);
    const power = SIZE_UNITS.findIndex((_, i) => i === SIZE_UNITS.length - 1 || bytes < ROUNDED_UP * 1e3 ** (i + 1));
    const format = { style: "unit", unit: SIZE_UNITS[power] ?? "", unitDisplay: "short", maximumSignificantDigits: 3 };
    return new Intl.NumberFormat(this.language, format).format(bytes / 1e3 ** (power + 1));
  }
  /** A moment in seconds since 1970. */
  time(seconds) {
    const format = { dateStyle: "long", timeStyle: "short" };
    return new Intl.DateTimeFormat(this.language === "en" ? "en-GB" : this.language, format).format(seconds * 1e3);
  }
  /** How long something takes, in the unit that says enough. */
  duration(seconds) {
    const [unit, length] = seconds >= HOUR ? ["hour", HOUR] : seconds >= MINUTE ? ["minute", MINUTE] : ["second", 1];
    const format = { style: "unit", unit: String(unit), unitDisplay: "long" };
    return new Intl.NumberFormat(this.language, format).format(Math.max(1, Math.round(seconds / Number(length))));
  }
};

// src/view/app.ts
var App = class {
  engine = new Engine();
  texts = new Texts(preferredLanguage(navigator.languages));
  address = addressOf(location.pathname);
  /** `null` until it is known. */
  #operator = null;
  /** What is opened here. */
  #kind = "words";
  #screen = new Checking(this, "checking");
  #top = element("header");
  #main = element("main");
  #bottom = element("footer");
  /** It stays as it is whatever is drawn, or what is put into it would not be read out. */
  #live = element("div", { class: "hidden", role: "status" });
  /** The file from disk that was chosen last. */
  #file = null;
  /** Where it says why that will not open. */
  #refusal = element("div");
  /** Where the screen is drawn. */
  #place = element("div");
  /** Draws the page and asks about the share. */
  start(root) {
    root.replaceChildren(this.#top, this.#main, this.#bottom, this.#live);
    addEventListener("beforeunload", (event) => this.#screen.isBusy && event.preventDefault());
    void this.open();
    void this.#showOperator();
  }
  async open() {
    const { address } = this;
    if (!address) return this.show(new Ended(this, { code: "link_damaged" }));
    await this.#check("checking", async () => {
      const status = await this.engine.call("open", { relay: address.base, id: address.id });
      this.#kind = status.kind;
      return new Ask(this, status.kind, { status });
    });
  }
  show(screen) {
    this.#screen.left?.();
    this.#screen = screen;
    this.#draw();
    this.#main.querySelector("h1")?.focus();
    this.announce(screen.said?.(this.texts) ?? "");
  }
  redraw(focus) {
    const { texts } = this;
    const heading = element("h1", { tabindex: -1 }, this.#screen.heading(texts));
    this.#place.replaceChildren(heading, ...this.#screen.body(texts).filter((child) => child !== null));
    this.#title();
    if (focus) document.getElementById(focus)?.focus();
  }
  announce(text2) {
    setText(this.#live, text2);
  }
  /** Shows what comes of a question, unless another was asked meanwhile. */
  async #check(title, ask) {
    const checking = new Checking(this, title);
    this.show(checking);
    const next = await ask().catch((error) => new Ended(this, failureOf(error)));
    if (this.#screen === checking) this.show(next);
    else next.left?.();
  }
  #draw() {
    document.documentElement.lang = this.texts.language;
    this.#frame();
    this.#place = element("div", { class: "screen" });
    const extras = this.#screen.isBusy ? [] : [this.#localFile(), this.#command()];
    this.#main.replaceChildren(this.#place, ...extras.filter((extra) => extra !== null));
    this.redraw();
  }
  /** What stands around the screens. */
  #frame() {
    this.#top.replaceChildren(element("div", { class: "brand" }, ...this.#brand()), this.#languages());
    const contact = this.#operator?.contact ?? null;
    this.#bottom.hidden = contact === null;
    this.#bottom.replaceChildren(element("p", {}, printable(contact ?? "")));
  }
  #title() {
    document.title = `${this.#screen.heading(this.texts)} – ${printable(this.#operator?.name ?? "share")}`;
  }
  /** The share can be opened before it is known whose page this is. */
  async #showOperator() {
    this.#operator = await loadOperator();
    const focused = document.activeElement?.id;
    this.#frame();
    this.#title();
    if (focused) document.getElementById(focused)?.focus();
  }
  #languages() {
    const choices = LANGUAGES.map(
      (language) => button(languageName(language), () => this.#speak(language), {
        id: `speak-${language}`,
        lang: language,
        "aria-pressed": String(language === this.texts.language)
      })
    );
    return element("div", { class: "languages", role: "group", "aria-label": this.texts.say("switch") }, ...choices);
  }
  #brand() {
    if (!this.#operator) return [];
    const { name, logo } = this.#operator;
    const picture = logo === null ? null : element("img", { src: logo, alt: "" });
    return [picture, element("p", { class: "name" }, printable(name ?? "share"))];
  }
  #speak(language) {
    this.texts = new Texts(language);
    this.#draw();
    document.getElementById(`speak-${language}`)?.focus();
  }
  /** A saved file can always be opened, whatever became of the share. */
  #localFile() {
    const { texts } = this;
    const choose = (event) => {
      const file = event.target.files?.[0];
      if (file) void this.#openFile(file);
    };
    this.#refusal = element("div");
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    return aside(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      this.#refusal,
      element("label", { for: "local-file" }, texts.say("local.label")),
      input
    ]);
  }
  /** With an engine of its own, so that the share stays as it is, with what was typed, if the file is none to open. */
  async #openFile(file) {
    const engine = new Engine();
    this.#file = file;
    this.announce(this.texts.say("ask.opening"));
    const opened = await engine.call("openFile", { file }).catch(failureOf);
    if (this.#file !== file || this.#screen.isBusy) return engine.end();
    if ("code" in opened) {
      engine.end();
      return this.#refuse(opened);
    }
    this.engine.end();
    [this.engine, this.#kind] = [engine, "file"];
    this.show(new Ask(this, opened.kind, { file }));
  }
  #refuse(failure) {
    this.announce("");
    this.#refusal.replaceChildren(problemBox(this.texts, failure, "file-problem", true));
  }
  #command() {
    if (!this.address || this.#kind === "file") return null;
    const { base, id } = this.address;
    const option = (text2) => element("span", { class: "option" }, text2);
    const identity = this.#kind === "keys" ? [" ", option("--identity"), " key.txt"] : [];
    return aside(this.texts.say("command.title"), [
      element("p", {}, this.texts.say("command.hint")),
      element("pre", { tabindex: 0 }, `share get ${base}/s/${id}`, ...identity)
    ]);
  }
};
function aside(title, children) {
  return element("details", {}, element("summary", {}, title), ...children);
}
function addressOf(path) {
  const plain = decodeFully(path)?.split(/[?#]/, 1)[0] ?? "";
  const segment = plain.split("/").filter((part) => part !== "").at(-1);
  const id = segment === void 0 ? null : readIdSegment(segment);
  return id === null ? null : { base: pageUrl("..").replace(/\/$/, ""), id };
}

// src/start.ts
new App().start(document.getElementById("page") ?? document.body);
document.getElementById("fallback")?.remove();
