import {
  hkdf
} from "./chunk-YG7J2LP3.js";
import {
  hmac,
  sha256
} from "./chunk-WMBZNGJP.js";
import {
  concat,
  equal,
  fail,
  part,
  utf8
} from "./chunk-WDVLXHLC.js";

// node_modules/@scure/base/index.js
/*! scure-base - MIT License (c) 2022 Paul Miller (paulmillr.com) */
var freeze = (fn) => Object.freeze(fn());
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
function abytes(b) {
  if (!isBytes(b))
    throw new TypeError("Uint8Array expected");
}
function isArrayOf(isString, arr) {
  if (!Array.isArray(arr))
    return false;
  if (arr.length === 0)
    return true;
  if (isString) {
    return arr.every((item) => typeof item === "string");
  } else {
    return arr.every((item) => Number.isSafeInteger(item));
  }
}
function afn(input) {
  if (typeof input !== "function")
    throw new TypeError("function expected");
  return true;
}
function astr(label, input) {
  if (typeof input !== "string")
    throw new TypeError(`${label}: string expected`);
  return true;
}
function anumber(n, title = "number") {
  if (typeof n !== "number")
    throw new TypeError(`${title}: expected number, got ${typeof n}`);
  if (!Number.isSafeInteger(n))
    throw new RangeError(`${title}: expected safe integer, got ${n}`);
}
function anumArr(label, input) {
  if (!isArrayOf(false, input))
    throw new TypeError(`${label}: array of numbers expected`);
}
function chain(...args) {
  const id = (a) => a;
  const wrap = (a, b) => (c) => a(b(c));
  const encode = args.map((x) => x.encode).reduceRight(wrap, id);
  const decode = args.map((x) => x.decode).reduce(wrap, id);
  return { encode, decode };
}
var powers = /* @__PURE__ */ (() => {
  let res = [];
  for (let i = 0; i < 40; i++)
    res.push(2 ** i);
  return res;
})();
function u8ToNumArr(u8, len = u8.length) {
  const res = new Array(len);
  for (let i = 0; i < len; i++)
    res[i] = u8[i];
  return res;
}
var asciiDecoder = /* @__PURE__ */ (() => {
  try {
    const decoder = new TextDecoder();
    return decoder.decode(Uint8Array.of(65, 48, 43, 127)) === "A0+" ? decoder : void 0;
  } catch (e) {
    return void 0;
  }
})();
var B2S_CHUNK = 8192;
function charcodesToString(codes) {
  const len = codes.length;
  if (asciiDecoder !== void 0 && len >= 12)
    return asciiDecoder.decode(codes);
  if (len <= B2S_CHUNK)
    return String.fromCharCode.apply(null, codes);
  let res = "";
  for (let i = 0; i < len; i += B2S_CHUNK)
    res += String.fromCharCode.apply(null, codes.subarray(i, i + B2S_CHUNK));
  return res;
}
function radix2(bits) {
  anumber(bits);
  if (bits <= 0 || bits > 8)
    throw new RangeError("radix2: bits should be in (0..8]");
  const mask = powers[bits] - 1;
  return {
    encode: (bytes) => {
      abytes(bytes);
      const len = bytes.length;
      const res = new Uint8Array(Math.ceil(len * 8 / bits));
      let carry = 0;
      let pos = 0;
      let j = 0;
      for (let i = 0; i < len; ) {
        if (i + 2 < len) {
          carry = carry << 24 | bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2];
          pos += 24;
          i += 3;
        } else {
          carry = (carry << 8 | bytes[i]) & 65535;
          pos += 8;
          i++;
        }
        for (; ; ) {
          pos -= bits;
          res[j++] = carry >> pos & mask;
          if (pos < bits)
            break;
        }
      }
      if (pos > 0)
        res[j] = carry << bits - pos & mask;
      return res;
    },
    decode: (digits) => {
      const len = digits.length;
      const res = new Uint8Array(Math.floor(len * bits / 8));
      let carry = 0;
      let pos = 0;
      let j = 0;
      for (let i = 0; i < len; i++) {
        carry = (carry << bits | digits[i]) & 65535;
        pos += bits;
        for (; pos >= 8; pos -= 8)
          res[j++] = carry >> pos - 8 & 255;
      }
      carry = carry << 8 - pos & 255;
      if (pos >= bits)
        throw new Error("Excess padding");
      if (carry > 0)
        throw new Error(`Non-zero padding: ${carry}`);
      return res;
    }
  };
}
function alphabet(letters, aliases) {
  const len = letters.length;
  if (len > 128)
    throw new Error("alphabet: max 128 letters");
  const encTable = new Uint8Array(len);
  const decTable = new Int8Array(128).fill(-1);
  for (let i = 0; i < len; i++) {
    const code = letters.charCodeAt(i);
    if (letters.codePointAt(i) !== code || code > 127)
      throw new Error("alphabet: single-char ASCII letters only");
    encTable[i] = code;
    decTable[code] = i;
  }
  if (aliases !== void 0) {
    for (const alias of Object.keys(aliases)) {
      const code = alias.charCodeAt(0);
      const target = decTable[aliases[alias].charCodeAt(0)];
      if (alias.length !== 1 || code > 127 || target === void 0 || target === -1)
        throw new Error(`alphabet: invalid alias ${alias}`);
      decTable[code] = target;
    }
  }
  return {
    encode: (digits) => {
      const codes = new Uint8Array(digits.length);
      for (let i = 0; i < digits.length; i++) {
        const d = digits[i];
        const code = encTable[d];
        if (code === void 0)
          throw new Error(`alphabet.encode: invalid digit ${d}`);
        codes[i] = code;
      }
      return charcodesToString(codes);
    },
    decode: (input) => {
      astr("decode", input);
      const slen = input.length;
      const digits = new Uint8Array(slen);
      for (let i = 0; i < slen; i++) {
        const code = input.charCodeAt(i);
        const digit = code < 128 ? decTable[code] : -1;
        if (digit === -1)
          throw new Error(`Unknown letter "${input[i]}". Allowed: ${letters}`);
        digits[i] = digit;
      }
      return digits;
    }
  };
}
function unsafeWrapper(fn) {
  afn(fn);
  return function(...args) {
    try {
      return fn.apply(null, args);
    } catch (e) {
    }
  };
}
var base64nopad = /* @__PURE__ */ freeze(() => chain(radix2(6), alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")));
var BECH_ALPHABET = /* @__PURE__ */ alphabet("qpzry9x8gf2tvdw0s3jn54khce6mua7l");
var BECH_UPPERCASE_PRINTABLE = /^[\x21-\x60\x7b-\x7e]+$/;
function assertBech32Printable(label, value) {
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (c < 33 || c > 126)
      throw new Error(`${label}: printable ASCII expected`);
  }
}
function wordsToU8(words) {
  const len = words.length;
  const res = new Uint8Array(len);
  for (let i = 0; i < len; i++) {
    const w = words[i];
    if (w < 0 || w >= 32)
      throw new Error(`alphabet.encode: invalid digit ${w}`);
    res[i] = w;
  }
  return res;
}
var POLYMOD_GENERATORS = [996825010, 642813549, 513874426, 1027748829, 705979059];
function bech32Polymod(pre) {
  const b = pre >> 25;
  let chk = (pre & 33554431) << 5;
  for (let i = 0; i < POLYMOD_GENERATORS.length; i++) {
    if ((b >> i & 1) === 1)
      chk ^= POLYMOD_GENERATORS[i];
  }
  return chk;
}
function bechChecksum(prefix, words, encodingConst = 1) {
  const len = prefix.length;
  let chk = 1;
  for (let i = 0; i < len; i++) {
    const c = prefix.charCodeAt(i);
    if (c < 33 || c > 126)
      throw new Error(`Invalid prefix (${prefix})`);
    chk = bech32Polymod(chk) ^ c >> 5;
  }
  chk = bech32Polymod(chk);
  for (let i = 0; i < len; i++)
    chk = bech32Polymod(chk) ^ prefix.charCodeAt(i) & 31;
  for (let v of words)
    chk = bech32Polymod(chk) ^ v;
  for (let i = 0; i < 6; i++)
    chk = bech32Polymod(chk);
  chk ^= encodingConst;
  const sum = new Uint8Array(6);
  for (let i = 0; i < 6; i++)
    sum[i] = chk >>> 5 * (5 - i) & 31;
  return BECH_ALPHABET.encode(sum);
}
function genBech32(encoding) {
  const ENCODING_CONST = encoding === "bech32" ? 1 : 734539939;
  const _words = radix2(5);
  const toWords = (from) => {
    abytes(from);
    const len = from.length;
    const res = new Array(Math.ceil(len * 8 / 5));
    let carry = 0;
    let pos = 0;
    let j = 0;
    for (let i = 0; i < len; i++) {
      carry = carry << 8 | from[i];
      pos += 8;
      for (; pos >= 5; pos -= 5)
        res[j++] = carry >> pos - 5 & 31;
    }
    if (pos > 0)
      res[j] = carry << 5 - pos & 31;
    return res;
  };
  const fromWords = (to) => {
    anumArr("radix2.decode", to);
    const len = to.length;
    const digits = new Uint8Array(len);
    for (let i = 0; i < len; i++) {
      const w = to[i];
      if (w < 0 || w >= 32)
        throw new Error(`convertRadix2: invalid word=${w}`);
      digits[i] = w;
    }
    return _words.decode(digits);
  };
  const fromWordsUnsafe = unsafeWrapper(fromWords);
  function encode(prefix, words, limit = 90) {
    astr("bech32.encode prefix", prefix);
    if (limit !== false)
      anumber(limit, "limit");
    if (isBytes(words))
      words = u8ToNumArr(words);
    anumArr("bech32.encode", words);
    const plen = prefix.length;
    if (plen === 0)
      throw new TypeError(`Invalid prefix length ${plen}`);
    const actualLength = plen + 7 + words.length;
    if (limit !== false && actualLength > limit)
      throw new TypeError(`Length ${actualLength} exceeds limit ${limit}`);
    assertBech32Printable("bech32.encode prefix", prefix);
    const lowered = prefix.toLowerCase();
    const sum = bechChecksum(lowered, words, ENCODING_CONST);
    return `${lowered}1${BECH_ALPHABET.encode(wordsToU8(words))}${sum}`;
  }
  function decode(str, limit = 90) {
    astr("bech32.decode input", str);
    if (limit !== false)
      anumber(limit, "limit");
    const slen = str.length;
    if (slen < 8 || limit !== false && slen > limit)
      throw new TypeError(`invalid string length ${slen}, expected (8..${limit})`);
    const lowered = str.toLowerCase();
    if (str !== lowered) {
      if (!BECH_UPPERCASE_PRINTABLE.test(str)) {
        assertBech32Printable("bech32.decode input", str);
        throw new Error(`mixed-case string not allowed`);
      }
    }
    const sepIndex = lowered.lastIndexOf("1");
    if (sepIndex === 0 || sepIndex === -1)
      throw new Error(`invalid separator "1"`);
    const prefix = lowered.slice(0, sepIndex);
    const data = lowered.slice(sepIndex + 1);
    if (data.length < 6)
      throw new Error("invalid data length");
    const digits = BECH_ALPHABET.decode(data);
    const words = u8ToNumArr(digits, digits.length - 6);
    const sum = bechChecksum(prefix, words, ENCODING_CONST);
    if (!data.endsWith(sum))
      throw new Error(`Invalid checksum in ${str}`);
    return { prefix, words };
  }
  const decodeUnsafe = unsafeWrapper(decode);
  function decodeToBytes(str, limit = 90) {
    const { prefix, words } = decode(str, limit);
    return {
      prefix,
      words,
      bytes: fromWords(words)
    };
  }
  function encodeFromBytes(prefix, bytes) {
    return encode(prefix, toWords(bytes));
  }
  return {
    encode,
    decode,
    encodeFromBytes,
    decodeToBytes,
    decodeUnsafe,
    fromWords,
    fromWordsUnsafe,
    toWords
  };
}
var bech32 = /* @__PURE__ */ freeze(() => genBech32("bech32"));

// src/scrypt.ts
var BLOCK_SIZE = 8;
var PARALLELISM = 1;
var KEY_BYTES = 32;
async function scrypt(password, salt, logN) {
  try {
    return await (hasWebAssembly() ? inWebAssembly : inJavaScript)(password, salt, logN);
  } catch (error) {
    if (error instanceof RangeError || error instanceof WebAssembly.RuntimeError) fail({ code: "not_enough_memory" });
    throw error;
  }
}
async function inWebAssembly(password, salt, logN) {
  const { scrypt: scrypt2 } = await part(import("./scrypt-wasm-3X4M6LEM.js"));
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
async function inJavaScript(password, salt, logN) {
  const { scryptAsync } = await part(import("./scrypt-2LXRMNFC.js"));
  const memory = 128 * BLOCK_SIZE * (2 ** logN + PARALLELISM);
  return scryptAsync(password, salt, { N: 2 ** logN, r: BLOCK_SIZE, p: PARALLELISM, dkLen: KEY_BYTES, maxmem: memory });
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
  const { default: start } = await part(import("./libsodium-CM2DAVMQ.js"));
  const sodium = await start();
  const place = (bytes) => sodium._malloc(bytes);
  return { sodium, key: place(32), nonce: place(12), chunk: place(BENCH_BYTES) };
}
async function openInJavaScript(key) {
  const { chacha20poly1305 } = await part(import("./chacha-P57CUZLE.js"));
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
async function openHeader(header, opener) {
  const fileKey = await ("passphrase" in opener ? byWords(header, opener.passphrase) : byKeys(header, opener.identities));
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
  try {
    return Uint8Array.from(base64nopad.decode(text));
  } catch {
    return malformed();
  }
}
function malformed() {
  fail({ code: "header_malformed" });
}
function kindOf(stanzas) {
  const scrypts = stanzas.filter((stanza) => stanza.type === "scrypt").length;
  if (scrypts > 0 && stanzas.length > 1) malformed();
  return scrypts > 0 ? "words" : "keys";
}
async function byWords({ kind, stanzas }, passphrase) {
  const [stanza] = stanzas;
  if (kind === "keys" || !stanza) fail({ code: "needs_key" });
  const [salt, factor, more] = stanza.args;
  if (salt === void 0 || factor === void 0 || more !== void 0) malformed();
  const salted = base64(salt);
  if (salted.length !== 16 || !WORK_FACTOR.test(factor)) malformed();
  const logN = Number(factor);
  if (logN > MAX_WORK_FACTOR) fail({ code: "too_much_work", found: logN, max: MAX_WORK_FACTOR });
  const key = await scrypt(utf8(passphrase), concat(utf8("age-encryption.org/v1/scrypt"), salted), logN);
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
  bech32,
  MAX_HEADER_BYTES,
  readHeader,
  openHeader,
  unwrap,
  base64,
  malformed
};
