import {
  WordList,
  Words,
  checksum
} from "./chunk-7ARMHFDL.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-N5HTIYXM.js";
import "./chunk-GV6BKEVW.js";
import "./chunk-GM7WFPGG.js";
export {
  WordList,
  Words,
  checksum
};
