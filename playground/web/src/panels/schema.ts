// The program as a picture: relations with their fields, references between them, and who reads and writes what. A layout
// in layers: what is referred to stands above what refers to it, and callables stand below.

import { Drawn, fill, h, s } from "../dom";
import type { App } from "../app";
import type { At, Schema } from "../protocol";

interface Node {
  id: string;
  kind: "relation" | "event" | "view" | "callable";
  title: string;
  lines: { text: string; key: boolean; soft: string }[];
  at: At | null;
  width: number;
  height: number;
  layer: number;
  x: number;
  y: number;
}

interface Edge { from: string; to: string; label: string; kind: "reference" | "reads" | "writes" }

const LINE = 19;
const HEAD = 30;
const GAP_X = 36;
const GAP_Y = 64;
const LETTER = 7.3;
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
      width: Math.max(120, widest * LETTER + 28), height: HEAD + lines.length * LINE + 8, layer: 0, x: 0, y: 0,
    });
  }
  if (callables) {
    const shown = schema.accesses.filter((access) => access.kind === "query" || access.kind === "handler");
    for (const access of shown) {
      const id = `${access.kind} ${access.item}`;
      if (!nodes.some((node) => node.id === id)) {
        nodes.push({
          id, kind: "callable", title: access.item, lines: [], at: access.at,
          width: Math.max(96, access.item.length * LETTER + 34), height: HEAD, layer: 0, x: 0, y: 0,
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

/** Puts nodes into layers, orders the layers to cross few edges, and gives places. Answers the size of the whole. */
function layOut(nodes: Node[], edges: Edge[], wide: number): { width: number; height: number } {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const links = edges.filter((edge) => edge.from !== edge.to && byId.has(edge.from) && byId.has(edge.to));
  // The longest way up, over references alone first; circles are cut where they close.
  const depth = (node: Node, path: Set<string>): number => {
    if (path.has(node.id)) return 0;
    path.add(node.id);
    const above = links.filter((edge) => edge.from === node.id).map((edge) => 1 + depth(byId.get(edge.to)!, path));
    path.delete(node.id);
    return Math.max(0, ...above);
  };
  const tables = nodes.filter((node) => node.kind !== "callable");
  for (const node of tables) node.layer = depth(node, new Set());
  const lowest = Math.max(-1, ...tables.map((node) => node.layer));
  for (const node of nodes) if (node.kind === "callable") node.layer = lowest + 1;
  let layers: Node[][] = [];
  for (const node of nodes) (layers[node.layer] ??= []).push(node);
  layers = layers.filter((layer) => layer !== undefined);
  // Sweeps by the mean place of neighbours.
  const order = new Map<string, number>();
  const number = (): void => layers.forEach((layer) => layer.forEach((node, index) => order.set(node.id, (index + 0.5) / layer.length)));
  number();
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const layer of layers) {
      const mean = (node: Node): number => {
        const near = links.flatMap((edge) => edge.from === node.id ? [order.get(edge.to)!] : edge.to === node.id ? [order.get(edge.from)!] : []);
        return near.length === 0 ? order.get(node.id)! : near.reduce((a, b) => a + b, 0) / near.length;
      };
      const means = new Map(layer.map((node) => [node.id, mean(node)]));
      layer.sort((a, b) => means.get(a.id)! - means.get(b.id)!);
    }
    number();
  }
  // A layer that is too wide goes on in the next line.
  const lines: Node[][] = [];
  for (const layer of layers) {
    let line: Node[] = [];
    let length = 0;
    for (const node of layer) {
      if (line.length > 0 && length + node.width > wide) {
        lines.push(line);
        line = [];
        length = 0;
      }
      line.push(node);
      length += node.width + GAP_X;
    }
    lines.push(line);
  }
  const widthOf = (line: Node[]): number => line.reduce((sum, node) => sum + node.width + GAP_X, -GAP_X);
  const width = Math.max(120, ...lines.map(widthOf)) + 24;
  let y = 12;
  for (const line of lines) {
    let x = (width - widthOf(line)) / 2;
    for (const node of line) {
      node.x = x;
      node.y = y;
      x += node.width + GAP_X;
    }
    y += Math.max(...line.map((node) => node.height)) + (line[0]!.kind === "callable" ? 18 : GAP_Y);
  }
  return { width, height: y - 6 };
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
    const schema = await this.app.engine.ask<Schema>("schema").catch(() => undefined);
    if (!schema || this.app.panel !== "schema") return;
    if (schema.entities.length === 0) {
      this.drawn.differs();
      fill(this.place, h("div", { class: "empty" }, h("h2", {}, "Nothing to draw yet"),
        h("p", {}, "Relations, the references between them, and who reads and writes them stand here as soon as the program declares some.")));
      return;
    }
    const { nodes, edges } = gather(schema, this.callables);
    this.nodes = nodes;
    const room = Math.max(300, this.place.clientWidth - 60);
    if (!this.drawn.differs(schema, this.callables, room)) return this.mark();
    const scroller = this.place.querySelector(".picture");
    const [top, left] = [scroller?.scrollTop ?? 0, scroller?.scrollLeft ?? 0];
    const { width, height } = layOut(nodes, edges, room);
    const svg = s("svg", { viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`, width: Math.round(width), height: Math.round(height), role: "group", "aria-label": "Schema" },
      s("defs", {}, ["reference", "reads", "writes"].map((kind) => s("marker", {
        id: `arrow-${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", class: kind,
      }, s("path", { d: "M0 0.5L7.500 4 0 7.500z" })))),
      edges.map((edge) => this.edge(nodes, edge)),
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

  private edge(nodes: Node[], edge: Edge): SVGElement | null {
    const from = nodes.find((node) => node.id === edge.from);
    const to = nodes.find((node) => node.id === edge.to);
    if (!from || !to) return null;
    const attributes = { class: `edge ${edge.kind}`, "data-from": from.id, "data-to": to.id, "marker-end": `url(#arrow-${edge.kind})` };
    if (from === to) {
      const x = from.x + from.width;
      const y = from.y + 20;
      return s("path", { ...attributes, d: `M${x} ${y + 22}C${x + 34} ${y + 26} ${x + 34} ${y - 6} ${x + 2} ${y}` },
        s("title", {}, `${from.title}.${edge.label} refers to ${to.title}`));
    }
    const up = from.y > to.y;
    const share = (node: Node, other: Node): number => {
      const wish = (other.x + other.width / 2 - node.x) / node.width;
      return node.x + node.width * Math.min(0.85, Math.max(0.15, wish));
    };
    let path: string;
    if (Math.abs(from.y - to.y) < 10) {
      const right = from.x < to.x;
      const [x1, x2] = right ? [from.x + from.width, to.x - 2] : [from.x, to.x + to.width + 2];
      const y = from.y + 24;
      path = `M${x1} ${y}C${(x1 + x2) / 2} ${y} ${(x1 + x2) / 2} ${to.y + 24} ${x2} ${to.y + 24}`;
    } else {
      const [x1, y1] = [share(from, to), up ? from.y : from.y + from.height];
      const [x2, y2] = [share(to, from), up ? to.y + to.height + 2 : to.y - 2];
      const bend = (y2 - y1) / 2;
      path = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
    }
    const says = edge.kind === "reference" ? `${from.title}.${edge.label} refers to ${to.title}` : `${from.title} ${edge.kind} ${to.title}`;
    return s("path", { ...attributes, d: path }, s("title", {}, says));
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
