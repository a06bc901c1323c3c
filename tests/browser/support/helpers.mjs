/** Keys and words that tests use, and what they bring about behind the page's back. */

import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from "node:fs";

const vectors = new URL("../../vectors/", import.meta.url);

/** A file of private keys, and the public key of the first. */
export const KEYS = readFileSync(new URL("keys/age.txt", vectors), "utf8");
export const RECIPIENT = /age1[a-z0-9]+/.exec(KEYS)[0];
/** A private key to which nothing is sent. */
export const OTHER_KEY = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
/** Six words that belong together, and to no share here. */
export const WRONG = JSON.parse(readFileSync(new URL("words.json", vectors), "utf8")).phrases.find(({ list, words }) => list === "en" && words.split("-").length === 6).words;

const FILES = readdirSync(new URL("../../../relay/web/dist/", import.meta.url));

/** The path of a file of the page, by its name without the hash. */
export function pageFile(name) {
  const [stem, ending] = name.split(".");
  return `/page/${FILES.find((file) => file.startsWith(`${stem}-`) && file.length === name.length + 9 && file.endsWith(ending))}`;
}

/** Gives wrong proofs until a share is locked. */
export async function lock(relay, id) {
  const body = JSON.stringify({ proof: "0".repeat(64) });
  for (let i = 0; i < 10; i++) await fetch(`${relay}/v1/shares/${id}/open`, { method: "POST", headers: { "content-type": "application/json" }, body });
}

export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

export function flip(path, at) {
  const file = openSync(path, "r+");
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  writeSync(file, Buffer.of(byte[0] ^ 1), 0, 1, at);
  closeSync(file);
}
