import {
  hkdf
} from "./chunk-POEQ5JGS.js";
import {
  concat,
  equal,
  fail,
  part,
  utf8
} from "./chunk-SKKJOJXW.js";
import {
  hmac,
  sha256
} from "./chunk-YQXBLTOX.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/header.ts
init_define_WORD_LIST_NAMES();

// src/cipher.ts
init_define_WORD_LIST_NAMES();

// src/scrypt.ts
init_define_WORD_LIST_NAMES();
var BLOCK_SIZE = 8;
var PARALLELISM = 1;
var KEY_BYTES = 32;
var TURN_MS = 100;
async function scrypt(password, salt, logN, progress) {
  try {
    return await (hasWebAssembly() ? inWebAssembly(password, salt, logN) : inJavaScript(password, salt, logN, progress));
  } catch (error) {
    if (error instanceof Error && ["RangeError", "RuntimeError"].includes(error.name)) fail({ code: "not_enough_memory" });
    throw error;
  }
}
async function inWebAssembly(password, salt, logN) {
  const { scrypt: scrypt2 } = await part(import("./scrypt-wasm-HZM4FHHI.js"));
  return scrypt2({
    password,
    salt,
    costFactor: 2 ** logN,
    blockSize: BLOCK_SIZE,
    parallelism: PARALLELISM,
    hashLength: KEY_BYTES,
    outputType: "binary"
  });
}
async function inJavaScript(password, salt, logN, onProgress) {
  const { scryptAsync } = await part(import("./scrypt-MMYW7WQR.js"));
  const maxmem = 128 * BLOCK_SIZE * (2 ** logN + PARALLELISM + 1);
  const options = { N: 2 ** logN, r: BLOCK_SIZE, p: PARALLELISM, dkLen: KEY_BYTES, maxmem, asyncTick: TURN_MS, onProgress };
  return scryptAsync(password, salt, options);
}
function hasWebAssembly() {
  try {
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    return true;
  } catch {
    return false;
  }
}

// src/cipher.ts
var NAME = "ChaCha20-Poly1305";
async function openCipher(key) {
  return await openInBrowser(key) ?? await openInSodium(key) ?? openInJavaScript(key);
}
async function openInBrowser(key) {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return null;
  try {
    const format = "raw-secret";
    const secret = await subtle.importKey(format, key, NAME, false, ["decrypt"]);
    return { isParallel: true, open: (nonce, sealed, out) => decrypt(subtle, secret, nonce, sealed, out) };
  } catch {
    return null;
  }
}
async function decrypt(subtle, key, iv, sealed, out) {
  try {
    out.set(new Uint8Array(await subtle.decrypt({ name: NAME, iv }, key, sealed)));
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "OperationError") return false;
    throw error;
  }
}
var BENCH_BYTES = 64 * 1024 + 16;
var bench;
async function openInSodium(key) {
  bench ??= (hasWebAssembly() ? setUpBench() : Promise.resolve(null)).catch((error) => {
    bench = void 0;
    throw error;
  });
  const place = await bench;
  if (!place) return null;
  const { sodium } = place;
  const open = (nonce, sealed, out) => {
    sodium.HEAPU8.set(key, place.key);
    sodium.HEAPU8.set(nonce, place.nonce);
    sodium.HEAPU8.set(sealed, place.chunk);
    const { chunk, nonce: iv } = place;
    const decrypt2 = sodium._crypto_aead_chacha20poly1305_ietf_decrypt;
    if (decrypt2(chunk, 0, 0, chunk, sealed.length, 0, 0, 0, 0, iv, place.key) !== 0) return false;
    out.set(sodium.HEAPU8.subarray(chunk, chunk + out.length));
    return true;
  };
  return { isParallel: false, open };
}
async function setUpBench() {
  const { default: start } = await part(import("./libsodium-45V6ALTN.js"));
  const sodium = await start();
  const place = (bytes) => sodium._malloc(bytes);
  return { sodium, key: place(32), nonce: place(12), chunk: place(BENCH_BYTES) };
}
async function openInJavaScript(key) {
  const { chacha20poly1305 } = await part(import("./chacha-4FA332S5.js"));
  const open = (nonce, sealed, out) => {
    try {
      chacha20poly1305(key, nonce).decrypt(sealed, out);
      return true;
    } catch {
      return false;
    }
  };
  return { isParallel: false, open };
}

// src/header.ts
var MAX_WORK_FACTOR = 20;
var MAX_HEADER_BYTES = 65536 - 16;
var MAX_STANZAS = 1e3;
var FILE_KEY_BYTES = 16;
var VERSION = "age-encryption.org/v1";
var WORK_FACTOR = /^[1-9][0-9]*$/;
function readHeader(file) {
  const lines = new Lines(file.subarray(0, MAX_HEADER_BYTES));
  if (lines.next() !== VERSION) malformed();
  const stanzas = [];
  let line = lines.next();
  for (; line.startsWith("-> "); line = lines.next()) {
    if (stanzas.length === MAX_STANZAS) malformed();
    stanzas.push(readStanza(line, lines));
  }
  if (!/^--- [A-Za-z0-9+/]{43}$/.test(line) || stanzas.length === 0) malformed();
  const length = lines.at;
  const authenticated = Uint8Array.from(file.subarray(0, length - line.length - 1 + "---".length));
  return { length, kind: kindOf(stanzas), stanzas, authenticated, mac: base64(line.slice(4)) };
}
async function openHeader(header, opener, progress) {
  const fileKey = await ("passphrase" in opener ? byWords(header, opener.passphrase, progress) : byKeys(header, opener.identities));
  const key = hkdf(sha256, fileKey, new Uint8Array(), utf8("header"), 32);
  if (!equal(hmac(sha256, key, header.authenticated), header.mac)) fail({ code: "header_tampered" });
  return fileKey;
}
async function unwrap(key, body) {
  if (body.length !== FILE_KEY_BYTES + 16) malformed();
  const cipher = await openCipher(Uint8Array.from(key));
  const fileKey = new Uint8Array(FILE_KEY_BYTES);
  return await cipher.open(new Uint8Array(12), body, fileKey) ? fileKey : null;
}
function base64(text) {
  const isPlain = /^[A-Za-z0-9+/]*$/.test(text) && text.length % 4 !== 1;
  const decoded = isPlain ? atob(text) : malformed();
  if (btoa(decoded).replace(/=+$/, "") !== text) malformed();
  return Uint8Array.from(decoded, (c) => c.charCodeAt(0));
}
function malformed() {
  fail({ code: "header_malformed" });
}
function kindOf(stanzas) {
  const scrypts = stanzas.filter((stanza) => stanza.type === "scrypt").length;
  if (scrypts > 0 && stanzas.length > 1) malformed();
  return scrypts > 0 ? "words" : "keys";
}
async function byWords({ kind, stanzas }, passphrase, progress) {
  const [stanza] = stanzas;
  if (kind === "keys" || !stanza) fail({ code: "needs_key" });
  const [salt, factor, more] = stanza.args;
  if (salt === void 0 || factor === void 0 || more !== void 0) malformed();
  const salted = base64(salt);
  if (salted.length !== 16 || !WORK_FACTOR.test(factor)) malformed();
  const logN = Number(factor);
  if (logN > MAX_WORK_FACTOR) fail({ code: "too_much_work", found: logN, max: MAX_WORK_FACTOR });
  const key = await scrypt(utf8(passphrase), concat(utf8("age-encryption.org/v1/scrypt"), salted), logN, progress);
  return await unwrap(key, stanza.body) ?? fail({ code: "words_wrong" });
}
async function byKeys({ kind, stanzas }, identities) {
  if (kind === "words") fail({ code: "needs_words" });
  for (const identity of identities) {
    for (const stanza of stanzas) {
      const fileKey = await identity.open(stanza);
      if (fileKey) return fileKey;
    }
  }
  return fail({ code: "no_identity_fits" });
}
function readStanza(line, lines) {
  const [type, ...args] = line.slice("-> ".length).split(" ");
  if (type === void 0 || [type, ...args].some((arg) => !/^[\x21-\x7e]+$/.test(arg))) malformed();
  let body = "";
  let last;
  do {
    last = lines.next();
    if (!/^[A-Za-z0-9+/]{0,64}$/.test(last)) malformed();
    body += last;
  } while (last.length === 64);
  return { type, args, body: base64(body) };
}
var Lines = class {
  constructor(bytes) {
    this.bytes = bytes;
  }
  bytes;
  at = 0;
  next() {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) malformed();
    const line = String.fromCharCode(...this.bytes.subarray(this.at, end));
    this.at = end + 1;
    return line;
  }
};

export {
  scrypt,
  openCipher,
  MAX_HEADER_BYTES,
  readHeader,
  openHeader,
  unwrap,
  base64,
  malformed
};
