import {
  Engine,
  loadWords,
  save
} from "./chunk-R2MEYF4T.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import {
  failureOf
} from "./chunk-FEZHJH2D.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
