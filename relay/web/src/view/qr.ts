/** Draws QR codes. */

import encode from "qr";
import { drawing } from "./dom.ts";

/** How many empty modules readers need around the code. */
const QUIET = 4;

/** The QR code of a text, black on white whatever the colours of the page, with the text as its alternative. */
export function qrCode(text: string): SVGElement {
  const rows = encode(text, "raw", { border: QUIET, ecc: "medium" });
  const size = rows.length;
  const modules = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return drawing(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": text, "shape-rendering": "crispEdges" },
    drawing("rect", { width: size, height: size, fill: "#ffffff" }),
    drawing("path", { d: modules.join(""), fill: "#000000" }),
  );
}
