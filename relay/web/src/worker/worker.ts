/** The worker: all that is computed, fetched and written happens here, so that the page always answers. */

import { failureOf, part, ShareError } from "../failure.ts";
import type { AnyCall, Calls, FromWorker, ToWorker } from "./protocol.ts";
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
  try {
    send({ type: "result", id, result: await unlessStuck(carryOut(data, stop.signal), stop.signal) });
  } catch (error) {
    send({ type: "failed", id, failure: failureOf(error) });
  } finally {
    running.delete(id);
    clearInterval(ticking);
  }
};

async function carryOut(call: AnyCall, signal: AbortSignal): Promise<Calls[keyof Calls]["result"]> {
  switch (call.call) {
    case "open":
      return session.open(call.params.relay, call.params.id, signal);
    case "openFile":
      return session.openFile(call.params.file);
    case "prove":
      return session.unlock({ passphrase: call.params.words }, signal);
    case "unlock":
      return session.unlock({ identities: (await part(import("../format/identity.ts"))).readIdentities(call.params.identities) }, signal);
    case "prepare":
      await session.prepare();
      return null;
    case "plan":
      return session.plan(call.params.selection, call.params.saveAs);
    case "save":
      return session.save(call.params.selection, call.params.target, signal);
    case "read":
      return { bytes: await session.read(call.params.place, signal) };
    case "receipt":
      return session.receipt(signal);
    case "confirm":
      await session.confirm(signal);
      return null;
  }
}

/** The result of the call. Once it was stopped that is waited for only so long. */
function unlessStuck<T>(call: Promise<T>, signal: AbortSignal): Promise<T> {
  const stuck = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => setTimeout(() => reject(new ShareError({ code: "cancelled" })), ENDING_MS));
  });
  return Promise.race([call, stuck]);
}

function send(message: FromWorker): void {
  // Without a target's origin: this is the worker's own `postMessage`, not a window's.
  (globalThis as unknown as { postMessage(message: FromWorker): void }).postMessage(message);
}
