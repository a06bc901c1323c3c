/**
 * The word lists, fetched when somebody is about to type. They are files and no part of a script, because a script that
 * could not be loaded once is never asked for again by some browsers.
 */

import { fail } from "../failure.ts";
import { Words } from "../format/words.ts";
import { pageUrl } from "./page_files.ts";

/** Set by `build.mjs`: English, a space, Dutch. Each has a hash of its bytes, which stays, as the words are part of the format. */
declare const WORD_LIST_NAMES: string;
const WORDS = 2048;

/** Loads the lists. */
export async function loadWords(): Promise<Words> {
  const words = Words.of(...(await Promise.all(WORD_LIST_NAMES.split(" ").map(fetchText))));
  // A network that wants a login answers with something else.
  return words.lists.every((list) => list.words.length === WORDS) ? words : fail({ code: "part_missing" });
}

async function fetchText(name: string): Promise<string> {
  const response = await fetch(pageUrl(name), { credentials: "omit" }).catch(() => fail({ code: "unreachable" }));
  return response.ok ? response.text().catch(() => fail({ code: "unreachable" })) : fail({ code: "part_missing" });
}
