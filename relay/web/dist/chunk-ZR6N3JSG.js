// src/bytes.ts
var encoder = new TextEncoder();
var decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
function utf8(text) {
  return encoder.encode(text);
}
function fromUtf8(bytes) {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}
function utf8Length(text) {
  return encoder.encode(text).length;
}
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function fromHex(text, count) {
  if (text.length !== 2 * count || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: count }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
function equal(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
function random(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

export {
  utf8,
  fromUtf8,
  utf8Length,
  hex,
  fromHex,
  concat,
  equal,
  random
};
