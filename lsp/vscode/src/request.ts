/**
 * Requests as documents: one that fits an endpoint, and what of a document is sent.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

import { indented } from './json';

/** What a refinement says of a value, as `tenon.showEndpoints` tells it. Numbers are texts: they keep their digits. */
export interface Limits {
  readonly min: string | null;
  readonly min_excluded: boolean;
  readonly max: string | null;
  readonly max_excluded: boolean;
  readonly min_length: number | null;
  readonly max_length: number | null;
  readonly one_of: readonly string[];
  readonly conditions: readonly string[];
}

export interface Form {
  readonly input: Input;
  readonly ty: string;
  readonly optional: boolean;
  readonly limits: Limits | null;
}

export interface FormField {
  readonly name: string;
  readonly wire: string;
  readonly required: boolean;
  readonly form: Form;
}

export type Input =
  | { readonly kind: 'bool' | 'int' | 'float' | 'text' | 'bytes' | 'instant' | 'date_time' | 'date' | 'time' }
  | { readonly kind: 'duration' | 'id' | 'uuid' | 'json' }
  | { readonly kind: 'decimal'; readonly scale: number }
  | { readonly kind: 'choice'; readonly cases: readonly { readonly wire: string }[] }
  | { readonly kind: 'variant'; readonly cases: readonly { readonly wire: string; readonly fields: readonly FormField[] }[] }
  | { readonly kind: 'record'; readonly fields: readonly FormField[] }
  | { readonly kind: 'list'; readonly element: Form }
  | { readonly kind: 'map'; readonly key: Form; readonly value: Form }
  | { readonly kind: 'reference'; readonly relation: string; readonly key: Form };

export interface Parameter {
  readonly name: string;
  readonly wire: string;
  readonly source: 'path' | 'query' | 'header' | 'cookie' | 'body' | 'whole_body';
  readonly format: string | null;
  readonly required: boolean;
  readonly default: string | null;
  readonly doc: string;
  readonly form: Form;
}

export interface Endpoint {
  readonly name: string;
  readonly doc: string;
  readonly method: string;
  readonly path: string;
  readonly callers: readonly string[];
  readonly parameters: readonly Parameter[];
}

const MOMENTS: Record<string, string> = {
  instant: '2026-01-31T10:00:00Z',
  date_time: '2026-01-31T10:00:00',
  date: '2026-01-31',
  time: '10:00:00',
  duration: 'PT30M',
  id: '00000000-0000-0000-0000-000000000000',
  uuid: '00000000-0000-0000-0000-000000000000',
};

/** A value that the form takes, as JSON. What only the program can judge, as a pattern, may still be refused. */
export function sample(form: Form): string {
  const { input, limits } = form;
  if (form.optional) return 'null';
  const only = limits?.one_of[0];
  switch (input.kind) {
    case 'bool':
      return 'false';
    case 'int':
      return only ?? number(limits, 0);
    case 'float':
      return only ?? number(limits, 1);
    case 'decimal':
      return JSON.stringify(only ?? number(limits, input.scale));
    case 'text':
      return JSON.stringify(only ?? text(limits));
    case 'bytes':
      return '""';
    case 'json':
      return 'null';
    case 'choice':
      return JSON.stringify(input.cases[0]?.wire ?? '');
    case 'variant': {
      const first = input.cases[0];
      return `{"type": ${JSON.stringify(first?.wire ?? '')}${members(first?.fields ?? []).map((one) => `, ${one}`).join('')}}`;
    }
    case 'record':
      return `{${members(input.fields).join(', ')}}`;
    case 'list':
      return `[${Array.from({ length: limits?.min_length ?? 0 }, () => sample(input.element)).join(', ')}]`;
    case 'map':
      // Keys that are texts are names of an object.
      return sample(input.key).startsWith('"') ? '{}' : '[]';
    case 'reference':
      return sample(input.key);
    default:
      return JSON.stringify(MOMENTS[input.kind] ?? '');
  }
}

function members(fields: readonly FormField[]): string[] {
  return fields.filter((field) => field.required).map((field) => `${JSON.stringify(field.wire)}: ${sample(field.form)}`);
}

/** The allowed number nearest to zero, with so many digits behind the point. */
function number(limits: Limits | null, scale: number): string {
  let found = 0n;
  if (limits?.min != null) {
    const least = scaled(limits.min, scale, true) + (limits.min_excluded && isWhole(limits.min, scale) ? 1n : 0n);
    if (least > found) found = least;
  }
  if (limits?.max != null) {
    const most = scaled(limits.max, scale, false) - (limits.max_excluded && isWhole(limits.max, scale) ? 1n : 0n);
    if (most < found) found = most;
  }
  const digits = (found < 0n ? -found : found).toString().padStart(scale + 1, '0');
  const sign = found < 0n ? '-' : '';
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** True if a number has no more digits behind the point. */
function isWhole(written: string, scale: number): boolean {
  return (written.split('.')[1] ?? '').length <= scale;
}

/** A number in units of its last digit, rounded up or down. */
function scaled(written: string, scale: number, up: boolean): bigint {
  const negative = written.startsWith('-');
  const [whole = '0', rest = ''] = written.replace('-', '').split('.');
  const size = BigInt(whole + rest.slice(0, scale).padEnd(scale, '0'));
  const exact = isWhole(written, scale);
  if (negative) return -size - (exact || up ? 0n : 1n);
  return size + (exact || !up ? 0n : 1n);
}

function text(limits: Limits | null): string {
  const least = limits?.min_length ?? 0;
  const most = limits?.max_length ?? Number.MAX_SAFE_INTEGER;
  return 'text'.repeat(Math.ceil(least / 4) || 1).slice(0, Math.max(least, Math.min(4, most)));
}

const TYPES: Record<string, string> = {
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  form: 'application/x-www-form-urlencoded',
  bytes: 'application/octet-stream',
};

/** The document that calls an endpoint, with a value for everything that has to be given. */
export function requestOf(endpoint: Endpoint, base: string): string {
  const of = (source: Parameter['source']) =>
    endpoint.parameters.filter((one) => one.source === source && one.required);
  // What is no JSON text stands as it is.
  const plain = (form: Form): string => {
    const json = sample(form);
    return json.startsWith('"') ? (JSON.parse(json) as string) : json;
  };
  let path = endpoint.path;
  for (const one of of('path')) path = path.replaceAll(`{${one.wire}}`, encodeURIComponent(plain(one.form)));
  const query = of('query').map((one) => `${encodeURIComponent(one.wire)}=${encodeURIComponent(plain(one.form))}`);
  const headers = of('header').map((one) => `${one.wire}: ${plain(one.form)}`);
  const cookies = of('cookie').map((one) => `${one.wire}=${encodeURIComponent(plain(one.form))}`);
  if (cookies.length > 0) headers.push(`Cookie: ${cookies.join('; ')}`);
  let body = '';
  const whole = endpoint.parameters.find((one) => one.source === 'whole_body');
  if (whole) {
    headers.push(`Content-Type: ${TYPES[whole.format ?? 'json'] ?? 'application/octet-stream'}`);
    if ((whole.format ?? 'json') === 'json') body = indented(sample(whole.form));
  } else if (endpoint.parameters.some((one) => one.source === 'body')) {
    headers.push('Content-Type: application/json');
    body = indented(`{${members(of('body')).join(', ')}}`);
  }
  return [
    ...notes(endpoint),
    `${endpoint.method} ${base}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    ...headers,
    '',
    ...(body === '' ? [] : [body, '']),
  ].join('\n');
}

/** What there is to know of an endpoint, as comments. */
function notes(endpoint: Endpoint): string[] {
  const said = [`${endpoint.name}${endpoint.callers.length > 0 ? `, for ${endpoint.callers.join(', ')}` : ''}`];
  said.push(...endpoint.doc.split('\n').filter((line) => line.trim() !== ''));
  for (const one of endpoint.parameters) {
    const where = { path: 'in the path', query: 'in the query', header: 'a header', cookie: 'a cookie', body: '', whole_body: 'the body' };
    const details = [
      where[one.source],
      one.required ? '' : one.default === null ? 'may be left out' : `left out: ${one.default}`,
      one.form.limits?.conditions.join(' and ') ?? '',
      one.doc.replaceAll(/\s+/g, ' ').trim(),
    ].filter((detail) => detail !== '');
    said.push(`  ${one.wire}: ${one.form.ty}${details.length > 0 ? ` (${details.join('; ')})` : ''}`);
  }
  return said.map((line) => `# ${line}`.trimEnd());
}

/** What is sent. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** Reads a document: comments, then `METHOD URL`, headers, an empty line, and the body. */
export function readRequest(document: string): Request | { readonly line: number; readonly why: string } {
  const lines = document.split(/\r?\n/);
  const first = firstLine(lines);
  const [method = '', target = '', ...more] = (lines[first] ?? '').trim().split(/\s+/);
  if (!/^[A-Za-z]+$/.test(method) || target === '' || more.length > 0) {
    return { line: first, why: 'A request begins as `GET http://127.0.0.1:8080/path`.' };
  }
  if (!URL.canParse(target) || !/^https?:$/.test(new URL(target).protocol)) {
    return { line: first, why: `\`${target}\` is no address of HTTP.` };
  }
  const headers: [string, string][] = [];
  let at = first + 1;
  for (; (lines[at] ?? '').trim() !== ''; at++) {
    const line = lines[at] ?? '';
    if (line.startsWith('#')) continue;
    const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (!header) return { line: at, why: 'A header is written `Name: value`; the body follows an empty line.' };
    headers.push([header[1] ?? '', (header[2] ?? '').trim()]);
  }
  const body = lines.slice(at + 1).join('\n').trim();
  return { method: method.toUpperCase(), url: new URL(target), headers, body };
}

/** The line that a request begins in. */
export function firstLine(lines: readonly string[]): number {
  const at = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#'));
  return at < 0 ? Math.max(0, lines.length - 1) : at;
}
