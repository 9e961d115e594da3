// Scenarios with their results: what passed, and of what did not, the expression and the values of its parts.

import { Drawn, fill, h, icon, refill } from "../dom";
import type { App } from "../app";
import type { At, Program, Report } from "../protocol";

export class ScenariosPanel {
  private focus = "";
  private drawn = new Drawn();

  constructor(private readonly app: App, private readonly place: HTMLElement) {
    app.on("reports", () => this.update());
    app.on("opened", () => this.update());
    app.on("panel", () => this.update());
  }

  open(name: string): void {
    this.focus = name;
    this.app.show("scenarios");
  }

  update(): void {
    if (this.app.panel !== "scenarios") return;
    const scenarios = this.app.program?.scenarios ?? [];
    const reports = this.app.reports;
    const stale = this.app.opened?.sound === false;
    if (this.drawn.differs(scenarios, reports.map((r) => r && [r.passed, r.broken]), stale)) this.draw(scenarios, reports, stale);
    if (this.focus) {
      const index = scenarios.findIndex((s) => s.name === this.focus);
      this.place.querySelectorAll<HTMLElement>("ul.scenarios > li")[index]?.scrollIntoView({ block: "nearest" });
      this.focus = "";
    }
  }

  private draw(scenarios: Program["scenarios"], reports: (Report | undefined)[], stale: boolean): void {
    if (scenarios.length === 0) {
      fill(this.place, h("div", { class: "empty" }, h("h2", {}, "No scenarios yet"),
        h("p", {}, "A ", h("code", {}, "scenario"), " says with ", h("code", {}, "given"), ", ", h("code", {}, "when"), " and ", h("code", {}, "then"),
          " what has to hold. Each runs by itself, with a store of its own, at every change of the program.")));
      return;
    }
    const done = reports.filter((r) => r !== undefined);
    const passed = done.filter((r) => r!.passed).length;
    const go = (at: At | null | undefined): void => { if (at) this.app.jump(at); };
    refill(this.place,
      h("div", { class: "bar" },
        h("p", { class: "summary", role: "status" }, done.length < scenarios.length ? "Running…"
          : passed === scenarios.length ? [icon("check"), `All ${passed} hold`]
            : [icon("cross"), `${scenarios.length - passed} of ${scenarios.length} do not hold`]),
        h("button", { onclick: () => void this.app.rerunScenarios() }, icon("play"), "Run again")),
      stale && h("p", { class: "note" }, "The program has errors: these are the results of its last version that had none."),
      h("ul", { class: "scenarios" }, scenarios.map((scenario, index) => {
        const report = reports[index];
        return h("li", { class: report === undefined ? "open" : report.passed ? "passed" : "broken" },
          h("button", { class: "title", onclick: () => go(this.app.program?.scenarios[index]?.at) },
            h("span", { class: "mark" }, icon(report === undefined ? "play" : report.passed ? "check" : "cross")),
            h("span", { class: "hidden" }, report === undefined ? "running: " : report.passed ? "holds: " : "does not hold: "),
            scenario.name),
          report && !report.passed && this.broken(report, (what) => go(this.app.reports[index]?.broken?.[what])));
      })));
  }

  private broken(report: Report, go: (what: "at" | "cause") => void): HTMLElement {
    const { at, message, text, parts, cause } = report.broken!;
    return h("div", { class: "broken" },
      h("p", { class: "message" }, message),
      text && h("pre", { class: "code", tabindex: 0 }, text),
      parts.length > 0 && h("table", {}, h("tbody", {}, parts.map(({ text, value }) =>
        h("tr", {}, h("th", { scope: "row" }, h("code", {}, text)), h("td", {}, h("code", {}, value)))))),
      h("p", { class: "links" },
        at && h("button", { class: "link", onclick: () => go("at") }, "Go to this step"),
        cause && h("button", { class: "link", onclick: () => go("cause") }, "Go to where it ended")));
  }
}
