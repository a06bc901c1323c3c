import assert from "node:assert/strict";
import { test } from "node:test";
import { checkName, collisionKey, printable, quoted } from "../src/format/names.ts";
import { vectors } from "./vectors.ts";

interface Vectors {
  allowed: string[];
  forbidden: [string, string][];
  /** With characters that Unicode does not assign: nobody sends them, and whoever receives them takes them. */
  unassigned: string[];
  same: [string, string][];
  different: [string, string][];
  printable: [string, string][];
}

const names = vectors<Vectors>("names.json");

test("ordinary names are allowed, and shown as they are", () => {
  for (const name of names.allowed) {
    assert.equal(checkName(name), null, JSON.stringify(name));
    assert.equal(printable(name), name);
  }
});

test("characters that Unicode has not assigned are taken", () => {
  for (const name of names.unassigned) {
    assert.match(name, /\p{Cn}/u);
    assert.equal(checkName(name), null, JSON.stringify(name));
  }
});

test("forbidden names are refused for their reason", () => {
  for (const [name, why] of names.forbidden) assert.equal(checkName(name), why, JSON.stringify(name));
});

test("limits are exact", () => {
  const path = (bytes: number) => `${"x".repeat(200)}/${"y".repeat(bytes - 201)}`;
  assert.equal(checkName("é".repeat(127)), null);
  assert.equal(checkName("é".repeat(128)), "long");
  assert.equal(checkName(path(456)), null);
  assert.equal(checkName(path(457)), "long");
  assert.equal(checkName(Array(100).fill("x").join("/")), null);
  assert.equal(checkName(Array(101).fill("x").join("/")), "deep");
  const longest = Array(8).fill("x".repeat(99)).join("/");
  assert.equal(checkName(`${longest}x`), null);
  assert.equal(checkName(`${longest}/x`), "long");
});

test("names that are one on some system have one key", () => {
  for (const [one, other] of names.same) assert.equal(collisionKey(one), collisionKey(other), `${one} ${other}`);
  for (const [one, other] of names.different) assert.notEqual(collisionKey(one), collisionKey(other));
});

test("a quote is printable and no longer than a line", () => {
  assert.equal(quoted("brief.pdf"), "brief.pdf");
  const long = quoted(`${"é".repeat(120)}\n\u{202e}${"a".repeat(3_000_000)}/brief.pdf`);
  assert.equal([...long].length, 200);
  assert.ok(long.startsWith(`${"é".repeat(120)}\\n\\u{202e}a`) && long.endsWith("a/brief.pdf"), long);
  assert.equal([...quoted("\u{202e}".repeat(300))].length, 200);
});

test("hostile text is shown escaped", () => {
  for (const [text, shown] of names.printable) assert.equal(printable(text), shown);
  for (let code = 0; code <= 0x10ffff; code++) {
    const shown = printable(String.fromCodePoint(code));
    assert.doesNotMatch(shown, /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Surrogate}]/u, code.toString(16));
  }
});
