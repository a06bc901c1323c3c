import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../src/format/entry.ts";
import { choose, chosenPlaces, cutInTheMiddle, endingOf, kindOf, previewOf, treeOf, type FolderNode } from "../src/view/file_tree.ts";

/** Files of one byte more each, with the folders around them. */
function entriesOf(paths: string[]): Entry[] {
  const folders = new Set(paths.flatMap((path) => path.split("/").slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join("/"))));
  const all = [...[...folders].map((path) => ({ path, folder: true })), ...paths.map((path) => ({ path, folder: false }))];
  all.sort((one, other) => (one.path.replaceAll("/", "\0") < other.path.replaceAll("/", "\0") ? -1 : 1));
  return all.map(({ path, folder }, i) => ({ path, folder, size: folder ? 0 : i + 1, mtime: 0, executable: false, private: false, offset: 0 }));
}

/** The tree as text. */
function outline(folder: FolderNode): unknown[] {
  return [...folder.folders.map((one) => [one.name, ...outline(one)]), ...folder.files.map(({ name }) => name)];
}

test("folders come first, and numbers in their order", () => {
  const tree = treeOf(entriesOf(["b.txt", "a 10.txt", "a 9.txt", "Z/2", "Z/10", "Z/1/x", "é.txt", "f.txt"]), "nl");
  assert.deepEqual(outline(tree), [["Z", ["1", "x"], "2", "10"], "a 9.txt", "a 10.txt", "b.txt", "é.txt", "f.txt"]);
});

test("folders know how much is in them, and how much of it is chosen", () => {
  const entries = entriesOf(["a/b/1", "a/b/2", "a/3", "4"]);
  const tree = treeOf(entries, "nl");
  const [a] = tree.folders;
  const [b] = a?.folders ?? [];
  assert.ok(a && b);
  const bytes = (paths: string[]) => entries.filter(({ path }) => paths.includes(path)).reduce((sum, { size }) => sum + size, 0);
  assert.deepEqual(tree.total, { files: 4, bytes: bytes(["a/b/1", "a/b/2", "a/3", "4"]) });
  assert.deepEqual(b.total, { files: 2, bytes: bytes(["a/b/1", "a/b/2"]) });
  for (const file of b) choose(file, true);
  for (const file of b) choose(file, true);
  assert.deepEqual([b.chosen, a.chosen, tree.chosen], [b.total, b.total, b.total]);
  assert.deepEqual(chosenPlaces(tree).map((place) => entries[place]?.path), ["a/b/1", "a/b/2"]);
  const [first] = b.files;
  assert.ok(first);
  choose(first, false);
  assert.deepEqual(tree.chosen, { files: 1, bytes: bytes(["a/b/2"]) });
  for (const file of tree) choose(file, false);
  assert.deepEqual([tree.chosen, chosenPlaces(tree)], [{ files: 0, bytes: 0 }, []]);
});

test("empty folders and the deepest ones are there", () => {
  const deep = Array.from({ length: 100 }, (_, i) => String(i)).join("/");
  const entries = entriesOf([deep]);
  entries.push({ path: "empty", folder: true, size: 0, mtime: 0, executable: false, private: false, offset: 0 });
  const tree = treeOf(entries, "nl");
  assert.deepEqual(tree.folders.map(({ name, total }) => [name, total.files]), [["0", 1], ["empty", 0]]);
  assert.equal([...tree][0]?.name, "99");
});

test("10,000 files are a tree, all chosen, in a moment", () => {
  const entries = entriesOf(Array.from({ length: 10_000 }, (_, i) => `f${i % 100}/${i}.txt`));
  const started = performance.now();
  const tree = treeOf(entries, "nl");
  for (const file of tree) choose(file, true);
  assert.equal(chosenPlaces(tree).length, 10_000);
  assert.ok(performance.now() - started < 2000, `${performance.now() - started} ms`);
});

test("names are shown as they are safe to show", () => {
  const [folder] = treeOf(entriesOf(["\u202Egpj/\u202Etxt.exe"]), "nl").folders;
  assert.deepEqual([folder?.name, folder?.files[0]?.name], ["\\u{202e}gpj", "\\u{202e}txt.exe"]);
});

test("the kind goes by the ending", () => {
  const kinds = ["a.PDF", "scan.jpeg", "b.ods", "c.mp4", "d.m4a", "e.tar.gz", "f.exe", "README", ".txt", "x.", "notes.txt", "talk.pptx"];
  assert.deepEqual(kinds.map(kindOf), ["document", "picture", "spreadsheet", "film", "sound", "archive", "other", "other", "other", "other", "text", "slides"]);
  assert.deepEqual(["a.b.JPG", ".jpg", "jpg", "a/.jpg", "a.jp g"].map(endingOf), ["jpg", "", "", "", ""]);
});

test("what can be shown before it is saved is of few kinds, and not too large", () => {
  const shown = (name: string, size: number) => previewOf({ name, size });
  assert.deepEqual(["a.PNG", "a.jpeg", "a.webp", "a.txt", "a.csv", "a.svg"].map((name) => shown(name, 10)), ["picture", "picture", "picture", "text", "text", "text"]);
  assert.deepEqual(["a.pdf", "a.html", "a.gif", "a.exe", "png", "a.png.exe"].map((name) => shown(name, 10)), Array(6).fill(null));
  assert.deepEqual([0, 2 ** 24, 2 ** 24 + 1].map((size) => shown("a.png", size)), [null, "picture", null]);
});

test("long names are cut in the middle, and end with their ending", () => {
  assert.equal(cutInTheMiddle("Brief aan de huisarts.pdf"), null);
  assert.deepEqual(cutInTheMiddle("scan of the left hand, seen from above, first part.png"), ["scan of the left hand, seen from above, firs", "t part.png"]);
  assert.deepEqual(cutInTheMiddle("关于左手的扫描图像从上面和侧面看第一部分.png"), ["关于左手的扫描图像从上面和侧面看第", "一部分.png"]);
  for (const name of ["x".repeat(255), "é".repeat(80), "👩‍👩‍👧‍👦".repeat(20), `${"a".repeat(40)}.verylongending`]) assert.equal(cutInTheMiddle(name)?.join(""), name);
  const [, end] = cutInTheMiddle("👩‍👩‍👧‍👦".repeat(20)) ?? [];
  assert.equal(end, "👩‍👩‍👧‍👦");
});
