//! Putting the value of a `let` into the places that use it.

use super::change::Change;
use super::extract::put;
use super::guards::operand;
use super::{ActionKind, CodeAction, Context};
use crate::node::Node;
use crate::occurrences::{at, occurrences};
use rustc_hash::FxHashSet;
use tenon_check::effects::effects_of;
use tenon_check::typed::{self, ExprKind as Typed};
use tenon_check::uses::{Meaning, Role};
use tenon_span::Range;
use tenon_syntax::ast::{Block, Expr, ExprKind, ItemKind, PatternKind, Stmt, StmtKind};

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    let in_code = matches!(&context.tree.kind, ItemKind::Function(_));
    if context.is_library() || !in_code || !context.parsed.errors.is_empty() {
        return;
    }
    found.extend(inline_let(context));
}

fn inline_let(context: &Context<'_>) -> Option<CodeAction> {
    let uses = occurrences(&context.analysis.db, context.item);
    let declared = at(uses, context.selection.start).into_iter().find_map(|found| match &found.meaning {
        Meaning::Local(range) => Some(*range),
        _ => None,
    })?;
    let (stmt, value, block) = declaration(context, declared)?;
    let of_name = || uses.iter().filter(|one| one.meaning == Meaning::Local(declared));
    let reads: Vec<Range> = of_name().filter(|one| one.role == Role::Read).map(|one| one.range).collect();
    if reads.is_empty() || of_name().any(|one| one.role == Role::Write) {
        return None;
    }
    let does = what_it_does(context, value)?;
    if does.writes || (does.reads || does.fails) && writes_between(context, block, stmt, &reads) {
        return None;
    }
    if (does.reads || does.fails) && reads.len() > 1 {
        return None;
    }
    // What is used in a loop, a query or a function value would be done again each time.
    if does.reads || does.fails {
        let again = reads.iter().any(|range| {
            let path = Node::Item(context.tree).path_over(*range);
            path.iter().any(|node| {
                let inside = |range: Range| stmt.range.end <= range.start;
                match node {
                    Node::Stmt(Stmt { kind: StmtKind::For { body, .. } | StmtKind::While { body, .. }, .. }) => {
                        inside(body.range)
                    }
                    Node::QueryClause(clause) => inside(clause.range),
                    Node::Expr(Expr { kind: ExprKind::Lambda { .. }, range, .. }) => inside(*range),
                    _ => false,
                }
            })
        });
        if again {
            return None;
        }
    }
    // Names that the value uses must mean the same where it is put.
    if captured(context, value, &reads) {
        return None;
    }
    let mut change = Change::new(context);
    change.remove_line(stmt.range);
    for range in &reads {
        let name = expr_at(context, *range)?;
        let text = context.written(value.range);
        let text = if alone(context, name) || operand(context, value) == context.source(value.range) {
            text.to_owned()
        } else {
            format!("({text})")
        };
        put(context, &mut change, name, &text);
    }
    let name = declared.slice(&context.parsed.code);
    Some(change.finish("inline-let", format!("inline `{name}`"), ActionKind::Inline, None))
}

/// The `let` that declares a name by itself, its value, and the block that it stands in.
fn declaration<'a>(context: &Context<'a>, declared: Range) -> Option<(&'a Stmt, &'a Expr, &'a Block)> {
    let path = Node::Item(context.tree).path_over(declared);
    let at = path.iter().rposition(|node| matches!(node, Node::Stmt(_)))?;
    let (Some(Node::Stmt(stmt)), Some(Node::Block(block))) = (path.get(at), path.get(at.checked_sub(1)?)) else {
        return None;
    };
    match &stmt.kind {
        StmtKind::Let { pattern, ty: None, value }
            if pattern.range == declared && matches!(pattern.kind, PatternKind::Bind(_)) =>
        {
            Some((*stmt, value, *block))
        }
        _ => None,
    }
}

/// What the evaluation of a value does beside giving it.
#[derive(Default)]
struct Does {
    reads: bool,
    writes: bool,
    /// It may leave the function.
    fails: bool,
}

fn what_it_does(context: &Context<'_>, value: &Expr) -> Option<Does> {
    let typed = context.typed(value.range);
    let mut does = Does::default();
    let mut open: Vec<&typed::Expr> = vec![*typed.first()?];
    while let Some(expr) = open.pop() {
        match &expr.kind {
            Typed::Insert { .. } | Typed::Upsert { .. } | Typed::Update { .. } | Typed::Delete { .. } => {
                does.writes = true;
            }
            Typed::Fail { .. } | Typed::Return(_) | Typed::Else(..) | Typed::Break | Typed::Continue => {
                does.fails = true;
            }
            Typed::Rows(_) | Typed::Lookup { .. } | Typed::Inverse { .. } | Typed::Query(_) => does.reads = true,
            // A path through a reference reads the store.
            Typed::StoredField(base, _) if !matches!(base.kind, Typed::Local(_)) => does.reads = true,
            Typed::ComputedField(..) => does.reads = true,
            Typed::Call { function, .. } => {
                let effects = effects_of(&context.analysis.db, function);
                does.reads |= !effects.reads.is_empty();
                does.writes |= !effects.writes.is_empty();
                does.fails |= !effects.fails.is_empty() || effects.random || effects.logs;
            }
            Typed::CallValue(..) => does.fails = true,
            Typed::Error => return None,
            _ => {}
        }
        open.extend(tenon_check::typed::children(expr));
    }
    Some(does)
}

/// True if something between a statement and the last use of its name may write the store or leave.
fn writes_between(context: &Context<'_>, block: &Block, stmt: &Stmt, reads: &[Range]) -> bool {
    let last = reads.iter().map(|range| range.start).max().unwrap_or(0);
    let between = block.stmts.iter().filter(|other| stmt.range.end <= other.range.start && other.range.start <= last);
    let mut found = false;
    for other in between {
        Node::Stmt(other).walk(&mut |node| {
            if let Node::Expr(expr) = node
                && expr.range.end <= last
            {
                found |= match &expr.kind {
                    ExprKind::Insert { .. }
                    | ExprKind::Upsert { .. }
                    | ExprKind::Update { .. }
                    | ExprKind::UpdateEach { .. }
                    | ExprKind::Delete(_)
                    | ExprKind::DeleteEach { .. } => true,
                    ExprKind::Call { .. } => what_it_does(context, expr).is_none_or(|does| does.writes),
                    _ => false,
                };
            }
            !found
        });
    }
    found
}

/// True if a name of the value means something else at one of the places.
fn captured(context: &Context<'_>, value: &Expr, places: &[Range]) -> bool {
    let inside = |range: Range| value.range.start <= range.start && range.end <= value.range.end;
    let uses = occurrences(&context.analysis.db, context.item);
    let names: FxHashSet<&str> = uses
        .iter()
        .filter(|one| inside(one.range) && matches!(one.meaning, Meaning::Local(_) | Meaning::Parameter(..)))
        .map(|one| one.range.slice(&context.parsed.code))
        .collect();
    let before = context.in_sight(value.range.start);
    places.iter().any(|place| {
        let after = context.in_sight(place.start);
        names.iter().any(|name| {
            let of = |sight: &[super::scope::InSight]| sight.iter().find(|one| one.name == *name).map(|one| one.range);
            of(&before) != of(&after)
        })
    })
}

fn expr_at<'a>(context: &Context<'a>, range: Range) -> Option<&'a Expr> {
    Node::Item(context.tree).path_over(range).into_iter().rev().find_map(|node| match node {
        Node::Expr(expr) if expr.range == range => Some(expr),
        _ => None,
    })
}

/// True for an expression that is a whole statement, argument, field or the like: it needs no parentheses.
fn alone(context: &Context<'_>, expr: &Expr) -> bool {
    let path = Node::Item(context.tree).path_over(expr.range);
    let around = path
        .iter()
        .rev()
        .find(|node| !matches!(node, Node::Ident(_)) && node.expr().is_none_or(|other| other.id != expr.id));
    matches!(around, Some(Node::Arg(_) | Node::Stmt(_) | Node::Part(..)))
        && !matches!(around, Some(Node::Stmt(Stmt { kind: StmtKind::For { .. } | StmtKind::While { .. }, .. })))
}
