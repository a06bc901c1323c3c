/** What stands around every screen: whose page it is, the languages, the steps, the foot. */

import { printable } from "../format/names.ts";
import { button, element, type Child } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Operator } from "./operator.ts";
import { STEPS, type Screen } from "./screen.ts";
import { LANGUAGES, type Language, type Texts } from "./texts.ts";

/** The band at the top. */
export function band(texts: Texts, operator: Operator | null, speak: (language: Language) => void): HTMLElement {
  const choices = (Object.keys(LANGUAGES) as Language[]).map((lang) =>
    button(LANGUAGES[lang], () => speak(lang), { id: `speak-${lang}`, lang, "aria-pressed": String(lang === texts.language) }),
  );
  // The logo has no alternative text, because the operator's name stands beside it.
  const logo = operator?.logo ? element("img", { src: operator.logo, alt: "" }) : null;
  const name = operator && element("p", { class: "name", translate: "no" }, printable(operator.name ?? "share"));
  const brand = element("div", { class: "brand" }, logo, name);
  const languages = element("div", { class: "languages", role: "group", "aria-label": texts.say("switch") }, ...choices);
  return element("div", { class: "inner" }, brand, languages);
}

/** The steps from the link to the files, with the present one marked. */
export function steps(texts: Texts, { step, isEnd }: Screen, kind: "words" | "keys"): HTMLElement[] {
  if (!step) return [];
  const present = STEPS.indexOf(step);
  return STEPS.map((one, place) => {
    const isDone = place < present || isEnd === true;
    const name = texts.say(one === "open" ? `step.${kind}` : `step.${one}`);
    const mark = element("span", { class: "mark", "aria-hidden": "true" }, isDone ? icon("check") : texts.number(place + 1));
    const said = isDone ? element("span", { class: "hidden" }, ` ${texts.say("step.done")}`) : null;
    const attributes = isDone ? { class: "done" } : place === present ? { class: "present", "aria-current": "step" } : {};
    return element("li", attributes, mark, name, said);
  });
}

/** The foot: whom to ask, and links to the operator's statements. */
export function foot(texts: Texts, operator: Operator | null): Child {
  if (!operator) return null;
  const { contact, phone, email, abuse, privacy, accessibility } = operator;
  const links: [text: string | null, href: string | null][] = [
    [phone, phone && `tel:${phone.replace("(0)", "").replace(/[^\d+]/g, "")}`],
    [email, email && `mailto:${encodeURI(email)}`],
    [texts.say("foot.privacy"), privacy],
    [texts.say("foot.accessibility"), accessibility],
    [texts.say("foot.abuse"), abuse],
  ];
  const items = links.flatMap(([text, href]) => {
    if (!text || !href) return [];
    // A page opens in a tab of its own, so that this one stays as it is.
    const beside = href.startsWith("http") ? { target: "_blank", rel: "noopener noreferrer" } : {};
    return [element("li", {}, element("a", { href, ...beside }, printable(text)))];
  });
  return element("div", { class: "inner" }, contact && element("p", {}, printable(contact)), items.length > 0 ? element("ul", {}, ...items) : null);
}
