/** The screen with what is inside: the message, the files, and what to save of them. */

import type { Arrived } from "../api.ts";
import type { Failure } from "../failure.ts";
import type { Manifest } from "../manifest.ts";
import { printable } from "../names.ts";
import type { SaveAs, Selection } from "../protocol.ts";
import { canPick } from "../save.ts";
import { button, element, paragraph, type Child } from "./dom.ts";
import { problemBox } from "./problem.ts";
import { Saving } from "./saving.ts";
import type { Screen, Stage } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { isOver, Upload } from "./upload.ts";

/** More files than these are listed when somebody asks for them. */
const SHOWN = 100;

/** Where what is shown comes from. */
export interface Origin {
  /** It is a file from disk. */
  isLocal: boolean;
  /** Once it was saved, only this page can do so again: with words any page could. */
  isOnlyHere: boolean;
}

/** What is inside. */
export class Contents implements Screen {
  readonly step = "look";
  /** Entries that were chosen, by their place in the manifest. */
  readonly #chosen = new Set<number>();
  #showsAll = false;
  /** Whether the relay has let go of it. */
  #isOver = false;
  #notice: "none" | "stopped" = "none";
  #failure: Failure | null = null;
  #upload: Upload | null;

  /** `arrived` is how much is there, if the sender is still uploading. */
  constructor(readonly stage: Stage, readonly manifest: Manifest, readonly origin: Origin, arrived: Arrived | null) {
    const over = (failure: Failure) => {
      this.#failure = failure;
      stage.redraw(document.activeElement?.id);
    };
    this.#upload = arrived && new Upload(stage, arrived, "uploading.contents", over);
  }

  heading(texts: Texts): string {
    return texts.say("contents.title");
  }

  body(texts: Texts): Child[] {
    const { files, bytes } = this.manifest;
    return [
      this.#failure ? problemBox(texts, this.#failure, "problem", this.origin.isLocal) : null,
      this.#upload && !(this.#failure && isOver(this.#failure)) ? this.#upload.draw(texts) : null,
      paragraph(this.said(texts), { class: "notice" }),
      ...this.#message(texts),
      element("h2", {}, texts.say("contents.files")),
      paragraph(texts.count("contents.total", files, { size: texts.size(bytes) })),
      this.#list(texts),
      this.#isOver ? paragraph(texts.say("contents.over"), { class: "notice" }) : this.#actions(texts),
    ];
  }

  left(): void {
    this.#upload?.stop();
  }

  /** All of it is there, and saved. */
  hasArrived(): void {
    this.#upload = null;
  }

  /** It can be saved no more. */
  isOver(): void {
    this.#isOver = true;
  }

  said(texts: Texts): string | null {
    return this.#notice === "stopped" ? texts.say("contents.stopped") : null;
  }

  /** Saving has failed; stopping it is no failure. */
  failed(failure: Failure): this {
    const isStopped = failure.code === "cancelled";
    this.#notice = isStopped ? "stopped" : "none";
    this.#failure = isStopped ? null : failure;
    return this;
  }

  /** Saves. To be called straight from a click. */
  save(selection: Selection, saveAs: SaveAs): void {
    this.#notice = "none";
    this.#failure = null;
    const saving = new Saving(this.stage, this);
    this.stage.show(saving);
    void saving.run(selection, saveAs);
  }

  #message(texts: Texts): Child[] {
    const { message } = this.manifest;
    if (message === null) return [];
    const lines = message.split("\n").map((line) => element("p", { dir: "auto" }, printable(line.replaceAll("\t", "    "))));
    return [element("h2", {}, texts.say("contents.message")), element("blockquote", {}, ...lines)];
  }

  #list(texts: Texts): Child {
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

  #row(texts: Texts, place: number, path: string, size: number): HTMLElement {
    const name = element("bdi", { class: "path" }, printable(path));
    const shownSize = element("span", { class: "size" }, texts.size(size));
    if (!this.#offersChoice) return element("li", {}, element("div", { class: "row" }, name, shownSize));
    const box = element("input", { type: "checkbox", id: `file-${place}`, checked: this.#chosen.has(place), change: () => this.#choose(place, box.checked) });
    return element("li", {}, element("label", { class: "row" }, box, name, shownSize));
  }

  /** Whether there is more than one thing to save. */
  get #offersChoice(): boolean {
    return this.manifest.kind === "tar" && this.manifest.entries.length > 1;
  }

  #choose(place: number, isChosen: boolean): void {
    if (isChosen) this.#chosen.add(place);
    else this.#chosen.delete(place);
    document.getElementById("actions")?.replaceWith(this.#actions(this.stage.texts));
  }

  /** The one thing to do: to save what was chosen, or everything as long as nothing was. */
  #actions(texts: Texts): HTMLElement {
    const { size } = this.#chosen;
    const hasChosen = size > 0 && this.#offersChoice;
    const selection = () => (hasChosen ? [...this.#chosen].sort((a, b) => a - b) : "all");
    const isOne = this.manifest.kind === "file" || (hasChosen && size === 1);
    const main = hasChosen ? texts.count("save.picked", size) : texts.say(isOne ? "save.one" : "save.all");
    return element(
      "div",
      { id: "actions", class: "actions" },
      element(
        "div",
        { class: "buttons" },
        button(main, () => this.save(selection(), "download"), { class: "main", id: hasChosen ? "save-picked" : "save" }),
        !isOne && !hasChosen && canPick("folder") ? button(texts.say("save.folder"), () => this.save("all", "folder"), { id: "save-folder" }) : null,
        canPick("place") ? button(texts.say("save.place"), () => this.save(selection(), "place"), { id: "save-place" }) : null,
      ),
      this.origin.isLocal ? null : element("p", { class: "quiet" }, texts.say(hasChosen ? "save.part" : "save.told")),
    );
  }
}
