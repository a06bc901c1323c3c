/** The sentences of the page in one language, with numbers, sizes and times as that language writes them. */

import type english from "../texts/en.json";

/** A sentence. */
export type TextKey = keyof typeof english;
/** A sentence that comes in a form for one and a form for more. */
type CountKey = TextKey extends infer K ? (K extends `${infer Base}.other` ? Base : never) : never;
type Values = Record<string, string | number>;

/** The languages there are. */
export const LANGUAGES = ["nl", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const LANGUAGE_NAMES: Record<Language, string> = { nl: "Nederlands", en: "English" };
const SIZE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
const MINUTE = 60;
const HOUR = 3600;

/** The first of a person's languages that there is. */
export function preferredLanguage(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const language = LANGUAGES.find((one) => one === tag.toLowerCase().split("-", 1)[0]);
    if (language) return language;
  }
  return "en";
}

/** What a language calls itself. */
export function languageName(language: Language): string {
  return LANGUAGE_NAMES[language];
}

/** The sentences of one language. */
export class Texts {
  readonly #plurals: Intl.PluralRules;

  constructor(readonly language: Language, readonly sentences: Record<TextKey, string>) {
    this.#plurals = new Intl.PluralRules(language);
  }

  /** Loads a language. */
  static async load(language: Language): Promise<Texts> {
    const { sentences } = await (language === "nl" ? import("./sentences_nl.ts") : import("./sentences_en.ts"));
    return new Texts(language, sentences);
  }

  /** A sentence, with values in place of `{name}`. */
  say(key: TextKey, values: Values = {}): string {
    return this.sentences[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
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
    const power = Math.min(SIZE_UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
    const format = { style: "unit", unit: SIZE_UNITS[power] ?? "byte", unitDisplay: power === 0 ? "long" : "short" } as const;
    return new Intl.NumberFormat(this.language, { ...format, maximumSignificantDigits: 3 }).format(bytes / 1000 ** power);
  }

  /** A moment in seconds since 1970. */
  time(seconds: number): string {
    const format = { dateStyle: "long", timeStyle: "short" } as const;
    return new Intl.DateTimeFormat(this.language === "en" ? "en-GB" : this.language, format).format(seconds * 1000);
  }

  /** How long something takes, in the unit that says enough. */
  duration(seconds: number): string {
    const [unit, length] = seconds >= HOUR ? ["hour", HOUR] : seconds >= MINUTE ? ["minute", MINUTE] : ["second", 1];
    const format = { style: "unit", unit: String(unit), unitDisplay: "long" } as const;
    return new Intl.NumberFormat(this.language, format).format(Math.max(1, Math.round(seconds / Number(length))));
  }
}
