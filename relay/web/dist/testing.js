import {
  Engine,
  loadWords,
  save
} from "./chunk-WYOEVAAL.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import {
  failureOf
} from "./chunk-WDVLXHLC.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
