// Makes syntaxes/tenon.tmLanguage.json. With `--check` it fails where the committed file is another one.
//
// The words come from the compiler's one table of tokens. Each class of the table is taken apart here by the places in
// which a word is a keyword; a word of the table that has no place, or a place for a word that is not in the table, is an
// error, so that the grammar follows the language. A TextMate grammar sees one line and no types: where it cannot know,
// it takes the reading that programs have, and the server's semantic tokens correct it.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The table of tokens by class. */
export function readWords() {
  const classes = {};
  for (const line of readFileSync(here('../../../compiler/syntax/tokens.txt'), 'utf8').split('\n')) {
    const match = /^(\w+) (\S.*)$/.exec(line);
    if (match && !line.startsWith('#')) (classes[match[1]] ??= []).push(match[2]);
  }
  return classes;
}

/** Where each word of a class is a keyword. */
const PLACES = {
  reserved: {
    operator: ['and', 'or', 'not', 'in', 'is', 'matches', 'implies', 'satisfies'],
    control: ['if', 'else', 'match', 'for', 'while', 'break', 'continue', 'return', 'fail', 'assert'],
    storage: ['let', 'var', 'fn'],
    data: ['insert', 'update', 'upsert', 'delete'],
    constant: ['true', 'false', 'none'],
    clause: ['where', 'select', 'union', 'except', 'intersect', 'distinct', 'on', 'as'],
  },
  soft: {
    binder: ['from', 'some', 'every', 'join'],
    prefix: ['start', 'step', 'wait', 'failed', 'attempt', 'has', 'rekey', 'form'],
    clause: ['with', 'limit', 'offset', 'page', 'undo', 'retry', 'within', 'inverse', 'signed'],
    operator: ['div', 'mod'],
    alone: ['set', 'over', 'fails', 'parallel', 'pages'],
  },
  contextual: {
    header: ['public', 'live', 'trusted', 'breaking'],
    condition: ['requires', 'ensures'],
    member: ['unique', 'index', 'check', 'history'],
    line: ['given', 'when', 'then', 'after', 'read', 'drop', 'header', 'timeout', 'rate'],
    sort: ['asc', 'desc'],
    between: ['per', 'by', 'was', 'to', 'gives'],
    alone: [
      'at', 'status', 'key', 'secret', 'transitions', 'open', 'rows', 'before', 'current', 'materialized', 'auth', 'next',
      'min', 'max', 'of',
    ],
  },
};

// The types that the language has itself, and the built-in failures: a test of the repository (`tests/tests/grammars.rs`)
// holds both against the compiler.
const BUILT_IN_TYPES = [
  'Bool', 'Int', 'Decimal', 'Float', 'Text', 'Bytes', 'Instant', 'DateTime', 'Date', 'Time', 'Duration', 'Id', 'Uuid',
  'Json', 'Bag', 'Set', 'Map', 'List',
];

const FAILURES = ['Invalid', 'Unauthenticated', 'Forbidden', 'NotFound', 'Conflict', 'TooMany', 'Busy', 'Unreachable', 'TimedOut'];

function checkPlaces(words) {
  for (const [className, places] of Object.entries(PLACES)) {
    const placed = Object.values(places).flat();
    for (const word of words[className]) {
      if (!placed.includes(word)) throw new Error(`the ${className} word \`${word}\` has no place in the grammar`);
    }
    for (const word of placed) {
      if (!words[className].includes(word)) throw new Error(`\`${word}\` is no ${className} word of the language`);
    }
  }
}

const either = (words) => `(?:${words.join('|')})`;
const NAME = '[a-z_][a-zA-Z0-9_]*';
const UPPER = '[A-Z][a-zA-Z0-9_]*';
/** Not after `.`, where every word is a name, and not inside a word. */
const START = '(?<![\\w.])';
/** An operand has just ended on this line, or the line begins here. */
const BEHIND_OPERAND = '(?<=[\\w)\\]}"?!] |^|^\\s)';

export function makeGrammar() {
  const words = readWords();
  checkPlaces(words);
  const { reserved, soft, contextual } = PLACES;
  const items = [...words.item.filter((word) => word !== 'private'), 'fn'];
  const operandWords = ['none', 'true', 'false', 'insert', 'upsert', 'if', 'match', 'not'];
  const noOperand = words.reserved.filter((word) => !operandWords.includes(word));
  /** An operand follows on this line. */
  const OPERAND = `(?=\\s+(?!${either([...noOperand, 'div', 'mod'])}\\b)[\\w"@(\\[])`;
  const LINE = '(?:^\\s*|(?<=[{;] ))';

  const keyword = (kind, match, extra = {}) => ({ name: `keyword.${kind}.tenon`, match, ...extra });
  const capture = (...names) =>
    Object.fromEntries(
      names.flatMap((name, index) => {
        if (!name) return [];
        const value = typeof name === 'string' ? { name: `${name}.tenon` } : name;
        return [[String(index + 1), value]];
      }),
    );
  const inside = (...includes) => ({ patterns: includes.map((include) => ({ include: `#${include}` })) });

  const repository = {
    comments: {
      patterns: [
        { name: 'comment.line.documentation.tenon', begin: '///', end: '$', patterns: [
          { name: 'markup.inline.raw.tenon', match: '`[^`\\n]*`' },
        ], beginCaptures: { 0: { name: 'punctuation.definition.comment.tenon' } } },
        { name: 'comment.line.double-slash.tenon', begin: '//', end: '$',
          beginCaptures: { 0: { name: 'punctuation.definition.comment.tenon' } } },
        { name: 'invalid.illegal.foreign-comment.tenon', match: '/\\*.*?(?:\\*/|$)' },
      ],
    },

    items: {
      patterns: [
        {
          comment: 'a declaration with a lower name',
          match: `^(?:(private)\\s+)?(${['query', 'handler', 'workflow', 'page', 'fn'].join('|')})\\s+(${NAME})(?:\\s+(was)\\s+(${NAME}))?`,
          captures: capture('storage.modifier', 'keyword.declaration', 'entity.name.function', 'keyword.other.was', 'entity.name.function'),
        },
        {
          comment: 'a declaration with an upper name',
          match: `^(?:(private)\\s+)?(${['type', 'relation', 'event', 'view', 'error', 'actor', 'policy', 'binding', 'evolve', 'repair'].join('|')})\\s+(${UPPER})(?:\\s+(was)\\s+(${UPPER}))?`,
          captures: capture('storage.modifier', 'keyword.declaration', 'entity.name.type', 'keyword.other.was', 'entity.name.type'),
        },
        {
          match: `^(?:(private)\\s+)?(const)\\s+(${NAME})`,
          captures: capture('storage.modifier', 'keyword.declaration', 'variable.other.constant'),
        },
        {
          match: `^(?:(private)\\s+)?(use)\\s+(${NAME}(?:\\s*\\.\\s*${NAME})*)`,
          captures: capture('storage.modifier', 'keyword.declaration', {
            patterns: [
              { name: 'entity.name.namespace.tenon', match: NAME },
              { name: 'punctuation.accessor.tenon', match: '\\.' },
            ],
          }),
        },
        {
          match: `^(?:(private)\\s+)?(after)\\s+(insert|update|delete)\\b`,
          captures: capture('storage.modifier', 'keyword.declaration', 'keyword.other.data'),
        },
        {
          comment: 'an item word before something else than a name',
          match: `^(?:(private)\\s+)?(${items.join('|')})(?=\\s*$|\\s*["{]|\\s+[\\w@/])`,
          captures: capture('storage.modifier', 'keyword.declaration'),
        },
        { name: 'storage.modifier.tenon', match: '^private(?=\\s)' },
      ],
    },

    texts: {
      patterns: [
        { name: 'constant.other.bytes.tenon', match: '0x"[0-9a-fA-F]*"' },
        {
          comment: 'behind `matches`: a pattern',
          begin: `${START}(matches)\\s+(r")`,
          beginCaptures: capture('keyword.operator.word', 'string.regexp punctuation.definition.string.begin'),
          end: '"|$',
          endCaptures: { 0: { name: 'string.regexp.tenon punctuation.definition.string.end.tenon' } },
          contentName: 'string.regexp.tenon',
          patterns: [
            { name: 'constant.other.character-class.regexp.tenon', match: '\\[\\^?\\]?(?:\\\\.|[^\\]"\\\\])*\\]' },
            { name: 'constant.character.escape.regexp.tenon', match: '\\\\[^"]' },
            { name: 'keyword.operator.quantifier.regexp.tenon', match: '[*+?]|\\{[0-9]*,?[0-9]*\\}' },
            { name: 'keyword.operator.regexp.tenon', match: '[|^$.()]' },
          ],
        },
        {
          name: 'string.quoted.other.raw.tenon',
          begin: `(?<!\\w)r"`,
          beginCaptures: { 0: { name: 'punctuation.definition.string.begin.tenon' } },
          end: '"|$',
          endCaptures: { 0: { name: 'punctuation.definition.string.end.tenon' } },
        },
        {
          name: 'string.quoted.triple.tenon',
          begin: '"""',
          beginCaptures: { 0: { name: 'punctuation.definition.string.begin.tenon' } },
          end: '"""|^(?=[^\\s"])',
          endCaptures: { 0: { name: 'punctuation.definition.string.end.tenon' } },
          patterns: [{ include: '#escapes' }, { include: '#block-hole' }],
        },
        {
          name: 'string.quoted.double.tenon',
          begin: '"',
          beginCaptures: { 0: { name: 'punctuation.definition.string.begin.tenon' } },
          end: '"|$',
          endCaptures: { 0: { name: 'punctuation.definition.string.end.tenon' } },
          patterns: [{ include: '#escapes' }, { include: '#hole' }],
        },
        { name: 'invalid.illegal.quotes.tenon', match: "'[^'\\n]*'" },
      ],
    },
    escapes: {
      patterns: [
        { name: 'constant.character.escape.tenon', match: '\\\\(?:[nrt\\\\"{}]|u\\{[0-9a-fA-F]+\\})' },
        { name: 'invalid.illegal.escape.tenon', match: '\\\\.' },
      ],
    },
    hole: {
      name: 'meta.interpolation.tenon',
      begin: '\\{',
      beginCaptures: { 0: { name: 'punctuation.section.interpolation.begin.tenon' } },
      end: '\\}|(?=$)',
      endCaptures: { 0: { name: 'punctuation.section.interpolation.end.tenon' } },
      contentName: 'source.tenon',
      patterns: [{ include: '#hole-braces' }, { include: '#code' }],
    },
    'hole-braces': {
      begin: '\\{',
      beginCaptures: { 0: { name: 'punctuation.section.braces.begin.tenon' } },
      end: '\\}|(?=$)',
      endCaptures: { 0: { name: 'punctuation.section.braces.end.tenon' } },
      patterns: [{ include: '#hole-braces' }, { include: '#code' }],
    },
    'block-hole': {
      name: 'meta.interpolation.tenon',
      begin: '\\{',
      beginCaptures: { 0: { name: 'punctuation.section.interpolation.begin.tenon' } },
      end: '\\}|^(?=\\S)',
      endCaptures: { 0: { name: 'punctuation.section.interpolation.end.tenon' } },
      contentName: 'source.tenon',
      patterns: [{ include: '#block-hole-braces' }, { include: '#code' }],
    },
    'block-hole-braces': {
      begin: '\\{',
      beginCaptures: { 0: { name: 'punctuation.section.braces.begin.tenon' } },
      end: '\\}|^(?=\\S)',
      endCaptures: { 0: { name: 'punctuation.section.braces.end.tenon' } },
      patterns: [{ include: '#block-hole-braces' }, { include: '#code' }],
    },

    numbers: {
      patterns: [
        {
          name: 'constant.other.instant.tenon',
          match: '@[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})',
        },
        { name: 'constant.other.date.tenon', match: '@[0-9]{4}-[0-9]{2}-[0-9]{2}' },
        { name: 'constant.other.time.tenon', match: '(?<!\\w)[0-9]{2}:[0-9]{2}(?![0-9])' },
        {
          name: 'constant.numeric.duration.tenon',
          match: '(?<!\\w)(?:[0-9][0-9_]*(?:us|ms|s|min|h|d|w))+(?!\\w)',
          captures: { 0: { patterns: [{ name: 'keyword.other.unit.tenon', match: 'us|ms|s|min|h|d|w' }] } },
        },
        { name: 'constant.numeric.float.tenon', match: '(?<!\\w)[0-9][0-9_]*(?:\\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?f(?!\\w)' },
        { name: 'constant.numeric.decimal.tenon', match: '(?<!\\w)[0-9][0-9_]*\\.[0-9][0-9_]*(?:[eE][+-]?[0-9]+)?(?!\\w)' },
        { name: 'constant.numeric.integer.tenon', match: '(?<!\\w)[0-9][0-9_]*(?!\\w)' },
        { name: 'invalid.illegal.number.tenon', match: '(?<!\\w)[0-9]\\w*' },
      ],
    },

    // ---------- words that are names by what stands beside them ----------
    names: {
      patterns: [
        {
          comment: 'behind `.` every word is a name; a call',
          match: `(\\?\\.|(?<!\\.)\\.)(?!\\.)\\s*(${NAME})(?=\\()`,
          captures: capture('punctuation.accessor', 'entity.name.function.member'),
        },
        {
          match: `(\\?\\.|(?<!\\.)\\.)(?!\\.)\\s*(${NAME})`,
          captures: capture('punctuation.accessor', 'variable.other.property'),
        },
        {
          comment: '`key name:` and `secret name:`',
          match: `${LINE}((?:(?:key|secret)\\s+)+)(?=${NAME}\\s*(?::|\\s(?:was|as)\\s))`,
          captures: capture({ patterns: [{ name: 'storage.modifier.tenon', match: 'key|secret' }] }),
        },
        {
          comment: 'before `:` every word is a name',
          match: `${START}(${NAME})(?=\\s*\\??\\s*:(?!=))`,
          captures: capture('variable.other.property'),
        },
        {
          comment: '`name was old:` and `name as "wire":`, the old name and the wire name included',
          match: `(?:^\\s*|(?<=[{;(,] ))(${NAME})\\s+(was)\\s+(${NAME})(?=\\s*(?::|\\s(?:as)\\s))`,
          captures: capture('variable.other.property', 'keyword.other.was', 'variable.other.property'),
        },
        {
          match: `(?:^\\s*|(?<=[{;(,] |\\())(${NAME})\\s+(as)\\s+(?="[^"]*"\\s*\\??:)`,
          captures: capture('variable.other.property', 'keyword.other.as'),
        },
      ],
    },

    // ---------- keywords ----------
    pairs: {
      patterns: [
        keyword('other.clause', `${START}${either(words.pair.filter((pair) => !/^(?:as of|on update|at once)$/.test(pair) && !/^from /.test(pair)).map((pair) => pair.replaceAll(' ', '\\s+')))}\\b`),
        keyword('other.clause', `${START}as\\s+of\\b(?!\\s*:)`),
        keyword('other.clause', `${START}on\\s+update\\b`),
        keyword('other.clause', `${START}at\\s+once\\b(?=\\s+[\\w{])`),
        keyword('other.clause', `${START}from\\s+(?:header|cookie|query|body)\\b(?=\\s*(?:["=,)]|as\\b))`),
      ],
    },
    soft: {
      patterns: [
        {
          comment: '`from x in`, and the like',
          match: `${START}(${soft.binder.join('|')})\\s+(${NAME})\\s+(in)\\b`,
          captures: capture('keyword.other.clause', 'variable.other', 'keyword.operator.word'),
        },
        keyword('other.clause', `${START}from(?=\\s+${UPPER})`),
        {
          comment: 'a clause word and the name that is its operand, which may be spelt alike',
          match: `${BEHIND_OPERAND}(${soft.clause.join('|')})\\s+(${NAME})\\b(?!\\s*[(\\[.=])(?<!\\b${noOperand.concat('div', 'mod').join('|\\b')})`,
          captures: capture('keyword.other.clause', inside('constants', 'variables')),
        },
        keyword('other.clause', `${BEHIND_OPERAND}${either(soft.clause)}\\b${OPERAND}`),
        keyword('other.clause', `^\\s*${either(soft.clause)}\\b${OPERAND}`),
        {
          comment: '`update row set`: the row may be spelt like a keyword',
          match: `${START}(update|delete)\\s+(?!${either(noOperand)}\\b)(${NAME})\\b(?!\\s*[.(\\[])(?!\\s+in\\b)`,
          captures: capture('keyword.other.data', 'variable.other'),
        },
        {
          comment: '`set field =`, `set ..patch`',
          match: `${START}(set)\\s+(?:(${NAME})(?=(?:\\.|\\s*[-+*]?=(?!=)))|(?=\\.\\.))`,
          captures: capture('keyword.other.clause', 'variable.other.property'),
        },
        keyword('other.clause', `(?<=\\) |\\))over(?=\\s*\\()`),
        keyword('other.clause', `${START}fails(?=\\s+${UPPER})`),
        keyword('control', `${START}parallel(?=\\s*\\{)`),
        {
          match: `${START}(pages)\\s+(${NAME})\\s+(next)\\s+(${NAME})\\s+(as)\\s+(${NAME})`,
          captures: capture('keyword.other.clause', 'variable.other', 'keyword.other.clause', 'variable.other', 'keyword.other.clause', 'variable.parameter'),
        },
        keyword('operator.word', `(?<=[\\w)\\]}"] )${either(soft.operator)}\\b${OPERAND}`),
        keyword('operator.word', `${START}has\\b${OPERAND}`),
        keyword('control.flow', `${START}${either(soft.prefix.filter((word) => word !== 'has' && word !== 'failed'))}\\b${OPERAND}`),
        keyword('other.clause', `${START}failed(?=\\s+${UPPER})`),
      ],
    },
    contextual: {
      patterns: [
        {
          comment: 'an endpoint, an operation, a hook',
          match: `${START}(?:(at|on)\\s+)?(${UPPER})\\s+(?="/)`,
          captures: capture('keyword.other.clause', 'constant.language.method'),
        },
        keyword('other.clause', `${START}at(?=\\s+[0-9])`),
        keyword('other.clause', `${START}at(?=\\s+env\\()`),
        { name: 'storage.modifier.tenon', match: `${START}(?<!\\bnot )${either(contextual.header)}\\b(?=\\s*(?:$|//|[{}]|;|=(?!=)|${either(['at', 'as', 'status', 'once', 'unique', 'within', ...contextual.header, ...contextual.condition, 'rate', 'when'])}\\b))` },
        keyword('other.clause', `${START}status(?=\\s+[0-9])`),
        keyword('other.clause', `${START}${either(contextual.condition)}\\b${OPERAND}`),
        {
          match: `${LINE}(key)(?=\\s*\\()`,
          captures: capture('storage.modifier'),
        },
        {
          match: `${LINE}(${contextual.member.join('|')})\\b(?=\\s+[\\w("])(?!\\s+${either(noOperand)}\\b)`,
          captures: capture('keyword.other.member'),
        },
        {
          match: `${LINE}(transitions)\\s+(${NAME})(?=\\s*\\{)`,
          captures: capture('keyword.other.member', 'variable.other.property'),
        },
        {
          match: `${START}(on)\\s+(delete)\\s+(${NAME})`,
          captures: capture('keyword.other.clause', 'keyword.other.clause', 'constant.language'),
        },
        { name: 'storage.modifier.tenon', match: '(?<=[\\w?\\])] )open\\b(?=\\s*(?:$|//|;|\\}|=(?!=)))' },
        keyword('other.clause', `(?<=[\\w)\\]}"?] )${either(contextual.sort)}\\b`),
        {
          comment: 'bounds of a window: any code, up to the end of the parenthesis around it',
          match: `${START}(rows)\\s+(?:(current)|(\\S.*?)\\s+(before|after))\\s+(to)\\s+(?:(current)|(\\S.*?)\\s+(before|after))(?=\\s*\\))`,
          captures: capture('keyword.other.clause', 'keyword.other.clause', { patterns: [{ include: '$self' }] }, 'keyword.other.clause', 'keyword.other.clause', 'keyword.other.clause', { patterns: [{ include: '$self' }] }, 'keyword.other.clause'),
        },
        {
          comment: 'of a view',
          match: `(?<=\\) )(min|max)\\s+(${NAME})(?=\\s*(?:materialized\\b|\\{|$))`,
          captures: capture('keyword.other.clause', 'variable.other.property'),
        },
        { name: 'storage.modifier.tenon', match: `${START}materialized(?=\\s*(?:\\{|$))` },
        {
          match: `${LINE}(${contextual.line.join('|')})\\b(?=\\s+[\\w"@(\\[\\-{])(?!\\s+${either(noOperand.filter((word) => !contextual.line.includes(word) && !['every', 'some'].includes(word) && !['insert', 'update', 'delete'].includes(word)))}\\b)`,
          captures: capture('keyword.other.line'),
        },
        keyword('other.line', `${LINE}read(?=\\s*[,(]|\\s+(?:as|public)\\b)`),
        keyword('other.clause', `${START}rate(?=\\s+\\S+\\s+per\\b)`),
        keyword('other.line', `(?<=[\\w)?] )when\\b${OPERAND}`),
        keyword('other.clause', `(?<=[\\w)\\]}"?] )after\\b${OPERAND}`),
        keyword('other.clause', `(?<=[\\w)\\]}"?] )${either(contextual.between)}\\b(?=\\s+[\\w"@(\\[\\-])`),
        {
          comment: 'how many values a property makes up',
          ...keyword('other.clause', '(?<=[\\w)\\]] )of(?=\\s+[0-9])'),
        },
        {
          match: `${START}(auth)\\s+(${NAME})(?=\\s+\\w)`,
          captures: capture('keyword.other.clause', 'constant.language'),
        },
        {
          comment: '`key in "Header"` of an operation',
          match: `(?<=\\) )(key)\\s+(in)(?=\\s+")`,
          captures: capture('keyword.other.clause', 'keyword.operator.word'),
        },
        keyword('other.clause', `${START}header(?=\\s+")`),
      ],
    },
    reserved: {
      patterns: [
        { include: '#constants' },
        keyword('control', `${START}${either(reserved.control)}\\b`),
        { name: 'storage.type.tenon', match: `${START}${either(reserved.storage)}\\b` },
        keyword('other.data', `${START}${either(reserved.data)}\\b`),
        keyword('other.clause', `${START}${either(reserved.clause)}\\b`),
        keyword('operator.word', `${START}${either(reserved.operator)}\\b`),
      ],
    },
    constants: {
      patterns: [{ name: 'constant.language.tenon', match: `${START}${either(reserved.constant)}\\b` }],
    },

    // ---------- names ----------
    types: {
      patterns: [
        { name: 'support.type.tenon', match: `(?<!\\w)${either(BUILT_IN_TYPES)}\\b` },
        { name: 'support.class.failure.tenon', match: `(?<!\\w)${either(FAILURES)}\\b` },
        { name: 'entity.name.type.tenon', match: `(?<!\\w)${UPPER}` },
      ],
    },
    calls: {
      patterns: [{ name: 'entity.name.function.tenon', match: `${START}${NAME}(?=\\()` }],
    },
    variables: {
      patterns: [
        { name: 'variable.language.tenon', match: `${START}(?:it|result|old)\\b` },
        { name: 'variable.language.wildcard.tenon', match: '(?<!\\w)_(?!\\w)' },
        { name: 'variable.other.tenon', match: `(?<!\\w)${NAME}` },
      ],
    },

    signs: {
      patterns: [
        { name: 'invalid.illegal.operator.tenon', match: '===|!==|&&|\\|\\||<>|:=|&|%|#|\\$|~|\\^|`|\\\\' },
        { name: 'keyword.operator.arrow.tenon', match: '=>|->' },
        { name: 'keyword.operator.comparison.tenon', match: '==|!=|<=|>=|<|>' },
        { name: 'keyword.operator.assignment.tenon', match: '[-+*]=|=' },
        { name: 'keyword.operator.range.tenon', match: '\\.\\.=?' },
        { name: 'punctuation.accessor.tenon', match: '\\?\\.|\\.' },
        { name: 'keyword.operator.optional.tenon', match: '\\?\\?|\\?|!' },
        { name: 'keyword.operator.arithmetic.tenon', match: '/\\?|[-+*/]' },
        { name: 'keyword.operator.alternative.tenon', match: '\\|' },
        { name: 'punctuation.separator.tenon', match: '[,;:]' },
        { name: 'punctuation.section.parens.tenon', match: '[()]' },
        { name: 'punctuation.section.brackets.tenon', match: '[\\[\\]]' },
        { name: 'punctuation.section.braces.tenon', match: '[{}]' },
        { name: 'invalid.illegal.character.tenon', match: '[^\\s\\w]' },
      ],
    },

    code: {
      patterns: ['comments', 'texts', 'numbers', 'names', 'pairs', 'soft', 'contextual', 'reserved', 'types', 'calls', 'variables', 'signs'].map(
        (include) => ({ include: `#${include}` }),
      ),
    },
  };

  return {
    name: 'Tenon',
    scopeName: 'source.tenon',
    fileTypes: ['tn'],
    patterns: [{ include: '#items' }, { include: '#code' }],
    repository,
  };
}

const target = here('../syntaxes/tenon.tmLanguage.json');
export const grammarText = () => `${JSON.stringify(makeGrammar(), null, 2)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = grammarText();
  if (!process.argv.includes('--check')) writeFileSync(target, text);
  else if (readFileSync(target, 'utf8') !== text) throw new Error(`${target} is not what it is made from: npm run grammar`);
}
