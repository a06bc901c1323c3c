import {
  Engine,
  loadWords,
  save
} from "./chunk-5VQSAXU4.js";
import {
  failureOf
} from "./chunk-OXDOMBI6.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
