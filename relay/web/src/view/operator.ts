/** Whose page this is: what the relay's operator says of itself. Nothing of it is needed, and all of it is only text. */

import { JsonObject } from "../format/json.ts";
import { readAnswer } from "../relay/api.ts";
import { pageUrl } from "../relay/page_files.ts";

export type Operator = ReturnType<typeof operatorOf>;

/** How long the page waits for it. */
const PATIENCE_MS = 5_000;
const MAX_LETTERS = 250;
const MAX_BYTES = 64 * 1024;

/** Asks the relay, and puts the operator's colours in place. */
export async function loadOperator(): Promise<Operator> {
  const nobody = operatorOf(new JsonObject(new Map()));
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    // Exactly as the document preloads it.
    const response = await fetch(pageUrl("operator.json"), { signal });
    return response.ok ? await readAnswer(response, MAX_BYTES, signal, operatorOf) : nobody;
  } catch {
    // The share can be opened without it.
    return nobody;
  }
}

function operatorOf(told: JsonObject) {
  paint("--accent-light", told.get("accent"));
  paint("--accent-dark", told.get("accent_dark"));
  return {
    name: text(told.get("name")),
    contact: text(told.get("contact")),
    /** A telephone number, as people write it. */
    phone: text(told.get("phone")),
    email: text(told.get("email")),
    /** The address of a page where misuse is reported, as of those about privacy and accessibility. */
    abuse: address(told.get("abuse")),
    privacy: address(told.get("privacy")),
    accessibility: address(told.get("accessibility")),
    /** The address of a picture. */
    logo: told.get("logo") === true ? pageUrl("operator-logo") : null,
  };
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_LETTERS) : null;
}

/** An address that runs nothing: a page of the relay's own or over https, or a mailbox. */
function address(value: unknown): string | null {
  if (typeof value !== "string") return null;
  try {
    const { href, protocol } = new URL(value, pageUrl(".."));
    return href.startsWith(pageUrl("..")) || ["https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

function paint(property: string, colour: unknown): void {
  if (typeof colour !== "string" || !/^#[0-9a-fA-F]{6}$/.test(colour)) return;
  document.documentElement.style.setProperty(property, colour);
}
