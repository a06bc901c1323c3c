/** What stands around every screen: whose page it is, the languages, the steps, the foot. */

import { printable } from "../format/names.ts";
import { button, element, type Child } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Operator } from "./operator.ts";
import { STEPS, type Screen } from "./screen.ts";
import { LANGUAGES, languageName, type Language, type Texts } from "./texts.ts";

/** The band at the top. */
export function band(texts: Texts, operator: Operator | null, speak: (language: Language) => void): Child[] {
  const choices = LANGUAGES.map((language) =>
    button(languageName(language), () => speak(language), {
      id: `speak-${language}`,
      lang: language,
      "aria-pressed": String(language === texts.language),
    }),
  );
  const languages = element("div", { class: "languages", role: "group", "aria-label": texts.say("switch") }, ...choices);
  return [element("div", { class: "inner" }, element("div", { class: "brand" }, ...brand(operator)), languages)];
}

function brand(operator: Operator | null): Child[] {
  if (!operator) return [];
  const { name, logo } = operator;
  // Its name stands beside it.
  const picture = logo === null ? null : element("img", { src: logo, alt: "" });
  return [picture, element("p", { class: "name", translate: "no" }, printable(name ?? "share"))];
}

/** What happens on the way from the link to the files, with where the person is. */
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

/** The foot: whom to ask, and what the operator has to say. */
export function foot(texts: Texts, operator: Operator | null): Child[] {
  if (!operator) return [];
  const { contact, phone, email, abuse, privacy, accessibility } = operator;
  // What leads to a page opens beside this one, which stays as it is.
  const link = (text: string, href: string | null) => {
    const beside = href?.startsWith("http") ? { target: "_blank", rel: "noopener noreferrer" } : {};
    return href && element("li", {}, element("a", { href, ...beside }, printable(text)));
  };
  const links = [
    link(phone ?? "", phone && `tel:${phone.replace("(0)", "").replace(/[^\d+]/g, "")}`),
    link(email ?? "", email && `mailto:${encodeURI(email)}`),
    link(texts.say("foot.privacy"), privacy),
    link(texts.say("foot.accessibility"), accessibility),
    link(texts.say("foot.abuse"), abuse),
  ].filter((one) => one !== null);
  return [element("div", { class: "inner" }, contact && element("p", {}, printable(contact)), links.length > 0 ? element("ul", {}, ...links) : null)];
}
