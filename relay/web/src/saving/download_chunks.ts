/** How a download's bytes get from the page's worker to the service worker. */

/**
 * Firefox runs service workers in a process of their own. Whatever goes there is copied, through memory that is made anew
 * for all that is longer than 64 KiB; and what is given back would be copied once more.
 */
const crossesProcesses = globalThis.navigator?.userAgent.includes("Firefox/") ?? false;

/** Bytes that go together. */
export const PIECE_BYTES = crossesProcesses ? 60 * 1024 : 1024 * 1024;
/** Pieces that are on their way, or lie ready for the browser. */
export const PIECES_AHEAD = crossesProcesses ? 32 : 4;
/** Whether the memory of a piece that the browser has taken is given back, to be used again: some are slow to collect. */
export const GIVES_BACK = !crossesProcesses;
