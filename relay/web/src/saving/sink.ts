/**
 * Where plaintext goes. Whatever the way, a file is complete only once `close` was called, which is after the last chunk
 * has been verified; `abort` leaves nothing that looks like a file.
 */

import { fail, type Failure, type FailureCode } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";

/** Bytes that are written together: each write costs a browser much more than its bytes. */
const WRITE_BYTES = 4 * 1024 * 1024;

/** A file being written. */
export interface Sink {
  /** Takes the bytes; what they lie in may be used again once this has ended. */
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

  static async open(handle: FileSystemFileHandle): Promise<PickedFile> {
    return new PickedFile(handle, await handle.createWritable().catch(notWritten));
  }

  async write(bytes: Bytes): Promise<void> {
    await this.writable.write(bytes).catch(notWritten);
  }

  async close(): Promise<void> {
    await this.writable.close().catch(notWritten);
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

/** Why a browser does not write, by the name of its error; for all others a disk or a file is gone. */
const REFUSALS: Partial<Record<string, FailureCode>> = {
  QuotaExceededError: "disk_full",
  // By an office's policy, or by the person who was asked.
  NotAllowedError: "place_forbidden",
  SecurityError: "place_forbidden",
};

/** What to make of an error of the browser's when it is to write to a place that the person chose. */
export function notWritten(error: unknown): never {
  if (!(error instanceof DOMException)) throw error;
  return fail({ code: REFUSALS[error.name] ?? "place_failed" } as Failure);
}

/** Memory, for small files where there is no other way. */
export class Memory implements Sink {
  #parts: Blob[] = [];
  #bytes = 0;

  constructor(readonly limit: number) {}

  async write(bytes: Bytes): Promise<void> {
    this.#bytes += bytes.length;
    // A .zip is longer than its files.
    if (this.#bytes > this.limit) fail({ code: "too_large_for_memory", bytes: this.#bytes, limit: this.limit });
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

/** Memory for what is gathered: one is filled while the other is written. */
export type Buffers = [Bytes, Bytes];

/** Memory for one file at a time, `WRITE_BYTES` each. */
export function newBuffers(): Buffers {
  return [new Uint8Array(WRITE_BYTES), new Uint8Array(WRITE_BYTES)];
}

/** A sink that gets its bytes in large pieces, however small they come, while the next are gathered. */
export class Buffered implements Sink {
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(
    readonly sink: Sink,
    readonly buffers: Buffers = newBuffers(),
  ) {}

  async write(bytes: Bytes): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + WRITE_BYTES - this.#filled);
      this.buffers[0].set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === WRITE_BYTES) await this.#flush();
    }
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.sink.close();
  }

  async abort(failure: Failure): Promise<void> {
    await this.sink.abort(failure);
  }

  /** Returns once there is memory to go on with. */
  async #flush(): Promise<void> {
    await this.#writing;
    const [full, free] = this.buffers;
    if (this.#filled === 0) return;
    this.#writing = this.sink.write(full.subarray(0, this.#filled));
    // Whoever waits for it hears of a failure; after another one, nobody may.
    this.#writing.catch(() => {});
    this.buffers.splice(0, 2, free, full);
    this.#filled = 0;
  }
}
