/** The page's side of the worker, which answers here when it is told to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromWorker, ToWorker } from "../src/worker/protocol.ts";
import { WorkerClient } from "../src/worker/worker_client.ts";

const OPEN = { relay: "https://relay.example", id: "k3f90m1cx7q4zt8w2hbb" };

/** Stands for the browser's own. */
class FakeWorker {
  static made: FakeWorker[] = [];
  readonly got: string[] = [];
  onmessage: (event: { data: FromWorker }) => void = () => {};
  onerror: (event: { message: string; preventDefault(): void }) => void = () => {};

  constructor() {
    FakeWorker.made.push(this);
  }

  postMessage(message: ToWorker): void {
    this.got.push(message.type === "call" ? `${message.id} ${message.call}` : `${message.id} cancel`);
  }

  answers(id: number): void {
    this.onmessage({ data: { type: "result", id, result: null } });
  }

  terminate(): void {}
}

// The document names the worker.
Object.assign(globalThis, { Worker: FakeWorker, document: { querySelector: () => null } });

/** Lets go on all that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const worker = () => FakeWorker.made.at(-1) ?? assert.fail("no worker");

test("calls wait for each other, and asking how a share is does not", async () => {
  const client = new WorkerClient();
  const first = client.call("receipt", null);
  const second = client.call("receipt", null);
  const status = client.call("open", OPEN);
  await settle();
  assert.deepEqual(worker().got, ["1 open", "2 receipt"]);
  worker().answers(2);
  await first;
  await settle();
  assert.deepEqual(worker().got, ["1 open", "2 receipt", "3 receipt"]);
  worker().answers(3);
  worker().answers(1);
  await Promise.all([second, status]);
});

test("a signal ends its own call alone, also one that still waits", async () => {
  const client = new WorkerClient();
  const stop = new AbortController();
  const running = client.call("receipt", null, [], stop.signal);
  const waiting = client.call("receipt", null, [], stop.signal);
  void client.call("open", OPEN);
  await settle();
  stop.abort();
  assert.deepEqual(worker().got, ["1 open", "2 receipt", "2 cancel"]);
  worker().onmessage({ data: { type: "failed", id: 2, failure: { code: "cancelled" } } });
  await assert.rejects(running, { message: "cancelled" });
  await assert.rejects(waiting, { message: "cancelled" });
  assert.equal(worker().got.length, 3);
});

test("a worker that could not be loaded is begun anew, one that stumbled is not", async () => {
  const client = new WorkerClient();
  const lost = client.call("open", OPEN);
  const made = FakeWorker.made.length;
  worker().onerror({ message: "", preventDefault() {} });
  await assert.rejects(lost, { message: "unreachable" });
  const again = client.call("open", OPEN);
  assert.equal(FakeWorker.made.length, made + 1);
  worker().answers(2);
  await again;
  const stumbled = client.call("open", OPEN);
  worker().onerror({ message: "why", preventDefault() {} });
  await assert.rejects(stumbled, { failure: { code: "unexpected", detail: "why" } });
  void client.call("open", OPEN);
  assert.equal(FakeWorker.made.length, made + 1);
});

test("with its worker, all calls end", async () => {
  const client = new WorkerClient();
  const calls = [client.call("receipt", null), client.call("receipt", null)];
  await settle();
  client.end();
  for (const call of calls) await assert.rejects(call, { message: "cancelled" });
  await assert.rejects(client.call("open", OPEN), { message: "cancelled" });
});
