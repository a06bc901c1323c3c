/** The .zip of several files, by what its own directory says of them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ShareError } from "../src/failure.ts";
import { utf8, type Bytes } from "../src/format/bytes.ts";
import type { Entry } from "../src/format/entry.ts";
import { checkCount, zipped } from "../src/saving/zip.ts";

const END_BYTES = 22;
const DIRECTORY_SIGNATURE = 0x02014b50;

function entry(path: string, mtime: number): Entry {
  return { path, folder: false, size: 1, mtime, executable: false, private: false, offset: 0 };
}

async function zipOf(entries: Entry[]): Promise<DataView> {
  const one = async function* () {
    yield utf8("x");
  };
  const files = async function* () {
    for (const entry of entries) yield { entry, bytes: one() };
  };
  const parts: Bytes[] = [];
  for await (const part of zipped(files())) parts.push(part);
  const zip = Uint8Array.from(Buffer.concat(parts));
  return new DataView(zip.buffer);
}

test("the largest .zip that is made has the right number of entries, and of more none is made", async () => {
  const most = 65_534;
  const zip = await zipOf(Array.from({ length: most }, (_, i) => entry(`f${i}`, 0)));
  assert.equal(zip.getUint16(zip.byteLength - END_BYTES + 10, true), most);
  checkCount({ files: most, folders: 0 });
  assert.throws(() => checkCount({ files: most, folders: 1 }), ({ failure }: ShareError) => failure.code === "too_many_for_zip");
});

test("times before 1980 and after 2107 become the nearest there are", async () => {
  const years = [];
  for (const mtime of [0, Date.UTC(2020, 5, 1) / 1000, 0o77_777_777_777]) {
    const zip = await zipOf([entry("f", mtime)]);
    const directory = zip.getUint32(zip.byteLength - END_BYTES + 16, true);
    assert.equal(zip.getUint32(directory, true), DIRECTORY_SIGNATURE);
    years.push(1980 + (zip.getUint16(directory + 14, true) >> 9));
  }
  assert.deepEqual(years, [1980, 2020, 2107]);
});
