/** Whether this is safe, and how a person can see for themselves. */

import { element } from "./dom.ts";
import type { Texts } from "./texts.ts";

/** The help for who has just been sent a link; closed. */
export function safety(texts: Texts, kind: "words" | "keys"): HTMLDetailsElement {
  const { host } = location;
  const points = [
    texts.say("safe.sender"),
    texts.say("safe.address", { host }),
    texts.say(`safe.${kind}`),
    texts.say("safe.files"),
    texts.say(kind === "words" ? "safe.nothing" : "safe.nothing.keys"),
    texts.say(`ask.${kind}.safe`),
    texts.say("safe.page", { title: texts.say("other") }),
  ];
  const list = element("ul", {}, ...points.map((point) => element("li", {}, point)));
  return element("details", {}, element("summary", { id: "safe" }, texts.say("safe")), list);
}
