/** The page's side of the engine: calls to the worker as functions, and what it tells meanwhile. */

import { fail, ShareError, type Failure } from "./failure.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";
import { scriptUrl } from "./trusted.ts";

/** The youngest of all that page and worker use: a browser that has it has the rest too (`target` in `build.mjs`). */
const isYoungEnough = "any" in AbortSignal;

/** Opens one share at a time, in a worker. */
export class Engine {
  readonly #ears = new Set<(event: Event) => void>();
  readonly #running = new Map<number, PromiseWithResolvers<unknown>>();
  #worker: Worker | null = null;
  #calls = 0;
  #isEnded = false;

  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear: (event: Event) => void): () => void {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }

  /** Makes a call, until the signal says to stop; throws a {@link ShareError}. */
  async call<C extends keyof Calls>(
    call: C,
    takes: Calls[C]["takes"],
    transfer: Transferable[] = [],
    signal: AbortSignal | null = null,
  ): Promise<Calls[C]["gives"]> {
    if (!isYoungEnough) fail({ code: "browser_too_old" });
    if (this.#isEnded || signal?.aborted) fail({ code: "cancelled" });
    const running = withResolvers();
    const id = (this.#calls += 1);
    this.#running.set(id, running);
    const worker = (this.#worker ??= this.#start());
    worker.postMessage({ type: "call", id, call, takes }, transfer);
    const cancel = () => worker.postMessage({ type: "cancel", id } satisfies ToWorker);
    signal?.addEventListener("abort", cancel);
    const gives = running.promise.finally(() => signal?.removeEventListener("abort", cancel));
    return gives as Promise<Calls[C]["gives"]>;
  }

  /** Ends the worker; calls that run fail with `cancelled`. */
  end(): void {
    this.#isEnded = true;
    this.#worker?.terminate();
    this.#rejectAll({ code: "cancelled" });
  }

  #start(): Worker {
    const worker = new Worker(scriptUrl("worker.js"), { type: "module" });
    let hasBegun = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      hasBegun = true;
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle(data.id)?.resolve(data.gives);
      else this.#settle(data.id)?.reject(new ShareError(data.failure));
    };
    worker.onerror = ({ message }) => {
      // One that could not be loaded never answers; the next call begins another.
      if (!hasBegun) this.#worker = null;
      this.#rejectAll(hasBegun ? { code: "unexpected", detail: message } : { code: "unreachable" });
    };
    return worker;
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
