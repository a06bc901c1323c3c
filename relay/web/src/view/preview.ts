/**
 * A look at one file before it is saved. Its verified bytes are shown in a frame of another origin, in which no script runs
 * and nothing is loaded: a picture in a document of ours around it, a text as plain text. Nothing of it is kept.
 */

import { failureOf } from "../failure.ts";
import { button, buttons, element, setText } from "./dom.ts";
import { previewOf, type FileNode } from "./file_tree.ts";
import { documentAround, pictureOf, textOf } from "./preview_content.ts";
import { problemBox, whyItWaits } from "./problem.ts";
import type { AppContext } from "./screen.ts";

/** Shows one file in a dialog, until that is closed. */
export class Preview {
  readonly #stop = new AbortController();
  readonly #state = element("p", { id: "preview-state", "aria-live": "polite" });
  readonly #place = element("div", { class: "sight" });
  readonly #dialog: HTMLDialogElement;
  #address: string | null = null;

  /** `place` is that of the file among the entries; `null` if it is the only one. */
  constructor(readonly context: AppContext, readonly file: FileNode, readonly place: number | null) {
    const { texts } = context;
    this.#dialog = element(
      "dialog",
      { id: "preview", "aria-labelledby": "preview-name", close: () => this.#end() },
      element("h2", { id: "preview-name", translate: "no" }, element("bdi", {}, file.name)),
      element("p", {}, texts.say("preview.unsaved")),
      this.#state,
      this.#place,
      buttons(button(texts.say("preview.close"), () => this.close(), { id: "preview-close" })),
    );
  }

  /** Opens the dialog, and shows the file as soon as it has come. */
  async show(): Promise<void> {
    const { client, texts } = this.context;
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#say(texts.say("preview.loading"));
    const unsubscribe = client.listen((event) => event.type === "waiting" && this.#say(whyItWaits(texts, event.why)));
    try {
      const { bytes } = await client.call("read", { place: this.place }, [], this.#stop.signal);
      const shown = await shownOf(this.file, bytes);
      if (this.#stop.signal.aborted) return;
      this.#say(shown === null ? texts.say("preview.unknown") : shown.isCut ? texts.say("preview.cut") : "");
      if (!shown) return;
      this.#address = URL.createObjectURL(shown.content);
      // Without any permission, a frame has an origin of its own, and runs no scripts. It has this page's policy as well.
      this.#place.replaceChildren(element("iframe", { sandbox: "", title: this.file.name, class: previewOf(this.file) ?? "", src: this.#address }));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#say("");
      this.#place.replaceChildren(problemBox(texts, failureOf(error), "preview-problem"));
    } finally {
      unsubscribe();
    }
  }

  /** Closes it, also while the file is still being fetched. */
  close(): void {
    this.#dialog.close();
  }

  #say(text: string): void {
    setText(this.#state, text);
  }

  #end(): void {
    this.#stop.abort();
    this.#dialog.remove();
    if (this.#address !== null) URL.revokeObjectURL(this.#address);
  }
}

/** How a file is shown; `null` if it is not what its name says, or a picture too large to be opened. */
async function shownOf(file: FileNode, bytes: Uint8Array<ArrayBuffer>): Promise<{ content: Blob; isCut: boolean } | null> {
  if (previewOf(file) === "text") {
    const { text, isCut } = textOf(bytes);
    return { content: new Blob([text], { type: "text/plain;charset=utf-8" }), isCut };
  }
  const type = pictureOf(bytes);
  if (!type) return null;
  // A frame of another origin cannot load a picture of this one, so the picture is part of its document.
  const address = await dataAddress(new Blob([bytes], { type }));
  return { content: new Blob([documentAround(address)], { type: "image/svg+xml" }), isCut: false };
}

/** The bytes as a `data:` address. */
function dataAddress(blob: Blob): Promise<string> {
  const reader = new FileReader();
  reader.readAsDataURL(blob);
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error);
  });
}
