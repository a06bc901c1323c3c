/** What is made of a relay's answers. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { Relay } from "../src/api.ts";
import { failureOf, type Failure } from "../src/failure.ts";

const { signal } = new AbortController();

/** What a client makes of this answer to a call. */
async function failureOfAnswer(
  status: number,
  type: string,
  body: object,
  call: (relay: Relay) => Promise<unknown> = (relay) => relay.status("k3f90m1cx7q4zt8w2hbb", signal),
): Promise<Failure | null> {
  const server = createServer((_, response) => response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(body)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const relay = new Relay(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    await call(relay);
    return null;
  } catch (error) {
    return failureOf(error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("a problem is understood whatever parameters a proxy has added to its type", async () => {
  for (const type of ["application/problem+json", "application/problem+json; charset=utf-8", "Application/Problem+JSON ;x=y"]) {
    assert.deepEqual(await failureOfAnswer(410, type, { code: "expired", at: 7 }), { code: "expired", at: 7 });
  }
  assert.deepEqual(await failureOfAnswer(410, "application/json", { code: "expired" }), { code: "relay_failed", status: 410 });
});

test("a time that no calendar has is no answer of a relay", async () => {
  const type = "application/problem+json";
  const [last, beyond] = [8.64e12, 8.64e12 + 1];
  assert.deepEqual(await failureOfAnswer(403, type, { code: "locked", locked_until: last }), { code: "locked", until: last });
  assert.deepEqual(await failureOfAnswer(403, type, { code: "locked", locked_until: beyond }), { code: "bad_answer", what: "locked_until" });
  assert.deepEqual(await failureOfAnswer(410, type, { code: "expired", at: beyond }), { code: "bad_answer", what: "at" });
  const wrong = { code: "wrong_proof", tries_left: 0, locked_until: beyond };
  assert.deepEqual(await failureOfAnswer(403, type, wrong), { code: "bad_answer", what: "locked_until" });
  const status = { state: "ready", kind: "words", now: 1, created_at: 1, header_bytes: 1, stored_bytes: 1, tries_left: 9 };
  assert.equal(await failureOfAnswer(200, "application/json", { ...status, expires_at: last }), null);
  assert.deepEqual(await failureOfAnswer(200, "application/json", { ...status, expires_at: beyond }), { code: "bad_answer", what: "expires_at" });
});

test("content that ends before what the manifest gives is not what was sent", async () => {
  const type = "application/problem+json";
  const content = (etag: string | null) => (relay: Relay) => relay.content("k3f90m1cx7q4zt8w2hbb", "00", 5, 9, etag, signal);
  const problem = { code: "range_not_satisfiable" };
  assert.deepEqual(await failureOfAnswer(416, type, problem, content(null)), { code: "not_the_content" });
  assert.deepEqual(await failureOfAnswer(416, "text/html", {}, content('"x"')), { code: "content_changed" });
  assert.deepEqual(await failureOfAnswer(500, type, { code: "internal" }, content(null)), { code: "relay_failed", status: 500, problem: "internal" });
});

test("what went wrong is told in a line, whatever was thrown", () => {
  const failure = failureOf(new Error(`\u{1b}[2J\u{202e}${"x".repeat(3_000_000)}`));
  assert.ok(failure.code === "unexpected" && failure.detail.length <= 200 && !/[\u{1b}\u{202e}]/u.test(failure.detail));
  assert.deepEqual(failureOf(new DOMException("gone", "NotReadableError")), { code: "file_unreadable" });
});
