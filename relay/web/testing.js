import {
  Engine,
  loadWords,
  save
} from "./chunk-C2AVH3MW.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import {
  failureOf
} from "./chunk-2DVVKFXT.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
