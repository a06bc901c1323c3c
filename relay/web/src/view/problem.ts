/** Failures as sentences: what happened, and a way on. */

import type { Failure } from "../failure.ts";
import { element } from "./dom.ts";
import type { Texts } from "./texts.ts";

/** The id of what is said to be wrong with what was typed. */
export const PROBLEM = "problem";

/** After these failures, neither waiting nor trying again helps. */
const IS_OVER: ReadonlySet<string> = new Set(["expired", "revoked", "collected", "not_found", "link_damaged", "browser_too_old"]);

/** Whether it can never be opened here. */
export function isOver({ code }: Failure): boolean {
  return IS_OVER.has(code);
}

export function whatHappened(texts: Texts, failure: Failure): string {
  switch (failure.code) {
    case "words_count":
      if (failure.found > 0) return texts.count("failure.words_count", failure.found);
      break;
    case "words_wrong":
      if (failure.lockedUntil !== undefined) return texts.say("failure.words_wrong.locked", { time: texts.time(failure.lockedUntil) });
      if (failure.triesLeft !== undefined) return texts.count("failure.words_wrong.left", failure.triesLeft);
      break;
    case "locked":
      return texts.say("failure.locked", { time: texts.time(failure.until) });
    case "expired":
    case "revoked":
    case "collected":
      if (failure.at !== undefined) return texts.say(`failure.${failure.code}.at`, { time: texts.time(failure.at) });
      break;
    case "identity_unsupported":
      return texts.say("failure.identity_unsupported", { kind: texts.say(`kind.${failure.kind}`) });
    case "too_many_for_zip":
      return texts.say("failure.too_many_for_zip", { limit: texts.number(failure.limit) });
    case "too_large_for_memory":
      return texts.say("failure.too_large_for_memory", { size: texts.size(failure.bytes), limit: texts.size(failure.limit) });
  }
  return texts.say(`failure.${failure.code}`, { ...(failure as object) });
}

/** What to do about it. A file from disk (`isLocal`) is opened with other programs than a share. */
export function whatToDo(texts: Texts, failure: Failure, isLocal = false): string {
  const program = isLocal ? texts.say("program.local") : texts.say("program.share", { title: texts.say("other") });
  return texts.say(`failure.${failure.code}.hint`, { ...(failure as object), program });
}

/** Says why nothing comes at the moment, and that it goes on by itself. */
export function whyItWaits(texts: Texts, why: Failure): string {
  return texts.say("saving.waiting", { why: whatHappened(texts, why) });
}

/** The element that says why it waits, followed by `more`; hidden while it does not wait. */
export function waitingNotice(texts: Texts, why: Failure | null, more = ""): HTMLElement {
  return element("p", { id: "waiting", class: "notice", hidden: why === null }, why && `${whyItWaits(texts, why)} ${more}`);
}

/** A failure with what to do about it. It is read out as soon as it appears. */
export function problemBox(texts: Texts, failure: Failure, id: string, isLocal = false): HTMLElement {
  const label = element("span", { class: "hidden" }, `${texts.say("problem.label")} `);
  const what = element("p", { class: "what" }, label, whatHappened(texts, failure));
  return element("div", { class: "problem", role: "alert", id }, what, element("p", {}, whatToDo(texts, failure, isLocal)));
}
