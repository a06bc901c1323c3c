// Bundles the page into dist/, and testing.js beside it. With --check it writes nothing, and fails if they are not what it
// would write.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = new URL(".", import.meta.url).pathname;
const dist = join(root, "dist");
/** What is in dist/, for the command line to compare a relay with. */
const listPath = join(root, "dist.sha256");
const isCheck = process.argv.includes("--check");

/** What browser tests use of the page, made of the same chunks; no relay serves it. */
const TESTING = "testing.js";
const testingPath = join(root, TESTING);
const ENTRIES = ["src/index.html", "src/style.css", "src/start.ts", "src/worker.ts", "src/testing.ts"];
/** Without a hash in their names, so that a page finds them also when the relay has become a newer one. */
const WORD_LISTS = ["en", "nl"].map((language) => ({ in: `../../cli/wordlists/${language}.txt`, out: `wordlists-${language}` }));

const common = {
  bundle: true,
  outdir: dist,
  target: ["chrome116", "firefox124", "safari17.4"],
  loader: { ".txt": "copy", ".html": "copy" },
  assetNames: "[name]",
  charset: "utf8",
  legalComments: "inline",
  logLevel: "warning",
  absWorkingDir: root,
  write: false,
};
const nameOf = (file) => file.path.slice(dist.length + 1);
// Firefox takes no modules for service workers. Another release is to have another one, rather than an update of this.
const [serviceWorker] = (await build({ ...common, entryPoints: ["src/download-worker.ts"], format: "iife", entryNames: "[name]-[hash]" })).outputFiles;
const define = { DOWNLOAD_WORKER_NAME: JSON.stringify(nameOf(serviceWorker)) };
const page = await build({ ...common, entryPoints: [...ENTRIES, ...WORD_LISTS], format: "esm", splitting: true, chunkNames: "[name]-[hash]", define });
const files = new Map([serviceWorker, ...page.outputFiles].map((file) => [nameOf(file), file]));
const testing = files.get(TESTING).contents;
files.delete(TESTING);

const list = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, file]) => `${sha256(file.contents)}  ${name}\n`).join("");

if (isCheck) check();
else write();

function check() {
  const committed = readdirSync(dist).sort();
  const built = [...files.keys()].sort();
  const isSame = (name) => Buffer.from(files.get(name).contents).equals(readFileSync(join(dist, name)));
  const isListed = committed.join() === built.join() && readFileSync(listPath, "utf8") === list;
  const isTestingSame = Buffer.from(testing).equals(readFileSync(testingPath));
  const stale = isListed ? (built.find((name) => !isSame(name)) ?? (isTestingSame ? undefined : TESTING)) : "the list of files";
  if (stale) {
    console.error(`relay/web/dist is not what its sources make (${stale}): npm run build`);
    process.exit(1);
  }
}

function write() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(listPath, list);
  writeFileSync(testingPath, testing);
  for (const [name, file] of files) {
    writeFileSync(join(dist, name), file.contents);
    console.log(`${String(file.contents.length).padStart(8)} ${String(gzipSync(file.contents, { level: 9 }).length).padStart(8)} ${name}`);
  }
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
