; What is inside is one step deeper.
[
  (members)
  (block)
  (arms)
  (policy)
  (binding)
  (scenario)
  (goal)
  (evolve)
  (table)
  (transitions_member)
  (used_names)
  (list)
  (paren)
  (arguments)
  (parameters)
  (record_type)
  (window)
  (query)
] @indent.begin

[
  "}"
  "]"
  ")"
] @indent.end @indent.branch

(block_text) @indent.ignore
