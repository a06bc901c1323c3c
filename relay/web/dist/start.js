import {
  Engine,
  decodeFully,
  readIdSegment
} from "./chunk-HOGNVBAO.js";
import {
  isPassing
} from "./chunk-TWXVUZNH.js";
import {
  button,
  element,
  paragraph,
  problemBox,
  setText,
  whatHappened
} from "./chunk-UAO56CIJ.js";
import {
  pageUrl
} from "./chunk-SLSNA55A.js";
import {
  printable
} from "./chunk-SCJ37LVC.js";
import {
  fail,
  failureOf
} from "./chunk-N5HTIYXM.js";
import "./chunk-GV6BKEVW.js";
import "./chunk-GM7WFPGG.js";

// src/view/lazy.ts
function lazy(load) {
  let loaded = null;
  const attempt = async () => {
    try {
      await fetch(pageUrl("operator.json"), { method: "HEAD", cache: "no-store", credentials: "omit" });
      return await load();
    } catch {
      loaded = null;
      return fail({ code: "unreachable" });
    }
  };
  return () => loaded ??= attempt();
}

// src/view/key_field.ts
var MAX_FILE_BYTES = 1024 * 1024;
var KeyField = class {
  constructor(stage) {
    this.stage = stage;
  }
  stage;
  id = "key";
  #text = "";
  #file = null;
  draw(texts, problem) {
    const input = element("textarea", {
      id: this.id,
      rows: 4,
      autocapitalize: "off",
      autocomplete: "off",
      autocorrect: "off",
      spellcheck: "false",
      "aria-describedby": problem === null ? "key-hint" : `${problem} key-hint`,
      "aria-invalid": String(problem !== null),
      input: () => {
        this.#text = input.value;
        this.#file = null;
      }
    });
    input.value = this.#text;
    const choose = (event) => this.#file = event.target.files?.[0] ?? null;
    return [
      element("label", { for: this.id }, texts.say("key.label")),
      element("p", { id: "key-hint", class: "hint" }, texts.say("key.hint")),
      input,
      element("label", { for: "key-file" }, texts.say("key.file")),
      element("input", { type: "file", id: "key-file", change: choose })
    ];
  }
  submit(texts) {
    return texts.say("key.open");
  }
  async open() {
    if (this.#file && this.#file.size > MAX_FILE_BYTES) fail({ code: "identity_invalid" });
    const identities = this.#file ? await this.#file.text() : this.#text;
    return this.stage.engine.call("unlock", { identities });
  }
};

// src/view/words_field.ts
var loadWords = lazy(async () => (await import("./words-4EPGV4TW.js")).Words.load());
var PAUSE_MS = 1e3;
var WordsField = class {
  constructor(stage) {
    this.stage = stage;
  }
  stage;
  id = "words";
  #text = "";
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
      // They are fetched when somebody is about to type, and again if that did not work.
      focus: () => void loadWords().catch(() => {
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
  async open() {
    const words = (await loadWords()).read(this.#text);
    return this.stage.engine.call("prove", { words });
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
      const marked = (await loadWords()).mark(text2);
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
var loadContents = lazy(() => import("./contents-73GTXJCV.js"));
var Ask = class {
  constructor(stage, kind, about) {
    this.stage = stage;
    this.kind = kind;
    this.about = about;
    this.#field = kind === "words" ? new WordsField(stage) : new KeyField(stage);
    const until = "status" in about ? about.status.lockedUntil : void 0;
    this.#failure = until === void 0 ? null : { code: "locked", until };
  }
  stage;
  kind;
  about;
  #field;
  #failure;
  #isOpening = false;
  heading(texts) {
    return "file" in this.about ? texts.say("file.title", { name: printable(this.about.file.name) }) : texts.say("ask.title");
  }
  body(texts) {
    const problem = this.#failure ? problemBox(texts, this.#failure, "problem") : null;
    const submit = element("button", { type: "submit", class: "main", id: "open" }, this.#field.submit(texts));
    const state = element("p", { id: "opening", role: "status" });
    const send = (event) => {
      event.preventDefault();
      void this.#open();
    };
    const isWrong = this.#failure !== null && this.#failure.code !== "locked";
    const field = this.#field.draw(texts, isWrong ? "problem" : null);
    const form = element("form", { submit: send, novalidate: true }, ...field, submit, state);
    return [...this.#details(texts), problem, form];
  }
  #details(texts) {
    const who = paragraph(texts.say(this.kind === "words" ? "ask.words.who" : "ask.keys.who"));
    if ("file" in this.about) return [who, paragraph(texts.say("file.local"))];
    const { expiresAt, payloadBytes, downloadsLeft } = this.about.status;
    const facts = [
      texts.say("ask.until", { time: texts.time(expiresAt) }),
      payloadBytes === void 0 ? null : texts.say("ask.size", { size: texts.size(payloadBytes) }),
      downloadsLeft === void 0 ? null : texts.count("ask.left", downloadsLeft)
    ];
    const safe = paragraph(texts.say("ask.safe"), { class: "quiet" });
    return [who, paragraph(facts.filter((fact) => fact !== null).join(" ")), safe];
  }
  async #open() {
    if (this.#isOpening) return;
    this.#isOpening = true;
    this.#say(this.stage.texts.say("ask.opening"));
    const deaf = this.stage.engine.listen((event) => {
      const { texts } = this.stage;
      if (event.type === "waiting") this.#say(texts.say("saving.waiting", { why: whatHappened(texts, event.why) }));
    });
    try {
      const [manifest, { Contents }] = await Promise.all([this.#field.open(), loadContents()]);
      this.stage.show(new Contents(this.stage, manifest, "file" in this.about));
    } catch (error) {
      this.#failure = failureOf(error);
      this.stage.redraw(this.#field.id);
    } finally {
      this.#isOpening = false;
      deaf();
    }
  }
  #say(text2) {
    const state = document.getElementById("opening");
    if (state) state.textContent = text2;
  }
};

// src/view/opening.ts
var UPLOADING_MS = 3e3;
var IS_OVER = /* @__PURE__ */ new Set(["expired", "revoked", "collected", "not_found", "link_damaged"]);
var AGAIN_MS = 1e4;
var Checking = class {
  #deaf;
  constructor(stage) {
    this.#deaf = stage.engine.listen((event) => {
      const waiting = document.getElementById("waiting");
      if (!waiting || event.type !== "waiting") return;
      waiting.hidden = false;
      setText(waiting, stage.texts.say("saving.waiting", { why: whatHappened(stage.texts, event.why) }));
    });
  }
  heading(texts) {
    return texts.say("checking");
  }
  body() {
    return [element("p", { id: "waiting", class: "notice", role: "status", hidden: true })];
  }
  left() {
    this.#deaf();
  }
};
var Uploading = class {
  constructor(stage, status) {
    this.stage = stage;
    this.status = status;
  }
  stage;
  status;
  #timer = this.#soon();
  heading(texts) {
    return texts.say("uploading.title");
  }
  body(texts) {
    const { storedBytes, payloadBytes } = this.status;
    if (payloadBytes === void 0) return [paragraph(texts.say("uploading.unknown", { size: texts.size(storedBytes) }))];
    const percent = Math.floor(100 * storedBytes / Math.max(1, payloadBytes));
    return [
      element("progress", { max: 100, value: percent, "aria-label": texts.say("uploading.progress") }),
      paragraph(texts.say("uploading.percent", { percent: texts.number(percent) }))
    ];
  }
  left() {
    clearTimeout(this.#timer);
  }
  #soon() {
    return setTimeout(() => void this.#look(), UPLOADING_MS);
  }
  async #look() {
    const { address, engine } = this.stage;
    if (!address) return;
    try {
      const status = await engine.call("open", { relay: address.base, id: address.id });
      if (status.state === "ready") return await this.stage.open();
      this.status = status;
      this.stage.redraw();
      this.#timer = this.#soon();
    } catch (error) {
      if (engine === this.stage.engine) this.stage.show(new Ended(this.stage, failureOf(error)));
    }
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
    return texts.say("problem.title");
  }
  body(texts) {
    return [
      problemBox(texts, this.failure, "problem"),
      this.#passes ? paragraph(texts.say("again.itself")) : null,
      this.#passes || !IS_OVER.has(this.failure.code) ? button(texts.say("again"), this.#again) : null
    ];
  }
  left() {
    clearTimeout(this.#timer);
    removeEventListener("online", this.#again);
  }
};

// src/view/operator.ts
var NOBODY = { name: null, contact: null, logo: null };
var PATIENCE_MS = 5e3;
var MAX_LETTERS = 200;
async function loadOperator() {
  try {
    const response = await fetch(pageUrl("operator.json"), { credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS) });
    const told = response.ok ? await response.json() : null;
    if (typeof told !== "object" || told === null) return NOBODY;
    const fields = told;
    paint("--accent-light", fields["accent"]);
    paint("--accent-dark", fields["accent_dark"]);
    return { name: text(fields["name"]), contact: text(fields["contact"]), logo: fields["logo"] === true ? pageUrl("operator-logo") : null };
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
var LANGUAGES = ["nl", "en"];
var LANGUAGE_NAMES = { nl: "Nederlands", en: "English" };
var SIZE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
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
var Texts = class _Texts {
  constructor(language, sentences) {
    this.language = language;
    this.sentences = sentences;
    this.#plurals = new Intl.PluralRules(language);
  }
  language;
  sentences;
  #plurals;
  /** Loads a language. */
  static async load(language) {
    const { sentences } = await (language === "nl" ? import("./sentences_nl-ONPID3WR.js") : import("./sentences_en-E56LCPJ2.js"));
    return new _Texts(language, sentences);
  }
  /** A sentence, with values in place of `{name}`. */
  say(key, values = {}) {
    return this.sentences[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
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
    const power = Math.min(SIZE_UNITS.length - 1, bytes < 1e3 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const format = { style: "unit", unit: SIZE_UNITS[power] ?? "byte", unitDisplay: power === 0 ? "long" : "short" };
    return new Intl.NumberFormat(this.language, { ...format, maximumSignificantDigits: 3 }).format(bytes / 1e3 ** power);
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
var App = class _App {
  constructor(texts, operator) {
    this.texts = texts;
    this.operator = operator;
  }
  texts;
  operator;
  engine = new Engine();
  address = addressOf(location.pathname);
  #root = document.getElementById("page") ?? document.body;
  #live = element("div", { class: "hidden", role: "status" });
  #screen = new Checking(this);
  /** Where the screen is drawn. */
  #place = element("div");
  /** Draws the page and asks about the share. */
  static async start() {
    const app = new _App(...await Promise.all([Texts.load(preferredLanguage(navigator.languages)), loadOperator()]));
    document.getElementById("fallback")?.remove();
    addEventListener("beforeunload", (event) => app.#screen.isBusy && event.preventDefault());
    app.#draw();
    await app.open();
  }
  async open() {
    if (!this.address) return this.show(new Ended(this, { code: "link_damaged" }));
    try {
      const status = await this.engine.call("open", { relay: this.address.base, id: this.address.id });
      this.show(status.state === "uploading" ? new Uploading(this, status) : new Ask(this, status.kind, { status }));
    } catch (error) {
      this.show(new Ended(this, failureOf(error)));
    }
  }
  show(screen) {
    this.#screen.left?.();
    const isOther = screen.constructor !== this.#screen.constructor;
    this.#screen = screen;
    this.#draw();
    if (isOther) this.#root.querySelector("h1")?.focus();
  }
  redraw(focus) {
    const { texts } = this;
    const heading = element("h1", { tabindex: -1 }, this.#screen.heading(texts));
    this.#place.replaceChildren(heading, ...this.#screen.body(texts).filter((child) => child !== null));
    document.title = `${this.#screen.heading(texts)} – ${printable(this.operator.name ?? "share")}`;
    if (focus) document.getElementById(focus)?.focus();
  }
  announce(text2) {
    this.#live.textContent = text2;
  }
  #draw() {
    document.documentElement.lang = this.texts.language;
    this.#place = element("div", { class: "screen" });
    const extras = this.#screen.isBusy ? [] : [this.#localFile(), this.#command()];
    const main = element("main", {}, this.#place, ...extras);
    const parts = [this.#header(), main, this.#footer(), this.#live];
    this.#root.replaceChildren(...parts.filter((part) => part !== null));
    this.redraw();
  }
  #header() {
    const choices = LANGUAGES.map(
      (language) => button(languageName(language), () => void this.#speak(language), {
        id: `speak-${language}`,
        lang: language,
        "aria-pressed": String(language === this.texts.language)
      })
    );
    const group = element("div", { class: "languages", role: "group", "aria-label": this.texts.say("switch") }, ...choices);
    return element("header", {}, element("div", { class: "brand" }, ...this.#brand()), group);
  }
  #brand() {
    const { name, logo } = this.operator;
    const picture = logo === null ? null : element("img", { src: logo, alt: "" });
    return [picture, element("p", { class: "name" }, printable(name ?? "share"))];
  }
  #footer() {
    const { contact } = this.operator;
    return contact === null ? null : element("footer", {}, element("p", {}, printable(contact)));
  }
  async #speak(language) {
    const texts = await Texts.load(language).catch(() => null);
    if (!texts) return this.announce(this.texts.say("failure.unreachable"));
    this.texts = texts;
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
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    return aside(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      element("label", { for: "local-file" }, texts.say("local.label")),
      input
    ]);
  }
  async #openFile(file) {
    this.engine.end();
    this.engine = new Engine();
    try {
      const { kind } = await this.engine.call("openFile", { file });
      this.show(new Ask(this, kind, { file }));
    } catch (error) {
      this.show(new Ended(this, failureOf(error)));
    }
  }
  #command() {
    if (!this.address) return null;
    const { base, id } = this.address;
    return aside(this.texts.say("command.title"), [
      element("p", {}, this.texts.say("command.hint")),
      element("pre", { tabindex: 0 }, `share get ${base}/s/${id}`)
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
void App.start();
