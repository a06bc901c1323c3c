import {
  previewOf,
  problemBox,
  whyItWaits
} from "./chunk-7I5CJKHU.js";
import {
  failureOf,
  printable
} from "./chunk-SKKJOJXW.js";
import {
  button,
  element,
  setText
} from "./chunk-XZCOWYPJ.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/view/preview.ts
init_define_WORD_LIST_NAMES();

// src/preview.ts
init_define_WORD_LIST_NAMES();
var MAX_PIXELS = 5e7;
var MAX_TEXT = 1e6;
function pictureOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [type, measure] = FORMATS.find(([, , begin]) => begin.test(latin(bytes.subarray(0, 16)))) ?? [];
  if (!type || !measure) return null;
  try {
    const [width, height] = measure(view);
    return width > 0 && height > 0 && width * height <= MAX_PIXELS ? { type } : null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
var FORMATS = [
  ["image/png", (view) => [view.getUint32(16), view.getUint32(20)], /^\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR/],
  ["image/jpeg", measureJpeg, /^\xff\xd8\xff/],
  ["image/webp", measureWebp, /^RIFF[^]{4}WEBPVP8[ LX]/]
];
function measureJpeg(view) {
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 255) return [0, 0];
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 192 && marker <= 207 && ![196, 200, 204].includes(marker);
    if (isFrame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    if (marker < 192 || marker >= 208 && marker <= 218) return [0, 0];
    at += marker === 255 ? 1 : 2 + view.getUint16(at + 2);
  }
}
function measureWebp(view) {
  const kind = view.getUint8(15);
  if (kind === 32) return [view.getUint16(26, true) & 16383, view.getUint16(28, true) & 16383];
  if (kind === 88) return [1 + (view.getUint32(23, true) >>> 8), 1 + (view.getUint32(26, true) >>> 8)];
  const sizes = view.getUint32(21, true);
  return [1 + (sizes & 16383), 1 + (sizes >>> 14 & 16383)];
}
function documentAround(address) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%"><image width="100%" height="100%" href="${address}"/></svg>`;
}
function textOf(bytes) {
  const isCut = bytes.length > MAX_TEXT;
  const begin = bytes.subarray(0, MAX_TEXT);
  const lines = decoded(begin, isCut).split(/\r\n|\n|\r/);
  const text = lines.map((line) => /^[ -~]*$/.test(line) ? line : printable(line.replaceAll("	", "    "))).join("\n");
  return { text, isCut };
}
function decoded(bytes, isCut) {
  const mark = latin(bytes.subarray(0, 2));
  if (mark === "ÿþ") return new TextDecoder("utf-16le").decode(bytes, { stream: isCut });
  if (mark === "þÿ") return new TextDecoder("utf-16be").decode(bytes, { stream: isCut });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}
function latin(bytes) {
  return String.fromCharCode(...bytes);
}

// src/view/preview.ts
var Preview = class {
  /** `place` is that of the file among the entries; `null` if it is the only one. */
  constructor(stage, file, place) {
    this.stage = stage;
    this.file = file;
    this.place = place;
    const { texts } = stage;
    this.#dialog = element(
      "dialog",
      { id: "preview", "aria-labelledby": "preview-name", close: () => this.#end() },
      element("h2", { id: "preview-name", translate: "no" }, element("bdi", {}, file.name)),
      element("p", {}, texts.say("preview.unsaved")),
      this.#state,
      this.#place,
      element("div", { class: "buttons" }, button(texts.say("preview.close"), () => this.close(), { id: "preview-close" }))
    );
  }
  stage;
  file;
  place;
  #stop = new AbortController();
  #state = element("p", { id: "preview-state", "aria-live": "polite" });
  #place = element("div", { class: "sight" });
  #dialog;
  #address = null;
  /** Shows it as soon as it is there. */
  async show() {
    const { engine, texts } = this.stage;
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#say(texts.say("preview.loading"));
    const deaf = engine.listen((event) => event.type === "waiting" && this.#say(whyItWaits(texts, event.why)));
    try {
      const { bytes } = await engine.call("read", { place: this.place }, [], this.#stop.signal);
      const sight = await sightOf(this.file, bytes);
      if (!this.#stop.signal.aborted) this.#show(sight);
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#fail(failureOf(error));
    } finally {
      deaf();
    }
  }
  /** Ends it, also while it is still being fetched. */
  close() {
    this.#dialog.close();
  }
  #show(sight) {
    const { texts } = this.stage;
    if (!sight) return this.#say(texts.say("preview.unknown"));
    this.#say(sight.isCut ? texts.say("preview.cut") : "");
    this.#address = URL.createObjectURL(sight.content);
    this.#fill(element("iframe", { sandbox: "", title: this.file.name, class: previewOf(this.file) ?? "", src: this.#address }));
  }
  #fail(failure) {
    this.#say("");
    this.#fill(problemBox(this.stage.texts, failure, "preview-problem"));
  }
  #fill(child) {
    this.#place.replaceChildren(...child === null ? [] : [child]);
  }
  #say(text) {
    setText(this.#state, text);
  }
  #end() {
    this.#stop.abort();
    this.#dialog.remove();
    if (this.#address !== null) URL.revokeObjectURL(this.#address);
  }
};
async function sightOf(file, bytes) {
  if (previewOf(file) === "text") {
    const { text, isCut } = textOf(bytes);
    return { content: new Blob([text], { type: "text/plain;charset=utf-8" }), isCut };
  }
  const picture = pictureOf(bytes);
  if (!picture) return null;
  const address = await dataAddress(new Blob([bytes], picture));
  return { content: new Blob([documentAround(address)], { type: "image/svg+xml" }), isCut: false };
}
function dataAddress(blob) {
  const reader = new FileReader();
  reader.readAsDataURL(blob);
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
  });
}
export {
  Preview
};
