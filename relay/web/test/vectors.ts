/** The vectors that every implementation of the format shares. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

// Bundled tests run two folders below `relay/`.
const FOLDER = join(import.meta.dirname ?? "", "../../../tests/vectors");

/** The bytes of a file of vectors. */
export function vectorBytes(name: string): Buffer {
  return readFileSync(vectorPath(name));
}

/** Where a file or folder of vectors is. */
export function vectorPath(name: string): string {
  return join(FOLDER, name);
}

/** A JSON file of vectors. */
export function vectors<T>(name: string): T {
  return JSON.parse(vectorBytes(name).toString()) as T;
}
