/** The page as a relay's operator has it look, whenever and however long its answer about that is. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isAccessible, PICTURES } from "./support/accessible.mjs";
import { say } from "./support/driver.mjs";
import { inBrowsers } from "./support/fixture.mjs";
import { TestEnv, until } from "./support/test_env.mjs";

/** Without a size of its own, which browsers then give it. */
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" fill="#d52b1e"/><circle cx="20" cy="20" r="12" fill="#fff"/></svg>';
/** What a relay takes only just, and what it takes no more. */
const FAINTEST = { accent: "#008200", accent_dark: "#ff5b5b" };
const TOO_FAINT = [{ accent: "#008300" }, { accent_dark: "#ff5a5a" }];

inBrowsers((test, name) => {
  test("its name, logo, colours and contact line are shown, and are legible however faint", async (fixture) => {
    const env = new TestEnv();
    try {
      const { page, relay } = await visitOf(fixture, env, { name: "Gemeente <b>Voorbeeld</b>", contact: "Vragen? Bel 14 0123.", logo: "logo.svg", ...FAINTEST });
      await page.problem();
      for (const text of ["Gemeente <b>Voorbeeld</b>", "Vragen? Bel 14 0123."]) await page.sees(text);
      const logo = await page.page.evaluate(() => [document.querySelector(".brand img").src, document.querySelector(".brand img").naturalWidth]);
      assert.deepEqual(logo, [`${relay}/page/operator-logo`, 300]);
      // Beside such a logo a name that is long stays in words.
      await page.page.setViewport({ width: 320, height: 640 });
      const [logoHeight, nameWidth] = await page.page.evaluate(() => [document.querySelector(".brand img").clientHeight, document.querySelector(".name").clientWidth]);
      assert.ok(logoHeight < 60 && nameWidth > 100, `${logoHeight} ${nameWidth}`);
      await page.page.setViewport({ width: 768, height: 900 });
      mkdirSync(PICTURES, { recursive: true });
      for (const scheme of name === "chromium" ? ["light", "dark"] : ["light"]) {
        if (name === "chromium") await page.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        const colour = await page.page.evaluate(() => getComputedStyle(document.querySelector("#open")).backgroundColor);
        assert.equal(colour, rgb(FAINTEST[scheme === "dark" ? "accent_dark" : "accent"]));
        await isAccessible(page.page, `an operator's, ${scheme}`);
        await page.page.screenshot({ path: join(PICTURES, `${name}-operator-${scheme}.png`), fullPage: true });
      }
    } finally {
      await env.end();
    }
  });

  test("the page does not wait to know whose it is, and keeps the focus when it hears", async (fixture) => {
    const { link } = fixture.send(fixture.env.file("whose.bin", "x"));
    const page = await fixture.visit(link, { prepare: holdOperator });
    await page.heading("ask.title");
    await page.paste("#words", "storm");
    await page.page.focus("#speak-nl");
    await page.page.evaluate(() => globalThis.answer());
    await page.sees("Gemeente Dam");
    await page.sees("Bel 14 020");
    assert.equal(await page.focused(), "speak-nl");
    assert.equal(await page.value("#words"), "storm");
    assert.equal(await page.page.title(), `${say("ask.title")} – Gemeente Dam`);
  });

  test("an operator's answer of any length does not hinder", async (fixture) => {
    const long = (answer) => (answer.body = JSON.stringify({ name: "x".repeat(100_000), logo: false }));
    const { url: server } = await fixture.faultProxy((path) => (path.endsWith("/operator.json") ? long : null));
    const { link } = fixture.send(fixture.env.file("long-operator.bin", "x"));
    const page = await fixture.visit(link.replace(fixture.relay, server));
    await page.heading("ask.title");
    await until(() => page.page.evaluate(() => document.querySelector(".name")?.textContent === "share"), "there is no name");
  });

  test("at its own address, its statements and where nothing is, people read whose it is", async (fixture) => {
    const env = new TestEnv();
    try {
      env.file("logo.svg", LOGO);
      env.file("a11y.txt", "# Accessibility\n\nEverybody can use <this>.");
      const look = { name: "Gemeente Voorbeeld", phone: "14 0123", abuse: "abuse@dam.example", accessibility: { en: "a11y.txt" }, logo: "logo.svg", ...FAINTEST };
      const relay = await env.relay("--operator", env.file("operator.json", JSON.stringify(look)));
      const { page } = await fixture.visit(`${relay}/`);
      mkdirSync(PICTURES, { recursive: true });
      for (const [path, text] of [["", "Is this safe?"], ["privacy", "No internet addresses."], ["accessibility", "Everybody can use <this>."], ["a/b", "There is nothing here"]]) {
        await page.goto(`${relay}/${path}`);
        const shown = await page.evaluate(() => document.body.innerText);
        for (const part of [text, "Gemeente Voorbeeld", "14 0123", "Report misuse"]) assert.ok(shown.includes(part), `${part} in ${shown}`);
        const loaded = await page.evaluate(() => [document.querySelector("img").naturalWidth, getComputedStyle(document.documentElement).getPropertyValue("--accent-light")]);
        assert.deepEqual(loaded, [300, FAINTEST.accent]);
        await isAccessible(page, `an operator's /${path}`);
        await page.screenshot({ path: join(PICTURES, `${name}-plain-${path.replace("/", "-") || "landing"}.png`), fullPage: true });
      }
    } finally {
      await env.end();
    }
  });

  test("a relay does not start with a colour that is too faint", async () => {
    for (const look of TOO_FAINT) {
      const env = new TestEnv();
      try {
        const refused = env.relay("--operator", env.file("operator.json", JSON.stringify(look)));
        await assert.rejects(refused, /too little contrast/);
      } finally {
        await env.end();
      }
    }
  });
});

/** The page with buttons, a problem and marked words, in an operator's looks. */
async function visitOf(fixture, env, look) {
  env.file("logo.svg", LOGO);
  const relay = await env.relay("--operator", env.file("operator.json", JSON.stringify(look)));
  const { link, words } = env.send(relay, env.file("operator.bin", "x"));
  const page = await fixture.visit(link);
  await page.unlock(`qqqqqqq ${words.split("-")[0]}xq `);
  await page.page.waitForSelector(".marks button");
  return { page, relay };
}

/** Runs in the page, before it: what is known of the operator comes when the test says so. */
function holdOperator() {
  const { fetch } = window;
  const held = new Promise((resolve) => (globalThis.answer = resolve));
  window.fetch = async (url, ...args) => {
    if (!String(url).endsWith("/operator.json")) return fetch(url, ...args);
    await held;
    return Response.json({ name: "Gemeente Dam", contact: "Bel 14 020" });
  };
}

function rgb(colour) {
  return `rgb(${[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(", ")})`;
}
