// Places of the language server's protocol in a text of the editor. Columns count UTF-16 units on both sides.

import type { Text } from "@codemirror/state";

export interface Position { line: number; character: number }
export interface Range { start: Position; end: Position }

/** The offset of a position; what lies behind the end of a line or of the text is its end. */
export function offset(doc: Text, { line, character }: Position): number {
  if (line >= doc.lines) return doc.length;
  const found = doc.line(line + 1);
  return Math.min(found.from + character, found.to);
}

/** The position of an offset. */
export function position(doc: Text, at: number): Position {
  const line = doc.lineAt(at);
  return { line: line.number - 1, character: at - line.from };
}

export interface Edit { range: Range; newText: string }

/** Edits as the editor takes them. */
export function changes(doc: Text, edits: Edit[]): { from: number; to: number; insert: string }[] {
  return edits.map(({ range, newText }) => ({ from: offset(doc, range.start), to: offset(doc, range.end), insert: newText }));
}
