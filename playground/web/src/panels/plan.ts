// The plan of the query under the cursor, and the item in the other phases of the compiler.

import { Drawn, fill, h, refill } from "../dom";
import type { App } from "../app";
import type { At, Explained, Index, Operator, Phases, Plan } from "../protocol";

function placeOf(site: string | null | undefined, text: number): At | undefined {
  const match = site && /^(.*):(\d+):(\d+)$/.exec(site);
  return match ? { file: match[1]!, from: Number(match[2]), to: Number(match[3]), text } : undefined;
}

export class PlanPanel {
  private generation = 0;
  private phase = "Core";
  private drawn = new Drawn();
  private subject = "";
  /** The version of the text that what is drawn has its places in. */
  private text = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly app: App, private readonly plan: HTMLElement, private readonly core: HTMLElement) {
    app.on("opened", () => this.soon());
    app.on("cursor", () => this.soon());
    app.on("panel", () => this.soon());
  }

  private soon(): void {
    if (this.app.panel !== "plan" && this.app.panel !== "core") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.update(), 120);
  }

  private async update(): Promise<void> {
    const generation = ++this.generation;
    // The engine may have another program than the one that is shown and waits.
    if (this.app.held) {
      this.drawn.differs();
      return fill(this.app.panel === "core" ? this.core : this.plan);
    }
    if (this.app.panel === "core") {
      const phases = await this.app.ask<Phases | null>("phases", this.app.cursor).catch(() => undefined);
      if (phases !== undefined && generation === this.generation && this.drawn.differs("core", phases)) this.drawPhases(phases);
      return;
    }
    const { text } = this.app;
    const explained = await this.app.ask<Explained>("explain", this.app.cursor).catch(() => undefined);
    if (!explained || generation !== this.generation) return;
    this.text = text;
    if (!this.drawn.differs("plan", explained)) return;
    this.drawPlan(explained);
  }

  private heading(explained: Explained): HTMLElement | false {
    return explained.item !== null && h("p", { class: "call" }, h("span", { class: "soft" }, explained.item.kind), h("code", {}, explained.item.name));
  }

  private drawPlan(explained: Explained): void {
    const plans = explained.plans ?? [];
    const indexes = (explained.indexes ?? []).filter((index) => explained.item?.name === index.relation
      || index.reasons.some((reason) => reason.query === explained.item?.name));
    if (plans.length === 0 && indexes.length === 0) {
      fill(this.plan, h("div", { class: "empty" }, h("h2", {}, "No query here"),
        h("p", {}, explained.refused ?? "Put the cursor into a query. Its plan stands here: how the data is found, joined, grouped and sorted, "
          + "and with which indexes. Nothing in a plan runs once per row of something else.")));
      return;
    }
    // The same item stays where somebody reads it.
    const draw = explained.item?.name === this.subject ? refill : fill;
    this.subject = explained.item?.name ?? "";
    draw(this.plan, this.heading(explained), plans.map((plan) => this.one(plan)), indexes.length > 0 && this.indexes(indexes));
  }

  private one(plan: Plan): HTMLElement {
    const most = Math.max(1, ...rowsOf(plan.root));
    return h("section", { class: plan.here ? "planned here" : "planned" },
      plan.temps.map((temp, index) => [h("h2", {}, `First, kept aside as ${index}: ${temp.columns.join(", ")}`), this.tree(temp.root, most)]),
      plan.temps.length > 0 && h("h2", {}, "Then"),
      this.tree(plan.root, most));
  }

  private tree(op: Operator, most: number): HTMLElement {
    const at = placeOf(op.site, this.text);
    const width = Math.max(2, Math.round(100 * Math.log10(1 + op.estimated) / Math.log10(1 + most)));
    const bar = h("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--width", `${width}%`);
    return h("ul", { class: "plan" }, h("li", {},
      h("div", { class: "op" },
        at ? h("button", { class: "link name", onclick: () => this.app.jump({ ...at, text: this.text }) }, op.op) : h("span", { class: "name" }, op.op),
        h("code", {}, op.detail),
        h("span", { class: "rows" }, bar, `about ${op.estimated} rows`)),
      op.inputs.map((input) => this.tree(input, most))));
  }

  private indexes(indexes: Index[]): HTMLElement {
    return h("section", {}, h("h2", {}, "Indexes"), h("ul", { class: "indexes" }, indexes.map((index) => h("li", {},
      h("code", {}, `${index.relation} (${index.parts.map((p) => p.field + (p.descending ? " desc" : "")).join(", ")})`),
      h("span", { class: "soft" }, ` ${index.kind}${index.hinted ? ", asked for by the program" : ""}`),
      h("ul", {}, index.reasons.map((reason) => h("li", {}, h("code", {}, reason.query), ` ${reason.text}`)))))));
  }

  private drawPhases(phases: Phases | null): void {
    if (!phases) {
      fill(this.core, h("div", { class: "empty" }, h("h2", {}, "No item here"),
        h("p", {}, "Put the cursor into an item of the program. Core is the small language that it becomes: what the evaluator of "
          + "this page runs, and what the planner and the native compiler read. The phases before it stand beside it.")));
      return;
    }
    const texts: { [name: string]: string } = { Core: phases.core, Types: phases.typed, Tree: phases.tree, Tokens: "" };
    const about: { [name: string]: string } = {
      Core: phases.missing ?? "This item becomes nothing of its own in Core: others take it in.",
      Types: "This item has no code.", Tree: "This item could not be read.", Tokens: "",
    };
    const text = texts[this.phase]!;
    fill(this.core,
      h("div", { class: "bar" }, h("p", { class: "call" }, h("code", {}, phases.item)),
        h("div", { class: "chips", role: "group", "aria-label": "Phases" }, Object.keys(texts).map((name) => h("button", {
          class: "chip", "aria-pressed": String(name === this.phase), onclick: () => { this.phase = name; this.drawPhases(phases); },
        }, name)))),
      this.phase === "Tokens"
        ? h("p", { class: "tokens code" }, phases.tokens.map((token) => [h("span", { class: `token ${token.class}`, title: `${token.kind}, ${token.class}` }, token.text), " "]))
        : text === "" ? h("p", { class: "hint" }, about[this.phase]!) : h("pre", { class: "code core", tabindex: 0 }, text));
  }
}

function rowsOf(op: Operator): number[] {
  return [op.estimated, ...op.inputs.flatMap(rowsOf)];
}
