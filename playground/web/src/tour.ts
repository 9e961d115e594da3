// The guided tour: a text, a program and a task per step, and the engine decides when the task is done.

import { Drawn, byId, fill, h, icon, toast } from "./dom";
import { inline, markdown } from "./markdown";
import type { App } from "./app";
import type { Json } from "./protocol";

export interface Step {
  title: string;
  text: string;
  task: string;
  program: string;
  rows: { [relation: string]: object[] };
  solution: string;
  do: ({ do: string } & { [name: string]: Json })[];
  panel: string;
}

interface Verdict { done: boolean; missing: string }

const KEY = "tenon-tour";

export class Tour {
  private steps: Step[] = [];
  private at = 0;
  private reached = 0;
  private done = new Set<number>();
  private running = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private generation = 0;
  private drawn = new Drawn();

  constructor(
    private readonly app: App, private readonly place: HTMLElement,
    private readonly load: (title: string, program: string, rows: Step["rows"]) => Promise<void>,
    private readonly replace: (program: string) => void,
    private readonly left: () => void,
    private readonly narrow: () => boolean,
  ) {
    for (const event of ["opened", "rows", "sent", "reports"] as const) app.on(event, () => this.soon());
    try {
      const saved = JSON.parse(localStorage.getItem(KEY) ?? "null") as { at: number; reached: number } | null;
      if (saved) [this.at, this.reached] = [saved.at, saved.reached];
    } catch {
      // Nothing was kept: the tour begins at its beginning.
    }
  }

  get active(): boolean {
    return this.running;
  }

  async start(at = this.at): Promise<void> {
    if (this.steps.length === 0) this.steps = await this.app.engine.ask<Step[]>("tour");
    this.running = true;
    await this.go(Math.min(Math.max(0, at), this.steps.length - 1));
  }

  /** Leaves the tour; `back` to what was there before. */
  stop(back = true): void {
    this.running = false;
    this.place.hidden = true;
    if (back) this.left();
  }

  private async go(at: number): Promise<void> {
    this.at = at;
    this.reached = Math.max(this.reached, at);
    try {
      localStorage.setItem(KEY, JSON.stringify({ at: this.at, reached: this.reached }));
    } catch {
      // The next visit begins at the beginning.
    }
    this.generation++;
    this.done.delete(at);
    const step = this.steps[at]!;
    this.draw(undefined);
    // Where one part is seen at a time, it is the one with the task.
    if (this.narrow()) this.app.show("program");
    else if (step.panel !== "") this.app.show(step.panel as App["panel"]);
    this.place.querySelector("h2")?.focus({ preventScroll: true });
    this.place.scrollTop = 0;
    await this.load(`Tour: ${step.title}`, step.program, step.rows);
  }

  private soon(): void {
    if (!this.running) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.check(), 80);
  }

  private async check(): Promise<void> {
    const generation = this.generation;
    const verdict = await this.app.engine.ask<Verdict>("verdict", { step: this.at } as { [name: string]: Json }).catch(() => undefined);
    if (!verdict || generation !== this.generation || !this.running) return;
    const fresh = verdict.done && !this.done.has(this.at);
    if (verdict.done) this.done.add(this.at);
    if (fresh && this.narrow() && this.app.panel !== "program") toast("Done. The next step waits under Program.");
    if (fresh || !this.done.has(this.at)) this.draw(verdict);
  }

  private draw(verdict: Verdict | undefined): void {
    const step = this.steps[this.at]!;
    const done = this.done.has(this.at);
    const last = this.at === this.steps.length - 1;
    this.place.hidden = false;
    const state = this.place.querySelector(".state");
    if (verdict && state && this.place.dataset.step === String(this.at)) {
      // Only the state changes while somebody works on a step.
      if (this.drawn.differs(done, verdict.missing)) state.replaceWith(this.state(done, last, verdict));
      return;
    }
    this.drawn.differs();
    this.place.dataset.step = String(this.at);
    fill(this.place,
      h("header", {},
        h("label", { class: "soft" }, h("span", { class: "hidden" }, "Step"), h("select", {
          "aria-label": "Step of the tour", onchange: (event: Event) => void this.go(Number((event.target as HTMLSelectElement).value)),
        }, this.steps.map((s, index) => h("option", { value: index, selected: index === this.at }, `${index + 1} of ${this.steps.length}: ${s.title}`)))),
        h("button", { class: "plain", "aria-label": "Leave the tour", title: "Leave the tour", onclick: () => this.stop() }, icon("close"))),
      h("div", { class: "progress", role: "progressbar", "aria-label": "Progress of the tour", "aria-valuenow": this.at + 1, "aria-valuemin": 1, "aria-valuemax": this.steps.length },
        this.steps.map((_, index) => h("i", { class: index < this.at ? "past" : index === this.at ? "here" : "" }))),
      h("h2", { tabindex: -1 }, step.title),
      h("div", { class: "prose" }, markdown(step.text)),
      h("div", { class: "task" }, markdown(step.task)),
      this.state(done, last, verdict));
  }

  /** Does what the step asks for. */
  private async solve(step: Step): Promise<void> {
    this.replace(step.solution);
    await this.app.settled();
    for (const { do: what, ...request } of step.do) await this.app.ask(what, request);
    if (step.do.length > 0) await this.app.changed();
  }

  private state(done: boolean, last: boolean, verdict: Verdict | undefined): HTMLElement {
    const step = this.steps[this.at]!;
    return h("div", { class: `state ${done ? "done" : ""}` },
      h("p", { role: "status" }, done ? [icon("check"), last ? "Done. That was the whole tour." : "Done."] : h("span", {}, inline(verdict?.missing ?? ""))),
      h("div", { class: "buttons" },
        h("button", { disabled: this.at === 0, onclick: () => void this.go(this.at - 1) }, icon("back"), "Back"),
        !done && h("button", { onclick: () => void this.solve(step) }, "Show me"),
        last
          ? done && h("button", { class: "primary", onclick: () => { this.stop(false); byId("examples").click(); } }, "See the examples")
          : h("button", { class: done ? "primary next" : "next", onclick: () => void this.go(this.at + 1) }, done ? "Next" : "Skip", icon("next"))));
  }
}
