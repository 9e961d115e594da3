/**
 * Scenarios in a text, and the answers of `tenon test --json`.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

/** A scenario as it stands in a file. */
export interface Scenario {
  readonly title: string;
  /** The line of its word, from 0. */
  readonly line: number;
  /** The last line that belongs to it. */
  readonly endLine: number;
}

const HEAD = /^(?:private\s+)?scenario\s+"((?:[^"\\]|\\.)*)"/;
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

/**
 * The scenarios of a file. An item word at column 0 begins an item, whatever stands around it; so this holds also while
 * the file is broken. A title with holes has no one text and is left out.
 */
export function scenariosOf(text: string): Scenario[] {
  const lines = text.split(/\r?\n/);
  const found: Scenario[] = [];
  lines.forEach((line, index) => {
    const written = HEAD.exec(line)?.[1];
    if (written === undefined || /(?<!\\)(?:\\\\)*\{/.test(written.replaceAll(/\\u\{[^}]*\}/g, ''))) return;
    const title = written.replaceAll(/\\(?:u\{([0-9a-fA-F]+)\}|(.))/g, (_, code: string | undefined, sign: string) =>
      code === undefined ? (ESCAPES[sign] ?? sign) : String.fromCodePoint(Number.parseInt(code, 16)),
    );
    found.push({ title, line: index, endLine: lastLine(lines, index) });
  });
  return found;
}

function lastLine(lines: readonly string[], first: number): number {
  let last = first;
  for (let index = first + 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.startsWith('}')) return index;
    if (/^[a-z]/.test(line)) return last;
    if (line.trim() !== '' && !line.startsWith('//')) last = index;
  }
  return last;
}

/** A place in a program: lines and columns from 1, columns in bytes of UTF-8. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What broke. */
export interface Broken {
  readonly at: Place | null;
  readonly message: string;
  readonly text: string | null;
  readonly parts: readonly { readonly text: string; readonly value: string }[];
  readonly cause: Place | null;
}

/** What became of one scenario. */
export interface Report {
  readonly name: string;
  readonly at: Place | null;
  readonly seed: number;
  readonly passed: boolean;
  readonly broken: Broken | null;
}

/** What `tenon test --json` says: reports, or why there are none. */
export type Answer =
  | { readonly reports: readonly Report[] }
  | { readonly reports: undefined; readonly error: string; readonly at: Place | undefined };

export function readAnswer(output: string): Answer {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    const said = output.trim();
    return { reports: undefined, error: said === '' ? '`tenon test` said nothing.' : said, at: undefined };
  }
  const answer = value as {
    scenarios?: Report[];
    error?: string;
    diagnostics?: {
      code: string;
      severity: string;
      message: string;
      primary?: { at: { file: string; start: { line: number; column: number } } };
    }[];
  };
  if (Array.isArray(answer.scenarios)) return { reports: answer.scenarios };
  if (Array.isArray(answer.diagnostics)) {
    const errors = answer.diagnostics.filter((one) => one.severity === 'error');
    const first = errors[0];
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    const place = first?.primary?.at;
    const at = place && { file: place.file, ...place.start };
    const error = first ? `${first.code}: ${first.message}${more}` : 'The program has errors.';
    return { reports: undefined, error, at };
  }
  return { reports: undefined, error: answer.error ?? 'The answer of `tenon test` is not understood.', at: undefined };
}

/** The message of what broke: what, the expression, and the value of each part. */
export function messageOf(broken: Broken): string {
  const width = Math.max(0, ...broken.parts.map((part) => part.text.length));
  const lines = [broken.message];
  if (broken.text !== null) lines.push(`  ${broken.text}`);
  for (const part of broken.parts) lines.push(`  ${part.text.padEnd(width)} is ${part.value}`);
  return lines.join('\n');
}

/** The column in UTF-16 units, from 0, of a column in bytes, from 1. */
export function columnOf(line: string, byteColumn: number): number {
  let bytes = 0;
  let units = 0;
  for (const character of line) {
    if (bytes >= byteColumn - 1) break;
    bytes += Buffer.byteLength(character);
    units += character.length;
  }
  return units;
}
