// Bundles the page into dist/, and testing.js beside it. With --check it writes nothing, and fails if they are not what it
// would write.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
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
const LANGUAGES = ["en", "nl"];
/** Every name has a hash of its bytes, so that browsers may keep the file. Only the documents, which name the others, have none. */
const HASHED = "[name]-[hash]";

const common = {
  bundle: true,
  outdir: dist,
  entryNames: HASHED,
  chunkNames: HASHED,
  target: ["chrome116", "firefox124", "safari17.4"],
  charset: "utf8",
  minify: true,
  legalComments: "inline",
  logLevel: "warning",
  absWorkingDir: root,
  write: false,
  metafile: true,
};
// Firefox takes no modules for service workers. Another release is to have another one, rather than an update of this.
const serviceWorker = await outputs({ entryPoints: ["src/saving/service_worker.ts"], format: "iife" });
const wordLists = new Map(LANGUAGES.map((language) => hashed(`wordlists-${language}.txt`, readFileSync(`${root}/../../cli/wordlists/${language}.txt`))));
const [iconName, icon] = hashed("icon.svg", readFileSync(`${root}src/icon.svg`));
const define = {
  SERVICE_WORKER_NAME: JSON.stringify(serviceWorker.nameOf("src/saving/service_worker.ts")),
  WORD_LIST_NAMES: JSON.stringify([...wordLists.keys()].join(" ")),
};
const page = await outputs({ entryPoints: ["style.css", "start.ts", "worker/worker.ts", "testing.ts"].map((name) => `src/${name}`), format: "esm", splitting: true, define });
const testingName = page.nameOf("src/testing.ts");
const testing = page.files.get(testingName);
page.files.delete(testingName);

const documents = new Map(LANGUAGES.map((language) => [`index.${language}.html`, documentIn(language)]));
const files = new Map([...serviceWorker.files, ...wordLists, [iconName, icon], ...page.files, ...documents]);
const list = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`).join("");

if (isCheck) check();
else write();

/** What esbuild makes: bytes by name, the name of what an entry became, and what a script imports as soon as it runs. */
async function outputs(options) {
  const { outputFiles, metafile } = await build({ ...common, ...options });
  const made = Object.entries(metafile.outputs).map(([path, about]) => [basename(path), about]);
  const nameOf = (entry) => made.find(([, about]) => about.entryPoint === entry)[0];
  const importsOf = (name, found = new Set()) => {
    const imports = made.find(([other]) => other === name)[1].imports.filter(({ kind }) => kind === "import-statement");
    const others = imports.map(({ path }) => basename(path)).filter((other) => !found.has(other));
    others.forEach((other) => importsOf(other, found.add(other)));
    return [...found];
  };
  return { files: new Map(outputFiles.map((file) => [basename(file.path), Buffer.from(file.contents)])), nameOf, importsOf };
}

/** The document in a language: the template with its sentences, and with the names of the files that it loads. */
function documentIn(language) {
  const sentences = JSON.parse(readFileSync(`${root}src/texts/${language}.json`, "utf8"));
  const fallbacks = [language, ...LANGUAGES.filter((other) => other !== language)].map((each) => readFileSync(`${root}src/fallback.${each}.html`, "utf8"));
  const [style, start, worker] = ["style.css", "start.ts", "worker/worker.ts"].map((entry) => page.nameOf(`src/${entry}`));
  const fixed = { lang: language, "style.css": style, "start.js": start, "worker.js": worker, "icon.svg": iconName, modules: modules(start, worker), fallback: fallbacks.join("").trimEnd() };
  const value = (_, key) => {
    const text = fixed[key] ?? escaped(sentences[key] ?? fail(`no such sentence: ${key}`));
    return text.includes("{") ? fail(`it needs a value: ${key}`) : text;
  };
  return Buffer.from(readFileSync(`${root}src/index.html`, "utf8").replace(/\{\{(.+?)\}\}/g, value));
}

/** Asks at once for what the scripts import, instead of only when they have come. */
function modules(...scripts) {
  const names = [...new Set(scripts.flatMap((script) => page.importsOf(script)))];
  return names.map((name) => `<link rel="modulepreload" href="../page/${name}">`).join("\n");
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function hashed(name, bytes) {
  const [stem, ending] = name.split(".");
  return [`${stem}-${sha256(bytes).slice(0, 8).toUpperCase()}.${ending}`, bytes];
}

function check() {
  const committed = readdirSync(dist).sort();
  const built = [...files.keys()].sort();
  const isSame = (name) => files.get(name).equals(readFileSync(join(dist, name)));
  const isListed = committed.join() === built.join() && readFileSync(listPath, "utf8") === list;
  const isTestingSame = testing.equals(readFileSync(testingPath));
  const stale = isListed ? (built.find((name) => !isSame(name)) ?? (isTestingSame ? undefined : TESTING)) : "the list of files";
  if (stale) fail(`relay/web/dist is not what its sources make (${stale}): npm run build`);
}

function write() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  writeFileSync(listPath, list);
  writeFileSync(testingPath, testing);
  for (const [name, bytes] of files) {
    writeFileSync(join(dist, name), bytes);
    console.log(`${String(bytes.length).padStart(8)} ${String(gzipSync(bytes, { level: 9 }).length).padStart(8)} ${name}`);
  }
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
