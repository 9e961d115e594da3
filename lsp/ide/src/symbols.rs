//! The outline of a file, and finding a name anywhere in the program.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::answer::{FileRange, NavigationTarget, SymbolKind};
use crate::navigation::item_kind;
use crate::{Analysis, fuzzy};
use serde::Serialize;
use tenon_check::db::Db;
use tenon_check::items::{Item, items, parse, program_items};
use tenon_span::Range;
use tenon_syntax::Parsed;
use tenon_syntax::ast::{self, ClauseKind, ItemKind, Member, TypeBody, TypeKind};

/// A symbol of a file, with those inside of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DocumentSymbol {
    /// Its name; for an item without one its first words: `after insert Order`.
    pub name: String,
    /// What else to show beside it: a type, a method with its path; may be empty.
    pub detail: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The whole, without comments before it.
    pub full: Range,
    /// Its name, within `full`.
    pub focus: Range,
    /// Fields of a relation, cases of a type, fields of a record, operations of a binding.
    pub children: Vec<DocumentSymbol>,
}

impl Analysis {
    /// The outline of a file, in source order. An item that could not be read stands in it by its word and name.
    pub fn document_symbols(&self, file: &str) -> Vec<DocumentSymbol> {
        let Some(file) = self.db.any_file(file) else { return Vec::new() };
        let outlines = items(&self.db, file).iter().filter_map(|item| Some((item, outline(&self.db, *item).as_ref()?)));
        outlines.map(|(item, symbol)| symbol.shifted(item.offset(&self.db))).collect()
    }

    /// The symbols of the program whose names fit `query`, the best first: items, fields and cases. A query with a dot
    /// (`Order.qty`) looks for the part before the dot in what contains the symbol. At most `limit` are given.
    pub fn workspace_symbols(&self, query: &str, limit: usize) -> Vec<NavigationTarget> {
        let (container, name) = match query.rsplit_once('.') {
            Some((container, name)) => (Some(container.trim()), name.trim()),
            None => (None, query.trim()),
        };
        let mut found: Vec<(i32, NavigationTarget)> = Vec::new();
        for item in program_items(&self.db) {
            let Some(symbol) = outline(&self.db, item) else { continue };
            let of_container = match container {
                Some(container) => fuzzy::score(container, &symbol.name),
                None => Some(0),
            };
            for child in &symbol.children {
                if let (Some(outer), Some(inner)) = (of_container, fuzzy::score(name, &child.name)) {
                    found.push((outer + inner, self.symbol_target(item, child, Some(&symbol.name))));
                }
            }
            if container.is_none()
                && let Some(score) = fuzzy::score(name, &symbol.name)
            {
                // An item before a field of the same name.
                found.push((score + 1, self.symbol_target(item, symbol, None)));
            }
        }
        found.sort_by(|(a, left), (b, right)| {
            b.cmp(a).then_with(|| left.name.len().cmp(&right.name.len())).then_with(|| left.cmp(right))
        });
        found.truncate(limit);
        found.into_iter().map(|(_, target)| target).collect()
    }

    fn symbol_target(&self, item: Item<'_>, symbol: &DocumentSymbol, container: Option<&str>) -> NavigationTarget {
        let offset = item.offset(&self.db);
        NavigationTarget {
            file: item.file(&self.db).path(&self.db).to_string(),
            full: symbol.full.shifted(offset),
            focus: symbol.focus.shifted(offset),
            name: symbol.name.clone(),
            kind: symbol.kind,
            container: container.map(str::to_owned),
        }
    }

    /// The place of an item's name, for those who link to it.
    pub(crate) fn name_place(&self, item: Item<'_>) -> FileRange {
        self.file_range(item, tenon_check::declare::name_range(&self.db, item))
    }
}

impl DocumentSymbol {
    /// The symbol with its ranges moved right.
    fn shifted(&self, by: u32) -> DocumentSymbol {
        DocumentSymbol {
            full: self.full.shifted(by),
            focus: self.focus.shifted(by),
            children: self.children.iter().map(|child| child.shifted(by)).collect(),
            ..self.clone()
        }
    }
}

/// The symbol of an item, with ranges of the item's text; `None` for `use` and for what is no item. A query per item,
/// so that looking for a name in the program reads what is there, and an edit makes one outline anew.
#[salsa::tracked(returns(ref))]
fn outline<'db>(db: &'db dyn Db, item: Item<'db>) -> Option<DocumentSymbol> {
    let parsed = parse(db, item);
    match &parsed.item {
        _ if item.word(db) == "use" => None,
        Some(tree) => Some(Outline { parsed }.item(tree)),
        None => broken(db, item, parsed),
    }
}

/// An item without a tree: by its word and name, as the splitter tells them.
fn broken(db: &dyn Db, item: Item<'_>, parsed: &Parsed) -> Option<DocumentSymbol> {
    let (word, name) = (item.word(db), item.name(db));
    let tokens = parsed.tokens.tokens();
    let (first, last) = (tokens.first()?, tokens.last()?);
    if word.is_empty() {
        return None;
    }
    let named = tokens.iter().find(|token| token.range.slice(&parsed.code).trim_matches('"') == name);
    Some(DocumentSymbol {
        name: if name.is_empty() { word.to_owned() } else { name.to_string() },
        detail: String::new(),
        kind: item_kind(word, None),
        full: parsed.place(first.range.cover(last.range)),
        focus: parsed.place(named.unwrap_or(first).range),
        children: Vec::new(),
    })
}

struct Outline<'a> {
    parsed: &'a Parsed,
}

impl Outline<'_> {
    fn place(&self, range: Range) -> Range {
        self.parsed.place(range)
    }

    /// Source text on one line, cut where it is long.
    fn text(&self, range: Range) -> String {
        let text = range.slice(&self.parsed.code);
        match text.char_indices().nth(DETAIL) {
            Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("").trim_end()),
            None => text.to_owned(),
        }
    }

    fn leaf(&self, name: &ast::Ident, detail: String, kind: SymbolKind, full: Range) -> DocumentSymbol {
        DocumentSymbol {
            name: name.text.to_string(),
            detail,
            kind,
            full: self.place(full),
            focus: self.place(name.range),
            children: Vec::new(),
        }
    }

    fn item(&self, tree: &ast::Item) -> DocumentSymbol {
        let word = tree.kind.word();
        let kind = item_kind(word, Some(tree));
        let named = |name: &ast::Ident, detail: String, children: Vec<DocumentSymbol>| DocumentSymbol {
            children,
            ..self.leaf(name, detail, kind, tree.range)
        };
        let titled = |title: &ast::Text| DocumentSymbol {
            name: title.plain().unwrap_or_default().to_owned(),
            detail: if kind == SymbolKind::Item { word.to_owned() } else { String::new() },
            kind,
            full: self.place(tree.range),
            focus: self.place(title.range),
            children: Vec::new(),
        };
        let unnamed = |head: Range| DocumentSymbol {
            name: self.text(head),
            detail: String::new(),
            kind,
            full: self.place(tree.range),
            focus: self.place(head),
            children: Vec::new(),
        };
        let head_until = |end: u32| Range::new(tree.range.start, end);
        match &tree.kind {
            ItemKind::Use(n) => match (n.path.first(), n.path.last()) {
                (Some(first), Some(last)) => unnamed(first.range.cover(last.range)),
                _ => unnamed(tree.range),
            },
            ItemKind::Const(n) => {
                named(&n.name, n.ty.as_ref().map(|ty| self.text(ty.range)).unwrap_or_default(), Vec::new())
            }
            ItemKind::Type(n) => match &n.body {
                TypeBody::Alias(ty) => named(&n.name, self.text(ty.range), self.record_fields(ty)),
                TypeBody::Variants { cases, .. } => {
                    let case = |case: &ast::Case| {
                        let fields = case.fields.as_ref();
                        let detail = fields.map(|fields| self.text(fields.range)).unwrap_or_default();
                        self.leaf(&case.name, detail, SymbolKind::Case, case.range)
                    };
                    named(&n.name, String::new(), cases.iter().map(case).collect())
                }
            },
            ItemKind::Relation(n) => named(&n.name, String::new(), self.relation_fields(n)),
            ItemKind::View(n) => named(&n.name, String::new(), self.params(&n.columns)),
            ItemKind::Invariant(n) => titled(&n.name),
            ItemKind::Function(n) => named(&n.name, self.function_detail(n), Vec::new()),
            ItemKind::Error(n) => named(
                &n.name,
                n.base.text.to_string(),
                n.fields.iter().flat_map(|fields| self.params(fields)).collect(),
            ),
            ItemKind::Actor(n) => named(&n.relation, word.to_owned(), Vec::new()),
            ItemKind::Policy(n) => {
                unnamed(head_until(n.relations.last().map_or(tree.range.end, |relation| relation.range.end)))
            }
            ItemKind::Binding(n) => {
                let operations = n.lines.iter().filter_map(|line| match line {
                    ast::BindingLine::Operation(operation) | ast::BindingLine::Hook(operation) => Some(operation),
                    _ => None,
                });
                let child = |operation: &ast::Operation| {
                    let detail = self.text(operation.method.range.cover(operation.path.range));
                    self.leaf(&operation.name, detail, SymbolKind::Function, operation.range)
                };
                named(&n.name, word.to_owned(), operations.map(|operation| child(operation)).collect())
            }
            ItemKind::Workflow(n) => named(&n.name, word.to_owned(), Vec::new()),
            ItemKind::Page(n) => {
                named(&n.name, self.endpoint(&n.clauses).unwrap_or_else(|| word.to_owned()), Vec::new())
            }
            ItemKind::Reaction(ast::Reaction::Change { body, .. } | ast::Reaction::Hook { body, .. }) => {
                unnamed(head_until(body.range.start.saturating_sub(1).max(tree.range.start)))
            }
            ItemKind::Schedule(n) => unnamed(head_until(n.body.range.start.saturating_sub(1).max(tree.range.start))),
            ItemKind::Scenario(n) => titled(&n.name),
            ItemKind::Property(n) => titled(&n.name),
            ItemKind::Goal(n) => titled(&n.name),
            ItemKind::Evolve(ast::Evolve::Change { name, .. } | ast::Evolve::From { name, .. }) => {
                unnamed(head_until(name.range.end))
            }
            ItemKind::Repair(n) => unnamed(head_until(n.relation.range.end)),
            ItemKind::Seed(_) => unnamed(Range::new(tree.range.start, tree.range.start + word.len() as u32)),
            ItemKind::Render(n) => unnamed(head_until(n.what.range.end)),
        }
    }

    /// `POST "/orders"`, else the parameters and the result.
    fn function_detail(&self, function: &ast::Function) -> String {
        if let Some(endpoint) = self.endpoint(&function.clauses) {
            return endpoint;
        }
        let end = function.result.as_ref().map_or(function.params.range, |result| result.range);
        self.text(function.params.range.cover(end))
    }

    fn endpoint(&self, clauses: &[ast::Clause]) -> Option<String> {
        clauses.iter().find_map(|clause| match &clause.kind {
            ClauseKind::At { method, path } => {
                Some(format!("{} {}", method.text, path.range.slice(&self.parsed.code).trim_matches('"')))
            }
            _ => None,
        })
    }

    fn relation_fields(&self, relation: &ast::Relation) -> Vec<DocumentSymbol> {
        let fields = relation.members.iter().filter_map(|member| match member {
            Member::Field(field) => Some(field),
            _ => None,
        });
        fields.map(|field| self.leaf(&field.name, self.text(field.ty.range), SymbolKind::Field, field.range)).collect()
    }

    fn params(&self, params: &ast::Params) -> Vec<DocumentSymbol> {
        let field =
            |param: &ast::Param| self.leaf(&param.name, self.text(param.ty.range), SymbolKind::Field, param.range);
        params.list.iter().map(field).collect()
    }

    fn record_fields(&self, ty: &ast::Type) -> Vec<DocumentSymbol> {
        let TypeKind::Record(record) = &ty.kind else { return Vec::new() };
        let fields = record.parts.iter().filter_map(|part| match part {
            ast::RecordTypePart::Field(param) => Some(param),
            ast::RecordTypePart::Spread(_) => None,
        });
        let field =
            |param: &ast::Param| self.leaf(&param.name, self.text(param.ty.range), SymbolKind::Field, param.range);
        fields.map(field).collect()
    }
}

/// How many characters of source text a detail shows.
const DETAIL: usize = 60;
