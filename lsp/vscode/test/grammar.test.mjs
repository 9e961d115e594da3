// The TextMate grammar: it is what it is made from, colours every token, agrees with the language about what is a word of
// it and what is a name, and gives the scopes that fixtures tell.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { grammarText } from '../scripts/grammar.mjs';

const require = createRequire(import.meta.url);
const textmate = require('vscode-textmate');
const oniguruma = require('vscode-oniguruma');

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const root = here('../../..');
const grammarFile = here('../syntaxes/tenon.tmLanguage.json');

async function loadGrammar() {
  await oniguruma.loadWASM(readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm')).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(readFileSync(grammarFile, 'utf8'), grammarFile),
  });
  return registry.loadGrammar('source.tenon');
}

const grammar = await loadGrammar();

/** The lines of a text with their tokens: where each begins and ends, and its scopes. */
function tokenize(text) {
  let state = textmate.INITIAL;
  return text.split('\n').map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return { line, tokens };
  });
}

const scopeAt = ({ tokens }, column) => tokens.find((token) => token.startIndex <= column && column < token.endIndex)?.scopes ?? [];
const innermost = (scopes) => scopes.at(-1)?.replace(/\.tenon$/, '').replaceAll('.tenon ', ' ') ?? '';

/** All programs below a folder of the repository. */
function programs(folder) {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.tn'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

const all = ['tests', 'stdlib/tenon', 'compiler/driver/templates'].flatMap(programs);

test('the committed grammar is what it is made from', () => {
  assert.equal(readFileSync(grammarFile, 'utf8'), grammarText());
});

test('every token of every program has a scope, and none is invalid', () => {
  assert.ok(all.length > 50, `only ${all.length} programs were found`);
  let count = 0;
  for (const file of all) {
    tokenize(readFileSync(path.join(root, file), 'utf8')).forEach((entry, index) => {
      for (const token of entry.tokens) {
        const text = entry.line.slice(token.startIndex, token.endIndex);
        if (text.trim() === '') continue;
        count += 1;
        const place = `${file}:${index + 1}: ${JSON.stringify(text)} is ${token.scopes.join(' ')}`;
        assert.ok(token.scopes.length > 1 && innermost(token.scopes) !== 'source', place);
        assert.ok(!token.scopes.some((scope) => scope.startsWith('invalid')), place);
      }
    });
  }
  assert.ok(count > 30_000, `only ${count} tokens were seen`);
});

// The tree-sitter grammar, which is held against the compiler, tells the leaves of programs.
test('words of the language and names are told apart as the language does', () => {
  const args = ['run', '--quiet', '-p', 'tenon-tree-sitter', '--example', 'leaves', '--', ...all];
  const leaves = JSON.parse(execFileSync('cargo', args, { cwd: root, maxBuffer: 256 << 20 }));
  let count = 0;
  for (const [file, list] of Object.entries(leaves)) {
    const lines = tokenize(readFileSync(path.join(root, file), 'utf8'));
    for (const [row, start, end, kind] of list) {
      const entry = lines[row];
      const text = entry.line.slice(start, end);
      if (text.trim() === '') continue;
      count += 1;
      const scope = innermost(scopeAt(entry, start));
      const place = `${file}:${row + 1}:${start + 1}: ${JSON.stringify(text)}, ${kind}, is ${scope}`;
      const colouredAsWord = /^(?:keyword|storage|constant\.language)/.test(scope);
      if (/^`[a-z ]+`$/.test(kind) || kind === 'break' || kind === 'continue') assert.ok(colouredAsWord, place);
      else if (kind === 'identifier') {
        assert.ok(!colouredAsWord || scope === 'constant.language' || scope === 'constant.language.method', place);
        assert.ok(!/string|comment|numeric|invalid/.test(scope), place);
      } else if (kind === 'comment' || kind === 'doc_comment') assert.match(scope, /comment/, place);
      else if (kind === 'text_content' || kind === 'raw_text') assert.match(scope, /string|regexp/, place);
      else if (['integer', 'decimal', 'float'].includes(kind)) assert.match(scope, new RegExp(`numeric\\.${kind}`), place);
      else if (['date', 'instant', 'time', 'bytes'].includes(kind)) assert.match(scope, new RegExp(`constant\\.other\\.${kind}`), place);
      else if (kind === 'escape') assert.match(scope, /constant\.character\.escape/, place);
    }
  }
  assert.ok(count > 30_000, `only ${count} leaves were seen`);
});

// In fixtures `// ^ scope` tells the innermost scope of the token above its `^`, and `// ^ !scope` that it is another one.
for (const name of readdirSync(here('fixtures')).filter((name) => name.endsWith('.tn'))) {
  test(`fixture ${name}`, () => {
    const lines = tokenize(readFileSync(here(`fixtures/${name}`), 'utf8'));
    let above;
    let told = 0;
    lines.forEach((entry, index) => {
      const match = /^\s*\/\/\s*\^\s*(!?)(\S.*)$/.exec(entry.line);
      if (!match) {
        above = entry;
        return;
      }
      const column = entry.line.indexOf('^');
      const scopes = scopeAt(above, column);
      const found = scopes.map((scope) => scope.replace(/\.tenon\b/g, ''));
      const place = `${name}:${index + 1}: ${JSON.stringify(above.line.slice(column))} is ${found.join(' ')}`;
      assert.equal(found.some((scope) => scope === match[2] || scope.startsWith(`${match[2]}.`)), match[1] === '', place);
      told += 1;
    });
    assert.ok(told > 0);
  });
}
