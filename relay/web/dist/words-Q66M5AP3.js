import {
  WordList,
  Words,
  checksum
} from "./chunk-67B6GSYT.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-H7PTUJJ3.js";
import "./chunk-GM7WFPGG.js";
export {
  WordList,
  Words,
  checksum
};
