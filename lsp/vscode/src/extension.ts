/** The extension: begins here, ends here, and holds everything together. */

import * as vscode from 'vscode';
import { Calls } from './calls';
import { registerCommands } from './commands';
import { SCHEME, answers } from './results';
import { Rows } from './rows';
import { Server } from './server';
import { Scenarios } from './tests';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const server = new Server();
  const calls = new Calls(server);
  const rows = new Rows(server);
  context.subscriptions.push(
    server,
    calls,
    rows,
    new Scenarios(server),
    ...registerCommands(server, calls, rows),
    vscode.workspace.registerTextDocumentContentProvider(SCHEME, answers),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => {
      if (uri.scheme === SCHEME) answers.forget(uri);
    }),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('tenon.server.path')) void server.restart();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => {
      if (!server.running) void server.restart();
    }),
  );
  await server.start();
}
