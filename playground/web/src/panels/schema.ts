// The program as a picture: relations with their fields, references between them, and who reads and writes what. A layout
// in layers: what is referred to stands above what refers to it, and callables stand below.

import { Drawn, fill, h, s } from "../dom";
import type { App } from "../app";
import type { Schema } from "../protocol";
import { HEAD, LETTER, LINE, layOut } from "./layout";
import type { Edge, Node, Picture } from "./layout";

const SHOWN_FIELDS = 9;

function gather(schema: Schema, callables: boolean): { nodes: Node[]; edges: Edge[] } {
  const nodes: Node[] = [];
  const edges: Edge[] = schema.references.map(({ from, field, to }) => ({ from, to, label: field, kind: "reference" }));
  for (const entity of schema.entities) {
    const lines = entity.fields.map((field) => ({ text: field.name, key: field.key, soft: field.computed ? `=> ${short(field.type)}` : short(field.type) }));
    if (lines.length > SHOWN_FIELDS) lines.splice(SHOWN_FIELDS - 1, lines.length, { text: `${lines.length - SHOWN_FIELDS + 1} more`, key: false, soft: "" });
    const widest = Math.max(entity.name.length + (entity.kind === "relation" ? 0 : 7), ...lines.map((l) => l.text.length + l.soft.length + 2));
    nodes.push({
      id: entity.id, kind: entity.kind, title: entity.name, lines, at: entity.at,
      width: Math.max(120, widest * LETTER + 28), height: HEAD + lines.length * LINE + 8, layer: 0, row: 0, x: 0, y: 0,
    });
  }
  if (callables) {
    const shown = schema.accesses.filter((access) => access.kind === "query" || access.kind === "handler");
    for (const access of shown) {
      const id = `${access.kind} ${access.item}`;
      if (!nodes.some((node) => node.id === id)) {
        nodes.push({
          id, kind: "callable", title: access.item, lines: [], at: access.at,
          width: Math.max(96, access.item.length * LETTER + 34), height: HEAD, layer: 0, row: 0, x: 0, y: 0,
        });
      }
      edges.push({ from: id, to: access.entity, label: "", kind: access.writes ? "writes" : "reads" });
    }
  }
  return { nodes, edges };
}

function short(type: string): string {
  return type.length > 22 ? `${type.slice(0, 21)}…` : type;
}

export class SchemaPanel {
  private callables = true;
  private nodes: Node[] = [];
  private drawn = new Drawn();

  constructor(private readonly app: App, private readonly place: HTMLElement, private readonly openTable: (relation: string) => void) {
    app.on("opened", () => void this.update());
    app.on("cursor", () => this.mark());
    app.on("panel", () => void this.update());
  }

  async update(): Promise<void> {
    if (this.app.panel !== "schema") return;
    // The engine may have another program than the one that is shown and waits.
    const schema = this.app.held ? undefined : await this.app.ask<Schema>("schema").catch(() => undefined);
    if ((!schema && !this.app.held) || this.app.panel !== "schema") return;
    if (!schema || schema.entities.length === 0) {
      this.drawn.differs();
      fill(this.place, h("div", { class: "empty" }, h("h2", {}, "Nothing to draw yet"),
        h("p", {}, "Relations, the references between them, and who reads and writes them stand here as soon as the program declares some.")));
      return;
    }
    const { nodes, edges } = gather(schema, this.callables);
    this.nodes = nodes;
    const room = Math.max(300, this.place.clientWidth - 36);
    if (!this.drawn.differs(schema, this.callables, room)) return this.mark();
    const scroller = this.place.querySelector(".picture");
    const [top, left] = [scroller?.scrollTop ?? 0, scroller?.scrollLeft ?? 0];
    const picture = layOut(nodes, edges, room);
    const { width, height } = picture;
    const svg = s("svg", { viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`, width: Math.round(width), height: Math.round(height), role: "group", "aria-label": "Schema" },
      s("defs", {}, ["reference", "reads", "writes"].map((kind) => s("marker", {
        id: `arrow-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", class: kind,
      }, s("path", { d: "M0 0.5L7.500 4 0 7.500z" })))),
      edges.map((edge) => this.edge(picture, nodes, edge)),
      nodes.map((node) => this.node(node)));
    fill(this.place,
      h("div", { class: "bar" },
        h("label", { class: "check" }, h("input", {
          type: "checkbox", checked: this.callables, onchange: () => { this.callables = !this.callables; void this.update(); },
        }), "Who reads and writes"),
        h("span", { class: "legend" }, h("i", { class: "reference" }), "refers to", this.callables && [h("i", { class: "writes" }), "writes", h("i", { class: "reads" }), "reads"])),
      h("div", { class: "scroll picture", tabindex: 0, role: "region", "aria-label": "Schema" }, svg));
    this.place.querySelector(".picture")!.scrollTo(left, top);
    this.mark();
  }

  private edge(picture: Picture, nodes: Node[], edge: Edge): SVGElement | null {
    const from = nodes.find((node) => node.id === edge.from);
    const to = nodes.find((node) => node.id === edge.to);
    if (!from || !to) return null;
    const attributes = { class: `edge ${edge.kind}`, "data-from": from.id, "data-to": to.id, "marker-end": `url(#arrow-${edge.kind})` };
    const says = edge.kind === "reference" ? `${from.title}.${edge.label} refers to ${to.title}` : `${from.title} ${edge.kind} ${to.title}`;
    return s("path", { ...attributes, d: picture.route(from, to) }, s("title", {}, says));
  }

  private node(node: Node): SVGElement {
    const go = (): void => {
      const at = this.nodes.find((now) => now.id === node.id)?.at;
      if (at) this.app.jump(at);
    };
    const group = s("g", {
      class: `node ${node.kind}`, "data-id": node.id, transform: `translate(${node.x} ${node.y})`, tabindex: 0, role: "button",
      onclick: go,
      ondblclick: () => { if (node.kind === "relation" || node.kind === "event") this.openTable(node.title); },
      onkeydown: (event: Event) => { if (["Enter", " "].includes((event as KeyboardEvent).key)) { event.preventDefault(); go(); } },
      onmouseenter: () => this.light(node.id),
      onmouseleave: () => this.light(undefined),
      onfocus: () => this.light(node.id),
      onblur: () => this.light(undefined),
    },
    s("rect", { class: "box", width: node.width, height: node.height, rx: node.kind === "callable" ? 15 : 7 }),
    node.kind !== "callable" && s("path", { class: "head", d: `M0 7a7 7 0 017-7h${node.width - 14}a7 7 0 017 7v${HEAD - 7}h${-node.width}z` }),
    s("text", { class: "title", x: node.kind === "callable" ? node.width / 2 : 12, y: 20, "text-anchor": node.kind === "callable" ? "middle" : "start" }, node.title, node.kind === "callable" ? "" : " "),
    (node.kind === "event" || node.kind === "view") && s("text", { class: "soft", x: node.width - 10, y: 20, "text-anchor": "end" }, node.kind),
    node.lines.map((line, index) => [
      s("text", { class: line.key ? "field key" : "field", x: 12, y: HEAD + 16 + index * LINE }, `${line.text} `),
      s("text", { class: "soft", x: node.width - 10, y: HEAD + 16 + index * LINE, "text-anchor": "end" }, line.soft)]));
    return group;
  }

  /** Brings out a node, its edges and its neighbours. */
  private light(id: string | undefined): void {
    const svg = this.place.querySelector("svg[role=group]");
    if (!svg) return;
    svg.classList.toggle("lit", id !== undefined);
    const near = new Set([id]);
    for (const edge of svg.querySelectorAll<SVGElement>(".edge")) {
      const on = edge.dataset.from === id || edge.dataset.to === id;
      edge.classList.toggle("on", on);
      if (on) near.add(edge.dataset.from!).add(edge.dataset.to!);
    }
    for (const node of svg.querySelectorAll<SVGElement>(".node")) node.classList.toggle("on", near.has(node.dataset.id!));
  }

  /** Marks the item under the cursor. */
  private mark(): void {
    if (this.app.panel !== "schema") return;
    const { file, offset } = this.app.cursor;
    const here = this.nodes.find((node) => node.at?.file === file && node.at.from <= offset && offset <= node.at.to)?.id;
    for (const node of this.place.querySelectorAll<SVGElement>(".node")) node.classList.toggle("here", node.dataset.id === here);
  }
}
