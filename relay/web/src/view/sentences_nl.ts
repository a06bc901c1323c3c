/** The Dutch sentences. */

export { default as sentences } from "../texts/nl.json";
