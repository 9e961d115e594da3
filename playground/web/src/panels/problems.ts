// What is wrong with the program, each with the ways to mend it.

import { Drawn, byId, fill, h, icon, refill } from "../dom";
import type { App } from "../app";
import type { Fix, Problem } from "../protocol";

export class ProblemsPanel {
  private open = false;
  private drawn = new Drawn();

  constructor(private readonly app: App, private readonly place: HTMLElement, private readonly fix: (fix: Fix) => void) {
    app.on("opened", () => this.update());
    byId("problems-toggle").addEventListener("click", () => {
      this.open = !this.open;
      this.update();
    });
  }

  update(): void {
    // A program that waits for consent has not been looked at.
    const problems = this.app.opened?.problems ?? [];
    const errors = problems.filter((p) => p.severity === "error").length;
    const others = problems.length - errors;
    const words = [
      errors > 0 && `${errors} error${errors > 1 ? "s" : ""}`,
      others > 0 && `${others} note${others > 1 ? "s" : ""}`,
    ].filter((w) => w !== false);
    const toggle = byId("problems-toggle");
    const expanded = this.open && problems.length > 0;
    toggle.setAttribute("aria-expanded", String(expanded));
    toggle.className = errors > 0 ? "bad" : others > 0 ? "warn" : "good";
    (toggle as HTMLButtonElement).disabled = problems.length === 0;
    if (this.app.opened) fill(toggle, icon(problems.length === 0 ? "check" : "warn"), problems.length === 0 ? "No problems" : words.join(", "));
    else fill(toggle, "…");
    this.place.hidden = !expanded;
    if (!this.drawn.differs(problems)) return;
    const now = (index: number): Problem => this.app.opened!.problems[index]!;
    refill(this.place, h("ul", {}, problems.map((problem, index) => h("li", { class: problem.severity },
      h("button", { class: "problem-title", onclick: () => this.app.jump(now(index).primary.at) },
        h("span", { class: "message" }, problem.message),
        h("span", { class: "soft" }, ` ${problem.code} ${problem.name}`)),
      problem.primary.message && h("p", {}, problem.primary.message),
      problem.secondary.map((label, nth) => h("p", {},
        h("button", { class: "link", onclick: () => this.app.jump(now(index).secondary[nth]!.at) }, label.message))),
      problem.notes.map((note) => h("p", {}, note)),
      problem.fixes.map((fix, nth) => h("button", { class: "small", onclick: () => this.fix(now(index).fixes[nth]!) }, icon("wand"), fix.title))))));
  }
}
