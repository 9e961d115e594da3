/** Requests, JSON with all its digits, and rows as a page: what stands behind calling an endpoint and showing rows. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { indented, parts } from '../src/json';
import { type Endpoint, type Form, type Limits, readRequest, requestOf, sample } from '../src/request';
import { servingOf } from '../src/serving';
import { escaped, page } from '../src/table';

const limits = (over: Partial<Limits>): Limits => ({
  min: null, min_excluded: false, max: null, max_excluded: false, min_length: null, max_length: null, one_of: [], conditions: [],
  ...over,
});
const form = (input: Form['input'], over: Partial<Limits> = {}, optional = false): Form => ({ input, ty: 'T', optional, limits: limits(over) });

test('a sample keeps to what refinements say', () => {
  const int = { kind: 'int' } as const;
  const decimal = { kind: 'decimal', scale: 2 } as const;
  for (const [wanted, of] of [
    ['0', form(int)],
    ['5', form(int, { min: '5' })],
    ['1', form(int, { min: '0', min_excluded: true })],
    ['-3', form(int, { max: '-3' })],
    ['-4', form(int, { max: '-3', max_excluded: true })],
    ['3', form(int, { min: '2.5' })],
    ['-3', form(int, { max: '-2.5' })],
    ['9007199254740993', form(int, { min: '9007199254740993' })],
    ['7', form(int, { one_of: ['7', '8'] })],
    ['"0.00"', form(decimal)],
    ['"0.01"', form(decimal, { min: '0', min_excluded: true })],
    ['"-1.51"', form(decimal, { max: '-1.505' })],
    ['0.0', form({ kind: 'float' })],
    ['"text"', form({ kind: 'text' })],
    ['"te"', form({ kind: 'text' }, { max_length: 2 })],
    ['"texttext"', form({ kind: 'text' }, { min_length: 8 })],
    ['null', form(int, {}, true)],
    ['[0, 0]', form({ kind: 'list', element: form(int) }, { min_length: 2 })],
    ['{}', form({ kind: 'map', key: form({ kind: 'text' }), value: form(int) })],
    ['[]', form({ kind: 'map', key: form(int), value: form(int) })],
    ['"small"', form({ kind: 'choice', cases: [{ wire: 'small' }] })],
    ['{"type": "Closed", "n": 0}', form({ kind: 'variant', cases: [{ wire: 'Closed', fields: [{ name: 'n', wire: 'n', required: true, form: form(int) }] }] })],
  ] as const) {
    assert.equal(sample(of), wanted);
    JSON.parse(sample(of));
  }
});

test('path, query, headers, cookies and a whole body have their places', () => {
  const parameter = (name: string, source: string, of: Form, more: object = {}) => ({
    name, wire: name, source, format: null, required: true, default: null, doc: '', form: of, ...more,
  });
  const endpoint = {
    name: 'put', doc: 'Puts.', method: 'PUT', path: '/a/{key}', callers: ['public'],
    parameters: [
      parameter('key', 'path', form({ kind: 'text' }, { one_of: ['a b'] })),
      parameter('n', 'query', form({ kind: 'int' })),
      parameter('more', 'query', form({ kind: 'int' }), { required: false, default: '3' }),
      parameter('X-Tag', 'header', form({ kind: 'text' })),
      parameter('c', 'cookie', form({ kind: 'text' })),
      parameter('rows', 'whole_body', form({ kind: 'json' }), { format: 'csv' }),
    ],
  } as unknown as Endpoint;
  const text = requestOf(endpoint, 'http://h:1');
  assert.equal(
    text.slice(text.indexOf('PUT ')),
    'PUT http://h:1/a/a%20b?n=0\nX-Tag: text\nCookie: c=text\nContent-Type: text/csv; charset=utf-8\n',
  );
  assert.match(text, /^# put, for public\n# Puts\.\n/);
  assert.match(text, /# {3}more: T \(in the query; left out: 3\)/);
  const read = readRequest(text);
  assert.ok(!('why' in read) && read.method === 'PUT' && read.url.search === '?n=0' && read.headers.length === 3 && read.body === '');
});

test('what is no request is refused at its line', () => {
  for (const [line, text] of [
    [0, ''], [1, '# a\nhello'], [0, 'GET /path'], [0, 'GET file:///etc/passwd'], [1, 'GET http://h/\nno header'],
    [1, 'GET http://h/\nX: a\u0001b'], [0, 'GET http://h/ HTTP/1.1'],
  ] as const) {
    const read = readRequest(text);
    assert.ok('why' in read, text);
    assert.equal(read.line, line, text);
  }
  const read = readRequest('# c\n\npost https://h/x\nA: b\n# c\n\n{\n  "a": 1\n}\n');
  assert.ok(!('why' in read));
  assert.deepEqual([read.method, read.headers, read.body], ['POST', [['A', 'b']], '{\n  "a": 1\n}']);
});

test('JSON keeps its digits and its strings', () => {
  const text = '{"a":9007199254740993,"b":[1.50,{"c":"x, \\"y\\" }"}],"d":[],"e":{}}';
  assert.equal(indented(text), [
    '{', '  "a": 9007199254740993,', '  "b": [', '    1.50,', '    {', '      "c": "x, \\"y\\" }"', '    }', '  ],', '  "d": [],', '  "e": {}', '}',
  ].join('\n'));
  assert.deepEqual(JSON.parse(indented(text)), JSON.parse(text));
  assert.equal(indented('not { json'), 'not { json');
  assert.deepEqual(parts(' { "a" : 1 , "b" : [ 2 , 3 ] } '), [{ name: 'a', value: '1' }, { name: 'b', value: '[ 2 , 3 ]' }]);
});

test('rows are text wherever they come from', () => {
  const evil = '<script>alert("x")</script>&\'';
  const html = page(evil, [JSON.stringify({ [evil]: evil, n: null }), '{"other":{"a":1}}'], `command:x?"${evil}`);
  assert.ok(!html.includes('<script') && !html.includes(`"${evil}`), html);
  assert.ok(html.includes(`<th scope="col">${escaped(evil)}</th>`) && html.includes(`<td>${escaped(evil)}</td>`));
  assert.ok(html.includes('2 rows') && html.includes('<td class="nothing">none</td>'));
  assert.match(page('R', Array.from({ length: 1001 }, () => '{}'), ''), /the first 1000 rows/);
  assert.ok(!page('R', [], '').includes('<table'));
});

test('where a program is served is what it is run with', () => {
  for (const [args, base, data] of [
    [[], 'http://127.0.0.1:8080', '/w/data'],
    [['--watch', '--port', '1', '--data', '/d'], 'http://127.0.0.1:1', '/d'],
    [['--port=1', '--port=2', '--address=::1', '--data=x'], 'http://[::1]:2', '/w/x'],
    [['--address', '0.0.0.0', '--', '--port', '9'], 'http://127.0.0.1:8080', '/w/data'],
  ] as const) {
    assert.deepEqual(servingOf(args, '/w'), { base, data });
  }
});
