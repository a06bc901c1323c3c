/** Small pictures, drawn in the colour of the text around them; what they tell stands beside them as words. */

const SVG = "http://www.w3.org/2000/svg";

/** Lines on 24 × 24 units. */
const LINES = {
  check: "M4 12.5l5.5 5.5L20 6.5",
  alert: "M12 5v9M12 18.5v.5",
};

/** A picture. */
export function icon(name: keyof typeof LINES): SVGElement {
  const picture = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  line.setAttribute("d", LINES[name]);
  picture.append(line);
  return picture;
}
