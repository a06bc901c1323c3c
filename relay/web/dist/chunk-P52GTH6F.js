import {
  utf8Length
} from "./chunk-ZR6N3JSG.js";

// src/names.ts
var MAX_COMPONENT_BYTES = 255;
var MAX_PATH_BYTES = 800;
var MAX_DEPTH = 100;
function checkName(path) {
  if (utf8Length(path) > MAX_PATH_BYTES) return "long";
  const components = path.split("/");
  if (components.length > MAX_DEPTH) return "deep";
  for (const component of components) {
    const fault = checkComponent(component);
    if (fault) return fault;
  }
  return null;
}
function checkComponent(name) {
  if (name === "") return "empty";
  if (name === "." || name === "..") return "dots";
  if (utf8Length(name) > MAX_COMPONENT_BYTES) return "long";
  if (!isWellShown(name) || /[\\:<>"|?*]/.test(name)) return "character";
  if (/[. \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]$/.test(name)) return "ending";
  const plain = plainOf(name);
  if (isDevice(plain)) return "device";
  if (/^\.share-[0-9a-f]{16}\.part$/.test(plain)) return "staging";
  if (name.normalize("NFC") !== name) return "composed";
  return null;
}
function plainOf(name) {
  const plain = visible(name).replaceAll("ı", "i").replaceAll("ſ", "s").replaceAll("ﬀ", "ff");
  return plain.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
function collisionKey(path) {
  return visible(path).toLowerCase().toUpperCase().normalize("NFC");
}
function visible(name) {
  return name.replace(/[\u200C\u200D\u180B-\u180D\u180F\uFE00-\uFE0F\u{E0100}-\u{E01EF}]/gu, "");
}
function printable(text) {
  let previous = null;
  let shown = "";
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    shown += isVisible(previous, code) ? c : escaped(c, code);
    previous = code;
  }
  return shown;
}
function escaped(c, code) {
  const short = { "\n": "\\n", "\r": "\\r", "	": "\\t" }[c];
  return short ?? `\\u{${code.toString(16)}}`;
}
function isWellShown(name) {
  if (/^[ -~]*$/.test(name)) return true;
  let previous = null;
  for (const c of name) {
    const code = c.codePointAt(0) ?? 0;
    if (!isVisible(previous, code)) return false;
    previous = code;
  }
  return true;
}
function isVisible(previous, code) {
  if (code === 8204 || code === 8205) {
    return previous !== null && previous >= 1536 && (!isIgnorable(previous) || isVariationSelector(previous));
  }
  if (isVariationSelector(code)) {
    if (previous === null) return false;
    const keycap = code === 65039 && /[0-9#*]/.test(String.fromCodePoint(previous));
    return keycap || previous > 127 && !isIgnorable(previous);
  }
  return !isControl(code) && !isIgnorable(code) && !hasNoShape(code);
}
function isControl(code) {
  return code < 32 || code >= 127 && code < 160;
}
function isVariationSelector(code) {
  return within(code, VARIATION_SELECTORS);
}
function isIgnorable(code) {
  return within(code, IGNORABLE);
}
function hasNoShape(code) {
  return within(code, SHAPELESS) || (code & 65534) === 65534;
}
function within(code, ranges) {
  return ranges.some(([first, last]) => code >= first && code <= last);
}
var VARIATION_SELECTORS = [
  [6155, 6157],
  [6159, 6159],
  [65024, 65039],
  [917760, 917999]
];
var IGNORABLE = [
  [173, 173],
  [847, 847],
  [1564, 1564],
  [4447, 4448],
  [6068, 6069],
  [6155, 6159],
  [8203, 8207],
  [8234, 8238],
  [8288, 8303],
  [12644, 12644],
  [65024, 65039],
  [65279, 65279],
  [65440, 65440],
  [65520, 65528],
  [113824, 113827],
  [119155, 119162],
  [917504, 921599]
];
var SHAPELESS = [
  [8232, 8233],
  [65529, 65531],
  [64976, 65007],
  [55296, 57343],
  [57344, 63743],
  [983040, 1114111]
];
function isDevice(plain) {
  const stem = plain.split(".", 1)[0]?.replace(/ +$/, "") ?? "";
  return /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])$/.test(stem);
}

export {
  MAX_PATH_BYTES,
  checkName,
  collisionKey,
  printable
};
