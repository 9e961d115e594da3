/** The plain values of the API: places, texts, and what providers give. */

import { fileURLToPath, pathToFileURL } from 'node:url';

export class Position {
  constructor(readonly line: number, readonly character: number) {
    if (line < 0 || character < 0) throw new Error('a position is not negative');
  }
  isBefore(other: Position): boolean {
    return this.compareTo(other) < 0;
  }
  isAfter(other: Position): boolean {
    return this.compareTo(other) > 0;
  }
  isEqual(other: Position): boolean {
    return this.compareTo(other) === 0;
  }
  compareTo(other: Position): number {
    return this.line - other.line || this.character - other.character;
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(start: Position | number, end: Position | number, line?: number, character?: number) {
    const a = start instanceof Position ? start : new Position(start, end as number);
    const b = end instanceof Position ? end : new Position(line ?? 0, character ?? 0);
    [this.start, this.end] = a.isAfter(b) ? [b, a] : [a, b];
  }
  get isEmpty(): boolean {
    return this.start.isEqual(this.end);
  }
  contains(what: Position | Range): boolean {
    const [from, to] = what instanceof Range ? [what.start, what.end] : [what, what];
    return !from.isBefore(this.start) && !to.isAfter(this.end);
  }
  isEqual(other: Range): boolean {
    return this.start.isEqual(other.start) && this.end.isEqual(other.end);
  }
}

export class Selection extends Range {
  constructor(readonly anchor: Position, readonly active: Position) {
    super(anchor, active);
  }
}

interface Parts {
  scheme: string;
  authority?: string;
  path?: string;
  query?: string;
  fragment?: string;
}

export class Uri {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  readonly query: string;
  readonly fragment: string;
  private constructor(parts: Parts) {
    this.scheme = parts.scheme;
    this.authority = parts.authority ?? '';
    this.path = parts.path ?? '';
    this.query = parts.query ?? '';
    this.fragment = parts.fragment ?? '';
  }
  static from(parts: Parts): Uri {
    return new Uri(parts);
  }
  static file(path: string): Uri {
    return new Uri({ scheme: 'file', path });
  }
  static parse(text: string): Uri {
    const found = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i.exec(text);
    if (!found) throw new Error(`no uri: ${text}`);
    const [, scheme = '', authority = '', path = '', query = '', fragment = ''] = found;
    return new Uri({ scheme, authority, path: decodeURIComponent(path), query, fragment });
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri({ ...base, path: [base.path.replace(/\/$/, ''), ...parts].join('/') });
  }
  get fsPath(): string {
    return this.scheme === 'file' ? fileURLToPath(this.toString()) : this.path;
  }
  with(change: Partial<Parts>): Uri {
    return new Uri({ ...this, ...change });
  }
  toString(): string {
    if (this.scheme === 'file') return pathToFileURL(this.path).toString();
    const path = this.path.split('/').map(encodeURIComponent).join('/');
    const query = this.query === '' ? '' : `?${this.query}`;
    return `${this.scheme}:${this.authority === '' ? '' : `//${this.authority}`}${path}${query}`;
  }
}

export class Location {
  readonly range: Range;
  constructor(readonly uri: Uri, at: Range | Position) {
    this.range = at instanceof Position ? new Range(at, at) : at;
  }
}

export class Disposable {
  constructor(private readonly call: () => unknown) {}
  static from(...all: { dispose(): unknown }[]): Disposable {
    return new Disposable(() => all.forEach((one) => one.dispose()));
  }
  dispose(): void {
    this.call();
  }
}

type Listener<T> = (event: T) => unknown;

export class EventEmitter<T> {
  private readonly listeners = new Set<{ call: Listener<T> }>();
  readonly event = (listener: Listener<T>, self?: unknown, disposables?: Disposable[]): Disposable => {
    const entry = { call: self === undefined ? listener : listener.bind(self) };
    this.listeners.add(entry);
    const disposable = new Disposable(() => this.listeners.delete(entry));
    disposables?.push(disposable);
    return disposable;
  };
  fire(event: T): void {
    for (const { call } of [...this.listeners]) call(event);
  }
  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  private readonly emitter = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.emitter.event };
  cancel(): void {
    if (this.token.isCancellationRequested) return;
    this.token.isCancellationRequested = true;
    this.emitter.fire();
  }
  dispose(): void {
    this.emitter.dispose();
  }
}

export class CancellationError extends Error {}

export class MarkdownString {
  isTrusted: unknown;
  supportHtml = false;
  constructor(public value = '') {}
}
export class SnippetString {
  constructor(public value = '') {}
}
export class RelativePattern {
  constructor(readonly base: unknown, readonly pattern: string) {}
}
export class ThemeIcon {
  constructor(readonly id: string) {}
}
export class TextEdit {
  constructor(readonly range: Range, readonly newText: string) {}
  static replace = (range: Range, text: string): TextEdit => new TextEdit(range, text);
  static insert = (at: Position, text: string): TextEdit => new TextEdit(new Range(at, at), text);
  static delete = (range: Range): TextEdit => new TextEdit(range, '');
}
export class WorkspaceEdit {
  readonly edits: [Uri, TextEdit[]][] = [];
  set(uri: Uri, edits: TextEdit[]): void {
    this.edits.push([uri, edits]);
  }
  get size(): number {
    return this.edits.length;
  }
}

export class Diagnostic {
  source: string | undefined;
  code: unknown;
  constructor(readonly range: Range, readonly message: string, readonly severity = 0) {}
}
export class DiagnosticRelatedInformation {
  constructor(readonly location: Location, readonly message: string) {}
}
export class CodeLens {
  constructor(readonly range: Range, public command?: { title: string; command: string; arguments?: unknown[] }) {}
}
export class DocumentSymbol {
  readonly children: DocumentSymbol[] = [];
  constructor(
    readonly name: string,
    readonly detail: string,
    readonly kind: number,
    readonly range: Range,
    readonly selectionRange: Range,
  ) {}
}
export class SymbolInformation {
  constructor(readonly name: string, readonly kind: number, readonly containerName: string, readonly location: unknown) {}
}
export class CompletionItem {
  constructor(readonly label: unknown, readonly kind?: number) {}
}
export class CompletionList {
  constructor(readonly items: CompletionItem[] = [], readonly isIncomplete = false) {}
}
export class Hover {
  constructor(readonly contents: unknown, readonly range?: Range) {}
}
export class CodeActionKind {
  static readonly Empty = new CodeActionKind('');
  static readonly QuickFix = new CodeActionKind('quickfix');
  static readonly Refactor = new CodeActionKind('refactor');
  static readonly RefactorExtract = new CodeActionKind('refactor.extract');
  static readonly RefactorInline = new CodeActionKind('refactor.inline');
  static readonly RefactorMove = new CodeActionKind('refactor.move');
  static readonly RefactorRewrite = new CodeActionKind('refactor.rewrite');
  static readonly Source = new CodeActionKind('source');
  static readonly SourceOrganizeImports = new CodeActionKind('source.organizeImports');
  static readonly SourceFixAll = new CodeActionKind('source.fixAll');
  static readonly Notebook = new CodeActionKind('notebook');
  constructor(readonly value: string) {}
  append(part: string): CodeActionKind {
    return new CodeActionKind(this.value === '' ? part : `${this.value}.${part}`);
  }
}
export class CodeAction {
  constructor(readonly title: string, readonly kind?: CodeActionKind) {}
}
export class DocumentLink {
  constructor(readonly range: Range, readonly target?: Uri) {}
}
export class InlayHint {
  constructor(readonly position: Position, readonly label: unknown, readonly kind?: number) {}
}
export class CallHierarchyItem {
  constructor(
    readonly kind: number,
    readonly name: string,
    readonly detail: string,
    readonly uri: Uri,
    readonly range: Range,
    readonly selectionRange: Range,
  ) {}
}
export class TypeHierarchyItem extends CallHierarchyItem {}
export class TestMessage {
  location: Location | undefined;
  constructor(readonly message: string) {}
}

export enum DiagnosticSeverity {
  Error,
  Warning,
  Information,
  Hint,
}
export enum DiagnosticTag {
  Unnecessary = 1,
  Deprecated = 2,
}
export enum SymbolTag {
  Deprecated = 1,
}
export enum CompletionItemTag {
  Deprecated = 1,
}
export enum CompletionTriggerKind {
  Invoke,
  TriggerCharacter,
  TriggerForIncompleteCompletions,
}
export enum SignatureHelpTriggerKind {
  Invoke = 1,
  TriggerCharacter,
  ContentChange,
}
export enum CodeActionTriggerKind {
  Invoke = 1,
  Automatic,
}
export enum TextDocumentSaveReason {
  Manual = 1,
  AfterDelay,
  FocusOut,
}
export enum DocumentHighlightKind {
  Text,
  Read,
  Write,
}
export enum LanguageStatusSeverity {
  Information,
  Warning,
  Error,
}
export enum LogLevel {
  Off,
  Trace,
  Debug,
  Info,
  Warning,
  Error,
}
export enum ProgressLocation {
  SourceControl = 1,
  Window = 10,
  Notification = 15,
}
export enum TestRunProfileKind {
  Run = 1,
  Debug,
  Coverage,
}
export enum ViewColumn {
  Beside = -2,
  Active = -1,
  One = 1,
}
/** Of the numbers of completion and symbols only that they are numbers is relied upon. */
export const CompletionItemKind = { Text: 0, Value: 11, Reference: 17 };
export const SymbolKind = { File: 0, Function: 11 };
export const FoldingRangeKind = { Comment: 1, Imports: 2, Region: 3 };
export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };
export const NotebookCellKind = { Markup: 1, Code: 2 };
export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };
/** Tabs of other kinds than texts are asked for by `instanceof`. */
export class TabInputText {}
export class TabInputTextDiff {}
export class TabInputNotebook {}
export class TabInputCustom {}
