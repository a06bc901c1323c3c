/**
 * How much memory a tab takes, by what the kernel says: proportional set size, in which what processes share counts once.
 * The processes of the tab are told apart from all others of its browser.
 */

import { readdirSync, readFileSync } from "node:fs";

/** Between two looks. What comes and goes in between is not seen. */
const LOOK_MS = 200;

/** Watches a browser, of which `pid` is the first process, from before the tab is opened until `end`. */
export class Memory {
  /** The most that was seen at any one time, in bytes. */
  #peak = { tab: 0, others: 0 };

  constructor(pid) {
    this.pid = pid;
    this.before = familyOf(pid);
    this.looking = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Gives the most that all processes of the tab took together, and all others of the browser. */
  end() {
    clearInterval(this.looking);
    return this.#peak;
  }

  #look() {
    const now = { tab: 0, others: 0 };
    for (const pid of familyOf(this.pid)) now[this.#isOfTab(pid) ? "tab" : "others"] += proportional(pid);
    for (const whose of Object.keys(now)) this.#peak[whose] = Math.max(this.#peak[whose], now[whose]);
  }

  /**
   * Firefox names the processes that hold a site's pages, and those that hold its service worker. Chromium does not; they
   * are the renderers that have come since, with a spare one.
   */
  #isOfTab(pid) {
    return read(pid, "comm").startsWith("Isolated ") || (!this.before.has(pid) && read(pid, "cmdline").includes("--type=renderer"));
  }
}

/** A process and all that came of it. */
function familyOf(first) {
  const parents = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => [Number(pid), parentOf(pid)]);
  const family = new Set([first]);
  // A child mostly has a higher number than its parent, but need not.
  for (let before = 0; before < family.size; ) {
    before = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return family;
}

function parentOf(pid) {
  return Number(/^PPid:\s*(\d+)/m.exec(read(pid, "status"))?.[1]);
}

function proportional(pid) {
  return 1024 * Number(/^Pss:\s*(\d+) kB/m.exec(read(pid, "smaps_rollup"))?.[1] ?? 0);
}

/** A file of a process in `/proc`; empty if the process has ended. */
function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
