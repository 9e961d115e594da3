// Tenon for the editor: colours, brackets, indentation. Words come from the compiler's own table of tokens.

import { HighlightStyle, LanguageSupport, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import type { StringStream } from "@codemirror/language";
import { tags as t } from "@lezer/highlight";
import { items, keywords, reserved } from "tenon:words";

interface State {
  /** Open brackets outside of texts; `{"` stands for a hole in a text. */
  open: string[];
  /** Within a text: its closing quote. */
  quote: string | null;
  /** What came before on this line. */
  before: string;
}

const ITEMS = new Set(items);
const KEYWORDS = new Set(keywords);
const RESERVED = new Set(reserved);
const CONSTANTS = new Set(["true", "false", "none"]);

function text(stream: StringStream, state: State): string {
  const quote = state.quote!;
  while (!stream.eol()) {
    if (stream.match(quote)) {
      state.quote = null;
      return "string";
    }
    const letter = stream.next();
    if (letter === "\\") stream.next();
    else if (letter === "{") {
      state.open.push(`{${quote}`);
      state.quote = null;
      return "string";
    }
  }
  // Only a block text goes on at the next line.
  if (quote.length === 1) state.quote = null;
  return "string";
}

function word(stream: StringStream, state: State, atStart: boolean): string {
  const name = stream.current();
  if (state.before === "." || state.before === "?.") return "propertyName";
  if (atStart && (ITEMS.has(name) || name === "fn")) return "definitionKeyword";
  // A name alone in a hole of a text.
  if (state.open.at(-1)?.startsWith("{\"") && stream.match(/^\s*}/, false)) return "variableName";
  if (/^[A-Z]/.test(name)) return "typeName";
  if (CONSTANTS.has(name)) return "bool";
  if (stream.match(/^\s*:(?!:)/, false) && state.open.length > 0) return "propertyName";
  if (KEYWORDS.has(name) && !stream.match(/^\s*\(/, false)) return "keyword";
  // Before a bracket most words are names that are called: all but those that never are names, and clauses, which begin a line.
  if (RESERVED.has(name) || (KEYWORDS.has(name) && state.before === "")) return "keyword";
  if (stream.match(/^\s*\(/, false)) return "variableName.function";
  return "variableName";
}

function token(stream: StringStream, state: State): string | null {
  if (stream.sol()) state.before = "";
  if (state.quote !== null) return text(stream, state);
  if (stream.eatSpace()) return null;
  const atStart = stream.sol();
  if (stream.match("///")) { stream.skipToEnd(); return "docComment"; }
  if (stream.match("//")) { stream.skipToEnd(); return "comment"; }
  const before = (style: string | null): string | null => {
    state.before = stream.current();
    return style;
  };
  if (stream.match(/^r"[^"]*"?/) || stream.match(/^0x"[^"]*"?/)) return before("string");
  if (stream.match('"""')) { state.quote = '"""'; return text(stream, state); }
  if (stream.match('"')) { state.quote = '"'; return text(stream, state); }
  if (stream.match(/^@[-\w:.+]+/)) return before("number");
  if (stream.match(/^\d\d:\d\d(:\d\d)?\b/)) return before("number");
  if (stream.match(/^\d[\d_]*(\.\d[\d_]*)?(f|ms|min|[smhd])?(?![A-Za-z])/)) return before("number");
  if (stream.match(/^[A-Za-z_]\w*/)) {
    const style = word(stream, state, atStart);
    state.before = stream.current();
    return style;
  }
  const letter = stream.next()!;
  if ("([{".includes(letter)) { state.open.push(letter); return before("bracket"); }
  if (")]}".includes(letter)) {
    const opened = state.open.pop();
    if (letter === "}" && opened !== undefined && opened.length > 1) {
      state.quote = opened.slice(1);
      return "string";
    }
    // A brace at the start of a line closes the item, whatever is open.
    if (letter === "}" && atStart) state.open = [];
    return before("bracket");
  }
  if (letter === "?" && stream.eat(".")) return before("operator");
  return before(letter === "." || letter === "," ? "punctuation" : "operator");
}

const tenon = StreamLanguage.define<State>({
  name: "tenon",
  startState: () => ({ open: [], quote: null, before: "" }),
  copyState: (state) => ({ open: [...state.open], quote: state.quote, before: state.before }),
  token,
  indent: (state, after, context) => {
    if (state.quote !== null) return null;
    const closes = /^\s*[)\]}]/.test(after) ? 1 : 0;
    return Math.max(0, state.open.length - closes) * context.unit;
  },
  languageData: {
    commentTokens: { line: "//" },
    closeBrackets: { brackets: ["(", "[", "{", '"'] },
    indentOnInput: /^\s*[)\]}]$/,
  },
});

const colours = HighlightStyle.define([
  { tag: t.keyword, color: "var(--code-keyword)" },
  { tag: t.definitionKeyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: t.typeName, color: "var(--code-type)" },
  { tag: t.propertyName, color: "var(--code-field)" },
  { tag: t.function(t.variableName), color: "var(--code-function)" },
  { tag: t.variableName, color: "var(--code-name)" },
  { tag: [t.string], color: "var(--code-text)" },
  { tag: [t.number, t.bool], color: "var(--code-number)" },
  { tag: [t.operator, t.bracket, t.punctuation], color: "var(--code-sign)" },
  { tag: [t.comment, t.docComment], color: "var(--code-comment)", fontStyle: "italic" },
]);

export const tenonLanguage = tenon;

export function tenonSupport(): LanguageSupport {
  return new LanguageSupport(tenon, [syntaxHighlighting(colours)]);
}
