//! What people of other languages look for by a name that is not here, and what Tenon has for it.

use super::engine::Infer;
use crate::ty::Ty;
use tenon_diagnostics::{Code, Diagnostic};
use tenon_span::Range;

/// What stands here for a name of another language.
struct Answer {
    /// The sentence about it.
    says: &'static str,
    /// What the name is replaced by, where that is all.
    meant: Option<&'static str>,
}

const fn says(says: &'static str) -> Answer {
    Answer { says, meant: None }
}

const fn written(says: &'static str, meant: &'static str) -> Answer {
    Answer { says, meant: Some(meant) }
}

/// Values, by their names.
const VALUES: &[(&[&str], Answer)] = &[
    (
        &["null", "nil", "None", "Nothing", "NULL", "undefined"],
        written("there is no null; an absent value is `none`", "none"),
    ),
    (&["True", "TRUE"], written("the value is called `true`", "true")),
    (&["False", "FALSE"], written("the value is called `false`", "false")),
    (&["this", "self"], says("there are no objects: what a function works on is one of its parameters")),
    (&["pass"], says("a block may be empty: `{ }`")),
    (&["console", "Console", "System", "fmt"], says("`log(…)` writes a line for the operator")),
    (&["Math"], says("functions of numbers stand behind them: `x.abs`, `x.round(2)`")),
    (&["end"], says("a block ends with `}`")),
];

/// Functions, by their names.
const FUNCTIONS: &[(&[&str], Answer)] = &[
    (&["print", "println", "printf", "puts", "echo"], written("`log` writes a line for the operator", "log")),
    (&["len", "length", "size"], says("the length of a text or collection is `x.length`")),
    (
        &["str", "String", "to_string", "toString", "repr"],
        says("a value is shown by `x.text`, or in a text: `\"{x}\"`"),
    ),
    (
        &["int", "parse_int", "parseInt", "Number", "atoi"],
        says("a number is read from a text by `x.to_int`, which may be `none`"),
    ),
    (&["Some", "Just", "Ok"], says("a value is written as itself where it may be `none`")),
    (&["Err", "Error"], says("a failure is said by `fail`, as in `fail Conflict(\"…\")`")),
    (&["range"], says("a range is written `0..n`, or `1..=n` with its end")),
    (&["sorted"], says("a list is sorted by `xs.sort`, or by a query with `order by`")),
    (&["list", "array"], says("a list is written `[a, b]`; another collection becomes one by `.to_list`")),
    (&["panic", "exit", "abort"], says("a failure is said by `fail`; what must hold by `assert`")),
    (&["sleep"], says("a transaction does not wait: it works at one moment")),
    (
        &["env", "getenv", "open", "fetch", "require"],
        says("code reads no files, variables or networks: it reads its parameters and the store"),
    ),
];

/// What is asked of collections, texts and other values, by its names.
const MEMBERS: &[(&[&str], Answer)] = &[
    (&["size", "len", "count", "Count", "Length"], written("it is called `length`", "length")),
    (&["push", "append", "add", "push_back"], says("collections do not change: a `var` gets a new one by `xs += [x]`")),
    (&["toString", "to_string", "to_text", "to_s", "str"], written("a value is shown by `text`", "text")),
    (&["toUpperCase", "to_uppercase", "to_upper", "uppercase"], written("it is called `upper`", "upper")),
    (&["toLowerCase", "to_lowercase", "to_lower", "lowercase", "downcase"], written("it is called `lower`", "lower")),
    (&["strip"], written("it is called `trim`", "trim")),
    (&["startsWith"], written("it is called `starts_with`", "starts_with")),
    (&["endsWith"], written("it is called `ends_with`", "ends_with")),
    (&["await"], says("a call gives its value: nothing is awaited")),
    (
        &["unwrap", "get", "expect", "value"],
        says("what may be `none` is taken by `x else fail …`, `x ?? d` or `if let v = x`"),
    ),
    (&["unwrap_or", "or_else", "getOrElse", "get_or"], says("a value for `none` is given by `x ?? d`")),
    (&["forEach", "foreach", "for_each", "each"], says("a loop is written `for x in xs { … }`")),
    (&["reduce", "inject"], written("it is called `fold`", "fold")),
    (&["some", "any", "exists"], says("elements are asked by `some x in xs satisfies …`")),
    (&["every", "all"], says("elements are asked by `every x in xs satisfies …`")),
    (&["includes", "has", "contains"], says("an element is looked for by `x in xs`")),
    (&["isEmpty", "is_empty", "empty"], says("an empty collection is told by `not exists(xs)` or `xs.length == 0`")),
];

fn answer(table: &'static [(&[&str], Answer)], name: &str) -> Option<&'static Answer> {
    table.iter().find(|(names, _)| names.contains(&name)).map(|(_, answer)| answer)
}

impl Infer<'_> {
    /// The message for a value that other languages have.
    pub(super) fn foreign_value(&self, name: &str, at: Range) -> Option<Diagnostic> {
        answer(VALUES, name).map(|found| self.foreign(Code::UnknownName, name, at, found))
    }

    /// The message for a function that other languages have.
    pub(super) fn foreign_function(&self, name: &str, at: Range) -> Option<Diagnostic> {
        answer(FUNCTIONS, name).map(|found| self.foreign(Code::UnknownName, name, at, found))
    }

    /// The message for what other languages ask of a value of this type.
    pub(super) fn foreign_member(&self, ty: &Ty, name: &str, at: Range) -> Option<Diagnostic> {
        let ty = self.base(ty);
        let optional = matches!(ty, Ty::Option(_));
        let collection = ty.element().is_some();
        let fits = match name {
            "unwrap" | "get" | "expect" | "value" | "unwrap_or" | "or_else" | "getOrElse" | "get_or" => optional,
            "push" | "append" | "add" | "push_back" | "forEach" | "foreach" | "for_each" | "each" | "reduce"
            | "inject" | "some" | "any" | "exists" | "every" | "all" | "includes" | "has" | "contains" => collection,
            "size" | "len" | "count" | "Count" | "Length" | "isEmpty" | "is_empty" | "empty" => {
                collection || matches!(ty, Ty::Text | Ty::Map(..) | Ty::Bytes)
            }
            "toString" | "to_string" | "to_text" | "to_s" | "str" | "await" => true,
            _ => matches!(ty, Ty::Text),
        };
        answer(MEMBERS, name).filter(|_| fits).map(|found| self.foreign(Code::UnknownField, name, at, found))
    }

    fn foreign(&self, code: Code, name: &str, at: Range, answer: &Answer) -> Diagnostic {
        let label = match answer.meant {
            Some(meant) => format!("called `{meant}` here"),
            None => format!("there is no `{name}`"),
        };
        let d = self.diagnostic(code, at, answer.says, label);
        match answer.meant {
            Some(meant) => d.fix(self.fix(format!("write `{meant}`"), at, meant, true)),
            None => d,
        }
    }
}
