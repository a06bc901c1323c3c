/** The word lists themselves, one word a line. */

export { default as english } from "../../../cli/wordlists/en.txt";
export { default as dutch } from "../../../cli/wordlists/nl.txt";
