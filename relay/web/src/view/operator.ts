/** Whose page this is: what the relay's operator says of itself. Nothing of it is needed, and all of it is only text. */

import { readJson } from "../api.ts";
import { JsonObject } from "../json.ts";
import { pageUrl } from "../trusted.ts";

/** What there is to show. */
export interface Operator {
  name: string | null;
  contact: string | null;
  /** The address of a picture. */
  logo: string | null;
}

const NOBODY: Operator = { name: null, contact: null, logo: null };
/** How long the page waits for it. */
const PATIENCE_MS = 5_000;
const MAX_LETTERS = 200;
const MAX_BYTES = 64 * 1024;

/** Asks the relay, and puts the operator's colours in place. */
export async function loadOperator(): Promise<Operator> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    // As the document asks for it beforehand.
    const response = await fetch(pageUrl("operator.json"), { signal });
    const told = response.ok ? await readJson(response, MAX_BYTES, signal) : null;
    if (!(told instanceof JsonObject)) return NOBODY;
    paint("--accent-light", told.get("accent"));
    paint("--accent-dark", told.get("accent_dark"));
    return { name: text(told.get("name")), contact: text(told.get("contact")), logo: told.get("logo") === true ? pageUrl("operator-logo") : null };
  } catch {
    // The share can be opened without.
    return NOBODY;
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_LETTERS) : null;
}

function paint(property: string, colour: unknown): void {
  if (typeof colour !== "string" || !/^#[0-9a-fA-F]{6}$/.test(colour)) return;
  document.documentElement.style.setProperty(property, colour);
}
