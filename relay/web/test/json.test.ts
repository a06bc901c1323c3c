import assert from "node:assert/strict";
import { test } from "node:test";
import { JsonError, JsonObject, parseJson, parseObject, readWhole } from "../src/format/json.ts";

test("JSON is read as it stands", () => {
  const object = parseJson(' {"a" : [1, -2.5e3, true, null, "\\u00e9\\n\\ud83d\\ude00"] , "b":{}} ');
  assert.ok(object instanceof JsonObject);
  const list = object.get("a") as unknown[];
  assert.deepEqual(list.slice(2), [true, null, "é\n😀"]);
  assert.ok(Number.isNaN(list[1]), "no plainly written whole number");
  assert.ok(object.get("b") instanceof JsonObject);
  assert.equal(object.get("c"), undefined);
});

test("what is not strictly JSON is refused", () => {
  for (const text of [
    "", " ", "{", "}", "[1,]", "{,}", '{"a":1,}', "{a:1}", "'a'", '"a', '"\\x"', '"\t"', '"\\ud800"', '"\\udc00\\ud800"',
    "01", "+1", ".5", "1.", "1e", "NaN", "nulll", "true false", "[1 2]", "\ufeff1", "1\u00a0", "[".repeat(5000), '{"a"}',
  ]) {
    assert.throws(() => parseJson(text), JsonError, JSON.stringify(text).slice(0, 40));
  }
});

test("an object with a name twice is refused", () => {
  for (const text of ['{"a":1,"b":2,"a":1}', '{"a":1,"\\u0061":1}', '[{"b":{"a":1,"a":1}}]']) {
    assert.throws(() => parseJson(text), JsonError, text);
  }
});

test("whole numbers are exact or infinite", () => {
  for (const [text, value] of [
    ["0", 0], ["9007199254740991", 2 ** 53 - 1], ["9007199254740992", Infinity], ["18446744073709551615", Infinity],
    ["18446744073709551616", null], ["-0", null], ["-1", null], ["1.0", null], ["1e2", null], ["01", null], ["", null],
  ] as const) {
    assert.equal(readWhole(text), value, text);
  }
});

test("a long text that goes wrong at its end is refused in no time", () => {
  assert.throws(() => parseJson(`"${"a".repeat(4_000_000)}`), JsonError);
  assert.throws(() => parseJson(`"${"\\".repeat(4_000_001)}`), JsonError);
});

test("fields are read with their types, and one of another type is named", () => {
  const object = parseObject('{"t":"x","n":7,"f":true,"null":null,"float":1.0,"sign":-0,"large":9007199254740992}');
  assert.deepEqual([object.text("t"), object.whole("n"), object.flag("f"), object.flag("none")], ["x", 7, true, false]);
  assert.deepEqual([object.optional("n", "as", 9), object.optional("none", "as", 9), object.whole("large")], [{ as: 7 }, {}, Infinity]);
  for (const [name, read] of [
    ["n", () => object.text("n")],
    ["t", () => object.whole("t")],
    ["none", () => object.whole("none")],
    ["float", () => object.whole("float")],
    ["sign", () => object.whole("sign")],
    ["n", () => object.whole("n", 6)],
    ["large", () => object.whole("large", Number.MAX_SAFE_INTEGER)],
    ["null", () => object.flag("null")],
    ["null", () => object.optional("null", "as", 9)],
    ["JSON", () => parseObject("[1]")],
    ["JSON", () => parseObject(null)],
  ] as const) {
    assert.throws(read, (error) => error instanceof JsonError && error.message === name, name);
  }
});

test("lists and objects in each other are read to a depth, and no deeper", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  parseJson(nested(127));
  for (const depth of [128, 100_000]) assert.throws(() => parseJson(nested(depth)), JsonError, String(depth));
});
