/**
 * The files of a share as folders that open and close, with what is chosen of them. What is not visible is not
 * drawn: neither a closed folder, nor more than the first rows of a full one.
 */

import type { Manifest } from "../format/manifest.ts";
import type { Selection } from "../saving/plan.ts";
import { button, element, paragraph, setText, type Child } from "./dom.ts";
import { choose, chosenPlaces, cutInTheMiddle, FolderNode, kindOf, previewOf, treeOf, type FileNode } from "./file_tree.ts";
import { icon } from "./icons.ts";
import type { Texts } from "./texts.ts";

/** How many rows of a folder are drawn before somebody asks for the rest. */
const SHOWN = 100;
/** Folders are open at first as long as that makes no more rows than this. */
const OPEN_ROWS = 40;

/** The files, drawn. What was chosen and opened stays when it is drawn anew. */
export class FileTree {
  /** Whether people can look at a file before it is saved. */
  offersLook = true;
  readonly #root: FolderNode;
  readonly #offersChoice: boolean;
  readonly #open = new Set<FolderNode>();
  /** Folders of which all rows are drawn. */
  readonly #whole = new Set<FolderNode>();
  readonly #boxes = new Map<FileNode | FolderNode, HTMLInputElement>();
  #showsWholeNames = false;
  #status = element("p");
  #texts: Texts;

  /**
   * `isLocal` if they are in a file from disk: then nobody sees which file is looked at. `onChoice` is called when something was
   * chosen, or no longer; `onLook` when somebody would like to see a file before it is saved.
   */
  constructor(manifest: Manifest, texts: Texts, readonly isLocal: boolean, readonly onChoice: () => void, readonly onLook: (file: FileNode) => void) {
    this.#texts = texts;
    this.#root = treeOf(manifest.entries, texts.language);
    this.#offersChoice = manifest.kind === "tar" && manifest.entries.length > 1;
    this.#openFirst();
  }

  /** What is to be saved of it: all, as long as no file is chosen, and once every one is. */
  get selection(): Selection {
    const { files } = this.#root.chosen;
    return files === 0 || files === this.#root.total.files ? "all" : chosenPlaces(this.#root);
  }

  /** Says how much is chosen. */
  said(texts: Texts): string {
    const { files, bytes } = this.#root.chosen;
    return files === 0 ? texts.say("files.chosen.none") : texts.count("files.chosen", files, { size: texts.size(bytes) });
  }

  draw(texts: Texts): HTMLElement {
    this.#texts = texts;
    this.#boxes.clear();
    const list = element("ul", { class: "files", role: "list" }, ...this.#inside(this.#root));
    const canLook = this.offersLook && [...this.#root].some((file) => previewOf(file) !== null);
    const hint = texts.say(this.isLocal ? "preview.hint.local" : "preview.hint");
    const drawn = element("div", { class: "file-tree" }, this.#above(), paragraph(canLook ? hint : null, { class: "hint" }), list);
    drawn.classList.toggle("whole-names", this.#showsWholeNames);
    this.#update();
    return drawn;
  }

  /** What can be done with all of them. */
  #above(): Child {
    const isLong = [...this.#root].some(({ name }) => cutInTheMiddle(name) !== null);
    if (!this.#offersChoice && !isLong) return null;
    this.#status = element("p", { id: "chosen" });
    const all = button(this.#texts.say("files.all"), () => this.#choose(this.#root, true), { id: "choose-all" });
    const none = button(this.#texts.say("files.none"), () => this.#choose(this.#root, false), { id: "choose-none" });
    const toggle = () => {
      this.#showsWholeNames = !this.#showsWholeNames;
      wholeNames.setAttribute("aria-pressed", String(this.#showsWholeNames));
      wholeNames.closest(".file-tree")?.classList.toggle("whole-names", this.#showsWholeNames);
    };
    const wholeNames = button(this.#texts.say("files.whole"), toggle, { id: "whole-names", "aria-pressed": String(this.#showsWholeNames) });
    const choices = this.#offersChoice ? [all, none] : [];
    return element("div", { class: "choosing" }, ...choices, isLong ? wholeNames : null, this.#offersChoice ? this.#status : null);
  }

  /** Of large shares folders are closed at first; one that everything is in is not. */
  #openFirst(): void {
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
  #inside(folder: FolderNode): HTMLElement[] {
    const nodes = [...folder.folders, ...folder.files];
    const rowsOf = (some: typeof nodes) => some.map((node) => (node instanceof FolderNode ? this.#folder(node) : this.#file(node)));
    if (nodes.length <= SHOWN || this.#whole.has(folder)) return rowsOf(nodes);
    const showRest = () => {
      this.#whole.add(folder);
      const rest = rowsOf(nodes.slice(SHOWN));
      more.replaceWith(...rest);
      this.#update();
      rest[0]?.querySelector<HTMLElement>("input, button")?.focus();
    };
    const more = element("li", { class: "more" }, button(this.#texts.say("files.more", { count: this.#texts.number(nodes.length) }), showRest));
    return [...rowsOf(nodes.slice(0, SHOWN)), more];
  }

  #folder(folder: FolderNode): HTMLElement {
    const { name, place, total } = folder;
    const texts = this.#texts;
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
    const size = element("span", { class: "size" }, texts.count("contents.total", total.files, { size: texts.size(total.bytes) }));
    const about = element("span", { class: "file" }, fileName(name), size);
    const state = { id: `folder-${place}`, "aria-expanded": String(this.#open.has(folder)) };
    const opener = element("button", { type: "button", class: "opener", click: toggle, ...state }, icon("chevron"), icon("folder"), about);
    const box = this.#box(folder, folder, {
      id: `all-${place}`,
      disabled: total.files === 0,
      "aria-label": texts.say("files.folder", { folder: name }),
    });
    row.append(element("div", { class: "row" }, box && element("label", { class: "tick" }, box), opener));
    if (this.#open.has(folder)) row.append(list());
    return row;
  }

  #file(file: FileNode): HTMLElement {
    const { name, place, size } = file;
    const kind = kindOf(name);
    const what = element("span", { class: "size" }, `${this.#texts.say(`files.kind.${kind}`)}, ${this.#texts.size(size)}`);
    const look = button(this.#texts.say("preview.look"), () => this.onLook(file), { class: "look", id: `look-${place}` });
    look.append(element("span", { class: "hidden" }, ` ${name}`));
    const box = this.#box(file, [file], { id: `file-${place}` });
    const pick = element(box ? "label" : "div", { class: "pick" }, box, icon(kind), element("span", { class: "file" }, fileName(name), what));
    return element("li", {}, element("div", { class: "row" }, pick, this.offersLook && previewOf(file) ? look : null));
  }

  /** The box by which these files are chosen; `null` where there is nothing to choose. */
  #box(node: FileNode | FolderNode, files: Iterable<FileNode>, attributes: Record<string, string | boolean>): HTMLInputElement | null {
    if (!this.#offersChoice) return null;
    const box = element("input", { type: "checkbox", ...attributes, change: () => this.#choose(files, box.checked) });
    this.#boxes.set(node, box);
    return box;
  }

  #choose(files: Iterable<FileNode>, isChosen: boolean): void {
    for (const file of files) choose(file, isChosen);
    this.#update();
    this.onChoice();
  }

  /** Shows what is chosen, in what is drawn already. */
  #update(): void {
    for (const [node, box] of this.#boxes) {
      if (node instanceof FolderNode) {
        const { total, chosen } = node;
        box.checked = chosen.files > 0 && chosen.files === total.files;
        box.indeterminate = chosen.files > 0 && chosen.files < total.files;
      } else box.checked = node.isChosen;
    }
    setText(this.#status, this.said(this.#texts));
  }
}

/**
 * A name. A long one is cut in the middle where there is no room; screen readers and who copies it get the whole of it,
 * and so does everybody once whole names are wanted.
 */
function fileName(name: string): HTMLElement {
  const cut = cutInTheMiddle(name);
  if (!cut) return element("bdi", { class: "path", translate: "no" }, name);
  const [start, end] = cut;
  const shown = element("span", { class: "cut", "aria-hidden": "true" }, element("span", { class: "start" }, start), element("span", { class: "end" }, end));
  return element("bdi", { class: "path", translate: "no" }, shown, element("span", { class: "whole" }, name));
}
