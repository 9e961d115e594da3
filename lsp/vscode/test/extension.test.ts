/** The extension from its activation on, in a double of the editor, with the real `tenon` behind it. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import { activate } from '../src/extension';
import { run as runTenon } from '../src/program';
import { Disposable, Document, Position, Range, Uri, CancellationTokenSource, commands, host, window, workspace } from './double/vscode';

const TENON = path.resolve(process.env['TENON'] ?? '../../target/debug/tenon');

const PROGRAM = `relation Item { key id: Int; n: Int; note: Text? }
query all_items() -> [Int] at GET "/items" public { from i in Item select i.n }
handler add(id: Int where it >= 9007199254740993, n: Int, note?: Text) -> Item at POST "/items" public {
  insert Item(id, n, note: note)
}
scenario "holds" { then 1 + 1 == 2 }
scenario "breaks" {
  given xs = [1, 2]
  then xs.length == 3
}
`;

interface Extension {
  readonly folder: string;
  readonly document: Document;
  deactivate(): Promise<void>;
}

/** Activates the extension in a folder with a program. */
async function start(settings: Record<string, unknown> = { 'tenon.server.path': TENON }, trusted = true): Promise<Extension> {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-extension-'));
  host.reset(folder);
  host.trusted = trusted;
  for (const [name, value] of Object.entries(settings)) host.settings.set(name, value);
  const document = await host.open('main.tn', PROGRAM);
  const subscriptions: Disposable[] = [];
  await activate({ subscriptions } as never);
  return {
    folder,
    document,
    async deactivate() {
      subscriptions.forEach((one) => one.dispose());
      await until('the server ends', () => host.log.length === 0 || processes(folder).length === 0);
      rmSync(folder, { recursive: true });
    },
  };
}

async function within(run: (extension: Extension) => Promise<void>, settings?: Record<string, unknown>, trusted?: boolean): Promise<void> {
  const extension = await start(settings, trusted);
  try {
    await run(extension);
  } finally {
    await extension.deactivate();
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`waited in vain until ${what}: ${JSON.stringify({ said: host.said, status: host.status, log: host.log.slice(-5) })}`);
}

/** The language servers that this test started. */
function processes(folder: string): number[] {
  return mine().filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0')[1] === 'lsp' && folder !== '';
    } catch {
      return false;
    }
  });
}

function mine(): number[] {
  return readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

const messages = (document: Document) => (host.diagnostics.get(document.uri.toString()) ?? []).map((one) => one.message);

test('activation starts the server and registers every command of the manifest', () =>
  within(async ({ document }) => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { contributes: { commands: { command: string }[] } };
    for (const { command } of manifest.contributes.commands) assert.ok(host.commands.has(command), command);
    for (const command of ['tenon.runScenario', 'tenon.explain', 'tenon.showCore']) assert.ok(host.commands.has(command), command);
    assert.equal(host.status[0]?.text, 'ready');
    assert.deepEqual(host.said, []);
    assert.ok(host.watchers.some(({ glob }) => glob.includes('tenon.toml')), 'files are watched');
    // The client asks for diagnostics: an error appears where it stands.
    host.edit(document, `${PROGRAM}fn wrong() -> Int { "text" }\n`);
    await until('the error is shown', () => messages(document).some((message) => message.includes('Int')));
    host.edit(document, PROGRAM);
    await until('it is gone', () => messages(document).length === 0);
  }));

test('what the client says it can do has lenses, and the setting takes them away', () =>
  within(async ({ document }) => {
    const lenses = async () => {
      const found = await host.ask<{ command: { title: string; command: string } }[]>('lens', 'provideCodeLenses', document);
      return found.map(({ command }) => `${command.command}: ${command.title}`);
    };
    const found = await lenses();
    for (const wanted of [
      'tenon.client.callEndpoint: call GET /items', 'tenon.client.callEndpoint: call POST /items',
      'tenon.client.showRows: rows', 'tenon.runScenario: run', 'tenon.explain: explain',
    ]) assert.ok(found.includes(wanted), `${wanted} in ${found.join(', ')}`);
    for (const lens of found) assert.ok(host.commands.has(lens.slice(0, lens.indexOf(':'))), lens);
    await host.set('tenon.codeLens.enabled', false);
    assert.deepEqual(await lenses(), []);
  }));

test('completion comes from the server', () =>
  within(async ({ document }) => {
    host.edit(document, `${PROGRAM}fn f(i: Item) -> Int { i. }\n`);
    const at = document.positionAt(document.getText().lastIndexOf('i. }') + 2);
    const { items } = await host.ask<{ items: { label: unknown }[] }>(
      'completion', 'provideCompletionItems', document, [at], [{ triggerKind: 0 }],
    );
    const labels = items.map(({ label }) => (typeof label === 'string' ? label : (label as { label: string }).label));
    assert.ok(labels.includes('note'), labels.join(', '));
  }));

test('the Testing view finds scenarios, runs them, and shows what broke in its line', () =>
  within(async ({ document, folder }) => {
    const controller = host.controllers[0];
    assert.ok(controller);
    const file = controller.items.get(document.uri.toString());
    assert.ok(file);
    const labels: string[] = [];
    file.children.forEach((item) => labels.push(`${item.label} at ${item.range?.start.line}`));
    assert.deepEqual(labels, ['holds at 5', 'breaks at 6']);

    const run = await controller.run();
    assert.ok(run.ended);
    const ends = () => run.became.filter(({ what }) => !['enqueued', 'started'].includes(what));
    assert.deepEqual(ends().map(({ what, label }) => `${label} ${what}`), ['holds passed', 'breaks failed']);
    const message = ends()[1]?.messages[0];
    assert.equal(message?.location?.range.start.line, 8);
    assert.equal(message?.location?.uri.toString(), document.uri.toString());
    assert.match(message?.message ?? '', /xs\.length\s+is 2/);
    assert.match(run.output, /FAIL breaks/);

    // One alone, unsaved: what the editor shows is what runs.
    host.edit(document, PROGRAM.replace('== 3', '== 2'));
    const breaks = file.children.get(`${document.uri.toString()}#breaks`);
    assert.ok(breaks);
    const again = await controller.run([breaks]);
    assert.deepEqual(again.became.map(({ what, label }) => `${label} ${what}`), ['breaks enqueued', 'breaks started', 'breaks passed']);

    // A program with errors has run nothing, and says so at the error.
    host.edit(document, PROGRAM.replace('1 + 1', 'nothing'));
    const wrong = await controller.run([breaks]);
    assert.equal(wrong.became.at(-1)?.what, 'errored');
    assert.equal(wrong.became.at(-1)?.messages[0]?.location?.range.start.line, 5);

    // A file that comes and goes.
    const other = Uri.file(path.join(folder, 'other.tn'));
    writeFileSync(other.fsPath, 'scenario "elsewhere" { then true }\n');
    const watcher = host.watchers.find(({ glob }) => glob === '**/*.tn');
    watcher?.create.fire(other);
    await until('it is found', () => controller.items.get(other.toString()) !== undefined);
    rmSync(other.fsPath);
    watcher?.remove.fire(other);
    assert.equal(controller.items.get(other.toString()), undefined);
  }));

test('a run that is stopped reports what it did not run', () =>
  within(async ({ document }) => {
    const spin = 'fn spin(n: Int) -> Int {\n  var x = 0\n  for i in 1..=n { x = x + i mod 7 }\n  x\n}\n';
    host.edit(document, `${PROGRAM}${spin}scenario "long" { then spin(n: 1_000_000_000) == 1 }\n`);
    const source = new CancellationTokenSource();
    setTimeout(() => source.cancel(), 500);
    const before = Date.now();
    const run = await host.controllers[0]?.run(undefined, source.token);
    assert.ok(Date.now() - before < 10_000, 'it is stopped');
    assert.ok(run?.became.some(({ what }) => what === 'skipped'), JSON.stringify(run?.became.map(({ what }) => what)));
  }));

test('commands of the server are shown: plans, Core, scenarios', () =>
  within(async ({ document }) => {
    const beside = () => workspace.textDocuments.filter(({ uri }) => uri.scheme === 'tenon-answer');
    const editor = window.activeTextEditor;
    assert.ok(editor);
    editor.selection = { ...editor.selection, active: new Position(1, 10) } as never;
    await commands.executeCommand('tenon.client.explain');
    await commands.executeCommand('tenon.client.showCore');
    assert.deepEqual(beside().map(({ uri }) => uri.path), ['/all_items.plan', '/program.core']);
    assert.ok(beside()[0]?.text.includes('Item') && beside()[1]?.text.includes('all_items'));
    const [core] = beside().slice(1);
    core?.close();
    assert.equal(beside().length, 1);

    const uri = document.uri.toString();
    host.choose = (_, offered) => offered.find((one) => one === 'Show');
    await commands.executeCommand('tenon.runScenario', { uri, name: 'holds' });
    await commands.executeCommand('tenon.runScenario', { uri, name: 'breaks' });
    assert.match(host.said[0] ?? '', /information: “holds” holds/);
    assert.match(host.said[1] ?? '', /error: “breaks” does not hold[^]*xs\.length/);
    await until('the line is shown', () => window.activeTextEditor?.selection.active.line === 8);
    await commands.executeCommand('tenon.showPlaces', { uri, places: [{ uri, range: { start: { line: 1, character: 3 } } }] });
    assert.equal(host.called.at(-1)?.command, 'editor.action.peekLocations');
  }));

test('programs run in terminals that no shell reads', () =>
  within(async ({ document, folder }) => {
    await host.set('tenon.run.arguments', ['--port', '8081']);
    await commands.executeCommand('tenon.client.run', { uri: document.uri.toString() });
    await commands.executeCommand('tenon.client.check');
    await commands.executeCommand('tenon.client.playground', document.uri);
    await commands.executeCommand('tenon.client.test');
    const file = path.join(folder, 'main.tn');
    assert.deepEqual(host.terminals.map(({ shellPath, shellArgs }) => [shellPath, ...shellArgs]), [
      [TENON, 'run', file, '--port', '8081'],
      [TENON, 'check', file],
      [TENON, 'playground'],
    ]);
    assert.deepEqual(host.called.map(({ command }) => command), ['testing.runAll']);
    // Run again: the old one ends.
    await commands.executeCommand('tenon.client.run');
    assert.deepEqual(host.terminals.map(({ disposed }) => disposed), [true, false, false, false]);
  }));

test('a diagnostic is explained, an unknown code refused', () =>
  within(async ({ document }) => {
    host.choose = () => 'T0200';
    await commands.executeCommand('tenon.client.explainError');
    assert.ok(workspace.textDocuments.some(({ uri, text }) => uri.path === '/T0200.md' && text.includes('T0200')));
    host.choose = () => 'T9999';
    await commands.executeCommand('tenon.client.explainError');
    assert.match(host.said.at(-1) ?? '', /error: .*T9999/);
    // The code under the cursor is proposed.
    host.edit(document, `fn f() -> Int { nothing }\n`);
    await until('the error is shown', () => messages(document).length > 0);
    const editor = window.activeTextEditor;
    if (editor) Object.assign(editor, { document, selection: { active: new Position(0, 18) } });
    let proposed: readonly string[] = [];
    host.choose = (_, offered) => void (proposed = offered);
    await commands.executeCommand('tenon.client.explainError');
    assert.deepEqual(proposed, ['T0200']);
  }));

test('a new program is made and opened', () =>
  within(async ({ folder }) => {
    const answers: Record<string, string> = {
      'Where shall the program be?': folder, 'What shall it begin with?': 'todo', 'New Tenon program': 'mine',
    };
    host.choose = (what) => answers[what];
    await commands.executeCommand('tenon.client.newProgram');
    assert.deepEqual(host.said, []);
    assert.equal(window.activeTextEditor?.document.fileName, path.join(folder, 'mine/main.tn'));
    await commands.executeCommand('tenon.client.newProgram');
    assert.match(host.said[0] ?? '', /error: .*mine/);
  }));

test('an endpoint is called: a request that fits, and the answer beside', () =>
  within(async ({ document }) => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body.replaceAll(/\s/g, '')}`);
        response.writeHead(201, { 'Content-Type': 'application/json' }).end('{"id":9007199254740993,"n":[]}');
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    try {
      await host.set('tenon.run.arguments', ['--watch', `--port=${port}`]);
      await commands.executeCommand('tenon.client.callEndpoint', { uri: document.uri.toString(), name: 'add' });
      const request = window.activeTextEditor?.document;
      assert.equal(request?.languageId, 'tenon-request');
      assert.equal(request?.text, `# add, for public
#   id: Int (it >= 9007199254740993)
#   n: Int
#   note: Text (may be left out)
POST http://127.0.0.1:${port}/items
Content-Type: application/json

{
  "id": 9007199254740993,
  "n": 0
}
`);
      await commands.executeCommand('tenon.client.sendRequest');
      assert.deepEqual(seen, ['POST /items application/json {"id":9007199254740993,"n":0}']);
      const answer = workspace.textDocuments.find(({ uri }) => uri.scheme === 'tenon-answer');
      assert.match(answer?.text ?? '', /^201 Created\nContent-Type: application\/json\n/);
      assert.match(answer?.text ?? '', /\n\n\{\n {2}"id": 9007199254740993,\n {2}"n": \[\]\n\}\n$/);
      const lenses = await host.ask<{ command: { command: string } }[]>('lens', 'provideCodeLenses', request as Document);
      assert.deepEqual(lenses.map(({ command }) => command.command), ['tenon.client.sendRequest']);

      host.edit(request as Document, 'hello\n');
      await commands.executeCommand('tenon.client.sendRequest');
      assert.match(host.said.at(-1) ?? '', /A request begins as/);
    } finally {
      server.close();
    }
    // Nobody serves: the way to serve it is offered.
    await host.set('tenon.run.arguments', ['--port', '1']);
    host.choose = (what, offered) => (what === 'Which endpoint?' ? 'GET /items' : offered[0]);
    await host.open('main.tn');
    await commands.executeCommand('tenon.client.callEndpoint');
    await commands.executeCommand('tenon.client.sendRequest');
    assert.match(host.said.at(-1) ?? '', /Nobody answers at 127\.0\.0\.1:1/);
    assert.equal(host.terminals.at(-1)?.shellArgs[0], 'run');
  }));

test('rows are shown as they are stored, and never as a part of the page', () =>
  within(async ({ document, folder }) => {
    const uri = document.uri.toString();
    await commands.executeCommand('tenon.client.showRows', { uri, name: 'Item' });
    assert.match(host.said[0] ?? '', /error: The rows of Item cannot be read: /);
    writeFileSync(path.join(folder, 'rows.jsonl'), '{"id":9007199254740993,"n":1,"note":"<img src=x onerror=alert(1)>"}\n');
    const stored = await runTenon(TENON, ['import', 'Item', 'rows.jsonl', '--program', 'main.tn'], folder);
    assert.equal(stored.code, 0, stored.complaint);
    await commands.executeCommand('tenon.client.showRows', { uri, name: 'Item' });
    await commands.executeCommand('tenon.client.showRows', { uri, name: 'Item' });
    assert.equal(host.panels.length, 1, 'the same view is used again');
    const [panel] = host.panels;
    assert.equal(panel?.reveals, 1);
    assert.match(panel?.html ?? '', /<td class="number">9007199254740993<\/td>/);
    assert.ok(panel?.html.includes('&lt;img src=x onerror=alert(1)&gt;') && !panel.html.includes('<img'));
    assert.deepEqual((panel?.options as { enableScripts: boolean }).enableScripts, false);
    panel?.close();
    host.choose = () => 'Item';
    await commands.executeCommand('tenon.client.showRows');
    assert.equal(host.panels.length, 2);
  }));

test('a server that crashes is started again, and knows the documents', () =>
  within(async ({ document, folder }) => {
    const [first] = processes(folder);
    assert.ok(first);
    process.kill(first, 'SIGKILL');
    await until('another runs', () => processes(folder).some((id) => id !== first));
    await until('it is ready', () => host.status[0]?.text === 'ready');
    host.edit(document, `${PROGRAM}fn wrong() -> Int { "text" }\n`);
    await until('the error is shown', () => messages(document).length > 0);
  }));

test('a restart, a new path, and the end leave no process behind', async () => {
  const extension = await start();
  const { folder } = extension;
  const first = processes(folder);
  assert.equal(first.length, 1);
  await commands.executeCommand('tenon.client.restart');
  await until('one other runs', () => processes(folder).length === 1 && processes(folder)[0] !== first[0]);
  const second = processes(folder);
  symlinkSync(TENON, path.join(folder, 'tenon'));
  await host.set('tenon.server.path', path.join(folder, 'tenon'));
  await until('the new one runs', () => processes(folder).length === 1 && processes(folder)[0] !== second[0]);
  await until('it is ready', () => host.status[0]?.text === 'ready');
  assert.equal(host.status[0]?.detail, path.join(folder, 'tenon'));
  await extension.deactivate();
  assert.deepEqual(processes(folder), []);
});

test('without tenon there is one message that says what to do', () =>
  within(async ({ folder }) => {
    assert.equal(host.said.length, 1);
    assert.match(host.said[0] ?? '', /warning: The setting tenon\.server\.path says `\/nowhere\/tenon`, where there is no program\. Colours and snippets work/);
    assert.deepEqual(host.called, []);
    assert.equal(host.status[0]?.text, '`tenon` was not found');
    // What needs it says the same, once, and the scenario is not called broken.
    const run = await host.controllers[0]?.run();
    assert.ok(run?.became.filter(({ what }) => what === 'errored').every(({ messages: [one] }) => one?.message === '`tenon` was not found.'));
    assert.equal(host.said.length, 2);
    await commands.executeCommand('tenon.client.showCore');
    assert.match(host.said.at(-1) ?? '', /The language server does not run/);
    // The setting is opened where it is chosen; once it is right, all goes on.
    host.choose = (_, offered) => offered.find((one) => one === 'Open Setting');
    await commands.executeCommand('tenon.client.run');
    assert.deepEqual(host.called.at(-1), { command: 'workbench.action.openSettings', args: ['tenon.server.path'] });
    host.choose = () => undefined;
    await host.set('tenon.server.path', TENON);
    await until('it runs', () => host.status[0]?.text === 'ready');
    assert.equal(processes(folder).length, 1);
  }, { 'tenon.server.path': '/nowhere/tenon' }));

test('without trust nothing is run, until trust is given', () =>
  within(async ({ document }) => {
    const run = await host.controllers[0]?.run();
    assert.ok(run?.became.filter(({ what }) => what === 'errored').every(({ messages: [one] }) => one?.message.includes('trusted')));
    await commands.executeCommand('tenon.client.run');
    await commands.executeCommand('tenon.client.showRows', { uri: document.uri.toString(), name: 'Item' });
    assert.deepEqual([host.terminals.length, host.panels.length], [0, 0]);
    assert.equal(host.said.filter((one) => one.includes('trusted workspaces only')).length, 2);
    host.trusted = true;
    host.trust.fire();
    await commands.executeCommand('tenon.client.run');
    assert.equal(host.terminals.length, 1);
  }, undefined, false));

test('the double refuses what the editor refuses', async () => {
  host.reset(mkdtempSync(path.join(tmpdir(), 'tenon-double-')));
  commands.registerCommand('a', () => 1);
  assert.throws(() => commands.registerCommand('a', () => 2), /already exists/);
  await assert.rejects(commands.executeCommand('nobody'), /not found/);
  assert.ok(new Range(0, 1, 2, 3).contains(new Position(1, 0)));
});
