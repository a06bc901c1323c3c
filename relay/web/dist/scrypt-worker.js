import {
  scryptHere
} from "./chunk-IJR3IF56.js";
import "./chunk-U5YCRPLU.js";
import "./chunk-QUKKOYP6.js";
import "./chunk-GM7WFPGG.js";

// src/scrypt-worker.ts
globalThis.onmessage = async ({ data }) => {
  globalThis.postMessage(await scryptHere(data));
};
