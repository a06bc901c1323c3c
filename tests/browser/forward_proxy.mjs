/** A proxy through which a browser asks for everything, so that nothing it asks for goes unseen, nor off this computer. */

import { once } from "node:events";
import http from "node:http";
import { pipeline } from "node:stream";

/** Starts one on a free port, which ends with the world. `asked` is every address asked for through it. */
export async function forwardProxy(world) {
  const asked = [];
  const server = http.createServer((request, answer) => {
    asked.push(request.url);
    if (new URL(request.url).hostname === "127.0.0.1") pass(request, answer);
    else answer.destroy();
  });
  server.on("connect", ({ url }, socket) => {
    asked.push(url);
    socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world.atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return { address: `127.0.0.1:${server.address().port}`, asked };
}

/** An answer that breaks off breaks off for the browser, too. */
function pass(request, answer) {
  const { method, headers } = request;
  const up = http.request(request.url, { method, headers });
  up.on("response", (response) => {
    answer.writeHead(response.statusCode, response.headers);
    pipeline(response, answer, () => {});
  });
  up.on("error", () => answer.destroy());
  answer.on("close", () => up.destroy());
  request.pipe(up);
}
