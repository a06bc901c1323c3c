import {
  LONG_PATIENCE_MS,
  SENDER_MS,
  arrivedOf,
  isPassing,
  readJson,
  withPatience
} from "./chunk-UWQ3XVPS.js";
import {
  JsonObject
} from "./chunk-NQ23W23I.js";
import {
  Engine,
  canPick,
  loadWords,
  offerBlob,
  pageUrl,
  save
} from "./chunk-ZVHK5SNJ.js";
import "./chunk-POEQ5JGS.js";
import {
  FolderNode,
  PROBLEM,
  choose,
  chosenPlaces,
  cutInTheMiddle,
  kindOf,
  previewOf,
  problemBox,
  treeOf,
  waitingNotice,
  whatHappened,
  whyItWaits
} from "./chunk-7I5CJKHU.js";
import {
  fail,
  failureOf,
  fromUtf8,
  part,
  printable,
  utf8
} from "./chunk-SKKJOJXW.js";
import {
  button,
  drawing,
  element,
  paragraph,
  setText
} from "./chunk-XZCOWYPJ.js";
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

// src/view/files.ts
init_define_WORD_LIST_NAMES();

// src/view/icons.ts
init_define_WORD_LIST_NAMES();
var SHEET = "M6 2.5h8l4 4v15H6z M14 2.5v4h4";
var PATHS = {
  document: `${SHEET} M9 11h6 M9 14h6 M9 17h4`,
  picture: "M3 5h18v14H3z M3 16l5-5 4 4 3-3 6 6 M15.5 9h.01",
  spreadsheet: "M4 4h16v16H4z M4 9.3h16 M4 14.6h16 M9.3 4v16 M14.6 4v16",
  slides: "M3 4h18v12H3z M12 16v4 M8 20h8 M7 12v-2 M11 12V8 M15 12v-3",
  text: `${SHEET} M9 10h6 M12 10v7`,
  film: "M3 5h18v14H3z M10 9l5 3-5 3z",
  sound: "M9 18V6l10-2v12 M9 18a2.5 2 0 1 1-5 0 2.5 2 0 1 1 5 0z M19 16a2.5 2 0 1 1-5 0 2.5 2 0 1 1 5 0z",
  archive: "M4 4h16v16H4z M12 4v2 M12 8v2 M12 12v2 M10 16h4v2h-4z",
  other: SHEET,
  folder: "M3 6h6l2 2.5h10V19H3z",
  chevron: "M9 6l6 6-6 6",
  check: "M4 12.5l5.5 5.5L20 6.5"
};
function icon(name) {
  const line = drawing("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round", "stroke-linecap": "round" });
  return drawing("svg", { class: `icon ${name}`, viewBox: "0 0 24 24", width: 24, height: 24, "aria-hidden": "true" }, line);
}

// src/view/files.ts
var SHOWN = 100;
var OPEN_ROWS = 40;
var FileTree = class {
  /** `isLocal`: they are in a file from disk, so that nobody sees what is looked at. */
  constructor(manifest, texts, isLocal) {
    this.isLocal = isLocal;
    this.#texts = texts;
    this.#root = treeOf(manifest.entries, texts.language);
    this.#offersChoice = manifest.kind === "tar" && manifest.entries.length > 1;
    this.#openFirst();
  }
  isLocal;
  /** Something was chosen, or no longer. */
  onChoice = () => {
  };
  /** Somebody would like to see this file before it is saved. */
  onLook = () => {
  };
  #root;
  #offersChoice;
  #open = /* @__PURE__ */ new Set();
  /** Folders of which everything is shown. */
  #whole = /* @__PURE__ */ new Set();
  #boxes = /* @__PURE__ */ new Map();
  #showsWholeNames = false;
  #status = element("p");
  #texts;
  /** The places of the chosen files in the manifest, in the order of the content. */
  get chosen() {
    return chosenPlaces(this.#root);
  }
  /** What is to be saved of it: all, as long as no file is chosen, and once every one is. */
  get selection() {
    const { files } = this.#root.chosen;
    return files === 0 || files === this.#root.total.files ? "all" : this.chosen;
  }
  /** How much is chosen. */
  said(texts) {
    const { files, bytes } = this.#root.chosen;
    return files === 0 ? texts.say("files.chosen.none") : texts.count("files.chosen", files, { size: texts.size(bytes) });
  }
  /** Draws all of it. */
  draw(texts) {
    this.#texts = texts;
    this.#boxes.clear();
    const list = element("ul", { class: "files" }, ...this.#inside(this.#root));
    const canLook = [...this.#root].some((file) => previewOf(file) !== null);
    const hint = texts.say(this.isLocal ? "preview.hint.local" : "preview.hint");
    const drawn2 = element("div", { class: "file-tree" }, this.#above(), paragraph(canLook ? hint : null, { class: "hint" }), list);
    drawn2.classList.toggle("whole-names", this.#showsWholeNames);
    this.#update();
    return drawn2;
  }
  /** What can be done with all of them. */
  #above() {
    const isLong = [...this.#root].some(({ name }) => cutInTheMiddle(name) !== null);
    if (!this.#offersChoice && !isLong) return null;
    this.#status = element("p", { id: "chosen" });
    const all = button(this.#texts.say("files.all"), () => this.#choose(this.#root, true), { id: "choose-all" });
    const none = button(this.#texts.say("files.none"), () => this.#choose(this.#root, false), { id: "choose-none" });
    const choices = this.#offersChoice ? [all, none] : [];
    return element("div", { class: "choosing" }, ...choices, isLong ? this.#wholeNames() : null, this.#offersChoice ? this.#status : null);
  }
  #wholeNames() {
    const toggle = button(
      this.#texts.say("files.whole"),
      () => {
        this.#showsWholeNames = !this.#showsWholeNames;
        toggle.setAttribute("aria-pressed", String(this.#showsWholeNames));
        toggle.closest(".file-tree")?.classList.toggle("whole-names", this.#showsWholeNames);
      },
      { id: "whole-names", "aria-pressed": String(this.#showsWholeNames) }
    );
    return toggle;
  }
  /** Of large shares folders are closed at first; one that everything is in is not. */
  #openFirst() {
    let rows = this.#root.folders.length + this.#root.files.length;
    const around = [this.#root];
    for (const parent of around) {
      const isAlone = parent.folders.length + parent.files.length === 1;
      for (const folder of parent.folders) {
        const inside = folder.folders.length + folder.files.length;
        if (!isAlone && rows + inside > OPEN_ROWS) continue;
        rows += inside;
        this.#open.add(folder);
        around.push(folder);
      }
    }
  }
  /** The rows of what is in a folder. */
  #inside(folder) {
    const nodes = [...folder.folders, ...folder.files];
    const shown2 = this.#whole.has(folder) ? nodes : nodes.slice(0, SHOWN);
    const rows = shown2.map((node) => this.#row(node));
    if (shown2.length === nodes.length) return rows;
    const showRest = () => {
      this.#whole.add(folder);
      const rest = nodes.slice(SHOWN).map((node) => this.#row(node));
      more.replaceWith(...rest);
      this.#update();
      rest[0]?.querySelector("input, button")?.focus();
    };
    const more = element("li", { class: "more" }, button(this.#texts.say("files.more", { count: this.#texts.number(nodes.length) }), showRest));
    return [...rows, more];
  }
  #row(node) {
    return node instanceof FolderNode ? this.#folder(node) : this.#file(node);
  }
  #folder(folder) {
    const { name, place, total } = folder;
    const row = element("li");
    const list = () => element("ul", {}, ...this.#inside(folder));
    const toggle = () => {
      const isOpen = !this.#open.delete(folder);
      if (isOpen) this.#open.add(folder);
      opener.setAttribute("aria-expanded", String(isOpen));
      if (isOpen) row.append(list());
      else row.querySelector("ul")?.remove();
      this.#update();
    };
    const said = element("span", { class: "file" }, fileName(name), element("span", { class: "size" }, this.#texts.count("contents.total", total.files, { size: this.#texts.size(total.bytes) })));
    const opener = element("button", { type: "button", class: "opener", id: `folder-${place}`, "aria-expanded": String(this.#open.has(folder)), click: toggle }, icon("chevron"), icon("folder"), said);
    row.append(element("div", { class: "row" }, this.#folderBox(folder), opener));
    if (this.#open.has(folder)) row.append(list());
    return row;
  }
  #folderBox(folder) {
    if (!this.#offersChoice) return null;
    const box = element("input", {
      type: "checkbox",
      id: `all-${folder.place}`,
      disabled: folder.total.files === 0,
      "aria-label": this.#texts.say("files.folder", { folder: folder.name }),
      change: () => this.#choose(folder, box.checked)
    });
    this.#boxes.set(folder, box);
    return element("label", { class: "tick" }, box);
  }
  #file(file) {
    const { name, place, size } = file;
    const kind = kindOf(name);
    const what = element("span", { class: "size" }, `${this.#texts.say(`files.kind.${kind}`)}, ${this.#texts.size(size)}`);
    const said = element("span", { class: "file" }, fileName(name), what);
    const look = previewOf(file) ? this.#lookButton(file) : null;
    if (!this.#offersChoice) return element("li", {}, element("div", { class: "row" }, element("div", { class: "pick" }, icon(kind), said), look));
    const box = element("input", { type: "checkbox", id: `file-${place}`, change: () => this.#choose([file], box.checked) });
    this.#boxes.set(file, box);
    return element("li", {}, element("div", { class: "row" }, element("label", { class: "pick" }, box, icon(kind), said), look));
  }
  #lookButton(file) {
    const look = button(this.#texts.say("preview.look"), () => this.onLook(file), { class: "look", id: `look-${file.place}` });
    look.append(element("span", { class: "hidden" }, ` ${file.name}`));
    return look;
  }
  #choose(files, isChosen) {
    for (const file of files) choose(file, isChosen);
    this.#update();
    this.onChoice();
  }
  /** Shows what is chosen, in what is drawn already. */
  #update() {
    for (const [node, box] of this.#boxes) {
      if (node instanceof FolderNode) {
        const { total, chosen } = node;
        box.checked = chosen.files > 0 && chosen.files === total.files;
        box.indeterminate = chosen.files > 0 && chosen.files < total.files;
      } else box.checked = node.isChosen;
    }
    setText(this.#status, this.said(this.#texts));
  }
};
function fileName(name) {
  const cut = cutInTheMiddle(name);
  if (!cut) return element("bdi", { class: "path" }, name);
  const [start, end] = cut;
  const shown2 = element("span", { class: "cut", "aria-hidden": "true" }, element("span", { class: "start" }, start), element("span", { class: "end" }, end));
  return element("bdi", { class: "path" }, shown2, element("span", { class: "whole" }, name));
}

// src/view/message.ts
init_define_WORD_LIST_NAMES();
function messageBox(message) {
  const lines = message.split("\n").map((line) => printable(line.replaceAll("	", "    ")));
  const paragraphs = lines.map((line) => element("p", { dir: "auto" }, ...linkify(line).map(drawn)));
  return element("blockquote", { id: "message", translate: "no" }, ...paragraphs);
}
function drawn({ text: text2, href }) {
  if (href === null) return text2;
  const attributes = { href, dir: "ltr", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" };
  return element("a", href.startsWith("tel:") ? attributes : { ...attributes, target: "_blank" }, text2);
}
function linkify(line) {
  const links = [...line.matchAll(/\S+/g)].flatMap(({ 0: token, index }) => linkIn(token, index));
  return split(line, links).flatMap((piece) => piece.href === null ? split(piece.text, phonesIn(piece.text)) : piece);
}
function split(text2, found) {
  const pieces = [];
  let from = 0;
  for (const { at, text: clicked, href } of found) {
    if (at > from) pieces.push({ text: text2.slice(from, at), href: null });
    pieces.push({ text: clicked, href });
    from = at + clicked.length;
  }
  if (from < text2.length) pieces.push({ text: text2.slice(from), href: null });
  return pieces;
}
var MAX_LINK = 2048;
var BEFORE = 16;
var PAIRS = /* @__PURE__ */ new Map([[")", "("], ["]", "["], ["}", "{"], [">", "<"]]);
function linkIn(token, at) {
  if (token.length > MAX_LINK) return [];
  const start = /^[(<[{"'“„‘«]*/.exec(token)?.[0].length ?? 0;
  let text2 = token.slice(start);
  while (endsOutside(text2)) text2 = text2.slice(0, -1);
  return isPlainLink(text2) ? [{ text: text2, href: text2, at: at + start }] : [];
}
function endsOutside(text2) {
  const last = text2.at(-1) ?? "";
  const opening = PAIRS.get(last);
  if (opening) return text2.split(last).length > text2.split(opening).length;
  return /[.,;:!?"'”’»…]/.test(last);
}
function isPlainLink(text2) {
  const [, host, port = ""] = /^https:\/\/((?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,})(:[0-9]{1,5})?(?:[/?#]|$)/i.exec(text2) ?? [];
  if (!host || !/^[!-~]+$/.test(text2) || /[\\<>"`^{|}]/.test(text2) || /(^|\.)xn--/i.test(host)) return false;
  return Number(port.slice(1)) <= 65535 && new URL(text2).hostname === host.toLowerCase();
}
var NUMBER = /(?:\+|\(0[0-9]{1,4}\)|0)(?:[ .()/\u00A0-]{0,3}[0-9])+/g;
var AREA = /^0(?:1[035]|2[0346]|3[03568]|4[0356]|5[0358]|6|7[0-9]|8[4578]|91|1[1678][0-9]|2[259][0-9]|3[124][0-9]|4[1789][0-9]|5[124679][0-9])/;
var SERVICE = /^0(?:800|90[069])/;
function phonesIn(text2) {
  return [...text2.matchAll(NUMBER)].flatMap(({ 0: number, index: at }) => {
    const [before, after] = [text2.slice(Math.max(0, at - BEFORE), at), text2.slice(at + number.length)];
    const isPart = /[\p{L}\p{N}_+@#=&%./,:-]$|[0-9][ \u00A0]$/u.test(before) || /^(?:[\p{L}\p{N}_@%]|[-.,:/ ]?[0-9])/u.test(after);
    const isAccount = /(?:^|[^\p{L}\p{N}])[a-z]{2}[0-9]{2} ?[a-z]{4} ?$/iu.test(before);
    const dialled = isPart || isAccount ? null : dialledAs(number);
    return dialled === null ? [] : [{ text: number, href: `tel:${dialled}`, at }];
  });
}
function dialledAs(number) {
  if (/^[0-9]{1,2}[-./ ][0-9]{1,2}[-./ ][0-9]{4}(?![0-9])/.test(number) || !isBracketed(number)) return null;
  const digits = number.replace("(0)", "").replace(/[^+0-9]/g, "");
  const abroad = /^(?:\+|00)([1-9][0-9]*)$/.exec(digits)?.[1];
  if (abroad === void 0) return isDutch(number.match(/[0-9]+/g) ?? []) ? digits : null;
  if (abroad.startsWith("31")) return /^[1-9][0-9]{8}$/.test(abroad.slice(2)) ? digits : null;
  return abroad.length >= 8 && abroad.length <= 15 && (number.startsWith("+") || /[^0-9]/.test(number)) ? digits : null;
}
function isDutch(groups) {
  const [first = "", ...rest] = groups;
  const { length } = groups.join("");
  const begin = AREA.exec(first)?.[0] ?? "";
  if (SERVICE.test(first)) return (first.length === 4 || rest.length === 0) && (length === 8 || length === 11);
  return begin !== "" && length === 10 && (rest.length === 0 || first === begin);
}
function isBracketed(number) {
  return /^[^()]*(?:\([0-9]+\)[^()]*)?$/.test(number);
}

// src/view/saving.ts
init_define_WORD_LIST_NAMES();

// src/wake_lock.ts
init_define_WORD_LIST_NAMES();
function keepAwake() {
  const ended = new AbortController();
  const { signal } = ended;
  const locks = navigator.wakeLock;
  const take = async () => {
    const lock = await locks?.request("screen");
    signal.addEventListener("abort", () => void lock?.release());
    if (signal.aborted) await lock?.release();
  };
  const tryTo = () => void take().catch(() => {
  });
  tryTo();
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryTo(), { signal });
  return () => ended.abort();
}

// src/view/done.ts
init_define_WORD_LIST_NAMES();

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
    const { address: address2, engine } = this.stage;
    if (!address2) return;
    try {
      const status = await engine.call("open", { relay: address2.base, id: address2.id });
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
    document.getElementById("upload")?.replaceChildren(...this.#parts(texts).filter((part2) => part2 !== null));
    this.stage.announce(texts.say("uploading.done", { size: texts.size(this.#whole) }));
  }
};
function percentOf({ storedBytes, totalBytes }) {
  return totalBytes === void 0 ? null : Math.min(100, Math.floor(100 * storedBytes / Math.max(1, totalBytes)));
}

// src/view/done.ts
var LONGEST_TIMER_MS = 2 ** 31 - 1;
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
  step = "save";
  #receipt;
  #again = null;
  /** Whether the relay no longer keeps what was given to the browser. */
  #isOver = false;
  #timer;
  #failure = null;
  #isTelling = false;
  /** The sender would never know, or nothing could save it again. */
  get isBusy() {
    return this.#receipt === "failed" || this.#canConfirm && this.contents.origin.isOnlyHere;
  }
  get isEnd() {
    return this.#isThere;
  }
  heading(texts) {
    return texts.say(this.#isThere ? "saved.title.placed" : "saved.title");
  }
  body(texts) {
    const renamed = this.saved.renamed.map(
      ([wanted, actual]) => paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) }))
    );
    return [
      element("p", { class: "good" }, texts.say("saved.what")),
      paragraph(this.#where(texts)),
      this.saved.isZip ? paragraph(texts.say("saved.zip")) : null,
      ...renamed,
      element("p", { id: "receipt" }, this.said(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      this.#receipt === "failed" ? buttons(button(texts.say("saved.receipt.again"), () => void this.#tell("receipt", "tell"), { class: "main", id: "tell" })) : null,
      ...this.#isThere ? this.#atTheEnd(texts) : this.#whetherItIsThere(texts)
    ];
  }
  /** What the sender knows. */
  said(texts) {
    if (this.#isTelling) return texts.say("saved.receipt.telling");
    const isLocal = this.#receipt === "none" && this.contents.origin.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }
  left() {
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
  #atTheEnd(texts) {
    return [this.#receipt === "failed" ? null : paragraph(texts.say("saved.close")), buttons(this.#back(texts))];
  }
  /** What the page cannot know, the person can see. */
  #whetherItIsThere(texts) {
    const have = button(texts.say("saved.have"), () => void this.#tell("confirm", "have"), { class: this.#receipt === "failed" ? "" : "main", id: "have" });
    const again = button(texts.say("saved.again"), this.saveAgain, { id: "save-again" });
    return [
      this.#canConfirm ? ending(texts.say("saved.there"), texts.say("saved.have.hint"), have) : null,
      ending(texts.say("saved.missing"), this.#missing(texts), this.#canSaveAgain ? again : null),
      buttons(this.#back(texts))
    ];
  }
  #back(texts) {
    return button(texts.say("saved.back"), () => this.stage.show(this.contents), { id: "back" });
  }
  #where(texts) {
    const { way: way2, outcome } = this.saved;
    const name = printable(this.saved.name);
    const where = texts.say(`saved.where.${way2}`);
    if (outcome === "given") return this.#isThere ? null : `${where} ${texts.say("saved.look", { name })}`;
    return way2 === "folder" ? where : `${where} ${texts.say("saved.name", { name })}`;
  }
  /** What to do if it is not there. */
  #missing(texts) {
    if (!this.#canSaveAgain) return texts.say("saved.over");
    if (!this.#again || this.#isOver) return texts.say("saved.again.hint");
    return texts.say("saved.again.until", { time: texts.time(this.#again.until) });
  }
  /** The relay has the receipt. */
  #received(again) {
    if (this.saved.outcome === "placed") this.#receipt = "received";
    else this.#receipt = "sent";
    this.#again = again;
    this.#isOver = again === null;
    if (this.#isOver) void this.#lookWhetherMoreIsAllowed();
    if (again) this.#timer = setTimeout(() => this.#end(), Math.min(1e3 * again.seconds, LONGEST_TIMER_MS));
  }
  /** The contents offer nothing that the relay would refuse. */
  async #lookWhetherMoreIsAllowed() {
    const { address: address2, engine } = this.stage;
    if (!address2) return;
    await engine.call("open", { relay: address2.base, id: address2.id }).catch((error) => {
      if (isOver(failureOf(error))) this.contents.isOver();
    });
  }
  /** The relay keeps it no longer. */
  #end() {
    this.#isOver = true;
    void this.#lookWhetherMoreIsAllowed();
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
      else this.#isReceived();
    } catch (error) {
      this.#failure = failureOf(error);
    }
    this.#isTelling = false;
    this.#drawn(this.#failure ? pressed : this.#canConfirm ? "have" : "back");
  }
  /** The person has said so, and the place in the downloads has ended. */
  #isReceived() {
    this.#receipt = "received";
    void this.#lookWhetherMoreIsAllowed();
  }
  /** Draws what has changed, with the focus on this, and has it read out. */
  #drawn(focus) {
    if (this.stage.screen !== this) return;
    this.stage.redraw(focus);
    this.stage.announce(this.said(this.stage.texts));
  }
};
function buttons(...children) {
  return element("div", { class: "buttons" }, ...children);
}
function ending(title, hint, press) {
  return element("section", { class: "ending" }, element("h2", {}, title), element("p", {}, hint), press);
}

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

// src/view/saving.ts
var FIGURES_MS = 500;
var SAID_PERCENT = 10;
var Saving = class {
  constructor(stage, contents) {
    this.stage = stage;
    this.contents = contents;
  }
  stage;
  contents;
  step = "save";
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
    const rest = keepAwake();
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
      rest();
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

// src/view/contents.ts
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
    this.#tree = new FileTree(manifest, stage.texts, origin.isLocal);
    this.#tree.onChoice = () => this.#chosen();
    this.#tree.onLook = (file) => void this.#look(file);
    this.#upload = arrived && new Upload(stage, arrived, "uploading.contents", over);
  }
  stage;
  manifest;
  origin;
  step = "look";
  #tree;
  #preview = null;
  /** Whether the relay has let go of it. */
  #isOver = false;
  #notice = "none";
  #failure = null;
  #upload;
  heading(texts) {
    return texts.say("contents.title");
  }
  body(texts) {
    const { files, bytes } = this.manifest;
    return [
      this.#sender(texts),
      this.#failure ? problemBox(texts, this.#failure, "problem", this.origin.isLocal) : null,
      this.#upload && !(this.#failure && isOver(this.#failure)) ? this.#upload.draw(texts) : null,
      paragraph(this.said(texts), { class: "notice" }),
      ...this.#message(texts),
      element("h2", {}, texts.say("contents.files")),
      paragraph(texts.count("contents.total", files, { size: texts.size(bytes) })),
      this.#list(texts),
      this.#isOver ? paragraph(texts.say("contents.over"), { class: "notice" }) : this.#actions(texts)
    ];
  }
  left() {
    this.#upload?.stop();
    this.#preview?.close();
  }
  /** All of it is there, and saved. */
  hasArrived() {
    this.#upload = null;
  }
  /** It can be saved no more. */
  isOver() {
    this.#isOver = true;
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
  /** Who sent it, as they name themselves: nobody vouches for it. */
  #sender(texts) {
    const { sender } = this.manifest;
    if (sender === null) return null;
    const name = element("strong", { dir: "auto", translate: "no" }, sender);
    return element("p", { class: "sender" }, `${texts.say("contents.sender")} `, name, " ", element("span", { class: "quiet" }, texts.say("contents.claimed")));
  }
  #message(texts) {
    const { message } = this.manifest;
    return message === null ? [] : [element("h2", {}, texts.say("contents.message")), messageBox(message)];
  }
  #list(texts) {
    const isListed = this.manifest.entries.length > 0 || this.manifest.files === 0;
    return isListed ? this.#tree.draw(texts) : paragraph(texts.say("contents.many"));
  }
  /** Shows a file before it is saved. */
  async #look(file) {
    try {
      const { Preview } = await part(import("./preview-4IQX47AQ.js"));
      this.#preview = new Preview(this.stage, file, this.manifest.kind === "file" ? null : file.place);
      await this.#preview.show();
    } catch (error) {
      this.#failure = failureOf(error);
      this.stage.redraw(`look-${file.place}`);
    }
  }
  #chosen() {
    const { texts } = this.stage;
    document.getElementById("actions")?.replaceWith(this.#actions(texts));
    this.stage.announce(this.#tree.said(texts));
  }
  /** The one thing to do: to save what was chosen, or everything as long as nothing was. */
  #actions(texts) {
    const { selection } = this.#tree;
    const isWhole = selection === "all";
    const isOne = isWhole ? this.manifest.kind === "file" : selection.length === 1;
    const offersFolder = isWhole && !isOne && canPick("folder");
    const main = isWhole ? texts.say(isOne ? "save.one" : "save.all") : texts.count("save.picked", selection.length);
    return element(
      "div",
      { id: "actions", class: "actions" },
      element(
        "div",
        { class: "buttons" },
        button(main, () => this.save(selection, "download"), { class: "main", id: isWhole ? "save" : "save-picked" }),
        offersFolder ? button(texts.say("save.folder"), () => this.save("all", "folder"), { id: "save-folder" }) : null,
        canPick("place") ? button(texts.say("save.place"), () => this.save(selection, "place"), { id: "save-place" }) : null
      ),
      this.origin.isLocal ? null : element("p", { class: "quiet" }, texts.say(isWhole ? "save.told" : "save.part")),
      offersFolder ? element("p", { class: "quiet" }, texts.say("save.folder.hint")) : null
    );
  }
};

// src/view/help.ts
init_define_WORD_LIST_NAMES();
function safety(texts, kind) {
  const { host } = location;
  const points = [texts.say(`ask.${kind}.safe`), texts.say("safe.sender"), texts.say("safe.address", { host }), texts.say(`safe.${kind}`), texts.say("safe.nothing")];
  const list = element("ul", {}, ...points.map((point) => element("li", {}, point)));
  return element("details", { class: "help" }, element("summary", {}, texts.say("safe")), list);
}

// src/view/key_field.ts
init_define_WORD_LIST_NAMES();
var MAX_FILE_BYTES = 1024 * 1024;
var KeyField = class {
  /** `changed` is called when it is another key now. */
  constructor(stage, changed) {
    this.stage = stage;
    this.changed = changed;
    this.#chooser.addEventListener("change", () => changed(null));
  }
  stage;
  changed;
  /** Kept as long as the field is: nothing but a person can put a file into it. */
  #chooser = element("input", { type: "file", id: "key-file" });
  #text = "";
  get id() {
    return this.#file ? "key-file" : "key";
  }
  draw(texts, problem, isMistyped) {
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
        this.changed(null);
      }
    });
    input.value = this.#text;
    for (const field2 of [input, this.#chooser]) {
      const isWrong = isMistyped && field2.id === this.id;
      field2.setAttribute("aria-invalid", String(isWrong));
      field2.setAttribute("aria-describedby", isWrong ? `${PROBLEM} key-hint` : "key-hint");
    }
    const isAtFile = this.id === "key-file";
    return [
      element("label", { for: "key" }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      isAtFile ? null : problem,
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      isAtFile ? problem : null,
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

// src/view/ended.ts
init_define_WORD_LIST_NAMES();
var AGAIN_MS = 1e4;
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
      this.#passes || !isOver(this.failure) ? button(texts.say("again"), this.#again, { class: "main" }) : null
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
  /** `changed` is told what is wrong with the words whenever others are typed, `null` if they fit together; `typed` is what was typed already. */
  constructor(stage, changed, typed) {
    this.stage = stage;
    this.changed = changed;
    this.#text = typed;
  }
  stage;
  changed;
  id = "words";
  #text = "";
  /** Whether these words are told to be wrong. */
  #isBlamed = false;
  #words = null;
  #pause;
  #input = element("textarea");
  #marks = element("ol");
  #fit = element("p");
  draw(texts, problem, isMistyped) {
    this.#isBlamed = isMistyped;
    const label = element("label", { for: this.id }, texts.say("words.label"));
    const hint = element("p", { id: "words-hint", class: "hint" }, texts.say("words.hint"));
    this.#input = element("textarea", {
      ...ATTRIBUTES,
      id: this.id,
      "aria-describedby": isMistyped ? `${PROBLEM} words-hint` : "words-hint",
      "aria-invalid": String(isMistyped),
      focus: () => void this.#prepare().catch(() => {
      }),
      input: () => this.#typed(),
      keydown: submitOnEnter
    });
    this.#input.value = this.#text;
    this.#marks = element("ol", { class: "marks", translate: "no", "aria-label": texts.say("words.marks"), hidden: true });
    this.#fit = element("p", { id: "words-fit", class: "fit", hidden: true });
    if (this.#text !== "") void this.#mark();
    return [label, hint, problem, this.#input, this.#marks, this.#fit];
  }
  submit(texts) {
    return texts.say("words.open");
  }
  async open(signal, notice) {
    const lists = await withPatience({ total: LONG_PATIENCE_MS, signal, notice }, () => this.#load());
    const words = lists.read(this.#text);
    return this.stage.engine.call("prove", { words }, [], signal);
  }
  /** So that opening needs nothing more of the page. Without lists there is no network, and Firefox asks for a script only once. */
  async #prepare() {
    await this.#load();
    await this.stage.engine.call("prepare", null);
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
    [this.#text, this.#isBlamed] = [this.#input.value, false];
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#announce(), PAUSE_MS);
    void this.#mark().then((understood) => understood && this.changed(understood.failure));
  }
  /** Marks what is typed, and tells what it is understood as. */
  async #mark() {
    const understood = await this.#understand();
    const { texts } = this.stage;
    const marked = shown(understood);
    this.#marks.replaceChildren(...marked.map((word, place) => this.#markOf(texts, word, place, marked)));
    this.#marks.hidden = marked.length === 0;
    const fit = this.#isBlamed ? "" : whetherTheyFit(texts, understood);
    setText(this.#fit, fit);
    this.#fit.hidden = fit === "";
    return understood;
  }
  /** What is typed by now; `null` while the lists are not there. */
  async #understand() {
    try {
      return (await this.#load()).understand(this.#text);
    } catch {
      return null;
    }
  }
  #markOf(texts, { text: text2, state, meant, suggestions }, place, all) {
    const number = element("span", { class: "number" }, `${place + 1} `);
    const arrow = element("span", { "aria-hidden": "true" }, " → ");
    const as = element("span", { class: "hidden" }, ` ${texts.say("words.understood")} `);
    const word = element("span", { class: "word" }, text2, ...meant === null || meant === text2 ? [] : [arrow, as, meant]);
    const wrong = state === "unknown" ? element("span", {}, ` ${texts.say("words.unknown")} `) : null;
    const use = (word2) => button(word2, () => this.#replace(place, word2, all), { "aria-label": texts.say("words.use", { word: word2, typed: text2 }) });
    const maybe = suggestions.length > 0 ? element("span", {}, `${texts.say("words.maybe")} `) : null;
    return element("li", { class: state }, number, word, wrong, maybe, ...suggestions.map(use));
  }
  #replace(place, word, all) {
    const rest = this.#unfinished(all);
    this.#input.value = [...all.map(({ text: text2 }, i) => i === place ? word : text2), rest].join(" ").trimEnd() + (rest ? "" : " ");
    this.#input.focus();
    this.#typed();
  }
  /** What follows the marked words: the beginning of another. */
  #unfinished(all) {
    const last = /[\p{L}\p{M}\p{N}]+$/u.exec(this.#text)?.[0] ?? "";
    return last.toLowerCase() === all.at(-1)?.text ? "" : last;
  }
  async #announce() {
    const understood = await this.#understand();
    const { texts } = this.stage;
    const marked = shown(understood);
    const position = marked.findIndex(({ state }) => state === "unknown") + 1;
    const wrong = marked[position - 1];
    if (!wrong) return this.stage.announce(whetherTheyFit(texts, understood));
    const alike = wrong.suggestions.join(", ");
    const values = { position, word: wrong.text, alike };
    this.stage.announce(texts.say(alike === "" ? "words.said" : "words.said.alike", values));
  }
};
function shown(understood) {
  if (understood === null) return [];
  return understood.words.filter(({ isOpen, state }) => !isOpen || state === "exact" || understood.failure === null);
}
function whetherTheyFit(texts, understood) {
  return understood?.failure === null ? texts.say("words.fit", { count: understood.words.length }) : "";
}
var ATTRIBUTES = {
  rows: 2,
  autocapitalize: "off",
  autocomplete: "off",
  autocorrect: "off",
  spellcheck: "false",
  writingsuggestions: "false",
  translate: "no",
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
  /** `typed` is what was typed already. */
  constructor(stage, kind, about, typed = "") {
    this.stage = stage;
    this.kind = kind;
    this.about = about;
    const changed = (now) => this.#mended(now);
    this.#field = kind === "words" ? new WordsField(stage, changed, typed) : new KeyField(stage, changed);
    if ("status" in about && about.status) this.#learn(about.status);
  }
  stage;
  kind;
  about;
  step = "open";
  #field;
  /** Of a share whose sender is still uploading it. */
  #upload = null;
  #failure = null;
  #isOpening = false;
  /** Stops opening it. */
  #stop = new AbortController();
  /** How much of the work of opening it is done, in percent, where that takes long. */
  #percent = null;
  /** Why opening it has to wait. */
  #why = null;
  /** Why it is not known yet what there is to open. */
  #whyUnknown = null;
  #deaf = () => {
  };
  /** What is opened here. */
  get opens() {
    return "file" in this.about ? "file" : this.kind;
  }
  /** The relay is being asked about the share; why that takes longer is told. */
  isLookedUp() {
    this.#deaf();
    this.#deaf = this.stage.engine.listen((event) => {
      if (event.type !== "waiting" || this.#isOpening) return;
      this.#whyUnknown = event.why;
      document.getElementById("waiting")?.replaceWith(waitingNotice(this.stage.texts, event.why));
      this.stage.announce(whyItWaits(this.stage.texts, event.why));
    });
  }
  /** The relay has told about the share. What is being typed stays as it is. */
  know(status) {
    const { stage } = this;
    this.#deaf();
    if (this.#whyUnknown) stage.announce("");
    this.#whyUnknown = null;
    this.#learn(status);
    if (this.#failure) return stage.redraw(document.activeElement?.id);
    document.getElementById("waiting")?.replaceWith(waitingNotice(stage.texts, null));
    this.drawKnown();
  }
  /** Draws what is known of the share and the server anew. */
  drawKnown() {
    document.getElementById("known")?.replaceWith(this.#known(this.stage.texts));
  }
  heading(texts) {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }
  body(texts) {
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const stop = button(texts.say("ask.stop"), () => this.#stop.abort(), { id: "stop", hidden: !this.#isSlow });
    const state = element("p", { id: "opening" }, this.#doing(texts));
    const send = (event) => {
      event.preventDefault();
      void this.#open();
    };
    const problem = this.#failure && problemBox(texts, this.#failure, PROBLEM, "file" in this.about);
    const field2 = this.#field.draw(texts, problem, this.#isMistyped);
    const form = element("form", { submit: send, novalidate: true }, ...field2, element("div", { class: "buttons" }, submit, stop), state);
    return [
      this.#who(texts),
      waitingNotice(texts, this.#whyUnknown),
      form,
      this.#known(texts),
      "file" in this.about ? null : safety(texts, this.kind)
    ];
  }
  left() {
    this.#deaf();
    this.#upload?.stop();
    if (this.#isOpening) this.#stop.abort();
  }
  #learn(status) {
    const { stage } = this;
    this.about = { status };
    this.#failure ??= whatIsInTheWay(status);
    const arrived = arrivedOf(status);
    this.#upload ??= arrived && new Upload(stage, arrived, "uploading.ask", (failure) => stage.show(new Ended(stage, failure)));
  }
  /** Who can open it, and how. */
  #who(texts) {
    const who = element("p", {}, texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    return element("div", { class: "intro" }, this.kind === "words" ? this.stage.picture : null, who);
  }
  /** What there is to know before it is opened. */
  #known(texts) {
    return element("div", { id: "known" }, this.#upload && this.#upload.draw(texts), this.#facts(texts));
  }
  #facts(texts) {
    const facts = element("dl", { class: "facts" });
    const tell = (name2, value) => facts.append(element("div", {}, element("dt", {}, name2), element("dd", {}, value)));
    if ("file" in this.about) {
      tell(texts.say("facts.from"), texts.say("file.local"));
      return facts;
    }
    const { status } = this.about;
    if (status) {
      const { expiresAt, payloadBytes, downloadsLeft, againUntil } = status;
      tell(texts.say("facts.until"), texts.time(expiresAt));
      if (payloadBytes !== void 0) tell(texts.say("facts.size"), texts.say("facts.about", { size: texts.size(payloadBytes) }));
      if (downloadsLeft) tell(texts.say("facts.left"), texts.count("facts.times", downloadsLeft));
      const canRepeat = this.kind === "words" && downloadsLeft === 0 && againUntil !== void 0;
      if (canRepeat) tell(texts.say("facts.again"), texts.say("ask.again", { time: texts.time(againUntil) }));
    }
    const { host } = location;
    const name = this.stage.operator?.name;
    tell(texts.say("facts.server"), name ? texts.say("facts.server.named", { name: printable(name), host }) : host);
    return facts;
  }
  get #origin() {
    if ("file" in this.about) return { isLocal: true, isOnlyHere: false };
    const downloadsLeft = this.about.status?.downloadsLeft ?? Infinity;
    return { isLocal: false, isOnlyHere: this.kind === "keys" && downloadsLeft <= 1 };
  }
  /** Whether it is what was typed that did not open it. */
  get #isMistyped() {
    return this.#failure !== null && /^(words|identity)_|^no_identity_fits$/.test(this.#failure.code);
  }
  /** Takes away what was said of what is typed once it no longer holds: `now` is what is wrong by now, if anything is. */
  #mended(now) {
    if (!this.#isMistyped || this.#failure === null || isSameProblem(this.#failure, now)) return;
    this.#failure = null;
    document.getElementById(PROBLEM)?.remove();
    const field2 = document.getElementById(this.#field.id);
    field2?.setAttribute("aria-invalid", "false");
    field2?.setAttribute("aria-describedby", field2.getAttribute("aria-describedby")?.replace(`${PROBLEM} `, "") ?? "");
  }
  async #open() {
    if (this.#isOpening) return;
    const { stage } = this;
    [this.#isOpening, this.#why, this.#percent, this.#stop] = [true, null, null, new AbortController()];
    this.#tell();
    const deaf = stage.engine.listen((event) => this.#hear(event));
    try {
      const manifest = await this.#field.open(this.#stop.signal, (why) => this.#hear({ type: "waiting", why }));
      this.#isOver();
      this.#failure = null;
      if (stage.screen === this) stage.show(new Contents(stage, manifest, this.#origin, this.#upload?.left ?? null));
    } catch (error) {
      this.#isOver();
      if (stage.screen === this) this.#failed(failureOf(error));
    } finally {
      deaf();
    }
  }
  #isOver() {
    [this.#isOpening, this.#why, this.#percent] = [false, null, null];
  }
  /** Opening has failed; stopping it is no failure. */
  #failed(failure) {
    const { stage } = this;
    const isStopped = failure.code === "cancelled";
    this.#failure = isStopped ? null : failure;
    stage.redraw(isStopped || this.#isMistyped ? this.#field.id : "open");
    document.getElementById(PROBLEM)?.scrollIntoView({ block: "nearest" });
    stage.announce(isStopped ? whatHappened(stage.texts, failure) : "");
  }
  #hear(event) {
    if (event.type === "opening") return this.#works(Math.floor(100 * event.share));
    if (event.type !== "waiting") return;
    this.#why = event.why;
    if (event.why.code === "not_uploaded") this.#upload?.saw(event.why);
    this.#tell();
  }
  #works(percent) {
    if (percent === this.#percent && this.#why === null) return;
    [this.#percent, this.#why] = [percent, null];
    this.#tell();
  }
  /** Whether it takes so long that somebody may want to stop it. */
  get #isSlow() {
    return this.#why !== null || this.#percent !== null;
  }
  #doing(texts) {
    if (!this.#isOpening) return "";
    if (this.#percent !== null && !this.#why) return texts.say("ask.opening.slow", { percent: this.#percent });
    return this.#why ? whyItWaits(texts, this.#why) : texts.say("ask.opening");
  }
  #tell() {
    const doing = this.#doing(this.stage.texts);
    const [state, stop] = [document.getElementById("opening"), document.getElementById("stop")];
    if (state) setText(state, doing);
    if (stop) stop.hidden = !this.#isSlow;
    this.stage.announce(this.#percent !== null && !this.#why ? this.stage.texts.say("ask.opening") : doing);
  }
};
function isSameProblem(told, now) {
  if (told.code === "words_wrong") return told.lockedUntil !== void 0;
  if (told.code === "words_unknown" && now?.code === "words_unknown") return told.position === now.position;
  if (told.code === "words_count" && now?.code === "words_count") return told.found === now.found;
  return told.code === now?.code;
}
function whatIsInTheWay({ kind, lockedUntil, downloadsLeft }) {
  if (lockedUntil !== void 0) return { code: "locked", until: lockedUntil };
  return kind === "keys" && downloadsLeft === 0 ? { code: "downloads_taken" } : null;
}

// src/view/frame.ts
init_define_WORD_LIST_NAMES();

// src/view/screen.ts
init_define_WORD_LIST_NAMES();
var STEPS = ["open", "look", "save"];

// src/view/texts.ts
init_define_WORD_LIST_NAMES();

// src/texts/en.json
var en_default = {
  "bytes.one": "{count} byte",
  "bytes.other": "{count} bytes",
  steps: "The steps",
  "step.words": "Words",
  "step.keys": "Key",
  "step.look": "Look",
  "step.save": "Save",
  "step.done": "(done)",
  "ask.title": "Someone has sent you something",
  "ask.words.who": "You need six words to open this. Did you get no words? Call the sender.",
  "ask.keys.who": "You need your own private key to open this. You need no words.",
  "ask.again": "It has already been downloaded. Was that you? Then you can save it again until {time}. Was it not you? Then call the sender at once.",
  "facts.from": "Where it is",
  "facts.until": "Available until",
  "facts.size": "Size",
  "facts.about": "about {size}",
  "facts.left": "Downloads left",
  "facts.times.one": "one",
  "facts.times.other": "{count}",
  "facts.again": "Already downloaded",
  "facts.server": "Server",
  "facts.server.named": "{name} ({host})",
  "ask.words.safe": "It is opened on your own device. The words never leave it, and this server cannot read what was sent.",
  "ask.keys.safe": "It is opened on your own device. Your key never leaves it, and this server cannot read what was sent.",
  safe: "Is this safe?",
  "safe.sender": "Do you not know the sender, or did you expect nothing? Call the sender before you go on. Use a number that you looked up yourself, not one from the message.",
  "safe.address": "This page is at {host}. You can see that in the address bar at the top, too. If it is not what the sender says, type nothing here.",
  "safe.words": "Type the words on this page only. Nobody else needs them, not even a help desk.",
  "safe.keys": "Use your key on this page only. Nobody else needs it, not even a help desk.",
  "safe.nothing": "Opening this page changes nothing. The sender sees something only when you save files, or when wrong words were given.",
  "ask.opening": "Opening…",
  "ask.stop": "Stop waiting",
  "ask.opening.slow": "Opening… {percent} % is done. This takes some minutes in this browser, because it runs programs slowly.",
  "words.label": "The words",
  "words.hint": "Capitals and commas do not matter. You can also speak or paste the words.",
  "words.open": "Open",
  "words.marks": "The words you typed",
  "words.understood": "understood as",
  "words.unknown": "is not right.",
  "words.maybe": "Did you mean:",
  "words.use": "Use “{word}” for “{typed}”",
  "words.said": "Word {position}, “{word}”, is not right. Check how you typed it.",
  "words.said.alike": "Word {position}, “{word}”, is not right. Did you mean: {alike}?",
  "words.fit": "These {count} words fit together.",
  "key.label": "Your private key",
  "key.hint": "The text of your key file. It begins with AGE-SECRET-KEY-.",
  "key.file": "Or choose your key file",
  "key.open": "Open",
  "file.title": "Open the file {name}",
  "file.local": "A saved file on your own device. Nothing is sent to the server.",
  "local.title": "Open a saved .age file",
  "local.label": "Choose the file",
  "local.hint": "It is opened here in your browser, without the internet.",
  other: "Other ways",
  "command.title": "With the share program",
  "command.hint": "It does the same as this page, trusts no server, and is faster with large files. Type this in a terminal:",
  "program.share": "Or use the share program: see “{title}” on this page.",
  "program.local": "Or use the age program: age --decrypt.",
  "uploading.percent": "{percent} % has arrived.",
  "uploading.amount": "Arrived so far: {size}.",
  "uploading.ask": "You don't have to wait for the rest. This page goes on by itself.",
  "uploading.contents": "You can already save it. The rest is saved as it arrives.",
  "uploading.done": "All of it has arrived: {size}.",
  "uploading.progress": "How much has arrived",
  "contents.title": "What was sent to you",
  "contents.message": "Message from the sender",
  "contents.files": "Files",
  "contents.total.one": "One file, {size}",
  "contents.total.other": "{count} files, {size}",
  "contents.many": "There are too many files to list. You can save all of them together.",
  "contents.stopped": "You stopped it. Nothing was saved.",
  "contents.sender": "From:",
  "contents.claimed": "(as the sender calls themselves)",
  "contents.over": "This has been downloaded. It cannot be saved again. Have you lost it? Ask the sender to send it again.",
  "save.one": "Save the file",
  "save.all": "Save everything",
  "save.folder": "Save in a folder",
  "save.picked.one": "Save the chosen file",
  "save.picked.other": "Save the {count} chosen files",
  "save.place": "Choose a place yourself",
  "save.folder.hint": "Do you want a folder? Then choose or make one inside your downloads: browsers do not give out the downloads folder itself.",
  "files.all": "Choose all",
  "files.none": "Choose none",
  "files.chosen.none": "Nothing is chosen yet.",
  "files.chosen.one": "1 file chosen, {size}",
  "files.chosen.other": "{count} files chosen, {size}",
  "files.folder": "Choose everything in {folder}",
  "files.more": "Show all {count}",
  "files.whole": "Show whole names",
  "files.kind.document": "document",
  "files.kind.picture": "picture",
  "files.kind.spreadsheet": "spreadsheet",
  "files.kind.slides": "presentation",
  "files.kind.text": "text",
  "files.kind.film": "video",
  "files.kind.sound": "sound",
  "files.kind.archive": "packed files",
  "files.kind.other": "file",
  "preview.look": "View",
  "preview.hint": "With “View” you see a file without saving it. The sender can then see that downloading has begun, and not that you have the file.",
  "preview.hint.local": "With “View” you see a file without saving it.",
  "preview.loading": "Getting it…",
  "preview.unsaved": "This is only to look at. The file is not saved by it.",
  "preview.cut": "Only the beginning is shown. Save the file to see all of it.",
  "preview.unknown": "This file cannot be shown here. Save it to open it.",
  "preview.close": "Close",
  "other.title": "Open on another device",
  "other.hint": "Point the camera of your phone or tablet at this code, or type the address there. There too you need the words.",
  "other.keys": "Point the camera of your phone or tablet at this code, or type the address there. There too you need your private key.",
  "save.zip": "You get one .zip file with everything in it.",
  "save.told": "As soon as you save everything, the sender sees it.",
  "save.part": "If you save a part, the sender only sees that you have begun.",
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
  "saved.what": "Done. Nothing was changed on the way.",
  "saved.where.file": "It is in the place you chose.",
  "saved.where.folder": "It is in the folder you chose.",
  "saved.where.download": "Look in your browser's downloads, or in the place you choose if your browser asks for one.",
  "saved.where.memory": "Look in your browser's downloads, or in the place you choose if your browser asks for one.",
  "saved.name": "It is called {name}.",
  "saved.look": "Look for {name}.",
  "saved.missing": "Is it not there?",
  "saved.again.hint": "Then save it again.",
  "saved.again.until": "Then save it again. You can do so until {time}.",
  "saved.there": "Is it there?",
  "saved.over": "The time to save it again is over. Ask the sender to send it again.",
  "saved.have": "I have the file",
  "saved.have.hint": "Then the sender knows that you have it, and the server need not keep it for you any longer.",
  "saved.zip": "This is one file with all the files in it. Open it to see them; on a phone, with the Files app.",
  "saved.renamed": "A file with the name {wanted} was already there. The new one is called {actual}.",
  "saved.receipt.sent": "The sender can see that it was sent to your downloads.",
  "saved.receipt.received": "The sender can now see that you received it.",
  "saved.receipt.failed": "The sender could not be told yet.",
  "saved.receipt.telling": "Telling the sender…",
  "saved.receipt.again": "Tell the sender now",
  "saved.receipt.none": "This was a part of what was sent, so the sender is not told.",
  "saved.receipt.local": "The sender is not told about files from your own device.",
  "saved.close": "You can close this page now.",
  "saved.again": "Save it again",
  "saved.back": "Back to the files",
  again: "Try again",
  "again.itself": "This page tries again by itself.",
  "problem.title": "This cannot be opened",
  "problem.now": "This cannot be opened now",
  "problem.label": "There is a problem:",
  "preview.title": "Something is ready for you",
  "preview.description": "Open the link to fetch it. You need the words that the sender gives you.",
  "foot.privacy": "Privacy",
  "foot.accessibility": "Accessibility",
  "foot.abuse": "Report misuse",
  switch: "Choose a language",
  "failure.link_damaged": "This link is damaged: a part of it is wrong or missing.",
  "failure.link_damaged.hint": "Copy the whole link from the message, or ask the sender for it again.",
  "failure.words_count": "Fill in the words.",
  "failure.words_count.one": "You have filled in 1 word. Usually there are 6.",
  "failure.words_count.other": "You have filled in {count} words. Usually there are 6.",
  "failure.words_count.hint": "Type all the words that the sender gave you, in the same order.",
  "failure.words_unknown": "Word {position} is not right. Check how you typed it.",
  "failure.words_unknown.hint": "You typed “{word}”. Is that what the sender told you?",
  "failure.words_checksum": "One word is not right, or the order is different.",
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
  "failure.words_wrong.locked": "These words do not open it, and that was the last try. You can try again from {time}.",
  "failure.words_wrong.hint": "Compare each word with what the sender told you. Do they belong to this link?",
  "failure.locked": "It is locked, because wrong words were given too often. You can try again from {time}.",
  "failure.locked.hint": "Or ask the sender to unlock it. You can leave this page open. Then press “Open” again.",
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
  "failure.downloads_taken": "It cannot be downloaded once more just now.",
  "failure.downloads_taken.hint": "Is it being downloaded in another window or on another device? Stop that there, or wait until it is done, and try again. Was a download interrupted? Then it can be downloaded again within a day.",
  "failure.not_found": "This server does not know this link.",
  "failure.not_found.hint": "It may have expired long ago. Ask the sender for a new link.",
  "failure.ticket_ended": "The server no longer gives this out here.",
  "failure.ticket_ended.hint": "Perhaps it was saved again in another window. If not, save it here again.",
  "failure.unreachable": "The connection to the server is lost.",
  "failure.unreachable.hint": "Check the network connection of your device.",
  "failure.stalled": "The server or the network no longer responds.",
  "failure.stalled.hint": "Check the network connection of your device.",
  "failure.redirected": "The server points to another address. This page never follows that.",
  "failure.redirected.hint": "A login page of your network may be in between. Open another web page first, then try again.",
  "failure.content_changed": "The server now gives something different from what it gave when the download began. Nothing was saved.",
  "failure.content_changed.hint": "Save it again. If this happens again, tell the sender.",
  "failure.busy": "The server is too busy.",
  "failure.busy.hint": "Try again a little later.",
  "failure.relay_failed": "The server cannot do this now ({status}).",
  "failure.relay_failed.hint": "Try again later. If it keeps going wrong, tell whoever runs this server.",
  "failure.bad_answer": "We are not getting a proper answer from the server.",
  "failure.bad_answer.hint": "A login page of your network may be in between. Open another web page first, then try again. If somebody asks for a code: {what}.",
  "failure.header_malformed": "This is not an age file, or its beginning is damaged.",
  "failure.header_malformed.hint": "Choose another file, or ask the sender to send it again.",
  "failure.header_tampered": "The beginning of the file was changed after it was locked.",
  "failure.header_tampered.hint": "Nothing was saved. Ask the sender to send it again.",
  "failure.truncated": "A part is missing at the end.",
  "failure.truncated.hint": "Nothing was saved. Try again. If it goes wrong again, ask the sender to send it again.",
  "failure.not_the_content": "What the server gives is something different from what was sent.",
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
  "failure.place_forbidden": "Your browser does not let this page save in that place. Nothing was saved.",
  "failure.place_forbidden.hint": "Perhaps your organisation does not allow it. Choose another place, or save it as an ordinary download.",
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
  steps: "De stappen",
  "step.words": "Woorden",
  "step.keys": "Sleutel",
  "step.look": "Bekijken",
  "step.save": "Opslaan",
  "step.done": "(klaar)",
  "ask.title": "Iemand heeft iets naar u verstuurd",
  "ask.words.who": "U hebt zes woorden nodig om dit te openen. Geen woorden gekregen? Bel de afzender.",
  "ask.keys.who": "U hebt uw eigen privésleutel nodig om dit te openen. U hebt geen woorden nodig.",
  "ask.again": "Het is al een keer opgehaald. Was u dat? Dan kunt u het tot {time} opnieuw opslaan. Was u dat niet? Bel dan meteen de afzender.",
  "facts.from": "Waar het staat",
  "facts.until": "Op te halen tot",
  "facts.size": "Grootte",
  "facts.about": "ongeveer {size}",
  "facts.left": "Nog op te halen",
  "facts.times.one": "één keer",
  "facts.times.other": "{count} keer",
  "facts.again": "Al opgehaald",
  "facts.server": "Server",
  "facts.server.named": "{name} ({host})",
  "ask.words.safe": "Het gaat open op uw eigen apparaat. De woorden blijven daar. Deze server kan niet lezen wat er is verstuurd.",
  "ask.keys.safe": "Het gaat open op uw eigen apparaat. Uw sleutel blijft daar. Deze server kan niet lezen wat er is verstuurd.",
  safe: "Is dit veilig?",
  "safe.sender": "Kent u de afzender niet, of verwachtte u niets? Bel de afzender voordat u verdergaat. Gebruik een nummer dat u zelf hebt opgezocht, niet een nummer uit het bericht.",
  "safe.address": "Deze pagina staat op {host}. Dat ziet u ook in de adresbalk bovenin. Klopt dat niet met wat de afzender zegt, typ hier dan niets.",
  "safe.words": "Typ de woorden alleen op deze pagina. Niemand anders heeft ze nodig, ook een helpdesk niet.",
  "safe.keys": "Gebruik uw sleutel alleen op deze pagina. Niemand anders heeft die nodig, ook een helpdesk niet.",
  "safe.nothing": "Deze pagina openen verandert niets. De afzender ziet pas iets als u bestanden opslaat, of als er verkeerde woorden zijn gegeven.",
  "ask.opening": "Bezig met openen…",
  "ask.stop": "Niet meer wachten",
  "ask.opening.slow": "Bezig met openen… {percent} % is klaar. In deze browser duurt dat een paar minuten, omdat hij programma’s langzaam uitvoert.",
  "words.label": "De woorden",
  "words.hint": "Hoofdletters en komma's maken niet uit. U mag de woorden ook inspreken of plakken.",
  "words.open": "Openen",
  "words.marks": "De woorden die u hebt ingevuld",
  "words.understood": "begrepen als",
  "words.unknown": "klopt niet.",
  "words.maybe": "Bedoelt u:",
  "words.use": "Maak “{word}” van “{typed}”",
  "words.said": "Woord {position}, “{word}”, klopt niet. Kijk of u het goed hebt getypt.",
  "words.said.alike": "Woord {position}, “{word}”, klopt niet. Bedoelt u: {alike}?",
  "words.fit": "Deze {count} woorden passen bij elkaar.",
  "key.label": "Uw privésleutel",
  "key.hint": "De tekst uit uw sleutelbestand. Die begint met AGE-SECRET-KEY-.",
  "key.file": "Of kies uw sleutelbestand",
  "key.open": "Openen",
  "file.title": "Het bestand {name} openen",
  "file.local": "Een bewaard bestand op uw eigen apparaat. Er gaat niets naar de server.",
  "local.title": "Een bewaard .age-bestand openen",
  "local.label": "Kies het bestand",
  "local.hint": "Het gaat hier in uw browser open, zonder internet.",
  other: "Andere manieren",
  "command.title": "Met het programma share",
  "command.hint": "Het doet hetzelfde als deze pagina, hoeft geen server te vertrouwen en is sneller bij grote bestanden. Typ dit in een terminal:",
  "program.share": "Of gebruik het programma share: zie “{title}” op deze pagina.",
  "program.local": "Of gebruik het programma age: age --decrypt.",
  "uploading.percent": "{percent} % is er al.",
  "uploading.amount": "Wat er al is: {size}.",
  "uploading.ask": "U hoeft niet op de rest te wachten. Deze pagina gaat vanzelf verder.",
  "uploading.contents": "U kunt het nu al opslaan. De rest volgt vanzelf.",
  "uploading.done": "Alles is er: {size}.",
  "uploading.progress": "Hoeveel er al is",
  "contents.title": "Dit is naar u verstuurd",
  "contents.message": "Bericht van de afzender",
  "contents.files": "Bestanden",
  "contents.total.one": "Eén bestand, {size}",
  "contents.total.other": "{count} bestanden, {size}",
  "contents.many": "Het zijn te veel bestanden om te noemen. U kunt ze allemaal tegelijk opslaan.",
  "contents.stopped": "U hebt het gestopt. Er is niets opgeslagen.",
  "contents.sender": "Van:",
  "contents.claimed": "(zo noemt de afzender zich)",
  "contents.over": "Dit is opgehaald. Opnieuw opslaan kan niet meer. Is het kwijt? Vraag de afzender het opnieuw te versturen.",
  "save.one": "Het bestand opslaan",
  "save.all": "Alles opslaan",
  "save.folder": "Opslaan in een map",
  "save.picked.one": "Het gekozen bestand opslaan",
  "save.picked.other": "De {count} gekozen bestanden opslaan",
  "save.place": "Kies zelf een plaats",
  "save.folder.hint": "Wilt u een map? Kies of maak er dan een binnen uw downloads: de map met downloads zelf geven browsers niet vrij.",
  "files.all": "Alles kiezen",
  "files.none": "Niets kiezen",
  "files.chosen.none": "Er is nog niets gekozen.",
  "files.chosen.one": "1 bestand gekozen, {size}",
  "files.chosen.other": "{count} bestanden gekozen, {size}",
  "files.folder": "Alles in {folder} kiezen",
  "files.more": "Toon alle {count}",
  "files.whole": "Hele namen tonen",
  "files.kind.document": "document",
  "files.kind.picture": "afbeelding",
  "files.kind.spreadsheet": "rekenblad",
  "files.kind.slides": "presentatie",
  "files.kind.text": "tekst",
  "files.kind.film": "video",
  "files.kind.sound": "geluid",
  "files.kind.archive": "ingepakte bestanden",
  "files.kind.other": "bestand",
  "preview.look": "Bekijken",
  "preview.hint": "Met “Bekijken” ziet u een bestand zonder het op te slaan. De afzender ziet dan wel dat het ophalen is begonnen, maar niet dat u het bestand hebt.",
  "preview.hint.local": "Met “Bekijken” ziet u een bestand zonder het op te slaan.",
  "preview.loading": "Het wordt opgehaald…",
  "preview.unsaved": "Dit is alleen om te bekijken. Het bestand wordt hiermee niet opgeslagen.",
  "preview.cut": "Alleen het begin is te zien. Sla het bestand op om alles te zien.",
  "preview.unknown": "Dit bestand kan hier niet worden getoond. Sla het op om het te openen.",
  "preview.close": "Sluiten",
  "other.title": "Openen op een ander apparaat",
  "other.hint": "Richt de camera van uw telefoon of tablet op deze code, of typ daar het adres over. Ook daar hebt u de woorden nodig.",
  "other.keys": "Richt de camera van uw telefoon of tablet op deze code, of typ daar het adres over. Ook daar hebt u uw privésleutel nodig.",
  "save.zip": "U krijgt één .zip-bestand met alles erin.",
  "save.told": "Zodra u alles opslaat, ziet de afzender dat.",
  "save.part": "Slaat u een deel op, dan ziet de afzender alleen dat u bent begonnen.",
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
  "saved.what": "Klaar. Er is onderweg niets veranderd.",
  "saved.where.file": "Het staat op de plaats die u hebt gekozen.",
  "saved.where.folder": "Het staat in de map die u hebt gekozen.",
  "saved.where.download": "Kijk bij de downloads van uw browser, of op de plaats die u kiest als uw browser daarom vraagt.",
  "saved.where.memory": "Kijk bij de downloads van uw browser, of op de plaats die u kiest als uw browser daarom vraagt.",
  "saved.name": "Het heet {name}.",
  "saved.look": "Zoek naar {name}.",
  "saved.missing": "Staat het er niet?",
  "saved.again.hint": "Sla het dan opnieuw op.",
  "saved.again.until": "Sla het dan opnieuw op. Dat kan tot {time}.",
  "saved.there": "Staat het er?",
  "saved.over": "De tijd om het opnieuw op te slaan is voorbij. Vraag de afzender het opnieuw te versturen.",
  "saved.have": "Ik heb het bestand",
  "saved.have.hint": "Dan weet de afzender dat u het hebt, en hoeft de server het niet langer voor u te bewaren.",
  "saved.zip": "Dit is één bestand met alle bestanden erin. Open het om ze te zien; op een telefoon met de app Bestanden.",
  "saved.renamed": "Er was al een bestand met de naam {wanted}. Het nieuwe heet {actual}.",
  "saved.receipt.sent": "De afzender kan zien dat het naar uw downloads is verstuurd.",
  "saved.receipt.received": "De afzender kan nu zien dat u het hebt ontvangen.",
  "saved.receipt.failed": "De afzender kon nog geen bericht krijgen.",
  "saved.receipt.telling": "Bezig met melden aan de afzender…",
  "saved.receipt.again": "Meld het nu aan de afzender",
  "saved.receipt.none": "Dit was een deel van wat er is verstuurd. Daarom krijgt de afzender geen bericht.",
  "saved.receipt.local": "Over bestanden van uw eigen apparaat krijgt de afzender geen bericht.",
  "saved.close": "U kunt deze pagina nu sluiten.",
  "saved.again": "Opnieuw opslaan",
  "saved.back": "Terug naar de bestanden",
  again: "Opnieuw proberen",
  "again.itself": "Deze pagina probeert het vanzelf opnieuw.",
  "problem.title": "Dit kan niet worden geopend",
  "problem.now": "Dit kan nu niet worden geopend",
  "problem.label": "Er is een probleem:",
  "preview.title": "Er staat iets voor u klaar",
  "preview.description": "Open de link om het op te halen. U hebt de woorden nodig die u van de afzender krijgt.",
  "foot.privacy": "Privacy",
  "foot.accessibility": "Toegankelijkheid",
  "foot.abuse": "Misbruik melden",
  switch: "Kies een taal",
  "failure.link_damaged": "Deze link is beschadigd: een deel is fout of ontbreekt.",
  "failure.link_damaged.hint": "Kopieer de hele link uit het bericht, of vraag de afzender de link opnieuw te versturen.",
  "failure.words_count": "Vul de woorden in.",
  "failure.words_count.one": "U hebt 1 woord ingevuld. Meestal zijn het er 6.",
  "failure.words_count.other": "U hebt {count} woorden ingevuld. Meestal zijn het er 6.",
  "failure.words_count.hint": "Typ alle woorden die u van de afzender hebt gekregen, in dezelfde volgorde.",
  "failure.words_unknown": "Woord {position} klopt niet. Kijk of u het goed hebt getypt.",
  "failure.words_unknown.hint": "U hebt “{word}” getypt. Is dat wat de afzender u heeft verteld?",
  "failure.words_checksum": "Er klopt een woord niet, of de volgorde is anders.",
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
  "failure.words_wrong.locked": "Met deze woorden gaat het niet open, en dat was de laatste poging. U kunt het weer proberen vanaf {time}.",
  "failure.words_wrong.hint": "Vergelijk elk woord met wat de afzender u heeft verteld. Horen de woorden bij deze link?",
  "failure.locked": "Het is op slot, omdat er te vaak verkeerde woorden zijn gegeven. U kunt het weer proberen vanaf {time}.",
  "failure.locked.hint": "Of vraag de afzender het te ontgrendelen. U kunt deze pagina open laten. Druk daarna weer op “Openen”.",
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
  "failure.downloads_taken": "Het kan nu niet nog een keer worden opgehaald.",
  "failure.downloads_taken.hint": "Wordt het nu in een ander venster of op een ander apparaat opgehaald? Stop dat daar, of wacht tot het klaar is, en probeer het opnieuw. Werd een download afgebroken? Dan kan het binnen een dag weer.",
  "failure.not_found": "Deze server kent deze link niet.",
  "failure.not_found.hint": "Misschien is het al lang verlopen. Vraag de afzender om een nieuwe link.",
  "failure.ticket_ended": "De server geeft dit hier niet verder door.",
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
  "failure.bad_answer": "We krijgen geen goed antwoord van de server.",
  "failure.bad_answer.hint": "Misschien zit er een inlogpagina van uw netwerk tussen. Open eerst een andere webpagina en probeer het dan opnieuw. Vraagt iemand om een code: {what}.",
  "failure.header_malformed": "Dit is geen age-bestand, of het begin ervan is beschadigd.",
  "failure.header_malformed.hint": "Kies een ander bestand, of vraag de afzender het opnieuw te versturen.",
  "failure.header_tampered": "Het begin van het bestand is veranderd nadat het werd versleuteld.",
  "failure.header_tampered.hint": "Er is niets opgeslagen. Vraag de afzender het opnieuw te versturen.",
  "failure.truncated": "Aan het einde ontbreekt een deel.",
  "failure.truncated.hint": "Er is niets opgeslagen. Probeer het opnieuw. Gaat het weer mis, vraag dan de afzender het opnieuw te versturen.",
  "failure.not_the_content": "Wat de server geeft, is iets anders dan wat er is verstuurd.",
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
  "failure.place_forbidden": "Deze pagina mag van uw browser niet op die plaats opslaan. Er is niets opgeslagen.",
  "failure.place_forbidden.hint": "Misschien staat uw organisatie het niet toe. Kies een andere plaats, of sla het op als gewone download.",
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

// src/view/frame.ts
function band(texts, operator, speak) {
  const choices = LANGUAGES.map(
    (language) => button(languageName(language), () => speak(language), {
      id: `speak-${language}`,
      lang: language,
      "aria-pressed": String(language === texts.language)
    })
  );
  const languages = element("div", { class: "languages", role: "group", "aria-label": texts.say("switch") }, ...choices);
  return [element("div", { class: "inner" }, element("div", { class: "brand" }, ...brand(operator)), languages)];
}
function brand(operator) {
  if (!operator) return [];
  const { name, logo } = operator;
  const picture = logo === null ? null : element("img", { src: logo, alt: "" });
  return [picture, element("p", { class: "name", translate: "no" }, printable(name ?? "share"))];
}
function steps(texts, { step, isEnd }, kind) {
  if (!step) return [];
  const present = STEPS.indexOf(step);
  return STEPS.map((one, place) => {
    const isDone = place < present || isEnd === true;
    const name = texts.say(one === "open" ? `step.${kind}` : `step.${one}`);
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, isDone ? icon("check") : texts.number(place + 1));
    const said = isDone ? element("span", { class: "hidden" }, ` ${texts.say("step.done")}`) : null;
    const attributes = isDone ? { class: "done" } : place === present ? { class: "present", "aria-current": "step" } : {};
    return element("li", attributes, mark, name, said);
  });
}
function foot(texts, operator) {
  if (!operator) return [];
  const { contact, phone, email, abuse, privacy, accessibility } = operator;
  const link = (text2, href) => href && element("li", {}, element("a", { href, target: "_blank", rel: "noopener noreferrer" }, printable(text2)));
  const links = [
    link(phone ?? "", phone && `tel:${phone.replace(/[^\d+]/g, "")}`),
    link(email ?? "", email && `mailto:${encodeURI(email)}`),
    link(texts.say("foot.privacy"), privacy),
    link(texts.say("foot.accessibility"), accessibility),
    link(texts.say("foot.abuse"), abuse)
  ].filter((one) => one !== null);
  return [element("div", { class: "inner" }, contact && element("p", {}, printable(contact)), links.length > 0 ? element("ul", {}, ...links) : null)];
}

// src/view/operator.ts
init_define_WORD_LIST_NAMES();
var NOBODY = { name: null, contact: null, phone: null, email: null, logo: null, abuse: null, privacy: null, accessibility: null };
var PATIENCE_MS = 5e3;
var MAX_LETTERS = 250;
var MAX_BYTES = 64 * 1024;
async function loadOperator() {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(pageUrl("operator.json"), { signal });
    const told = response.ok ? await readJson(response, MAX_BYTES, signal) : null;
    if (!(told instanceof JsonObject)) return NOBODY;
    paint("--accent-light", told.get("accent"));
    paint("--accent-dark", told.get("accent_dark"));
    const texts = { name: text(told.get("name")), contact: text(told.get("contact")), phone: text(told.get("phone")), email: text(told.get("email")) };
    const addresses = { abuse: address(told.get("abuse")), privacy: address(told.get("privacy")), accessibility: address(told.get("accessibility")) };
    return { ...texts, ...addresses, logo: told.get("logo") === true ? pageUrl("operator-logo") : null };
  } catch {
    return NOBODY;
  }
}
function text(value) {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_LETTERS) : null;
}
function address(value) {
  if (typeof value !== "string") return null;
  try {
    const { href, protocol } = new URL(value, pageUrl(".."));
    return href.startsWith(pageUrl("..")) || ["https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
function paint(property, colour) {
  if (typeof colour !== "string" || !/^#[0-9a-fA-F]{6}$/.test(colour)) return;
  document.documentElement.style.setProperty(property, colour);
}

// src/view/other_ways.ts
init_define_WORD_LIST_NAMES();

// src/view/other_device.ts
init_define_WORD_LIST_NAMES();
async function showLink(texts, link, place) {
  const text2 = element("p", {}, element("span", { class: "link", translate: "no" }, link));
  place.replaceChildren(text2);
  try {
    const { qrCode } = await part(import("./qr-B76CHXKU.js"));
    text2.before(qrCode(link));
  } catch (error) {
    text2.before(problemBox(texts, failureOf(error), "qr-problem"));
  }
}

// src/view/other_ways.ts
var OtherWays = class {
  /** `take` gets a file from disk that can be opened, and what is to open it. */
  constructor(stage, take) {
    this.stage = stage;
    this.take = take;
  }
  stage;
  take;
  #isOpen = false;
  /** The file from disk that was chosen last. */
  #file = null;
  /** Where it says why that will not open. */
  #refusal = element("div");
  /** `opens` is what is opened on this page. */
  draw(texts, opens) {
    const { address: address2 } = this.stage;
    const ways = element("details", { class: "other" }, element("summary", {}, texts.say("other")));
    if (address2 && opens !== "file") {
      const link = `${address2.base}/s/${address2.id}`;
      const place = element("div", { id: "other-device" });
      ways.append(this.#command(texts, link, opens), way(texts.say("other.title"), [element("p", {}, texts.say(opens === "keys" ? "other.keys" : "other.hint")), place]));
      ways.addEventListener("toggle", () => ways.open && !place.firstChild && void showLink(texts, link, place));
    }
    ways.append(this.#localFile(texts));
    ways.addEventListener("toggle", () => this.#isOpen = ways.open);
    ways.open = this.#isOpen;
    return ways;
  }
  /** A saved file can always be opened, whatever became of the share. */
  #localFile(texts) {
    const choose2 = (event) => {
      const file = event.target.files?.[0];
      if (file) void this.#openFile(file);
    };
    this.#refusal = element("div");
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose2 });
    return way(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      element("label", { for: "local-file" }, texts.say("local.label")),
      this.#refusal,
      input
    ]);
  }
  /** With an engine of its own, so that the share stays as it is, with what was typed, if the file is none to open. */
  async #openFile(file) {
    const { stage } = this;
    const { screen } = stage;
    const engine = new Engine();
    this.#file = file;
    stage.announce(stage.texts.say("ask.opening"));
    const opened = await engine.call("openFile", { file }).catch(failureOf);
    if (this.#file !== file || stage.screen !== screen) return engine.end();
    if (!("code" in opened)) return this.take(engine, opened.kind, file);
    engine.end();
    this.#refuse(opened);
  }
  #refuse(failure) {
    this.stage.announce("");
    this.#refusal.replaceChildren(problemBox(this.stage.texts, failure, "file-problem", true));
  }
  #command(texts, link, opens) {
    const option = (text2) => element("span", { class: "option" }, text2);
    const identity = opens === "keys" ? [" ", option("--identity"), " key.txt"] : [];
    return way(texts.say("command.title"), [
      element("p", {}, texts.say("command.hint")),
      element("pre", { tabindex: 0, translate: "no" }, `share get ${link}`, ...identity)
    ]);
  }
};
function way(title, children) {
  return element("section", {}, element("h2", {}, title), ...children);
}

// src/view/app.ts
var OPENED = "opened";
var App = class {
  engine = new Engine();
  texts = new Texts(preferredLanguage(navigator.languages));
  operator = null;
  address = addressOf(location.pathname);
  picture = document.getElementById("call");
  screen;
  /** Where the words or the key are typed, to come back to with what was typed. */
  #ask;
  /** What was opened last. */
  #opened = null;
  #top = element("header");
  #main = element("main");
  #bottom = element("footer");
  /** It stays as it is whatever is drawn, or what is put into it would not be read out. */
  #live = element("div", { class: "hidden", role: "status" });
  #otherWays = new OtherWays(this, (engine, kind, file) => this.#takeFile(engine, kind, file));
  #steps = element("ol", { class: "steps" });
  /** Where the screen is drawn. */
  #place = element("div");
  /** `typed` is what was typed before the page began. */
  constructor(typed) {
    this.#ask = new Ask(this, "words", { status: null }, typed);
    this.screen = this.#ask;
  }
  /** Draws the page and asks about the share. */
  start(root) {
    root.replaceChildren(this.#top, this.#main, this.#bottom, this.#live);
    addEventListener("popstate", () => this.#wander());
    this.#draw();
    void this.open();
    void this.#showOperator();
  }
  async open() {
    const { address: address2 } = this;
    if (!address2) return this.show(new Ended(this, { code: "link_damaged" }));
    const ask = this.#ask;
    if (this.screen !== ask) this.show(ask);
    ask.isLookedUp();
    try {
      const status = await this.engine.call("open", { relay: address2.base, id: address2.id });
      if (this.screen !== ask) return;
      if (status.kind === ask.kind) ask.know(status);
      else this.show(new Ask(this, status.kind, { status }));
    } catch (error) {
      if (this.screen === ask) this.show(new Ended(this, failureOf(error)));
    }
  }
  show(screen) {
    this.screen.left?.();
    this.screen = screen;
    if (screen instanceof Ask) this.#ask = screen;
    if (screen instanceof Contents) this.#isOpen(screen);
    this.#draw();
    this.#main.querySelector("h1")?.focus();
    scrollTo(0, 0);
    this.announce(screen.said?.(this.texts) ?? "");
  }
  redraw(focus) {
    const { texts, screen } = this;
    const heading = element("h1", { tabindex: -1 }, screen.isEnd ? icon("check") : null, screen.heading(texts));
    this.#steps.replaceChildren(...steps(texts, screen, this.#ask.kind));
    this.#place.className = screen.isEnd ? "screen end" : "screen";
    this.#place.replaceChildren(heading, ...screen.body(texts).filter((child) => child !== null));
    this.#title();
    (screen.isBusy ? addEventListener : removeEventListener)("beforeunload", askToStay);
    if (focus) document.getElementById(focus)?.focus();
  }
  announce(text2) {
    setText(this.#live, text2);
  }
  /** Things are open: the browser's Back is to lead from there to the words, and not away from the page. */
  #isOpen(contents) {
    this.#opened = contents;
    if (history.state !== OPENED) history.pushState(OPENED, "");
  }
  /** The person has gone back or forth in the browser's history. */
  #wander() {
    const isOpened = history.state === OPENED;
    if (this.screen instanceof Saving) {
      if (!isOpened) history.forward();
      return;
    }
    const screen = isOpened ? this.#opened : this.#ask;
    if (screen && screen !== this.screen) this.show(screen);
  }
  #draw() {
    const { texts, screen } = this;
    document.documentElement.lang = texts.language;
    this.#frame();
    this.#place = element("div");
    const others = screen.step === "save" ? [] : [this.#otherWays.draw(texts, this.#ask.opens)];
    this.#main.replaceChildren(this.#steps, this.#place, ...others);
    this.redraw();
  }
  /** What stands around the screens. */
  #frame() {
    this.#steps.setAttribute("aria-label", this.texts.say("steps"));
    this.#top.replaceChildren(...band(this.texts, this.operator, (language) => this.#speak(language)).filter((one) => one !== null));
    this.#bottom.replaceChildren(...foot(this.texts, this.operator).filter((one) => one !== null));
  }
  #title() {
    document.title = `${this.screen.heading(this.texts)} – ${printable(this.operator?.name ?? "share")}`;
  }
  /** The share can be opened before it is known whose page this is. */
  async #showOperator() {
    this.operator = await loadOperator();
    const focused = document.activeElement?.id;
    this.#frame();
    this.#title();
    if (this.screen === this.#ask) this.#ask.drawKnown();
    if (focused) document.getElementById(focused)?.focus();
  }
  #speak(language) {
    this.texts = new Texts(language);
    this.#draw();
    document.getElementById(`speak-${language}`)?.focus();
  }
  /** A file from disk takes the place of the share. */
  #takeFile(engine, kind, file) {
    this.engine.end();
    this.engine = engine;
    this.show(new Ask(this, kind, { file }));
  }
};
function askToStay(event) {
  event.preventDefault();
}
function addressOf(path) {
  const plain = decodeFully(path)?.split(/[?#]/, 1)[0] ?? "";
  const segment = plain.split("/").filter((part2) => part2 !== "").at(-1);
  const id = segment === void 0 ? null : readIdSegment(segment);
  return id === null ? null : { base: pageUrl("..").replace(/\/$/, ""), id };
}

// src/start.ts
var field = document.querySelector("#page textarea");
var app = new App(field?.value ?? "");
var isTyping = document.activeElement === field;
app.start(document.getElementById("page") ?? document.body);
if (isTyping) document.getElementById("words")?.focus();
document.getElementById("fallback")?.remove();
