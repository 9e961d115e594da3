/** The commands of the palette, the editor and the walkthrough. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import * as lines from './lines';
import { programOf, run } from './program';
import { answers } from './results';
import type { Calls } from './calls';
import type { Rows } from './rows';
import { STOPPED, type Server } from './server';

export function registerCommands(server: Server, calls: Calls, rows: Rows): vscode.Disposable[] {
  const register = (name: string, act: (...given: unknown[]) => unknown) =>
    vscode.commands.registerCommand(`tenon.client.${name}`, act);
  return [
    register('restart', () => server.restart()),
    register('showOutput', () => server.output.show()),
    register('run', (given) => inTerminal(server, given, 'run', (program, uri) => {
      const more = vscode.workspace.getConfiguration('tenon', uri).get<string[]>('run.arguments', []);
      return lines.run(program, more);
    })),
    register('check', (given) => inTerminal(server, given, 'check', lines.check)),
    register('test', () => vscode.commands.executeCommand('testing.runAll')),
    register('playground', (given) => inTerminal(server, given, 'playground', lines.playground)),
    register('callEndpoint', async (given) => {
      const document = await documentOf(given);
      if (document) await calls.open(document.uri, (given as Named | undefined)?.name);
    }),
    register('showRows', async (given) => {
      const document = await documentOf(given);
      if (!document) return;
      const relation = (given as Named | undefined)?.name ?? (await chooseRelation(server, document));
      if (relation !== undefined) await rows.show(document.uri, relation);
    }),
    register('explain', () => ask(server, 'tenon.explain', true)),
    register('showCore', () => ask(server, 'tenon.showCore', false)),
    register('newProgram', () => newProgram(server)),
    register('explainError', () => explainError(server)),
  ];
}

/** What a lens gives to a command. */
interface Named {
  readonly uri?: string;
  readonly name?: string;
}

/** The Tenon file that a command is about: what a lens or the editor names, else what is edited. */
async function documentOf(given: unknown): Promise<vscode.TextDocument | undefined> {
  const named = given instanceof vscode.Uri ? given : (given as Named | undefined)?.uri;
  if (named === undefined) return activeFile();
  return vscode.workspace.openTextDocument(typeof named === 'string' ? vscode.Uri.parse(named) : named);
}

/** The Tenon file that is edited, or nothing after the user has been told. */
function activeFile(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId === 'tenon' && document.uri.scheme === 'file') return document;
  void vscode.window.showInformationMessage('Open a `.tn` file first.');
  return undefined;
}

async function inTerminal(
  server: Server,
  given: unknown,
  what: string,
  argumentsOf: (program: string, uri: vscode.Uri) => string[],
): Promise<void> {
  const document = await documentOf(given);
  if (!document) return;
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showInformationMessage('Programs run in trusted workspaces only.');
    return;
  }
  const tenon = await server.tenon();
  if (tenon === undefined) return;
  await document.save();
  const program = programOf(document.uri.fsPath);
  const name = `tenon ${what} ${path.basename(program.path)}`;
  vscode.window.terminals.find((terminal) => terminal.name === name)?.dispose();
  // The terminal runs `tenon` itself, so no shell reads the arguments.
  const terminal = vscode.window.createTerminal({
    name,
    shellPath: tenon,
    shellArgs: argumentsOf(program.path, document.uri),
    cwd: program.root,
    iconPath: new vscode.ThemeIcon('play'),
    isTransient: true,
  });
  terminal.show(true);
}

/** Asks the server for a command of its own; what it answers is shown by the client's middleware. */
async function ask(server: Server, command: string, named: boolean): Promise<void> {
  const document = activeFile();
  const editor = vscode.window.activeTextEditor;
  if (!document || !editor) return;
  const client = server.running;
  const offered = client?.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
  if (!offered.includes(command)) {
    void vscode.window.showWarningMessage(
      client ? 'This `tenon` is too old for that.' : STOPPED,
    );
    return;
  }
  const name = named ? await itemAt(document, editor.selection.active) : undefined;
  try {
    await vscode.commands.executeCommand(command, { uri: document.uri.toString(), ...(name ? { name } : {}) });
  } catch (error) {
    void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
  }
}

/** The name of the declaration at a place. */
async function itemAt(document: vscode.TextDocument, at: vscode.Position): Promise<string | undefined> {
  const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
    'vscode.executeDocumentSymbolProvider',
    document.uri,
  );
  return symbols?.find((symbol) => symbol.range.contains(at))?.name;
}

async function chooseRelation(server: Server, document: vscode.TextDocument): Promise<string | undefined> {
  if (!server.running) {
    void vscode.window.showWarningMessage(STOPPED);
    return undefined;
  }
  const { entities } = await vscode.commands.executeCommand<{ entities: readonly { name: string }[] }>(
    'tenon.showSchema',
    { uri: document.uri.toString() },
  );
  if (entities.length === 0) {
    void vscode.window.showInformationMessage('The program has no relation.');
    return undefined;
  }
  return vscode.window.showQuickPick(entities.map(({ name }) => name), { title: 'The rows of which relation?' });
}

async function newProgram(server: Server): Promise<void> {
  const tenon = await server.tenon();
  if (tenon === undefined) return;
  const home = vscode.workspace.workspaceFolders?.[0]?.uri;
  const where = await vscode.window.showOpenDialog({
    canSelectFiles: false,
    canSelectFolders: true,
    ...(home ? { defaultUri: home } : {}),
    openLabel: 'Make Program Here',
    title: 'Where shall the program be?',
  });
  const parent = where?.[0];
  if (!parent) return;
  const template = await chooseTemplate(tenon, parent.fsPath);
  if (template === undefined) return;
  const name = await vscode.window.showInputBox({
    title: 'New Tenon program',
    prompt: 'Its name, which is also its folder’s',
    value: 'my_program',
    validateInput: (text) => (/^[a-z][a-z0-9_]*$/.test(text) ? undefined : 'lower_snake: letters a to z, digits, _'),
  });
  if (name === undefined) return;
  const ran = await run(tenon, lines.newProgram(name, template), parent.fsPath);
  if (ran.code !== 0) {
    void vscode.window.showErrorMessage(saidBy(ran.output) ?? (ran.complaint || '`tenon new` failed.'));
    return;
  }
  const folder = vscode.Uri.joinPath(parent, name);
  const inside = vscode.workspace.getWorkspaceFolder(folder) !== undefined;
  if (inside) {
    const files = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, '*.tn'), null);
    const first = files.find((file) => file.path.endsWith('/main.tn')) ?? files[0];
    if (first) await vscode.window.showTextDocument(first);
  } else {
    await vscode.commands.executeCommand('vscode.openFolder', folder);
  }
}

/** The template that the user wants; `''` where this `tenon` has but one, nothing where he wants none. */
async function chooseTemplate(tenon: string, cwd: string): Promise<string | undefined> {
  const ran = await run(tenon, lines.templates(), cwd);
  if (ran.code !== 0) return '';
  const templates = JSON.parse(ran.output) as readonly { name: string; about: string }[];
  if (templates.length < 2) return '';
  const picked = await vscode.window.showQuickPick(
    templates.map(({ name, about }) => ({ label: name, detail: about })),
    { title: 'What shall it begin with?' },
  );
  return picked?.label;
}

async function explainError(server: Server): Promise<void> {
  const document = vscode.window.activeTextEditor?.document;
  const at = vscode.window.activeTextEditor?.selection.active;
  const here = document && at
    ? vscode.languages.getDiagnostics(document.uri).find((one) => one.range.contains(at))?.code
    : undefined;
  const known = typeof here === 'object' ? String(here.value) : here === undefined ? '' : String(here);
  const code = await vscode.window.showInputBox({
    title: 'Explain a diagnostic',
    prompt: 'Its code, as T0211, or its name',
    value: known,
  });
  if (!code) return;
  const tenon = await server.tenon();
  if (tenon === undefined) return;
  const ran = await run(tenon, lines.explainError(code), process.cwd());
  if (ran.code === 0) await answers.open(`${code}.md`, ran.output);
  else void vscode.window.showErrorMessage(ran.complaint.replace(/^error: /, '').trim() || `\`${code}\` is not known.`);
}

/** The error in an answer of `tenon --json`. */
function saidBy(output: string): string | undefined {
  try {
    return (JSON.parse(output) as { error?: string }).error;
  } catch {
    return undefined;
  }
}
