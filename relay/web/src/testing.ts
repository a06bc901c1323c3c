/** What the browser tests use of the engine by itself, without the screens. The page does not load it. */

export { Engine } from "./engine.ts";
export { failureOf } from "./failure.ts";
export { save } from "./save.ts";
export { loadWords } from "./wordlists.ts";
