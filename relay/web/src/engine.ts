/** The page's side of the engine: calls to the worker as functions, and what it tells meanwhile. */

import { fail, ShareError } from "./failure.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";
import { scriptUrl } from "./trusted.ts";

/** The youngest of all that page and worker use: a browser that has it has the rest too (`target` in `build.mjs`). */
const isYoungEnough = "any" in AbortSignal;

/** Opens one share at a time, in a worker. */
export class Engine {
  readonly #ears = new Set<(event: Event) => void>();
  #worker: Worker | null = null;
  #running: PromiseWithResolvers<unknown> | null = null;
  #isEnded = false;
  /** Settled once the calls made so far are over. */
  #before: Promise<unknown> = Promise.resolve();

  /** From now on `hear` is told of progress and lost connections, until the function that this gives is called. */
  listen(hear: (event: Event) => void): () => void {
    this.#ears.add(hear);
    return () => void this.#ears.delete(hear);
  }

  /** Makes a call, after those that were made before, until the signal says to stop; throws a {@link ShareError}. */
  async call<C extends keyof Calls>(
    call: C,
    takes: Calls[C]["takes"],
    transfer: Transferable[] = [],
    signal: AbortSignal | null = null,
  ): Promise<Calls[C]["gives"]> {
    const gives = this.#before.then(() => this.#begin({ type: "call", call, takes } as ToWorker, transfer, signal));
    this.#before = gives.catch(() => {});
    return gives as Promise<Calls[C]["gives"]>;
  }

  /** Ends the call that runs, which then fails with `cancelled`. */
  cancel(): void {
    this.#worker?.postMessage({ type: "cancel" } satisfies ToWorker);
  }

  /** Ends the worker; the call that runs fails with `cancelled`, and so do those that wait. */
  end(): void {
    this.#isEnded = true;
    this.#worker?.terminate();
    this.#settle()?.reject(new ShareError({ code: "cancelled" }));
  }

  #begin(message: ToWorker, transfer: Transferable[], signal: AbortSignal | null): Promise<unknown> {
    if (!isYoungEnough) fail({ code: "browser_too_old" });
    if (this.#isEnded || signal?.aborted) fail({ code: "cancelled" });
    const running = withResolvers();
    this.#running = running;
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
    const cancel = () => this.cancel();
    signal?.addEventListener("abort", cancel);
    return running.promise.finally(() => signal?.removeEventListener("abort", cancel));
  }

  #start(): Worker {
    const worker = new Worker(scriptUrl("worker.js"), { type: "module" });
    let hasBegun = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      hasBegun = true;
      if (data.type === "event") this.#ears.forEach((hear) => hear(data.event));
      else if (data.type === "gives") this.#settle()?.resolve(data.gives);
      else this.#settle()?.reject(new ShareError(data.failure));
    };
    worker.onerror = ({ message }) => {
      // One that could not be loaded never answers; the next call begins another.
      if (!hasBegun) this.#worker = null;
      this.#settle()?.reject(new ShareError(hasBegun ? { code: "unexpected", detail: message } : { code: "unreachable" }));
    };
    return worker;
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
