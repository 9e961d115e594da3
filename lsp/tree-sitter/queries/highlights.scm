; Colours. Where several patterns fit, the last one counts.

; names
(identifier) @variable
(type_identifier) @type
((type_identifier) @type.builtin
  (#any-of? @type.builtin
    "Bool" "Int" "Decimal" "Float" "Text" "Bytes" "Instant" "DateTime" "Date" "Time" "Duration" "Id" "Uuid" "Json" "Bag"
    "Set" "Map" "List"))
((identifier) @variable.builtin
  (#any-of? @variable.builtin "it" "result" "old"))

; trivia
(comment) @comment
(doc_comment) @comment.documentation

; literals
(integer) @number
(decimal) @number.float
(float) @number.float
[
  (duration)
  (date)
  (instant)
  (time)
] @constant
(bytes) @string.special
(boolean) @boolean
(none) @constant.builtin
[
  (text)
  (block_text)
] @string
(raw_text) @string.regexp
(escape) @string.escape

; declarations
(use path: (path (identifier) @module))
(const name: (identifier) @constant)
(type_declaration name: (type_identifier) @type.definition)
(generic name: (type_identifier) @type)
(relation name: (type_identifier) @type.definition)
(event name: (type_identifier) @type.definition)
(view name: (type_identifier) @type.definition)
(error name: (type_identifier) @type.definition)
(binding name: (type_identifier) @module)
(case name: (type_identifier) @constructor)
(case_pattern name: (type_identifier) @constructor)
(function name: (identifier) @function)
(query_declaration name: (identifier) @function)
(handler name: (identifier) @function)
(workflow name: (identifier) @function)
(page name: (identifier) @function)
(operation name: (identifier) @function)
(hook name: (identifier) @function)
[
  (operation method: (type_identifier) @constant.builtin)
  (hook method: (type_identifier) @constant.builtin)
  (clause method: (type_identifier) @constant.builtin)
]
(parameter name: (identifier) @variable.parameter)
(property_parameter name: (identifier) @variable.parameter)
(lambda parameters: (identifier) @variable.parameter)
(lambda parameters: (lambda_parameters (identifier) @variable.parameter))
(record_type_field name: (identifier) @property)
(field name: (identifier) @property)
(scenario name: (text) @string.special)
(property name: (text) @string.special)
(goal name: (text) @string.special)
(invariant name: (text) @string.special)

; uses
(member name: (identifier) @property)
(project (name_list (identifier) @property))
(named_argument name: (identifier) @property)
(field_assignment path: (path (identifier) @property))
(field_pattern name: (identifier) @property)
(key_member (name_list (identifier) @property))
(call callee: (identifier) @function.call)
(call callee: (type_identifier) @constructor)
(call callee: (member name: (identifier) @function.method.call))
(start workflow: (path (identifier) @function.call))
(element head: (identifier) @tag)
(element head: (call callee: (identifier) @tag))

; words that begin items
[
  "use" "const" "type" "relation" "event" "view" "invariant" "query" "handler" "error" "actor" "policy" "binding"
  "workflow" "after" "schedule" "page" "scenario" "property" "goal" "evolve" "repair" "seed" "render"
] @keyword
"fn" @keyword.function
"private" @keyword.modifier

; words of statements and expressions
[
  "let" "var" "insert" "update" "upsert" "delete" "rekey" "start" "step" "wait" "wait until" "undo" "retry" "within"
  "parallel" "form" "assert" "set" "failed" "given" "when" "then" "gives" "fails" "drop" "to" "every" "some" "satisfies"
  "any order explains" "at once" "workflows" "finish" "once" "by" "header" "timeout" "auth" "rate" "per" "pages" "next"
  "signed" "read" "requires" "ensures" "status" "at" "of" "was" "is"
] @keyword
[
  "public" "live" "trusted" "breaking" "materialized" "key" "secret" "open" "unique" "index" "check" "transitions"
  "history" "inverse" "min" "max" "distinct" "asc" "desc"
] @keyword.modifier
[
  "if" "else" "match" "attempt"
] @keyword.conditional
[
  "for" "while"
  (break)
  (continue)
] @keyword.repeat
"return" @keyword.return
"fail" @keyword.exception

; words of queries
[
  "from" "in" "where" "select" "join" "left" "cross" "with" "group" "all" "order" "partition" "first" "limit" "offset"
  "union" "except" "intersect" "on" "as" "over" "rows" "before" "current" "cookie" "body" "none"
] @keyword

; operators
[
  "and" "or" "not" "implies" "matches" "div" "mod" "has" "as of"
] @keyword.operator
[
  "=" "+=" "-=" "*=" "==" "!=" "<" "<=" ">" ">=" "+" "-" "*" "/" "/?" "??" ".." "..=" "|" "=>" "->" "!" "?"
] @operator
[
  "(" ")" "[" "]" "{" "}"
] @punctuation.bracket
[
  "," ";" ":" "." "?."
] @punctuation.delimiter
[
  (wildcard)
  (inferred_type)
] @variable.builtin
(hole
  "{" @punctuation.special
  "}" @punctuation.special)
