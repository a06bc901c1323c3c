/** The worker: all that is computed, fetched and written happens here, so that the page always answers. */

import { failureOf, ShareError } from "../failure.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { Session } from "./session.ts";

const session = new Session((event) => send({ type: "event", event }));
/** How often the page is told that a call still runs. */
const ALIVE_MS = 5_000;
/** How long a call that was stopped may take to end: a disk may not answer at all. It writes nothing more when it does. */
const ENDING_MS = 5_000;
/** The calls that run, by their ids. */
const running = new Map<number, AbortController>();

globalThis.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  const { id } = data;
  if (data.type === "cancel") return running.get(id)?.abort();
  const stop = new AbortController();
  running.set(id, stop);
  const ticking = setInterval(() => send({ type: "event", event: { type: "alive" } }), ALIVE_MS);
  const stuck = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new ShareError({ code: "cancelled" }));
    stop.signal.addEventListener("abort", () => setTimeout(giveUp, ENDING_MS));
  });
  try {
    const result = await Promise.race([session[data.call](data.params as never, stop.signal), stuck]);
    send({ type: "result", id, result });
  } catch (error) {
    send({ type: "failed", id, failure: failureOf(error) });
  } finally {
    running.delete(id);
    clearInterval(ticking);
  }
};

function send(message: FromWorker): void {
  // Without a target's origin: this is the worker's own `postMessage`, not a window's.
  (globalThis as unknown as { postMessage(message: FromWorker): void }).postMessage(message);
}
