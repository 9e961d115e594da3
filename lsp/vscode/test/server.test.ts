/** What the client relies on in the real `tenon lsp`, over stdio: its commands, and what they answer. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  CodeLensRequest,
  DidOpenTextDocumentNotification,
  DocumentSymbolRequest,
  ExecuteCommandRequest,
  ExitNotification,
  InitializeRequest,
  InitializedNotification,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  createProtocolConnection,
} from 'vscode-languageserver-protocol/node';

const TENON = path.resolve(process.env['TENON'] ?? '../../target/debug/tenon');

const PROGRAM = `relation Item { key id: Id; n: Int }
query all_items() -> [Int] { from i in Item select i.n }
scenario "holds" { then 1 + 1 == 2 }
scenario "breaks" {
  given xs = [1, 2]
  then xs.length == 3
}
`;

test('the server offers the commands that the client asks for, and answers as the client reads', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-server-'));
  const file = path.join(folder, 'main.tn');
  writeFileSync(file, PROGRAM);
  const uri = pathToFileURL(file).toString();
  const server = spawn(TENON, ['lsp'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((done) => server.on('exit', done));
  const connection = createProtocolConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
  connection.listen();
  try {
    const { capabilities } = await connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: pathToFileURL(folder).toString(),
      capabilities: {},
      workspaceFolders: [{ uri: pathToFileURL(folder).toString(), name: 'test' }],
    });
    const offered = capabilities.executeCommandProvider?.commands ?? [];
    for (const name of ['tenon.runScenario', 'tenon.explain', 'tenon.showCore']) assert.ok(offered.includes(name), name);
    // The client registers what the server offers; a name of the extension's own would clash with it.
    const own = (JSON.parse(readFileSync('package.json', 'utf8')) as { contributes: { commands: { command: string }[] } })
      .contributes.commands.map(({ command }) => command);
    assert.deepEqual(own.filter((name) => offered.includes(name)), []);

    await connection.sendNotification(InitializedNotification.type, {});
    await connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId: 'tenon', version: 1, text: PROGRAM },
    });
    const execute = (command: string, more: object = {}) =>
      connection.sendRequest(ExecuteCommandRequest.type, { command, arguments: [{ uri, ...more }] });

    const ran = (await execute('tenon.runScenario', { name: 'breaks' })) as {
      failed: number;
      scenarios: { name: string; passed: boolean; broken: { at: { uri: string }; parts: { text: string; value: string }[] } }[];
    };
    assert.equal(ran.failed, 1);
    assert.equal(ran.scenarios[0]?.name, 'breaks');
    assert.equal(ran.scenarios[0]?.broken.at.uri, uri);
    assert.ok(ran.scenarios[0]?.broken.parts.some((part) => part.text === 'xs.length' && part.value === '2'));

    const explained = (await execute('tenon.explain', { name: 'all_items' })) as { queries: { text: string }[] };
    assert.ok(explained.queries[0]?.text.includes('Item'), JSON.stringify(explained));
    const core = (await execute('tenon.showCore')) as { text: string };
    assert.ok(core.text.includes('all_items'), core.text);

    const symbols = await connection.sendRequest(DocumentSymbolRequest.type, { textDocument: { uri } });
    assert.ok(symbols?.some((symbol) => symbol.name === 'all_items'), JSON.stringify(symbols));
    if (capabilities.codeLensProvider) {
      const lenses = (await connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } })) ?? [];
      const named = lenses.flatMap((lens) => (lens.command && lens.command.command !== '' ? [lens.command.command] : []));
      const known = [...offered, ...own, 'editor.action.showReferences'];
      assert.deepEqual(named.filter((name) => !known.includes(name)), [], 'lenses with commands that nobody has');
    }
    await connection.sendRequest(ShutdownRequest.type);
    await connection.sendNotification(ExitNotification.type);
    assert.equal(await ended, 0);
  } finally {
    connection.dispose();
    server.kill();
    rmSync(folder, { recursive: true });
  }
});
