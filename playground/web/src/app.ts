// What the page knows, and who hears of its changes.

import { Refused } from "./engine";
import type { Engine } from "./engine";
import type { At, Opened, Program, ProgramFile, Report, Rows } from "./protocol";

type Event = "opened" | "rows" | "reports" | "cursor" | "panel" | "sent" | "busy";

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
  /** True from the moment that a text changes until what is shown belongs to it. */
  busy = true;
  /** True while what is shown is of the program before. */
  starting = true;
  private generation = 0;
  /** Rows that found no place in an answer that nobody has seen. */
  private leftOut: Opened["leftOut"] = [];

  /** Takes the text of the editor now, where it waits for a pause in typing. */
  settled: () => Promise<void> = () => Promise.resolve();
  /** The program as the editor has it, and the version of its text. */
  source: () => { files: ProgramFile[]; version: number } = () => ({ files: this.files, version: 0 });
  /** The version of the text that the engine has. */
  text = 0;

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

  /**
   * Asks the engine about the program. It answers in the order in which it is asked, so places in the answer are places in the
   * text that was given to it last; each place says so.
   */
  async ask<T>(what: string, args: object = {}): Promise<T> {
    const { text } = this;
    return placed(await this.engine.ask<T>(what, args), text);
  }

  /** Shows a program that is not run until somebody says so. */
  hold(): void {
    this.outdated();
    this.held = true;
    this.opened = undefined;
    this.reports = [];
    this.starting = false;
    for (const event of ["opened", "rows", "reports"] as const) this.emit(event);
    this.settle(false);
  }

  /** The text changes: an answer that still comes belongs to an older one, and is dropped. */
  outdated(): void {
    this.generation++;
    this.settle(true);
  }

  private settle(busy: boolean): void {
    this.busy = busy;
    this.emit("busy");
  }

  /** Gives the text to the engine. With `fresh` the store begins anew, with these rows. */
  async open(fresh: boolean, rows: { [relation: string]: object[] } = {}): Promise<void> {
    if (this.held) return this.settle(false);
    this.starting ||= fresh;
    this.outdated();
    const generation = this.generation;
    let opened: Opened;
    const { files, version } = this.source();
    this.files = files;
    this.text = version;
    try {
      opened = await this.ask<Opened>("open", { files, name: "playground", fresh, rows });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Whoever restarts the engine opens again.
      if (generation === this.generation) this.settle(false);
      return;
    }
    this.leftOut.push(...opened.leftOut);
    if (generation !== this.generation) return;
    this.opened = { ...opened, leftOut: this.leftOut.splice(0) };
    this.starting = false;
    if (fresh) this.reports = [];
    this.emit("opened");
    this.emit("rows");
    this.settle(false);
    if (opened.sound) await this.runScenarios(generation);
  }

  private async recount(): Promise<void> {
    for (const relation of this.program?.relations ?? []) {
      const { total } = await this.ask<Rows>("rows", { relation: relation.name, limit: 0 });
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
      const report = await this.ask<Report>("scenario", { index }).catch(() => undefined);
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

/** Says of every place in an answer which version of the text it is a place in. */
function placed<T>(answer: T, text: number): T {
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== "object") return;
    const at = value as Partial<At>;
    if (typeof at.file === "string" && typeof at.from === "number" && typeof at.to === "number") at.text = text;
    for (const part of Object.values(value)) visit(part);
  };
  visit(answer);
  return answer;
}
