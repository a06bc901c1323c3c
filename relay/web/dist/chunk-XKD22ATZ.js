import {
  SENDER_MS,
  arrivedOf
} from "./chunk-QVUTRZ5B.js";
import {
  failureOf
} from "./chunk-H7PTUJJ3.js";

// src/view/dom.ts
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}
function paragraph(text, attributes = {}) {
  return text === null ? null : element("p", attributes, text);
}
function button(text, press, attributes = {}) {
  return element("button", { type: "button", click: press, ...attributes }, text);
}
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// src/view/problem.ts
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
    case "too_large_for_memory":
      return texts.say("failure.too_large_for_memory", { size: texts.size(failure.bytes), limit: texts.size(failure.limit) });
  }
  return texts.say(`failure.${failure.code}`, plainValues(failure));
}
function whatToDo(texts, failure) {
  return texts.say(`failure.${failure.code}.hint`, plainValues(failure));
}
function problemBox(texts, failure, id) {
  const label = element("span", { class: "hidden" }, `${texts.say("problem.label")} `);
  const what = element("p", { class: "what" }, label, whatHappened(texts, failure));
  return element("div", { class: "problem", role: "alert", id }, what, element("p", {}, whatToDo(texts, failure)));
}
function plainValues(failure) {
  const isPlain = (field) => ["string", "number"].includes(typeof field[1]);
  return Object.fromEntries(Object.entries(failure).filter(isPlain));
}

// src/view/upload.ts
var SAID_MS = 6e4;
var IS_OVER = /* @__PURE__ */ new Set(["expired", "revoked", "collected", "not_found", "link_damaged"]);
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

export {
  element,
  paragraph,
  button,
  setText,
  whatHappened,
  problemBox,
  isOver,
  howMuch,
  Upload
};
