/** Downloads from a server that does what relays, proxies and networks do. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mock, test } from "node:test";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { fail, ShareError, type Failure } from "../src/failure.ts";
import { concat, equal, hex, type Bytes } from "../src/format/bytes.ts";
import { hkdf, sha256 } from "../src/format/sha256.ts";
import { CHUNK, Fingerprint, Stream } from "../src/format/stream.ts";
import { RemoteShare } from "../src/relay/api.ts";
import { withPatience } from "../src/relay/backoff.ts";
import { fileLength, readAll, readRange, type Content } from "../src/relay/download.ts";
import { fileSource, RemoteSource, type Source } from "../src/relay/source.ts";

const ID = "k3f90m1cx7q4zt8w2hbb";
const KEY = new Uint8Array(16).fill(7);
const NONCE = new Uint8Array(16).fill(9);
const HEADER = new Uint8Array(150).fill(0x41);
const PLAIN = Uint8Array.from({ length: 40 * CHUNK + 123 }, (_, i) => i * 31 + (i >> 8) * 17);
const SEALED = seal(PLAIN);
const FILE = concat(HEADER, NONCE, SEALED);

type Answer = (request: IncomingMessage, response: ServerResponse, from: number, to: number) => void;

function seal(plain: Bytes): Bytes {
  const key = hkdf(sha256, KEY, NONCE, Buffer.from("payload"), 32);
  const count = Math.ceil(plain.length / CHUNK);
  return concat(
    ...Array.from({ length: count }, (_, i) => {
      const iv = new Uint8Array(12);
      new DataView(iv.buffer).setBigUint64(3, BigInt(i));
      iv[11] = i + 1 === count ? 1 : 0;
      return chacha20poly1305(key, iv).encrypt(plain.subarray(i * CHUNK, (i + 1) * CHUNK));
    }),
  );
}

const honest: Answer = (_, response, from, to) => {
  response.writeHead(206, { ETag: '"e"', "Content-Length": to - from, "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}` });
  response.end(FILE.subarray(from, to));
};

/** An answer that ends after so many bytes. */
const cut = (bytes: number): Answer => (_, response, from, to) => {
  response.writeHead(206, { ETag: '"e"', "Content-Length": to - from, "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}` });
  response.write(FILE.subarray(from, from + bytes), () => response.destroy());
};

/**
 * A relay that gives these answers, the last one again and again. Notes the ranges asked for. Its status says that
 * so many bytes have arrived so far, if not all.
 */
async function relayThat(...answers: Answer[]) {
  const asked: string[] = [];
  const sender: { arrived: number | null } = { arrived: null };
  const server = createServer((request, response) => {
    if (!request.url?.endsWith("/content")) return void response.end(statusOf(sender.arrived));
    const [, from, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    asked.push(`${from} ${request.headers["if-range"] ?? "-"}`);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response, Number(from), Number(last) + 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { asked, base, sender, [Symbol.dispose]: close };
}

function statusOf(arrived: number | null): string {
  return JSON.stringify({
    state: arrived === null ? "ready" : "uploading",
    kind: "words",
    now: 0,
    created_at: 0,
    expires_at: 1,
    header_bytes: HEADER.length + NONCE.length,
    payload_bytes: SEALED.length,
    stored_bytes: arrived ?? SEALED.length,
    tries_left: 10,
  });
}

async function contentFrom(base: string, abort = new AbortController()): Promise<Content> {
  return { ...(await told(base, () => {}, false)), source: sourceOf(base, () => {}, false, abort) };
}

/** The content of a share whose sender may still be uploading; `notice` hears why it waits. */
async function told(base: string, notice: (failure: Failure) => void, isSending: boolean): Promise<Content> {
  const source = sourceOf(base, notice, isSending);
  return { source, header: HEADER, nonce: NONCE, length: PLAIN.length, stream: await Stream.open(KEY, NONCE) };
}

function sourceOf(base: string, notice: (failure: Failure) => void, isSending: boolean, abort = new AbortController()): RemoteSource {
  const patience = { total: 5_000, notice, signal: abort.signal };
  const share = Object.assign(new RemoteShare(base, ID), { isSending });
  return new RemoteSource(share, "00", fileLength(HEADER.length, PLAIN.length), patience);
}

async function whole(content: Content, fingerprint = new Fingerprint()): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of readAll(content, fingerprint)) pieces.push(piece.slice());
  return concat(...pieces);
}

async function part(content: Content, from: number, to: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const piece of readRange(content, from, to)) pieces.push(piece.slice());
  return concat(...pieces);
}

function failsWith(code: string) {
  return (error: unknown) => error instanceof ShareError && assert.equal(error.failure.code, code) === undefined;
}

test("the whole content comes out as it went in, with its fingerprint", async () => {
  using relay = await relayThat(honest);
  const [found, expected] = [new Fingerprint(), new Fingerprint()];
  assert.ok(equal(await whole(await contentFrom(relay.base), found), PLAIN));
  expected.add(SEALED);
  assert.equal(hex(found.finish()), hex(expected.finish()));
});

test("a connection that breaks goes on where it stopped, and only with the same content", async () => {
  using relay = await relayThat(cut(100_000), cut(1_000_000), (_, response) => response.writeHead(503, { "Retry-After": "0" }).end(), honest);
  assert.ok(equal(await whole(await contentFrom(relay.base)), PLAIN));
  assert.deepEqual(relay.asked.map((one) => one.split(" ")[1]), ["-", '"e"', '"e"', '"e"']);
  assert.equal(relay.asked[1]?.split(" ")[0], "100000");
});

test("answers that a proxy framed anew, and a web page or an error of its own in between, do no harm", async () => {
  const framed = (headers: Record<string, string>, cutAt?: number): Answer => (_, response, from, to) => {
    response.writeHead(206, { "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}`, ...headers });
    if (cutAt === undefined) response.end(FILE.subarray(from, to));
    else response.write(FILE.subarray(from, from + cutAt), () => response.destroy());
  };
  const page = (status: number): Answer => (_, response) =>
    void response.writeHead(status, { "Content-Type": "text/html; charset=utf-8" }).end("<html>Please log in</html>");
  for (const headers of [{}, { ETag: 'W/"e"' }]) {
    using relay = await relayThat(framed(headers, 100_000), page(200), page(524), page(511), framed(headers));
    assert.ok(equal(await whole(await contentFrom(relay.base)), PLAIN));
    assert.deepEqual(relay.asked.map((one) => one.split(" ")[1]), ["-", "-", "-", "-", "-"], "without If-Range");
  }
});

test("what is not the content that was asked for is refused", async () => {
  const answer = (status: number, headers: Record<string, string | number>): Answer => (_, response, from, to) =>
    void response.writeHead(status, { ETag: '"e"', "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}`, ...headers }).end("x");
  for (const [code, wrong] of [
    ["bad_answer", answer(200, {})],
    ["bad_answer", answer(206, { "Content-Range": `bytes 1-2/${FILE.length}` })],
    ["not_the_content", answer(206, { "Content-Range": `bytes 0-${FILE.length - 1}/${FILE.length + 1}` })],
    ["redirected", answer(302, { Location: "/elsewhere" })],
    ["relay_failed", answer(404, {})],
  ] as const) {
    using relay = await relayThat(wrong);
    await assert.rejects(whole(await contentFrom(relay.base)), failsWith(code), code);
  }
  using other = await relayThat((_, response, from, to) => {
    const bytes = FILE.slice(from, to);
    bytes[0] = 0;
    response.writeHead(206, { ETag: '"e"', "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}` }).end(bytes);
  });
  await assert.rejects(whole(await contentFrom(other.base)), failsWith("not_the_content"));
});

test("any range comes out, by whole chunks and no more", async () => {
  using relay = await relayThat(honest);
  const content = await contentFrom(relay.base);
  const C = CHUNK;
  for (const [from, to] of [[0, 1], [C - 1, C + 1], [C, 2 * C], [5, 30 * C], [40 * C, PLAIN.length], [PLAIN.length - 1, PLAIN.length], [7, 7]] as const) {
    assert.ok(equal(await part(content, from, to), PLAIN.subarray(from, to)), `${from}-${to}`);
  }
});

test("who stops early stops the download, and a cancelled one ends", async () => {
  const silent: Answer = (_, response, from, to) => {
    response.writeHead(206, { ETag: '"e"', "Content-Length": to - from, "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}` });
    response.write(FILE.subarray(from, from + 20 * CHUNK));
  };
  using relay = await relayThat(silent);
  for await (const piece of readAll(await contentFrom(relay.base), new Fingerprint())) {
    assert.ok(piece.length > 0);
    break;
  }
  const abort = new AbortController();
  const cancelled = whole(await contentFrom(relay.base, abort));
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(cancelled, failsWith("cancelled"));
});

test("patience ends, and says why", async () => {
  using relay = await relayThat((_, response) => void response.socket?.destroy());
  const content = await contentFrom(relay.base);
  const impatient = { total: 0, notice() {}, signal: new AbortController().signal };
  const source = new RemoteSource(new RemoteShare(relay.base, ID), "00", FILE.length, impatient);
  await assert.rejects(whole({ ...content, source }), failsWith("unreachable"));
});

test("while a sender uploads, bytes are waited for where there are none, and it is told how far the sender is", async () => {
  const begun: Answer = (_, response, from, to) => {
    response.writeHead(206, { ETag: '"e"', "Content-Length": to - from, "Content-Range": `bytes ${from}-${to - 1}/${FILE.length}` });
    response.write(FILE.subarray(from, from + 100_000));
    resume = () => response.end(FILE.subarray(from + 100_000, to));
  };
  let resume = () => {};
  using relay = await relayThat(begun);
  relay.sender.arrived = 65_552;
  const heard: Failure[] = [];
  const notice = (failure: Failure) => {
    heard.push(failure);
    relay.sender.arrived = null;
    resume();
  };
  assert.ok(equal(await whole(await told(relay.base, notice, true)), PLAIN));
  assert.deepEqual(heard, [{ code: "not_uploaded", storedBytes: 65_552, totalBytes: SEALED.length }]);
  assert.equal(relay.asked.length, 1);
});

test("an answer cut short while the sender uploads is no lost connection", async () => {
  using relay = await relayThat(cut(100_000), honest);
  relay.sender.arrived = 65_552;
  const heard: string[] = [];
  assert.ok(equal(await whole(await told(relay.base, ({ code }) => void heard.push(code), true)), PLAIN));
  assert.deepEqual(heard, ["not_uploaded"]);
  assert.deepEqual(relay.asked, ["0 -", '100000 "e"']);
});

test("a sender who takes it back in the middle ends the download", async () => {
  const revoked: Answer = (_, response) =>
    void response.writeHead(410, { "Content-Type": "application/problem+json" }).end(JSON.stringify({ code: "revoked", at: 5 }));
  using relay = await relayThat(cut(100_000), revoked);
  await assert.rejects(whole(await told(relay.base, () => {}, true)), failsWith("revoked"));
});

test("how long a sender takes is no matter of patience", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let tries = 0;
    const call = async () => ((tries += 1) <= 100 ? fail({ code: "not_uploaded", storedBytes: tries }) : "all");
    // Whoever is told moves time on, so that every wait ends at once.
    const notice = () => void setImmediate(() => mock.timers.tick(60_000));
    const signal = new AbortController().signal;
    assert.equal(await withPatience({ total: 1_000, notice, signal }, call), "all");
    tries = 0;
    const stopped = { total: 1_000, notice() {}, signal: AbortSignal.abort() };
    await assert.rejects(withPatience(stopped, call), failsWith("cancelled"));
  } finally {
    mock.timers.reset();
  }
});

test("a file on disk is a source too, and a cut one is noticed", async () => {
  const content = await contentFrom("http://127.0.0.1:1");
  assert.ok(equal(await whole({ ...content, source: fileSource(new Blob([FILE])) }), PLAIN));
  const cut = fileSource(new Blob([FILE.slice(0, -1)]));
  await assert.rejects(whole({ ...content, source: cut }), failsWith("truncated"));
});

test("who takes the plaintext slowly holds back the source; what it fails with comes after what was there before", async () => {
  const RUN = 16 * CHUNK;
  const plain = new Uint8Array(12 * RUN);
  const file = concat(HEADER, NONCE, seal(plain));
  let [given, isStopped] = [0, false];
  const sourceUntil = (end: number): Source => ({
    async *read(from, to, signal) {
      signal.addEventListener("abort", () => (isStopped = true));
      for (let at = from; at < to; at = given) {
        if (at > end) fail({ code: "stalled" });
        given = Math.min(at + CHUNK, to);
        yield file.slice(at, given);
      }
    },
  });
  const content = { ...(await contentFrom("http://127.0.0.1:1")), length: plain.length };
  const pieces = readAll({ ...content, source: sourceUntil(Infinity) }, new Fingerprint());
  assert.equal((await pieces.next()).value?.length, RUN);
  for (let before = 0; before !== given; await new Promise((resolve) => setTimeout(resolve, 100))) before = given;
  assert.ok(given > 2 * RUN && given < 7 * RUN, `${given}`);
  assert.equal(isStopped, false);
  await pieces.return();
  assert.ok(isStopped);

  const found: number[] = [];
  await assert.rejects(async () => {
    for await (const piece of readAll({ ...content, source: sourceUntil(3.5 * RUN) }, new Fingerprint())) found.push(piece.length);
  }, failsWith("stalled"));
  assert.deepEqual(found, [RUN, RUN, RUN]);
});
