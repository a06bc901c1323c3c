/** Other ways than this page's own: a saved file, the program, another device. Closed until somebody asks for them. */

import { failureOf, type Failure } from "../failure.ts";
import { WorkerClient } from "../worker/worker_client.ts";
import { element, type Child } from "./dom.ts";
import { showLink } from "./other_device.ts";
import { problemBox } from "./problem.ts";
import type { AppContext } from "./screen.ts";
import type { Texts } from "./texts.ts";

/** What is under one closed heading below the words. */
export class OtherWays {
  #isOpen = false;
  /** The file from disk that was chosen last. */
  #file: File | null = null;
  /** Where it says why that will not open. */
  #refusal = element("div");
  #input = element("input");

  /** `take` gets a file from disk that can be opened, and what is to open it. */
  constructor(readonly context: AppContext, readonly take: (client: WorkerClient, kind: "words" | "keys", file: File) => void) {}

  /** `opens` is what is opened on this page. */
  draw(texts: Texts, opens: "words" | "keys" | "file"): HTMLElement {
    const { address } = this.context;
    const ways = element("details", { class: "other" }, element("summary", {}, texts.say("other")));
    if (address && opens !== "file") {
      const link = `${address.base}/s/${address.id}`;
      const place = element("div", { id: "other-device" });
      ways.append(this.#command(texts, link, opens), way(texts.say("other.title"), [element("p", {}, texts.say(opens === "keys" ? "other.keys" : "other.hint")), place]));
      ways.addEventListener("toggle", () => ways.open && !place.firstChild && void showLink(texts, link, place));
    }
    ways.append(this.#localFile(texts));
    ways.addEventListener("toggle", () => (this.#isOpen = ways.open));
    ways.open = this.#isOpen;
    return ways;
  }

  /** A saved file can always be opened, whatever became of the share. */
  #localFile(texts: Texts): HTMLElement {
    const choose = (event: Event) => {
      const file = (event.target as HTMLInputElement).files?.[0];
      if (file) void this.#openFile(file);
    };
    this.#refusal = element("div");
    this.#input = element("input", { type: "file", id: "local-file", "aria-describedby": "local-hint", change: choose });
    return way(texts.say("local.title"), [
      element("p", { id: "local-hint" }, texts.say("local.hint")),
      element("label", { for: "local-file" }, texts.say("local.label")),
      this.#refusal,
      this.#input,
    ]);
  }

  /** With a worker of its own, so that the share stays as it is, with what was typed, if the file is none to open. */
  async #openFile(file: File): Promise<void> {
    const { context } = this;
    const { screen } = context;
    const client = new WorkerClient();
    this.#file = file;
    context.announce(context.texts.say("ask.opening"));
    const opened = await client.call("openFile", { file }).catch(failureOf);
    // Another was chosen meanwhile, or the share was opened.
    if (this.#file !== file || context.screen !== screen) return client.end();
    if (!("code" in opened)) return this.take(client, opened.kind, file);
    client.end();
    this.#refuse(opened);
  }

  #refuse(failure: Failure): void {
    this.context.announce("");
    this.#refusal.replaceChildren(problemBox(this.context.texts, failure, "file-problem", true));
    this.#input.setAttribute("aria-invalid", "true");
    this.#input.setAttribute("aria-describedby", "file-problem local-hint");
  }

  #command(texts: Texts, link: string, opens: "words" | "keys"): HTMLElement {
    // A line may break within the link, but not within an option.
    const option = (text: string) => element("span", { class: "option" }, text);
    const identity = opens === "keys" ? [" ", option("--identity"), " key.txt"] : [];
    return way(texts.say("command.title"), [
      element("p", {}, texts.say("command.hint")),
      element("pre", { tabindex: 0, translate: "no" }, `share get ${link}`, ...identity),
    ]);
  }
}

function way(title: string, children: Child[]): HTMLElement {
  return element("section", {}, element("h2", {}, title), ...children);
}
