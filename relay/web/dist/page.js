import {
  printable
} from "./chunk-BB3FUSCZ.js";
import {
  ShareError,
  fail,
  failureOf,
  fromUtf8,
  hex,
  isFailure,
  random,
  utf8,
  utf8Length
} from "./chunk-FPZQ2RBR.js";
import {
  sha256
} from "./chunk-WMBZNGJP.js";
import "./chunk-GM7WFPGG.js";

// src/trusted.ts
var NAMES = ["worker.js", "download-worker.js"];
var factory = globalThis.trustedTypes;
var policy = factory?.createPolicy("share", {
  createScriptURL(url) {
    if (NAMES.some((name) => url === pageUrl(name))) return url;
    throw new TypeError("not a script of this page");
  }
});
function pageUrl(name) {
  return new URL(name, import.meta.url).href;
}
function scriptUrl(name) {
  const url = pageUrl(name);
  return policy ? policy.createScriptURL(url) : url;
}

// src/engine.ts
var Engine = class {
  #worker = new Worker(scriptUrl("worker.js"), { type: "module" });
  #ears = /* @__PURE__ */ new Set();
  #running = null;
  constructor() {
    this.#worker.onmessage = ({ data }) => {
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle()?.resolve(data.gives);
      else this.#settle()?.reject(new ShareError(data.failure));
    };
    this.#worker.onerror = () => this.#settle()?.reject(new ShareError({ code: "browser_too_old" }));
  }
  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear) {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }
  /** Makes a call; throws a {@link ShareError}. One runs at a time. */
  async call(call, takes, transfer = []) {
    if (this.#running) fail({ code: "unexpected", detail: "a call is running" });
    const running = withResolvers();
    this.#running = running;
    this.#worker.postMessage({ type: "call", call, takes }, transfer);
    return running.promise;
  }
  /** Ends the call that runs, which then fails with `cancelled`. */
  cancel() {
    this.#worker.postMessage({ type: "cancel" });
  }
  #settle() {
    const running = this.#running;
    this.#running = null;
    return running;
  }
};
function withResolvers() {
  let [resolve, reject] = [() => {
  }, () => {
  }];
  const promise = new Promise((...functions) => [resolve, reject] = functions);
  return { promise, resolve, reject };
}

// src/id.ts
var ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
var LENGTH = 20;
function readId(text) {
  const plain = text.replaceAll("-", "").replace(/[A-Z]/g, (c) => c.toLowerCase());
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

// src/repair.ts
var MAX_ENCODINGS = 3;
var QUOTES = " <>()[\\]{}\"'`*_|“”„‟‘’‚‛«»‹›";
var OPENING = /^[ <>([{"'`*_|“”„‟‘’‚‛«»‹›]+/u;
var CLOSING = new RegExp(`[${QUOTES.replace("([", ")")}.,;:!?=…]+$`, "u");
var SCHEMES = [
  ["https:", "https"],
  ["http:", "http"],
  ["hxxps:", "https"],
  ["hxxp:", "http"]
];
var WRITTEN = [
  ["&amp;", "&"],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
  ["&quot;", '"'],
  ["&#39;", "'"],
  ["&nbsp;", " "],
  ["&#47;", "/"],
  ["&#x2F;", "/"],
  ["[.]", "."],
  ["(.)", "."],
  ["[:]", ":"],
  ["[://]", "://"],
  ["[/]", "/"]
];
var INVISIBLE = new RegExp("(?!\\p{White_Space})[\\p{Cc}\\u00AD\\u034F\\u061C\\u180E\\u200B-\\u200F\\u202A-\\u202C\\u2060-\\u206F\\uFE00-\\uFE0F\\uFEFF]", "gu");
function tidy(text) {
  const joined = withoutLineQuotes(withoutSoftBreaks(decodeWhole(text)));
  if (/[\u202D\u202E]/.test(joined)) fail({ code: "not_a_link" });
  const visible = joined.replace(INVISIBLE, "");
  const line = visible.split(new RegExp("\\p{White_Space}+", "u")).filter((word) => word !== "").join(" ");
  return WRITTEN.reduce((line2, [written, meant]) => line2.replaceAll(written, meant), line);
}
function stripSurroundings(text) {
  const stripped = text.replace(OPENING, "").replace(CLOSING, "");
  return /^url:/i.test(stripped) ? stripped.slice("url:".length).replace(OPENING, "") : stripped;
}
function decodeFully(text) {
  let decoded = text;
  for (let i = 0; i < MAX_ENCODINGS && decoded?.includes("%"); i++) decoded = percentDecode(decoded);
  return decoded;
}
function readIdSegment(segment) {
  const [id = ""] = segment.split("&", 1);
  return readId(stripSurroundings(id).replace(/[‐‑‒–—−]/gu, "-"));
}
function splitLabelled(text) {
  const middle = text.startsWith("[") ? text.indexOf("](") : -1;
  if (middle >= 0) {
    const target = text.slice(middle + 2);
    const end2 = target.lastIndexOf(")");
    return { label: text.slice(0, middle), target: end2 < 0 ? target : target.slice(0, end2), labelMustBeLink: false };
  }
  const stripped = text.replace(OPENING, "");
  const [begin, end] = [stripped.indexOf("<"), stripped.lastIndexOf(">")];
  if (begin < 0 || end < begin) return null;
  return { label: stripped.slice(0, begin), target: stripped.slice(begin + 1, end), labelMustBeLink: true };
}
function splitAddress(text) {
  const { scheme, slashes, rest: after } = splitScheme(text);
  const end = after.search(/[/?#]/);
  const authority = (end < 0 ? after : after.slice(0, end)).trim();
  const spaced = end < 0 ? "" : after.slice(end);
  if (/[@\\]/.test(authority) || !scheme && spaced.includes("//")) fail({ code: "not_a_link" });
  if (authority.includes(" ")) fail({ code: scheme ? "link_damaged" : "not_a_link" });
  if ((!scheme || slashes < 2) && !isCertainlyHost(authority)) fail({ code: "not_a_link" });
  const rest = spaced.replaceAll(" ", "");
  const [, path = "", query = ""] = /^([^?#]*)(?:\?([^#]*))?/.exec(rest) ?? [];
  const [address = ""] = text.split(/[?#]/, 1);
  return {
    scheme: scheme ?? "https",
    authority,
    host: authority.replace(/:\d*$/, "").replace(/[A-Z]/g, (c) => c.toLowerCase()),
    path,
    query,
    rest,
    isUpperCase: !/[a-z]/.test(address)
  };
}
function splitScheme(text) {
  for (const [name, scheme] of SCHEMES) {
    if (text.slice(0, name.length).toLowerCase() !== name) continue;
    const [, separators = "", rest = ""] = /^([/ ]*)(.*)$/s.exec(text.slice(name.length)) ?? [];
    return { scheme, slashes: separators.replaceAll(" ", "").length, rest };
  }
  return { scheme: null, slashes: 0, rest: text.replace(/^\/+/, "") };
}
function isCertainlyHost(authority) {
  const [host = ""] = authority.split(":", 1);
  return host.includes(".") || host.toLowerCase() === "localhost" || authority.startsWith("[");
}
function decodeWhole(text) {
  for (let i = 0; i < MAX_ENCODINGS; i++) {
    const [address = ""] = text.split(/[?#]/, 1);
    const decoded = address.includes("/") || !address.includes("%") ? null : percentDecode(text);
    if (decoded === null) break;
    text = decoded;
  }
  return text;
}
function percentDecode(text) {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    return null;
  }
}
function withoutSoftBreaks(text) {
  const joined = text.replace(/=\r?\n/g, "");
  return joined === text ? text : joined.replaceAll("=3D", "=");
}
function withoutLineQuotes(text) {
  return text.split(/\r?\n/).map((line) => line.replace(/^[> ]+/, "")).join("\n");
}

// src/relay_url.ts
var MAX_HOST_BYTES = 253;
var MAX_PREFIX_BYTES = 512;
function relayUrl(scheme, authority, prefix) {
  const [hostText, port] = splitPort(authority);
  const host = readHost(hostText) ?? fail({ code: "link_damaged" });
  const path = readPrefix(prefix);
  if (scheme === "http" && !isLocal(host)) fail({ code: "link_insecure", host });
  const isDefault = port === null || port === (scheme === "http" ? 80 : 443);
  return `${scheme}://${host}${isDefault ? "" : `:${port}`}${path}`;
}
function readHost(text) {
  if (/[%\s/\\?#@]/.test(text) || text.includes(":") && !text.startsWith("[")) return null;
  let host;
  try {
    host = new URL(`https://${text}`).hostname;
  } catch {
    return null;
  }
  if (host.startsWith("[")) return host;
  if (/^\d+(\.\d+){3}$/.test(host)) return host === text ? host : null;
  const labels = host.split(".");
  const plain = labels.every((label) => /^(?!-)[a-zA-Z0-9_-]{1,63}(?<!-)$/.test(label));
  return plain && host.length <= MAX_HOST_BYTES ? host : null;
}
function splitPort(authority) {
  const colon = authority.indexOf(":", authority.lastIndexOf("]") + 1);
  if (colon < 0) return [authority, null];
  const digits = authority.slice(colon + 1);
  const port = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65535) fail({ code: "link_damaged" });
  return [authority.slice(0, colon), port];
}
function readPrefix(text) {
  const segments = text.split("/").filter((segment) => segment !== "");
  const plain = segments.every((segment) => /^[A-Za-z0-9._~-]+$/.test(segment) && segment !== "." && segment !== "..");
  const prefix = segments.map((segment) => `/${segment}`).join("");
  return plain && prefix.length <= MAX_PREFIX_BYTES ? prefix : fail({ code: "link_damaged" });
}
function isLocal(host) {
  if (host === "localhost" || isLocalV4(host)) return true;
  if (!host.startsWith("[")) return false;
  const v6 = host.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(v6);
  if (mapped) return isLocalV4(v4Of(mapped[1] ?? "", mapped[2] ?? ""));
  return v6 === "::1" || /^f[cd][0-9a-f]{2}:/.test(v6) || /^fe[89ab][0-9a-f]:/.test(v6);
}
function v4Of(high, low) {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join(".");
}
function isLocalV4(host) {
  return /^(127|10)\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^169\.254\.\d+\.\d+$|^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host);
}

// src/wrappers.ts
var BY_PARAMETER = [
  // Microsoft Defender Safe Links, in mail and in Teams
  ["safelinks.protection.outlook.com", "url"],
  ["safelinks.protection.office365.us", "url"],
  ["statics.teams.cdn.office.net", "url"],
  // Barracuda
  ["linkprotect.cudasvc.com", "a"],
  // Symantec
  ["clicktime.symantec.com", "u"],
  // Zix
  ["link.zixcentral.com", "u"],
  // Libraesva
  ["urlsand.esvalabs.com", "u"],
  ["l.facebook.com", "u"],
  ["slack-redir.net", "url"]
];
var BY_PATH = ["/fmlurlsvc", "/wis/clicktime/"];
var HIDDEN = ["mimecast.com", "mimecastprotect.com", "atpscan.global.hornetsecurity.com"];
var PROOFPOINT = ["urldefense.proofpoint.com", "urldefense.com", "urldefense.us"];
function unwrapAddress(address) {
  const { host, path } = address;
  const under = (parent) => host === parent || host.endsWith(`.${parent}`);
  const found = (target) => target === null ? "hidden" : { target };
  if (HIDDEN.some(under)) return "hidden";
  const [, name] = BY_PARAMETER.find(([parent]) => under(parent)) ?? [];
  if (name) return found(parameter(address, name));
  if (PROOFPOINT.some(under)) return found(proofpoint(address));
  if (isGoogle(host) && path === "/url") return found(parameter(address, "q") ?? parameter(address, "url"));
  if (under("secure-web.cisco.com")) return found(afterToken(address.rest));
  if (under("protection.sophos.com")) return found(fromBase64(parameter(address, "u")));
  if (BY_PATH.some((start) => path.startsWith(start))) return found(parameter(address, "url"));
  return "no";
}
function parameter({ query }, wanted) {
  const values = new URLSearchParams(query).getAll(wanted);
  return values.find((value) => value !== "") ?? null;
}
function proofpoint(address) {
  if (address.rest.startsWith("/v3/__")) return /^\/v3\/__(.*?)__;/s.exec(address.rest)?.[1] ?? null;
  const link = parameter(address, "u");
  if (link === null || !address.path.startsWith("/v2/")) return link;
  return decodeFully(link.replaceAll("-", "%").replaceAll("_", "/"));
}
function afterToken(rest) {
  return /^\/[^/]*\/(.+)$/s.exec(rest)?.[1] ?? null;
}
function fromBase64(text) {
  const plain = text?.replace(/[- ]/g, "+").replaceAll("_", "/").replace(/=+$/, "");
  if (plain === void 0 || !/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) return null;
  return fromUtf8(Uint8Array.from(atob(plain), (c) => c.charCodeAt(0)));
}
function isGoogle(host) {
  return /^(www\.)?google\..{0,6}$/.test(host);
}

// src/link.ts
var MAX_TEXT_BYTES = 16 * 1024;
var MAX_WRAPPERS = 4;
function linkText({ relay, id }) {
  return `${relay}/s/${id}`;
}
function readLink(text) {
  return readNested(text, 0);
}
function readNested(raw, depth) {
  if (utf8Length(raw) > MAX_TEXT_BYTES || depth > MAX_WRAPPERS) fail({ code: "not_a_link" });
  const text = tidy(raw);
  const labelled = splitLabelled(text);
  if (labelled) return readLabelled(labelled, depth);
  const address = splitAddress(stripSurroundings(text));
  const wrapped = unwrapAddress(address);
  if (wrapped === "no") return readAddress(address);
  if (wrapped !== "hidden") return readNested(wrapped.target, depth + 1);
  const host = readHost(address.host);
  return fail(host ? { code: "link_hidden", host } : { code: "not_a_link" });
}
function readLabelled({ label, target, labelMustBeLink }, depth) {
  const link = readNested(target, depth + 1);
  const other = linkOrNull(label, depth + 1);
  const misleads = other ? linkText(other) !== linkText(link) : labelMustBeLink;
  return misleads ? fail({ code: "not_a_link" }) : link;
}
function linkOrNull(text, depth) {
  try {
    return readNested(text, depth);
  } catch (error) {
    if (error instanceof ShareError) return null;
    throw error;
  }
}
function readAddress(address) {
  const path = decodeFully(address.path)?.split(/[?#]/, 1)[0] ?? fail({ code: "link_damaged" });
  const segments = path.split("/").filter((segment) => segment !== "");
  const [marker, last] = segments.slice(-2);
  if (last === void 0 || marker?.toLowerCase() !== "s") return unfinished(segments);
  const id = readIdSegment(last) ?? fail({ code: "link_damaged" });
  const prefix = segments.slice(0, -2).join("/");
  return { relay: relayUrl(address.scheme, address.authority, address.isUpperCase ? prefix.toLowerCase() : prefix), id };
}
function unfinished(segments) {
  const ours = segments.some((segment) => segment.toLowerCase() === "s" || readIdSegment(segment) !== null);
  fail({ code: ours ? "link_damaged" : "not_a_link" });
}

// src/save.ts
var LAST_BYTES_MS = 1e4;
var START_MS = 5e3;
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
async function unlessRefused(pick2) {
  try {
    return await pick2() ?? null;
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

// src/words.ts
var MIN_WORDS = 6;
var MAX_WORDS = 10;
var CHECKSUM_MASK = 15;
var MIN_PREFIX = 3;
var MAX_SHOWN = 24;
var MAX_SUGGESTIONS = 3;
var MAX_WAYS = 1024;
var WordList = class {
  constructor(words) {
    this.words = words;
    this.#places = new Map(words.map((word, place) => [word, place]));
  }
  words;
  #places;
  /** Whether the word is on the list. */
  has(word) {
    return this.#places.has(word);
  }
  /**
   * The words that a typed word may stand for: itself; else the only one it begins, and those a slip away. Without such
   * a beginning there must be only one a slip away.
   */
  candidates(typed) {
    const exact = this.#places.get(typed);
    if (exact !== void 0) return [{ place: exact, slip: false }];
    const begun = typed.length >= MIN_PREFIX ? this.#placesOf((word) => word.startsWith(typed)) : [];
    const slips = this.#placesOf((word) => isSlip(typed, word)).map((place) => ({ place, slip: true }));
    const [beginning, second] = begun;
    if (beginning !== void 0 && second === void 0) {
      return [{ place: beginning, slip: false }, ...slips.filter(({ place }) => place !== beginning)];
    }
    return slips.length === 1 ? slips : [];
  }
  /** Every way to read the typed words whose checksum fits; none if a word is unknown. */
  readings(typed) {
    const choices = typed.map((word) => this.candidates(word));
    const ways = Math.min(MAX_WAYS, choices.reduce((product, choice) => product * choice.length, 1));
    const inexact = typed.filter((word) => !this.has(word)).length;
    const readings = [];
    for (let way = 0; way < ways; way++) {
      const picked = pick(choices, way);
      const indices = picked.map(({ place }) => place);
      if (checksum(indices) !== ((indices.at(-1) ?? 0) & CHECKSUM_MASK)) continue;
      readings.push({ passphrase: this.join(indices), inexact, slips: picked.filter(({ slip }) => slip).length });
    }
    return readings;
  }
  /** Words like a typed one, likeliest first. */
  suggestions(typed) {
    const start = typed.slice(0, MAX_SHOWN);
    const begins = (word) => start.length >= MIN_PREFIX - 1 && word.startsWith(start);
    const unlikeness = (word) => begins(word) || isSlip(start, word) ? 1 : edits(start, word);
    const alike = this.words.map((word) => ({ word, unlikeness: unlikeness(word) }));
    const likeliest = alike.filter((one) => one.unlikeness <= 2).sort((a, b) => a.unlikeness - b.unlikeness);
    return likeliest.slice(0, MAX_SUGGESTIONS).map(({ word }) => word);
  }
  /** The words at these places, joined by `-`. */
  join(indices) {
    return indices.map((index) => this.words[index]).join("-");
  }
  #placesOf(like) {
    return this.words.flatMap((word, place) => like(word) ? [place] : []);
  }
};
var Words = class _Words {
  constructor(lists) {
    this.lists = lists;
  }
  lists;
  /** Loads the lists. */
  static async load() {
    const { english, dutch } = await import("./wordlists-VZXUMINV.js");
    return new _Words([english, dutch].map((text) => new WordList(text.trimEnd().split("\n"))));
  }
  /** The passphrase a person means: the words joined by `-`. Throws why it is none. */
  read(text) {
    const typed = typedWords(text);
    if (typed.length < MIN_WORDS || typed.length > MAX_WORDS) fail({ code: "words_count", found: typed.length });
    const readings = this.lists.flatMap((list) => list.readings(typed));
    readings.sort((a, b) => a.inexact - b.inexact || a.slips - b.slips);
    const [best, ...others] = readings;
    if (!best) fail(this.#problem(typed, false));
    if (others.some((other) => isContested(best, other))) fail(this.#problem(typed, true));
    return best.passphrase;
  }
  /** Each typed word by itself, to be marked while the rest is typed. */
  mark(text) {
    const typed = typedWords(text);
    const list = this.#likeliest(typed);
    return typed.map((word) => {
      const state = list.has(word) ? "exact" : list.candidates(word).length > 0 ? "understood" : "unknown";
      return { text: word.slice(0, MAX_SHOWN), state, suggestions: state === "unknown" ? list.suggestions(word) : [] };
    });
  }
  /** What is wrong with words in the list they most likely come from. If `contested`, several readings fit. */
  #problem(typed, contested) {
    const list = this.#likeliest(typed);
    const isUnknown = (word2) => list.candidates(word2).length === 0 || contested && !list.has(word2);
    const at = typed.findIndex(isUnknown);
    const word = typed[at];
    if (word === void 0) return { code: "words_checksum" };
    return { code: "words_unknown", position: at + 1, word: word.slice(0, MAX_SHOWN), suggestions: list.suggestions(word) };
  }
  /** The list that knows most of the words; of equals, the one that has most of them as they are; else the first. */
  #likeliest(typed) {
    const score = (list) => {
      const known = typed.filter((word) => list.candidates(word).length > 0).length;
      return known * MAX_WORDS ** 3 + typed.filter((word) => list.has(word)).length;
    };
    return this.lists.reduce((best, list) => score(list) > score(best) ? list : best);
  }
};
function typedWords(text) {
  const plain = text.normalize("NFKD").replace(/[\p{M}\u00AD\u200B-\u200F\u2060\uFEFF]/gu, "");
  return plain.replace(/[A-Z]/g, (c) => c.toLowerCase()).match(/[a-z]+/g) ?? [];
}
function isContested(best, other) {
  const allBegin = ({ inexact, slips }) => inexact > 1 && slips === 0;
  return best.inexact === other.inexact && (!allBegin(best) || allBegin(other)) && best.passphrase !== other.passphrase;
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
export {
  Engine,
  ShareError,
  Words,
  failureOf,
  linkText,
  printable,
  readLink,
  save
};
