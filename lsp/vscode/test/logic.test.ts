/** What the client does without the editor: finding `tenon`, reading scenarios, understanding what `tenon` answers. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import { type Surroundings, locate } from '../src/locate';
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

test('a file belongs to the program of the nearest tenon.toml', () => {
  const exists = (file: string) => file === '/w/app/tenon.toml';
  assert.deepEqual(programOf('/w/app/billing/a.tn', '/w', exists), { path: '/w/app', root: '/w/app' });
  assert.deepEqual(programOf('/w/other/a.tn', '/w', exists), { path: '/w/other/a.tn', root: '/w/other' });
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
