// The editor: one view, one state per file, problems with their fixes, and scenarios in the margin. It lives in a shadow
// root, so that its styles need no exception from the page's content security policy.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, codeFolding, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintKeymap, setDiagnostics } from "@codemirror/lint";
import type { Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorSelection, EditorState, RangeSet, StateEffect, StateField } from "@codemirror/state";
import type { ChangeDesc, Extension, Text } from "@codemirror/state";
import {
  Decoration, EditorView, GutterMarker, WidgetType, drawSelection, dropCursor, gutter, highlightActiveLine,
  highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import type { DecorationSet } from "@codemirror/view";
import { h, icon, toast } from "./dom";
import { tenonSupport } from "./language";
import type { At, Fix, Problem, ProgramFile, Report } from "./protocol";

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "var(--size-code)", backgroundColor: "var(--code-ground)", color: "var(--code-ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", lineHeight: "var(--line-code)" },
  ".cm-content": { padding: "0.75rem 0 40vh", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 1rem 0 0.4rem" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.2rem 0 0.6rem", minWidth: "2.2rem" },
  ".cm-gutters": { backgroundColor: "var(--code-ground)", color: "var(--code-comment)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 6%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "transparent", color: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--focus) 26%, transparent)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--accent) 22%, transparent)", outline: "none",
  },
  ".cm-foldPlaceholder": { backgroundColor: "var(--accent-wash)", color: "var(--accent)", border: "none" },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)", color: "var(--ink)", border: "1px solid var(--line-strong)",
    borderRadius: "var(--radius)", boxShadow: "var(--shadow)", maxWidth: "min(34rem, 90vw)",
    fontFamily: "var(--font-text)", fontSize: "var(--size-ui)",
  },
  ".cm-tooltip code, .cm-tooltip pre": { fontFamily: "var(--font-code)", fontSize: "var(--size-small)" },
  ".cm-tooltip pre": { whiteSpace: "pre-wrap", margin: "0.25rem 0" },
  ".cm-lsp-documentation, .cm-lsp-hover-tooltip": { padding: "0.35rem 0.75rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-code)", maxHeight: "16rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "0.15rem 0.5rem" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-wash)", color: "var(--ink)" },
  ".cm-completionDetail": { color: "var(--ink-soft)", fontStyle: "normal", marginLeft: "1rem" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700", color: "var(--accent)" },
  ".cm-diagnostic": { padding: "0.5rem 0.75rem", borderLeft: "4px solid", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-diagnostic-info, .cm-diagnostic-hint": { borderLeftColor: "var(--info)" },
  ".cm-diagnosticAction": {
    backgroundColor: "var(--accent)", color: "var(--accent-ink)", borderRadius: "var(--radius)", padding: "0.2rem 0.6rem",
    margin: "0.4rem 0.4rem 0 0", border: "none", cursor: "pointer", font: "inherit", fontSize: "var(--size-small)",
  },
  ".cm-lintRange-error": { backgroundImage: "none", borderBottom: "2px wavy var(--bad)", textDecoration: "underline wavy var(--bad) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--warn) 1px", textUnderlineOffset: "3px" },
  ".cm-lintRange-info, .cm-lintRange-hint": { backgroundImage: "none", textDecoration: "underline dotted var(--info) 1px", textUnderlineOffset: "3px" },
  ".cm-lintPoint-error:after": { borderBottomColor: "var(--bad)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", borderColor: "var(--line)" },
  ".cm-panels input, .cm-panels button": { font: "inherit" },
  ".cm-textfield": { backgroundColor: "var(--ground)", border: "1px solid var(--line-strong)", borderRadius: "var(--radius)", color: "inherit" },
  ".cm-button": { backgroundImage: "none", backgroundColor: "var(--sunken)", border: "1px solid var(--line-strong)", borderRadius: "var(--radius)", color: "inherit" },
  ".cm-scenarios": { width: "1.25rem" },
  ".cm-scenario": {
    border: "none", background: "none", padding: "0", width: "1.25rem", height: "1.25rem", cursor: "pointer", lineHeight: "1",
    borderRadius: "4px",
  },
  ".cm-scenario:focus-visible": { outline: "2px solid var(--focus)" },
  ".cm-scenario svg": { width: "0.9rem", height: "0.9rem", fill: "none", stroke: "currentColor", strokeWidth: "2.2", verticalAlign: "middle", strokeLinecap: "round", strokeLinejoin: "round" },
  ".cm-scenario.passed": { color: "var(--good)" },
  ".cm-scenario.broken": { color: "var(--bad)" },
  ".cm-broken-place": { padding: "0.15rem 1rem 0.35rem 1.5rem" },
  ".cm-broken": {
    padding: "0.4rem 0.7rem", borderRadius: "var(--radius)",
    backgroundColor: "var(--bad-wash)", color: "var(--bad)", fontSize: "var(--size-small)",
    display: "inline-grid", gridTemplateColumns: "auto auto", columnGap: "0.9rem",
  },
  ".cm-broken .message": { gridColumn: "1 / -1", fontFamily: "var(--font-text)", fontWeight: "600" },
  ".cm-broken .value": { color: "var(--ink)" },
});

/** Asks for the marks of scenarios to be drawn anew. */
const setMarks = StateEffect.define<null>();

class ScenarioMarker extends GutterMarker {
  constructor(readonly report: Report, readonly open: () => void) { super(); }

  override eq(other: ScenarioMarker): boolean {
    return this.report.name === other.report.name && this.report.passed === other.report.passed;
  }

  override toDOM(): Node {
    const { name, passed } = this.report;
    const label = `${passed ? "passes" : "does not hold"}: ${name}`;
    return h("button", {
      class: `cm-scenario ${passed ? "passed" : "broken"}`, title: label, "aria-label": label, tabindex: -1, onclick: this.open,
    }, icon(passed ? "check" : "cross"));
  }
}

class BrokenWidget extends WidgetType {
  constructor(readonly report: Report) { super(); }

  override eq(other: BrokenWidget): boolean {
    return JSON.stringify(this.report.broken) === JSON.stringify(other.report.broken);
  }

  override toDOM(): HTMLElement {
    const broken = this.report.broken!;
    const parts = broken.parts.flatMap(({ text, value }) => [h("span", {}, text), h("span", { class: "value" }, value)]);
    // Margins of a block are not measured by the editor: the space around is padding.
    return h("div", { class: "cm-broken-place" }, h("div", { class: "cm-broken" }, h("span", { class: "message" }, broken.message), parts));
  }
}

/** What happens when the editor has something to say. */
export interface EditorEvents {
  changed(): void;
  moved(file: string, offset: number): void;
  scenario(name: string): void;
  selected(file: string): void;
}

export class Editor {
  readonly view: EditorView;
  private states = new Map<string, EditorState>();
  private problems: Problem[] = [];
  /** The problems that the view shows, and the text that they were set for. */
  private drawn: { doc: Text; problems: string } | undefined;
  private reports: Report[] = [];
  /** Counts the changes of all texts. */
  private changes = 0;
  /** The version that the program was loaded at; there are no places in what was before. */
  private loaded = 0;
  /** What changed since then: places in an older version are found in the text as it is. */
  private log: { version: number; file: string; changes: ChangeDesc }[] = [];
  file = "main.tn";
  /** What language tools add to the state of a file. */
  tools: (file: string) => Extension = () => [];

  constructor(host: HTMLElement, private readonly events: EditorEvents) {
    const root = host.attachShadow({ mode: "open" });
    const place = document.createElement("div");
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":host { display: block; min-height: 0 } div:first-child { height: 100% } .cm-editor { height: 100% }");
    root.adoptedStyleSheets = [sheet];
    root.append(place);
    this.view = new EditorView({ parent: place, root });
  }

  private marks = StateField.define<{ gutter: RangeSet<GutterMarker>; widgets: DecorationSet }>({
    create: () => ({ gutter: RangeSet.empty, widgets: Decoration.none }),
    update: (value, transaction) => {
      let next = { gutter: value.gutter.map(transaction.changes), widgets: value.widgets.map(transaction.changes) };
      for (const effect of transaction.effects) {
        if (effect.is(setMarks)) next = this.draw(transaction.state);
      }
      return next;
    },
    provide: (field) => [
      EditorView.decorations.from(field, (value) => value.widgets),
      gutter({ class: "cm-scenarios", markers: (view) => view.state.field(field).gutter }),
    ],
  });

  private draw(state: EditorState): { gutter: RangeSet<GutterMarker>; widgets: DecorationSet } {
    const gutter = [];
    const widgets = [];
    for (const report of this.reports) {
      const own = report.at && this.now(report.at);
      if (own && own.file === this.file) {
        const line = state.doc.lineAt(own.from);
        gutter.push(new ScenarioMarker(report, () => this.events.scenario(report.name)).range(line.from));
      }
      const at = report.broken?.at && this.now(report.broken.at);
      if (at && at.file === this.file) {
        const line = state.doc.lineAt(at.to);
        widgets.push(Decoration.widget({ widget: new BrokenWidget(report), block: true, side: 1 }).range(line.to));
      }
    }
    return { gutter: RangeSet.of(gutter, true), widgets: Decoration.set(widgets, true) };
  }

  private extensions(file: string): Extension {
    return [
      lineNumbers(), this.marks, highlightSpecialChars(), history(),
      drawSelection(), dropCursor(), EditorState.allowMultipleSelections.of(true), indentUnit.of("  "), indentOnInput(),
      bracketMatching(), closeBrackets(), autocompletion({ icons: false }), highlightActiveLine(), highlightActiveLineGutter(),
      highlightSelectionMatches(), codeFolding(), EditorView.lineWrapping,
      keymap.of([
        ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap,
        ...lintKeymap, indentWithTab,
      ]),
      tenonSupport(), theme,
      EditorView.contentAttributes.of({
        "aria-label": `Program, ${file}. Press Escape, then Tab, to leave the editor, and Alt and Enter for fixes and changes.`,
        tabindex: "0",
      }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) {
          this.log.push({ version: ++this.changes, file, changes: update.changes.desc });
          this.events.changed();
        }
        if (update.docChanged || update.selectionSet) this.events.moved(this.file, update.state.selection.main.head);
      }),
      this.tools(file),
    ];
  }

  private diagnostics(): Diagnostic[] {
    return this.problems
      .map((problem) => ({ problem, at: this.now(problem.primary.at) }))
      .filter(({ at }) => at?.file === this.file)
      .map(({ problem, at }): Diagnostic => {
        const { from, to } = at!;
        const notes = [problem.primary.message, ...problem.notes].filter((note) => note !== "");
        return {
          from,
          to,
          severity: problem.severity,
          source: `${problem.code} ${problem.name}`,
          message: [problem.message, ...notes].join("\n"),
          actions: problem.fixes.map((fix) => ({ name: fix.title, apply: () => this.fix(fix) })),
        };
      });
  }

  /** Takes the files of a program, and shows the first. */
  setFiles(files: ProgramFile[]): void {
    this.states.clear();
    this.problems = [];
    this.reports = [];
    this.log = [];
    this.loaded = ++this.changes;
    const first = files[0]?.path ?? "main.tn";
    this.file = first;
    for (const { path, text } of files) {
      this.states.set(path, EditorState.create({ doc: text, extensions: this.extensions(path) }));
    }
    this.view.setState(this.states.get(first)!);
    this.events.selected(first);
  }

  /** The version of the text as it is now. */
  get version(): number {
    return this.changes;
  }

  /** Where a place is in the text as it is now; nothing where its text is gone. */
  private now(at: At): At | undefined {
    const state = this.document(at.file);
    if (!state || at.text < this.loaded) return undefined;
    let { from, to } = at;
    for (const { version, file, changes } of this.log) {
      if (version <= at.text || file !== at.file) continue;
      from = changes.mapPos(from, 1);
      to = Math.max(from, changes.mapPos(to, -1));
    }
    const { length } = state.doc;
    return { ...at, from: Math.min(from, length), to: Math.min(to, length) };
  }

  /** True if the text has changed at a place since. */
  private touched(at: At): boolean {
    let { from, to } = at;
    for (const { version, file, changes } of this.log) {
      if (version <= at.text || file !== at.file) continue;
      if (changes.touchesRange(from, to)) return true;
      from = changes.mapPos(from, 1);
      to = changes.mapPos(to, -1);
    }
    return false;
  }

  /** The program as it is now. */
  files(): ProgramFile[] {
    this.states.set(this.file, this.view.state);
    return [...this.states].map(([path, state]) => ({ path, text: state.doc.toString() }));
  }

  select(file: string): void {
    if (file === this.file || !this.states.has(file)) return;
    this.states.set(this.file, this.view.state);
    this.file = file;
    this.view.setState(this.states.get(file)!);
    this.drawProblems();
    this.drawMarks();
    this.events.selected(file);
  }

  addFile(path: string, text: string): void {
    this.states.set(path, EditorState.create({ doc: text, extensions: this.extensions(path) }));
    this.select(path);
    this.events.changed();
  }

  removeFile(path: string): void {
    if (this.states.size < 2) return;
    this.files();
    this.states.delete(path);
    if (path === this.file) {
      this.file = [...this.states.keys()][0]!;
      this.view.setState(this.states.get(this.file)!);
      this.events.selected(this.file);
    }
    this.events.changed();
  }

  /** The text of a file, from an editor state that is or is not shown. */
  document(path: string): EditorState | undefined {
    return path === this.file ? this.view.state : this.states.get(path);
  }

  setProblems(problems: Problem[]): void {
    this.problems = problems;
    this.drawProblems();
  }

  setReports(reports: Report[]): void {
    this.reports = reports;
    this.drawMarks();
  }

  private drawMarks(): void {
    this.view.dispatch({ effects: setMarks.of(null) });
  }

  private drawProblems(): void {
    const diagnostics = this.diagnostics();
    // Setting them closes the note that somebody reads: they are left alone where they are the same.
    const now = JSON.stringify([this.file, diagnostics]);
    if (this.drawn?.doc === this.view.state.doc && this.drawn.problems === now) return;
    this.drawn = { doc: this.view.state.doc, problems: now };
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  /** Shows a place and puts the cursor there. */
  jump(at: At): void {
    const now = this.now(at);
    if (!now) return;
    this.select(now.file);
    const { from, to } = now;
    const long = this.view.state.doc.lineAt(from).number !== this.view.state.doc.lineAt(to).number;
    this.view.dispatch({
      selection: EditorSelection.range(from, long ? from : to),
      effects: EditorView.scrollIntoView(from, { y: "start", yMargin: 60 }),
    });
    this.view.focus();
  }

  /** Applies the edits of a fix, unless the text has changed where they are. */
  fix(fix: Fix): void {
    const places = fix.edits.map(({ at }) => this.touched(at) ? undefined : this.now(at));
    if (places.some((at) => at === undefined)) return toast("The text has changed here since. Look again in a moment.");
    const byFile = new Map<string, { from: number; to: number; insert: string }[]>();
    fix.edits.forEach(({ text }, index) => {
      const { file, from, to } = places[index]!;
      byFile.set(file, [...(byFile.get(file) ?? []), { from, to, insert: text }]);
    });
    this.edit(byFile, "input.fix");
  }

  /** Changes files, each in one step that can be undone. */
  edit(byFile: Map<string, { from: number; to: number; insert: string }[]>, userEvent: string): void {
    for (const [file, changes] of byFile) {
      if (changes.length === 0) continue;
      this.select(file);
      this.view.dispatch({ changes, userEvent, scrollIntoView: true });
    }
    this.view.focus();
  }

  /** Replaces the text of the shown file where it differs. */
  replace(text: string): void {
    if (text === this.view.state.doc.toString()) return;
    this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }
}
