import {
  Engine,
  loadWords,
  save
} from "./chunk-E63VJE5T.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-ZR6N3JSG.js";
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
