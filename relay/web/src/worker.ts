/** The worker: all that is computed, fetched and written happens here, so that the page always answers. */

import { fail, failureOf } from "./failure.ts";
import type { Calls, FromWorker, ToWorker } from "./protocol.ts";
import { Session } from "./session.ts";

const session = new Session((event) => send({ type: "event", event }));
/** The youngest of all that is needed: a browser that has it has the rest. */
const isTooOld = !("any" in AbortSignal);
/** How often the page is told that a call still runs. */
const ALIVE_MS = 5_000;
let running: AbortController | null = null;

globalThis.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === "cancel") {
    running?.abort();
    return;
  }
  running = new AbortController();
  const ticking = setInterval(() => send({ type: "event", event: { type: "alive" } }), ALIVE_MS);
  try {
    send({ type: "gives", gives: await carryOut(data, running.signal) });
  } catch (error) {
    send({ type: "failed", failure: failureOf(error) });
  } finally {
    clearInterval(ticking);
  }
};

async function carryOut(call: ToWorker & { type: "call" }, signal: AbortSignal): Promise<Calls[keyof Calls]["gives"]> {
  if (isTooOld) fail({ code: "browser_too_old" });
  switch (call.call) {
    case "open":
      return session.open(call.takes.relay, call.takes.id, signal);
    case "openFile":
      return session.openFile(call.takes.file);
    case "prove":
      return session.unlock({ passphrase: call.takes.words }, signal);
    case "unlock":
      return session.unlock({ identities: (await import("./identity.ts")).readIdentities(call.takes.identities) }, signal);
    case "plan":
      return session.plan(call.takes.selection, call.takes.saveAs);
    case "save":
      return session.save(call.takes.selection, call.takes.target, signal);
    case "receipt":
      await session.receipt(signal);
      return null;
  }
}

function send(message: FromWorker): void {
  // Without a target's origin: this is the worker's own `postMessage`, not a window's.
  (globalThis as unknown as { postMessage(message: FromWorker): void }).postMessage(message);
}
