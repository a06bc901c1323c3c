import assert from "node:assert/strict";
import { test } from "node:test";
import { idInPath, readId } from "../src/format/id.ts";
import { vectors } from "./vectors.ts";

const ID = "k3f90m1cx7q4zt8w2hbb";
const LINK = `https://relay.example/s/${ID}`;

interface LinkCase {
  text: string;
  link?: string;
  error?: string;
}

/** What the page makes of an address; `null` if a browser would open none. */
function opened(text: string): string | null {
  return URL.canParse(text) ? idInPath(new URL(text).pathname) : null;
}

test("ids in the page's address are put right or refused as in the vectors", () => {
  const { cases } = vectors<{ cases: LinkCase[] }>("links.json");
  // Those that a browser opens as they are: without another address around or in them, gaps, invisible characters and `..`.
  const isOpened = ({ text }: LinkCase) => /^https:\/\/relay\.example\/(?!.*\.\.\/)[!-;=-~‑…]*$/.test(text) && /\/s\b/i.test(text);
  const own = cases.filter((one) => isOpened(one) && (one.link || one.error === "damaged"));
  assert.ok(own.length > 50, String(own.length));
  const wrong = own.filter(({ text, link }) => opened(text) !== (link?.split("/").at(-1) ?? null));
  assert.deepEqual(wrong.map((one) => [one, opened(one.text)]), []);
  const others = cases.filter(({ text }) => ![ID, null].includes(opened(text)));
  assert.deepEqual(others, []);
});

test("ids are read forgivingly, and every single mistake is noticed", () => {
  assert.equal(readId("K3F9-OMLC-X7Q4-ZT8W-2HBB"), ID);
  for (let at = 0; at < ID.length; at++) {
    for (const other of "0123456789abcdefghjkmnpqrstvwxyz") {
      if (other !== ID[at]) assert.equal(readId(ID.slice(0, at) + other + ID.slice(at + 1)), null);
    }
    assert.equal(readId(ID.slice(0, at) + ID.slice(at + 1)), null);
  }
  for (const text of ["", ID + ID, `${ID.slice(1)}u`, `${ID.slice(1)}é`]) assert.equal(readId(text), null);
});

test("no edit of the path or id leads to another share", () => {
  for (let at = LINK.indexOf("/s/"); at <= LINK.length; at++) {
    for (const other of ["", " ", ".", "x", "/", "%", "?", "#", "\u200b", "\u202e", "é", "-", "&", "="]) {
      for (const skip of [0, 1]) {
        const path = LINK.slice(0, at) + other + LINK.slice(at + skip);
        for (const read of [opened(path), idInPath(path)]) assert.ok(read === ID || read === null, `${path}: ${read}`);
      }
    }
  }
});

test("long and strange paths are read as none", () => {
  for (const path of ["", "/", "%", "%25".repeat(5000), "<".repeat(16_000), "/".repeat(16_000), `/s/${"%25".repeat(4)}3${ID.slice(1)}`, `/s/%FF${ID}`]) {
    assert.equal(idInPath(path), null);
  }
});
