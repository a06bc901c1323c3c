import {
  Engine,
  loadWords,
  save
} from "./chunk-ZVHK5SNJ.js";
import "./chunk-POEQ5JGS.js";
import {
  failureOf
} from "./chunk-SKKJOJXW.js";
import "./chunk-YQXBLTOX.js";
import {
  init_define_WORD_LIST_NAMES
} from "./chunk-3SU3V7RU.js";

// src/testing.ts
init_define_WORD_LIST_NAMES();
export {
  Engine,
  failureOf,
  loadWords,
  save
};
