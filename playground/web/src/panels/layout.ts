// The places of the schema's picture: nodes in lines, one layer after the other, and edges that run between them.

import type { At } from "../protocol";

/** A table or a callable. */
export interface Node {
  id: string;
  kind: "relation" | "event" | "view" | "callable";
  title: string;
  lines: { text: string; key: boolean; soft: string }[];
  at: At | null;
  width: number;
  height: number;
  layer: number;
  /** The line that it stands in. */
  row: number;
  x: number;
  y: number;
}

export interface Edge { from: string; to: string; label: string; kind: "reference" | "reads" | "writes" }

export const LINE = 19;
export const HEAD = 30;
const GAP_X = 40;
const GAP_Y = 64;
/** Between lines of callables. */
const GAP_CALLABLES = 26;
/** Around the whole. */
const MARGIN = 28;
/** Between edges that go side by side. */
const TRACK = 5;
export const LETTER = 7.3;

/** What stands where. */
export interface Picture {
  width: number;
  height: number;
  /** The path of an edge; it runs behind no node. */
  route(from: Node, to: Node): string;
}

/** Puts nodes into layers, orders the layers to cross few edges, and gives places. */
export function layOut(nodes: Node[], edges: Edge[], wide: number): Picture {
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
      if (line.length > 0 && length + node.width > wide - 2 * MARGIN) {
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
  const width = Math.max(120, ...lines.map(widthOf)) + 2 * MARGIN;
  const rows: Row[] = [];
  let y = 12;
  lines.forEach((line, row) => {
    let x = (width - widthOf(line)) / 2;
    for (const node of line) {
      Object.assign(node, { x, y, row });
      x += node.width + GAP_X;
    }
    const bottom = y + Math.max(...line.map((node) => node.height));
    rows.push({ nodes: line, top: y, bottom, used: new Map() });
    y = bottom + (line[0]!.kind === "callable" ? GAP_CALLABLES : GAP_Y);
  });
  const drawn = new Map<string, number>();
  const route = (from: Node, to: Node): string => {
    // Several between the same two go side by side.
    const pair = `${from.id} ${to.id}`;
    const nth = drawn.get(pair) ?? 0;
    drawn.set(pair, nth + 1);
    if (from === to) return loop(from);
    return from.row === to.row ? beside(rows[from.row]!, from, to, nth) : between(rows, from, to, nth);
  };
  return { width, height: rows.at(-1)!.bottom + 40, route };
}

/** A line of nodes. Between it and the next one nothing stands. */
interface Row {
  nodes: Node[];
  top: number;
  bottom: number;
  /** How many edges go through each space beside a node. */
  used: Map<number, number>;
}

function loop({ x, y, width }: Node): string {
  const right = x + width;
  return `M${right} ${y + 42}C${right + 26} ${y + 46} ${right + 26} ${y + 14} ${right + 2} ${y + 20}`;
}

/** Where an edge leaves or reaches a node: on the side that looks to the other. */
function port(node: Node, other: Node, nth: number): number {
  const wish = (other.x + other.width / 2 - node.x) / node.width;
  const first = node.x + node.width * Math.min(0.85, Math.max(0.15, wish));
  const shift = nth * 12 * (wish > 0.5 ? -1 : 1);
  return Math.min(node.x + node.width - 8, Math.max(node.x + 8, first + shift));
}

/** Two nodes of one line: over the space between neighbours, else below the line. */
function beside(row: Row, from: Node, to: Node, nth: number): string {
  const [a, b] = [row.nodes.indexOf(from), row.nodes.indexOf(to)];
  if (Math.abs(a - b) === 1) {
    const [x1, x2] = a < b ? [from.x + from.width, to.x - 2] : [from.x, to.x + to.width + 2];
    const y = from.y + 24 + 12 * nth;
    return `M${x1} ${y}L${x2} ${y}`;
  }
  const [x1, x2] = [port(from, to, nth), port(to, from, nth)];
  const depth = row.bottom + 44;
  return `M${x1} ${from.y + from.height}L${x1} ${row.bottom}C${x1} ${depth} ${x2} ${depth} ${x2} ${row.bottom}L${x2} ${to.y + to.height + 2}`;
}

/** Two nodes of different lines: bends between the lines, and passes lines on the way beside their nodes. */
function between(rows: Row[], from: Node, to: Node, nth: number): string {
  const up = from.row > to.row;
  const step = up ? -1 : 1;
  const [x1, x2] = [port(from, to, nth), port(to, from, nth)];
  // The near and the far side of a line, as the edge comes to it.
  const near = (row: Row): number => up ? row.bottom : row.top;
  const far = (row: Row): number => up ? row.top : row.bottom;
  let path = `M${x1} ${up ? from.y : from.y + from.height}L${x1} ${far(rows[from.row]!)}`;
  let [x, y] = [x1, far(rows[from.row]!)];
  const bend = (toX: number, toY: number): void => {
    const middle = (y + toY) / 2;
    path += `C${x} ${middle} ${toX} ${middle} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  };
  for (let at = from.row + step; at !== to.row; at += step) {
    const row = rows[at]!;
    const rest = Math.abs(to.row - at) + 1;
    bend(space(row, x + (x2 - x) / rest), near(row));
    y = far(row);
    path += `L${x} ${y}`;
  }
  const end = up ? to.y + to.height + 2 : to.y - 2;
  // Below a node that is lower than its neighbours, the rest is straight.
  const straight = Math.abs(near(rows[to.row]!) - end) > 12;
  bend(x2, straight ? near(rows[to.row]!) : end);
  return straight ? `${path}L${x2} ${end}` : path;
}

/** A way through a line: the space beside a node that is nearest to a wish, a track for each edge. */
function space({ nodes, used }: Row, wish: number): number {
  const first = nodes[0]!;
  const last = nodes.at(-1)!;
  const spaces = [first.x - GAP_X / 2, ...nodes.slice(1).map((node) => node.x - GAP_X / 2), last.x + last.width + GAP_X / 2];
  const best = spaces.reduce((a, b) => Math.abs(b - wish) < Math.abs(a - wish) ? b : a);
  const taken = used.get(best) ?? 0;
  used.set(best, taken + 1);
  // 0, 1, -1, 2, -2, and again from the middle.
  const track = taken % 5;
  return best + TRACK * (track % 2 === 1 ? (track + 1) / 2 : -track / 2);
}
