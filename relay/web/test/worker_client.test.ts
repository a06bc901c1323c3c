/** The page's side of the engine, with a worker that answers when it is told to. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromWorker, ToWorker } from "../src/worker/protocol.ts";
import { Engine } from "../src/worker/worker_client.ts";

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

  gives(id: number): void {
    this.onmessage({ data: { type: "gives", id, gives: null } });
  }

  terminate(): void {}
}

// The document names the worker.
Object.assign(globalThis, { Worker: FakeWorker, document: { querySelector: () => null } });

/** Lets go on all that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const worker = () => FakeWorker.made.at(-1) ?? assert.fail("no worker");

test("calls wait for each other, and asking how a share is does not", async () => {
  const engine = new Engine();
  const first = engine.call("receipt", null);
  const second = engine.call("receipt", null);
  const status = engine.call("open", OPEN);
  await settle();
  assert.deepEqual(worker().got, ["1 open", "2 receipt"]);
  worker().gives(2);
  await first;
  await settle();
  assert.deepEqual(worker().got, ["1 open", "2 receipt", "3 receipt"]);
  worker().gives(3);
  worker().gives(1);
  await Promise.all([second, status]);
});

test("a signal ends its own call alone, also one that still waits", async () => {
  const engine = new Engine();
  const stop = new AbortController();
  const running = engine.call("receipt", null, [], stop.signal);
  const waiting = engine.call("receipt", null, [], stop.signal);
  void engine.call("open", OPEN);
  await settle();
  stop.abort();
  assert.deepEqual(worker().got, ["1 open", "2 receipt", "2 cancel"]);
  worker().onmessage({ data: { type: "failed", id: 2, failure: { code: "cancelled" } } });
  await assert.rejects(running, { message: "cancelled" });
  await assert.rejects(waiting, { message: "cancelled" });
  assert.equal(worker().got.length, 3);
});

test("a worker that could not be loaded is begun anew, one that stumbled is not", async () => {
  const engine = new Engine();
  const lost = engine.call("open", OPEN);
  const made = FakeWorker.made.length;
  worker().onerror({ message: "", preventDefault() {} });
  await assert.rejects(lost, { message: "unreachable" });
  const again = engine.call("open", OPEN);
  assert.equal(FakeWorker.made.length, made + 1);
  worker().gives(2);
  await again;
  const stumbled = engine.call("open", OPEN);
  worker().onerror({ message: "why", preventDefault() {} });
  await assert.rejects(stumbled, { failure: { code: "unexpected", detail: "why" } });
  void engine.call("open", OPEN);
  assert.equal(FakeWorker.made.length, made + 1);
});

test("with its worker, all calls end", async () => {
  const engine = new Engine();
  const calls = [engine.call("receipt", null), engine.call("receipt", null)];
  await settle();
  engine.end();
  for (const call of calls) await assert.rejects(call, { message: "cancelled" });
  await assert.rejects(engine.call("open", OPEN), { message: "cancelled" });
});
