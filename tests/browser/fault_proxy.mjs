/** A relay behind something that answers some requests in its own way, as proxies, upgrades and hostile operators do. */

import { once } from "node:events";
import http from "node:http";

/**
 * `change(path)` gives what becomes of an answer: `null` for nothing, or a function of `{ status, headers, body }` that
 * may change and delay it; what that throws ends the connection. Gives the proxy's URL; it ends with the world.
 */
export async function meddler(world, relay, change) {
  const { hostname, port } = new URL(relay);
  const server = http.createServer((asked, answer) => {
    const headers = { ...asked.headers, host: `${hostname}:${port}` };
    // An answer is to come plain and whole.
    for (const name of ["accept-encoding", "if-none-match"]) delete headers[name];
    const up = http.request({ hostname, port, method: asked.method, path: asked.url, headers });
    up.on("response", (response) => pass(response, answer, change(asked.url)));
    up.on("error", () => answer.destroy());
    answer.on("close", () => up.destroy());
    asked.pipe(up);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world.atEnd(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/**
 * The relay as it would be after an upgrade: every script has another name, and none is found by the one that it had. For
 * `meddler`.
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

async function pass(response, answer, change) {
  if (!change) {
    answer.writeHead(response.statusCode, response.headers);
    return response.pipe(answer);
  }
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
