/** What the client does without the editor: finding `tenon`, reading scenarios, understanding what `tenon` answers. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import { type Surroundings, locate } from '../src/locate';
import * as lines from '../src/lines';
import { programOf, run } from '../src/program';
import { columnOf, messageOf, readAnswer, scenariosOf } from '../src/scenarios';

const TENON = path.resolve(process.env['TENON'] ?? '../../target/debug/tenon');

const around = (over: Partial<Surroundings>, ...files: string[]): Surroundings => ({
  setting: '',
  searchPath: '/usr/bin:/opt/bin',
  home: '/home/me',
  folders: ['/work/a', '/work/b'],
  trusted: true,
  windows: false,
  runs: (file) => files.includes(file),
  ...over,
});

test('tenon is found by setting, in PATH, in the workspace, in this order', () => {
  const built = '/work/b/target/debug/tenon';
  assert.deepEqual(locate(around({ setting: '/x/tenon' }, '/x/tenon', '/opt/bin/tenon')), { file: '/x/tenon', how: 'setting' });
  assert.deepEqual(locate(around({}, '/opt/bin/tenon', built)), { file: '/opt/bin/tenon', how: 'path' });
  assert.deepEqual(locate(around({}, built)), { file: built, how: 'workspace' });
  const release = '/work/b/target/release/tenon';
  assert.deepEqual(locate(around({}, built, release)), { file: release, how: 'workspace' });
});

test('settings may name the home and the folders of the workspace', () => {
  assert.equal(locate(around({ setting: '~/bin/tenon' }, '/home/me/bin/tenon')).file, '/home/me/bin/tenon');
  assert.equal(locate(around({ setting: '${workspaceFolder}/out/tenon' }, '/work/b/out/tenon')).file, '/work/b/out/tenon');
  assert.equal(locate(around({ setting: 'out/tenon' }, '/work/a/out/tenon')).file, '/work/a/out/tenon');
});

test('what is not found is said, and a wrong setting is not passed over', () => {
  const wrong = locate(around({ setting: '/x/tenon' }, '/opt/bin/tenon'));
  assert.ok(wrong.file === undefined && wrong.why.includes('/x/tenon'));
  const nothing = locate(around({}));
  assert.ok(nothing.file === undefined && nothing.why.includes('PATH'));
});

test('without trust nothing of the workspace is run', () => {
  assert.equal(locate(around({ trusted: false }, '/work/a/target/debug/tenon')).file, undefined);
  assert.equal(locate(around({ searchPath: '.:bin' }, 'bin/tenon', 'tenon')).file, undefined);
});

test('scenarios are found in broken files, titles are read, holes are no title', () => {
  const text = [
    'fn broken( {',
    'scenario "one \\"two\\" \\u{41}" {',
    '  then true',
    '}',
    '  scenario "indented" { }',
    'scenario "with {a hole}" { then true }',
    'scenario "braces \\{a\\}" { then true }',
    'scenario "open"',
    '  {',
    'fn f() { }',
  ].join('\n');
  assert.deepEqual(scenariosOf(text), [
    { title: 'one "two" A', line: 1, endLine: 3 },
    { title: 'braces {a}', line: 6, endLine: 6 },
    { title: 'open', line: 7, endLine: 8 },
  ]);
});

test('columns in bytes become columns of the editor', () => {
  assert.equal(columnOf('abc', 3), 2);
  assert.equal(columnOf('"×😀" x', 9), 5);
  assert.equal(columnOf('ab', 9), 2);
});

test('a file belongs to the program that tenon has it in', () => {
  const exists = (file: string) => ['/w/app/tenon.toml', '/w/app/parts/tenon.toml'].includes(file);
  const app = { path: '/w/app', root: '/w/app' };
  const alone = (file: string) => ({ path: file, root: path.dirname(file) });
  assert.deepEqual(programOf('/w/app/billing/a.tn', exists), app);
  assert.deepEqual(programOf('/w/app/billing/data/a.tn', exists), app);
  assert.deepEqual(programOf('/w/app/data.tn', exists), app);
  assert.deepEqual(programOf('/w/app/parts/a.tn', exists), { path: '/w/app/parts', root: '/w/app/parts' });
  for (const file of ['/w/other/a.tn', '/w/app/data/a.tn', '/w/app/.old/a.tn', '/w/app/billing/.a.tn']) {
    assert.deepEqual(programOf(file, exists), alone(file));
  }
});

test('answers that are no reports are errors', () => {
  assert.deepEqual(readAnswer(''), { reports: undefined, error: '`tenon test` said nothing.', at: undefined });
  assert.deepEqual(readAnswer('{"error":"no"}'), { reports: undefined, error: 'no', at: undefined });
});

test('the real tenon reports what holds, what broke and where', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-vscode-'));
  try {
    const file = path.join(folder, 'sums.tn');
    writeFileSync(file, 'scenario "holds" { then 1 + 1 == 2 }\nscenario "breaks" {\n  given xs = [1, 2]\n  then xs.length == 3\n}\n');
    const ran = await run(TENON, ['test', file, '--json', '--exact', '--only', 'breaks', '--only', 'holds'], folder);
    assert.equal(ran.code, 1, ran.complaint);
    const answer = readAnswer(ran.output);
    assert.ok(answer.reports, JSON.stringify(answer));
    assert.deepEqual(answer.reports.map((report) => [report.name, report.passed]), [['holds', true], ['breaks', false]]);
    const broken = answer.reports[1]?.broken;
    assert.ok(broken);
    assert.equal(broken.at?.line, 4);
    assert.match(messageOf(broken), /xs\.length\s+is 2/);

    writeFileSync(file, 'scenario "wrong" { then nothing == 2 }\n');
    const wrong = readAnswer((await run(TENON, ['test', file, '--json'], folder)).output);
    assert.ok(wrong.reports === undefined && wrong.at?.line === 1 && /T\d{4}/.test(wrong.error), JSON.stringify(wrong));
    assert.equal((await run(path.join(folder, 'none'), [], folder)).code, undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Runs `tenon` until it says something of its own that fits, or ends. */
function says(args: readonly string[], cwd: string, fits: RegExp): Promise<string> {
  return new Promise((done) => {
    const child = spawn(TENON, args, { cwd });
    let said = '';
    const hear = (part: Buffer) => {
      said += part.toString();
      if (fits.test(said)) child.kill();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', () => done(said));
  });
}

test('the real tenon takes every command line', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tenon-vscode-lines-'));
  try {
    const gives = async (args: readonly string[], code = 0) => {
      const ran = await run(TENON, args, folder);
      assert.equal(ran.code, code, `${args.join(' ')}: ${ran.output}${ran.complaint}`);
      return ran.output;
    };
    const templates = JSON.parse(await gives(lines.templates())) as { name: string; about: string }[];
    assert.ok(templates.length > 1 && templates.every(({ name, about }) => name !== '' && about !== ''));
    await gives(lines.newProgram('usual', ''));
    await gives(lines.newProgram('todo', 'todo'));
    const program = path.join(folder, 'todo');
    await gives(lines.check(program));
    assert.ok((readAnswer(await gives(lines.test(program))).reports ?? []).length > 0);
    writeFileSync(path.join(folder, 'minus.tn'), 'scenario "-1 is refused" { then true }\nscenario "--help" { then true }\n');
    const minus = readAnswer(await gives(lines.test(path.join(folder, 'minus.tn'), ['-1 is refused'])));
    assert.deepEqual(minus.reports?.map((report) => report.name), ['-1 is refused']);
    assert.match(await gives(lines.explainError('T0211')), /T0211/);
    await gives(lines.explainError('--help'), 2);
    const data = path.join(folder, 'data');
    const served = await says(lines.run(program, ['--port', '0', '--data', data]), folder, /http:\/\//);
    assert.match(served, /http:\/\/127\.0\.0\.1:\d+/);
    await gives(lines.rows('Project', program, data, 10));
    // It is served, or not built here: both take the line.
    assert.match(await says(lines.playground(), folder, /http:\/\//), /http:\/\/|the page is not built/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
