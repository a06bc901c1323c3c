/** Whether this is safe, and how a person can see for themselves. */

import { element } from "./dom.ts";
import type { Texts } from "./texts.ts";

/** The help for who has just been sent a link; closed. */
export function safety(texts: Texts, kind: "words" | "keys"): HTMLElement {
  const { host } = location;
  const points = [texts.say(`ask.${kind}.safe`), texts.say("safe.sender"), texts.say("safe.address", { host }), texts.say(`safe.${kind}`), texts.say("safe.nothing")];
  const list = element("ul", {}, ...points.map((point) => element("li", {}, point)));
  return element("details", { class: "help" }, element("summary", {}, texts.say("safe")), list);
}
