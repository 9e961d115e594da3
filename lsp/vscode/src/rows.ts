/** The rows of a relation, as they are durable now, in a view of their own. */

import * as vscode from 'vscode';
import { serving } from './calls';
import * as lines from './lines';
import { run } from './program';
import type { Server } from './server';
import { MOST, page } from './table';

export class Rows implements vscode.Disposable {
  /** By program and relation. */
  private readonly panels = new Map<string, vscode.WebviewPanel>();

  constructor(private readonly server: Server) {}

  dispose(): void {
    for (const panel of [...this.panels.values()]) panel.dispose();
  }

  /** Shows the rows of a relation of the program of a file; asked again, in the same view. */
  async show(file: vscode.Uri, relation: string): Promise<void> {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showInformationMessage('Data is read in trusted workspaces only.');
      return;
    }
    const tenon = await this.server.tenon();
    if (tenon === undefined) return;
    const { program, root, data } = serving(file);
    const ran = await run(tenon, lines.rows(relation, program, data, MOST + 1), root);
    if (ran.code !== 0) {
      const said = ran.complaint.replace(/^error: /, '').trim() || '`tenon export` failed.';
      void vscode.window.showErrorMessage(`The rows of ${relation} cannot be read: ${said}`);
      return;
    }
    const key = `${program}#${relation}`;
    let panel = this.panels.get(key);
    if (panel) {
      panel.reveal(undefined, true);
    } else {
      // Links ask for the rows again, and do nothing else; there is no script.
      panel = vscode.window.createWebviewPanel(
        'tenon.rows',
        relation,
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
        { enableScripts: false, enableCommandUris: ['tenon.client.showRows'], localResourceRoots: [] },
      );
      this.panels.set(key, panel);
      panel.onDidDispose(() => this.panels.delete(key));
    }
    const again = encodeURIComponent(JSON.stringify([{ uri: file.toString(), name: relation }]));
    const rows = ran.output.split('\n').filter((line) => line !== '');
    panel.webview.html = page(relation, rows, `command:tenon.client.showRows?${again}`);
  }
}
