// Programs that come with a link, and the sessions of pages with a native engine.

import assert from "node:assert/strict";
import { PLANTS, example, native, open, programText, running, settled, show, test, write } from "./harness.mjs";

const STRANGE = 'query strange() -> Int at GET "/strange" public { 1 }\n';

/** A link to a program, made by the page itself. */
async function linkTo(page, text) {
  await example(page, "Empty program");
  await write(page, text);
  await running(page);
  await page.locator("#share").click();
  await page.locator(".toast", { hasText: "The link" }).first().waitFor();
  return page.evaluate(() => location.hash);
}

if (native) {
  await test("a program from a link waits, takes nobody's place, and runs when it is said", async (page) => {
    const link = await linkTo(page, STRANGE);
    await page.evaluate(() => { location.hash = ""; });
    await example(page, "Empty program");
    await write(page, PLANTS);
    await running(page);
    await page.evaluate((hash) => { location.hash = hash; }, link);
    const bar = page.locator("#consent");
    await bar.waitFor();
    const status = page.locator("#status", { hasText: "Waits to be run" });
    await status.waitFor();
    // Nothing of the program before is shown as if it were this one's.
    await show(page, "requests");
    await page.getByText("Nothing to call yet").waitFor();
    await show(page, "schema");
    await page.getByText("Nothing to draw yet").waitFor();
    assert.equal(await page.locator(".node").count(), 0);
    await show(page, "requests");
    // What is typed into it neither runs it nor is kept.
    await page.locator(".cm-content").focus();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.insertText("// x\n");
    await page.waitForTimeout(600);
    await status.waitFor();
    assert.ok(await bar.isVisible());
    assert.doesNotMatch(await page.evaluate(() => localStorage.getItem("tenon-program")), /strange/);
    const again = await open("desktop", "light", "", page.context());
    assert.match(await programText(again), /relation Plant/);
    await again.close();
    await bar.getByRole("button", { name: "Run it" }).click();
    await running(page);
    await page.locator(".endpoint", { hasText: "/strange" }).waitFor();
    assert.ok(await bar.isHidden());
  });

  await test("consent for a link is not asked for of another program", async (page) => {
    const link = await linkTo(page, STRANGE);
    await page.evaluate(() => { location.hash = ""; });
    await page.evaluate((hash) => { location.hash = hash; }, link);
    await page.locator("#consent").waitFor();
    await example(page, "A shop");
    await running(page);
    assert.ok(await page.locator("#consent").isHidden());
    await page.locator("table.data tr", { hasText: "mug" }).waitFor();
    // And one that was given does not count for the next link.
    await page.evaluate(() => { location.hash = ""; });
    await page.evaluate((hash) => { location.hash = hash; }, link);
    await page.locator("#consent").waitFor();
    await page.locator("#start-tour").click();
    await running(page);
    assert.ok(await page.locator("#consent").isHidden());
  });

  await test("a page ends its session, also for a link; others keep theirs", async (page) => {
    await example(page, "A shop");
    await running(page);
    for (let n = 0; n < 20; n++) {
      const other = await open("desktop", "light", "", page.context());
      await other.close({ runBeforeUnload: false });
    }
    await show(page, "requests");
    await page.locator(".endpoint", { hasText: "/revenue" }).click();
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator(".answer .status", { hasText: "200" }).waitFor();
    assert.equal(await page.locator(".toast.bad").count(), 0);
  });

  await test("a page whose session is gone begins again, also behind a link", async (page) => {
    await example(page, "A shop");
    await running(page);
    const asked = page.waitForRequest((request) => request.url().includes("/engine/") && request.method() === "POST");
    await page.locator("#tab-schema").click();
    const url = (await asked).url();
    assert.equal(await page.evaluate(async (url) => (await fetch(url, { method: "DELETE" })).status, url), 204);
    await page.locator(".cm-content").focus();
    await page.keyboard.press("ControlOrMeta+Home");
    await page.keyboard.insertText("// a\n");
    await page.locator(".toast.bad", { hasText: "was ended" }).waitFor();
    await running(page);
    // The language tools too.
    await page.keyboard.insertText("fn brand_new() -> Int { 1 }\n");
    await page.locator(".cm-content .tn-function.tn-declaration", { hasText: "brand_new" }).waitFor();
    page.complaints = page.complaints.filter((complaint) => !complaint.includes("410"));
  });
} else {
  await test("a link to another program is shown at once", async (page) => {
    const link = await linkTo(page, STRANGE);
    await page.evaluate(() => { location.hash = ""; });
    await page.locator("#start-tour").click();
    await settled(page);
    await page.evaluate((hash) => { location.hash = hash; }, link);
    await running(page);
    assert.ok(await page.locator("#tour").isHidden());
    assert.match(await programText(page), /strange/);
  });
}
