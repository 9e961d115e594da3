// What the language server gives to the editor: colours, hints, fixes and changes. And the picture of the program.

import assert from "node:assert/strict";
import { join } from "node:path";
import { PLANTS, accessible, both, example, programText, running, shots, show, test, write } from "./harness.mjs";

await test("names have the colours of what they mean", async (page) => {
  await example(page, "A shop");
  await running(page);
  const colour = (selector) => page.locator(`.cm-content ${selector}`).first().evaluate((element) => getComputedStyle(element).color);
  await page.locator(".cm-content .tn-relation.tn-declaration", { hasText: "Product" }).waitFor();
  const function_ = await colour(".tn-function.tn-declaration");
  assert.notEqual(await colour(".tn-relation"), function_);
  // The innermost colour counts.
  const seen = await page.evaluate(() => {
    const token = document.querySelector("#editor").shadowRoot.querySelector(".tn-function.tn-declaration");
    let inner = token;
    while (inner.firstElementChild) inner = inner.firstElementChild;
    return getComputedStyle(inner).color;
  });
  assert.equal(seen, function_);
  // They follow the text.
  await page.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText("fn brand_new(some_thing: Int) -> Int { some_thing }\n");
  await page.locator(".cm-content .tn-function.tn-declaration", { hasText: "brand_new" }).waitFor();
});

await test("what is inferred is shown where it is not written", async (page) => {
  await example(page, "Empty program");
  await write(page, `${PLANTS}\nfn dear() -> Int {\n  let most = count(Plant)\n  most\n}\n`);
  await running(page);
  const hint = page.locator(".cm-line", { hasText: "let most" }).locator(".cm-hint");
  await hint.getByText("Int").waitFor();
  // It is no part of the text.
  assert.match(await programText(page), /let most = count/);
});

await test("fixes and changes by keyboard alone", async (page) => {
  await example(page, "Empty program");
  await write(page, PLANTS.replace("order by p.name", "order by p.nmae"));
  await page.locator(".cm-lintRange-error").first().waitFor();
  await page.locator(".cm-line", { hasText: "p.nmae" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Alt+Enter");
  const menu = page.locator(".cm-actions");
  await menu.waitFor();
  await page.screenshot({ path: join(shots, "actions.png") });
  const focused = () => page.evaluate(() => document.querySelector("#editor").shadowRoot.activeElement?.textContent ?? "");
  assert.match(await focused(), /name/);
  // Escape gives the editor back.
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await page.keyboard.press("ControlOrMeta+.");
  await menu.waitFor();
  await page.keyboard.press("Enter");
  await running(page);
  assert.match(await programText(page), /order by p\.name\b/);
  await page.keyboard.press("ControlOrMeta+z");
  await page.locator("#status.bad, #status.warn").waitFor();
});

await test("a refactoring of what is selected", async (page, size) => {
  await example(page, "Empty program");
  await write(page, `${PLANTS}\nfn sum(a: Int, b: Int) -> Int {\n  a * 2 + b\n}\n`);
  await running(page);
  await page.locator(".cm-line", { hasText: "a * 2 + b" }).click();
  await page.keyboard.press("End");
  await page.keyboard.press("Shift+Home");
  await page.locator("#actions").click();
  const menu = page.locator(".cm-actions");
  await menu.waitFor();
  await page.screenshot({ path: join(shots, `actions-${size}.png`) });
  await accessible(page, "the menu of changes");
  const extract = menu.getByRole("menuitem", { name: /function/i });
  const count = await menu.getByRole("menuitem").count();
  for (let n = 0; n < count && !(await extract.first().evaluate((own) => own === own.getRootNode().activeElement)); n++) {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await running(page);
  assert.equal((await programText(page)).match(/^fn /gm).length, 2);
}, both);

await test("edges of the schema run behind nothing", async (page, size) => {
  const programs = [["A shop", "Order"], ["Projects and tasks", "Task"], ["A lending library", "Loan"], ["Chat rooms and polls", "Vote"],
    ["Shifts of a hospital", "Shift"], ["Questions about sales", "Invoice"]];
  for (const [title, relation] of programs) {
    await example(page, title);
    await running(page);
    await show(page, "schema");
    await page.locator(`.node.relation[data-id$="${relation}"]`).waitFor();
    const behind = await page.evaluate(() => {
      const svg = document.querySelector("#panel-schema svg[role=group]");
      const boxes = [...svg.querySelectorAll(".node")].map((node) => {
        const { e: x, f: y } = node.transform.baseVal.consolidate().matrix;
        const box = node.querySelector("rect.box");
        return { id: node.dataset.id, x, y, right: x + box.width.baseVal.value, bottom: y + box.height.baseVal.value };
      });
      const found = [];
      for (const edge of svg.querySelectorAll(".edge")) {
        const length = edge.getTotalLength();
        for (let at = 0; at <= length; at += 3) {
          const { x, y } = edge.getPointAtLength(at);
          const box = boxes.find((b) => x > b.x + 1 && x < b.right - 1 && y > b.y + 1 && y < b.bottom - 1);
          if (box) { found.push(`${edge.dataset.from} to ${edge.dataset.to} behind ${box.id}`); break; }
        }
      }
      const { width, height } = svg.viewBox.baseVal;
      const outside = [...svg.querySelectorAll(".edge")].filter((edge) => {
        const b = edge.getBBox();
        return b.x < 0 || b.y < 0 || b.x + b.width > width || b.y + b.height > height;
      });
      return [...found, ...outside.map((edge) => `${edge.dataset.from} to ${edge.dataset.to} is cut off`)];
    });
    await page.screenshot({ path: join(shots, `schema-${title.replaceAll(" ", "-")}-${size}.png`) });
    assert.deepEqual(behind, [], title);
  }
}, both);
