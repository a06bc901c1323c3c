import {
  Engine,
  loadWords,
  save
} from "./chunk-SPED4J6M.js";
import {
  failureOf
} from "./chunk-VZXNOOWW.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-MDVMEQXL.js";
import "./chunk-GM7WFPGG.js";
export {
  Engine,
  failureOf,
  loadWords,
  save
};
