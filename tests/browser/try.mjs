import { World, until } from "./world.mjs";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { randomBytes } from "node:crypto";
const world = new World();
const relay = await world.relay();
console.log(relay);
const bytes = randomBytes(20*1024*1024+5);
const { link, words } = world.send(relay, world.file("big.bin", bytes), "-m", "hello");
console.log(link, words);
for (const name of process.argv.slice(2)) {
  const { browser, downloads } = await world.browser(name);
  const page = await browser.newPage();
  page.on("console", (m) => console.log("  ["+name+"]", m.text()));
  page.on("pageerror", (e) => console.log("  ["+name+"] pageerror", e.message));
  await page.goto(link);
  for (const ways of [["memory"],["download"],["file"]]) {
  const result = await page.evaluate(async (link, words, ways) => {
    try {
      const root = await navigator.storage?.getDirectory?.();
      window.showSaveFilePicker = async ({suggestedName}) => root.getFileHandle(suggestedName, {create:true});
      const { Engine, save, Words, readLink } = await import("/page/page.js");
      const events = [];
      const engine = new Engine((e) => events.push(e));
      const { relay, id } = readLink(link);
      const status = await engine.call("open", { relay, id });
      const t = performance.now();
      const list = await Words.load();
      const manifest = await engine.call("prove", { words: list.read(words) });
      const proved = performance.now() - t;
      const t2 = performance.now();
      const saved = await save(engine, "all", "single", undefined, ways);
      let size=null; if (ways[0]==="file") size = (await (await root.getFileHandle("big.bin")).getFile()).size;
      return JSON.stringify({ status, manifest: {...manifest, nonce: 0}, saved, proved, took: performance.now()-t2, events: events.length, size });
    } catch (e) { return JSON.stringify({ failed: e.failure ?? String(e), stack: e.stack }); }
  }, link, words, ways);
  console.log(name, ways, result);
  if (ways[0]!=="file") {
    const got = await until(() => readdirSync(downloads).find((f) => !/part|crdownload/.test(f) && statSync(downloads+"/"+f).size===bytes.length && readFileSync(downloads+"/"+f).equals(bytes)), "no file", 10000).catch((e)=>e.message+" "+readdirSync(downloads));
    console.log(got, readdirSync(downloads));
  }
  }
}
console.log(world.events(link).map((e)=>e.event+(e.verified??"")).join());
await world.end();
