import {
  WordList,
  Words,
  checksum
} from "./chunk-Y4QP4ZHY.js";
import "./chunk-YG7J2LP3.js";
import "./chunk-WMBZNGJP.js";
import "./chunk-N5HTIYXM.js";
import "./chunk-MDVMEQXL.js";
import "./chunk-GM7WFPGG.js";
export {
  WordList,
  Words,
  checksum
};
