/** A browser download: the worker's side of the port to `service_worker.ts`. */

import { fail, type Failure } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";
import { CHUNK_BYTES } from "./download_chunks.ts";
import type { FromDownload, ToDownload } from "./download_protocol.ts";
import { Heartbeat } from "./heartbeat.ts";
import type { Sink } from "./sink.ts";

/** How long the browser may take to ask for the first bytes. */
const FIRST_PULL_MS = 20_000;

/** Its bytes go over a port to the service worker, as fast as the browser takes them from there. */
export class BrowserDownload implements Sink {
  /** Memory that has come back (`download_chunks.ts`). */
  readonly #spare: ArrayBuffer[] = [];
  #chunk: Bytes = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
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

  async write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + CHUNK_BYTES - this.#filled);
      this.#chunk.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === CHUNK_BYTES) await this.#flush();
    }
  }

  async #flush(): Promise<void> {
    await this.#until(() => this.#room > this.#sent);
    this.#sent += 1;
    const chunk = this.#chunk.subarray(0, this.#filled);
    this.#send({ type: "bytes", bytes: chunk }, [chunk.buffer]);
    this.#chunk = new Uint8Array(this.#spare.pop() ?? new ArrayBuffer(CHUNK_BYTES));
    this.#filled = 0;
  }

  /** Waits until the browser has taken all of it, however long that is: the person may have paused it there. */
  async close(): Promise<void> {
    if (this.#filled > 0) await this.#flush();
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
    if (message.type === "room") this.#hasRoom(message.chunks, message.used);
    else if (message.type === "done") this.#isDone = true;
    else if (message.type === "ended") this.#hasEnded = true;
    this.#changed();
  }

  #hasRoom(chunks: number, used: ArrayBuffer[]): void {
    this.#room = chunks;
    this.#spare.push(...used);
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
