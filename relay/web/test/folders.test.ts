/** That imports go one way: no file takes part in a circle, and no folder imports from one that stands after it. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const SRC = new URL("../src/", import.meta.url).pathname;
/** From what all others use to what uses all others. At the top lie `failure`, for everybody, and where things begin. */
const FOLDERS = ["format", "relay", "saving", "worker", "view"];

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** What a file names in its imports, in those of types alone and in those made later as well. */
function importsOf(file: string): string[] {
  const found = readFileSync(join(SRC, file), "utf8").matchAll(/(?:\bfrom|\bimport\(|^import) ?"(\.[^"]+\.ts)"/gm);
  return [...found].map(([, path = ""]) => normalize(join(dirname(file), path)));
}

/** The way from a file back to itself, if there is one. */
function circle(file: string, way: string[] = [], seen = new Set<string>()): string[] | null {
  for (const next of imports.get(file) ?? []) {
    if (next === way[0]) return way;
    if (seen.has(next)) continue;
    const found = circle(next, way.length === 0 ? [file, next] : [...way, next], seen.add(next));
    if (found) return found;
  }
  return null;
}

test("no file takes part in an import circle", () => {
  assert.ok(files.length > 50 && [...imports.values()].flat().length > 200);
  assert.deepEqual([...imports.values()].flat().filter((file) => file.endsWith(".ts") && !imports.has(file)), []);
  assert.deepEqual(files.map((file) => circle(file)).filter((way) => way !== null), []);
});

test("folders import only from those before them", () => {
  const rank = (file: string) => FOLDERS.indexOf(dirname(file));
  const [inside, top] = [files.filter((file) => rank(file) >= 0), files.filter((file) => rank(file) < 0)];
  assert.deepEqual(top.sort(), ["failure.ts", "start.ts", "testing.ts"]);
  const wrong = inside.flatMap((file) => (imports.get(file) ?? []).filter((other) => other !== "failure.ts" && (rank(other) < 0 || rank(other) > rank(file))).map((other) => `${file} -> ${other}`));
  assert.deepEqual(wrong, []);
});
