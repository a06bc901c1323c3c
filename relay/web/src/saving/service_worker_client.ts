/** The page's side of the service worker (`service_worker.ts`): has it run, and has the browser download from it. */

import { hex, random } from "../format/bytes.ts";
import { within } from "../relay/backoff.ts";
import { SERVICE_WORKER, pageUrl, scriptUrl } from "../relay/page_files.ts";
import type { ToServiceWorker } from "./download_protocol.ts";
import type { Plan } from "./plan.ts";

/** How long the service worker may take to be loaded, and to answer. */
const START_MS = 20_000;
/** How long the browser may still be taking over the last bytes. */
const LAST_BYTES_MS = 10_000;
/** The scope of the service worker, in which its downloads are; no other one has the same. */
const SCOPE = pageUrl(SERVICE_WORKER.replace(/\.js$/, "/"));

/**
 * Asks the browser to download what then goes into the port; `release` is to be called when it is over. Gives `null` where
 * the browser has no service workers: in private windows, and without https. `subscribe` has its parameter called every
 * few seconds, until what it returns is called.
 */
export async function offerDownload({ name, bytes }: Plan, subscribe: (handle: () => void) => () => void) {
  const worker = await within(START_MS, activeWorker());
  if (!worker) return null;
  const tell = (message: ToServiceWorker, transfer: Transferable[] = []) => worker.postMessage(message, transfer);
  const { port1, port2 } = new MessageChannel();
  const id = hex(random(16));
  const answered = new Promise<true>((resolve) => (port1.onmessage = () => resolve(true)));
  tell({ type: "offer", id, name, bytes }, [port2]);
  // A service worker that has to be started first may otherwise be asked before it has heard of it.
  if (!(await within(START_MS, answered))) return null;
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.src = SCOPE + id;
  document.body.append(frame);
  const unsubscribe = subscribe(() => tell({ type: "stay" }));
  const release = () => {
    unsubscribe();
    setTimeout(() => frame.remove(), LAST_BYTES_MS);
  };
  return { port: port1, release };
}

async function activeWorker(): Promise<ServiceWorker | null> {
  const workers: ServiceWorkerContainer | undefined = navigator.serviceWorker;
  if (!workers) return null;
  try {
    const registration = await workers.register(scriptUrl(SERVICE_WORKER), { scope: SCOPE, updateViaCache: "none" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    while (worker && worker.state !== "activated") {
      if (worker.state === "redundant") return null;
      await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
    }
    return worker;
  } catch {
    return null;
  }
}
