// The language server of the engine, as the editor's client sees it. All files of the program are open to it all the time,
// whether an editor shows them or not.

import { LSPClient, LSPPlugin, Workspace, findReferencesKeymap, formatKeymap, hoverTooltips, jumpToDefinitionKeymap, renameKeymap, serverCompletion, signatureHelp } from "@codemirror/lsp-client";
import type { Transport, WorkspaceFile } from "@codemirror/lsp-client";
import { Prec } from "@codemirror/state";
import type { Extension, Text, TransactionSpec } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import type { EditorView } from "@codemirror/view";
import { tenonLanguage } from "./language";
import type { Editor } from "./editor";
import type { Engine } from "./engine";
import { codeActions, openActions } from "./tools/actions";
import { inlayHints } from "./tools/hints";
import { changes } from "./tools/positions";
import type { Edit } from "./tools/positions";
import { semanticTokens } from "./tools/tokens";

const ROOT = "file:///program";

export const uriOf = (path: string): string => `${ROOT}/${path}`;
export const pathOf = (uri: string): string => uri.slice(ROOT.length + 1);

class EngineTransport implements Transport {
  private handlers: ((message: string) => void)[] = [];

  constructor(private readonly engine: Engine) {}

  send(message: string): void {
    this.engine.ask<string[]>("lsp", { message }).then(
      (answers) => {
        for (const answer of answers) for (const handler of this.handlers) handler(answer);
      },
      (error: Error) => this.refuse(message, error.message),
    );
  }

  /** Answers a request that the engine could not take; a notification has no answer. */
  private refuse(message: string, why: string): void {
    const { id, method } = JSON.parse(message) as { id?: number; method?: string };
    if (id === undefined || method === undefined) return;
    const answer = JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32603, message: why } });
    for (const handler of this.handlers) handler(answer);
  }

  subscribe(handler: (message: string) => void): void {
    this.handlers.push(handler);
  }

  unsubscribe(handler: (message: string) => void): void {
    this.handlers = this.handlers.filter((other) => other !== handler);
  }
}

interface Open extends WorkspaceFile { view: EditorView | null }

class ProgramWorkspace extends Workspace {
  override files: Open[] = [];
  editor: Editor | undefined;
  private version = 1;

  private text(path: string): Text | undefined {
    return this.editor?.document(path)?.doc;
  }

  override syncFiles(): { file: WorkspaceFile; prevDoc: Text; changes: ReturnType<typeof LSPPlugin.prototype.unsyncedChanges.compose> }[] {
    const updates = [];
    for (const file of this.files) {
      const plugin = file.view && LSPPlugin.get(file.view);
      if (!plugin || plugin.uri !== file.uri || plugin.unsyncedChanges.empty) continue;
      const changes = plugin.unsyncedChanges;
      updates.push({ file, prevDoc: file.doc, changes });
      file.doc = file.view!.state.doc;
      file.version = ++this.version;
      plugin.clear();
    }
    return updates;
  }

  override openFile(uri: string, languageId: string, view: EditorView): void {
    const known = this.getFile(uri) as Open | null;
    if (known) {
      known.view = view;
      if (!known.doc.eq(view.state.doc)) this.resend(known, view.state.doc);
      return;
    }
    this.open(uri, languageId, view.state.doc, view);
  }

  private open(uri: string, languageId: string, doc: Text, view: EditorView | null): void {
    const file: Open = { uri, languageId, version: ++this.version, doc, view, getView: () => file.view };
    this.files.push(file);
    this.client.didOpen(file);
  }

  private resend(file: Open, doc: Text): void {
    this.client.didClose(file.uri);
    file.doc = doc;
    file.version = ++this.version;
    this.client.didOpen(file);
  }

  override closeFile(uri: string): void {
    const file = this.getFile(uri) as Open | null;
    if (file) file.view = null;
  }

  /** Makes the server's files those of the program. */
  setFiles(paths: string[]): void {
    for (const file of [...this.files]) {
      if (paths.includes(pathOf(file.uri))) continue;
      this.client.didClose(file.uri);
      this.files = this.files.filter((other) => other !== file);
    }
    for (const path of paths) {
      const doc = this.text(path);
      if (!doc) continue;
      const known = this.getFile(uriOf(path)) as Open | null;
      if (!known) this.open(uriOf(path), "tenon", doc, null);
      else if (!known.view && !known.doc.eq(doc)) this.resend(known, doc);
    }
  }

  override updateFile(uri: string, update: TransactionSpec): void {
    const path = pathOf(uri);
    this.editor?.select(path);
    this.editor?.view.dispatch(update);
  }

  override async displayFile(uri: string): Promise<EditorView | null> {
    if (!this.getFile(uri)) return null;
    this.editor?.select(pathOf(uri));
    return this.editor?.view ?? null;
  }
}

/** Elements that a hover may have; everything else of Markdown's HTML is dropped. */
const KEPT = new Set(["P", "CODE", "PRE", "UL", "OL", "LI", "EM", "STRONG", "H1", "H2", "H3", "H4", "HR", "BR", "SPAN", "BLOCKQUOTE"]);

function sanitize(html: string): string {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const element of [...parsed.body.querySelectorAll("*")]) {
    if (!KEPT.has(element.tagName)) {
      element.replaceWith(...element.childNodes);
      continue;
    }
    for (const { name } of [...element.attributes]) if (name !== "class") element.removeAttribute(name);
  }
  return parsed.body.innerHTML;
}

export class LanguageTools {
  private client: LSPClient;
  private workspace: ProgramWorkspace | undefined;

  constructor(private readonly engine: Engine) {
    this.client = new LSPClient({
      rootUri: ROOT,
      // The engine ends what takes too long, and answers; a slow line may take long before it begins.
      timeout: 3_600_000,
      workspace: (client) => this.workspace = new ProgramWorkspace(client),
      sanitizeHTML: sanitize,
      highlightLanguage: (name) => name === "tenon" || name === "" ? tenonLanguage : null,
      // Problems come from the engine with their fixes.
      notificationHandlers: { "textDocument/publishDiagnostics": () => true },
      extensions: [
        serverCompletion({ override: true }), hoverTooltips(), signatureHelp(), semanticTokens, inlayHints, codeActions(this.apply),
        Prec.high(keymap.of([...formatKeymap, ...renameKeymap, ...jumpToDefinitionKeymap, ...findReferencesKeymap])),
      ],
    });
    this.connect();
  }

  private connect(): void {
    this.client.connect(new EngineTransport(this.engine));
    // An engine that ends before it answers is replaced, and connected to again.
    this.client.initializing.catch(() => undefined);
  }

  attach(editor: Editor): void {
    if (this.workspace) this.workspace.editor = editor;
    editor.tools = (file): Extension => this.client.plugin(uriOf(file), "tenon");
  }

  setFiles(paths: string[]): void {
    this.workspace?.setFiles(paths);
  }

  /** Begins again with a new engine. */
  reconnect(): void {
    this.client.disconnect();
    this.connect();
  }

  /** Brings the text that is shown into the one style. */
  async format(editor: Editor): Promise<void> {
    this.client.sync();
    const { file } = editor;
    const { doc } = editor.view.state;
    const edits = await this.client.request<object, Edit[] | null>("textDocument/formatting", {
      textDocument: { uri: uriOf(file) }, options: { tabSize: 2, insertSpaces: true },
    });
    // The answer is about this text, not about one that somebody has turned to or typed meanwhile.
    if (editor.file !== file || editor.view.state.doc !== doc) return;
    editor.edit(new Map([[file, changes(doc, edits ?? [])]]), "format");
  }

  /** Shows what can be done at the cursor. */
  actions(editor: Editor): Promise<void> {
    return openActions(editor.view, this.apply);
  }

  private apply = (all: { [uri: string]: Edit[] }): void => {
    const { editor } = this.workspace!;
    const byFile = Object.entries(all).map(([uri, edits]) => {
      const path = pathOf(uri);
      return [path, changes(editor!.document(path)!.doc, edits)] as const;
    });
    editor!.edit(new Map(byFile), "input.action");
  };
}
