// Relations as live tables: rows come and go as requests run, and every cell can be changed by hand under the rules of
// the program.

import { Drawn, byId, fill, h, icon, toast } from "../dom";
import { Raw } from "../engine";
import { describe, fields, isScalar } from "../forms";
import { object } from "../json";
import type { App } from "../app";
import type { Answer, Column, Relation, Row, Rows } from "../protocol";
import { places, problemOf, sentence } from "./problem";

const PAGE = 200;
const NUMERIC = new Set(["int", "decimal", "float"]);

export class DataPanel {
  private relation = "";
  private limit = PAGE;
  private seen = new Map<string, Set<string>>();
  private filter = "";
  private generation = 0;
  private drawn = new Drawn();
  /** True while somebody types into a cell: nothing is drawn over it. */
  private editing = false;

  constructor(private readonly app: App, private readonly place: HTMLElement) {
    app.on("rows", () => void this.update());
    app.on("panel", () => void this.update());
  }

  /** The keys of a relation, for forms. */
  keys = async (relation: string): Promise<string[]> => {
    const { rows } = await this.app.ask<Rows>("rows", { relation, limit: PAGE });
    return rows.map((row) => row.key);
  };

  /** Shows a relation, and only rows that contain a text. */
  open(relation: string, filter = ""): void {
    this.relation = relation;
    this.filter = filter;
    this.limit = PAGE;
    this.editing = false;
    this.app.show("data");
  }

  async update(): Promise<void> {
    if (this.app.panel !== "data" || this.editing) return;
    const generation = ++this.generation;
    const relations = this.app.program?.relations ?? [];
    if (relations.length === 0) {
      this.drawn.differs();
      fill(this.place, h("div", { class: "empty" }, h("h2", {}, "No tables yet"),
        h("p", {}, "Declare a ", h("code", {}, "relation"), " in the program, and its table stands here, ready to be filled.")));
      return;
    }
    const relation = relations.find((r) => r.name === this.relation) ?? relations[0]!;
    this.relation = relation.name;
    let page: Rows;
    try {
      page = await this.app.ask<Rows>("rows", { relation: relation.name, limit: this.limit });
    } catch {
      return;
    }
    if (generation !== this.generation || this.editing) return;
    if (this.drawn.differs(relations.map((r) => [r.name, r.count]), relation, page, this.filter)) this.draw(relations, relation, page);
  }

  private draw(relations: Relation[], relation: Relation, page: Rows): void {
    const before = this.seen.get(relation.name);
    const now = new Set(page.rows.map((row) => row.key));
    this.seen.set(relation.name, now);
    const scroll = this.place.querySelector(".scroll");
    const [top, left] = [scroll?.scrollTop ?? 0, scroll?.scrollLeft ?? 0];
    const focused = (document.activeElement as HTMLElement | null)?.dataset.cell;
    const searching = this.place.querySelector<HTMLInputElement>("input[type=search]:focus");
    const selected = [searching?.selectionStart ?? null, searching?.selectionEnd ?? null] as const;
    const shown = this.filter === ""
      ? page.rows
      : page.rows.filter((row) => Object.values(row.texts).some((text) => text.toLowerCase().includes(this.filter.toLowerCase())));
    const table = h("table", { class: "data" },
      h("thead", {}, h("tr", {},
        relation.columns.map((column) => h("th", { scope: "col", class: NUMERIC.has(column.form?.kind ?? "") && !column.ref ? "number" : null },
          h("span", { class: "name" }, column.key && icon("key"), column.name),
          h("span", { class: "type" }, column.ref ?? describe(column.form)))),
        h("th", { scope: "col", class: "tools" }, h("span", { class: "hidden" }, "Tools")))),
      h("tbody", {}, shown.map((row) => this.row(relation, row, before !== undefined && !before.has(row.key)))));
    fill(this.place,
      h("div", { class: "chips", role: "group", "aria-label": "Relations" }, relations.map((r) => h("button", {
        class: "chip", "aria-pressed": String(r.name === relation.name), onclick: () => { this.filter = ""; this.open(r.name); },
      }, r.name, h("span", { class: "count" }, r.count)))),
      h("div", { class: "bar" },
        h("input", {
          type: "search", placeholder: "Find in rows", "aria-label": `Find in rows of ${relation.name}`, value: this.filter,
          oninput: (event: Event) => { this.filter = (event.target as HTMLInputElement).value; this.draw(relations, relation, page); },
        }),
        relation.insertable && h("button", { class: "primary", onclick: () => this.insert(relation) }, icon("plus"), "Add a row"),
        h("button", { onclick: () => void this.clear(), title: "Begin again with an empty store" }, icon("reset"), "Empty all")),
      page.total === 0
        ? h("div", { class: "empty" }, h("h2", {}, `No rows in ${relation.name}`),
          h("p", {}, relation.event
            ? "An event is only ever inserted: send a request whose handler does."
            : "Add one by hand, or send a request whose handler inserts one."))
        : h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Rows of ${relation.name}` }, table),
      page.total > page.rows.length && h("div", { class: "bar" }, `${page.rows.length} of ${page.total} rows`,
        h("button", { onclick: () => { this.limit += 1000; void this.update(); } }, "Show more")));
    const again = this.place.querySelector(".scroll");
    if (again) { again.scrollTop = top; again.scrollLeft = left; }
    if (focused) this.place.querySelector<HTMLElement>(`[data-cell="${CSS.escape(focused)}"]`)?.focus();
    if (searching) {
      const search = this.place.querySelector<HTMLInputElement>("input[type=search]");
      search?.focus();
      search?.setSelectionRange(...selected);
    }
  }

  private row(relation: Relation, row: Row, isNew: boolean): HTMLElement {
    return h("tr", { class: isNew ? "new" : null },
      relation.columns.map((column) => this.cell(relation, row, column)),
      h("td", { class: "tools" }, !relation.event && h("button", {
        class: "plain", "aria-label": `Delete ${row.key}`, title: "Delete this row", onclick: () => void this.remove(relation, row),
      }, icon("trash"))));
  }

  private cell(relation: Relation, row: Row, column: Column): HTMLElement {
    const text = row.texts[column.name] ?? "";
    const numeric = NUMERIC.has(column.form?.kind ?? "") && !column.ref;
    const shown = column.secret ? h("span", { class: "none" }, "secret") : text === "" && column.optional ? h("span", { class: "none" }, "none") : short(text);
    const id = `${relation.name} ${row.key} ${column.name}`;
    const cell = h("td", { class: numeric ? "number" : null });
    if (column.key || relation.event || !relation.editable) {
      const target = column.ref;
      cell.append(target && text !== ""
        ? h("button", { class: "link", title: `Show this ${target}`, "data-cell": id, onclick: () => this.open(target, text) }, shown)
        : h("span", { class: "fixed", title: text }, shown));
      return cell;
    }
    const edit = (): void => this.edit(relation, row, column, cell);
    cell.append(h("button", {
      class: "cell", "data-cell": id, title: text, "aria-label": `${column.name}: ${text === "" ? "none" : text}. Change`, onclick: edit,
    }, shown));
    if (column.ref && text !== "") {
      const target = column.ref;
      cell.classList.add("refers");
      cell.append(h("button", { class: "plain follow", "aria-label": `Show ${target} ${text}`, title: `Show this ${target}`, onclick: () => this.open(target, text) }, icon("next")));
    }
    return cell;
  }

  private edit(relation: Relation, row: Row, column: Column, cell: HTMLElement): void {
    const inner = column.form?.kind === "option" ? column.form.of : column.form;
    if (!isScalar(inner) && !column.ref) return this.editBig(relation, row, column);
    const form = fields([{ ...column, presence: "required", default: undefined } as Column], this.keys);
    const input = form.inputs.get(column.name)!;
    const value = row.fields[column.name];
    if (value !== undefined) input.set(value);
    let over = false;
    this.editing = true;
    const end = (): void => {
      over = true;
      this.editing = false;
      // The cell is not as it was drawn.
      this.drawn.differs();
    };
    const close = (): void => {
      if (over) return;
      end();
      void this.update();
    };
    const save = async (): Promise<void> => {
      if (over) return;
      const json = input.json() ?? (column.optional ? "null" : '""');
      if (json === value) return close();
      end();
      await this.write("edit", relation, row, object([[column.name, json]]));
    };
    const clear = column.optional && h("button", {
      class: "small", type: "button", title: "Set to none",
      onclick: () => { end(); void this.write("edit", relation, row, object([[column.name, "null"]])); },
    }, "none");
    const editor = h("div", { class: "celledit" }, input.element, clear);
    editor.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !(event.target as HTMLElement).matches("button, textarea")) { event.preventDefault(); void save(); }
      if (event.key === "Escape") { event.stopPropagation(); close(); }
    });
    editor.addEventListener("focusout", (event) => {
      if (!editor.contains(event.relatedTarget as Node | null)) void save();
    });
    fill(cell, editor);
    const target = editor.querySelector<HTMLInputElement>("input:not([type=checkbox]), select, textarea");
    target?.focus();
    if (target?.matches("input")) target.select();
  }

  private editBig(relation: Relation, row: Row, column: Column): void {
    const form = fields([{ ...column, presence: "required" } as Column], this.keys);
    const value = row.fields[column.name];
    if (value !== undefined) form.set(object([[column.name, value]]));
    this.dialog(`Change ${column.name} of ${relation.name}`, form.element, async () => {
      const json = form.inputs.get(column.name)!.json() ?? "null";
      return this.app.ask<Answer>("edit", { relation: relation.name, key: new Raw(row.key), set: new Raw(object([[column.name, json]])) });
    }, (problems) => form.blame(problems.map(({ place, detail }) => ({ place: place.replace(/^\/set/, ""), detail }))));
  }

  private insert(relation: Relation): void {
    const form = fields(relation.columns, this.keys);
    this.dialog(`Add a row to ${relation.name}`, form.element,
      async () => this.app.ask<Answer>("insert", { relation: relation.name, row: new Raw(form.json()) }),
      (problems) => form.blame(problems));
  }

  private dialog(
    title: string, content: HTMLElement, submit: () => Promise<Answer>,
    blame: (problems: { place: string; detail: string }[]) => { place: string; detail: string }[],
  ): void {
    const dialog = byId<HTMLDialogElement>("dialog");
    const trouble = h("p", { class: "complaint", role: "alert", hidden: true });
    const form = h("form", { method: "dialog", class: "dialog" }, h("h2", {}, title), content, trouble,
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", class: "primary" }, "Save")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void submit().then(async (answer) => {
        if (answer.status < 400) {
          dialog.close();
          await this.app.changed();
          return;
        }
        const rest = blame(places(problemOf(answer) ?? {}));
        const said = rest.map(({ place, detail }) => `${place} ${detail}`).join("; ");
        trouble.textContent = said !== "" || places(problemOf(answer) ?? {}).length > 0 ? said : sentence(answer);
        trouble.hidden = trouble.textContent === "";
      }, (error: Error) => { trouble.textContent = error.message; trouble.hidden = false; });
    });
    fill(dialog, form);
    dialog.showModal();
    form.querySelector<HTMLElement>("input:not([type=checkbox]), select, textarea")?.focus();
  }

  /** Changes a row; without `set` it is removed. */
  private async write(what: "edit" | "delete", relation: Relation, row: Row, set?: string): Promise<void> {
    try {
      const answer = await this.app.ask<Answer>(what, {
        relation: relation.name, key: new Raw(row.key), set: set === undefined ? undefined : new Raw(set),
      });
      if (answer.status >= 400) toast(sentence(answer), "bad");
    } catch (error) {
      toast((error as Error).message, "bad");
    }
    await this.app.changed();
  }

  private remove(relation: Relation, row: Row): Promise<void> {
    return this.write("delete", relation, row);
  }

  private async clear(): Promise<void> {
    try {
      await this.app.ask("empty");
    } catch (error) {
      return toast((error as Error).message, "bad");
    }
    this.seen.clear();
    toast("All tables are empty.");
    await this.app.changed();
  }
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

