// Inlay hints: types that were inferred, what a function reads and writes, names of arguments.

import type { Extension, Range } from "@codemirror/state";
import { Decoration, EditorView, WidgetType } from "@codemirror/view";
import { h } from "../dom";
import { decorated } from "./decorations";
import { offset, position } from "./positions";
import type { Position } from "./positions";

interface Hint {
  position: Position;
  label: string | { value: string }[];
  tooltip?: string | { value: string };
  paddingLeft?: boolean;
  paddingRight?: boolean;
}

class HintWidget extends WidgetType {
  constructor(private readonly text: string, private readonly about: string, private readonly pads: string) { super(); }

  override eq(other: HintWidget): boolean {
    return this.text === other.text && this.about === other.about && this.pads === other.pads;
  }

  // What is not in the text is not read as if it were.
  override toDOM(): HTMLElement {
    return h("span", { class: `cm-hint ${this.pads}`, title: this.about || null, "aria-hidden": "true" }, this.text);
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

const theme = EditorView.theme({
  ".cm-hint": {
    color: "var(--code-comment)", fontSize: "0.85em", fontStyle: "italic", userSelect: "none", cursor: "default",
  },
  ".cm-hint.left": { marginLeft: "1ch" },
  ".cm-hint.right": { marginRight: "1ch" },
});

export const inlayHints = {
  clientCapabilities: { textDocument: { inlayHint: {} } },
  editorExtension: [theme, decorated<Hint[]>("textDocument/inlayHint",
    (doc) => ({ range: { start: { line: 0, character: 0 }, end: position(doc, doc.length) } }),
    (hints, doc) => Decoration.set(hints.map((hint): Range<Decoration> => {
      const text = typeof hint.label === "string" ? hint.label : hint.label.map(({ value }) => value).join("");
      const about = typeof hint.tooltip === "string" ? hint.tooltip : hint.tooltip?.value ?? "";
      const pads = [hint.paddingLeft && "left", hint.paddingRight && "right"].filter((pad) => pad).join(" ");
      return Decoration.widget({ widget: new HintWidget(text, about, pads), side: 1 }).range(offset(doc, hint.position));
    }), true))] as Extension,
};
