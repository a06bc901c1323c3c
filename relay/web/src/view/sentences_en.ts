/** The English sentences. */

export { default as sentences } from "../texts/en.json";
