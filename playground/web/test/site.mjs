// The static site in a real browser: search, links, both themes, a desk and a phone, and what axe says of its pages.
//
//   node test/site.mjs FOLDER
//
// Where the folder holds the playground, a program is opened in it. Screenshots go to target/playground/shots.

import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./serve.mjs";

const folder = resolve(process.argv[2]);
const withPlayground = existsSync(join(folder, "playground/index.html"));
const here = dirname(fileURLToPath(import.meta.url));
const shots = join(process.env.CARGO_TARGET_DIR ?? join(here, "../../../target"), "playground/shots");
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

const served = await serve(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
let failed = 0;
let ran = 0;

async function test(name, size, theme, run) {
  const title = `site: ${name} (${size}, ${theme})`;
  ran++;
  const context = await browser.newContext({
    viewport: SIZES[size], colorScheme: theme, hasTouch: size === "phone", isMobile: size === "phone", reducedMotion: "reduce",
    // axe is put into pages whose policy allows no script but their own.
    bypassCSP: name.startsWith("axe"),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") complaints.push(message.text()); });
  page.on("request", (request) => { if (!request.url().startsWith(served.url) && !/^(data|blob):/.test(request.url())) complaints.push(`asks ${request.url()}`); });
  try {
    await run(page);
    assert.deepEqual(complaints, []);
    console.log(`ok    ${title}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${title}\n${error.stack}`);
    await page.screenshot({ path: join(shots, `failed-${title.replaceAll(/\W+/g, "-")}.png`) }).catch(() => undefined);
  }
  await context.close();
}

const go = (page, path) => page.goto(served.url + path);

/** One of each kind of page. */
const PAGES = [
  "index.html", "guide/index.html", "guide/04-changing-data.html", "spec/06-queries.html", "spec/grammar.html", "library/index.html", "library/text.html",
  "errors/index.html", "errors/T0211.html",
].filter((path) => existsSync(join(folder, path)));
assert.ok(PAGES.length > 6, `of the pages that are looked at only ${PAGES} are there`);

for (const theme of ["light", "dark"]) {
  for (const size of ["desktop", "phone"]) {
    await test("axe finds nothing, and nothing is wider than the window", size, theme, async (page) => {
      for (const path of PAGES) {
        await go(page, path);
        await page.screenshot({ path: join(shots, `site-${path.replaceAll(/\W+/g, "-")}-${size}-${theme}.png`) });
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const said = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `    ${n.target.join(" ")} ${n.failureSummary.replaceAll("\n", " ")}`).join("\n")}`);
        assert.equal(said.join("\n"), "", path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${path} is ${wide} pixels wider than the window`);
      }
    });
  }
}

for (const size of ["desktop", "phone"]) {
  await test("the search finds a function and goes there", size, "light", async (page) => {
    await go(page, "guide/index.html");
    if (size === "desktop") await page.keyboard.press("/");
    else await page.locator("#search-open").click();
    await page.locator("#search-input").fill("pad_start");
    const first = page.locator("#search-results [role=option]").first();
    await first.getByText("pad_start").first().waitFor();
    await page.screenshot({ path: join(shots, `site-search-${size}.png`) });
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/library\/text\.html#/);
    const anchor = new URL(page.url()).hash.slice(1);
    assert.match(await page.locator(`[id="${decodeURIComponent(anchor)}"]`).innerText(), /pad_start/);
  });
}

await test("links lead from the guide to an error and back", "desktop", "light", async (page) => {
  await go(page, "index.html");
  await page.getByRole("link", { name: "Start with the guide" }).click();
  await page.waitForURL(/guide\/index\.html/);
  await page.getByRole("navigation", { name: "Parts" }).getByRole("link", { name: "Errors" }).click();
  await page.locator("main a", { hasText: "T0211" }).first().click();
  await page.waitForURL(/errors\/T0211\.html/);
  await page.locator("p.law a").first().click();
  await page.waitForURL(/spec\/.*\.html/);
});

await test("the colours are chosen, and kept", "desktop", "light", async (page) => {
  await go(page, "index.html");
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.locator("#theme").click();
  await page.locator("#theme").click();
  const dark = await ground();
  assert.notEqual(light, dark);
  await go(page, "spec/index.html");
  assert.equal(await ground(), dark);
});

await test("the menu of a small screen", "phone", "light", async (page) => {
  await go(page, "spec/06-queries.html");
  await page.locator("#menu").click();
  const sidebar = page.locator("#sidebar");
  await sidebar.getByRole("link", { name: /types/i }).first().waitFor();
  await page.screenshot({ path: join(shots, "site-menu-phone.png") });
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#menu").getAttribute("aria-expanded"), "false");
});

if (withPlayground) {
  for (const size of ["desktop", "phone"]) {
    await test("a program opens in the playground, and runs", size, "light", async (page) => {
      await go(page, "errors/T0211.html");
      const good = page.locator("figure.good");
      const text = (await good.locator("pre code").first().textContent()).trim();
      await good.getByRole("link", { name: "Open in the playground" }).click();
      await page.locator("#status.good[aria-busy=false]").waitFor({ timeout: 60_000 });
      const shown = await page.evaluate(() => {
        // What is inferred is shown in between, and is no part of the program.
        const lines = [...document.querySelector("#editor").shadowRoot.querySelectorAll(".cm-line")].map((line) => line.cloneNode(true));
        lines.forEach((line) => line.querySelectorAll(".cm-hint").forEach((hint) => hint.remove()));
        return lines.map((line) => line.textContent).join("\n");
      });
      for (const line of text.split("\n")) assert.ok(shown.includes(line.trim()), `${line} is not in\n${shown}`);
      await page.screenshot({ path: join(shots, `site-opened-${size}.png`) });
    });
  }
  await test("the program of the first page opens, and its scenarios hold", "desktop", "light", async (page) => {
    await go(page, "index.html");
    await page.locator(".hero-code").getByRole("link", { name: "Open in the playground" }).click();
    await page.locator("#status.good[aria-busy=false]").waitFor({ timeout: 60_000 });
    await page.locator("#tab-scenarios .badge.good").waitFor();
  });
} else {
  console.log("      the folder has no playground: no program is opened");
}

await browser.close();
served.stop();
console.log(`${ran - failed} passed, ${failed} failed; screenshots in ${shots}`);
process.exit(failed > 0 ? 1 : 0);
