/**
 * Ids of shares: 20 characters of Crockford's base32, the last a check (`docs/protocol.md`, "Ids and links"). The page reads
 * the one in its own address, with what writing, quoting and mailing have done to it; whole links only the program reads.
 */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 20;
/** How often a text may have been percent-encoded. */
const MAX_ENCODINGS = 3;
/** What people and programs put before a link. */
const OPENING = /^[ <>([{"'`*_|“”„‟‘’‚‛«»‹›]+/u;
/** What people and programs put after a link. */
const CLOSING = /[ <>)\]}"'`*_|“”„‟‘’‚‛«»‹›.,;:!?=…]+$/u;

/** The id in a path `…/s/<id>`, whatever punctuation or parameters hang on it; `null` if there is none, or a damaged one. */
export function idInPath(path: string): string | null {
  const plain = decodeFully(path)?.split(/[?#]/, 1)[0] ?? "";
  const segment = plain.split("/").filter((part) => part !== "").at(-1) ?? "";
  const [id = ""] = segment.split("&", 1);
  const bare = id.replace(OPENING, "").replace(CLOSING, "").replace(/^url:/i, "").replace(OPENING, "");
  return readId(bare.replace(/[‐‑‒–—−]/gu, "-"));
}

/** The id in its one form, read forgivingly: any case, o for 0, i or l for 1, hyphens anywhere; `null` if damaged. */
export function readId(text: string): string | null {
  const plain = text.replaceAll("-", "").replace(/[A-Z]/g, (c) => c.toLowerCase());
  const symbols = [...plain.replaceAll("o", "0").replace(/[il]/g, "1")].map((c) => ALPHABET.indexOf(c));
  if (symbols.length !== LENGTH || symbols.includes(-1) || weightedSum(symbols) !== 0) return null;
  return symbols.map((symbol) => ALPHABET[symbol]).join("");
}

/** Σ αⁱ·dᵢ in GF(2⁵), modulo x⁵ + x² + 1: by Horner's rule, from the last symbol on. */
function weightedSum(symbols: number[]): number {
  const timesAlpha = (value: number) => (value << 1) ^ (value & 0b1_0000 ? 0b10_0101 : 0);
  return symbols.reduceRight((sum, symbol) => timesAlpha(sum) ^ symbol, 0);
}

/** The text with its percent-encoding undone, however often; `null` if what comes out is not UTF-8. */
function decodeFully(text: string): string | null {
  try {
    for (let i = 0; i < MAX_ENCODINGS; i++) text = text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => decodeURIComponent(encoded));
    return text;
  } catch {
    return null;
  }
}
