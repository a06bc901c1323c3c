/** The sentences of the page in one language, with numbers, sizes and times as that language writes them. */

import english from "../texts/en.json";
import dutch from "../texts/nl.json";

export type TextKey = keyof typeof english;
/** The key of a sentence that has a form for one and a form for more. */
type CountKey = TextKey extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;
type Values = Record<string, string | number>;

/** The languages there are, with what each calls itself. */
export const LANGUAGES = { nl: "Nederlands", en: "English" };
export type Language = keyof typeof LANGUAGES;

const SENTENCES: Record<Language, Record<TextKey, string>> = { nl: dutch, en: english };
const SIZE_UNITS = ["kilobyte", "megabyte", "gigabyte", "terabyte"];
/** In three figures, this much of a unit is rounded up to one of the next. */
const ROUNDED_UP = 999.5;
const MINUTE = 60;
const HOUR = 3600;

/** The first of a person's languages that the page has. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-", 1)[0];
    if (language && Object.hasOwn(LANGUAGES, language)) return language as Language;
  }
  return "en";
}

export class Texts {
  readonly #plurals: Intl.PluralRules;

  constructor(readonly language: Language) {
    this.#plurals = new Intl.PluralRules(language);
  }

  /** A sentence, with values in place of `{name}`. */
  say(key: TextKey, values: Values = {}): string {
    return SENTENCES[this.language][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** The form of a sentence for so many; `{count}` is the number. */
  count(key: CountKey, count: number, values: Values = {}): string {
    const form = this.#plurals.select(count) === "one" ? "one" : "other";
    return this.say(`${key}.${form}` as TextKey, { count: this.number(count), ...values });
  }

  number(value: number): string {
    return new Intl.NumberFormat(this.language).format(value);
  }

  /** Bytes, in decimal units and three figures. */
  size(bytes: number): string {
    if (bytes < 1000) return this.count("bytes", bytes);
    const power = SIZE_UNITS.findIndex((_, i) => i === SIZE_UNITS.length - 1 || bytes < ROUNDED_UP * 1000 ** (i + 1));
    const format = { style: "unit", unit: SIZE_UNITS[power] ?? "", unitDisplay: "short", maximumSignificantDigits: 3 } as const;
    return new Intl.NumberFormat(this.language, format).format(bytes / 1000 ** (power + 1));
  }

  /** A moment in seconds since 1970. */
  time(seconds: number): string {
    const format = { dateStyle: "long", timeStyle: "short" } as const;
    return new Intl.DateTimeFormat(this.language === "en" ? "en-GB" : this.language, format).format(seconds * 1000);
  }

  /** A duration, in one unit. */
  duration(seconds: number): string {
    const [unit, length] = seconds >= HOUR ? ["hour", HOUR] : seconds >= MINUTE ? ["minute", MINUTE] : ["second", 1];
    const format = { style: "unit", unit: String(unit), unitDisplay: "long" } as const;
    return new Intl.NumberFormat(this.language, format).format(Math.max(1, Math.round(seconds / Number(length))));
  }
}
