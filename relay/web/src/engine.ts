/** The page's side of the engine: calls to the worker as functions, and what it tells meanwhile. */

import { ShareError, type Failure } from "./failure.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";
import { scriptUrl } from "./trusted.ts";

/** Opens one share at a time, in a worker. */
export class Engine {
  readonly #worker = new Worker(scriptUrl("worker.js"), { type: "module" });
  readonly #ears = new Set<(event: Event) => void>();
  readonly #running = new Map<number, PromiseWithResolvers<unknown>>();
  #calls = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle(data.id)?.resolve(data.gives);
      else this.#settle(data.id)?.reject(new ShareError(data.failure));
    };
    // It could not be loaded, or not understood.
    this.#worker.onerror = () => this.#rejectAll({ code: "browser_too_old" });
  }

  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear: (event: Event) => void): () => void {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }

  /** Makes a call; throws a {@link ShareError}. */
  async call<C extends keyof Calls>(
    call: C,
    takes: Calls[C]["takes"],
    transfer: Transferable[] = [],
  ): Promise<Calls[C]["gives"]> {
    const running = withResolvers();
    const id = (this.#calls += 1);
    this.#running.set(id, running);
    this.#worker.postMessage({ type: "call", id, call, takes }, transfer);
    return running.promise as Promise<Calls[C]["gives"]>;
  }

  /** Ends the calls that run, which then fail with `cancelled`. */
  cancel(): void {
    this.#worker.postMessage({ type: "cancel" } satisfies ToWorker);
  }

  /** Ends the worker; calls that run fail with `cancelled`. */
  end(): void {
    this.#worker.terminate();
    this.#rejectAll({ code: "cancelled" });
  }

  #settle(id: number): PromiseWithResolvers<unknown> | undefined {
    const running = this.#running.get(id);
    this.#running.delete(id);
    return running;
  }

  #rejectAll(failure: Failure): void {
    for (const id of [...this.#running.keys()]) this.#settle(id)?.reject(new ShareError(failure));
  }
}

/** `Promise.withResolvers` is younger than the browsers this has to run in. */
function withResolvers(): PromiseWithResolvers<unknown> {
  let [resolve, reject]: [(value: unknown) => void, (reason?: unknown) => void] = [() => {}, () => {}];
  const promise = new Promise((...functions) => ([resolve, reject] = functions));
  return { promise, resolve, reject };
}
