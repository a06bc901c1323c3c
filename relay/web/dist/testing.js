import {
  Engine,
  loadWords,
  save
} from "./chunk-IUFC6TGV.js";
import "./chunk-3AFGREZB.js";
import "./chunk-WMBZNGJP.js";
import {
  failureOf
} from "./chunk-QUKKOYP6.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
