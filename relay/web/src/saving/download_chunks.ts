/**
 * How a download's bytes are cut on their way from the worker to the service worker. These are the chunks of a browser's
 * stream, not those of the age file.
 */

/**
 * Firefox runs service workers in a process of their own. Whatever goes there is copied, through memory that is made anew
 * for all that is longer than 64 KiB; and what is given back would be copied once more.
 */
const crossesProcesses = globalThis.navigator?.userAgent.includes("Firefox/") ?? false;

/** Bytes in one message. */
export const CHUNK_BYTES = crossesProcesses ? 60 * 1024 : 1024 * 1024;
/** Chunks that are on their way, or lie ready for the browser. */
export const CHUNKS_AHEAD = crossesProcesses ? 32 : 4;
/** Whether the memory of a chunk that the browser has taken is given back, to be used again: some are slow to collect. */
export const RETURNS_MEMORY = !crossesProcesses;
