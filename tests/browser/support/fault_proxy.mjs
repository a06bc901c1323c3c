/**
 * Stands between browser, or sender, and relay: with the faults that networks, proxies, upgrades and hostile operators bring.
 * Or a browser is told to ask it for everything, so that nothing it asks for goes unseen, nor off this computer.
 */

import { once } from "node:events";
import http from "node:http";
import { pipeline } from "node:stream";

/** Passes everything on, but for the faults that it is told to make. */
export class FaultProxy {
  url = "";
  /** Request lines of what was passed on, or asked of one without a relay. */
  requests = [];
  /** All that browsers sent: request lines, headers, bodies. */
  seen = [];
  /** What came back to them: status and path. */
  answers = [];
  #relay;
  #rewrite;
  #sockets = new Set();
  #isClosed = false;
  #refused = null;
  #held = { pattern: null, waiting: [] };
  #breaks = [];
  #changes = new Map();
  #added = new Map();

  /** Without a relay it is one that a browser asks for everything. */
  constructor(relay, rewrite) {
    this.#relay = relay;
    this.#rewrite = rewrite;
  }

  /**
   * Starts one on a free port, which ends with the environment. `rewrite(path)` gives what becomes of an answer: `null` for
   * nothing, or a function of `{ status, headers, body }` that may change and delay it; what that throws ends the connection.
   */
  static async start(env, relay, rewrite = null) {
    const proxy = new FaultProxy(relay, rewrite);
    const server = http.createServer((asked, answer) => proxy.#take(asked, answer));
    server.on("connect", ({ url }, socket) => {
      proxy.requests.push(`CONNECT ${url}`);
      socket.destroy();
    });
    const sockets = proxy.#sockets;
    server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    env.atEnd(() => {
      server.close();
      server.closeAllConnections();
    });
    proxy.url = `http://127.0.0.1:${server.address().port}`;
    return proxy;
  }

  /** Starts one that a browser asks for everything. It lets no request through to another computer, and makes no tunnels. */
  static forward(env) {
    return FaultProxy.start(env, null);
  }

  /** The link that leads through it. */
  through = (link) => link.replace(this.#relay, this.url);

  /** Breaks the next answer with content after so many bytes. */
  cut(after) {
    this.#breaks.push({ after, isCut: true });
  }

  /** Lets no more than so many bytes come of the next answer with content. */
  stall(after) {
    this.#breaks.push({ after, isCut: false });
  }

  /** Breaks every connection to the API, until `open`. */
  close() {
    this.#isClosed = true;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  open() {
    this.#isClosed = false;
  }

  /** Breaks the connections for paths with this ending, or answers them with a status; until `refuse(null)`. */
  refuse(ending, status = null) {
    this.#refused = ending === null ? null : { ending, status };
  }

  /** Lets nothing through that a sender sends to such paths, until another pattern or `null`. */
  hold(pattern) {
    const { waiting } = this.#held;
    this.#held = { pattern, waiting: [] };
    waiting.forEach(([asked, answer]) => this.#passUnlessHeld(asked, answer));
  }

  /** Gives the text of a file through `how`, such as a worker for an older browser. */
  change(path, how) {
    this.#changes.set(path, (answer) => (answer.body = how(answer.body.toString())));
  }

  /** Puts a script there that the relay does not serve. */
  add(path, text) {
    this.#added.set(path, text);
  }

  #take(asked, answer) {
    if (asked.method === "PUT" || asked.url.endsWith("/seal")) return this.#passUnlessHeld(asked, answer);
    this.seen.push(`${asked.method} ${asked.url} ${JSON.stringify(asked.headers)}`);
    answer.on("finish", () => this.answers.push(`${answer.statusCode} ${asked.url}`));
    asked.on("data", (piece) => this.seen.push(piece.toString("latin1")));
    const refused = this.#refused !== null && asked.url.endsWith(this.#refused.ending) ? this.#refused : null;
    if (refused && refused.status !== null) answer.writeHead(refused.status).end();
    else if (refused || (this.#isClosed && asked.url.startsWith("/v1"))) asked.socket.destroy();
    else if (this.#added.has(asked.url)) answer.writeHead(200, { "content-type": "text/javascript" }).end(this.#added.get(asked.url));
    else this.#pass(asked, answer);
  }

  #passUnlessHeld(asked, answer) {
    if (this.#held.pattern?.test(asked.url)) this.#held.waiting.push([asked, answer]);
    else this.#pass(asked, answer);
  }

  #pass(asked, answer) {
    // While it was held back, who sent it has given up.
    if (answer.closed) return;
    this.requests.push(`${asked.method} ${asked.url}`);
    const { hostname, port } = new URL(this.#relay ?? asked.url);
    if (hostname !== "127.0.0.1") return answer.destroy();
    const headers = { ...asked.headers, host: `${hostname}:${port}` };
    // What is to be changed has to come plain and whole.
    if (this.#rewrite || this.#changes.has(asked.url)) for (const name of ["accept-encoding", "if-none-match"]) delete headers[name];
    const path = asked.url.replace(/^http:\/\/[^/]*/, "");
    const up = http.request({ hostname, port, method: asked.method, path, headers });
    up.on("response", (response) => {
      const change = this.#changes.get(asked.url) ?? this.#rewrite?.(asked.url);
      if (change) return passChanged(response, answer, change);
      answer.writeHead(response.statusCode, response.headers);
      const fault = asked.url.endsWith("/content") ? this.#breaks.shift() : undefined;
      if (fault) passUntil(fault, response, answer);
      // An answer that breaks off breaks off for the browser, too.
      else pipeline(response, answer, () => {});
    });
    up.on("error", () => answer.destroy());
    answer.on("close", () => up.destroy());
    answer.setMaxListeners(0);
    asked.pipe(up);
  }
}

async function passChanged(response, answer, change) {
  const body = Buffer.concat(await response.toArray());
  const whole = { status: response.statusCode, headers: { ...response.headers }, body };
  try {
    await change(whole);
    whole.headers["content-length"] = Buffer.byteLength(whole.body);
    answer.writeHead(whole.status, whole.headers).end(whole.body);
  } catch {
    answer.destroy();
  }
}

function passUntil({ after, isCut }, response, answer) {
  let left = after;
  response.on("data", (piece) => {
    if (left > 0) answer.write(piece.subarray(0, left));
    left -= piece.length;
    if (left > 0) return;
    if (isCut) answer.socket?.destroySoon();
    else response.pause();
  });
}

/**
 * The relay as it would be after an upgrade: every script has another name, and none is found by the one that it had. For
 * `rewrite`.
 */
export async function newerRelease(relay) {
  const { page } = await (await fetch(`${relay}/v1`)).json();
  const newer = new Map(Object.keys(page).filter((name) => name.endsWith(".js")).map((name) => [name, name.replace(/-(\w{8})\./, (_, hash) => `-${[...hash].reverse().join("")}.`)]));
  const renamed = (text) => [...newer].reduce((text, [name, other]) => text.replaceAll(name, other), text.toString());
  return (path) => {
    const name = path.split("/").at(-1);
    if (newer.has(name)) return (answer) => Object.assign(answer, { status: 404, headers: {}, body: "" });
    const [old] = [...newer].find(([, other]) => other === name) ?? [];
    if (!old) return path.startsWith("/s/") ? (answer) => (answer.body = renamed(answer.body)) : null;
    return async (answer) => {
      const served = await fetch(`${relay}/page/${old}`);
      Object.assign(answer, { status: 200, headers: { "content-type": served.headers.get("content-type") }, body: renamed(await served.text()) });
    };
  };
}
