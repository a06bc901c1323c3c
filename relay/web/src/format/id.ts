/** Ids of shares: 20 characters of Crockford's base32, the last a check (`docs/protocol.md`, "Ids and links"). */

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 20;

/** The id in its one form, read forgivingly: any case, o for 0, i or l for 1, hyphens anywhere; `null` if damaged. */
export function readId(text: string): string | null {
  const plain = text.replaceAll("-", "").replace(/[A-Z]/g, (c) => c.toLowerCase());
  const symbols = [...plain.replaceAll("o", "0").replace(/[il]/g, "1")].map((c) => ALPHABET.indexOf(c));
  if (symbols.length !== LENGTH || symbols.includes(-1) || weightedSum(symbols) !== 0) return null;
  return symbols.map((symbol) => ALPHABET[symbol]).join("");
}

/** Σ αⁱ·dᵢ in GF(2⁵). */
function weightedSum(symbols: number[]): number {
  let weight = 1;
  let sum = 0;
  for (const symbol of symbols) {
    sum ^= multiply(weight, symbol);
    weight = multiply(weight, 2);
  }
  return sum;
}

/** The product in GF(2⁵) modulo x⁵ + x² + 1. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let bit = 4; bit >= 0; bit--) {
    product <<= 1;
    if (product & 0b10_0000) product ^= 0b10_0101;
    if ((b >> bit) & 1) product ^= a;
  }
  return product;
}
