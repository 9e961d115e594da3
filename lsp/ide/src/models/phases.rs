//! How the compiler sees an item, phase by phase: tokens, tree, types, Core, plans.

use super::Place;
use crate::Analysis;
use crate::answer::FilePosition;
use crate::node::{Node, Part};
use crate::typing::typed_code;
use serde::Serialize;
use std::fmt::Write;
use tenon_check::show::Shown;
use tenon_check::typed;
use tenon_span::Range;
use tenon_syntax::words::TokenClass;

/// An item in every phase.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Phases {
    /// The item word and the name: `handler place_order`.
    pub item: String,
    /// Where it stands.
    pub place: Place,
    /// Its tokens, in order.
    pub tokens: Vec<PhaseToken>,
    /// Its tree, one node a line, indented; empty for an item that could not be read.
    pub tree: String,
    /// Its typed code, one expression a line with its type, indented; empty for an item without code.
    pub typed: String,
    /// Its part of the program in Core; empty while the program has errors, or where Core has nothing of it.
    pub core: String,
    /// The plans of its queries; empty while the program has errors, and for an item without queries.
    pub plan: String,
    /// Why `core` and `plan` are empty, where errors are the reason.
    pub missing: Option<String>,
}

/// A token.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PhaseToken {
    /// Its kind, as the grammar calls it: `KwUpdate`, `LowerName`.
    pub kind: String,
    /// `sign`, `literal`, `item`, `reserved`, `soft`, `pair`, `contextual`, `foreign` or `repair`.
    pub class: &'static str,
    /// Its text.
    pub text: String,
    /// Where, in the file.
    pub range: Range,
}

/// The characters of source that a line of a tree shows.
const SNIPPET: usize = 48;

impl Analysis {
    /// The item at a position in every phase; `None` for an unknown file, and where there is no token.
    pub fn phases(&self, position: &FilePosition) -> Option<Phases> {
        let found = self.locate(position)?;
        let (item, parsed) = (found.item, found.parsed);
        if parsed.tokens.tokens().is_empty() {
            return None;
        }
        let db = &self.db;
        let text = item.text(db);
        let tokens = parsed.tokens.tokens().iter().enumerate().map(|(index, token)| {
            let place = parsed.tokens.token_place(index);
            PhaseToken {
                kind: format!("{:?}", token.kind),
                class: class(token.kind.class()),
                text: place.slice(text).to_owned(),
                range: place.shifted(item.offset(db)),
            }
        });
        let tree = parsed.item.as_deref().map(|item| tree_text(Node::Item(item), &parsed.code)).unwrap_or_default();
        let mut typed = String::new();
        for code in typed_code(db, item) {
            code.roots.into_iter().for_each(|root| typed_text(root, &parsed.code, 0, &mut typed));
        }
        let path = item.path(db);
        let sound = self.is_sound();
        let plans = self.plans_of(&path.file, &path.kind, &path.name, path.nth, None);
        Some(Phases {
            item: format!("{} {}", item.word(db), item.name(db)).trim().to_owned(),
            place: self.item_place(item),
            tokens: tokens.collect(),
            tree,
            typed,
            core: self.core_of(&path.file, &path.kind, &path.name, path.nth),
            plan: plans.iter().map(|plan| plan.tree.trim_end()).collect::<Vec<_>>().join("\n\n"),
            missing: (!sound)
                .then(|| String::from("the program has errors: only a program without is lowered and planned")),
        })
    }
}

fn class(class: TokenClass) -> &'static str {
    match class {
        TokenClass::Sign => "sign",
        TokenClass::Literal => "literal",
        TokenClass::Repair => "repair",
        TokenClass::Foreign => "foreign",
        TokenClass::Item => "item",
        TokenClass::Reserved => "reserved",
        TokenClass::Soft => "soft",
        TokenClass::Pair => "pair",
        TokenClass::Contextual => "contextual",
    }
}

/// Source on one line, cut where it is long.
fn snippet(code: &str, range: Range) -> String {
    let text = range.slice(code).replace('\n', " ");
    match text.char_indices().nth(SNIPPET) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or("").trim_end()),
        None => text,
    }
}

fn tree_text(root: Node<'_>, code: &str) -> String {
    let mut out = String::new();
    let mut open = vec![(root, 0usize)];
    while let Some((node, depth)) = open.pop() {
        // A write to a string does not fail.
        let _ = writeln!(out, "{}{} `{}`", "  ".repeat(depth), name_of(node), snippet(code, node.range()));
        open.extend(node.children().into_iter().rev().map(|child| (child, depth + 1)));
    }
    out
}

fn name_of(node: Node<'_>) -> String {
    match node {
        Node::Item(item) => first_word(&item.kind),
        Node::Ident(_) => String::from("Ident"),
        Node::Member(member) => first_word(member),
        Node::Field(_) => String::from("Field"),
        Node::Case(_) => String::from("Case"),
        Node::Params(_) => String::from("Params"),
        Node::Param(_) => String::from("Param"),
        Node::Type(ty) => format!("Type.{}", first_word(&ty.kind)),
        Node::TypeName(_) => String::from("TypeName"),
        Node::Clause(clause) => format!("Clause.{}", first_word(&clause.kind)),
        Node::Block(_) => String::from("Block"),
        Node::Stmt(stmt) => format!("Stmt.{}", first_word(&stmt.kind)),
        Node::Expr(expr) => format!("Expr.{}", first_word(&expr.kind)),
        Node::If(_) => String::from("If"),
        Node::Pattern(pattern) => format!("Pattern.{}", first_word(&pattern.kind)),
        Node::Arm(_) => String::from("Arm"),
        Node::Args(_) => String::from("Args"),
        Node::Arg(_) => String::from("Arg"),
        Node::Diverge(diverge) => format!("Diverge.{}", first_word(&diverge.kind)),
        Node::Assign(assign) => format!("Assign.{}", first_word(assign)),
        Node::QueryClause(clause) => format!("QueryClause.{}", first_word(&clause.kind)),
        Node::Window(_) => String::from("Window"),
        Node::Text(_) => String::from("Text"),
        Node::ScenarioLine(line) => format!("ScenarioLine.{}", first_word(&line.kind)),
        Node::Part(_, part) => match part {
            Part::Named(Some(_), _) => String::from("Named"),
            other => first_word(&other),
        },
    }
}

/// The name of a case of an enum: the first word of what `Debug` writes, without writing the rest.
fn first_word(value: &dyn std::fmt::Debug) -> String {
    struct First(String);
    impl std::fmt::Write for First {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for c in text.chars() {
                if !c.is_alphanumeric() {
                    return Err(std::fmt::Error);
                }
                self.0.push(c);
            }
            Ok(())
        }
    }
    let mut first = First(String::new());
    // It ends with an error where the word ends.
    let _ = write!(first, "{value:?}");
    first.0
}

fn typed_text(expr: &typed::Expr, code: &str, depth: usize, out: &mut String) {
    let mut open = vec![(expr, depth)];
    while let Some((expr, depth)) = open.pop() {
        let kind = match &expr.kind {
            typed::ExprKind::Convert(conversion, _) => format!("Convert.{}", first_word(conversion)),
            typed::ExprKind::Binary(op, ..) => format!("Binary.{}", first_word(op)),
            typed::ExprKind::Builtin(builtin, _) => format!("Builtin.{}", builtin.scheme().name),
            kind => first_word(kind),
        };
        let indent = "  ".repeat(depth);
        let _ = writeln!(out, "{indent}{kind}: {} `{}`", Shown(&expr.ty), snippet(code, expr.range));
        open.extend(tenon_check::typed::children(expr).into_iter().rev().map(|child| (child, depth + 1)));
    }
}
