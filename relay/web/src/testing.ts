/** What the browser tests use of the page without its screens. The page does not load it. */

export { WorkerClient } from "./worker/worker_client.ts";
export { failureOf } from "./failure.ts";
export { save } from "./view/save.ts";
