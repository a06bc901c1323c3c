/** Other ways than this page's own: a saved file, the program, another device. Closed until somebody asks for them. */

import { failureOf, part } from "../failure.ts";
import { WorkerClient } from "../worker/worker_client.ts";
import { element, type Child } from "./dom.ts";
import { problemBox } from "./problem.ts";
import type { AppContext } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** What is under one closed heading below the words. */
export class OtherWays {
  #isOpen = false;
  /** The file from disk that was chosen last. */
  #file: File | null = null;

  /** `take` gets a file from disk that can be opened, and the worker that is to open it. */
  constructor(readonly context: AppContext, readonly take: (client: WorkerClient, kind: "words" | "keys", file: File) => void) {}

  /** `opens` is what is opened on this page. */
  draw(texts: Texts, opens: "words" | "keys" | "file"): HTMLElement {
    const { address } = this.context;
    const ways = element("details", { class: "other" }, element("summary", {}, texts.say("other")));
    if (address && opens !== "file") {
      const link = `${address.relay}/s/${address.id}`;
      const place = element("div", { id: "other-device" });
      ways.append(command(texts, link, opens));
      ways.append(way(texts.say("other.title"), element("p", {}, texts.say(opens === "keys" ? "other.keys" : "other.hint")), place));
      ways.addEventListener("toggle", () => ways.open && !place.firstChild && void showLink(texts, link, place));
    }
    ways.append(this.#localFile(texts));
    ways.addEventListener("toggle", () => (this.#isOpen = ways.open));
    ways.open = this.#isOpen;
    return ways;
  }

  /** A saved file can always be opened, whatever became of the share. */
  #localFile(texts: Texts): HTMLElement {
    const choose = () => {
      const file = input.files?.[0];
      if (file) void this.#openFile(file);
    };
    const input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    const hint = element("p", { id: "local-hint" }, texts.say("local.hint"));
    return way(texts.say("local.title"), hint, element("label", { for: "local-file" }, texts.say("local.label")), input);
  }

  /**
   * Opens it with a worker of its own, so that the share stays as it is, with what was typed, if the file is none to open;
   * that is then said above the file.
   */
  async #openFile(file: File): Promise<void> {
    const { context } = this;
    const { screen } = context;
    const client = new WorkerClient();
    this.#file = file;
    context.announce(context.texts.say("ask.opening"));
    const opened = await client.call("openFile", { file }).catch(failureOf);
    // Another file was chosen meanwhile, or the share was opened.
    if (this.#file !== file || context.screen !== screen) return client.end();
    if (!("code" in opened)) return this.take(client, opened.kind, file);
    client.end();
    context.announce("");
    document.getElementById("file-problem")?.remove();
    const input = document.getElementById("local-file");
    input?.before(problemBox(context.texts, opened, "file-problem", true));
    input?.setAttribute("aria-invalid", "true");
    input?.setAttribute("aria-describedby", "file-problem local-hint");
  }
}

function command(texts: Texts, link: string, opens: "words" | "keys"): HTMLElement {
  // A line may break within the link, but not within an option.
  const option = element("span", { class: "option" }, "--identity");
  const typed = element("pre", { tabindex: 0, translate: "no" }, `share get ${link}`, ...(opens === "keys" ? [" ", option, " key.txt"] : []));
  return way(texts.say("command.title"), element("p", {}, texts.say("command.hint")), typed);
}

/** Puts the link into `place`, with its QR code above it once the script that draws it has come. */
async function showLink(texts: Texts, link: string, place: HTMLElement): Promise<void> {
  const text = element("p", {}, element("span", { class: "link", translate: "no" }, link));
  place.replaceChildren(text);
  try {
    const { qrCode } = await part(import("./qr.ts"));
    text.before(qrCode(link));
  } catch (error) {
    text.before(problemBox(texts, failureOf(error), "qr-problem"));
  }
}

function way(title: string, ...children: Child[]): HTMLElement {
  return element("section", {}, element("h2", {}, title), ...children);
}
