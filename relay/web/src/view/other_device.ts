/** The way to open the link on another device: as a QR code, and as text. */

import { failureOf, part } from "../failure.ts";
import { element } from "./dom.ts";
import { problemBox } from "./problem.ts";
import type { Texts } from "./texts.ts";

/** Puts the link into `place`, with its code above it once what draws that has come. */
export async function showLink(texts: Texts, link: string, place: HTMLElement): Promise<void> {
  const text = element("p", {}, element("span", { class: "link", translate: "no" }, link));
  place.replaceChildren(text);
  try {
    const { qrCode } = await part(import("./qr.ts"));
    text.before(qrCode(link));
  } catch (error) {
    text.before(problemBox(texts, failureOf(error), "qr-problem"));
  }
}
