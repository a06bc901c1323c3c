/** What the browser tests use of the engine by itself, without the screens. The page does not load it. */

export { Engine } from "./worker/worker_client.ts";
export { failureOf } from "./failure.ts";
export { save } from "./view/save.ts";
export { loadWords } from "./relay/wordlists.ts";
