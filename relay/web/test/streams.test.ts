/** What comes out of the browser's streams, in browsers whose streams cannot be iterated over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { concat, utf8, type Bytes } from "../src/format/bytes.ts";
import type { Entry } from "../src/format/entry.ts";
import type { Unpacked } from "../src/format/unpack.ts";
import { piecesOf } from "../src/relay/pieces.ts";
import { fileSource } from "../src/relay/source.ts";
import { zipLength, zipped } from "../src/saving/zip.ts";

// As in WebKit, and in Chromium before 124.
delete (ReadableStream.prototype as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator];
delete (ReadableStream.prototype as { values?: unknown }).values;

async function all(pieces: AsyncIterable<Bytes>): Promise<Bytes> {
  const parts: Bytes[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  return concat(...parts);
}

test("a file on disk is read", async () => {
  const file = new Blob([utf8("0123456789")]);
  assert.deepEqual(await all(fileSource(file).read(2, 7, new AbortController().signal)), utf8("23456"));
});

test("several files become one .zip", async () => {
  const entries: Entry[] = ["a", "b"].map((path) => ({ path, folder: false, size: 3, mtime: 0, executable: false, private: false, offset: 0 }));
  const bytes = async function* () {
    yield utf8("abc");
  };
  const files = async function* (): AsyncGenerator<Unpacked, void> {
    for (const entry of entries) yield { entry, bytes: bytes() };
  };
  const zip = await all(zipped(files()));
  assert.equal(zip.length, zipLength(entries));
  assert.equal(Buffer.from(zip).toString("latin1").split("abc").length, 3);
});

test("who stops early wants no more of a stream, and its failure is passed on", async () => {
  let why: unknown = null;
  const stream = new ReadableStream<Bytes>({ pull: (controller) => controller.enqueue(utf8("x")), cancel: () => void (why = "cancelled") });
  for await (const _ of piecesOf(stream)) break;
  assert.equal(why, "cancelled");
  const failing = new ReadableStream<Bytes>({ pull: (controller) => controller.error(new Error("gone")) });
  await assert.rejects(all(piecesOf(failing)), { message: "gone" });
});
