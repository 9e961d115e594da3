/**
 * A double of the module `vscode`: as much of the API as the extension and its client use, over real files, with what
 * the user would see written down and what he would answer scripted. What is asked for and not here fails loudly, as
 * does what the real one refuses: a command that is registered twice, or that nobody has.
 */

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import {
  CancellationTokenSource,
  CodeLens,
  Disposable,
  DocumentSymbol,
  EventEmitter,
  LanguageStatusSeverity,
  LogLevel,
  Position,
  Range,
  RelativePattern,
  Selection,
  Uri,
  type Diagnostic,
  type TestMessage,
} from './values';

export * from './values';
export const version = '1.91.0';

/** What tests see and set. */
class Host {
  /** Messages to the user: `error: …`. */
  readonly said: string[] = [];
  /** What the user chooses of what a message or list offers; nothing, if nothing is set. */
  choose: (what: string, offered: readonly string[]) => string | undefined = () => undefined;
  /** Commands of the editor itself that were called. */
  readonly called: { command: string; args: unknown[] }[] = [];
  readonly terminals: { name: string; shellPath: string; shellArgs: string[]; cwd: string; disposed: boolean }[] = [];
  readonly panels: { title: string; html: string; options: unknown; reveals: number; close(): void }[] = [];
  readonly log: string[] = [];
  readonly status: { severity: LanguageStatusSeverity; text: string; detail: string }[] = [];
  readonly runs: Run[] = [];
  readonly settings = new Map<string, unknown>();
  readonly diagnostics = new Map<string, readonly Diagnostic[]>();
  readonly watchers: { glob: string; change: EventEmitter<Uri>; create: EventEmitter<Uri>; remove: EventEmitter<Uri> }[] = [];
  readonly providers: { kind: string; selector: unknown; provider: Record<string, (...args: never[]) => unknown> }[] = [];
  readonly commands = new Map<string, (...args: unknown[]) => unknown>();
  readonly controllers: Controller[] = [];
  readonly trust = new EventEmitter<void>();
  readonly configured = new EventEmitter<{ affectsConfiguration(name: string): boolean }>();
  folder = '';
  trusted = true;

  /** Begins anew, with a folder open. */
  reset(folder: string): void {
    for (const list of [this.said, this.called, this.terminals, this.panels, this.log, this.status, this.runs]) list.length = 0;
    for (const list of [this.watchers, this.providers, this.controllers]) list.length = 0;
    for (const map of [this.settings, this.diagnostics, this.commands]) map.clear();
    workspace.textDocuments.length = 0;
    schemes.clear();
    active = undefined;
    this.choose = () => undefined;
    this.folder = folder;
    this.trusted = true;
    mkdirSync(folder, { recursive: true });
  }

  /** Opens a file as a user does. */
  async open(name: string, text?: string): Promise<Document> {
    const file = path.join(this.folder, name);
    if (text !== undefined) writeFileSync(file, text);
    const document = await workspace.openTextDocument(Uri.file(file));
    await window.showTextDocument(document);
    return document;
  }

  /** Types a whole new text. */
  edit(document: Document, text: string): void {
    const range = new Range(new Position(0, 0), document.positionAt(document.getText().length));
    document.text = text;
    document.version += 1;
    document.isDirty = true;
    const contentChanges = [{ range, rangeOffset: 0, rangeLength: 0, text }];
    changed.fire({ document, contentChanges, reason: undefined });
  }

  async set(name: string, value: unknown): Promise<void> {
    this.settings.set(name, value);
    this.configured.fire({ affectsConfiguration: (of) => name === of || name.startsWith(`${of}.`) });
  }

  /** What a provider of the kind gives for a document; `after` is what its method takes behind the token. */
  async ask<T>(kind: string, method: string, document: Document, more: unknown[] = [], after: unknown[] = []): Promise<T> {
    const token = new CancellationTokenSource().token;
    const found = this.providers.find((one) => one.kind === kind && languages.match(one.selector, document) > 0);
    if (!found) throw new Error(`nobody provides ${kind} for ${document.uri.toString()}`);
    const call = found.provider[method] as ((...args: unknown[]) => unknown) | undefined;
    if (!call) throw new Error(`the provider of ${kind} has no ${method}`);
    return (await call.call(found.provider, document, ...more, token, ...after)) as T;
  }
}

const opened = new EventEmitter<Document>();
const closed = new EventEmitter<Document>();
const changed = new EventEmitter<unknown>();
const savedDocuments = new EventEmitter<Document>();
/** Of what never happens here. */
const never = new EventEmitter<never>().event;
const schemes = new Map<string, { provideTextDocumentContent(uri: Uri): unknown }>();
let active: { document: Document; selection: Selection } | undefined;
let untitled = 0;

export class Document {
  version = 1;
  isDirty = false;
  isClosed = false;
  readonly eol = 1;
  constructor(readonly uri: Uri, public languageId: string, public text: string) {}
  get fileName(): string {
    return this.uri.fsPath;
  }
  get isUntitled(): boolean {
    return this.uri.scheme === 'untitled';
  }
  get lines(): string[] {
    return this.text.split('\n');
  }
  get lineCount(): number {
    return this.lines.length;
  }
  getText(range?: Range): string {
    return range ? this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end)) : this.text;
  }
  lineAt(line: number): { lineNumber: number; text: string; range: Range } {
    const text = this.lines[line];
    if (text === undefined) throw new Error('Illegal value for `line`');
    return { lineNumber: line, text, range: new Range(line, 0, line, text.length) };
  }
  offsetAt(at: Position): number {
    return this.lines.slice(0, at.line).reduce((sum, line) => sum + line.length + 1, 0) + at.character;
  }
  positionAt(offset: number): Position {
    const before = this.text.slice(0, offset).split('\n');
    return new Position(before.length - 1, before.at(-1)?.length ?? 0);
  }
  async save(): Promise<boolean> {
    if (this.uri.scheme === 'file') writeFileSync(this.uri.fsPath, this.text);
    this.isDirty = false;
    savedDocuments.fire(this);
    return true;
  }
  close(): void {
    this.isClosed = true;
    workspace.textDocuments.splice(workspace.textDocuments.indexOf(this), 1);
    closed.fire(this);
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

export const workspace = {
  textDocuments: [] as Document[],
  notebookDocuments: [],
  get isTrusted(): boolean {
    return host.trusted;
  },
  get workspaceFolders() {
    return host.folder === '' ? undefined : [{ uri: Uri.file(host.folder), name: path.basename(host.folder), index: 0 }];
  },
  onDidOpenTextDocument: opened.event,
  onDidCloseTextDocument: closed.event,
  onDidChangeTextDocument: changed.event,
  onDidSaveTextDocument: savedDocuments.event,
  onWillSaveTextDocument: never,
  onDidChangeConfiguration: (listener: never) => host.configured.event(listener),
  onDidGrantWorkspaceTrust: (listener: never) => host.trust.event(listener),
  onDidChangeWorkspaceFolders: never,
  onDidCreateFiles: never,
  onDidRenameFiles: never,
  onDidDeleteFiles: never,
  onWillCreateFiles: never,
  onWillRenameFiles: never,
  onWillDeleteFiles: never,
  onDidOpenNotebookDocument: never,
  onDidCloseNotebookDocument: never,
  onDidChangeNotebookDocument: never,
  onDidSaveNotebookDocument: never,
  getConfiguration: (section?: string) => {
    const full = (name: string) => (section ? `${section}.${name}` : name);
    return {
      get: (name: string, otherwise?: unknown) => host.settings.get(full(name)) ?? otherwise,
      inspect: (name: string) => ({ key: full(name), globalValue: host.settings.get(full(name)) }),
    };
  },
  getWorkspaceFolder: (uri: Uri) =>
    host.folder !== '' && uri.fsPath.startsWith(host.folder) ? { uri: Uri.file(host.folder), name: 'test', index: 0 } : undefined,
  asRelativePath: (uri: Uri) => path.relative(host.folder, uri.fsPath),
  async openTextDocument(what: Uri | { language?: string; content?: string }): Promise<Document> {
    let document: Document;
    if (what instanceof Uri) {
      const open = workspace.textDocuments.find((one) => one.uri.toString() === what.toString());
      if (open) return open;
      const provider = schemes.get(what.scheme);
      const text = provider ? String(await provider.provideTextDocumentContent(what)) : readFileSync(what.fsPath, 'utf8');
      document = new Document(what, what.path.endsWith('.tn') ? 'tenon' : 'plaintext', text);
    } else {
      untitled += 1;
      const uri = Uri.from({ scheme: 'untitled', path: `Untitled-${untitled}` });
      document = new Document(uri, what.language ?? 'plaintext', what.content ?? '');
    }
    workspace.textDocuments.push(document);
    opened.fire(document);
    return document;
  },
  registerTextDocumentContentProvider(
    scheme: string,
    provider: { provideTextDocumentContent(uri: Uri): unknown; onDidChange?: (listener: (uri: Uri) => void) => Disposable },
  ) {
    schemes.set(scheme, provider);
    return provider.onDidChange?.((uri) => {
      const document = workspace.textDocuments.find((one) => one.uri.toString() === uri.toString());
      if (document) document.text = String(provider.provideTextDocumentContent(uri));
    });
  },
  createFileSystemWatcher(glob: string | { pattern: string }) {
    const of = { glob: typeof glob === 'string' ? glob : glob.pattern, change: new EventEmitter<Uri>(), create: new EventEmitter<Uri>(), remove: new EventEmitter<Uri>() };
    host.watchers.push(of);
    return {
      onDidChange: of.change.event,
      onDidCreate: of.create.event,
      onDidDelete: of.remove.event,
      dispose: () => host.watchers.splice(host.watchers.indexOf(of), 1),
    };
  },
  /** Of patterns it knows `**` + `/*.tn`, and `*.tn` below a base. */
  async findFiles(pattern: string | RelativePattern, _exclude?: unknown, most = Number.MAX_SAFE_INTEGER): Promise<Uri[]> {
    const below = pattern instanceof RelativePattern ? (pattern.base as Uri).fsPath : host.folder;
    const deep = (pattern instanceof RelativePattern ? pattern.pattern : pattern).startsWith('**/');
    const files = filesBelow(below).filter((file) => file.endsWith('.tn') && (deep || path.dirname(file) === below));
    return files.slice(0, most).map((file) => Uri.file(file));
  },
  fs: { readFile: async (uri: Uri) => readFileSync(uri.fsPath) },
  async saveAll(): Promise<boolean> {
    for (const document of workspace.textDocuments) if (document.isDirty) await document.save();
    return true;
  },
};

const ask = (kind: string) => async (message: string, ...more: unknown[]) => {
  host.said.push(`${kind}: ${message}`);
  const items = more.filter((one): one is string => typeof one === 'string');
  return host.choose(message, items);
};

export const window = {
  visibleTextEditors: [],
  get activeTextEditor() {
    return active;
  },
  get terminals() {
    return host.terminals.filter((one) => !one.disposed).map((one) => ({ ...one, dispose: () => (one.disposed = true) }));
  },
  tabGroups: { all: [], onDidChangeTabs: never, onDidChangeTabGroups: never },
  onDidChangeActiveTextEditor: never,
  onDidChangeVisibleTextEditors: never,
  showInformationMessage: ask('information'),
  showWarningMessage: ask('warning'),
  showErrorMessage: ask('error'),
  showInputBox: async ({ title = '', value = '' }: { title?: string; value?: string }) => host.choose(title, [value]),
  async showQuickPick(items: readonly (string | { label: string })[], { title = '' }: { title?: string }) {
    const label = (item: string | { label: string }) => (typeof item === 'string' ? item : item.label);
    const chosen = host.choose(title, items.map(label));
    return items.find((item) => label(item) === chosen);
  },
  async showOpenDialog({ title = '' }: { title?: string }) {
    const chosen = host.choose(title, []);
    return chosen === undefined ? undefined : [Uri.file(chosen)];
  },
  async showTextDocument(what: Document | Uri, options: { selection?: Range; preserveFocus?: boolean } = {}) {
    const document = what instanceof Uri ? await workspace.openTextDocument(what) : what;
    const at = options.selection?.start ?? new Position(0, 0);
    const editor = { document, selection: new Selection(at, at) };
    if (!options.preserveFocus) active = editor;
    return editor;
  },
  createOutputChannel(name: string) {
    const write = (...said: unknown[]) => void host.log.push(said.join(' '));
    return {
      name, logLevel: LogLevel.Info, onDidChangeLogLevel: never, append: write, appendLine: write, replace: write,
      trace: write, debug: write, info: write, warn: write, error: write,
      clear: () => undefined, show: () => host.called.push({ command: 'show output', args: [] }), hide: () => undefined, dispose: () => undefined,
    };
  },
  createTerminal(options: { name: string; shellPath: string; shellArgs: string[]; cwd: string }) {
    const terminal = { ...options, disposed: false };
    host.terminals.push(terminal);
    return { ...terminal, show: () => undefined, dispose: () => (terminal.disposed = true) };
  },
  createWebviewPanel(_type: string, title: string, _column: unknown, options: unknown) {
    const gone = new EventEmitter<void>();
    const panel = { title, html: '', options, reveals: 0, close: () => gone.fire() };
    host.panels.push(panel);
    return {
      webview: {
        set html(text: string) {
          panel.html = text;
        },
      },
      reveal: () => (panel.reveals += 1),
      onDidDispose: gone.event,
      dispose: () => gone.fire(),
    };
  },
  withProgress: (_: unknown, task: (progress: unknown, token: unknown) => unknown) =>
    task({ report: () => undefined }, new CancellationTokenSource().token),
};

const register = (kind: string) => (selector: unknown, provider: Record<string, (...args: never[]) => unknown>) => {
  const entry = { kind, selector, provider };
  host.providers.push(entry);
  return new Disposable(() => host.providers.splice(host.providers.indexOf(entry), 1));
};

export const languages = {
  createLanguageStatusItem() {
    const item = { severity: LanguageStatusSeverity.Information, text: '', detail: '', dispose: () => undefined };
    host.status.push(item);
    return item;
  },
  createDiagnosticCollection: (name: string) => ({
    name,
    set: (uri: Uri, found: readonly Diagnostic[] | undefined) => void host.diagnostics.set(uri.toString(), found ?? []),
    delete: (uri: Uri) => void host.diagnostics.delete(uri.toString()),
    has: (uri: Uri) => host.diagnostics.has(uri.toString()),
    get: (uri: Uri) => host.diagnostics.get(uri.toString()),
    clear: () => host.diagnostics.clear(),
    dispose: () => host.diagnostics.clear(),
  }),
  getDiagnostics: (uri: Uri) => host.diagnostics.get(uri.toString()) ?? [],
  match(selector: unknown, document: Document): number {
    const filters = (Array.isArray(selector) ? selector : [selector]) as { scheme?: string; language?: string }[];
    const fits = (one: { scheme?: string; language?: string }) =>
      (one.scheme === undefined || one.scheme === document.uri.scheme) && (one.language === undefined || one.language === document.languageId);
    return filters.some(fits) ? 10 : 0;
  },
  registerCompletionItemProvider: register('completion'),
  registerHoverProvider: register('hover'),
  registerSignatureHelpProvider: register('signature'),
  registerDefinitionProvider: register('definition'),
  registerDeclarationProvider: register('declaration'),
  registerTypeDefinitionProvider: register('type definition'),
  registerImplementationProvider: register('implementation'),
  registerReferenceProvider: register('reference'),
  registerDocumentHighlightProvider: register('highlight'),
  registerDocumentSymbolProvider: register('symbol'),
  registerWorkspaceSymbolProvider: (provider: never) => register('workspace symbol')(undefined, provider),
  registerCodeActionsProvider: register('action'),
  registerCodeLensProvider: register('lens'),
  registerDocumentFormattingEditProvider: register('format'),
  registerDocumentRangeFormattingEditProvider: register('format range'),
  registerOnTypeFormattingEditProvider: register('format on type'),
  registerRenameProvider: register('rename'),
  registerDocumentLinkProvider: register('link'),
  registerFoldingRangeProvider: register('folding'),
  registerSelectionRangeProvider: register('selection'),
  registerCallHierarchyProvider: register('calls'),
  registerDocumentSemanticTokensProvider: register('tokens'),
  registerDocumentRangeSemanticTokensProvider: register('range tokens'),
  registerInlayHintsProvider: register('hints'),
};

/** Commands of the editor itself that the extension may call. */
const BUILT_IN = new Set([
  'workbench.action.openSettings', 'workbench.action.openWalkthrough', 'workbench.trust.manage', 'vscode.openFolder',
  'testing.runAll', 'editor.action.peekLocations', 'setContext',
]);

export const commands = {
  registerCommand(name: string, act: (...args: unknown[]) => unknown) {
    if (host.commands.has(name)) throw new Error(`command '${name}' already exists`);
    host.commands.set(name, act);
    return new Disposable(() => host.commands.delete(name));
  },
  async executeCommand(name: string, ...args: unknown[]): Promise<unknown> {
    const own = host.commands.get(name);
    if (own) return own(...args);
    if (name === 'vscode.executeDocumentSymbolProvider') {
      const document = await workspace.openTextDocument(args[0] as Uri);
      return host.ask<DocumentSymbol[]>('symbol', 'provideDocumentSymbols', document);
    }
    if (!BUILT_IN.has(name)) throw new Error(`command '${name}' not found`);
    host.called.push({ command: name, args });
    return undefined;
  },
};

class TestItem {
  range: Range | undefined;
  readonly children = new TestItems();
  constructor(readonly id: string, readonly label: string, readonly uri: Uri) {}
}

class TestItems {
  private readonly items = new Map<string, TestItem>();
  get size(): number {
    return this.items.size;
  }
  get = (id: string) => this.items.get(id);
  add = (item: TestItem) => void this.items.set(item.id, item);
  delete = (id: string) => void this.items.delete(id);
  forEach = (each: (item: TestItem) => void) => this.items.forEach((item) => each(item));
  replace(items: readonly TestItem[]): void {
    this.items.clear();
    items.forEach(this.add);
  }
}

/** A run of tests: what became of each, in order. */
class Run {
  readonly became: { what: string; label: string; messages: readonly TestMessage[] }[] = [];
  output = '';
  ended = false;
  private note(what: string, item: TestItem, messages: TestMessage | readonly TestMessage[] = []): void {
    if (this.ended) throw new Error('the run has ended');
    this.became.push({ what, label: item.label, messages: [messages].flat() as TestMessage[] });
  }
  enqueued = (item: TestItem) => this.note('enqueued', item);
  started = (item: TestItem) => this.note('started', item);
  skipped = (item: TestItem) => this.note('skipped', item);
  passed = (item: TestItem) => this.note('passed', item);
  failed = (item: TestItem, messages: TestMessage | readonly TestMessage[]) => this.note('failed', item, messages);
  errored = (item: TestItem, messages: TestMessage | readonly TestMessage[]) => this.note('errored', item, messages);
  appendOutput = (text: string) => void (this.output += text);
  end = () => void (this.ended = true);
}

class Controller {
  readonly items = new TestItems();
  resolveHandler: ((item?: TestItem) => unknown) | undefined;
  refreshHandler: (() => unknown) | undefined;
  private profile: ((request: unknown, token: unknown) => unknown) | undefined;
  createTestItem = (id: string, label: string, uri: Uri) => new TestItem(id, label, uri);
  createRunProfile(_: string, _kind: number, run: (request: unknown, token: unknown) => unknown): void {
    this.profile = run;
  }
  createTestRun(): Run {
    const run = new Run();
    host.runs.push(run);
    return run;
  }
  dispose = () => undefined;
  /** Runs as the Testing view does: some items, or all. */
  async run(include?: readonly TestItem[], token = new CancellationTokenSource().token): Promise<Run> {
    await this.profile?.({ include }, token);
    const run = host.runs.at(-1);
    if (!run) throw new Error('there was no run');
    return run;
  }
}

export const tests = {
  createTestController(): Controller {
    const controller = new Controller();
    host.controllers.push(controller);
    return controller;
  },
};

export const env = { language: 'en', appName: 'double', openExternal: async () => true };

export const host = new Host();
export { CodeLens };
