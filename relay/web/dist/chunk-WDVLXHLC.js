// src/failure.ts
var ShareError = class extends Error {
  constructor(failure) {
    super(failure.code);
    this.failure = failure;
  }
  failure;
  name = "ShareError";
};
function fail(failure) {
  throw new ShareError(failure);
}
function failureOf(error) {
  if (error instanceof ShareError) return error.failure;
  if (error instanceof DOMException) {
    if (error.name === "AbortError") return { code: "cancelled" };
    if (error.name === "QuotaExceededError") return { code: "disk_full" };
  }
  return { code: "unexpected", detail: String(error) };
}
function isFailure(error, code) {
  return error instanceof ShareError && error.failure.code === code;
}
function part(loading) {
  return loading.catch(() => fail({ code: "part_missing" }));
}

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
  const all = new Uint8Array(parts.reduce((sum, part2) => sum + part2.length, 0));
  let at = 0;
  for (const part2 of parts) {
    all.set(part2, at);
    at += part2.length;
  }
  return all;
}
function equal(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
async function* piecesOf(stream) {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    reader.cancel().catch(() => {
    });
  }
}
function random(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

export {
  ShareError,
  fail,
  failureOf,
  isFailure,
  part,
  utf8,
  fromUtf8,
  utf8Length,
  hex,
  fromHex,
  concat,
  equal,
  piecesOf,
  random
};
