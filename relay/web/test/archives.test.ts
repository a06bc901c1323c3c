import assert from "node:assert/strict";
import { test } from "node:test";
import { ShareError, type Fault } from "../src/failure.ts";
import { utf8, type Bytes } from "../src/format/bytes.ts";
import { parseManifest } from "../src/format/manifest.ts";
import { unpack } from "../src/format/unpack.ts";
import { vectors } from "./vectors.ts";

interface Vector {
  name: string;
  manifest?: string;
  /** Of one that is no text. */
  manifest_hex?: string;
  bytes: number;
  runs: [number, string][];
  refused: string | null;
}

const FAULTS: Record<Fault, string> = {
  truncated: "ends too early",
  trailing: "something follows the end",
  malformed: "not in the prescribed form",
  type: "neither file nor folder",
  name: "forbidden name",
  same_name: "same name",
  no_folder: "no such folder",
  order: "not in order",
  totals: "sizes or counts contradict",
  too_many: "too many",
  unlisted: "not as listed",
  message: "message",
  sender: "sender",
  nonce: "one nonce for both files",
};

/** The nonce of every manifest's own age file. */
const OWN_NONCE = new Uint8Array(16).fill(0xff);

function content({ bytes, runs }: Vector): Bytes {
  const content = new Uint8Array(bytes);
  for (const [at, run] of runs) content.set(Buffer.from(run, "latin1"), at);
  return content;
}

function manifestOf({ manifest, manifest_hex }: Vector): Bytes {
  return manifest === undefined ? Uint8Array.from(Buffer.from(manifest_hex ?? "", "hex")) : utf8(manifest);
}

async function* pieces(bytes: Bytes, size: number): AsyncGenerator<Bytes, void> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** Unpacks all of it, and says why it is refused if it is. */
async function refusal(vector: Vector, size: number): Promise<string | null> {
  try {
    const manifest = parseManifest(manifestOf(vector), OWN_NONCE);
    for await (const { entry, bytes } of unpack(pieces(content(vector), size), manifest)) {
      let length = 0;
      for await (const piece of bytes) length += piece.length;
      assert.equal(length, entry.size);
    }
    return null;
  } catch (error) {
    if (!(error instanceof ShareError)) throw error;
    const { failure } = error;
    if (failure.code === "newer_version") return "newer version";
    assert.ok(failure.code === "manifest_bad" || failure.code === "archive_bad", failure.code);
    return FAULTS[failure.fault];
  }
}

const all = vectors<Vector[]>("archives.json");

test("every archive is taken or refused for its reason, however it is cut in pieces", async () => {
  assert.ok(all.length > 150);
  const wrong: string[] = [];
  for (const vector of all) {
    for (const size of [1 << 20, 700, 1]) {
      const found = await refusal(vector, size);
      if (found !== vector.refused) wrong.push(`${vector.name}: ${found}, wanted ${vector.refused}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("what is honest is taken by a browser whose tables of Unicode know no case and no composition", async () => {
  const { toLowerCase, toUpperCase, normalize } = String.prototype;
  try {
    String.prototype.toLowerCase = String.prototype.toUpperCase = String.prototype.normalize = String.prototype.toString;
    for (const vector of all.filter(({ refused }) => refused === null)) {
      assert.equal(await refusal(vector, 700), null, vector.name);
    }
  } finally {
    Object.assign(String.prototype, { toLowerCase, toUpperCase, normalize });
  }
});

test("a manifest gives the sender's name as it is, and none where there is none", () => {
  const sender = (name: string) => {
    const vector = all.find((vector) => vector.name === name);
    assert.ok(vector);
    return parseManifest(manifestOf(vector), OWN_NONCE).sender;
  };
  assert.equal(sender("honest_sender"), 'Wijkteam Noord & Zuid: "ëxtra" <zorg> 🏡');
  assert.equal(sender("honest"), null);
});

test("an archive cut anywhere is refused", async () => {
  const honest = all.find((vector) => vector.name === "honest");
  assert.ok(honest);
  for (let bytes = 0; bytes < honest.bytes; bytes += 7) {
    const runs = honest.runs.map(([at, run]): [number, string] => [at, run.slice(0, Math.max(0, bytes - at))]);
    const cut: Vector = { ...honest, bytes, runs: runs.filter(([at]) => at < bytes) };
    assert.equal(await refusal(cut, 512), FAULTS.truncated, String(bytes));
  }
});
