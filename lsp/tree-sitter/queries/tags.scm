; The outline.
(relation name: (type_identifier) @name) @definition.class
(event name: (type_identifier) @name) @definition.class
(view name: (type_identifier) @name) @definition.class
(type_declaration name: (type_identifier) @name) @definition.type
(error name: (type_identifier) @name) @definition.type
(binding name: (type_identifier) @name) @definition.module
(const name: (identifier) @name) @definition.constant
(function name: (identifier) @name) @definition.function
(query_declaration name: (identifier) @name) @definition.function
(handler name: (identifier) @name) @definition.function
(workflow name: (identifier) @name) @definition.function
(page name: (identifier) @name) @definition.function
(operation name: (identifier) @name) @definition.method
(field name: (identifier) @name) @definition.field
(case name: (type_identifier) @name) @definition.constant
(scenario name: (text) @name) @definition.test
(property name: (text) @name) @definition.test
(goal name: (text) @name) @definition.test
(invariant name: (text) @name) @definition.test

(call callee: (identifier) @name) @reference.call
(call callee: (member name: (identifier) @name)) @reference.call
