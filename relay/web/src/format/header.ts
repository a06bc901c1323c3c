/**
 * The header of an age file (C2SP age.md): its outline, its MAC, and the stanzas a browser can open, scrypt and X25519.
 * Other stanzas are ignored, as the format requires.
 */

import { fail } from "../failure.ts";
import { concat, equal, utf8, type Bytes } from "./bytes.ts";
import { openCipher } from "./cipher.ts";
import { scrypt, type Progress } from "./scrypt.ts";
import { hkdf, hmac, sha256 } from "./sha256.ts";

/** The largest log₂ N that is tried: 1 GiB of memory and some seconds. */
const MAX_WORK_FACTOR = 20;
/** The longest header: with its nonce, it fits the limit of the relay. */
export const MAX_HEADER_BYTES = 65_536 - 16;
const MAX_STANZAS = 1000;
const FILE_KEY_BYTES = 16;
const VERSION = "age-encryption.org/v1";
/** A work factor as it must be written: decimal, without a zero in front. */
const WORK_FACTOR = /^[1-9][0-9]*$/;

/** Opens a stanza with a private key: gives the file key, or `null` if the stanza is for somebody else. */
export type Identity = (stanza: Stanza) => Promise<Uint8Array | null>;

/** What a recipient opens a header with. */
export type Opener = { passphrase: string } | { identities: Identity[] };

/** A header, parsed. */
export interface Header {
  /** How many bytes long it is. */
  length: number;
  /** `words`: it was sealed with a passphrase. */
  kind: "words" | "keys";
  stanzas: Stanza[];
  /** The bytes that the MAC is computed over. */
  authenticated: Bytes;
  mac: Bytes;
}

/** How one recipient gets at the file key. */
export interface Stanza {
  type: string;
  args: string[];
  body: Bytes;
}

/** Reads the header at the beginning of an age file. */
export function readHeader(file: Uint8Array): Header {
  const most = file.subarray(0, MAX_HEADER_BYTES);
  let length = 0;
  // Each byte becomes one character, and those above ASCII fit nothing.
  const nextLine = (): string => {
    const end = most.indexOf(0x0a, length);
    if (end < 0) malformed();
    const line = String.fromCharCode(...most.subarray(length, end));
    length = end + 1;
    return line;
  };
  if (nextLine() !== VERSION) malformed();
  const stanzas: Stanza[] = [];
  let line = nextLine();
  for (; line.startsWith("-> "); line = nextLine()) {
    if (stanzas.length === MAX_STANZAS) malformed();
    stanzas.push(readStanza(line, nextLine));
  }
  if (!/^--- [A-Za-z0-9+/]{43}$/.test(line) || stanzas.length === 0) malformed();
  const authenticated = Uint8Array.from(file.subarray(0, length - line.length - 1 + "---".length));
  const isWords = stanzas.some(({ type }) => type === "scrypt");
  // A passphrase stands alone, so that who opens it knows that it was made by somebody who knows it.
  if (isWords && stanzas.length > 1) malformed();
  return { length, kind: isWords ? "words" : "keys", stanzas, authenticated, mac: base64(line.slice(4)) };
}

/** The file key in a header, whose MAC is checked. Runs scrypt once if it has words. */
export async function openHeader(header: Header, opener: Opener, progress: Progress): Promise<Uint8Array> {
  const fileKey = await ("passphrase" in opener ? byWords(header, opener.passphrase, progress) : byKeys(header, opener.identities));
  const key = hkdf(sha256, fileKey, new Uint8Array(), utf8("header"), 32);
  if (!equal(hmac(sha256, key, header.authenticated), header.mac)) fail({ code: "header_tampered" });
  return fileKey;
}

/** The 16 bytes that a stanza's body hides under a key of its own; `null` if the key is another. */
export async function unwrap(key: Uint8Array, body: Bytes): Promise<Uint8Array | null> {
  // A longer key could be opened in two ways, so its length is checked before it is.
  if (body.length !== FILE_KEY_BYTES + 16) malformed();
  const cipher = await openCipher(Uint8Array.from(key));
  const fileKey = new Uint8Array(FILE_KEY_BYTES);
  return (await cipher.open(new Uint8Array(12), body, fileKey)) ? fileKey : null;
}

/** The bytes of unpadded base64 in its one form. */
export function base64(text: string): Bytes {
  const isPlain = /^[A-Za-z0-9+/]*$/.test(text) && text.length % 4 !== 1;
  const decoded = isPlain ? atob(text) : malformed();
  // The bits that are left over at its end must be zero.
  if (btoa(decoded).replace(/=+$/, "") !== text) malformed();
  return Uint8Array.from(decoded, (c) => c.charCodeAt(0));
}

export function malformed(): never {
  fail({ code: "header_malformed" });
}

async function byWords({ kind, stanzas }: Header, passphrase: string, progress: Progress): Promise<Uint8Array> {
  const [stanza] = stanzas;
  if (kind === "keys" || !stanza) fail({ code: "needs_key" });
  const [salt, factor, more] = stanza.args;
  if (salt === undefined || factor === undefined || more !== undefined) malformed();
  const salted = base64(salt);
  if (salted.length !== 16 || !WORK_FACTOR.test(factor)) malformed();
  const logN = Number(factor);
  if (logN > MAX_WORK_FACTOR) fail({ code: "too_much_work", found: logN, max: MAX_WORK_FACTOR });
  const key = await scrypt(utf8(passphrase), concat(utf8("age-encryption.org/v1/scrypt"), salted), logN, progress);
  return (await unwrap(key, stanza.body)) ?? fail({ code: "words_wrong" });
}

async function byKeys({ kind, stanzas }: Header, identities: Identity[]): Promise<Uint8Array> {
  if (kind === "words") fail({ code: "needs_words" });
  for (const identity of identities) {
    for (const stanza of stanzas) {
      const fileKey = await identity(stanza);
      if (fileKey) return fileKey;
    }
  }
  return fail({ code: "no_identity_fits" });
}

function readStanza(line: string, nextLine: () => string): Stanza {
  const [type, ...args] = line.slice("-> ".length).split(" ");
  if (type === undefined || [type, ...args].some((arg) => !/^[\x21-\x7e]+$/.test(arg))) malformed();
  let body = "";
  let last: string;
  do {
    last = nextLine();
    if (!/^[A-Za-z0-9+/]{0,64}$/.test(last)) malformed();
    body += last;
  } while (last.length === 64);
  return { type, args, body: base64(body) };
}
