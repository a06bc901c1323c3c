/** What is made of a relay's answers. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { failureOf, type Failure } from "../src/failure.ts";
import { RemoteShare } from "../src/relay/api.ts";
import { isPassing } from "../src/relay/backoff.ts";

const { signal } = new AbortController();
const ID = "k3f90m1cx7q4zt8w2hbb";

const statusCall = async (share: RemoteShare): Promise<unknown> => share.status(signal);

/** What a client makes of this answer to any call. */
async function failureOfAnswer(status: number, type: string, body: object | string, call = statusCall): Promise<Failure | null> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return answered(status, type, text, call).then(() => null, failureOf);
}

/** What a call gives that is answered so. */
async function answered<T>(status: number, type: string, body: string, call: (share: RemoteShare) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => response.writeHead(status, { "Content-Type": type }).end(body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await call(new RemoteShare(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, ID));
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

test("a receipt tells until when its ticket lasts, and only a relay's own answer is one", async () => {
  const receipt = { fingerprint: "00".repeat(32), time: 1, saved: "browser", mac: "00".repeat(32) } as const;
  const send = (share: RemoteShare) => share.receipt("00".repeat(32), receipt, signal);
  assert.equal(await answered(204, "", "", send), null);
  assert.equal(await answered(200, "application/json", '{"again_until":1800000000}', send), 1_800_000_000);
  for (const [body, what] of [["<html>Log in</html>", "JSON"], ["{}", "again_until"], ['{"again_until":"soon"}', "again_until"]] as const) {
    await assert.rejects(answered(200, "application/json", body, send), { failure: { code: "bad_answer", what } });
  }
});

test("an answer in another form than its one is none", async () => {
  const fine = '{"state":"ready","kind":"words","now":1,"expires_at":9,"stored_bytes":5,"tries_left":9,"later":[null]}';
  const answer = (text: string, call?: typeof statusCall) => failureOfAnswer(200, "application/json", text, call);
  assert.equal(await answer(fine), null);
  for (const text of [
    '["ready","words",1,9,5,9]',
    `[${fine}]`,
    fine.replace("9,", "9.0,"),
    fine.replace("9,", "9e0,"),
    fine.replace('"words"', '{"words":null}'),
    fine.replace('"now"', '"payload_bytes":null,"now"'),
    fine.replace('"now":1', '"now":1,"now":1'),
    `\ufeff${fine}`,
    `${fine}{}`,
  ]) {
    assert.equal((await answer(text))?.code, "bad_answer", text);
  }
  const ticket = (share: RemoteShare) => share.takeTicket(null, "00", signal);
  assert.equal(await answer('{"expires_at":9}', ticket), null);
  for (const text of ["[9]", "9", "{}", "null"]) assert.equal((await answer(text, ticket))?.code, "bad_answer", text);
});

test("content that ends before what the manifest gives is not what was sent", async () => {
  const type = "application/problem+json";
  const content = (etag: string | null) => (share: RemoteShare) => share.content("00", 5, 9, etag, signal);
  const problem = { code: "range_not_satisfiable" };
  assert.deepEqual(await failureOfAnswer(416, type, problem, content(null)), { code: "not_the_content" });
  assert.deepEqual(await failureOfAnswer(416, "text/html", {}, content('"x"')), { code: "content_changed" });
  assert.deepEqual(await failureOfAnswer(500, type, { code: "internal" }, content(null)), { code: "relay_failed", status: 500, problem: "internal" });
});

test("storage that is away or fails passes, what is damaged does not", async () => {
  const passing = async (status: number, code: string) => {
    const failure = await failureOfAnswer(status, "application/problem+json", { code });
    return failure !== null && isPassing(failure);
  };
  for (const code of ["storage_missing", "storage_failing"]) assert.equal(await passing(503, code), true, code);
  for (const code of ["content_damaged", "record_damaged"]) assert.equal(await passing(500, code), false, code);
});

test("what went wrong is told in a line, whatever was thrown", () => {
  const failure = failureOf(new Error(`\u{1b}[2J\u{202e}${"x".repeat(3_000_000)}`));
  assert.ok(failure.code === "unexpected" && failure.detail.length <= 200 && !/[\u{1b}\u{202e}]/u.test(failure.detail));
  assert.deepEqual(failureOf(new DOMException("gone", "NotReadableError")), { code: "file_unreadable" });
});
