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
    delete headers["accept-encoding"];
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
