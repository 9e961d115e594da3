// Colours by meaning: what a name is, not how it is written. Until they come, and while the server is busy, the colours of
// `language.ts` stand alone.

import { Prec } from "@codemirror/state";
import type { Extension, Range } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";
import { decorated } from "./decorations";

interface Tokens { data: number[] }

/** The colour of each type of token; those that are left out have the one of the text around. */
const COLOURS: { [type: string]: string } = {
  namespace: "type", class: "relation", event: "relation", type: "type", enum: "type", struct: "type", typeParameter: "type",
  enumMember: "case", property: "field", parameter: "name", variable: "name", function: "function", method: "function",
  keyword: "keyword", modifier: "keyword", string: "text", regexp: "text", number: "number", comment: "comment", operator: "sign",
};

/** Modifiers that are seen. */
const SEEN = ["declaration", "mutable"];

const theme = EditorView.theme({
  ...Object.fromEntries([...new Set(Object.values(COLOURS))].map((colour) => [`.tn-${colour}`, { color: `var(--code-${colour})` }])),
  ".tn-relation.tn-declaration, .tn-function.tn-declaration, .tn-type.tn-declaration": { fontWeight: "600" },
  // What may change is told from what does not.
  ".tn-name.tn-mutable": { textDecoration: "underline", textDecorationThickness: "1px", textUnderlineOffset: "3px" },
});

const marks = new Map<string, Decoration>();

function mark(classes: string): Decoration {
  let found = marks.get(classes);
  if (!found) marks.set(classes, found = Decoration.mark({ class: classes }));
  return found;
}

export const semanticTokens = {
  clientCapabilities: {
    textDocument: { semanticTokens: {
      requests: { full: true }, tokenTypes: Object.keys(COLOURS), tokenModifiers: SEEN, formats: ["relative"],
      overlappingTokenSupport: false, multilineTokenSupport: false,
    } },
  },
  // Within what the highlighter draws, so that the colour is this one.
  editorExtension: [theme, Prec.highest(decorated<Tokens>("textDocument/semanticTokens/full", () => ({}), ({ data }, doc, { client }) => {
    const { tokenTypes, tokenModifiers } = client.serverCapabilities!.semanticTokensProvider!.legend;
    const found: Range<Decoration>[] = [];
    let line = 0;
    let character = 0;
    for (let at = 0; at + 4 < data.length; at += 5) {
      const [lines, units, length, type, modifiers] = data.slice(at, at + 5) as [number, number, number, number, number];
      line += lines;
      character = lines > 0 ? units : character + units;
      const colour = COLOURS[tokenTypes[type] ?? ""];
      if (colour === undefined || line >= doc.lines) continue;
      const { from, to } = doc.line(line + 1);
      const start = Math.min(from + character, to);
      const end = Math.min(start + length, to);
      const seen = SEEN.filter((name) => modifiers >> tokenModifiers.indexOf(name) & 1);
      if (start < end) found.push(mark([colour, ...seen].map((name) => `tn-${name}`).join(" ")).range(start, end));
    }
    return Decoration.set(found, true);
  }))] as Extension,
};
