/** Small drawings beside names. Words beside them say the same. */

import { drawing } from "./dom.ts";
import type { FileKind } from "./file_tree.ts";

const SHEET = "M6 2.5h8l4 4v15H6z M14 2.5v4h4";
const PATHS: Record<FileKind | "folder" | "chevron" | "check", string> = {
  document: `${SHEET} M9 11h6 M9 14h6 M9 17h4`,
  picture: "M3 5h18v14H3z M3 16l5-5 4 4 3-3 6 6 M15.5 9h.01",
  spreadsheet: "M4 4h16v16H4z M4 9.3h16 M4 14.6h16 M9.3 4v16 M14.6 4v16",
  slides: "M3 4h18v12H3z M12 16v4 M8 20h8 M7 12v-2 M11 12V8 M15 12v-3",
  text: `${SHEET} M9 10h6 M12 10v7`,
  film: "M3 5h18v14H3z M10 9l5 3-5 3z",
  sound: "M9 18V6l10-2v12 M9 18a2.5 2 0 1 1-5 0 2.5 2 0 1 1 5 0z M19 16a2.5 2 0 1 1-5 0 2.5 2 0 1 1 5 0z",
  archive: "M4 4h16v16H4z M12 4v2 M12 8v2 M12 12v2 M10 16h4v2h-4z",
  other: SHEET,
  folder: "M3 6h6l2 2.5h10V19H3z",
  chevron: "M9 6l6 6-6 6",
  check: "M4 12.5l5.5 5.5L20 6.5",
};

/** The drawing of a kind of file, of a folder, of what opens and closes, or of what is done. */
export function icon(name: keyof typeof PATHS): SVGElement {
  const line = drawing("path", { d: PATHS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round", "stroke-linecap": "round" });
  return drawing("svg", { class: `icon ${name}`, viewBox: "0 0 24 24", width: 24, height: 24, "aria-hidden": "true" }, line);
}
