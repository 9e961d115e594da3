//! What is to be known of the thing under the cursor: what it is, its documentation, what it does.
//!
//! - a name: its declaration or type, its documentation; of what can be called its effects; of a relation and a field
//!   who reads and who writes them; of a library function its signature, words and example;
//! - `from`, and the name of a query: the type of its rows, its plan, its indexes;
//! - a literal: its type, and for times and durations what they come to.

use crate::Analysis;
use crate::answer::FilePosition;
use crate::locate::Place;
use crate::markup::Markup;
use crate::occurrences::{at, occurrences};
use crate::plans::PlanText;
use crate::typing::{find_expr, typed_code};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use tenon_check::builtins::Builtin;
use tenon_check::declare::signature;
use tenon_check::effects::{Does, EffectSet, effects_of, item_facts};
use tenon_check::items::{Item, parse, program_items, tree};
use tenon_check::names::{item_of, symbol_of};
use tenon_check::show::Shown;
use tenon_check::signature::{FieldSig, Signature, TypeBody};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::typed::{ExprKind, Literal};
use tenon_check::uses::{Meaning, Role, Use};
use tenon_span::Range;
use tenon_syntax::ast::ItemKind;
use tenon_syntax::words::{TokenClass, TokenKind};

/// How many lines of a declaration are shown.
const LINES: usize = 24;
/// How many items are named in a list.
const NAMES: usize = 8;

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Hover {
    /// What it is about: a name, a word, a literal.
    pub range: Range,
    /// The words.
    pub markup: Markup,
}

impl Analysis {
    /// What is to be known of the thing at a position; `None` where there is nothing to say.
    pub fn hover(&self, position: &FilePosition) -> Option<Hover> {
        let place = self.locate(position)?;
        let found = at(occurrences(&self.db, place.item), place.code_offset);
        let (range, sections) = match found.first() {
            Some(first) => {
                let mut sections: Vec<String> =
                    found.iter().filter_map(|found| self.about_name(place.item, found)).collect();
                sections.dedup();
                (first.range, sections)
            }
            None => {
                let token = place.token()?;
                let section = match token.kind.class() {
                    TokenClass::Literal => self.about_literal(&place, token.range)?,
                    _ if token.kind == TokenKind::SoftFrom => self.about_query_at(&place, token.range)?,
                    _ => return None,
                };
                (token.range, vec![section])
            }
        };
        if sections.is_empty() {
            return None;
        }
        let range = self.range_in_file(place.item, range);
        Some(Hover { range, markup: Markup(sections.join("\n\n---\n\n")) })
    }

    fn about_name(&self, item: Item<'_>, found: &Use) -> Option<String> {
        let ty = || self.type_at(item, found).map_or_else(|| String::from("?"), |ty| Shown(&ty).to_string());
        let mut out = String::new();
        match &found.meaning {
            Meaning::Item(symbol) => return self.about_item(symbol),
            Meaning::Module(path) => {
                code(
                    &mut out,
                    &format!("module {}", if path.is_empty() { "(the program's own folder)" } else { path }),
                );
            }
            Meaning::Field(owner, name) => self.about_field(item, found, owner, name, &mut out)?,
            Meaning::Inverse(relation, field) => {
                let (name, target) = {
                    let field = self.relation(relation)?.field(field)?;
                    (field.inverse.clone()?, field.target()?.name.clone())
                };
                code(&mut out, &format!("{target}.{name}: Bag[{}]", relation.name));
                paragraph(&mut out, &format!("The rows of `{}` whose `{field}` is this row.", relation.name));
            }
            Meaning::Case(owner, case) => {
                let TypeBody::Variant(cases) = &self.type_sig(owner)?.body else { return None };
                let of = cases.iter().find(|other| other.name == *case)?;
                let fields: Vec<String> =
                    of.fields.iter().map(|field| format!("{}: {}", field.name, Shown(&field.ty))).collect();
                let fields = if fields.is_empty() { String::new() } else { format!("({})", fields.join(", ")) };
                code(&mut out, &format!("{}.{case}{fields}", owner.name));
                paragraph(&mut out, &of.doc);
            }
            Meaning::CaseField(owner, case, name) => code(&mut out, &format!("{}.{case}.{name}: {}", owner.name, ty())),
            Meaning::RecordField(record, name) => {
                code(&mut out, &format!("{name}: {}", ty()));
                if record.fields.len() > 1 {
                    paragraph(&mut out, &format!("A field of `{}`.", Shown(&Ty::Record(record.clone()))));
                }
            }
            Meaning::Parameter(owner, name) => {
                code(&mut out, &format!("{name}: {}", ty()));
                paragraph(&mut out, &format!("A parameter of `{}`.", owner.name));
            }
            Meaning::Local(_) => {
                let name = self.text_of(item, found);
                code(&mut out, &format!("{name}: {}", ty()));
            }
            Meaning::Given(name) => {
                code(&mut out, &format!("{name}: {}", ty()));
                paragraph(
                    &mut out,
                    match name.as_str() {
                        "it" => "The value that the rule is about.",
                        "result" => "The value that the function gives.",
                        _ => "",
                    },
                );
            }
            Meaning::Builtin(builtin) => about_builtin(*builtin, &mut out),
            Meaning::BuiltinType(name) => {
                code(&mut out, name);
                paragraph(&mut out, about_type(name));
            }
            Meaning::TypeParameter(name) => {
                code(&mut out, name);
                paragraph(&mut out, "A type parameter.");
            }
        }
        Some(out)
    }

    fn about_item(&self, symbol: &Symbol) -> Option<String> {
        let mut out = String::new();
        let Some(item) = item_of(&self.db, symbol) else {
            let error = symbol.module == "tenon";
            return error.then(|| {
                code(&mut out, &format!("error {}", symbol.name));
                paragraph(&mut out, "An error of the language; `fail` takes a message for it.");
                out
            });
        };
        code(&mut out, &self.declaration(item));
        if let Some(doc) = tree(&self.db, item).as_ref().and_then(|tree| tree.doc.as_ref()) {
            paragraph(&mut out, &doc.text);
        }
        match signature(&self.db, symbol) {
            Some(Signature::Function(sig)) => {
                if !matches!(sig.result, tenon_check::signature::ResultSig::Declared(_)) {
                    let ty = tenon_check::bodies::result_type(&self.db, symbol);
                    if !matches!(ty, Ty::Unit | Ty::Error) {
                        paragraph(&mut out, &format!("Gives `{}`.", Shown(&ty)));
                    }
                }
                effects(&mut out, effects_of(&self.db, symbol));
                if sig.kind == tenon_check::signature::CallableKind::Query || item.word(&self.db) == "view" {
                    plans(&mut out, &self.plans_in(item, None));
                }
            }
            Some(Signature::Const(sig)) if sig.ty.is_none() => {
                let ty = tenon_check::bodies::result_type(&self.db, symbol);
                paragraph(&mut out, &format!("A `{}`.", Shown(&ty)));
            }
            Some(Signature::Relation(_)) => self.users_of_relation(symbol, &mut out),
            _ => {}
        }
        Some(out)
    }

    /// The declaration of an item as it is written, up to its code.
    pub(crate) fn declaration(&self, item: Item<'_>) -> String {
        let Some(tree) = tree(&self.db, item) else {
            return format!("{} {}", item.word(&self.db), item.name(&self.db));
        };
        let end = match &tree.kind {
            ItemKind::Function(function) => function.body.range.start,
            ItemKind::View(view) => view.body.range.start,
            ItemKind::Scenario(scenario) => scenario.name.range.end,
            _ => tree.range.end,
        };
        let text = item.text(&self.db);
        let place = parse(&self.db, item).place(Range::new(tree.range.start, end));
        let mut lines: Vec<&str> = place.slice(text).trim_end().lines().collect();
        if lines.len() > LINES {
            lines.truncate(LINES);
            lines.push("…");
        }
        lines.join("\n")
    }

    fn about_field(&self, item: Item<'_>, found: &Use, owner: &Symbol, name: &str, out: &mut String) -> Option<()> {
        let Some(field) = self.relation(owner).and_then(|sig| sig.field(name)) else {
            let ty = self.type_of_meaning(item, &found.meaning)?;
            code(out, &format!("{}.{name}: {}", owner.name, Shown(&ty)));
            return Some(());
        };
        code(out, &format!("{}{}.{name}: {}{}", words_before(field), owner.name, Shown(&field.ty), words_after(field)));
        paragraph(out, &field.doc);
        if let Some(narrow) = self.type_at(item, found).filter(|ty| *ty != field.ty && *ty != Ty::Error) {
            paragraph(out, &format!("Here `{}`.", Shown(&narrow)));
        }
        let mut readers: BTreeMap<String, usize> = BTreeMap::new();
        let mut writers: BTreeMap<String, usize> = BTreeMap::new();
        self.each_use(&found.meaning, &mut |item, of| {
            let list = match of.role {
                Role::Definition => return,
                Role::Read if item_of(&self.db, owner) == Some(item) => return,
                Role::Read => &mut readers,
                Role::Write => &mut writers,
            };
            *list.entry(shown_item(self, item)).or_default() += 1;
        });
        let keys = |of: BTreeMap<String, usize>| of.into_keys().collect::<Vec<_>>();
        list(out, "Read by", keys(readers));
        list(out, "Written by", keys(writers));
        Some(())
    }

    fn users_of_relation(&self, symbol: &Symbol, out: &mut String) {
        let (mut readers, mut writers) = (Vec::new(), Vec::new());
        for item in
            program_items(&self.db).filter(|item| matches!(item.word(&self.db), "fn" | "query" | "handler" | "view"))
        {
            let facts = item_facts(&self.db, item);
            let does = |wanted: &Does| facts.iter().any(|facts| facts.does.contains(wanted));
            if does(&Does::Reads(symbol.clone())) {
                readers.push(shown_item(self, item));
            }
            if does(&Does::Writes(symbol.clone())) {
                writers.push(shown_item(self, item));
            }
        }
        list(out, "Read by", readers);
        list(out, "Written by", writers);
    }

    fn about_query_at(&self, place: &Place<'_>, token: Range) -> Option<String> {
        let code_of = typed_code(&self.db, place.item);
        let query = find_expr(&code_of, token, &|expr| matches!(expr.kind, ExprKind::Query(_)))?;
        let ExprKind::Query(of) = &query.kind else { return None };
        let mut out = String::new();
        code(&mut out, &Shown(&query.ty).to_string());
        paragraph(
            &mut out,
            match of.ordered {
                true => "In order, so a list.",
                false => "Without an order, so a bag; where a list is wanted it is put into key order.",
            },
        );
        plans(&mut out, &self.plans_in(place.item, Some(query.range)));
        Some(out)
    }

    fn plans_in(&self, item: Item<'_>, at: Option<Range>) -> Vec<PlanText> {
        let file = self.path(item.file(&self.db));
        self.plans_of(&file, item.word(&self.db), item.name(&self.db), item.nth(&self.db), at)
    }

    fn about_literal(&self, place: &Place<'_>, token: Range) -> Option<String> {
        let code_of = typed_code(&self.db, place.item);
        let expr = find_expr(&code_of, token, &|expr| matches!(expr.kind, ExprKind::Literal(_)))?;
        let ExprKind::Literal(literal) = &expr.kind else { return None };
        let mut out = String::new();
        let written = expr.range.slice(&place.parsed.code);
        code(&mut out, &format!("{}: {}", if written.len() > 60 { "…" } else { written }, Shown(&expr.ty)));
        paragraph(&mut out, &explained(literal)?);
        Some(out)
    }
}

/// An item as a list names it.
pub(crate) fn shown_item(analysis: &Analysis, item: Item<'_>) -> String {
    let name = item.name(&analysis.db);
    match symbol_of(&analysis.db, item) {
        Some(symbol) if symbol.name.starts_with('"') => format!("{} \"{name}\"", item.word(&analysis.db)),
        _ => format!("`{name}`"),
    }
}

fn words_before(field: &FieldSig) -> &'static str {
    if field.secret { "secret " } else { "" }
}

fn words_after(field: &FieldSig) -> String {
    let mut out = String::new();
    if field.computed {
        out.push_str("  // computed");
    } else if field.on_update {
        out.push_str("  // set by every update");
    } else if field.default {
        out.push_str("  // has a default");
    }
    if let Some(inverse) = &field.inverse {
        let _ = write!(out, "  // inverse {inverse}");
    }
    out
}

fn code(out: &mut String, text: &str) {
    let _ = write!(out, "```tenon\n{text}\n```");
}

fn paragraph(out: &mut String, text: &str) {
    let text = text.trim();
    if !text.is_empty() {
        let _ = write!(out, "\n\n{text}");
    }
}

fn list(out: &mut String, what: &str, mut names: Vec<String>) {
    if names.is_empty() {
        return;
    }
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let mut line = format!("{what} {}", names.join(", "));
    if more > 0 {
        let _ = write!(line, " and {more} more");
    }
    line.push('.');
    paragraph(out, &line);
}

fn effects(out: &mut String, set: &EffectSet) {
    let names = |symbols: &[Symbol]| symbols.iter().map(|symbol| format!("`{}`", symbol.name)).collect::<Vec<_>>();
    list(out, "Reads", names(&set.reads));
    list(out, "Writes", names(&set.writes));
    list(out, "May fail with", names(&set.fails));
    let world = [(set.clock, "the clock"), (set.random, "chance")];
    let world: Vec<&str> = world.iter().filter(|(does, _)| *does).map(|(_, what)| *what).collect();
    if !world.is_empty() {
        paragraph(out, &format!("Depends on {}.", world.join(" and ")));
    }
    if set.logs {
        paragraph(out, "Writes to the log.");
    }
}

fn plans(out: &mut String, plans: &[PlanText]) {
    for plan in plans {
        let _ = write!(out, "\n\n```text\n{}\n```", plan.tree.trim_end());
        if !plan.indexes.is_empty() {
            let named: Vec<String> = plan.indexes.iter().map(|index| format!("`{index}`")).collect();
            paragraph(
                out,
                &format!("Uses the {} {}.", if named.len() == 1 { "index" } else { "indexes" }, named.join(", ")),
            );
        }
    }
}

/// A primitive of the library: its signature, what it does, an example.
pub(crate) fn about_builtin(builtin: Builtin, out: &mut String) {
    let info = builtin.info();
    code(out, info.signature);
    paragraph(out, info.doc);
    if !info.example.is_empty() {
        paragraph(out, &format!("`{}`", info.example));
    }
}

/// What a type of the language holds.
pub(crate) fn about_type(name: &str) -> &'static str {
    match name {
        "Bool" => "`true` or `false`.",
        "Int" => "A whole number of 64 bits; what does not fit fails with `Overflow`.",
        "Decimal" => "An exact number; `Decimal(s)` has s fractional digits, `Decimal` has 6.",
        "Float" => "A finite binary floating point number; never a key.",
        "Text" => "Characters; its length counts code points.",
        "Bytes" => "Octets.",
        "Instant" => "A moment, to the microsecond; it has no calendar without a zone.",
        "DateTime" => "Date and time of day without a zone.",
        "Date" => "A day of the calendar.",
        "Time" => "A time of day.",
        "Duration" => "A length of time; a day is 24 hours.",
        "Id" => "A generated identity, ordered by the time it was made.",
        "Uuid" => "A UUID.",
        "Json" => "Data without a type, from outside.",
        "List" => "Elements in order, also written `[T]`.",
        "Bag" => "Elements without an order: what a query without `order by` gives.",
        "Set" => "Elements without an order, each once.",
        "Map" => "Values by their keys.",
        "Key" => "What a row is looked up by.",
        "Tag" => "The bare case of a variant type.",
        "Ordered" => "Types whose values have an order.",
        "Keyed" => "Types with an exact equality, which may be keys.",
        "Storable" => "Types whose values may be stored.",
        _ => "",
    }
}

/// What a literal comes to, where that is more than what it says.
fn explained(literal: &Literal) -> Option<String> {
    const DAY: i64 = 86_400_000_000;
    Some(match literal {
        Literal::Duration(micros) => {
            let units = [("d", DAY), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];
            let mut rest = *micros;
            let mut parts = Vec::new();
            for (unit, length) in units {
                if rest / length != 0 {
                    parts.push(format!("{} {unit}", rest / length));
                }
                rest %= length;
            }
            if parts.is_empty() {
                parts.push(String::from("0 s"));
            }
            let seconds = *micros as f64 / 1e6;
            format!("{}, which is {seconds} seconds.", parts.join(" "))
        }
        Literal::Instant(micros) => {
            let days = micros.div_euclid(DAY);
            let seconds = micros.div_euclid(1_000_000);
            format!("A {} in UTC, {seconds} seconds after the beginning of 1970.", weekday(days))
        }
        Literal::Date(days) => format!("A {}.", weekday(i64::from(*days))),
        Literal::Bytes(bytes) => format!("{} bytes.", bytes.len()),
        Literal::Text(text) => format!("{} characters.", text.chars().count()),
        Literal::Int(_) | Literal::Decimal(_) | Literal::Float(_) | Literal::Bool(_) => String::new(),
        Literal::Time(_) => String::new(),
        Literal::None => return None,
    })
}

fn weekday(days: i64) -> &'static str {
    // 1 January 1970 was a Thursday.
    const NAMES: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    NAMES[days.rem_euclid(7) as usize]
}
