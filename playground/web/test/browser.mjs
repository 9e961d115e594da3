// The page in a real browser, driven as somebody would use it: at a desk and on a phone, light and dark.
//
//   node test/browser.mjs [--url URL] [--only TEXT]
//
// Without a URL it serves the built page itself, with the compiler as WebAssembly. Screenshots go to
// target/playground/shots.

import assert from "node:assert/strict";
import { join } from "node:path";
import { PLANTS, accessible, both, example, field, finish, native, open, programText, running, settled, shots, show, test, write } from "./harness.mjs";

await test("a first result", async (page) => {
  await running(page);
  const ready = await page.evaluate(() => performance.getEntriesByName("tenon-ready")[0].startTime);
  console.log(`      first result after ${Math.round(ready)} ms on a cold load`);
}, both);

await test("a program from nothing, a request, and its row", async (page, size) => {
  await example(page, "Empty program");
  await write(page, "");
  await page.keyboard.type('relation Plant {\nkey name: Text\nprice: Int where it >= 0\n', { delay: 8 });
  await running(page);
  await write(page, PLANTS);
  await running(page);
  await show(page, "data");
  await page.getByText("No rows in Plant").waitFor();
  await show(page, "requests");
  await page.locator(".endpoint", { hasText: "POST" }).click();
  const form = page.locator("#panel-requests form");
  await field(form, "name").locator("input").fill("fern");
  await field(form, "price").locator("input").fill("-9");
  await form.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer .status", { hasText: "422" }).waitFor();
  assert.match(await field(form, "price").locator(".complaint").innerText(), /at least 0|>= 0/);
  await field(form, "price").locator("input").fill("9");
  await form.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer .status", { hasText: "201" }).waitFor();
  await page.screenshot({ path: join(shots, `request-${size}.png`) });
  await show(page, "data");
  await page.locator("table.data tr", { hasText: "fern" }).waitFor();
  assert.match(await page.locator(".chip", { hasText: "Plant" }).innerText(), /1/);
}, both);

await test("an error and its fix", async (page, size) => {
  await example(page, "Empty program");
  await write(page, PLANTS.replace("order by p.name", "order by p.nmae"));
  await page.locator("#status.bad, #status.warn").waitFor();
  await page.locator("#problems-toggle", { hasText: "1 error" }).click();
  await page.screenshot({ path: join(shots, `problem-${size}.png`) });
  await page.locator("#problems button.small").first().click();
  await running(page);
  assert.match(await programText(page), /order by p\.name/);
  await page.locator("#problems-toggle", { hasText: "No problems" }).waitFor();
}, both);

await test("the same error in the editor", async (page) => {
  await example(page, "Empty program");
  await write(page, PLANTS.replace("order by p.name", "order by p.nmae"));
  await page.locator(".cm-lintRange-error").first().hover();
  await page.locator(".cm-diagnosticAction").first().click();
  await running(page);
});

await test("an order takes from the stock", async (page, size) => {
  await example(page, "A shop");
  await running(page);
  await show(page, "requests");
  const form = page.locator("#panel-requests form");
  await field(form, "sku").locator("input").fill("mug");
  await field(form, "qty").locator("input").fill("2");
  await form.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer .status", { hasText: "201" }).waitFor();
  await form.getByRole("button", { name: "Send" }).click();
  await page.locator(".problem .title", { hasText: "OutOfStock" }).waitFor();
  await page.screenshot({ path: join(shots, `out-of-stock-${size}.png`) });
  assert.equal(await page.locator(".history li").count(), 2);
  await show(page, "data");
  await page.locator(".chip", { hasText: "Order" }).click();
  await page.locator("table.data tbody tr", { hasText: "mug" }).waitFor();
  await page.getByRole("button", { name: "Show Product mug" }).click();
  await page.locator(".chip[aria-pressed=true]", { hasText: "Product" }).waitFor();
}, both);

await test("cells are changed under the rules", async (page) => {
  await example(page, "A shop");
  const cell = (name) => page.locator("table.data tr", { hasText: "mug" }).getByRole("button", { name: new RegExp(`^${name}:`) });
  await cell("stock").click();
  await page.locator(".celledit input").fill("44");
  await page.keyboard.press("Enter");
  await cell("stock").getByText("44").waitFor();
  await cell("stock").click();
  await page.locator(".celledit input").fill("-1");
  await page.keyboard.press("Enter");
  await page.locator(".toast.bad").waitFor();
  await cell("stock").getByText("44").waitFor();
  await page.getByRole("button", { name: "Add a row" }).click();
  const dialog = page.locator("#dialog");
  await field(dialog, "sku").locator("input").fill("mug");
  await field(dialog, "name").locator("input").fill("Another");
  for (const name of ["price", "cost", "stock"]) await field(dialog, name).locator("input").fill("1");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.locator(".complaint:visible").waitFor();
  await field(dialog, "sku").locator("input").fill("cup");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.locator("table.data tr", { hasText: "cup" }).getByRole("button", { name: /^Delete/ }).click();
  await page.locator("table.data tr", { hasText: "cup" }).waitFor({ state: "detached" });
});

await test("the page says when what it shows is older than the text", async (page) => {
  await example(page, "Empty program");
  await write(page, PLANTS);
  await running(page);
  const busy = () => page.locator("#status").getAttribute("aria-busy");
  // The mark stands in the same moment as the letter, before the pause in typing is over.
  const typed = await page.evaluate(() => {
    const content = document.querySelector("#editor").shadowRoot.querySelector(".cm-content");
    content.focus();
    document.execCommand("insertText", false, "x");
    return new Promise((resolve) => queueMicrotask(() => resolve(document.querySelector("#status").getAttribute("aria-busy"))));
  });
  assert.equal(typed, "true");
  await settled(page);
  assert.equal(await page.locator("#status").getAttribute("class"), "warn");
  assert.equal(await busy(), "false");
});

await test("an answer leaves alone what somebody points at", async (page) => {
  await example(page, "A shop");
  await running(page);
  // An edit that changes no table, no form and no drawing.
  const edit = async () => {
    await page.locator(".cm-content").focus();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.insertText("// a remark\n");
    await running(page);
  };
  const kept = async (panel, selector) => {
    await show(page, panel);
    await page.locator(selector).first().waitFor();
    await page.evaluate((s) => { window.pointed = document.querySelector(s); }, selector);
    await edit();
    assert.equal(await page.evaluate((s) => window.pointed === document.querySelector(s), selector), true, selector);
  };
  await kept("data", "table.data .cell");
  await kept("requests", "#panel-requests form");
  await page.locator(".badge.good").waitFor();
  await kept("scenarios", "ul.scenarios .title");
  await kept("schema", ".node.relation");
  // Places are those of the text as it is now.
  await page.locator(".node.callable", { hasText: "revenue" }).click();
  await page.locator(".cm-activeLine", { hasText: "query revenue" }).waitFor();
});

await test("a scenario breaks and is seen", async (page, size) => {
  await example(page, "Empty program");
  await write(page, PLANTS);
  await page.locator(".badge.good").waitFor();
  await write(page, PLANTS.replace("price == 9", "price == 8"));
  await page.locator(".badge.bad").waitFor();
  await page.locator(".cm-scenario.broken").waitFor();
  await page.locator(".cm-broken", { hasText: "9" }).waitFor();
  await page.screenshot({ path: join(shots, `broken-${size}.png`) });
  await show(page, "scenarios");
  await page.locator(".broken td", { hasText: "9" }).first().waitFor();
  await page.screenshot({ path: join(shots, `scenarios-${size}.png`) });
  await page.getByRole("button", { name: "Go to this step" }).click();
  await page.locator(".cm-content").first().waitFor();
}, both);

await test("rows stay while the program changes", async (page) => {
  await example(page, "A shop");
  await running(page);
  const text = await programText(page);
  await write(page, text.replace("  name: Text\n", "  name: Text\n  rank: Int = 5\n"));
  await page.locator("table.data th", { hasText: "rank" }).waitFor();
  await page.locator("table.data tr", { hasText: "T-shirt" }).getByText("5", { exact: true }).waitFor();
  await write(page, text.replace("  name: Text\n", "  name: Text where it.length < 7\n"));
  await page.locator(".toast.bad", { hasText: "did not fit" }).waitFor();
});

await test("what never ends is ended", async (page) => {
  await example(page, "Empty program");
  await write(page, 'fn deep(n: Int) -> Int { deep(n + 1) }\n\nquery spins() -> Int at GET "/spins" public {\n  var n = 0\n  while true { n = (n + 1) mod 7 }\n  n\n}\n\nquery recurs() -> Int at GET "/recurs" public { deep(0) }\n');
  await running(page);
  await show(page, "requests");
  for (const [path, fault] of [["/spins", "FuelExhausted"], ["/recurs", "RecursionTooDeep"]]) {
    await page.locator(".endpoint", { hasText: path }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".fault", { hasText: fault }).waitFor();
  }
});

await test("the schema, a plan and Core", async (page, size) => {
  await example(page, "Shifts of a hospital");
  await running(page);
  await show(page, "schema");
  await page.locator(".node.relation", { hasText: "Shift" }).waitFor();
  assert.ok(await page.locator(".edge.reference").count() >= 1);
  assert.ok(await page.locator(".edge.writes").count() >= 3);
  await page.screenshot({ path: join(shots, `schema-${size}.png`) });
  await page.locator(".node.callable", { hasText: "calendar" }).click();
  if (size === "desktop") await page.locator(".node.here", { hasText: "calendar" }).waitFor();
  await show(page, "plan");
  await page.locator("ul.plan .name", { hasText: "scan" }).first().waitFor();
  await page.screenshot({ path: join(shots, `plan-${size}.png`) });
  await show(page, "core");
  await page.locator("pre.core", { hasText: "query" }).waitFor();
}, both);

await test("several files", async (page) => {
  await example(page, "Projects and tasks");
  await running(page);
  assert.equal(await page.locator("#files [role=tab]").count(), 3);
  await page.locator("#files [role=tab]", { hasText: "tasks.tn" }).click();
  await page.locator(".cm-content", { hasText: "relation Project" }).waitFor();
  await page.getByRole("button", { name: "Add a file" }).click();
  await page.locator("#new-file").fill("extra");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.keyboard.insertText("query projects() -> Int { count(Project) }\n");
  await running(page);
  await page.getByRole("button", { name: "Remove extra.tn" }).click();
  assert.equal(await page.locator("#files [role=tab]").count(), 3);
});

await test("a link carries the program", async (page) => {
  await example(page, "Empty program");
  await write(page, PLANTS);
  await running(page);
  await page.locator("#share").click();
  await page.locator(".toast", { hasText: "The link" }).first().waitFor();
  const link = await page.evaluate(() => location.hash);
  assert.match(link, /^#p1=[\w-]+$/);
  const other = await open("desktop", "light", link);
  if (native) {
    await other.locator("#consent button").click();
  }
  await running(other);
  assert.match(await programText(other), /relation Plant/);
  assert.deepEqual(other.complaints, []);
  await other.context().close();
  const damaged = await open("desktop", "light", `${link.slice(0, 40)}xx`);
  await damaged.locator(".toast.bad", { hasText: "cannot be read" }).waitFor();
  await damaged.context().close();
  let noise = "";
  for (let n = 0; noise.length < 60_000; n++) noise += `/// ${Math.imul(n + 1, 2654435761) >>> 0}${Math.imul(n + 7, 40503) >>> 0}\n`;
  await write(page, noise + PLANTS);
  await page.locator("#share").click();
  await page.locator(".toast.bad", { hasText: "too long for a link" }).waitFor();
});

if (!native) {
  await test("without a network after the first load", async (page) => {
    await running(page);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.context().setOffline(true);
    await page.reload();
    await page.locator("body.ready").waitFor();
    await running(page);
    await show(page, "requests");
    await page.locator(".endpoint", { hasText: "/revenue" }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".answer .status", { hasText: "200" }).waitFor();
    await page.context().setOffline(false);
  });
}

await test("by keyboard alone", async (page) => {
  await running(page);
  const focus = async (matches, most = 60) => {
    for (let n = 0; n < most; n++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(matches)) return;
    }
    assert.fail(`Tab never reaches ${matches}`);
  };
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Escape");
  await focus(() => document.activeElement?.id === "split");
  await page.keyboard.press("ArrowLeft");
  await focus(() => document.activeElement?.getAttribute("role") === "tab" && document.activeElement.closest("#tabs") !== null);
  await page.keyboard.press("ArrowRight");
  await page.locator("#tab-requests[aria-selected=true]").waitFor();
  await focus(() => document.activeElement?.matches(".field input:not([type=checkbox])") ?? false);
  await page.keyboard.type("tee");
  await focus(() => document.activeElement?.matches(".field input:not([type=checkbox])") ?? false);
  await page.keyboard.type("1");
  await page.keyboard.press("Enter");
  await page.locator(".answer .status").waitFor();
  await page.locator("#examples").focus();
  await page.keyboard.press("Enter");
  await page.locator("#dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#dialog[open]").waitFor({ state: "detached" });
});

await test("the language server answers", async (page) => {
  await example(page, "A shop");
  await running(page);
  await page.locator(".cm-line", { hasText: "p.price * qty" }).first().click();
  await page.keyboard.press("End");
  await page.keyboard.type(" + p.", { delay: 40 });
  await page.locator(".cm-tooltip-autocomplete li", { hasText: "stock" }).first().waitFor();
  await page.screenshot({ path: join(shots, "completion.png") });
  await page.keyboard.press("Escape");
  for (let n = 0; n < 5; n++) await page.keyboard.press("Backspace");
  await running(page);
  await page.locator(".cm-line", { hasText: "let p = Product[sku]" }).locator("span", { hasText: "Product" }).first().hover();
  await page.locator(".cm-tooltip", { hasText: "relation Product" }).waitFor();
  await page.screenshot({ path: join(shots, "hover.png") });
  const text = await programText(page);
  await write(page, text.replace("  name: Text\n", "  name:Text\n"));
  await page.locator("#format").click();
  await page.locator(".cm-line", { hasText: "  name: Text" }).first().waitFor();
});

await test("the tour to its end", async (page, size) => {
  await page.locator("#start-tour").click();
  for (let step = 1; step <= 20; step++) {
    await page.locator("#tour select option:checked", { hasText: `${step} of 20` }).waitFor({ state: "attached" });
    await settled(page);
    if ([1, 10, 15].includes(step)) await page.screenshot({ path: join(shots, `tour-${step}-${size}.png`) });
    await page.locator("#tour .state:not(.done)").waitFor();
    await page.getByRole("button", { name: "Show me" }).click();
    await page.locator("#tour .state.done").waitFor();
    if (step < 20) await page.locator("#tour button.next").click();
  }
  await page.getByText("That was the whole tour").waitFor();
  await page.screenshot({ path: join(shots, `tour-20-${size}.png`) });
  await page.getByRole("button", { name: "See the examples" }).click();
  await page.locator("#dialog .gallery").waitFor();
}, both);

for (const theme of ["light", "dark"]) {
  await test(`everybody can use it, ${theme}`, async (page, size) => {
    const look = async (name) => {
      await page.waitForTimeout(150);
      await page.screenshot({ path: join(shots, `${name}-${size}-${theme}.png`) });
      await accessible(page, name);
    };
    await example(page, "A shop");
    await running(page);
    if (size === "phone") { await show(page, "program"); await look("program"); }
    await show(page, "data");
    await look("data");
    await page.locator(".chip", { hasText: "Order" }).click();
    await look("data-empty");
    await page.getByRole("button", { name: "Add a row" }).click();
    await look("dialog");
    await page.keyboard.press("Escape");
    await show(page, "requests");
    const form = page.locator("#panel-requests form");
    await field(form, "sku").locator("input").fill("poster");
    await field(form, "qty").locator("input").fill("2");
    await form.getByRole("button", { name: "Send" }).click();
    await page.locator(".problem").waitFor();
    await look("requests");
    await page.locator(".endpoint", { hasText: "/revenue" }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".answer .status", { hasText: "200" }).waitFor();
    await look("answer");
    await show(page, "scenarios");
    await look("scenarios");
    await show(page, "schema");
    await look("schema");
    await page.locator(".node.callable", { hasText: "revenue" }).click();
    await page.locator(".cm-line", { hasText: "query revenue" }).waitFor();
    await show(page, "plan");
    await page.locator("ul.plan").first().waitFor();
    await look("plan");
    await show(page, "core");
    await page.locator("pre.core").waitFor();
    await look("core");
    await page.locator("#examples").click();
    await page.locator(".gallery").waitFor();
    await look("gallery");
    await page.keyboard.press("Escape");
    await page.locator("#start-tour").click();
    await page.locator("#tour h2").waitFor();
    await look("tour");
    const before = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.locator("#theme").click();
    const after = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(before, after, "the switch changes the colours");
  }, { sizes: ["desktop", "phone"], theme });
}

await import("./timing.mjs");
await import("./tools.mjs");
await import("./consent.mjs");
await finish();
