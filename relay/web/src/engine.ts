/** The page's side of the engine: calls to the worker as functions, and what it tells meanwhile. */

import { fail, ShareError } from "./failure.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";
import { scriptUrl } from "./trusted.ts";

/** Opens one share at a time, in a worker. */
export class Engine {
  readonly #worker = new Worker(scriptUrl("worker.js"), { type: "module" });
  readonly #ears = new Set<(event: Event) => void>();
  #running: PromiseWithResolvers<unknown> | null = null;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle()?.resolve(data.gives);
      else this.#settle()?.reject(new ShareError(data.failure));
    };
    // It could not be loaded, or not understood.
    this.#worker.onerror = () => this.#settle()?.reject(new ShareError({ code: "browser_too_old" }));
  }

  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear: (event: Event) => void): () => void {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }

  /** Makes a call; throws a {@link ShareError}. One runs at a time. */
  async call<C extends keyof Calls>(
    call: C,
    takes: Calls[C]["takes"],
    transfer: Transferable[] = [],
  ): Promise<Calls[C]["gives"]> {
    if (this.#running) fail({ code: "unexpected", detail: "a call is running" });
    const running = withResolvers();
    this.#running = running;
    this.#worker.postMessage({ type: "call", call, takes }, transfer);
    return running.promise as Promise<Calls[C]["gives"]>;
  }

  /** Ends the call that runs, which then fails with `cancelled`. */
  cancel(): void {
    this.#worker.postMessage({ type: "cancel" } satisfies ToWorker);
  }

  /** Ends the worker; a call that runs fails with `cancelled`. */
  end(): void {
    this.#worker.terminate();
    this.#settle()?.reject(new ShareError({ code: "cancelled" }));
  }

  #settle(): PromiseWithResolvers<unknown> | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }
}

/** `Promise.withResolvers` is younger than the browsers this has to run in. */
function withResolvers(): PromiseWithResolvers<unknown> {
  let [resolve, reject]: [(value: unknown) => void, (reason?: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}
