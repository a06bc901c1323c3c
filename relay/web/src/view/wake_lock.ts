/** Keeps the screen on while something is saved: a device that goes to sleep stops the download. */

/** Keeps it on until the function that this gives is called, where the browser lets a page do so. */
export function keepAwake(): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const locks: WakeLock | undefined = navigator.wakeLock;
  const take = async () => {
    const lock = await locks?.request("screen");
    signal.addEventListener("abort", () => void lock?.release());
    if (signal.aborted) await lock?.release();
  };
  // Refused, for want of battery or of a right: it is saved all the same.
  const tryTo = () => void take().catch(() => {});
  tryTo();
  // Whoever looks at another page gives it up.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryTo(), { signal });
  return () => ended.abort();
}
