import assert from "node:assert/strict";
import { test } from "node:test";
import { readId } from "../src/format/id.ts";
import { linkText, readLink } from "../src/format/link.ts";
import { LinkError } from "../src/format/link_error.ts";
import { relayUrl } from "../src/format/relay_url.ts";
import { vectors } from "./vectors.ts";

const LINK = "https://relay.example/s/k3f90m1cx7q4zt8w2hbb";

function outcome(text: string): string {
  try {
    return linkText(readLink(text));
  } catch (error) {
    return error instanceof LinkError ? error.failure.code.replace(/^link_/, "") : assert.fail(String(error));
  }
}

test("links are put right or refused as in the vectors", () => {
  const { cases } = vectors<{ cases: { name: string; text: string; link?: string; error?: string }[] }>("links.json");
  const wrong = cases.filter((one) => outcome(one.text) !== (one.link ?? one.error));
  assert.deepEqual(wrong.map((one) => [one, outcome(one.text)]), []);
});

test("ids are read forgivingly, and every single mistake is noticed", () => {
  const id = "k3f90m1cx7q4zt8w2hbb";
  assert.equal(readId("K3F9-OMLC-X7Q4-ZT8W-2HBB"), id);
  for (let at = 0; at < id.length; at++) {
    for (const other of "0123456789abcdefghjkmnpqrstvwxyz") {
      if (other !== id[at]) assert.equal(readId(id.slice(0, at) + other + id.slice(at + 1)), null);
    }
    assert.equal(readId(id.slice(0, at) + id.slice(at + 1)), null);
  }
  for (const text of ["", id + id, `${id.slice(1)}u`, `${id.slice(1)}é`]) assert.equal(readId(text), null);
});

test("no edit of the path or id leads to another share", () => {
  for (let at = LINK.indexOf("/s/"); at <= LINK.length; at++) {
    for (const other of ["", " ", ".", "x", "/", "%", "?", "#", "\u200b", "\u202e", "é", "-", "&", "="]) {
      for (const skip of [0, 1]) {
        const read = outcome(LINK.slice(0, at) + other + LINK.slice(at + skip));
        assert.ok([LINK, "damaged", "not_a_link"].includes(read) || read.endsWith("/s/k3f90m1cx7q4zt8w2hbb"), read);
      }
    }
  }
});

test("relays are read as the CLI reads them", () => {
  for (const [scheme, authority, base] of [
    ["https", "Relay.Example", "https://relay.example"],
    ["https", "relay.example:8443", "https://relay.example:8443"],
    ["https", "relay.example:443", "https://relay.example"],
    ["https", "münchen.example", "https://xn--mnchen-3ya.example"],
    ["http", "localhost:80", "http://localhost"],
    ["https", "[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"],
    ["http", "[::ffff:10.0.0.1]:8787", "http://[::ffff:a00:1]:8787"],
    ["http", "172.16.0.1", "http://172.16.0.1"],
    ["http", "[fd12::1]", "http://[fd12::1]"],
  ] as const) {
    assert.equal(relayUrl(scheme, authority, ""), base);
  }
  for (const host of ["relay.example", "8.8.8.8", "172.32.0.1", "[2001:db8::1]", "[::ffff:8.8.8.8]", "0.0.0.0"]) {
    assert.throws(() => relayUrl("http", host, ""), { message: "link_insecure" }, host);
  }
  for (const authority of [
    "", "user@relay.example", "relay.example:0", "relay.example:", "relay.example:+1", "relay.example:65536",
    "relay.example:1:2", "relay..example", "relay.example.", "-relay.example", "0x7f.1", "2130706433", "127.1",
    "relay,example", "re%6cay.example", "relay.example\\x", "rel ay.example", "[::1", "::1",
  ]) {
    assert.throws(() => relayUrl("https", authority, ""), { message: "link_damaged" }, authority);
  }
  for (const prefix of ["a/../b", "%61", "x y", "a/".repeat(1000)]) {
    assert.throws(() => relayUrl("https", "relay.example", prefix), { message: "link_damaged" });
  }
});

test("long and nested texts are bounded", () => {
  for (const text of ["[](".repeat(5000), "<".repeat(16_000), "%25".repeat(5000), "a<".repeat(8000), "[a](".repeat(4000)]) {
    assert.notEqual(outcome(text), LINK);
  }
  assert.equal(outcome(`${LINK}?${"x".repeat(16 * 1024)}`), "not_a_link");
});
