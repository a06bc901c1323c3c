/**
 * The order of entries, by which same names and files inside files are found without remembering every name.
 *
 * Paths ascend strictly by their collision keys, component by component, and a folder comes before what is in it.
 */

import { utf8 } from "./bytes.ts";
import type { Fault } from "./failure.ts";
import { checkName, collisionKey } from "./names.ts";

/** Follows the entries of one manifest or archive, in order. */
export class Tree {
  #last: string | null = null;
  readonly #folders: string[] = [];

  /** Checks the next path and takes it in. */
  enter(path: string, folder: boolean): Fault | null {
    if (checkName(path)) return "name";
    const key = collisionKey(path);
    const order = this.#last === null ? 1 : comparePaths(key, this.#last);
    if (order === 0) return "same_name";
    if (order < 0) return "order";
    this.#last = key;
    const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : null;
    const open = parent === null ? 0 : 1 + this.#folders.lastIndexOf(parent);
    if (parent !== null && open === 0) return "no_folder";
    this.#folders.length = open;
    if (folder) this.#folders.push(path);
    return null;
  }
}

function comparePaths(one: string, other: string): number {
  const [left, right] = [one.split("/"), other.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareUtf8(left[i] ?? "", right[i] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** As bytes of UTF-8. JavaScript compares halves of surrogate pairs, which sorts them before U+E000 to U+FFFF. */
function compareUtf8(one: string, other: string): number {
  if (one === other) return 0;
  const [left, right] = [utf8(one), utf8(other)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
