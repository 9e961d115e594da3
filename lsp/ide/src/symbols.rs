//! The outline of a file, and finding a name anywhere in the program.

use crate::answer::{FileRange, NavigationTarget, SymbolKind};
use crate::navigation::item_kind;
use crate::{Analysis, fuzzy};
use serde::Serialize;
use tenon_check::db::{Db, SourceFile};
use tenon_check::items::{Item, items, parse};
use tenon_span::Range;
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
        self.file_symbols(file)
    }

    fn file_symbols(&self, file: SourceFile) -> Vec<DocumentSymbol> {
        let db: &dyn Db = &self.db;
        items(db, file)
            .iter()
            .filter(|item| item.word(db) != "use")
            .filter_map(|item| self.item_symbol(*item))
            .collect()
    }

    fn item_symbol(&self, item: Item<'_>) -> Option<DocumentSymbol> {
        let parsed = parse(&self.db, item);
        let Some(tree) = &parsed.item else { return self.broken_symbol(item) };
        let outline = Outline { analysis: self, item, code: &parsed.code };
        Some(outline.item(tree))
    }

    /// An item without a tree: by its word and name, as the splitter tells them.
    fn broken_symbol(&self, item: Item<'_>) -> Option<DocumentSymbol> {
        let db = &self.db;
        let parsed = parse(db, item);
        let name = item.name(db);
        let (Some(first), Some(last)) = (parsed.tokens.tokens().first(), parsed.tokens.tokens().last()) else {
            return None;
        };
        if item.word(db).is_empty() {
            return None;
        }
        let named =
            parsed.tokens.tokens().iter().find(|token| token.range.slice(&parsed.code).trim_matches('"') == name);
        let full = self.range_in_file(item, first.range.cover(last.range));
        let focus = self.range_in_file(item, named.unwrap_or(first).range);
        let shown = if name.is_empty() { item.word(db) } else { name.as_str() };
        let kind = item_kind(item.word(db), None);
        Some(DocumentSymbol { name: shown.to_owned(), detail: String::new(), kind, full, focus, children: Vec::new() })
    }

    /// The symbols of the program whose names fit `query`, the best first: items, fields and cases. A query with a dot
    /// (`Order.qty`) looks for the part before the dot in what contains the symbol. At most `limit` are given.
    pub fn workspace_symbols(&self, query: &str, limit: usize) -> Vec<NavigationTarget> {
        let (container, name) = match query.rsplit_once('.') {
            Some((container, name)) => (Some(container.trim()), name.trim()),
            None => (None, query.trim()),
        };
        let mut found: Vec<(i32, NavigationTarget)> = Vec::new();
        for file in self.db.program().files(&self.db) {
            let path = file.path(&self.db);
            for symbol in self.file_symbols(*file) {
                let of_container = match container {
                    Some(container) => fuzzy::score(container, &symbol.name),
                    None => Some(0),
                };
                for child in &symbol.children {
                    if let (Some(outer), Some(inner)) = (of_container, fuzzy::score(name, &child.name)) {
                        found.push((outer + inner, target(path, child, Some(&symbol.name))));
                    }
                }
                if container.is_none()
                    && let Some(score) = fuzzy::score(name, &symbol.name)
                {
                    // An item before a field of the same name.
                    found.push((score + 1, target(path, &symbol, None)));
                }
            }
        }
        found.sort_by(|(a, left), (b, right)| {
            b.cmp(a).then_with(|| left.name.len().cmp(&right.name.len())).then_with(|| left.cmp(right))
        });
        found.truncate(limit);
        found.into_iter().map(|(_, target)| target).collect()
    }

    /// The place of an item's name, for those who link to it.
    pub(crate) fn name_place(&self, item: Item<'_>) -> FileRange {
        self.file_range(item, tenon_check::declare::name_range(&self.db, item))
    }
}

fn target(file: &str, symbol: &DocumentSymbol, container: Option<&str>) -> NavigationTarget {
    NavigationTarget {
        file: file.to_owned(),
        full: symbol.full,
        focus: symbol.focus,
        name: symbol.name.clone(),
        kind: symbol.kind,
        container: container.map(str::to_owned),
    }
}

struct Outline<'a, 'db> {
    analysis: &'a Analysis,
    item: Item<'db>,
    code: &'a str,
}

impl Outline<'_, '_> {
    fn place(&self, range: Range) -> Range {
        self.analysis.range_in_file(self.item, range)
    }

    /// Source text on one line, cut where it is long.
    fn text(&self, range: Range) -> String {
        let text = range.slice(self.code);
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
                Some(format!("{} {}", method.text, path.range.slice(self.code).trim_matches('"')))
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
