/** Parts of the page that are loaded when they are needed. */

import { fail } from "../failure.ts";
import { pageUrl } from "../trusted.ts";

/**
 * Loads a part once. Fails with `unreachable`, and may then be asked again; but Firefox remembers an import that failed
 * for as long as the page is open, so none is tried while the relay does not answer.
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | null = null;
  const attempt = async () => {
    try {
      await fetch(pageUrl("operator.json"), { method: "HEAD", cache: "no-store", credentials: "omit" });
      return await load();
    } catch {
      loaded = null;
      return fail({ code: "unreachable" });
    }
  };
  return () => (loaded ??= attempt());
}
