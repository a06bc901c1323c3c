// Bundles the tests, because they are TypeScript, and runs them with node's own runner.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const out = new URL("../.test/", import.meta.url).pathname;
const here = new URL("./", import.meta.url).pathname;
rmSync(out, { recursive: true, force: true });
const names = readdirSync(here).filter((name) => name.endsWith(".test.ts"));
await build({
  entryPoints: names.map((name) => here + name),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  mainFields: ["module", "main"],
  target: "node20",
  loader: { ".txt": "text" },
  define: { SERVICE_WORKER_NAME: '"service_worker.js"', WORD_LIST_NAMES: '""' },
  logLevel: "warning",
});
const wanted = process.argv.slice(2);
const files = names.map((name) => name.replace(/ts$/, "mjs")).filter((name) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
if (files.length === 0) throw new Error(`no test is called ${wanted.join(" or ")}`);
const run = spawnSync(process.execPath, ["--test", ...files.map((name) => out + name)], { stdio: "inherit" });
process.exit(run.status ?? 1);
