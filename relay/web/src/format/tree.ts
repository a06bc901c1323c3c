/**
 * The order of entries, by which same names and files inside files are found without remembering every name.
 *
 * Paths ascend strictly by the bytes of their UTF-8, component by component, and a folder comes before what is in it.
 * So only the folders around the present place need to be remembered, with the names that are in each. Of a name 64 bits
 * are kept.
 */

import type { Fault } from "../failure.ts";
import { concat, random, utf8, type Bytes } from "./bytes.ts";
import { checkName, collisionKey } from "./names.ts";
import { sha256 } from "./sha256.ts";

/** Follows the entries of one manifest or archive, in order. */
export class Tree {
  #last = "";
  /**
   * The folders around the present entry, from the outside in, with the hashed collision keys of what has come in each. The
   * first is the share itself.
   */
  readonly #open = [{ path: "", names: new Set<bigint>() }];
  /** Random, so that a share that is refused by a chance collision is not refused again. */
  readonly #key = random(16);

  /** Checks the next path and takes it in. */
  enter(path: string, folder: boolean): Fault | null {
    if (checkName(path)) return "name";
    const order = comparePaths(path, this.#last);
    if (order === 0) return "same_name";
    if (order < 0) return "order";
    this.#last = path;
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(0, slash));
    const inside = this.#open.findLastIndex((folder) => folder.path === parent);
    const names = this.#open[inside]?.names;
    if (!names) return "no_folder";
    this.#open.length = inside + 1;
    const before = names.size;
    names.add(this.#hash(collisionKey(path.slice(slash + 1))));
    if (names.size === before) return "same_name";
    if (folder) this.#open.push({ path, names: new Set() });
    return null;
  }

  #hash(text: string): bigint {
    const digest = sha256(concat(this.#key, utf8(text)));
    return new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  }
}

/**
 * By components, as bytes of UTF-8; `/` counts as zero, which is in no name, so that it ends a component. JavaScript
 * compares halves of surrogate pairs, which sorts them before U+E000 to U+FFFF.
 */
function comparePaths(one: string, other: string): number {
  const [left, right] = [one, other].map((path) => utf8(path.replaceAll("/", "\0"))) as [Bytes, Bytes];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
