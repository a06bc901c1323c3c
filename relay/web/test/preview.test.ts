import assert from "node:assert/strict";
import { test } from "node:test";
import { utf8 } from "../src/format/bytes.ts";
import { documentAround, pictureOf, textOf } from "../src/view/preview_content.ts";

/** Bytes from texts, whose characters are bytes, and numbers. */
function bytes(...parts: (string | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part)));
}

const be = (value: number, length: number) => Array.from({ length }, (_, i) => (value / 256 ** (length - 1 - i)) & 255);
const le = (value: number, length: number) => be(value, length).reverse();

const png = (width: number, height: number) => bytes("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", be(width, 4), be(height, 4), [8, 2, 0, 0, 0]);
const frame = (width: number, height: number, marker = 0xc0) => [0xff, marker, 0, 17, 8, ...be(height, 2), ...be(width, 2), 3];
const jpeg = (...parts: number[][]) => bytes([0xff, 0xd8], ...parts);
const lossy = (width: number, height: number) => bytes("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a", le(width, 2), le(height, 2));
const lossless = (width: number, height: number) => bytes("RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f", le((width - 1) | ((height - 1) << 14), 4));
const extended = (width: number, height: number) => bytes("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0", le(width - 1, 3), le(height - 1, 3));

test("a picture is known by what it is, whatever it is called", () => {
  assert.deepEqual(pictureOf(png(640, 480)), "image/png");
  assert.deepEqual(pictureOf(jpeg([0xff, 0xe1, 0, 6, 1, 2, 3, 4], frame(640, 480))), "image/jpeg");
  for (const make of [lossy, lossless, extended]) assert.deepEqual(pictureOf(make(640, 480)), "image/webp");
  for (const other of ["", "GIF89a", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "<html>", "BM", "RIFF\0\0\0\0WAVE", "\x89PNG\r\n\x1a\n\0\0\0\x0dIDAT"]) assert.equal(pictureOf(bytes(other)), null, other);
});

test("a picture that would take too much memory is not opened", () => {
  for (const make of [png, lossy, lossless, extended]) {
    assert.ok(pictureOf(make(8000, 6250)));
    assert.equal(pictureOf(make(8000, 6251)), null);
  }
  assert.equal(pictureOf(png(0xffffffff, 0xffffffff)), null);
  assert.equal(pictureOf(png(0, 10)), null);
  assert.equal(pictureOf(jpeg(frame(65535, 65535))), null);
  // A small frame in a segment before it, or behind a table, is not the picture's.
  assert.equal(pictureOf(jpeg([0xff, 0xe1, 0, 2 + frame(1, 1).length, ...frame(1, 1)], frame(65535, 65535, 0xc2))), null);
  assert.equal(pictureOf(jpeg([0xff, 0xc4, 0, 12, ...frame(1, 1)], frame(65535, 65535))), null);
  for (const marker of [0x01, 0xd0, 0xd8]) assert.equal(pictureOf(jpeg([0xff, marker], frame(65535, 65535), Array(70_000).fill(0), frame(1, 1))), null);
  assert.equal(pictureOf(jpeg([0xff, 0xff], frame(65535, 65535).slice(1))), null);
});

test("a picture that ends before it says its size is not opened", () => {
  for (const whole of [png(1, 1), jpeg([0xff, 0xe0, 0, 4, 0, 0], frame(1, 1)), lossy(1, 1), lossless(1, 1), extended(1, 1)]) {
    const measured = whole.length - (whole[0] === 0x89 ? 5 : 0);
    for (let length = 0; length < measured - 1; length++) assert.equal(pictureOf(whole.subarray(0, length)), null, `${length}`);
  }
  for (const odd of [[0xff, 0xd9], [0xff, 0xda, 0, 2], [0, 0, 0, 0], [0xff, 0xe0, 0, 0]]) assert.equal(pictureOf(jpeg(odd)), null);
});

test("text is shown with what hides in it", () => {
  assert.deepEqual(textOf(utf8("één\r\ntwee\rdrie\n\tvier")), { text: "één\ntwee\ndrie\n    vier", isCut: false });
  assert.equal(textOf(utf8("a\u202Eb\0c\u200Bd")).text, "a\\u{202e}b\\u{0}c\\u{200b}d");
  assert.equal(textOf(utf8("\uFEFFmet merk")).text, "met merk");
  assert.equal(textOf(bytes([0xff, 0xfe], "h\0i\0")).text, "hi");
  assert.equal(textOf(bytes([0xfe, 0xff], "\0h\0i")).text, "hi");
  assert.equal(textOf(bytes("caf\xe9")).text, "café");
  assert.equal(textOf(utf8("<script>alert(1)</script>")).text, "<script>alert(1)</script>");
});

test("of a long text the beginning is shown, whichever character it is cut in", () => {
  const long = textOf(utf8(`x${"é".repeat(600_000)}`));
  assert.deepEqual([long.isCut, long.text.length], [true, 500_000]);
  assert.deepEqual(textOf(utf8("y".repeat(1_000_000))).isCut, false);
});

test("the document of a picture has nothing in it but the picture", () => {
  assert.match(documentAround("data:image/png;base64,AAAA"), /^<svg [^<>]*><image [^<>]*href="data:image\/png;base64,AAAA"\/><\/svg>$/);
});
