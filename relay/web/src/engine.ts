/** The page's side of the engine: calls to the worker as functions, and what it tells meanwhile. */

import { fail, ShareError } from "./failure.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";
import { pageUrl, scriptUrl } from "./trusted.ts";

/** Opens one share at a time, in a worker. */
export class Engine {
  readonly #ears = new Set<(event: Event) => void>();
  #running: PromiseWithResolvers<unknown> | null = null;
  /** `null` once it could not be loaded, or not understood. */
  #worker: Worker | null = this.#start();

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
    this.#worker ??= this.#start();
    this.#worker.postMessage({ type: "call", call, takes }, transfer);
    return running.promise as Promise<Calls[C]["gives"]>;
  }

  /** Ends the call that runs, which then fails with `cancelled`. */
  cancel(): void {
    this.#worker?.postMessage({ type: "cancel" } satisfies ToWorker);
  }

  /** Ends the worker; a call that runs fails with `cancelled`. */
  end(): void {
    this.#worker?.terminate();
    this.#settle()?.reject(new ShareError({ code: "cancelled" }));
  }

  #start(): Worker {
    const worker = new Worker(scriptUrl("worker.js"), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle()?.resolve(data.gives);
      else this.#settle()?.reject(new ShareError(data.failure));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = null;
      void this.#failed();
    };
    return worker;
  }

  async #failed(): Promise<void> {
    const code = (await canFetchWorker()) ? "browser_too_old" : "unreachable";
    // Unless another one was started by now.
    if (this.#worker === null) this.#settle()?.reject(new ShareError({ code }));
  }

  #settle(): PromiseWithResolvers<unknown> | null {
    const running = this.#running;
    this.#running = null;
    return running;
  }
}

/** Whether it is the network's fault that the worker did not start. */
function canFetchWorker(): Promise<boolean> {
  return fetch(pageUrl("worker.js"), { credentials: "omit" }).then(({ ok }) => ok, () => false);
}

/** `Promise.withResolvers` is younger than the browsers this has to run in. */
function withResolvers(): PromiseWithResolvers<unknown> {
  let [resolve, reject]: [(value: unknown) => void, (reason?: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}
