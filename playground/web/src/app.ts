// What the page knows, and who hears of its changes.

import { Refused } from "./engine";
import type { Engine } from "./engine";
import type { Answer, At, Opened, Program, ProgramFile, Report, Rows } from "./protocol";

type Event = "opened" | "rows" | "reports" | "cursor" | "panel" | "sent";

export type PanelName = "program" | "data" | "requests" | "scenarios" | "schema" | "plan" | "core";

export class App {
  files: ProgramFile[] = [];
  title = "";
  opened: Opened | undefined;
  reports: (Report | undefined)[] = [];
  cursor = { file: "main.tn", offset: 0 };
  panel: PanelName = "data";
  /** Set while a program from a link waits for consent to run on this machine. */
  held = false;
  private listeners = new Map<Event, (() => void)[]>();
  private generation = 0;
  /** Rows for a program that has errors at first: they are stored when it runs. */
  private waiting: { [relation: string]: object[] } = {};

  /** Takes the text of the editor now, where it waits for a pause in typing. */
  settled: () => Promise<void> = () => Promise.resolve();

  constructor(readonly engine: Engine, readonly jump: (at: At) => void) {}

  on(event: Event, listener: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }

  emit(event: Event): void {
    for (const listener of this.listeners.get(event) ?? []) listener();
  }

  get program(): Program | undefined {
    return this.opened?.program;
  }

  /** Gives the text to the engine. `rows` are inserted into an empty store. */
  async open(fresh: boolean, rows: { [relation: string]: object[] } = {}): Promise<void> {
    if (this.held) return;
    const generation = ++this.generation;
    let opened: Opened;
    try {
      opened = await this.engine.ask<Opened>("open", { files: this.files, name: "playground", fresh });
    } catch (error) {
      // Whoever restarts the engine opens again.
      if (!(error instanceof Refused)) throw error;
      return;
    }
    if (fresh) this.waiting = rows;
    const filled = opened.sound && Object.keys(this.waiting).length > 0;
    if (filled) {
      const waiting = this.waiting;
      this.waiting = {};
      for (const [relation, list] of Object.entries(waiting)) {
        for (const row of list) await this.engine.ask<Answer>("insert", { relation, row }).catch(() => undefined);
      }
    }
    if (generation !== this.generation) return;
    this.opened = opened;
    if (fresh) this.reports = [];
    if (filled) await this.recount();
    this.emit("opened");
    this.emit("rows");
    if (opened.sound) await this.runScenarios(generation);
  }

  private async recount(): Promise<void> {
    for (const relation of this.program?.relations ?? []) {
      const { total } = await this.engine.ask<Rows>("rows", { relation: relation.name, limit: 0 });
      relation.count = total;
    }
  }

  /** Tells everybody that rows may have changed. */
  async changed(): Promise<void> {
    await this.recount();
    this.emit("rows");
  }

  private async runScenarios(generation: number): Promise<void> {
    const count = this.program?.scenarios.length ?? 0;
    const reports: (Report | undefined)[] = [];
    for (let index = 0; index < count; index++) {
      const report = await this.engine.ask<Report>("scenario", { index }).catch(() => undefined);
      if (generation !== this.generation) return;
      reports.push(report);
    }
    this.reports = reports;
    this.emit("reports");
  }

  async rerunScenarios(): Promise<void> {
    await this.runScenarios(this.generation);
  }

  show(panel: PanelName): void {
    this.panel = panel;
    this.emit("panel");
  }
}
