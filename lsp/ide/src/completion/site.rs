//! Where the cursor is: the item read with a marker in the place of the word, and what may stand there.

use crate::locate::Place;
use crate::node::Node;
use crate::signature_help::{CallSite, call_around};
use smol_str::SmolStr;
use tenon_check::bodies::probe;
use tenon_check::db::Db;
use tenon_check::infer::Probed;
use tenon_check::items::Item;
use tenon_check::names::{Resolution, resolve};
use tenon_check::ty::Symbol;
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};
use tenon_syntax::token::comments;
use tenon_syntax::words::{TokenClass, TokenKind};
use tenon_syntax::{Expected, Parsed, expected_at, parse_item};

/// The markers: names that nobody writes.
const LOWER: &str = "completion_marker_0";
const UPPER: &str = "CompletionMarker0";

/// What may stand after the marker so that what it begins can be read whole, and whether a choice brings it along.
const FORMS: &[(&str, &str)] = &[(LOWER, ""), (UPPER, ""), (LOWER, " = 0"), (UPPER, " => 0"), (LOWER, " => 0")];

/// An item with the marker in the place of the word under the cursor.
pub(super) struct Marked<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    /// The word, as a range of the item's text.
    pub word: Range,
    /// What of the word stands before the cursor.
    pub typed: String,
    /// The item with the marker.
    pub parsed: Parsed,
    /// Where the marker stands in its code.
    pub marker: Range,
    /// What had to be put behind the marker: a choice brings it along.
    pub behind: &'static str,
    /// What the grammar takes there.
    pub expected: Option<Expected>,
    /// The first line of an item, at column 0.
    pub begins_item: bool,
}

/// What may stand at the marker.
pub(super) enum Site {
    /// An item.
    Item,
    /// It cannot be told; only words.
    Unknown,
    /// A value.
    Value(Around),
    /// A field or method.
    Member(Around),
    /// A case of a variant type: `State.`.
    Cases(Symbol),
    /// An item of a module: `billing.`.
    InModule(SmolStr),
    /// A type.
    Type,
    /// A relation, for a new row.
    Relation,
    /// An error.
    Error,
    /// What an error is: `is Conflict`.
    ErrorBase,
    /// A pattern.
    Pattern,
    /// A field after `set`; those that are set already.
    Assigned(Vec<SmolStr>),
    /// A field of the relation that is being declared.
    OwnFields,
    /// A case of the type of a field that has transitions.
    OwnCases(SmolStr),
    /// A parameter of the function, in the path of an endpoint.
    Parameters,
    /// A module, after the steps of a path.
    Modules(Vec<SmolStr>),
    /// A name between the braces of a `use`, and those that are there.
    Imported(Vec<SmolStr>, Vec<SmolStr>),
}

/// What stands around a value.
#[derive(Default)]
pub(super) struct Around {
    /// A row source: after `in`.
    pub source: bool,
    /// The value of `given`, or what `when` calls.
    pub given: bool,
    /// See `given`.
    pub when: bool,
    /// The key between the brackets of a look-up in this relation.
    pub key_of: Option<Symbol>,
    /// An argument that has no name yet.
    pub argument: bool,
    /// The dot before the marker, where it is no `?.`.
    pub dot: Option<Range>,
    /// A collection may stand here whose path runs through collections.
    pub through: bool,
    /// Parentheses follow already.
    pub called: bool,
}

impl<'db> Marked<'db> {
    /// Marks the word at a place; `None` where no word can be: in comments, texts and numbers.
    pub fn new(db: &'db dyn Db, place: &Place<'db>) -> Option<Marked<'db>> {
        let item = place.item;
        let text = item.text(db);
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let at = place.offset as usize;
        let before = text.get(..at)?;
        let start = before
            .rfind(|c| !is_word(c))
            .map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let after = text.get(at..)?;
        let end = at + after.find(|c| !is_word(c)).unwrap_or(after.len());
        let word = Range::new(start as u32, end as u32);
        let typed = before.get(start..)?.to_owned();
        if typed.starts_with(|c: char| c.is_ascii_digit()) || in_words(place, word) {
            return None;
        }
        let begins_item = start == 0 || before.get(..start)?.ends_with('\n');
        let expected = expected_at(text, word.start);
        let mut best: Option<(usize, Parsed, Range, &'static str)> = None;
        let forms = FORMS.iter().enumerate();
        for (n, (marker, behind)) in forms {
            // The plain forms first; others only where both leave an error behind.
            if n >= 2 && best.as_ref().is_some_and(|(errors, ..)| *errors == 0) {
                break;
            }
            let mut tried = String::with_capacity(text.len() + 32);
            tried.push_str(&text[..start]);
            tried.push_str(marker);
            tried.push_str(behind);
            tried.push_str(&text[end..]);
            let parsed = parse_item(&tried);
            let Some(range) = marker_in(&parsed, marker) else { continue };
            let errors = parsed.errors.len() + if parsed.item.is_none() { 1000 } else { 0 };
            let upper_first = n == 1 && typed.starts_with(char::is_uppercase);
            if best.as_ref().is_none_or(|(fewest, ..)| errors < *fewest || errors == *fewest && upper_first) {
                best = Some((errors, parsed, range, behind));
            }
        }
        let (_, parsed, marker, behind) = best?;
        Some(Marked { db, item, word, typed, parsed, marker, behind, expected, begins_item })
    }

    /// The tree with the marker.
    pub fn tree(&self) -> Option<&ast::Item> {
        self.parsed.item.as_deref()
    }

    /// What inference sees at the marker.
    pub fn probe(&self) -> Option<Probed> {
        probe(self.db, self.item, self.tree()?, &self.parsed.code, self.marker)
    }

    /// The call around the marker.
    pub fn call(&self) -> Option<CallSite<'_>> {
        call_around(self.tree()?, self.marker.start)
    }

    /// The text of the token before the marker, and its kind.
    fn before(&self) -> Option<(&str, TokenKind, Range)> {
        let tokens = self.parsed.tokens.tokens();
        let at = tokens.partition_point(|token| token.range.end <= self.marker.start);
        let token = tokens.get(at.checked_sub(1)?)?;
        Some((token.range.slice(&self.parsed.code), token.kind, token.range))
    }

    fn behind_marker(&self) -> Option<TokenKind> {
        let tokens = self.parsed.tokens.tokens();
        let at = tokens.partition_point(|token| token.range.start < self.marker.end);
        tokens.get(at).map(|token| token.kind)
    }

    fn resolve(&self, name: &SmolStr) -> &'db Resolution {
        resolve(self.db, self.item.file(self.db), name.clone())
    }

    /// What may stand at the marker.
    pub fn site(&self) -> Site {
        if self.begins_item {
            return Site::Item;
        }
        let Some(tree) = self.tree() else { return self.by_tokens() };
        if let ItemKind::Use(import) = &tree.kind {
            return self.import(import);
        }
        let before = self.before();
        if let Some(("fail" | "fails" | "failed", ..)) = before {
            return Site::Error;
        }
        if let Some(("insert" | "upsert", ..)) = before {
            return Site::Relation;
        }
        let path = Node::Item(tree).path_to(self.marker.start);
        if let ItemKind::Error(declared) = &tree.kind
            && declared.base.range == self.marker
        {
            return Site::ErrorBase;
        }
        if let ItemKind::Function(function) = &tree.kind
            && function.clauses.iter().any(|clause| self.is_hole_of_path(clause))
        {
            return Site::Parameters;
        }
        for (n, node) in path.iter().enumerate().rev() {
            let outer = || path.get(..n).unwrap_or(&[]);
            match node {
                Node::Expr(expr) => match &expr.kind {
                    ast::ExprKind::Name(name) | ast::ExprKind::TypeName(name) if name.range == self.marker => {
                        return self.value(tree, expr, outer());
                    }
                    ast::ExprKind::Field { base, name: Some(name), .. } if name.range == self.marker => {
                        return self.member(base, expr, outer());
                    }
                    ast::ExprKind::Project { names, .. } if names.iter().any(|name| name.range == self.marker) => {
                        return Site::Member(Around { called: true, ..Around::default() });
                    }
                    ast::ExprKind::Insert { relation, .. } | ast::ExprKind::Upsert { relation, .. }
                        if self.covers(relation.range) =>
                    {
                        return Site::Relation;
                    }
                    _ => {}
                },
                Node::Type(ty) if self.covers(ty.range) => {
                    return match &ty.kind {
                        ast::TypeKind::Name(name) | ast::TypeKind::Apply { name, .. } => self.type_name(name),
                        _ => Site::Type,
                    };
                }
                Node::TypeName(name) => {
                    return match outer().last() {
                        Some(Node::Pattern(_)) => Site::Pattern,
                        _ => self.type_name(name),
                    };
                }
                Node::Pattern(pattern) if self.covers(pattern.range) => return Site::Pattern,
                Node::Assign(ast::Assign::Field { path: steps, .. }) => {
                    if steps.first().is_some_and(|first| first.range == self.marker) {
                        return Site::Assigned(self.assigned_beside(&path));
                    }
                    if steps.iter().any(|step| step.range == self.marker) {
                        return Site::Member(Around { called: true, ..Around::default() });
                    }
                }
                Node::Member(member) => return self.own_member(member),
                Node::Arg(arg) if arg.name.as_ref().is_some_and(|name| name.range == self.marker) => {
                    return Site::Value(Around { argument: true, called: true, ..Around::default() });
                }
                Node::Clause(_) | Node::Param(_) | Node::Field(_) | Node::Case(_) => return Site::Unknown,
                _ => {}
            }
        }
        Site::Unknown
    }

    /// An item that cannot be read: the token before the marker tells.
    fn by_tokens(&self) -> Site {
        match self.before() {
            Some(("fail" | "fails" | "failed", ..)) => Site::Error,
            Some(("insert" | "upsert", ..)) => Site::Relation,
            Some((_, TokenKind::Colon, _)) => Site::Type,
            _ if self.in_result() => Site::Type,
            _ => Site::Unknown,
        }
    }

    /// True in the type after `->`, as far as tokens tell.
    fn in_result(&self) -> bool {
        let tokens = self.parsed.tokens.tokens();
        let at = tokens.partition_point(|token| token.range.end <= self.marker.start);
        let mut before = tokens.get(..at).unwrap_or(&[]).iter().rev().map(|token| token.kind);
        let opening = |kind: &TokenKind| matches!(kind, TokenKind::LBracket | TokenKind::LParen | TokenKind::UpperName);
        before.find(|kind| !opening(kind)) == Some(TokenKind::Arrow)
    }

    fn covers(&self, range: Range) -> bool {
        range.start <= self.marker.start && self.marker.end <= range.end
    }

    fn is_hole_of_path(&self, clause: &ast::Clause) -> bool {
        let ast::ClauseKind::At { path, .. } = &clause.kind else { return false };
        path.parts.iter().any(|part| matches!(part, ast::TextPart::Hole(hole) if self.covers(hole.range)))
    }

    fn value(&self, tree: &ast::Item, expr: &ast::Expr, outer: &[Node<'_>]) -> Site {
        // The failure of a unique is an error.
        if let Some(Node::Member(ast::Member::Unique { failure: Some(failure), .. })) =
            outer.iter().rev().find(|node| matches!(node, Node::Member(_)))
            && self.covers(failure.range)
            && self.before().is_some_and(|(text, ..)| text == "else")
        {
            return Site::Error;
        }
        let mut around = Around { called: self.behind_marker() == Some(TokenKind::LParen), ..Around::default() };
        for node in outer.iter().rev() {
            match node {
                Node::Arg(arg) if arg.value.range == expr.range && arg.name.is_none() && !arg.spread => {
                    around.argument = true;
                }
                Node::Expr(ast::Expr { kind: ast::ExprKind::Index { base, keys }, .. })
                    if keys.iter().any(|key| key.value.range == expr.range && key.name.is_none()) =>
                {
                    if let ast::ExprKind::TypeName(name) = &base.kind
                        && let Resolution::Item(symbol) = self.resolve(&name.text)
                    {
                        around.key_of = Some(symbol.clone());
                    }
                }
                _ => {}
            }
        }
        around.source = self.before().is_some_and(|(_, kind, _)| kind == TokenKind::KwIn);
        if let ItemKind::Scenario(_) = tree.kind {
            let line = outer.iter().rev().find_map(|node| match node {
                Node::ScenarioLine(line) => Some(*line),
                _ => None,
            });
            let head = |e: &ast::Expr| e.range.start == self.marker.start;
            match line.map(|line| &line.kind) {
                Some(ast::ScenarioLineKind::Given { value, .. }) => around.given = head(value),
                Some(ast::ScenarioLineKind::When { act, .. }) => {
                    around.when = match act {
                        ast::Act::Call { call, .. } | ast::Act::Times { call, .. } => head(call),
                        ast::Act::AtOnce(_) => false,
                    };
                }
                _ => {}
            }
        }
        Site::Value(around)
    }

    fn member(&self, base: &ast::Expr, expr: &ast::Expr, outer: &[Node<'_>]) -> Site {
        match &base.kind {
            ast::ExprKind::TypeName(owner) => {
                if let Resolution::Item(symbol) = self.resolve(&owner.text) {
                    return Site::Cases(symbol.clone());
                }
            }
            ast::ExprKind::Name(module) => {
                if let Resolution::Module(path) = self.resolve(&module.text) {
                    return Site::InModule(path.clone());
                }
            }
            _ => {}
        }
        let dot = self.before().filter(|(_, kind, _)| *kind == TokenKind::Dot).map(|(_, _, range)| range);
        // Where a collection is folded or ranged over, a path may run through collections.
        let through = match outer.last() {
            Some(Node::Arg(arg)) => arg.value.range == expr.range,
            _ => outer.iter().rev().any(|node| match node {
                Node::QueryClause(ast::QueryClause { kind: ast::QueryClauseKind::Join { source, .. }, .. }) => {
                    source.range == expr.range
                }
                Node::Expr(ast::Expr { kind: ast::ExprKind::Query(query), .. }) => query.source.range == expr.range,
                _ => false,
            }),
        };
        let called = self.behind_marker() == Some(TokenKind::LParen);
        Site::Member(Around { dot, through, called, ..Around::default() })
    }

    fn type_name(&self, name: &ast::TypeName) -> Site {
        match &name.qualifier {
            Some(qualifier) if name.name.range == self.marker => match self.resolve(&qualifier.text) {
                Resolution::Module(path) => Site::InModule(path.clone()),
                Resolution::Item(symbol) => Site::Cases(symbol.clone()),
                _ => Site::Unknown,
            },
            _ => Site::Type,
        }
    }

    fn assigned_beside(&self, path: &[Node<'_>]) -> Vec<SmolStr> {
        let set = path.iter().rev().find_map(|node| match node {
            Node::Expr(ast::Expr { kind: ast::ExprKind::Update { set, .. }, .. }) => Some(set),
            Node::Expr(ast::Expr { kind: ast::ExprKind::Upsert { set, .. }, .. }) => Some(set),
            _ => None,
        });
        let named = set.into_iter().flatten().filter_map(|assign| match assign {
            ast::Assign::Field { path, .. } => path.first().map(|first| first.text.clone()),
            _ => None,
        });
        named.collect()
    }

    fn own_member(&self, member: &ast::Member) -> Site {
        match member {
            ast::Member::Key { names, .. } if names.iter().any(|name| name.range == self.marker) => Site::OwnFields,
            ast::Member::Unique { columns, .. } | ast::Member::Index { columns, .. } => {
                let first = |column: &ast::Column| column.path.first().is_some_and(|name| name.range == self.marker);
                if columns.iter().any(first) { Site::OwnFields } else { Site::Unknown }
            }
            ast::Member::Transitions { field, lines, .. } => {
                if field.range == self.marker {
                    return Site::OwnFields;
                }
                let case = |line: &ast::Transition| {
                    line.from.range == self.marker || line.to.iter().any(|to| to.range == self.marker)
                };
                if lines.iter().any(case) { Site::OwnCases(field.text.clone()) } else { Site::Unknown }
            }
            _ => Site::Unknown,
        }
    }

    fn import(&self, import: &ast::Use) -> Site {
        let text = |names: &[ast::Ident]| -> Vec<SmolStr> {
            names.iter().filter(|name| name.range != self.marker).map(|name| name.text.clone()).collect()
        };
        if let Some(names) = &import.names
            && names.iter().any(|name| name.range == self.marker)
        {
            return Site::Imported(text(&import.path), text(names));
        }
        match import.path.iter().position(|step| step.range == self.marker) {
            Some(at) => Site::Modules(import.path.iter().take(at).map(|step| step.text.clone()).collect()),
            None => Site::Unknown,
        }
    }
}

fn marker_in(parsed: &Parsed, marker: &str) -> Option<Range> {
    let mut tokens = parsed.tokens.tokens().iter();
    tokens.find(|token| token.range.slice(&parsed.code) == marker).map(|token| token.range)
}

/// True inside of a comment, or of the characters of a text.
fn in_words(place: &Place<'_>, word: Range) -> bool {
    let table = &place.parsed.tokens;
    let text_of_item = place.parsed;
    let tokens = text_of_item.tokens.tokens();
    for (index, token) in tokens.iter().enumerate() {
        let at = table.token_place(index);
        if at.start >= word.end && at.start > word.start {
            break;
        }
        let literal = token.kind.class() == TokenClass::Literal
            && !matches!(token.kind, TokenKind::LowerName | TokenKind::UpperName);
        if literal && at.start < word.start && word.start < at.end {
            return true;
        }
    }
    false
}

/// True if a place of a text lies in a comment.
pub(super) fn in_comment(text: &str, place: &Place<'_>) -> bool {
    let table = &place.parsed.tokens;
    let after = (0..=table.tokens().len()).find(|index| table.token_place(*index).start >= place.offset);
    let trivia = table.trivia_before(after.unwrap_or(table.tokens().len()));
    comments(text, trivia).iter().any(|comment| comment.range.start < place.offset && place.offset <= comment.range.end)
}
