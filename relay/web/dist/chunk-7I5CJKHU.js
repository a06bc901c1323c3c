import {
  printable
} from "./chunk-SKKJOJXW.js";
import {
  element
} from "./chunk-XZCOWYPJ.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/file_tree.ts
init_define_WORD_LIST_NAMES();
var FolderNode = class {
  /** `place` is its place in the manifest, or -1. */
  constructor(name, place, parent) {
    this.name = name;
    this.place = place;
    this.parent = parent;
  }
  name;
  place;
  parent;
  folders = [];
  files = [];
  /** Files in it and in its folders, and their bytes. */
  total = { files: 0, bytes: 0 };
  /** Those of them that are chosen. */
  chosen = { files: 0, bytes: 0 };
  /** All files in it and in its folders, in their order. */
  *[Symbol.iterator]() {
    for (const folder of this.folders) yield* folder;
    yield* this.files;
  }
};
function treeOf(entries, language) {
  const root = new FolderNode("", -1, null);
  const folders = /* @__PURE__ */ new Map([["", root]]);
  for (const [place, { path, folder, size }] of entries.entries()) {
    const slash = path.lastIndexOf("/");
    const name = printable(path.slice(slash + 1));
    const parent = folders.get(path.slice(0, Math.max(0, slash))) ?? root;
    if (folder) {
      const node = new FolderNode(name, place, parent);
      parent.folders.push(node);
      folders.set(path, node);
    } else {
      const file = { name, place, size, parent, isChosen: false };
      parent.files.push(file);
      forEachAround(file, ({ total }) => add(total, 1, size));
    }
  }
  const { compare } = new Intl.Collator(language, { numeric: true });
  for (const { folders: inside, files } of folders.values()) {
    for (const nodes of [inside, files]) nodes.sort((one, other) => compare(one.name, other.name));
  }
  return root;
}
function choose(file, isChosen) {
  if (file.isChosen === isChosen) return;
  file.isChosen = isChosen;
  const sign = isChosen ? 1 : -1;
  forEachAround(file, ({ chosen }) => add(chosen, sign, sign * file.size));
}
function chosenPlaces(root) {
  return [...root].filter(({ isChosen }) => isChosen).map(({ place }) => place).sort((one, other) => one - other);
}
function forEachAround({ parent }, visit) {
  for (let folder = parent; folder; folder = folder.parent) visit(folder);
}
function add(amount, files, bytes) {
  amount.files += files;
  amount.bytes += bytes;
}
var ENDINGS = {
  document: "pdf doc docx odt rtf pages eml msg epub",
  picture: "png jpg jpeg gif webp bmp tif tiff heic heif avif svg psd dcm",
  spreadsheet: "xls xlsx xlsm ods csv tsv numbers",
  slides: "ppt pptx odp key",
  text: "txt md log json xml",
  film: "mp4 m4v mov avi mkv webm wmv mpg mpeg 3gp",
  sound: "mp3 m4a wav ogg oga opus flac aac wma amr",
  archive: "zip 7z rar tar gz tgz bz2 xz zst"
};
var KINDS = new Map(Object.entries(ENDINGS).flatMap(([kind, endings]) => endings.split(" ").map((ending) => [ending, kind])));
function kindOf(name) {
  return KINDS.get(endingOf(name)) ?? "other";
}
function endingOf(name) {
  return /[^/]\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}
var SHOWN_WHOLE = 28;
var SHOWN_END = 10;
function cutInTheMiddle(name) {
  const letters = [...name];
  if (letters.reduce((room2, letter) => room2 + roomFor(letter), 0) <= SHOWN_WHOLE) return null;
  let [from, room] = [letters.length, 0];
  while (room + roomFor(letters[from - 1] ?? "") <= SHOWN_END) room += roomFor(letters[from -= 1] ?? "");
  while (from < letters.length && (JOINED.test(letters[from] ?? "") || letters[from - 1] === "‍")) from += 1;
  return [letters.slice(0, from).join(""), letters.slice(from).join("")];
}
var JOINED = /^[\p{M}\p{EMod}\u200D]/u;
function roomFor(letter) {
  if (JOINED.test(letter)) return 0;
  return (letter.codePointAt(0) ?? 0) >= 4352 ? 2 : 1;
}
var MAX_PREVIEW = 16 * 1024 * 1024;
var PREVIEWS = new Map([
  ...["png", "jpg", "jpeg", "webp"].map((ending) => [ending, "picture"]),
  ...["txt", "md", "log", "csv", "tsv", "json", "xml", "svg"].map((ending) => [ending, "text"])
]);
function previewOf({ name, size }) {
  return size > 0 && size <= MAX_PREVIEW ? PREVIEWS.get(endingOf(name)) ?? null : null;
}

// src/view/problem.ts
init_define_WORD_LIST_NAMES();
var PROBLEM = "problem";
function whatHappened(texts, failure) {
  switch (failure.code) {
    case "words_count":
      if (failure.found > 0) return texts.count("failure.words_count", failure.found);
      break;
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

export {
  FolderNode,
  treeOf,
  choose,
  chosenPlaces,
  kindOf,
  cutInTheMiddle,
  previewOf,
  PROBLEM,
  whatHappened,
  whyItWaits,
  waitingNotice,
  problemBox
};
