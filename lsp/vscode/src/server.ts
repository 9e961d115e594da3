/** The language server: found, started, started anew, and spoken of in the status bar. */

import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import {
  CloseAction,
  type CloseHandlerResult,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  State,
} from 'vscode-languageclient/node';
import { type Found, locate } from './locate';
import { present } from './results';

/** What is said where the server is needed and does not run. */
export const STOPPED = 'The language server does not run: see “Tenon: Restart Language Server”.';

export class Server implements vscode.Disposable {
  readonly output = vscode.window.createOutputChannel('Tenon', { log: true });
  private readonly status: vscode.LanguageStatusItem;
  private client: LanguageClient | undefined;
  /** Starts and stops follow each other. */
  private turn: Promise<void> = Promise.resolve();

  constructor() {
    this.status = vscode.languages.createLanguageStatusItem('tenon.server', { language: 'tenon' });
    this.status.name = 'Tenon';
    this.status.command = { command: 'tenon.client.showOutput', title: 'Output' };
  }

  /** The client, while it runs. */
  get running(): LanguageClient | undefined {
    return this.client?.state === State.Running ? this.client : undefined;
  }

  /** Looks for `tenon` as things stand now. */
  find(): Found {
    const setting = vscode.workspace.getConfiguration('tenon').inspect<string>('server.path');
    // In an untrusted workspace the editor gives the user's own value; this asks for nothing else.
    const written = vscode.workspace.isTrusted
      ? vscode.workspace.getConfiguration('tenon').get<string>('server.path', '')
      : (setting?.globalValue ?? '');
    return locate({
      setting: written,
      searchPath: process.env['PATH'] ?? '',
      home: homedir(),
      folders: (vscode.workspace.workspaceFolders ?? [])
        .filter((folder) => folder.uri.scheme === 'file')
        .map((folder) => folder.uri.fsPath),
      trusted: vscode.workspace.isTrusted,
      windows: process.platform === 'win32',
      runs: canRun,
    });
  }

  /** `tenon`, or nothing after the user has been told how to get it. */
  async tenon(): Promise<string | undefined> {
    const found = this.find();
    if (found.file !== undefined) return found.file;
    await missing(found.why);
    return undefined;
  }

  start(): Promise<void> {
    return this.next(() => this.startNow());
  }

  restart(): Promise<void> {
    return this.next(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  stop(): Promise<void> {
    return this.next(() => this.stopNow());
  }

  dispose(): void {
    void this.stop().finally(() => {
      this.status.dispose();
      this.output.dispose();
    });
  }

  private next(step: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(step, step);
    return this.turn;
  }

  private async startNow(): Promise<void> {
    if (this.client) return;
    const found = this.find();
    if (found.file === undefined) {
      this.output.warn(found.why);
      this.show(vscode.LanguageStatusSeverity.Warning, '`tenon` was not found', found.why);
      void missing(found.why);
      return;
    }
    this.output.info(`${found.file}, found by ${found.how}`);
    const server: ServerOptions = { command: found.file, args: ['lsp'] };
    const crashes = new Crashes(found.file);
    const client = new Client('tenon', 'Tenon', server, { ...clientOptions(this.output), ...crashes.options });
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) this.show(vscode.LanguageStatusSeverity.Information, 'ready', found.file);
      else if (newState === State.Starting) this.show(vscode.LanguageStatusSeverity.Information, 'starting', found.file);
      else this.show(vscode.LanguageStatusSeverity.Warning, 'stopped', found.file);
    });
    this.client = client;
    try {
      await client.start();
      crashes.started = true;
    } catch (error) {
      this.client = undefined;
      const why = error instanceof Error ? error.message : String(error);
      this.show(vscode.LanguageStatusSeverity.Error, 'did not start', why);
      void failed(found.file, why);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (!client) return;
    try {
      await client.dispose();
    } catch (error) {
      // A server that does not answer is ended by the client; nobody has to do anything.
      this.output.warn(`the server did not stop in order: ${String(error)}`);
    }
  }

  private show(severity: vscode.LanguageStatusSeverity, text: string, detail: string): void {
    this.status.severity = severity;
    this.status.text = text;
    this.status.detail = detail;
  }
}

class Client extends LanguageClient {
  /** One that has not begun has nothing to stop; the library's own would fail where nobody hears it. */
  override async stop(timeout?: number): Promise<void> {
    // One that begins, as after a crash, is stopped once it has begun: its process would stay behind.
    if (this.state === State.Starting) await this.start().catch(() => undefined);
    if (this.state === State.Running) await super.stop(timeout);
  }
}

/** Crashes of a server: it is started again, unless it never began, or they come one after the other. */
class Crashes {
  /** The server has begun once. */
  started = false;
  private moments: number[] = [];

  constructor(private readonly file: string) {}

  readonly options: Pick<LanguageClientOptions, 'errorHandler' | 'initializationFailedHandler'> = {
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => this.closed(),
    },
    // Whoever starts it tells.
    initializationFailedHandler: () => false,
  };

  private closed(): CloseHandlerResult {
    if (!this.started) return { action: CloseAction.DoNotRestart, handled: true };
    const now = Date.now();
    this.moments = [...this.moments.filter((moment) => now - moment < WITHIN), now];
    if (this.moments.length < OFTEN) return { action: CloseAction.Restart, handled: true };
    void failed(this.file, `it ended ${OFTEN} times within ${WITHIN / 60_000} minutes.`);
    return { action: CloseAction.DoNotRestart, handled: true };
  }
}

/** So many crashes within so many milliseconds are too many. */
const OFTEN = 5;
const WITHIN = 180_000;

/** What the client is told. */
function clientOptions(output: vscode.LogOutputChannel): LanguageClientOptions {
  return {
    documentSelector: [
      { scheme: 'file', language: 'tenon' },
      { scheme: 'untitled', language: 'tenon' },
    ],
    // Lenses whose command the client has are shown only if it says so.
    initializationOptions: { commands: ['tenon.client.run', 'tenon.client.callEndpoint', 'tenon.client.showRows'] },
    outputChannel: output,
    traceOutputChannel: output,
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher('**/{*.tn,tenon.toml}') },
    middleware: {
      provideCodeLenses: (document, token, next) =>
        vscode.workspace.getConfiguration('tenon', document).get<boolean>('codeLens.enabled', true)
          ? next(document, token)
          : [],
      // What a command of the server answers is shown, whoever asked for it.
      executeCommand: async (command, args, next) => {
        const answer: unknown = await next(command, args);
        await present(command, args, answer);
        return answer;
      },
    },
  };
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

const SETTING = 'Open Setting';
const GUIDE = 'Get Started';
const TRUST = 'Manage Trust';
const AGAIN = 'Try Again';

/** Says that there is no `tenon`, and what can be done. */
async function missing(why: string): Promise<void> {
  const choices = vscode.workspace.isTrusted ? [SETTING, GUIDE, AGAIN] : [SETTING, TRUST, GUIDE];
  const chosen = await vscode.window.showWarningMessage(
    `${why} Colours and snippets work without it; everything else needs it.`,
    ...choices,
  );
  if (chosen === SETTING) await vscode.commands.executeCommand('workbench.action.openSettings', 'tenon.server.path');
  if (chosen === TRUST) await vscode.commands.executeCommand('workbench.trust.manage');
  if (chosen === GUIDE) await vscode.commands.executeCommand('workbench.action.openWalkthrough', 'tenon.tenon#start');
  if (chosen === AGAIN) await vscode.commands.executeCommand('tenon.client.restart');
}

async function failed(file: string, why: string): Promise<void> {
  const chosen = await vscode.window.showErrorMessage(
    `\`${file} lsp\` does not run: ${why}`,
    'Show Output',
    AGAIN,
    SETTING,
  );
  if (chosen === 'Show Output') await vscode.commands.executeCommand('tenon.client.showOutput');
  if (chosen === AGAIN) await vscode.commands.executeCommand('tenon.client.restart');
  if (chosen === SETTING) await vscode.commands.executeCommand('workbench.action.openSettings', 'tenon.server.path');
}
