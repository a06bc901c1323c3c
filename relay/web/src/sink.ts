/**
 * Where plaintext goes. Whatever the way, a file is complete only once `close` was called, which is after the last chunk
 * has been verified; `abort` leaves nothing that looks like a file.
 */

import type { Bytes } from "./bytes.ts";
import { fail, type Failure } from "./failure.ts";
import type { FromDownload, ToDownload } from "./protocol.ts";

/** Bytes that are written together. */
const WRITE_BYTES = 1024 * 1024;
/** How long the browser may take to ask for the first bytes of a download. */
const FIRST_PULL_MS = 20_000;

/** A file being written. */
export interface Sink {
  /** Takes the bytes; what they lie in may be used again as soon as this returns. */
  write(bytes: Bytes): Promise<void>;
  /** Completes the file. */
  close(): Promise<void>;
  /** Leaves nothing. */
  abort(failure: Failure): Promise<void>;
}

/** A file that the person has chosen: written beside its place by the browser, and moved there when it is closed. */
export class PickedFile implements Sink {
  private constructor(
    readonly handle: FileSystemFileHandle,
    readonly writable: FileSystemWritableFileStream,
  ) {}

  /** Throws `save_refused` if the browser does not let this page write to it. */
  static async open(handle: FileSystemFileHandle): Promise<PickedFile> {
    return new PickedFile(handle, await handle.createWritable().catch(refused));
  }

  async write(bytes: Bytes): Promise<void> {
    await this.writable.write(bytes).catch(refused);
  }

  async close(): Promise<void> {
    await this.writable.close().catch(refused);
  }

  async abort(): Promise<void> {
    // Both fail only if the file is gone already.
    await this.writable.abort().catch(() => {});
    await this.#removeIfEmpty().catch(() => {});
  }

  /** Choosing a new name makes an empty file of it. */
  async #removeIfEmpty(): Promise<void> {
    const { size } = await this.handle.getFile();
    if (size === 0) await (this.handle as Removable).remove?.();
  }
}

interface Removable {
  remove?(): Promise<void>;
}

/** What a browser says when it does not write: no room, or no right to. */
function refused(error: unknown): never {
  if (!(error instanceof DOMException)) throw error;
  fail({ code: error.name === "QuotaExceededError" ? "disk_full" : "save_refused" });
}

/** A download of the browser's own, whose bytes go through the service worker. */
export class BrowserDownload implements Sink {
  #sent = 0;
  #room = 0;
  #cancelled = false;
  #changed: () => void = () => {};

  private constructor(readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<FromDownload>) => {
      if (data.type === "room") this.#room = data.pieces;
      else if (data.type === "cancelled") this.#cancelled = true;
      this.#changed();
    };
  }

  /** Waits until the browser has begun; throws `save_refused` if it does not. */
  static async open(port: MessagePort): Promise<BrowserDownload> {
    const download = new BrowserDownload(port);
    const late = setTimeout(() => {
      download.#cancelled = true;
      download.#changed();
    }, FIRST_PULL_MS);
    await download.#untilRoom().catch(() => fail({ code: "save_refused" }));
    clearTimeout(late);
    return download;
  }

  async write(bytes: Bytes): Promise<void> {
    await this.#untilRoom();
    this.#sent += 1;
    const piece = bytes.slice();
    this.#send({ type: "bytes", bytes: piece }, [piece.buffer]);
  }

  async close(): Promise<void> {
    await this.#untilRoom();
    this.#send({ type: "end" });
    this.port.close();
  }

  async abort(failure: Failure): Promise<void> {
    this.#send({ type: "failed", code: failure.code });
    this.port.close();
  }

  #send(message: ToDownload, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }

  async #untilRoom(): Promise<void> {
    while (this.#room <= this.#sent && !this.#cancelled) {
      await new Promise<void>((resolve) => (this.#changed = resolve));
    }
    if (this.#cancelled) fail({ code: "download_stopped" });
  }
}

/** Memory, for small files where there is no other way. */
export class Memory implements Sink {
  #parts: Blob[] = [];

  async write(bytes: Bytes): Promise<void> {
    this.#parts.push(new Blob([bytes]));
  }

  async close(): Promise<void> {}

  async abort(): Promise<void> {
    this.#parts = [];
  }

  /** What was written. */
  get blob(): Blob {
    return new Blob(this.#parts, { type: "application/octet-stream" });
  }
}

/** A sink that gets its bytes in large pieces, however small they come. */
export class Buffered implements Sink {
  readonly #buffer = new Uint8Array(WRITE_BYTES);
  #filled = 0;

  constructor(readonly sink: Sink) {}

  async write(bytes: Bytes): Promise<void> {
    if (this.#filled === 0 && bytes.length >= WRITE_BYTES) return this.sink.write(bytes);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + WRITE_BYTES - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === WRITE_BYTES) await this.#flush();
    }
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.sink.close();
  }

  async abort(failure: Failure): Promise<void> {
    await this.sink.abort(failure);
  }

  async #flush(): Promise<void> {
    const filled = this.#buffer.subarray(0, this.#filled);
    this.#filled = 0;
    if (filled.length > 0) await this.sink.write(filled);
  }
}
