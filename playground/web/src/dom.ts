// Elements from calls: the whole of the page's framework.

type Child = Node | string | number | null | undefined | false | Child[];
type Handler = (event: Event) => void;
type Attributes = { [name: string]: string | number | boolean | null | undefined | Handler };

function apply(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

function append(element: Element, children: Child[]): void {
  for (const child of children.flat(8) as Child[]) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** An HTML element; attributes that begin with `on` are listeners. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, attributes);
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  apply(element, attributes);
  append(element, children);
  return element;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

const PLACES = new Set(["at", "cause", "edits", "index"]);

/**
 * What a panel shows, so that it is drawn again only where it differs: whoever points at an element of it keeps that
 * element. Places in the program move with every edit; they are not compared, and are looked up when they are gone to.
 */
export class Drawn {
  private last = "";

  /** True if this is not what was drawn last. */
  differs(...shown: unknown[]): boolean {
    const now = JSON.stringify(shown, (name, value: unknown) => PLACES.has(name) ? value !== null && value !== undefined : value);
    const differs = now !== this.last;
    this.last = now;
    return differs;
  }
}

/** Replaces what is in a scroller that goes on showing the same thing. */
export function refill(element: Element, ...children: Child[]): void {
  const { scrollTop, scrollLeft } = element;
  fill(element, ...children);
  element.scrollTop = scrollTop;
  element.scrollLeft = scrollLeft;
}

/** The element of this id; it stands in index.html. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element ${id}`);
  return element as T;
}

const ICONS: { [name: string]: string } = {
  play: "M5 3.5v9l7.5-4.5z",
  plus: "M8 3v10M3 8h10",
  trash: "M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.7 9h5.6l.7-9M6.8 7v4M9.2 7v4",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  next: "M6 3.5L10.5 8 6 12.5",
  back: "M10 3.5L5.5 8l4.5 4.5",
  share: "M8 9.5v-7M5.2 5L8 2.2 10.8 5M3.5 8.5v5h9v-5",
  sun: "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1",
  moon: "M13 9.6A5.6 5.6 0 116.4 3 4.6 4.6 0 0013 9.6z",
  book: "M3 3.2c2-.7 3.6-.4 5 .6 1.400-1 3-1.300 5-.6v9.300c-2-.7-3.600-.4-5 .6-1.400-1-3-1.300-5-.6zM8 3.800v9.300",
  grid: "M2.500 3h4.500v4.500h-4.500zM9 3h4.500v4.500h-4.500zM2.500 9h4.500v4.500h-4.500zM9 9h4.500v4.500h-4.500z",
  wand: "M3 13l7-7M11.500 2.500v3M10 4h3M13 8v2M12 9h2M6 2.500v2M5 3.500h2",
  send: "M2.500 8L13.500 3l-4 10.500-2.300-4.200z",
  reset: "M3.500 8a4.500 4.500 0 108-2.800M11.700 2.500v2.900H8.800",
  key: "M6 8.500a2.700 2.700 0 110-.1zM8.500 8.400h5M11.500 8.400v2.200",
  warn: "M8 2.500l6 11H2zM8 6.500v3.200M8 11.600v.2",
};

/** A small picture in the colour of the text around it. */
export function icon(name: keyof typeof ICONS | string): SVGSVGElement {
  return s("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, s("path", { d: ICONS[name] ?? "" }));
}

/** Says something to people who listen to the page, and shows it for a moment. */
export function toast(message: string, kind: "info" | "bad" = "info"): void {
  const box = byId("toasts");
  const note = h("div", { class: `toast ${kind}` }, message,
    h("button", { class: "plain", "aria-label": "Dismiss", onclick: () => note.remove() }, icon("close")));
  box.append(note);
  setTimeout(() => note.remove(), kind === "bad" ? 9000 : 4500);
}
