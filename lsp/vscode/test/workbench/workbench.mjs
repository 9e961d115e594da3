// The extension in a real VS Code, driven as somebody would use it: installed from its package, a folder opened, an
// error seen, a name completed, a scenario run, an endpoint called, rows shown. Screenshots go to target/vscode/shots.
//
//   node test/workbench/workbench.mjs [--only TEXT]

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, missing } from './install.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = path.resolve(process.env.CARGO_TARGET_DIR ?? path.join(root, '../../target'));
const tenon = path.resolve(process.env.TENON ?? path.join(target, 'debug/tenon'));
const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';

const lacking = missing();
if (lacking.length > 0) {
  console.log(`skipped: VS Code itself needs ${lacking.join(', ')}`);
  process.exit(0);
}

const PROGRAM = `relation Item { key id: Int; n: Int; note: Text? }
query all_items() -> [Int] at GET "/items" public { from i in Item select i.n }
handler add(id: Int, n: Int) -> Item at POST "/items" public { insert Item(id, n) }
fn wrong() -> Int { "text" }
scenario "holds" { then 1 + 1 == 2 }
scenario "breaks" {
  given xs = [1, 2]
  then xs.length == 3
}
`;

const { server, playwright } = install(target);
const { chromium } = (await import(playwright)).default;
const shots = path.join(target, 'vscode/shots');
mkdirSync(shots, { recursive: true });
const here = mkdtempSync(path.join(tmpdir(), 'tenon-workbench-'));
const folder = path.join(here, 'program');
mkdirSync(folder);
const file = path.join(folder, 'main.tn');
writeFileSync(file, PROGRAM);
const [port, served] = [await freePort(), await freePort()];
const data = path.join(here, 'data');
mkdirSync(path.join(data, 'User'), { recursive: true });
writeFileSync(path.join(data, 'User/settings.json'), JSON.stringify({
  'security.workspace.trust.enabled': false,
  'tenon.server.path': tenon,
  'tenon.run.arguments': ['--port', String(served)],
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'editor.minimap.enabled': false,
}));
const folders = ['--extensions-dir', path.join(here, 'extensions'), '--user-data-dir', data, '--server-data-dir', path.join(here, 'server')];
execFileSync(process.execPath, [server, '--install-extension', path.join(root, 'dist/tenon.vsix'), ...folders], { stdio: ['ignore', 'ignore', 'inherit'] });
const code = spawn(
  process.execPath,
  [server, '--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--accept-server-license-terms', '--telemetry-level', 'off', ...folders],
  { stdio: 'ignore', detached: true },
);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

let failed = 0;
let page;
try {
  await listening(port);
  page = await (await browser.newContext({ viewport: { width: 1400, height: 900 }, reducedMotion: 'reduce' })).newPage();
  page.setDefaultTimeout(60_000);
  const payload = [['openFile', `vscode-remote://127.0.0.1:${port}${file}`]];
  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
  await page.locator('.monaco-editor .view-line').first().waitFor();

  await test('an error is underlined, with its message', async () => {
    await page.locator('.squiggly-error').first().waitFor();
    await command('Problems: Focus on Problems View');
    await page.locator('.markers-panel').getByText(/expected `Int`|Int/).first().waitFor();
  });

  await test('lenses offer to run, to call and to show', async () => {
    for (const title of ['call GET /items', 'call POST /items', 'rows', 'run all 2 scenarios', 'explain']) {
      await page.locator('.codelens-decoration').getByText(title, { exact: true }).first().waitFor();
    }
  });

  await test('fields are completed, and the choice is inserted', async () => {
    await toLine(9);
    await page.keyboard.press('Control+End');
    await page.keyboard.type('fn noted(i: Item) -> Text? { i.no');
    await page.locator('.suggest-widget .monaco-list-row', { hasText: 'note' }).first().waitFor();
    await page.keyboard.press('Tab');
    await page.locator('.view-line', { hasText: 'i.note' }).first().waitFor();
    // The error is mended, so that scenarios can run.
    await replaceLine(4, 'fn wrong() -> Int { 1 }');
    await page.locator('.squiggly-error').first().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+S');
  });

  await test('a scenario is run from the Testing view, and what broke stands in its line', async () => {
    await command('Test: Run All Tests');
    const message = page.locator('.monaco-editor').getByText(/xs\.length/).last();
    await message.waitFor();
    await page.locator('.testing-run-glyph, .codicon-testing-failed-icon').first().waitFor();
    await command('Testing: Focus on Test Explorer View');
    const tree = page.locator('.test-explorer');
    await tree.getByText(/1\/2/).first().waitFor();
    await page.keyboard.press('Escape');
  });

  await test('an endpoint is called while the program is served, and its rows are shown', async () => {
    const program = spawn(tenon, ['run', file, '--port', String(served), '--data', path.join(folder, 'data')], { stdio: 'ignore' });
    try {
      await listening(served);
      await lens('call POST /items');
      await page.locator('.view-line', { hasText: `POST` }).first().waitFor();
      await lens('Send');
      await page.locator('.view-line', { hasText: '200' }).first().waitFor();
      const stored = await (await fetch(`http://127.0.0.1:${served}/items`)).json();
      assert.deepEqual(stored, [0]);
      await command('View: Focus First Editor Group');
      await lens('rows');
      const inner = page.frameLocator('iframe.webview').first().frameLocator('iframe');
      await inner.getByText('Item: 1 row').waitFor();
    } finally {
      program.kill();
    }
  });

  await test('a language server that crashes comes back', async () => {
    const before = servers();
    assert.equal(before.length, 1);
    process.kill(before[0], 'SIGKILL');
    await until(() => servers().some((id) => !before.includes(id)));
    await command('View: Focus First Editor Group');
    await replaceLine(4, 'fn wrong() -> Int { "text" }');
    await page.locator('.squiggly-error').first().waitFor();
  });
} catch (error) {
  failed += 1;
  console.log(error);
  await page?.screenshot({ path: path.join(shots, 'failed.png') });
} finally {
  await browser.close();
  // The server and all that it started: extension host, language server.
  try {
    process.kill(-code.pid);
  } catch {
    // It has ended by itself.
  }
  rmSync(here, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
if (failed > 0) process.exit(1);
console.log('VS Code itself: passed');

async function test(name, run) {
  if (!name.includes(only)) return;
  const start = Date.now();
  try {
    await run();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
  await page.screenshot({ path: path.join(shots, `${name.replaceAll(/[^a-z]+/g, '-')}.png`) });
  console.log(`  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
}

/** Runs a command of the palette by its title. */
async function command(title) {
  await page.keyboard.press('F1');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`>${title}`);
  await page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

async function toLine(line) {
  await page.keyboard.press('Control+G');
  const input = page.locator('.quick-input-widget input');
  await input.waitFor();
  await input.fill(`:${line}`);
  await page.keyboard.press('Enter');
  await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
}

async function replaceLine(line, text) {
  await toLine(line);
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.insertText(text);
}

async function lens(title) {
  await page.locator('.codelens-decoration a', { hasText: title }).first().click();
}

/** The language servers of this program, by their process ids. */
function servers() {
  const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.trimEnd().endsWith(`${tenon} lsp`) && belongs(Number.parseInt(line, 10))).map((line) => Number.parseInt(line, 10));
}

/** True for a process below the server that this test started. */
function belongs(id) {
  for (let at = id; at > 1; at = Number(readFileSync(`/proc/${at}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[1])) {
    if (at === code.pid) return true;
  }
  return false;
}

async function until(holds) {
  for (let tries = 0; tries < 300; tries++) {
    if (holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail('waited in vain');
}

async function listening(port) {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(`http://127.0.0.1:${port}/`);
      return;
    } catch (error) {
      if (tries > 300) throw error;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}
