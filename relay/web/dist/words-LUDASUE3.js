import {
  WordList,
  Words,
  checksum
} from "./chunk-UIKZNLBD.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-ZR6N3JSG.js";
import "./chunk-N5HTIYXM.js";
import "./chunk-GM7WFPGG.js";
export {
  WordList,
  Words,
  checksum
};
