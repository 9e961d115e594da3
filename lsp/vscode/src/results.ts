/** What commands of the server answer, shown: plans and Core as documents, scenarios as a message with the way there. */

import * as vscode from 'vscode';
import { messageOf } from './scenarios';

/** The scheme of documents that are made here. */
export const SCHEME = 'tenon-answer';

/** The documents that were made, by their addresses. */
export class Answers implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  /** Opens a text beside the editor; one of the same name is replaced. */
  async open(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.texts.set(uri.toString(), text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }

  /** A document was closed; its text is not kept. */
  forget(uri: vscode.Uri): void {
    this.texts.delete(uri.toString());
  }
}

export const answers = new Answers();

interface Location {
  readonly uri: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

interface Reported {
  readonly name: string;
  readonly passed: boolean;
  readonly broken: {
    readonly at: Location | null;
    readonly message: string;
    readonly text: string | null;
    readonly parts: readonly { readonly text: string; readonly value: string }[];
  } | null;
}

/** Shows the answer to a command, where it is one of those that people ask for. */
export async function present(command: string, args: readonly unknown[], answer: unknown): Promise<void> {
  switch (command) {
    case 'tenon.explain': {
      const { queries } = answer as { queries: readonly { name: string; text: string }[] };
      const name = (args[0] as { name?: string } | undefined)?.name;
      if (queries.length === 0) {
        void vscode.window.showInformationMessage(name ? `\`${name}\` has no query.` : 'There is no query here.');
      } else {
        await answers.open(`${name ?? 'plans'}.plan`, queries.map((query) => query.text).join('\n\n'));
      }
      return;
    }
    case 'tenon.showCore':
      await answers.open('program.core', (answer as { text: string }).text);
      return;
    case 'tenon.showPlaces':
      await peek(args[0] as { uri: string; places: readonly Location[] });
      return;
    case 'tenon.runScenario':
      await presentScenarios(answer as { scenarios: readonly Reported[]; failed: number });
      return;
    default:
  }
}

/** Shows places in the line from which they were asked for. */
async function peek({ uri, places }: { uri: string; places: readonly Location[] }): Promise<void> {
  const at = ({ start }: Location['range']) => new vscode.Position(start.line, start.character);
  const locations = places.map((place) => new vscode.Location(vscode.Uri.parse(place.uri), at(place.range)));
  const from = vscode.window.activeTextEditor?.selection.active ?? new vscode.Position(0, 0);
  await vscode.commands.executeCommand('editor.action.peekLocations', vscode.Uri.parse(uri), from, locations, 'peek');
}

async function presentScenarios(answer: { scenarios: readonly Reported[]; failed: number }): Promise<void> {
  const broken = answer.scenarios.find((one) => one.broken !== null);
  if (!broken?.broken) {
    const one = answer.scenarios.length === 1 ? answer.scenarios[0] : undefined;
    const what = one ? `“${one.name}” holds.` : `All ${answer.scenarios.length} scenarios hold.`;
    void vscode.window.showInformationMessage(what);
    return;
  }
  const more = answer.failed > 1 ? ` (and ${answer.failed - 1} more)` : '';
  const chosen = await vscode.window.showErrorMessage(
    `“${broken.name}” does not hold${more}: ${messageOf({ ...broken.broken, at: null, cause: null })}`,
    ...(broken.broken.at ? ['Show'] : []),
  );
  if (chosen === 'Show' && broken.broken.at) {
    const { uri, range } = broken.broken.at;
    const at = new vscode.Position(range.start.line, range.start.character);
    await vscode.window.showTextDocument(vscode.Uri.parse(uri), { selection: new vscode.Range(at, at) });
  }
}
