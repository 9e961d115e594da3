/**
 * Rows as a page. Whatever they hold is text: nothing of it becomes a part of the page.
 *
 * Knows nothing of the editor, so that it can be tested alone.
 */

import { parts } from './json';

/** How many rows are shown. */
export const MOST = 1000;

/** `rows` are objects of JSON, one a line. `again` is a link that asks once more; its address is escaped here too. */
export function page(relation: string, rows: readonly string[], again: string): string {
  const shown = rows.slice(0, MOST).map((row) => new Map(parts(row).map(({ name, value }) => [name ?? '', value])));
  const columns = [...new Set(shown.flatMap((row) => [...row.keys()]))];
  const count = rows.length > MOST ? `the first ${MOST} rows` : rows.length === 1 ? '1 row' : `${rows.length} rows`;
  const head = columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const body = shown.map((row) => `<tr>${columns.map((name) => cell(row.get(name))).join('')}</tr>`).join('\n');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(relation)}</title>
<style>
body { font-family: var(--vscode-font-family); font-size: var(--vscode-font-size); color: var(--vscode-foreground); }
table { border-collapse: collapse; font-family: var(--vscode-editor-font-family); font-size: var(--vscode-editor-font-size); }
th { position: sticky; top: 0; background: var(--vscode-editor-background); text-align: left; }
th, td { padding: 2px 12px 2px 0; border-bottom: 1px solid var(--vscode-panel-border); vertical-align: top; white-space: pre-wrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.nothing { opacity: 0.5; }
</style>
</head>
<body>
<p>${escaped(relation)}: ${count} <a href="${escaped(again)}">again</a></p>
${shown.length === 0 ? '' : `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`}
</body>
</html>
`;
}

function cell(value: string | undefined): string {
  if (value === undefined || value === 'null') return '<td class="nothing">none</td>';
  if (value.startsWith('"')) return `<td>${escaped(JSON.parse(value) as string)}</td>`;
  return `<td${/^-?\d/.test(value) ? ' class="number"' : ''}>${escaped(value)}</td>`;
}

const SIGNS: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it stands in a page, also between quotes. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => SIGNS[sign] ?? '');
}
