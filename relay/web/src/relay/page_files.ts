/**
 * The page's own files: their addresses, those of scripts as the policy demands it (`trusted-types share`), and the word
 * lists, which are fetched when somebody is about to type. Those are files and no part of a script, because a script that
 * could not be loaded once is never asked for again by some browsers.
 */

import { fail } from "../failure.ts";
import { Words } from "../format/words.ts";

/** Set by `build.mjs`, as is the next one. */
declare const SERVICE_WORKER_NAME: string;
/** English, a space, Dutch. Each has a hash of its bytes, which stays, as the words are part of the format. */
declare const WORD_LIST_NAMES: string;
/** The name of the service worker, which has a hash of its bytes. */
export const SERVICE_WORKER = SERVICE_WORKER_NAME;
/** The name of the worker has a hash of its bytes. */
const WORKER = /^worker-\w+\.js$/;
/** How many words each list has. */
const WORDS = 2048;

/** Younger than TypeScript's own list. */
declare const trustedTypes: { createPolicy<T extends { createScriptURL(url: string): string }>(name: string, rules: T): T } | undefined;
const factory = typeof trustedTypes === "undefined" ? undefined : trustedTypes;
const policy = factory?.createPolicy("share", {
  createScriptURL(url) {
    const name = url.slice(pageUrl(".").length);
    if (url === pageUrl(name) && (name === SERVICE_WORKER || WORKER.test(name))) return url;
    throw new TypeError("not a script of this page");
  },
});

/** The address of a file of the page. All lie beside each other. */
export function pageUrl(name: string): string {
  return new URL(name, import.meta.url).href;
}

/** The name of the worker, as the document has it: it imports what this is part of, so neither can have the other's hash. */
export function workerName(): string {
  return document.querySelector("#worker")?.getAttribute("href")?.split("/").at(-1) ?? "";
}

/** The address of a script of our own. */
export function scriptUrl(name: string): string {
  return policy?.createScriptURL(pageUrl(name)) ?? pageUrl(name);
}

let loading: Promise<Words> | undefined;

/** The word lists. They are fetched once, and again after a failure. */
export function loadWords(): Promise<Words> {
  loading ??= fetchWords().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function fetchWords(): Promise<Words> {
  const words = new Words(...(await Promise.all(WORD_LIST_NAMES.split(" ").map(fetchText))));
  // A network that asks for a login answers with a page of its own.
  return words.lists.every((list) => list.words.length === WORDS) ? words : fail({ code: "part_missing" });
}

async function fetchText(name: string): Promise<string> {
  const response = await fetch(pageUrl(name), { credentials: "omit" }).catch(() => fail({ code: "unreachable" }));
  return response.ok ? response.text().catch(() => fail({ code: "unreachable" })) : fail({ code: "part_missing" });
}
