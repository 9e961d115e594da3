; Behind `matches` stands a pattern.
((binary
  operator: "matches"
  right: (raw_text) @injection.content)
  (#offset! @injection.content 0 2 0 -1)
  (#set! injection.language "regex"))

((doc_comment) @injection.content
  (#offset! @injection.content 0 3 0 0)
  (#set! injection.combined)
  (#set! injection.language "markdown"))

((comment) @injection.content
  (#set! injection.language "comment"))
