/** The screen with what is inside: the message, the files, and what to save of them. */

import { failureOf, part, type Failure } from "../failure.ts";
import type { Manifest } from "../format/manifest.ts";
import { printable } from "../format/names.ts";
import type { Arrived } from "../relay/api.ts";
import type { SaveAs, Selection } from "../saving/plan.ts";
import { button, buttons, element, paragraph, type Child } from "./dom.ts";
import type { FileNode } from "./file_tree.ts";
import { FileTree } from "./files.ts";
import { messageBox } from "./message.ts";
import type { Preview } from "./preview.ts";
import { isOver, problemBox } from "./problem.ts";
import { canPick } from "./save.ts";
import { Saving } from "./saving.ts";
import type { AppContext, ContentsScreen, Origin } from "./screen.ts";
import type { Texts } from "./texts.ts";
import { Upload } from "./upload.ts";

export class Contents implements ContentsScreen {
  readonly step = "look";
  readonly #tree: FileTree;
  #preview: Preview | null = null;
  isOver = false;
  #isStopped = false;
  #hasLooked = false;
  #isLooking = false;
  #failure: Failure | null = null;
  #upload: Upload | null;

  /** `arrived` is how much is there, if the sender is still uploading. */
  constructor(readonly context: AppContext, readonly manifest: Manifest, readonly origin: Origin, arrived: Arrived | null) {
    const over = (failure: Failure) => {
      this.#failure = failure;
      context.redraw(document.activeElement?.id);
    };
    this.#tree = new FileTree(manifest, context.texts, origin.isLocal, () => this.#chosen(), (file) => void this.#look(file));
    this.#upload = arrived && new Upload(context, arrived, "uploading.contents", over);
  }

  heading(texts: Texts): string {
    return texts.say("contents.title");
  }

  body(texts: Texts): Child[] {
    const { files, bytes, entries, message } = this.manifest;
    const isListed = entries.length > 0 || files === 0;
    return [
      this.#sender(texts),
      this.#failure ? problemBox(texts, this.#failure, "problem", this.origin.isLocal) : null,
      this.#upload && !(this.#failure && isOver(this.#failure)) ? this.#upload.draw(texts) : null,
      paragraph(this.said(texts), { class: "notice" }),
      ...(message === null ? [] : [element("h2", {}, texts.say("contents.message")), messageBox(message)]),
      element("h2", {}, texts.say("contents.files")),
      paragraph(texts.count("contents.total", files, { size: texts.size(bytes) })),
      isListed ? this.#tree.draw(texts) : paragraph(texts.say("contents.many")),
      this.isOver ? paragraph(texts.say("contents.over"), { class: "notice" }) : this.#actions(texts),
    ];
  }

  left(): void {
    this.#upload?.stop();
    this.#preview?.close();
  }

  nameOf(selection: Selection, texts: Texts): string {
    const { entries, files } = this.manifest;
    const count = selection === "all" ? files : selection.length;
    const only = selection === "all" ? entries.filter(({ folder }) => !folder)[0] : entries[selection[0] ?? 0];
    return count === 1 && only ? printable(only.path.slice(only.path.lastIndexOf("/") + 1)) : texts.count("saving.what", count);
  }

  markSaved(): void {
    this.#upload = null;
    this.#tree.offersLook = false;
  }

  /** Whether a file was looked at, for which this page alone holds one of the downloads. */
  get isBusy(): boolean {
    return this.#hasLooked && this.origin.isOnlyHere;
  }

  said(texts: Texts): string | null {
    return this.#isStopped ? texts.say("contents.stopped") : null;
  }

  failed(failure: Failure): this {
    this.#isStopped = failure.code === "cancelled";
    this.#failure = this.#isStopped ? null : failure;
    return this;
  }

  save(selection: Selection, saveAs: SaveAs): void {
    this.#isStopped = false;
    this.#failure = null;
    const saving = new Saving(this.context, this, selection);
    this.context.show(saving);
    void saving.run(saveAs);
  }

  /** The name that the sender gives, which nobody verifies. */
  #sender(texts: Texts): Child {
    const { sender } = this.manifest;
    if (sender === null) return element("p", { class: "quiet" }, texts.say("contents.unnamed"));
    const name = element("strong", { dir: "auto", translate: "no" }, sender);
    return element("p", { class: "sender" }, `${texts.say("contents.sender")} `, name, " ", element("span", { class: "quiet" }, texts.say("contents.claimed")));
  }

  /** Shows a file before it is saved. */
  async #look(file: FileNode): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const { Preview } = await part(import("./preview.ts"));
      if (this.context.screen !== this) return;
      this.#hasLooked = true;
      this.#preview = new Preview(this.context, file, this.manifest.kind === "file" ? null : file.place);
      await this.#preview.show();
    } catch (error) {
      this.#failure = failureOf(error);
      this.context.redraw(`look-${file.place}`);
    } finally {
      this.#isLooking = false;
    }
  }

  #chosen(): void {
    const { texts } = this.context;
    document.getElementById("actions")?.replaceWith(this.#actions(texts));
    this.context.announce(this.#tree.said(texts));
  }

  /** The buttons that save what was chosen, or everything as long as nothing was. */
  #actions(texts: Texts): HTMLElement {
    const { selection } = this.#tree;
    const isWhole = selection === "all";
    const isOne = isWhole ? this.manifest.kind === "file" : selection.length === 1;
    const offersFolder = isWhole && !isOne && canPick("folder");
    const label = isWhole ? texts.say(isOne ? "save.one" : "save.all") : texts.count("save.picked", selection.length);
    const main = button(label, () => this.save(selection, "download"), { class: "main", id: isWhole ? "save" : "save-picked" });
    const folder = button(texts.say("save.folder"), () => this.save("all", "folder"), { id: "save-folder" });
    const place = button(texts.say("save.place"), () => this.save(selection, "place"), { id: "save-place" });
    const hints = [
      isOne ? null : texts.say("save.zip"),
      this.origin.isLocal ? null : texts.say(isWhole ? "save.told" : "save.part"),
      offersFolder ? texts.say("save.folder.hint") : null,
    ];
    const row = buttons(main, offersFolder ? folder : null, canPick("place") ? place : null);
    return element("div", { id: "actions", class: "actions" }, row, ...hints.map((hint) => paragraph(hint, { class: "quiet" })));
  }
}
