// The little Markdown of the tour's texts: paragraphs, lists, `code`, **bold**, *emphasis*, fenced blocks. No HTML passes.

import { h } from "./dom";

/** The parts of one line. */
export function inline(text: string): (Node | string)[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*)/).filter((part) => part !== "").map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    if (part.startsWith("*") && part.length > 1) return h("em", {}, part.slice(1, -1));
    return part;
  });
}

export function markdown(text: string): HTMLElement[] {
  const out: HTMLElement[] = [];
  for (const block of text.trim().split(/\n\s*\n/)) {
    if (block.startsWith("```")) {
      out.push(h("pre", { class: "code", tabindex: 0 }, block.replace(/^```\w*\n/, "").replace(/\n?```$/, "")));
    } else if (/^- /.test(block)) {
      out.push(h("ul", {}, block.split(/\n(?=- )/).map((item) => h("li", {}, inline(item.slice(2).replace(/\n\s*/g, " "))))));
    } else {
      out.push(h("p", {}, inline(block.replace(/\n/g, " "))));
    }
  }
  return out;
}
