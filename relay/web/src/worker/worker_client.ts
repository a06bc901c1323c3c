/** The worker as the page sees it: its calls as functions, and the events that it sends meanwhile. */

import { fail, ShareError, type Failure } from "../failure.ts";
import { quoted } from "../format/names.ts";
import { pageUrl, scriptUrl, workerName } from "../relay/page_files.ts";
import type { Calls, Event, FromWorker, ToWorker } from "./protocol.ts";

/** The newest feature that page and worker use: a browser that has it has the rest too (`target` in `build.mjs`). */
const isNewEnough = "any" in AbortSignal;

/** Opens one share at a time, in a worker. */
export class WorkerClient {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #running = new Map<number, { resolve(result: unknown): void; reject(error: ShareError): void }>();
  #worker: Worker | null = null;
  #isEnded = false;
  #calls = 0;
  /** Settled once the calls that wait for each other are over. */
  #before: Promise<unknown> = Promise.resolve();

  /** From now on `handle` is told of progress and lost connections, until the returned function is called. */
  listen(handle: (event: Event) => void): () => void {
    this.#listeners.add(handle);
    return () => void this.#listeners.delete(handle);
  }

  /**
   * Makes a call, until the signal says to stop; throws a {@link ShareError}. `open` and `prepare` are made at once, all
   * others after those before them.
   */
  async call<C extends keyof Calls>(
    call: C,
    params: Parameters<Calls[C]>[0],
    transfer: Transferable[] = [],
    signal: AbortSignal | null = null,
  ): Promise<Awaited<ReturnType<Calls[C]>>> {
    const begin = () => this.#begin(call, params, transfer, signal) as Promise<Awaited<ReturnType<Calls[C]>>>;
    if (call === "open" || call === "prepare") return begin();
    const result = this.#before.then(begin);
    this.#before = result.catch(() => {});
    return result;
  }

  /** Ends the worker; calls that run or wait fail with `cancelled`. */
  end(): void {
    this.#isEnded = true;
    this.#worker?.terminate();
    this.#failAll({ code: "cancelled" });
  }

  async #begin(call: keyof Calls, params: unknown, transfer: Transferable[], signal: AbortSignal | null): Promise<unknown> {
    if (!isNewEnough) fail({ code: "browser_too_old" });
    if (this.#isEnded || signal?.aborted) fail({ code: "cancelled" });
    const id = (this.#calls += 1);
    const cancel = () => this.#send({ type: "cancel", id });
    signal?.addEventListener("abort", cancel);
    try {
      return await new Promise((resolve, reject) => {
        this.#running.set(id, { resolve, reject });
        this.#send({ type: "call", id, call, params }, transfer);
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#running.delete(id);
    }
  }

  #send(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(message, transfer);
  }

  #start(): Worker {
    const worker = new Worker(scriptUrl(workerName()), { type: "module" });
    let hasBegun = false;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      hasBegun = true;
      if (data.type === "event") this.#listeners.forEach((handle) => handle(data.event));
      else if (data.type === "result") this.#running.get(data.id)?.resolve(data.result);
      else this.#running.get(data.id)?.reject(new ShareError(data.failure));
    };
    worker.onerror = async (event) => {
      event.preventDefault();
      if (hasBegun) return this.#failAll({ code: "unexpected", detail: quoted(event.message) });
      // It never answers; the next call begins another. It could not be loaded, or not be understood, or a newer relay no
      // longer has it: the relay itself is to answer, and no cache.
      this.#worker = null;
      const answer = await fetch(pageUrl(workerName()), { method: "HEAD", cache: "no-store", credentials: "omit" }).catch(() => null);
      const code = answer?.ok ? "browser_too_old" : answer?.status === 404 ? "part_missing" : "unreachable";
      // Unless another one was begun by now.
      if (this.#worker === null) this.#failAll({ code });
    };
    return worker;
  }

  #failAll(failure: Failure): void {
    this.#running.forEach((running) => running.reject(new ShareError(failure)));
  }
}
