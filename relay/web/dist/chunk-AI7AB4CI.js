import {
  scriptUrl
} from "./chunk-67AUCZPB.js";
import {
  ShareError,
  fail
} from "./chunk-N5HTIYXM.js";

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
  /** Ends the worker; a call that runs fails with `cancelled`. */
  end() {
    this.#worker.terminate();
    this.#settle()?.reject(new ShareError({ code: "cancelled" }));
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

export {
  Engine,
  tidy,
  stripSurroundings,
  decodeFully,
  readIdSegment,
  splitLabelled,
  splitAddress
};
