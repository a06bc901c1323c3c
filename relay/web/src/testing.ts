/** What the page uses of the engine. */

export { Engine } from "./engine.ts";
export { ShareError, failureOf } from "./failure.ts";
export { linkText, readLink } from "./link.ts";
export { printable } from "./names.ts";
export { save } from "./save.ts";
export { Words } from "./words.ts";
