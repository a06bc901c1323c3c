import {
  scryptHere
} from "./chunk-CD4DSFIT.js";
import "./chunk-67AUCZPB.js";
import "./chunk-N5HTIYXM.js";
import "./chunk-GM7WFPGG.js";

// src/scrypt-worker.ts
globalThis.onmessage = async ({ data }) => {
  globalThis.postMessage(await scryptHere(data));
};
