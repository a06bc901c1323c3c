/**
 * What lies around a browser and its page does not see: the windows and dialogs of the desktop, the policies of an office,
 * a disk that has little room.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync } from "node:fs";
import { until } from "./test_env.mjs";

/** Where Debian's Chromium looks for policies. */
const POLICIES = "/etc/chromium";

/** Why nothing can be mounted for one program alone, as a test's reason to be skipped; `false` if it can. */
export function whyNoMounts() {
  const tried = spawnSync("unshare", ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return tried.status !== 0 && "this system does not let a program mount anything for itself";
}

/** A screen that nobody sees. */
export class Screen {
  constructor(display) {
    this.environment = { ...process.env, DISPLAY: display, LANG: "C.UTF-8", NO_AT_BRIDGE: "1" };
  }

  static async begin(env) {
    const server = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], { stdio: ["ignore", "ignore", "ignore", "pipe"] });
    const closed = once(server, "close");
    env.atEnd(async () => {
      server.kill();
      await closed;
    });
    const [display] = await once(server.stdio[3], "data");
    return new Screen(`:${String(display).trim()}`);
  }

  /** Waits for a window with such a title, as a regular expression. */
  window(title) {
    return until(() => this.#windows(title)[0], `there is no window “${title}”`);
  }

  /** Presses a key in such a window, and waits until that has closed it. */
  async answer(title, key) {
    const id = await this.window(title);
    await until(() => {
      this.#xdotool("windowfocus", id, "key", "--clearmodifiers", key);
      return !this.#windows(title).includes(id);
    }, `${key} does not close “${title}”`);
  }

  /** Types into such a window, once it is there. */
  async type(title, text) {
    this.#xdotool("windowfocus", "--sync", await this.window(title), "type", text);
  }

  /** Presses keys in such a window while something of the browser's own lies over its page: what a page cannot see, nor be typed into. */
  async press(title, page, ...keys) {
    const id = await this.window(title);
    let times = 0;
    await until(async () => {
      this.#xdotool("windowfocus", id);
      times = (await page.evaluate(() => document.hasFocus())) ? 0 : times + 1;
      return times > 20;
    }, `nothing lies over “${title}”`);
    for (const key of keys) this.#xdotool("key", "--clearmodifiers", key);
  }

  #windows(title) {
    return this.#xdotool("search", "--onlyvisible", "--name", title).split("\n").filter((id) => id !== "");
  }

  #xdotool(...args) {
    return spawnSync("xdotool", args, { env: this.environment, encoding: "utf8" }).stdout;
  }
}

/** The path of a program that is `program` in an office with such policies, its downloads in a folder with only so much room. */
export function inOffice(env, program, downloads, { policies, room }) {
  const mounts = [];
  if (policies) {
    const file = env.file("policies.json", JSON.stringify(policies));
    mounts.push(`mount -t tmpfs none ${POLICIES}`, `mkdir -p ${POLICIES}/policies/managed`, `cp ${file} ${POLICIES}/policies/managed`);
  }
  if (room) mounts.push(`mount -t tmpfs -o size=${room} none ${downloads}`);
  const inside = env.file("inside", ["#!/bin/sh", "set -e", ...mounts, `exec ${program} "$@"`, ""].join("\n"));
  const outside = env.file("office", `#!/bin/sh\nexec unshare --map-root-user --mount ${inside} "$@"\n`);
  for (const file of [inside, outside]) chmodSync(file, 0o755);
  return outside;
}
