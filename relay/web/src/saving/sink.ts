/**
 * Where plaintext goes. In every sink a file is complete only once `close` was called, which is after the last chunk has
 * been verified; `abort` leaves nothing that looks like a file.
 */

import { fail, failureOf, type Failure, type FailureCode } from "../failure.ts";
import type { Bytes } from "../format/bytes.ts";

/** Bytes that are written to a disk together: each write costs a browser much more than its bytes. */
const WRITE_BYTES = 4 * 1024 * 1024;
/** The most that is kept in memory. */
const MEMORY_LIMIT = 256 * 1024 * 1024;

/** A file being written. */
export interface Sink {
  /** Memory for what is written next, which is to be filled unless it is the last. */
  memory(): Bytes;
  /** Writes what was put into the last memory. The next may be filled meanwhile. */
  write(bytes: Bytes): Promise<void>;
  /** Completes the file. */
  close(): Promise<void>;
  /** Removes what was written. */
  abort(failure: Failure): Promise<void>;
}

/** Writes everything, gathered in large pieces however small they come, and completes the file, or else leaves nothing. */
export async function writeAll(sink: Sink, pieces: AsyncIterable<Bytes>): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const bytes of gathered(sink, pieces)) {
      await writing;
      writing = sink.write(bytes);
      // It is awaited below, but not after another error.
      writing.catch(() => {});
    }
    await writing;
    await sink.close();
  } catch (error) {
    await sink.abort(failureOf(error));
    throw error;
  }
}

async function* gathered(sink: Sink, pieces: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void> {
  let [buffer, filled] = [sink.memory(), 0];
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + buffer.length - filled);
      buffer.set(part, filled);
      [filled, at] = [filled + part.length, at + part.length];
      if (filled < buffer.length) continue;
      yield buffer;
      [buffer, filled] = [sink.memory(), 0];
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** Memory for one file at a time: of its two pieces, one is filled while the other is written. */
export function twoBuffers(): () => Bytes {
  let [next, other] = [new Uint8Array(WRITE_BYTES), new Uint8Array(WRITE_BYTES)];
  return () => {
    [next, other] = [other, next];
    return next;
  };
}

/** A file that the person has chosen: written beside its place by the browser, and moved there when it is closed. */
export class PickedFile implements Sink {
  private constructor(
    readonly handle: FileSystemFileHandle,
    readonly writable: FileSystemWritableFileStream,
    readonly memory: () => Bytes,
  ) {}

  static async open(handle: FileSystemFileHandle, memory = twoBuffers()): Promise<PickedFile> {
    return new PickedFile(handle, await handle.createWritable().catch(notWritten), memory);
  }

  async write(bytes: Bytes): Promise<void> {
    await this.writable.write(bytes).catch(notWritten);
  }

  async close(): Promise<void> {
    await this.writable.close().catch(notWritten);
  }

  async abort(): Promise<void> {
    try {
      await this.writable.abort().catch(() => {});
      // Choosing a new name makes an empty file of it.
      const { size } = await this.handle.getFile();
      if (size === 0) await (this.handle as { remove?(): Promise<void> }).remove?.();
    } catch {
      // The file is gone already.
    }
  }
}

/** Why a browser does not write, by the name of its error; for all others a disk or a file is gone. */
const REFUSALS: Partial<Record<string, FailureCode>> = {
  QuotaExceededError: "disk_full",
  // By an office's policy, or by the person who was asked.
  NotAllowedError: "place_forbidden",
  SecurityError: "place_forbidden",
};

/** Throws the failure for an error of the browser while it wrote to a place that the person chose. */
export function notWritten(error: unknown): never {
  if (!(error instanceof DOMException)) throw error;
  return fail({ code: REFUSALS[error.name] ?? "place_failed" } as Failure);
}

/** Memory, for small files where there is no other way. */
export class Memory implements Sink {
  readonly memory = twoBuffers();
  #parts: Blob[] = [];
  #bytes = 0;

  /** For so many bytes, as far as that is known: a .zip is longer than its files. */
  constructor(bytes: number) {
    checkMemory(bytes);
  }

  async write(bytes: Bytes): Promise<void> {
    this.#bytes += bytes.length;
    checkMemory(this.#bytes);
    this.#parts.push(new Blob([bytes]));
  }

  async close(): Promise<void> {}

  async abort(): Promise<void> {
    this.#parts = [];
  }

  /** The file. */
  get blob(): Blob {
    return new Blob(this.#parts, { type: "application/octet-stream" });
  }
}

function checkMemory(bytes: number): void {
  if (bytes > MEMORY_LIMIT) fail({ code: "too_large_for_memory", bytes, limit: MEMORY_LIMIT });
}
