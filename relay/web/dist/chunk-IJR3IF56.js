import {
  scriptUrl
} from "./chunk-U5YCRPLU.js";
import {
  ShareError,
  failureOf,
  part
} from "./chunk-QUKKOYP6.js";

// src/scrypt.ts
var BLOCK_SIZE = 8;
var PARALLELISM = 1;
var KEY_BYTES = 32;
async function scrypt(password, salt, logN) {
  const derived = await inWorker({ password, salt, logN }) ?? await scryptHere({ password, salt, logN });
  if ("failure" in derived) throw new ShareError(derived.failure);
  return derived.key;
}
async function inWorker(derivation) {
  if (typeof Worker === "undefined") return null;
  const worker = new Worker(scriptUrl("scrypt-worker.js"), { type: "module" });
  try {
    return await new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => resolve(null);
      worker.postMessage(derivation);
    });
  } finally {
    worker.terminate();
  }
}
async function scryptHere({ password, salt, logN }) {
  try {
    return { key: await (hasWebAssembly() ? inWebAssembly : inJavaScript)(password, salt, logN) };
  } catch (error) {
    const isTooMuch = error instanceof RangeError || error instanceof WebAssembly.RuntimeError;
    return { failure: isTooMuch ? { code: "not_enough_memory" } : failureOf(error) };
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

export {
  scrypt,
  scryptHere,
  hasWebAssembly
};
