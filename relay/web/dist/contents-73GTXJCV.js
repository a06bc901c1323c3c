import {
  button,
  element,
  paragraph,
  problemBox,
  setText,
  whatHappened
} from "./chunk-UAO56CIJ.js";
import {
  save
} from "./chunk-FURVTLHS.js";
import "./chunk-SLSNA55A.js";
import {
  printable
} from "./chunk-SCJ37LVC.js";
import {
  failureOf
} from "./chunk-N5HTIYXM.js";
import "./chunk-GV6BKEVW.js";
import "./chunk-GM7WFPGG.js";

// src/view/rate.ts
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
  isBusy = true;
  #rate = new Rate();
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
      element("p", { id: "waiting", class: "notice", role: "status", hidden: this.#why === null }, this.#waiting(texts)),
      paragraph(texts.say("saving.keep")),
      button(texts.say("saving.cancel"), () => this.stage.engine.cancel(), { id: "cancel" })
    ];
  }
  /** Saves. To be called straight from a click. */
  async run(selection, saveAs) {
    const { engine } = this.stage;
    const deaf = engine.listen((event) => this.#hear(event));
    try {
      const saved = await save(engine, selection, saveAs);
      this.stage.announce("");
      this.stage.show(new Done(this.stage, this.contents, saved));
    } catch (error) {
      this.stage.show(this.contents.failed(failureOf(error)));
    } finally {
      deaf();
    }
  }
  #hear(event) {
    if (event.type === "waiting") return this.#wait(event.why);
    if (event.type !== "progress") return;
    if (this.#why) this.#wait(null);
    [this.#bytes, this.#total] = [event.bytes, event.total];
    this.#rate.saw(event.bytes, performance.now());
    if (performance.now() - this.#drawn < FIGURES_MS && this.#bytes < this.#total) return;
    this.#drawn = performance.now();
    this.#update();
  }
  #wait(why) {
    this.#why = why;
    const waiting = document.getElementById("waiting");
    if (!waiting) return;
    waiting.hidden = why === null;
    setText(waiting, this.#waiting(this.stage.texts));
  }
  #waiting(texts) {
    return this.#why ? texts.say("saving.waiting", { why: whatHappened(texts, this.#why) }) : "";
  }
  #update() {
    const { texts } = this.stage;
    const bar = document.querySelector("#bar");
    const figures = document.getElementById("figures");
    if (bar) bar.value = this.#percent;
    if (figures) setText(figures, this.#figures(texts));
    if (this.#percent < this.#said + SAID_PERCENT) return;
    this.#said = this.#percent;
    this.stage.announce(texts.say("saving.percent", { percent: this.#percent }));
  }
  get #percent() {
    return this.#total === 0 ? 100 : Math.floor(100 * this.#bytes / this.#total);
  }
  #figures(texts) {
    if (this.#total === 0) return texts.say("saving.start");
    const amount = texts.say("saving.amount", { done: texts.size(this.#bytes), total: texts.size(this.#total) });
    const rate = this.#rate.perSecond;
    if (rate === null || this.#bytes === this.#total) return amount;
    const left = texts.say("saving.left", { time: texts.duration((this.#total - this.#bytes) / rate) });
    return [amount, texts.say("saving.rate", { rate: texts.size(rate) }), left].join(" · ");
  }
};
var Done = class {
  constructor(stage, contents, saved) {
    this.stage = stage;
    this.contents = contents;
    this.saved = saved;
    this.#receipt = saved.receipt;
  }
  stage;
  contents;
  saved;
  #receipt;
  #failure = null;
  heading(texts) {
    return texts.say("saved.title");
  }
  body(texts) {
    const renamed = this.saved.renamed.map(
      ([wanted, actual]) => paragraph(texts.say("saved.renamed", { wanted: printable(wanted), actual: printable(actual) }))
    );
    return [
      element("p", { class: "good" }, texts.say("saved.what", { size: texts.size(this.saved.bytes) })),
      paragraph(texts.say(`saved.where.${this.saved.way}`)),
      ...renamed,
      element("p", { id: "receipt", role: "status" }, this.#receiptText(texts)),
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      element(
        "div",
        { class: "buttons" },
        this.#receipt === "failed" ? button(texts.say("saved.receipt.again"), () => void this.#tellAgain(), { class: "main", id: "tell" }) : null,
        button(texts.say("saved.back"), () => this.stage.show(this.contents), { id: "back" })
      )
    ];
  }
  #receiptText(texts) {
    const isLocal = this.#receipt === "none" && this.contents.isLocal;
    return texts.say(isLocal ? "saved.receipt.local" : `saved.receipt.${this.#receipt}`);
  }
  async #tellAgain() {
    try {
      await this.stage.engine.call("receipt", null);
      [this.#receipt, this.#failure] = ["sent", null];
      this.stage.redraw("back");
    } catch (error) {
      this.#failure = failureOf(error);
      this.stage.redraw("tell");
    }
  }
};

// src/view/contents.ts
var SHOWN = 100;
var Contents = class {
  constructor(stage, manifest, isLocal) {
    this.stage = stage;
    this.manifest = manifest;
    this.isLocal = isLocal;
  }
  stage;
  manifest;
  isLocal;
  /** Entries that were chosen, by their place in the manifest. */
  #chosen = /* @__PURE__ */ new Set();
  #showsAll = false;
  #notice = "none";
  #failure = null;
  heading(texts) {
    return texts.say("contents.title");
  }
  body(texts) {
    const { files, bytes } = this.manifest;
    return [
      this.#failure ? problemBox(texts, this.#failure, "problem") : null,
      this.#notice === "stopped" ? paragraph(texts.say("contents.stopped"), { class: "notice", role: "status" }) : null,
      ...this.#message(texts),
      element("h2", {}, texts.say("contents.files")),
      paragraph(texts.count("contents.total", files, { size: texts.size(bytes) })),
      this.#list(texts),
      this.#buttons(texts),
      this.#notice === "choose" ? paragraph(texts.say("save.none"), { class: "notice", role: "alert" }) : null
    ];
  }
  /** Saving has failed; stopping it is no failure. */
  failed(failure) {
    const isStopped = failure.code === "cancelled";
    this.#notice = isStopped ? "stopped" : "none";
    this.#failure = isStopped ? null : failure;
    return this;
  }
  #message(texts) {
    const { message } = this.manifest;
    if (message === null) return [];
    const lines = message.split("\n").map((line) => element("p", { dir: "auto" }, printable(line)));
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
    const all = (saveAs) => () => this.#save("all", saveAs);
    const isOne = this.manifest.kind === "file";
    const picked = () => {
      if (this.#chosen.size > 0) return this.#save([...this.#chosen].sort((a, b) => a - b), "single");
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
  #save(selection, saveAs) {
    this.#notice = "none";
    this.#failure = null;
    const saving = new Saving(this.stage, this);
    this.stage.show(saving);
    void saving.run(selection, saveAs);
  }
};
export {
  Contents
};
