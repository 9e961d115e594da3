/** The Testing view: scenarios are found in the text, run by `tenon test`, and show in their lines what broke. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import * as lines from './lines';
import { type Program, programOf, run } from './program';
import { type Answer, type Place, type Report, columnOf, messageOf, readAnswer, scenariosOf } from './scenarios';
import type { Server } from './server';

export class Scenarios implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController('tenon', 'Tenon');
  private readonly disposables: vscode.Disposable[] = [this.controller];

  constructor(private readonly server: Server) {
    this.controller.createRunProfile(
      'Run',
      vscode.TestRunProfileKind.Run,
      (request, token) => this.run(request, token),
      true,
    );
    this.controller.resolveHandler = (item) => (item ? this.readFile(item.uri) : this.readAll());
    this.controller.refreshHandler = () => this.readAll();
    const watcher = vscode.workspace.createFileSystemWatcher('**/*.tn');
    watcher.onDidCreate((uri) => this.readFile(uri));
    watcher.onDidChange((uri) => this.readFile(uri));
    watcher.onDidDelete((uri) => this.controller.items.delete(uri.toString()));
    this.disposables.push(
      watcher,
      vscode.workspace.onDidOpenTextDocument((document) => this.read(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.read(document)),
    );
    for (const document of vscode.workspace.textDocuments) this.read(document);
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  private async readAll(): Promise<void> {
    const files = await vscode.workspace.findFiles('**/*.tn', '**/{target,node_modules}/**');
    await Promise.all(files.map((uri) => this.readFile(uri)));
  }

  private async readFile(uri: vscode.Uri | undefined): Promise<void> {
    if (!uri) return;
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open) {
      this.read(open);
      return;
    }
    try {
      this.fill(uri, new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)));
    } catch {
      // The file is gone again.
      this.controller.items.delete(uri.toString());
    }
  }

  private read(document: vscode.TextDocument): void {
    if (document.languageId === 'tenon' && document.uri.scheme === 'file') this.fill(document.uri, document.getText());
  }

  /** Makes the items of a file; items that stay keep what they showed. */
  private fill(uri: vscode.Uri, text: string): void {
    const found = scenariosOf(text);
    if (found.length === 0) {
      this.controller.items.delete(uri.toString());
      return;
    }
    let file = this.controller.items.get(uri.toString());
    if (!file) {
      file = this.controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri);
      this.controller.items.add(file);
    }
    const items = found.map(({ title, line, endLine }) => {
      const id = idOf(uri, title);
      const item = file.children.get(id) ?? this.controller.createTestItem(id, title, uri);
      item.range = new vscode.Range(line, 0, endLine, Number.MAX_SAFE_INTEGER);
      return item;
    });
    file.children.replace(items);
  }

  private async run(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    try {
      const wanted = this.wanted(request);
      for (const item of wanted) run.enqueued(item);
      if (!vscode.workspace.isTrusted) {
        fail(run, wanted, 'Scenarios run in trusted workspaces only.');
        return;
      }
      const tenon = await this.server.tenon();
      if (tenon === undefined) {
        fail(run, wanted, '`tenon` was not found.');
        return;
      }
      await vscode.workspace.saveAll(false);
      for (const [program, items] of byProgram(wanted)) {
        if (token.isCancellationRequested) break;
        await runProgram(run, tenon, program, items, request.include === undefined, token);
      }
    } finally {
      run.end();
    }
  }

  /** The scenarios of a request. */
  private wanted(request: vscode.TestRunRequest): vscode.TestItem[] {
    const excluded = new Set(request.exclude ?? []);
    const found: vscode.TestItem[] = [];
    const visit = (item: vscode.TestItem) => {
      if (excluded.has(item)) return;
      if (item.children.size === 0) found.push(item);
      else item.children.forEach(visit);
    };
    if (request.include) request.include.forEach(visit);
    else this.controller.items.forEach(visit);
    return found;
  }
}

function idOf(uri: vscode.Uri, title: string): string {
  return `${uri.toString()}#${title}`;
}

function byProgram(items: readonly vscode.TestItem[]): [Program, vscode.TestItem[]][] {
  const programs = new Map<string, [Program, vscode.TestItem[]]>();
  for (const item of items) {
    if (!item.uri) continue;
    const program = programOf(item.uri.fsPath);
    const entry = programs.get(program.path) ?? [program, []];
    entry[1].push(item);
    programs.set(program.path, entry);
  }
  return [...programs.values()];
}

/** Runs scenarios of one program. */
async function runProgram(
  run_: vscode.TestRun,
  tenon: string,
  program: Program,
  items: readonly vscode.TestItem[],
  all: boolean,
  token: vscode.CancellationToken,
): Promise<void> {
  for (const item of items) run_.started(item);
  const line = lines.test(program.path, all ? undefined : items.map((item) => item.label));
  const stop = new AbortController();
  const listening = token.onCancellationRequested(() => stop.abort());
  const start = Date.now();
  const ran = await run(tenon, line, program.root, stop.signal);
  const took = Date.now() - start;
  listening.dispose();
  if (token.isCancellationRequested) {
    for (const item of items) run_.skipped(item);
    return;
  }
  if (ran.code === undefined) {
    fail(run_, items, ran.complaint);
    return;
  }
  const answer = readAnswer(ran.output.trim() === '' ? ran.complaint : ran.output);
  await showAnswer(run_, program, items, answer, took);
}

async function showAnswer(
  run: vscode.TestRun,
  program: Program,
  items: readonly vscode.TestItem[],
  answer: Answer,
  took: number,
): Promise<void> {
  if (answer.reports === undefined) {
    const location = answer.at && (await locationOf(program, answer.at));
    for (const item of items) {
      const message = new vscode.TestMessage(answer.error);
      if (location) message.location = location;
      run.errored(item, message);
    }
    run.appendOutput(`${answer.error}\r\n`);
    return;
  }
  for (const item of items) {
    const report = answer.reports.find((one) => one.name === item.label && isOf(program, one, item));
    if (!report) {
      run.errored(item, new vscode.TestMessage('`tenon test` says nothing of this scenario.'));
    } else if (report.broken === null) {
      run.passed(item, items.length === 1 ? took : undefined);
    } else {
      run.failed(item, await messagesOf(program, report));
      const said = messageOf(report.broken).replaceAll('\n', '\r\n');
      run.appendOutput(`FAIL ${report.name}\r\n  ${said}\r\n  again with: --seed ${report.seed}\r\n`, undefined, item);
    }
  }
}

/** True where a report is about an item: titles are told apart by their files. */
function isOf(program: Program, report: Report, item: vscode.TestItem): boolean {
  return !report.at || !item.uri || path.join(program.root, report.at.file) === item.uri.fsPath;
}

async function messagesOf(program: Program, report: Report): Promise<vscode.TestMessage[]> {
  const { broken } = report;
  if (!broken) return [];
  const message = new vscode.TestMessage(messageOf(broken));
  const messages = [message];
  const at = broken.at && (await locationOf(program, broken.at));
  if (at) message.location = at;
  const cause = broken.cause && (await locationOf(program, broken.cause));
  if (cause) {
    const second = new vscode.TestMessage(`“${report.name}” ended here.`);
    second.location = cause;
    messages.push(second);
  }
  return messages;
}

async function locationOf(program: Program, place: Place): Promise<vscode.Location | undefined> {
  const uri = vscode.Uri.file(path.join(program.root, place.file));
  try {
    const document = await vscode.workspace.openTextDocument(uri);
    const line = document.lineAt(Math.min(place.line - 1, document.lineCount - 1));
    const start = new vscode.Position(line.lineNumber, columnOf(line.text, place.column));
    return new vscode.Location(uri, new vscode.Range(start, line.range.end));
  } catch {
    // The place lies in the library, which is no file.
    return undefined;
  }
}

function fail(run: vscode.TestRun, items: readonly vscode.TestItem[], why: string): void {
  for (const item of items) run.errored(item, new vscode.TestMessage(why));
}
