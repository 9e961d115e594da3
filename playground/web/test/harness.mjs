// What the cases need: a browser, the page at two sizes, and what people do on it. The command line is read here.

import { chromium } from "playwright-core";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./serve.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, "../../../target");
export const shots = join(target, "playground/shots");
mkdirSync(shots, { recursive: true });
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const argument = (name) => process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const only = argument("--only");
export const native = argument("--url") !== undefined;

const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

export const served = native ? { url: argument("--url"), stop: () => undefined } : await serve(join(target, "playground/page"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});

let failed = 0;
let ran = 0;

/** Ends everything, and the process, with what became of the cases. */
export async function finish() {
  await browser.close();
  served.stop();
  console.log(`${ran - failed} passed, ${failed} failed; screenshots in ${shots}`);
  process.exit(failed > 0 || ran === 0 ? 1 : 0);
}

/** A page in a context of its own, or in one that is given; without `wait` as it is at first. What it says to the console in anger is an error of the test. */
export async function open(size, theme, path = "", context, wait = true) {
  context ??= await browser.newContext({
    viewport: SIZES[size], colorScheme: theme, hasTouch: size === "phone", isMobile: size === "phone", reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"], serviceWorkers: native ? "block" : "allow",
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") page.complaints.push(message.text()); });
  page.on("request", (request) => {
    if (!request.url().startsWith(served.url) && !request.url().startsWith("data:") && !request.url().startsWith("blob:")) page.complaints.push(`asks ${request.url()}`);
  });
  page.on("dialog", (dialog) => void dialog.accept());
  page.setDefaultTimeout(20_000);
  await page.goto(served.url + path);
  if (wait) await page.locator("body.ready").waitFor({ timeout: 60_000 });
  return page;
}

export async function test(name, run, { sizes = ["desktop"], theme = "light" } = {}) {
  if (only && !name.includes(only)) return;
  for (const size of sizes) {
    const title = `${name} (${size})`;
    ran++;
    const start = performance.now();
    let page;
    try {
      page = await open(size, theme);
      await run(page, size);
      assert.deepEqual(page.complaints, [], "the console of the page");
      console.log(`ok    ${title}  ${Math.round(performance.now() - start)} ms`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${title}\n${error.stack}`);
      await page?.screenshot({ path: join(shots, `failed-${title.replaceAll(/\W+/g, "-")}.png`) }).catch(() => undefined);
    }
    await page?.context().close();
  }
}

// What people do.

/** What is shown belongs to what was loaded or typed last. */
export const settled = (page) => page.locator("#status[aria-busy=false]").waitFor();

export const running = (page) => page.locator("#status.good[aria-busy=false]").waitFor();

export async function show(page, panel) {
  await page.locator(`#tab-${panel}`).click();
}

export async function example(page, title) {
  await page.locator("#examples").click();
  await page.locator(".card", { hasText: title }).click();
  await page.locator("#title", { hasText: title === "Empty program" ? "New program" : title }).waitFor();
  await settled(page);
}

/** Selects all that stands in the editor and types in its place. */
export async function write(page, text, delay = 0) {
  if (await page.locator("#tab-program").isVisible()) await show(page, "program");
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.press("Delete");
  if (delay > 0) await page.keyboard.type(text, { delay });
  else if (text.length > 10_000) {
    await page.evaluate((all) => navigator.clipboard.writeText(all), text);
    await page.keyboard.press("ControlOrMeta+v");
  } else await page.keyboard.insertText(text);
  await settled(page);
}

export async function programText(page) {
  return page.evaluate(() => document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile?.view?.state.doc.toString()
    ?? document.querySelector("#editor").shadowRoot.querySelector(".cm-content").innerText);
}

export const field = (scope, name) => scope.locator(".field", { has: scope.page().locator(`label .name`, { hasText: new RegExp(`^${name}$`) }) });

export async function accessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const said = violations.map((v) => `${v.id}: ${v.help}\n${v.nodes.slice(0, 4).map((n) => `    ${n.target.join(" ")} ${n.failureSummary.replaceAll("\n", " ")}`).join("\n")}`);
  assert.equal(said.join("\n"), "", `axe on ${what}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${what} is ${wide} pixels wider than the window`);
}

export const both = { sizes: ["desktop", "phone"] };
/** A small program with a relation, a handler, a query and a scenario. */
export const PLANTS = `relation Plant {
  key name: Text
  price: Int where it >= 0
}

handler add(name: Text, price: Int where it >= 0) -> Plant at POST "/plants" public status 201 {
  insert Plant(name, price)
}

query all() at GET "/plants" public {
  from p in Plant order by p.name
}

scenario "a plant" {
  when add(name: "fern", price: 9)
  then Plant["fern"]!.price == 9
}
`;
