/** A browser download: the worker's side of the port to `service_worker.ts`. */

import { fail, type Failure } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import { CHUNK_BYTES, Heartbeat, type FromDownload, type ToDownload } from "./download_protocol.ts";
import type { Sink } from "./sink.ts";

/** How long the browser may take to ask for the first bytes. */
const FIRST_PULL_MS = 20_000;

/** Its bytes go over a port to the service worker, as fast as the browser takes them from there. */
export class BrowserDownload implements Sink {
  /** Memory that the service worker has given back, to be used again. */
  readonly #spare: ArrayBuffer[] = [];
  #sent = 0;
  #room = 0;
  #isDone = false;
  #hasEnded = false;
  #changed: () => void = () => {};
  readonly #heartbeat = new Heartbeat(
    () => this.#send({ type: "here" }),
    () => this.#end(),
  );

  private constructor(
    readonly port: MessagePort,
    readonly signal: AbortSignal,
  ) {
    port.onmessage = ({ data }: MessageEvent<FromDownload>) => this.#handle(data);
    signal.addEventListener("abort", () => this.#changed());
  }

  /** Waits until the browser has begun; throws `save_refused` if it does not. */
  static async open(port: MessagePort, signal: AbortSignal): Promise<BrowserDownload> {
    const download = new BrowserDownload(port, signal);
    const late = setTimeout(() => download.#end(), FIRST_PULL_MS);
    try {
      await download.#until(() => download.#room > 0);
      return download;
    } catch {
      const failure: Failure = { code: signal.aborted ? "cancelled" : "save_refused" };
      await download.abort(failure);
      return fail(failure);
    } finally {
      clearTimeout(late);
    }
  }

  memory(): Bytes {
    return new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(CHUNK_BYTES));
  }

  async write(bytes: Bytes): Promise<void> {
    await this.#until(() => this.#room > this.#sent);
    this.#sent += 1;
    this.#send({ type: "bytes", bytes }, [bytes.buffer]);
  }

  /** Waits until the browser has taken all of it, however long that is: the person may have paused it there. */
  async close(): Promise<void> {
    this.#send({ type: "end" });
    await this.#until(() => this.#isDone);
    this.#leave();
  }

  async abort(failure: Failure): Promise<void> {
    this.#send({ type: "failed", code: failure.code });
    this.#leave();
  }

  #handle(message: FromDownload): void {
    this.#heartbeat.received();
    if (message.type === "room") {
      this.#room = message.chunks;
      this.#spare.push(...message.used);
    }
    this.#isDone ||= message.type === "done";
    this.#hasEnded ||= message.type === "ended";
    this.#changed();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#changed();
  }

  #leave(): void {
    this.#heartbeat.stop();
    this.port.close();
  }

  #send(message: ToDownload, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }

  async #until(comesTrue: () => boolean): Promise<void> {
    for (;;) {
      if (this.signal.aborted) fail({ code: "cancelled" });
      // No more room on the disk, or the person stopped it in the browser's own list: it does not say which.
      if (this.#hasEnded) fail({ code: "download_ended" });
      if (comesTrue()) return;
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
  }
}
