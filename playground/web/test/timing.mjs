// What happens while something else is under way: answers about an older text, clicks faster than the engine, a slow line.

import assert from "node:assert/strict";
import { PLANTS, example, native, open, programText, running, settled, show, test, write } from "./harness.mjs";

/** Types at the beginning of the text and does something else before anything can answer. */
const typeAndThen = (page, text, then) => page.evaluate(([text, then]) => {
  const content = document.querySelector("#editor").shadowRoot.querySelector(".cm-content");
  content.focus();
  getSelection().collapse(content.querySelector(".cm-line"), 0);
  document.execCommand("insertText", false, text);
  // The editor hears of it in a moment of its own, long before the pause in typing is over.
  return new Promise((done) => queueMicrotask(() => done(document.querySelector(then).click())));
}, [text, then]);

const BROKEN = PLANTS.replace("order by p.name", "order by p.nmae");

await test("a fix finds its place in a text that has moved on", async (page) => {
  await example(page, "Empty program");
  await write(page, BROKEN);
  await page.locator("#problems-toggle", { hasText: "1 error" }).click();
  await typeAndThen(page, "// one more line\n", "#problems button.small");
  await running(page);
  assert.equal(await programText(page), `// one more line\n${PLANTS}`);
});

await test("a fix whose place has changed is refused", async (page) => {
  await example(page, "Empty program");
  await write(page, BROKEN);
  await page.locator("#problems-toggle", { hasText: "1 error" }).click();
  // All in one moment: the text at the place changes, and the fix is asked for.
  await page.evaluate(() => {
    const content = document.querySelector("#editor").shadowRoot.querySelector(".cm-content");
    const line = [...content.querySelectorAll(".cm-line")].find((line) => line.textContent.includes("p.nmae"));
    content.focus();
    getSelection().collapse(line, line.childNodes.length);
    document.execCommand("insertText", false, "x");
    return new Promise((done) => queueMicrotask(() => done(document.querySelector("#problems button.small").click())));
  });
  await page.locator(".toast", { hasText: "has changed here" }).waitFor();
  assert.match(await programText(page), /order by p\.nmaex\n/);
});

await test("a place is gone to where it is now", async (page) => {
  await example(page, "Empty program");
  await write(page, BROKEN);
  await page.locator("#problems-toggle", { hasText: "1 error" }).click();
  await typeAndThen(page, "// a\n// b\n// c\n", "#problems .problem-title");
  await page.locator(".cm-activeLine", { hasText: "order by p.nmae" }).waitFor();
});

await test("the style is brought to the text that it was asked for", async (page) => {
  await example(page, "Projects and tasks");
  await running(page);
  const tab = (name) => page.locator("#files [role=tab]", { hasText: name });
  await page.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.insertText("const  one : Int=1\n");
  await running(page);
  const before = await programText(page);
  await tab("tasks.tn").click();
  const other = await programText(page);
  await tab("main.tn").click();
  await page.evaluate(() => {
    document.querySelector("#format").click();
    [...document.querySelectorAll("#files [role=tab]")].find((tab) => tab.textContent === "tasks.tn").click();
  });
  await page.waitForTimeout(1500);
  assert.equal(await programText(page), other);
  await tab("main.tn").click();
  assert.equal(await programText(page), before);
  await page.locator("#format").click();
  await page.locator(".cm-line", { hasText: "const one: Int = 1" }).waitFor();
});

await test("marks of scenarios stay with their lines while the text has errors", async (page) => {
  await example(page, "Empty program");
  await write(page, PLANTS.replace("price == 9", "price == 8"));
  await page.locator(".cm-scenario.broken").waitFor();
  /** The text of the line that a mark stands beside. */
  const marked = () => page.evaluate(() => {
    const root = document.querySelector("#editor").shadowRoot;
    const top = (element) => Math.round(element.getBoundingClientRect().top);
    const mark = root.querySelector(".cm-scenario").closest(".cm-gutterElement");
    return [...root.querySelectorAll(".cm-line")].find((line) => Math.abs(top(line) - top(mark)) < 8)?.textContent;
  });
  assert.match(await marked(), /^scenario "a plant"/);
  await page.locator(".cm-content").focus();
  await page.keyboard.press("ControlOrMeta+Home");
  for (const line of ["fn wrong( {", "// a line", "// another"]) {
    await page.keyboard.insertText(`${line}\n`);
    await settled(page);
    await page.locator("#status.warn").waitFor();
    assert.match(await marked(), /^scenario "a plant"/);
  }
  const broken = await page.locator(".cm-broken").boundingBox();
  const line = await page.locator(".cm-line", { hasText: "price == 8" }).boundingBox();
  assert.ok(Math.abs(broken.y - line.y - line.height) < 12, "what broke stands below its line");
});

await test("the rows of an example are its own, however fast others are chosen", async (page) => {
  await page.evaluate(async () => {
    const choose = async (title) => {
      document.querySelector("#examples").click();
      for (let n = 0; n < 200 && !document.querySelector("#dialog[open] .card"); n++) await new Promise((done) => setTimeout(done, 10));
      [...document.querySelectorAll("#dialog .card")].find((card) => card.textContent.includes(title)).click();
    };
    await choose("Chat rooms and polls");
    await choose("A shop");
    await choose("A lending library");
    await choose("A shop");
  });
  await running(page);
  await show(page, "data");
  await page.locator("table.data tr", { hasText: "mug" }).waitFor();
  const counts = await page.locator(".chip .count").allInnerTexts();
  assert.equal(await page.locator(".toast.bad").count(), 0);
  await example(page, "Invoices");
  await example(page, "A shop");
  await page.locator("table.data tr", { hasText: "mug" }).waitFor();
  assert.deepEqual(await page.locator(".chip .count").allInnerTexts(), counts);
});

await test("numbers keep all their digits", async (page) => {
  const [big, bigger] = ["9007199254740993", "9007199254740995"];
  await example(page, "Empty program");
  await write(page, `relation A {
  key id: Int
  n: Int
  list: [Int]
}

handler put(id: Int, n: Int, list: [Int]) -> Int at POST "/a" public {
  insert A(id, n, list)
  n
}

query all() at GET "/a" public {
  from a in A select (n: a.n, list: a.list)
}
`);
  await running(page);
  await show(page, "data");
  await page.getByRole("button", { name: "Add a row" }).click();
  const dialog = page.locator("#dialog");
  const input = (name) => dialog.locator(".field", { has: page.locator(".name", { hasText: new RegExp(`^${name}$`) }) }).locator("input").first();
  await input("id").fill(big);
  await input("n").fill(big);
  await dialog.getByRole("button", { name: "Add one" }).click();
  await input("list").fill(big);
  await dialog.getByRole("button", { name: "Save" }).click();
  const row = page.locator("table.data tbody tr", { hasText: big });
  await row.waitFor();
  // The key that is changed by is this one.
  await row.getByRole("button", { name: /^n:/ }).click();
  await page.locator(".celledit input").fill(bigger);
  await page.keyboard.press("Enter");
  await row.getByRole("button", { name: /^n:/ }).getByText(bigger).waitFor();
  await row.getByRole("button", { name: /^list:/ }).click();
  assert.equal(await dialog.locator(".item input").inputValue(), big);
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByRole("button", { name: /^list:/ }).getByText(big).waitFor();
  await show(page, "requests");
  await page.locator(".endpoint", { hasText: "GET" }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer td", { hasText: bigger }).waitFor();
  // A request that is taken up again is the one that was sent, also where it was written as JSON.
  await page.locator(".endpoint", { hasText: "POST" }).click();
  await page.getByRole("button", { name: "Write the body as JSON" }).click();
  const body = page.getByRole("textbox", { name: "Body as JSON" });
  await body.fill(`{"id": 2, "n": ${bigger}, "list": [${big}, ${bigger}]}`);
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".answer .status", { hasText: "200" }).waitFor();
  await page.locator(".endpoint", { hasText: "GET" }).click();
  await page.locator(".history .entry", { hasText: "POST" }).click();
  assert.match(await body.inputValue(), new RegExp(`"list": \\[${big}, ${bigger}\\]`));
  await show(page, "data");
  await page.locator("table.data tbody tr", { hasText: `[${big}, ${bigger}]` }).waitFor();
  await row.getByRole("button", { name: /^Delete/ }).first().click();
  await page.locator("table.data tbody tr").nth(1).waitFor({ state: "detached" });
});

await test("all is emptied while the text has errors, and the program goes on", async (page) => {
  await example(page, "A shop");
  await running(page);
  const text = await programText(page);
  await write(page, text.replace("p.price * qty", "p.prise * qty"));
  await page.locator("#status.warn").waitFor();
  await page.getByRole("button", { name: "Empty all" }).click();
  await page.getByText("No rows in Product").waitFor();
  await page.getByRole("button", { name: "Add a row" }).waitFor();
  assert.equal(await page.locator("#status").getAttribute("class"), "warn");
});

if (!native) {
  await test("a slow line is waited for", async (page) => {
    const context = await page.context().browser().newContext({ serviceWorkers: "block" });
    await context.clock.install();
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    let asked = 0;
    await context.route("**/tenon.wasm", async (route) => {
      asked++;
      await held;
      await route.continue();
    });
    const slow = await open("desktop", "light", "", context, false);
    // Longer than any call may take.
    await slow.clock.fastForward(60_000);
    await slow.clock.fastForward(60_000);
    release();
    await running(slow);
    assert.equal(asked, 1, "the compiler is loaded once");
    assert.equal(await slow.locator(".toast.bad").count(), 0);
    // The language tools have waited too.
    await slow.locator(".cm-content .tn-keyword").first().waitFor();
    assert.deepEqual(slow.complaints, []);
    await context.close();
  });
}
