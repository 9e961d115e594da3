/**
 * The grammar of Tenon for tree-sitter.
 *
 * The compiler's grammar (compiler/syntax/src/grammar.lalrpop) is the truth; this one accepts what that one accepts and
 * a little more: it binds operators by precedence, where the compiler's has a rule per level and refuses some neighbours.
 * What tokens need to know about their neighbours (line ends, soft words, pairs, item words) is in src/scanner.c; the
 * lists of words are in words.json, made from the compiler's one table of tokens.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const words = require('./words.json');

/** How tightly operators bind, loosest first. */
const BINDS = {
  set_operation: 1,
  lambda: 2,
  quantified: 3,
  implies: 4,
  or: 5,
  and: 6,
  not: 7,
  compare: 8,
  coalesce: 9,
  range: 10,
  as_of: 11,
  add: 12,
  multiply: 13,
  unary: 14,
  postfix: 15,
};

/** The scanner's token for a word or for words that are one token together. */
const scanned = (word) => `_${word.replaceAll(' ', '_')}`;

/** `word` as the scanner finds it. */
const soft = ($, word) => alias($[scanned(word)], word);
/** Words that are keywords together. Where names may stand as well, the scanner looks; elsewhere the first word tells. */
const pair = ($, together) => (words.scanned.includes(together) ? soft($, together) : seq(...together.split(' ')));
/** An item word, at the beginning of an item. */
const item = ($, word) => alias($[`_item_${word}`], word);

const comma = (rule) => optional(seq(rule, repeat(seq(',', rule)), optional(',')));
const commaOne = (rule) => seq(rule, repeat(seq(',', rule)));
/** The operators of sums and products. */
const arithmetic = [
  [prec.left, BINDS.add, choice('+', '-')],
  [prec.left, BINDS.multiply, choice('*', '/', '/?', 'div', 'mod')],
];
/** A rule for a row of operators: how they associate, how tightly they bind, and which they are. */
const binary =
  (operand) =>
  ([side, binds, operator]) =>
    side(binds, seq(field('left', operand), field('operator', operator), field('right', operand)));

/** Rules between braces, each on its line. */
const lines = ($, rule) =>
  seq(repeat(';'), optional(seq(rule, repeat(seq($._separator, rule)), optional($._separator))));

module.exports = grammar({
  name: 'tenon',

  word: ($) => $.identifier,

  extras: ($) => [/[ \t\r\n\ufeff]/, $.comment, $.doc_comment],

  // In the order of src/words.h.
  externals: ($) => [
    $._line_end,
    $._label,
    $._item_ahead,
    ...words.prefix.map((word) => $[scanned(word)]),
    ...words.placed,
    ...words.scanned.map((word) => $[scanned(word)]),
    ...[...words.item, 'fn'].map((word) => $[`_item_${word}`]),
    $._error_sentinel,
  ],

  supertypes: ($) => [$.item, $.statement, $.expression, $.type, $.pattern],

  inline: ($) => [$._lower, $._member_name],

  rules: {
    source_file: ($) => repeat($.item),

    // ---------- trivia and words ----------
    comment: (_) => token(seq('//', /[^\n]*/)),
    doc_comment: (_) => token(prec(1, seq('///', /[^\n]*/))),
    identifier: (_) => /[a-z][a-zA-Z0-9_]*|_[a-zA-Z0-9_]+/,
    type_identifier: (_) => /[A-Z][a-zA-Z0-9_]*/,
    // A plain name; `_label` is a word that is a name by what follows it, as before `:`.
    _lower: ($) => choice($.identifier, alias($._label, $.identifier)),
    // Contextual words are names wherever the grammar does not ask for them.
    _name: ($) => choice($._lower, ...words.contextual.map((word) => alias(word, $.identifier))),
    _any_name: ($) => choice($._name, $.type_identifier),
    _separator: ($) => choice($._line_end, $._semicolons),
    _semicolons: (_) => repeat1(';'),
    // An item word at column 0 closes whatever is open.
    _close_paren: ($) => choice(')', $._item_ahead),
    _close_bracket: ($) => choice(']', $._item_ahead),
    _close_brace: ($) => choice('}', $._item_ahead),

    // ---------- items ----------
    item: ($) =>
      choice(
        $.use, $.const, $.type_declaration, $.relation, $.event, $.view, $.invariant, $.function, $.query_declaration,
        $.handler, $.error, $.actor, $.policy, $.binding, $.workflow, $.reaction, $.schedule, $.page, $.scenario,
        $.property, $.goal, $.evolve, $.repair, $.seed, $.render,
      ),
    use: ($) => declaration($, 'use', field('path', $.path), optional($.used_names)),
    used_names: ($) =>
      seq('{', optional(seq($._any_name, repeat(seq($._arm_separator, $._any_name)), optional(','))), $._close_brace),
    const: ($) =>
      declaration(
        $,
        'const',
        field('name', $._name),
        optional(seq(':', field('type', $.type))),
        '=',
        field('value', $._lambda),
      ),
    type_declaration: ($) =>
      declaration(
        $,
        'type',
        field('name', $.type_identifier),
        optional(field('generics', $.generics)),
        repeat($._modifier),
        '=',
        field('body', choice($.type, $.variants)),
      ),
    variants: ($) =>
      choice(
        seq('|', $.case, repeat(seq('|', $.case))),
        seq($.case, repeat1(seq('|', $.case))),
        alias($._case_with_fields, $.case),
      ),
    case: ($) =>
      choice(
        field('name', $.type_identifier),
        $._case_with_fields,
        seq(field('name', $.type_identifier), 'was', field('was', $.type_identifier)),
      ),
    _case_with_fields: ($) => seq(field('name', $.type_identifier), field('fields', $.parameters)),
    relation: ($) => declaration($, 'relation', $._relation_rest),
    event: ($) => declaration($, 'event', $._relation_rest),
    _relation_rest: ($) => seq(field('name', $.type_identifier), repeat($._modifier), field('body', $.members)),
    _modifier: ($) => choice('breaking', seq('was', field('was', $.type_identifier))),
    members: ($) => seq('{', lines($, $._member), $._close_brace),
    view: ($) =>
      declaration(
        $,
        'view',
        field('name', $.type_identifier),
        field('parameters', $.parameters),
        optional($.extremum),
        optional('materialized'),
        field('body', $.block),
      ),
    extremum: ($) => seq(choice('min', 'max'), field('column', $._name)),
    invariant: ($) => declaration($, 'invariant', field('name', $._text), field('body', $.block)),
    function: ($) =>
      seq(
        optional(item($, 'private')),
        item($, 'fn'),
        $._named,
        optional(field('generics', $.generics)),
        $._signature,
        field('body', $.block),
      ),
    query_declaration: ($) => declaration($, 'query', $._named, $._signature, field('body', $.block)),
    handler: ($) => declaration($, 'handler', $._named, $._signature, field('body', $.block)),
    _named: ($) => seq(field('name', $._name), optional($._was)),
    _was: ($) => seq('was', field('was', $._name)),
    _signature: ($) =>
      seq(field('parameters', $.parameters), optional($._result), repeat($.clause)),
    _result: ($) => seq('->', field('result', $.type)),
    error: ($) =>
      declaration(
        $,
        'error',
        field('name', $.type_identifier),
        optional(field('fields', $.parameters)),
        'is',
        field('base', $.type_identifier),
        optional(field('message', $._text)),
      ),
    actor: ($) =>
      declaration(
        $,
        'actor',
        field('relation', $.type_identifier),
        'by',
        field('scheme', $._name),
        optional(choice($._text, alias($.paren, $.arguments))),
      ),
    policy: ($) => declaration($, 'policy', commaOne($.type_identifier), '{', lines($, $.policy_line), $._close_brace),
    policy_line: ($) =>
      seq(
        commaOne($.policy_action),
        choice('public', seq('as', field('caller', $._name), ':', field('type', $._type_postfix))),
        optional(seq('when', field('condition', $.expression))),
      ),
    policy_action: ($) => seq(choice('read', $._change_action), optional($.name_list)),
    binding: ($) =>
      declaration(
        $,
        'binding',
        field('name', $.type_identifier),
        'at',
        field('address', $._lambda),
        optional($.auth),
        '{',
        lines($, $._binding_line),
        $._close_brace,
      ),
    auth: ($) => seq('auth', field('scheme', $._name), field('credential', $._postfix)),
    workflow: ($) => declaration($, 'workflow', $._named, $._signature, field('body', $.block), optional($.failed_part)),
    failed_part: ($) => seq(pair($, 'failed as'), field('name', $._name), field('body', $.block)),
    reaction: ($) =>
      choice(
        declaration(
          $,
          'after',
          field('action', $._change_action),
          field('relation', $._type_path),
          optional($.name_list),
          'as',
          field('name', $._name),
          optional($._was),
          optional(seq('when', field('condition', $.expression))),
          field('body', $.block),
        ),
        declaration(
          $,
          'after',
          field('binding', $.type_identifier),
          '.',
          field('hook', $._name),
          'as',
          field('name', $._name),
          field('body', $.block),
        ),
      ),
    _change_action: (_) => choice('insert', 'update', 'delete'),
    schedule: ($) =>
      declaration(
        $,
        'schedule',
        field('period', $._amount),
        optional(seq('at', field('time', $.time))),
        optional(seq('in', field('zone', $._text))),
        field('body', $.block),
      ),
    page: ($) =>
      declaration(
        $,
        'page',
        field('name', $._name),
        field('parameters', $.parameters),
        repeat($.clause),
        field('body', $.block),
      ),
    scenario: ($) => declaration($, 'scenario', field('name', $._text), '{', lines($, $._scenario_line), $._close_brace),
    property: ($) =>
      declaration(
        $,
        'property',
        field('name', $._text),
        'for',
        field('parameters', $.property_parameters),
        optional(seq('where', field('filter', $.expression))),
        field('body', $.block),
      ),
    goal: ($) => declaration($, 'goal', field('name', $._text), '{', lines($, $._goal_line), $._close_brace),
    evolve: ($) =>
      choice(
        declaration($, 'evolve', field('name', $.type_identifier), '{', lines($, $._evolve_line), $._close_brace),
        declaration(
          $,
          'evolve',
          field('name', $.type_identifier),
          'from',
          field('source', $._type_path),
          'as',
          field('row', $._name),
          field('body', $.block),
        ),
      ),
    repair: ($) =>
      declaration($, 'repair', field('relation', $._type_path), 'as', field('row', $._name), field('body', $.block)),
    seed: ($) => declaration($, 'seed', field('body', $.block)),
    render: ($) =>
      declaration($, 'render', field('what', $._name), 'as', field('name', $._name), field('body', $.block)),

    generics: ($) => seq('[', commaOne($.generic), $._close_bracket),
    generic: ($) =>
      seq(field('name', $.type_identifier), optional(seq(':', field('bound', $.type_identifier)))),
    path: ($) => seq($._name, repeat(seq('.', $._name))),
    name_list: ($) => seq('(', comma($._name), $._close_paren),

    // ---------- header clauses ----------
    clause: ($) =>
      choice(
        $._endpoint,
        'public',
        'live',
        'trusted',
        'breaking',
        seq('as', field('caller', $._name), ':', field('type', $._type_postfix)),
        seq('status', $.integer),
        seq('requires', $.expression),
        seq('ensures', $.expression),
        $._rate,
        $._once,
        seq(pair($, 'unique by'), $.expression),
        seq('within', $._amount),
        seq('as', field('format', $._name)),
      ),
    _endpoint: ($) => seq('at', field('method', $.type_identifier), field('path', $._text)),
    _rate: ($) => seq('rate', $._amount, 'per', $._amount, optional(seq('by', $._amount))),
    _once: ($) =>
      seq(
        pair($, 'once by'),
        choice($.expression, seq('header', $._text)),
        optional(seq('for', $._amount)),
      ),
    parameters: ($) => seq('(', comma($.parameter), $._close_paren),
    parameter: ($) =>
      seq(
        $._wire_name,
        ':',
        field('type', $.type),
        optional($.parameter_source),
        optional(seq('=', field('default', $._lambda))),
      ),
    parameter_source: ($) =>
      seq(
        choice(pair($, 'from header'), pair($, 'from cookie'), pair($, 'from query'), pair($, 'from body')),
        optional($._text),
        optional(seq('as', field('format', $._name))),
      ),
    _wire_name: ($) =>
      seq(field('name', $._name), optional($._was), optional(seq('as', field('wire', $._text))), optional('?')),

    // ---------- types ----------
    type: ($) => choice($._type_postfix, $.refined_type),
    refined_type: ($) =>
      seq(
        field('base', $._type_postfix),
        'where',
        field('predicate', $.expression),
        optional(seq('else', field('message', $._text))),
      ),
    _type_postfix: ($) => choice($._type_atom, $.optional_type, $.function_type),
    optional_type: ($) => seq($._type_atom, '?'),
    function_type: ($) =>
      seq('fn', '(', comma($.type), $._close_paren, '->', field('result', $._type_postfix)),
    _type_atom: ($) =>
      choice($.inferred_type, $._type_path, $.generic_type, $.scaled_type, $.list_type, $.record_type),
    inferred_type: (_) => '_',
    generic_type: ($) => seq(field('name', $._type_path), '[', commaOne($.type), $._close_bracket),
    scaled_type: ($) => seq(field('name', $.type_identifier), '(', field('scale', $.integer), $._close_paren),
    list_type: ($) => seq('[', $.type, $._close_bracket),
    record_type: ($) => seq('(', comma(choice($.record_type_field, $.type_spread)), $._close_paren),
    record_type_field: ($) =>
      seq($._wire_name, ':', field('type', $.type), optional(seq('=', field('default', $._lambda)))),
    type_spread: ($) => seq('..', $._type_postfix),
    _type_path: ($) => choice($.type_identifier, $.qualified_type),
    qualified_type: ($) =>
      seq(field('qualifier', choice($._lower, $.type_identifier)), '.', field('name', $.type_identifier)),

    // ---------- members of a relation ----------
    _member: ($) =>
      choice(
        $.field, $.key_member, $.unique_member, $.index_member, $.check_member, $.transitions_member, $.history_member,
      ),
    field: ($) =>
      seq(
        repeat(choice('key', 'secret')),
        field('name', $._lower),
        optional($._was),
        optional(seq('as', field('wire', $._text))),
        ':',
        field('type', $.type),
        repeat($._field_suffix),
        optional(seq('=>', field('computed', $._body))),
      ),
    _field_suffix: ($) =>
      choice(
        seq('=', field('default', $.expression)),
        seq('inverse', field('inverse', $._name)),
        seq('on', 'delete', field('on_delete', $._name)),
        pair($, 'on update'),
        'open',
      ),
    key_member: ($) => seq('key', $.name_list),
    unique_member: ($) =>
      seq(
        'unique',
        $._columns,
        optional(seq('where', field('filter', $.expression))),
        optional(seq('else', field('failure', $._postfix))),
      ),
    index_member: ($) => seq('index', $._columns),
    check_member: ($) =>
      seq('check', field('predicate', $.expression), optional(seq('else', field('message', $._text)))),
    transitions_member: ($) => seq('transitions', field('field', $._name), '{', lines($, $.transition), $._close_brace),
    transition: ($) => seq(field('from', $.type_identifier), '->', commaOne(field('to', $.type_identifier))),
    history_member: ($) => seq('history', $.expression),
    _columns: ($) => choice($.path, seq('(', comma($.column), $._close_paren)),
    column: ($) => seq($.path, optional($._direction)),
    _direction: (_) => choice('asc', 'desc'),

    // ---------- lines of bindings, evolutions and goals ----------
    _binding_line: ($) => choice($.operation, $.hook, $.binding_setting),
    operation: ($) =>
      seq(
        field('method', $.type_identifier),
        field('path', $._text),
        field('name', $._name),
        field('parameters', $.parameters),
        optional($._result),
        repeat($._operation_suffix),
      ),
    hook: ($) =>
      seq(
        'on',
        field('method', $.type_identifier),
        field('path', $._text),
        field('name', $._name),
        field('parameters', $.parameters),
        repeat($._operation_suffix),
      ),
    binding_setting: ($) =>
      choice(seq('header', $._text, '=', field('value', $._lambda)), seq('timeout', $.expression), $._rate),
    _operation_suffix: ($) =>
      choice(
        $.operation_failure,
        seq('key', 'in', $._text),
        seq('as', field('format', $._name)),
        seq('pages', $._postfix, 'next', $._postfix, 'as', $._name),
        seq('signed', $._postfix),
        $._once,
      ),
    operation_failure: ($) =>
      seq('fails', field('name', $.type_identifier), optional($.parameters), 'on', field('status', $.integer)),
    _evolve_line: ($) => choice($.evolve_field, $.evolve_case, $.evolve_drop),
    evolve_field: ($) =>
      seq(field('name', $._name), optional(seq(':', field('type', $.type))), '=', field('value', $._lambda)),
    evolve_case: ($) => seq(field('name', $.type_identifier), '=>', field('value', $._lambda)),
    evolve_drop: ($) => seq('drop', $._any_name),
    _goal_line: ($) => choice($.load, $.expression),
    load: ($) =>
      seq(
        field('target', $._postfix),
        field('metric', $._lower),
        field('operator', $._compare_operator),
        field('bound', $._amount),
        optional(seq('at', field('rate', $._amount))),
        optional(seq('with', commaOne($.volume))),
      ),
    volume: ($) => seq(field('count', $.integer), field('relation', $._type_path)),

    // ---------- lines of scenarios, properties ----------
    _scenario_line: ($) => choice($.given, $.when, $.then, $.elapse, $.workflows_finish, $.table),
    given: ($) =>
      seq(
        'given',
        choice(
          $._full,
          seq(field('name', $._name), '=', $._full),
          seq($._postfix, 'fails', $.pattern),
          seq($._postfix, 'gives', $._lambda),
        ),
      ),
    when: ($) => seq('when', optional(seq(field('name', $._name), '=')), $._act),
    _act: ($) =>
      choice(
        seq(field('call', $._postfix), optional($._caller), optional(seq('fails', field('failure', $.pattern)))),
        seq(field('count', $.integer), pair($, 'at once'), field('call', $._postfix), optional($._caller)),
        seq(pair($, 'at once'), $.block),
      ),
    _caller: ($) => seq('as', field('caller', $._amount)),
    then: ($) => seq('then', $._full),
    elapse: ($) => seq('after', $.expression),
    workflows_finish: ($) => pair($, 'workflows finish'),
    table: ($) =>
      seq(
        'for',
        field('pattern', $.pattern),
        'in',
        field('source', $._body),
        '{',
        lines($, $._scenario_line),
        $._close_brace,
      ),
    property_parameters: ($) => seq('(', comma($.property_parameter), $._close_paren),
    property_parameter: ($) =>
      seq(
        field('name', $._name),
        ':',
        choice(field('type', $.type), seq('[', $._name, repeat(seq('|', $._name)), $._close_bracket)),
        optional(seq('of', field('size', $.expression))),
      ),

    // ---------- blocks and statements ----------
    block: ($) => seq('{', lines($, $.statement), $._close_brace),
    statement: ($) =>
      choice(
        $._full_else, alias($._if_statement, $.if), $.element, $.form, $.parallel, $.let, $.var, $.assignment, $.for,
        $.while, $.return, $.fail, $.assert, $.break, $.continue,
      ),
    element: ($) => seq(field('head', $._postfix), field('body', $.block)),
    form: ($) => seq(soft($, 'form'), field('call', $._postfix), optional(field('body', $.block))),
    parallel: ($) => seq(soft($, 'parallel'), field('body', $.block)),
    let: ($) =>
      seq(
        'let',
        field('pattern', $.pattern),
        optional(seq(':', field('type', $.type))),
        '=',
        field('value', $._full_else),
      ),
    var: ($) =>
      seq(
        'var',
        field('name', $._name),
        optional(seq(':', field('type', $.type))),
        '=',
        field('value', $._full_else),
      ),
    assignment: ($) =>
      seq(field('name', $._name), field('operator', $._assign_operator), field('value', $._full_else)),
    _assign_operator: (_) => choice('=', '+=', '-=', '*='),
    for: ($) => seq('for', field('pattern', $.pattern), 'in', field('source', $._body), field('body', $.block)),
    while: ($) => seq('while', field('condition', $.expression), field('body', $.block)),
    return: ($) => seq('return', optional($._full_else)),
    fail: ($) => seq('fail', $.expression),
    assert: ($) => seq('assert', $.expression),
    break: (_) => 'break',
    continue: (_) => 'continue',
    if: ($) =>
      seq(
        'if',
        field('condition', $._condition),
        field('then', $.block),
        'else',
        field('else', choice($.block, $.if)),
      ),
    _if_statement: ($) =>
      seq(
        'if',
        field('condition', $._condition),
        field('then', $.block),
        optional(seq('else', field('else', alias($._if_statement, $.if)))),
      ),
    _condition: ($) => choice($.expression, $.let_condition),
    let_condition: ($) => seq('let', field('pattern', $.pattern), '=', field('value', $.expression)),
    _full_else: ($) => choice($._full, alias($._full_or_diverge, $.else)),
    _full_or_diverge: ($) => seq(field('value', $._full), 'else', field('otherwise', $._diverge)),
    _diverge: ($) =>
      choice($.fail, alias($._return_operand, $.return), $.break, $.continue, $.block),
    _return_operand: ($) => seq('return', optional($.expression)),
    _full: ($) => choice($._lambda, $._alone),
    _body: ($) => choice($._lambda, $._query),
    // What stands alone: as a statement, behind `=`, in parentheses of its own.
    _alone: ($) => choice($.call_as, $._query, $.update, alias($._upsert_set, $.upsert), $.delete, $.step, $.wait, $.rekey),
    call_as: ($) => seq(field('call', $._postfix), 'as', field('caller', $._postfix)),
    rekey: ($) => seq(soft($, 'rekey'), field('row', $._postfix), 'to', field('key', $._lambda)),
    _upsert_set: ($) =>
      seq('upsert', field('relation', $._type_path), alias($.paren, $.arguments), 'set', commaOne($.field_assignment)),
    update: ($) =>
      seq(
        'update',
        choice(field('row', $._postfix), $._each),
        'set',
        commaOne($.field_assignment),
      ),
    _each: ($) =>
      seq(
        field('variable', $._name),
        'in',
        field('source', $.expression),
        optional(seq('where', field('filter', $.expression))),
      ),
    field_assignment: ($) =>
      choice(
        seq('..', $._postfix),
        seq(field('path', $.path), field('operator', $._assign_operator), field('value', $._lambda)),
      ),
    delete: ($) => seq('delete', choice(field('row', $._postfix), $._each)),
    step: ($) => seq(soft($, 'step'), field('call', $._lambda), repeat($._step_suffix)),
    _step_suffix: ($) =>
      choice(
        seq('retry', field('retry', $._amount)),
        seq('within', field('within', $._amount)),
        seq('undo', field('undo', $._postfix)),
      ),
    wait: ($) =>
      choice(
        seq(soft($, 'wait'), field('until', $._lambda), optional(seq('within', field('within', $._amount)))),
        seq(pair($, 'wait until'), field('until', $._lambda)),
      ),

    // ---------- queries ----------
    _query: ($) => choice($.query, $.set_operation),
    set_operation: ($) =>
      prec.left(
        BINDS.set_operation,
        seq(
          field('left', choice($._query, $.expression)),
          field('operator', choice('union', seq('union', 'distinct'), 'except', 'intersect')),
          field('right', choice($.query, $.expression)),
        ),
      ),
    query: ($) =>
      seq(soft($, 'from'), field('variable', $._name), 'in', field('source', $.expression), repeat($._query_clause)),
    _query_clause: ($) =>
      choice(
        $.join_clause, $.where_clause, $.with_clause, $.group_clause, $.select_clause, $.order_clause, $.limit_clause,
      ),
    join_clause: ($) =>
      choice(
        seq(choice('join', pair($, 'left join')), $._join_source, optional(seq('on', field('on', $.expression)))),
        seq(pair($, 'cross join'), $._join_source),
      ),
    _join_source: ($) => seq(field('variable', $._name), 'in', field('source', $.expression)),
    where_clause: ($) =>
      seq('where', choice($.expression, seq('let', field('name', $._name), '=', field('value', $.expression)))),
    with_clause: ($) => seq('with', commaOne($.definition)),
    group_clause: ($) =>
      choice(seq(pair($, 'group by'), commaOne(choice($.expression, $.definition))), pair($, 'group all')),
    select_clause: ($) => seq('select', optional('distinct'), $.expression),
    order_clause: ($) => seq(pair($, 'order by'), commaOne($.sort_key)),
    limit_clause: ($) =>
      choice(
        seq('limit', $._count),
        seq('offset', $._count),
        seq('page', $._count, optional(seq('after', $._count))),
      ),
    definition: ($) => seq(field('name', $._name), '=', field('value', $.expression)),
    sort_key: ($) => seq($.expression, optional($._direction), optional(pair($, 'none first'))),

    // ---------- expressions ----------
    _lambda: ($) => choice($.expression, $.lambda),
    lambda: ($) =>
      seq(
        field('parameters', choice($._name, alias($.paren, $.lambda_parameters))),
        '=>',
        field('body', choice($._lambda, $.block)),
      ),
    expression: ($) => choice($._postfix, $.unary, $.binary, $.is, $.quantified),
    // A sum and what binds tighter: where a clause with a word of its own follows.
    _amount: ($) => choice($._postfix, alias($._amount_unary, $.unary), alias($._amount_binary, $.binary)),
    _amount_unary: ($) => prec(BINDS.unary, seq(field('operator', choice('-', soft($, 'has'))), $._amount)),
    _amount_binary: ($) => choice(...arithmetic.map(binary($._amount))),
    // How many rows.
    _count: ($) => choice($._amount, alias($._count_binary, $.binary)),
    _count_binary: ($) => binary($._amount)([prec.right, BINDS.coalesce, '??']),
    quantified: ($) =>
      prec.right(
        BINDS.quantified,
        seq(
          choice(soft($, 'every'), soft($, 'some')),
          field('variable', $._name),
          'in',
          field('source', $.expression),
          'satisfies',
          field('body', $.expression),
        ),
      ),
    is: ($) =>
      prec.left(
        BINDS.compare,
        seq(field('value', $.expression), 'is', optional('not'), field('pattern', $.pattern)),
      ),
    unary: ($) =>
      choice(
        prec(BINDS.unary, seq(field('operator', choice('-', soft($, 'has'), pair($, 'any order explains'))), $.expression)),
        prec(BINDS.not, seq(field('operator', 'not'), $.expression)),
      ),
    binary: ($) =>
      choice(
        ...[
          [prec.right, BINDS.implies, 'implies'],
          [prec.left, BINDS.or, 'or'],
          [prec.left, BINDS.and, 'and'],
          [prec.left, BINDS.compare, choice($._compare_operator, 'in', seq('not', 'in'), 'matches')],
          [prec.right, BINDS.coalesce, '??'],
          [prec.left, BINDS.range, choice('..', '..=')],
          [prec.left, BINDS.as_of, pair($, 'as of')],
          ...arithmetic,
        ].map(binary($.expression)),
      ),
    _compare_operator: (_) => choice('==', '!=', '<', '<=', '>', '>='),
    _postfix: ($) => choice($._primary, $.paren, $.member, $.project, $.unwrap, $.call, $.lookup),
    member: ($) => seq(field('base', $._postfix), $._access, field('name', $._member_name)),
    _member_name: ($) => choice($.identifier, $.type_identifier),
    project: ($) => seq(field('base', $._postfix), $._access, $.name_list),
    _access: (_) => choice('.', '?.'),
    unwrap: ($) => seq($._postfix, '!'),
    call: ($) =>
      seq(
        field('callee', $._postfix),
        field('arguments', alias($.paren, $.arguments)),
        optional(seq('over', field('window', $.window))),
      ),
    lookup: ($) => seq(field('base', $._postfix), '[', comma($._bracketed), $._close_bracket),
    _primary: ($) =>
      choice(
        $._name, $.type_identifier, $._literal, $._text, $.list, $.if, $.match, $.attempt, $.insert, $.upsert,
        $.start, $.failed,
      ),
    list: ($) => seq('[', comma($._bracketed), $._close_bracket),
    _bracketed: ($) => choice($._lambda, $.entry),
    entry: ($) => seq(field('key', $._lambda), ':', field('value', $._lambda)),
    match: ($) => seq('match', field('value', $.expression), field('arms', $.arms)),
    attempt: ($) =>
      seq(soft($, 'attempt'), field('value', choice($.step, $.expression)), field('arms', $.arms)),
    insert: ($) => seq('insert', field('relation', $._type_path), alias($.paren, $.arguments)),
    upsert: ($) => seq('upsert', field('relation', $._type_path), alias($.paren, $.arguments)),
    start: ($) => seq(soft($, 'start'), field('workflow', $.path), alias($.paren, $.arguments)),
    failed: ($) => seq(soft($, 'failed'), field('name', $.type_identifier)),
    // `( … )` is one form: a group, a record, arguments, parameters of a function value.
    paren: ($) => seq('(', choice(comma($._paren_item), $._alone_else), $._close_paren),
    _alone_else: ($) =>
      choice($._alone, alias($._alone_or_diverge, $.else)),
    _alone_or_diverge: ($) => seq(field('value', $._alone), 'else', field('otherwise', $._diverge)),
    _paren_item: ($) =>
      choice($._lambda_else, $.named_argument, $.spread, $.action, $.aggregate_argument),
    named_argument: ($) => seq(field('name', $._name), ':', field('value', $._lambda_else)),
    spread: ($) => seq('..', $._postfix),
    action: ($) => $._change_action,
    aggregate_argument: ($) =>
      choice(
        seq('distinct', $.expression, optional($._aggregate_filter)),
        seq($.expression, 'per', field('per', $._name), optional($._aggregate_filter)),
        seq($.expression, $._aggregate_filter),
      ),
    _aggregate_filter: ($) => seq('where', field('filter', $.expression)),
    _lambda_else: ($) => choice($._lambda, alias($._lambda_or_diverge, $.else)),
    _lambda_or_diverge: ($) => seq(field('value', $._lambda), 'else', field('otherwise', $._diverge)),
    window: ($) =>
      seq(
        '(',
        optional(seq(pair($, 'partition by'), commaOne($.expression))),
        optional(seq(pair($, 'order by'), commaOne($.sort_key))),
        optional($.frame),
        $._close_paren,
      ),
    frame: ($) => seq('rows', $._bound, 'to', $._bound),
    _bound: ($) => choice(seq($._count, choice('before', 'after')), 'current'),

    // ---------- literals and texts ----------
    _literal: ($) =>
      choice(
        $.integer, $.decimal, $.float, $.duration, $.date, $.instant, $.time, $.bytes, $.boolean, $.none,
      ),
    integer: (_) => /[0-9][0-9_]*/,
    decimal: (_) => /[0-9][0-9_]*\.[0-9][0-9_]*([eE][+-]?[0-9]+)?/,
    float: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?f/,
    duration: (_) => /([0-9][0-9_]*(us|ms|s|min|h|d|w))+/,
    date: (_) => /@[0-9]{4}-[0-9]{2}-[0-9]{2}/,
    instant: (_) =>
      /@[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})/,
    time: (_) => /[0-9][0-9]:[0-9][0-9]/,
    bytes: (_) => /0x"[0-9a-fA-F]*"/,
    boolean: (_) => choice('true', 'false'),
    none: (_) => 'none',
    _text: ($) => choice($.text, $.raw_text, $.block_text),
    text: ($) => seq('"', repeat(choice($.text_content, $.escape, $.hole)), token.immediate('"')),
    raw_text: (_) => /r"[^"\n]*"/,
    block_text: ($) =>
      seq(
        '"""',
        repeat(choice(alias($._block_content, $.text_content), $.escape, $.hole)),
        token.immediate(prec(3, '"""')),
      ),
    // Before comments, which may begin as they do: `"///{name}"`.
    text_content: (_) => token.immediate(prec(2, /[^"\\{\n]+/)),
    _block_content: (_) => token.immediate(prec(2, choice(/[^"\\{]+/, '"', '""'))),
    escape: (_) => token.immediate(prec(2, choice(/\\u\{[0-9a-fA-F]*\}/, /\\[^\n]/))),
    hole: ($) => seq(token.immediate('{'), $._full, '}'),

    // ---------- match and patterns ----------
    arms: ($) => seq('{', optional(seq($.arm, repeat(seq($._arm_separator, $.arm)), optional(','))), $._close_brace),
    _arm_separator: ($) => choice(',', $._separator),
    arm: ($) =>
      seq(
        field('pattern', $.pattern),
        optional(seq('if', field('guard', $.expression))),
        '=>',
        field('body', choice($._lambda_else, $.block, $.fail, alias($._return_operand, $.return))),
      ),
    pattern: ($) => choice($._pattern_atom, $.or_pattern),
    or_pattern: ($) => prec.left(seq($.pattern, '|', $._pattern_atom)),
    _pattern_atom: ($) =>
      choice(
        $.wildcard, $._name, $._type_path, $.case_pattern, $.record_pattern, $._pattern_literal, $.range_pattern,
      ),
    wildcard: (_) => '_',
    case_pattern: ($) => prec(1, seq(field('name', choice($._type_path, $._name)), $._pattern_fields)),
    record_pattern: ($) => $._pattern_fields,
    _pattern_fields: ($) => seq('(', comma($._pattern_field), $._close_paren),
    _pattern_field: ($) => choice($.pattern, $.rest_pattern, $.field_pattern),
    rest_pattern: ($) => seq('..', optional($._name)),
    field_pattern: ($) => seq(field('name', $._name), ':', field('pattern', $.pattern)),
    range_pattern: ($) =>
      prec(1, seq(field('from', $._pattern_literal), choice('..', '..='), field('to', $._pattern_literal))),
    _pattern_literal: ($) => choice($._literal, $.negative_literal, alias($._plain_text, $.text)),
    negative_literal: ($) => seq('-', choice($.integer, $.decimal)),
    _plain_text: ($) => seq('"', repeat(choice($.text_content, $.escape)), token.immediate('"')),
  },
});

/** A declaration: an item word, perhaps behind `private`, and what follows. */
function declaration($, word, ...rest) {
  return seq(optional(item($, 'private')), item($, word), ...rest);
}
