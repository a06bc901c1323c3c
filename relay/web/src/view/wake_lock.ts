/** Keeps the screen on while something is saved: a device that goes to sleep stops the download. */

/** Keeps the screen on until the returned function is called, where the browser allows it. */
export function keepAwake(): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const locks: WakeLock | undefined = navigator.wakeLock;
  const take = async () => {
    const lock = await locks?.request("screen");
    signal.addEventListener("abort", () => void lock?.release());
    if (signal.aborted) await lock?.release();
  };
  // The browser may refuse it, for example when the battery is low. The files are saved all the same.
  const tryTo = () => void take().catch(() => {});
  tryTo();
  // The lock ends when the person looks at another page, so it is taken again when they come back.
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && tryTo(), { signal });
  return () => ended.abort();
}
