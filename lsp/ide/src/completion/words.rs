//! Words of the language, and whole items to begin with.

use super::collect::{Choice, Collector};
use crate::answer::SymbolKind;
use tenon_check::planned::is_planned;

/// Items to begin with.
const ITEMS: &[(&str, &str, &str)] = &[
    ("relation", "relation ${1:Name} {\n  key ${2:id}: ${3:Id}\n  $0\n}", "Rows under a key."),
    ("event", "event ${1:Name} {\n  key id: Id\n  at: Instant = now()\n  $0\n}", "Rows that are only ever added."),
    ("type", "type ${1:Name} = ${0:Int where it >= 0}", "A refinement, a record or a variant type."),
    ("fn", "fn ${1:name}($2) -> ${3:Int} {\n  $0\n}", "A helper."),
    (
        "query",
        "query ${1:name}($2) -> [${3:Row}] at GET \"/${4:path}\" public {\n  from ${5:x} in $0\n}",
        "What reads and may be exposed.",
    ),
    (
        "handler",
        "handler ${1:name}($2) at POST \"/${3:path}\" public\n{\n  $0\n}",
        "One transaction, which may be exposed.",
    ),
    (
        "error",
        "error ${1:Name}(${2:field: Int}) is ${3:Conflict} \"${0:message}\"",
        "A failure with fields of its own.",
    ),
    ("const", "const ${1:name} = $0", "A constant."),
    (
        "scenario",
        "scenario \"${1:title}\" {\n  given $2\n  when  $3\n  then  $0\n}",
        "An example that `tenon test` runs.",
    ),
    ("use", "use ${1:module} { $0 }", "Names of another module."),
    ("view", "view ${1:Name}(${2:column: Int}) {\n  from ${3:x} in $0\n}", "Derived rows."),
    ("private", "private ", "An item for this module alone."),
];

/// Words that go on with more, as snippets.
const FORMS: &[(&str, &str)] = &[
    ("if", "if $1 {\n  $0\n}"),
    ("for", "for ${1:x} in $2 {\n  $0\n}"),
    ("while", "while $1 {\n  $0\n}"),
    ("match", "match $1 {\n  $0\n}"),
    ("from", "from ${1:x} in $0"),
    ("join", "join ${1:x} in $2 on $0"),
    ("left join", "left join ${1:x} in $2 on $0"),
    ("cross join", "cross join ${1:x} in $0"),
    ("some", "some ${1:x} in $2 satisfies $0"),
    ("every", "every ${1:x} in $2 satisfies $0"),
    ("let", "let ${1:name} = $0"),
    ("var", "var ${1:name} = $0"),
];

/// Words that go on with a query.
const CLAUSES: &[&str] = &[
    "where",
    "select",
    "join",
    "left join",
    "cross join",
    "with",
    "group by",
    "group all",
    "order by",
    "limit",
    "offset",
];

impl Collector<'_, '_> {
    /// Words that the grammar takes here; at the beginning of a line without indent whole items.
    pub fn words(&mut self) {
        if self.marked.begins_item {
            for (word, insert, doc) in ITEMS {
                let doc = Some((*doc).to_owned());
                let choice = Choice { doc, insert: Some((*insert).to_owned()), snippet: true, ..Choice::default() };
                self.add(word, SymbolKind::Keyword, 50, choice);
            }
            return;
        }
        let Some(expected) = self.marked.expected.clone() else { return };
        for word in expected.words {
            if is_planned(word) && !(word == "after" && self.in_scenario()) {
                continue;
            }
            let form = FORMS.iter().find(|(of, _)| *of == word).map(|(_, form)| (*form).to_owned());
            let choice = match form {
                Some(form) => Choice { insert: Some(form), snippet: true, ..Choice::default() },
                None => Choice { insert: Some(format!("{word} ")).filter(|_| goes_on(word)), ..Choice::default() },
            };
            if word == "failed" && !self.in_scenario() {
                continue;
            }
            // Where values may stand, words come behind names, but for the clauses of a query that is open.
            let base = if !expected.lower || CLAUSES.contains(&word) { 75 } else { 35 };
            self.add(word, SymbolKind::Keyword, base, choice);
        }
    }

    fn in_scenario(&self) -> bool {
        self.place.item.word(&self.analysis.db) == "scenario"
    }
}

/// True for words that never stand alone.
fn goes_on(word: &str) -> bool {
    !matches!(
        word,
        "true"
            | "false"
            | "none"
            | "break"
            | "continue"
            | "return"
            | "public"
            | "desc"
            | "asc"
            | "none first"
            | "on update"
            | "group all"
            | "current"
            | "else"
    )
}
