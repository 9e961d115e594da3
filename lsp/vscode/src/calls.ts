/** Calling an endpoint: a document with the request, and the answer beside it. */

import * as vscode from 'vscode';
import { send } from './http';
import { programOf } from './program';
import { type Endpoint, firstLine, readRequest, requestOf } from './request';
import { answers } from './results';
import { STOPPED, type Server } from './server';
import { servingOf } from './serving';

/** The language of requests. */
export const REQUEST = 'tenon-request';

/** Where a program is served, and its data, by the settings for one of its files. */
export function serving(uri: vscode.Uri): ReturnType<typeof servingOf> & { program: string; root: string } {
  const args = vscode.workspace.getConfiguration('tenon', uri).get<string[]>('run.arguments', []);
  const program = programOf(uri.fsPath);
  return { ...servingOf(args, program.root), program: program.path, root: program.root };
}

export class Calls implements vscode.Disposable {
  /** The file whose endpoint a request calls, by the request's document. */
  private readonly files = new Map<string, vscode.Uri>();
  private readonly disposables: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.disposables = [
      vscode.commands.registerCommand('tenon.client.sendRequest', () => this.send()),
      vscode.languages.registerCodeLensProvider({ language: REQUEST }, { provideCodeLenses: lenses }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.files.delete(uri.toString())),
    ];
  }

  dispose(): void {
    for (const disposable of this.disposables) disposable.dispose();
  }

  /** Opens a request to an endpoint of the program of a file; without a name the user chooses. */
  async open(file: vscode.Uri, name: string | undefined): Promise<void> {
    const client = this.server.running;
    if (!client) {
      void vscode.window.showWarningMessage(STOPPED);
      return;
    }
    const { endpoints } = await vscode.commands.executeCommand<{ endpoints: readonly Endpoint[] }>(
      'tenon.showEndpoints',
      { uri: file.toString() },
    );
    // A lens says the name alone, the table the module too.
    const wanted = name === undefined ? [] : endpoints.filter((one) => one.name === name || one.name.endsWith(`.${name}`));
    const endpoint = wanted.length === 1 ? wanted[0] : await choose(wanted.length > 0 ? wanted : endpoints);
    if (!endpoint) return;
    const document = await vscode.workspace.openTextDocument({
      language: REQUEST,
      content: requestOf(endpoint, serving(file).base),
    });
    this.files.set(document.uri.toString(), file);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: false });
  }

  /** Sends the request of the active document. */
  private async send(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== REQUEST) {
      void vscode.window.showInformationMessage('Open a request first: “Tenon: Call Endpoint…”.');
      return;
    }
    const request = readRequest(editor.document.getText());
    if ('why' in request) {
      const at = new vscode.Position(request.line, 0);
      editor.selection = new vscode.Selection(at, at);
      void vscode.window.showErrorMessage(request.why);
      return;
    }
    const { method, url } = request;
    const stop = new AbortController();
    const answered = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: `${method} ${url.pathname}`, cancellable: true },
      (_, token) => {
        token.onCancellationRequested(() => stop.abort());
        return send(request, stop.signal);
      },
    );
    if (answered.text !== undefined) {
      await answers.open(`${method} ${url.pathname.replaceAll('/', ' ').trim()}.answer`, answered.text);
    } else if (!stop.signal.aborted) {
      const file = this.files.get(editor.document.uri.toString());
      const served = answered.refused && file !== undefined && vscode.workspace.isTrusted;
      const chosen = await vscode.window.showErrorMessage(
        answered.refused ? `Nobody answers at ${url.host}: is the program served there?` : `No answer: ${answered.why}`,
        ...(served ? ['Run Program'] : []),
      );
      if (chosen) await vscode.commands.executeCommand('tenon.client.run', { uri: file?.toString() });
    }
  }
}

async function choose(endpoints: readonly Endpoint[]): Promise<Endpoint | undefined> {
  if (endpoints.length === 0) {
    void vscode.window.showInformationMessage('The program has no endpoint.');
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    endpoints.map((endpoint) => ({ label: `${endpoint.method} ${endpoint.path}`, description: endpoint.name, endpoint })),
    { title: 'Which endpoint?' },
  );
  return picked?.endpoint;
}

function lenses(document: vscode.TextDocument): vscode.CodeLens[] {
  const line = firstLine(document.getText().split(/\r?\n/));
  const command = { title: '$(play) Send', command: 'tenon.client.sendRequest' };
  return [new vscode.CodeLens(new vscode.Range(line, 0, line, 0), command)];
}
