//! The same in another form: `if` and `match`, `if let` and `let … else`, arguments by name.

use super::change::Change;
use super::guards::operand;
use super::{ActionKind, CodeAction, Context};
use crate::node::Node;
use crate::occurrences::occurrences;
use tenon_check::ty::Ty;
use tenon_check::typed::ExprKind as Typed;
use tenon_check::uses::{Form, Meaning};
use tenon_span::Range;
use tenon_syntax::ast::{
    Arm, ArmBody, BinaryOp, Block, Cond, Else, Expr, ExprKind, If, ItemKind, Literal, Pattern, PatternKind,
    PatternLiteral, Stmt, StmtKind, UnaryOp,
};

pub(super) fn offer(context: &Context<'_>, found: &mut Vec<CodeAction>) {
    if context.is_library() || !context.parsed.errors.is_empty() {
        return;
    }
    // Only at the words at its head, so that nothing is offered deep inside of a long branch.
    let branch = context.innermost(|node| match node {
        Node::If(branch) => Some(branch),
        Node::Expr(Expr { kind: ExprKind::If(branch), .. }) => Some(&**branch),
        _ => None,
    });
    if let Some(branch) = branch.filter(|branch| context.selection.end <= branch.then.range.start) {
        found.extend(let_else(context, branch));
        found.extend(if_to_match(context, branch));
        found.extend(invert(context, branch));
    }
    let matched = context.innermost(|node| match node {
        Node::Expr(Expr { kind: ExprKind::Match { value, arms, broken: false }, range, .. }) => {
            Some((*range, &**value, arms.as_slice()))
        }
        _ => None,
    });
    if let Some((range, value, arms)) = matched
        && arms.first().is_some_and(|first| context.selection.end <= first.range.start)
    {
        found.extend(match_to_if(context, range, value, arms));
    }
    found.extend(name_arguments(context));
}

/// The statements of a block as they are written, without the braces.
fn inside<'a>(context: &Context<'a>, block: &Block) -> &'a str {
    let text = context.written(block.range);
    text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text).trim_matches(['\n', ' '])
}

fn leaves(block: &Block) -> bool {
    let kind = block.stmts.last().map(|stmt| &stmt.kind);
    matches!(kind, Some(StmtKind::Fail(_) | StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue))
}

/// `if let p = e { a } else { leave }` to `let p = e else { leave }` and `a`.
fn let_else(context: &Context<'_>, branch: &If) -> Option<CodeAction> {
    let Cond::Let { pattern, value } = &branch.cond else { return None };
    let path = Node::Item(context.tree).path_over(branch.range);
    let at = path.iter().rposition(|node| matches!(node, Node::Stmt(stmt) if stmt.range == branch.range))?;
    let Some(Node::Block(block)) = path.get(at.checked_sub(1)?) else { return None };
    let last = block.stmts.last().is_some_and(|stmt| stmt.range == branch.range);
    let leave = match &branch.otherwise {
        Some(Else::Block(otherwise)) if leaves(otherwise) => context.written(otherwise.range).to_owned(),
        None if last => {
            // Where the block ends its function or loop, there is nothing to do after it.
            match path.get(..at.checked_sub(1)?)?.last()? {
                Node::Item(item) => match &item.kind {
                    ItemKind::Function(function) if function.result.is_none() => String::from("return"),
                    _ => return None,
                },
                Node::Stmt(Stmt { kind: StmtKind::For { .. } | StmtKind::While { .. }, .. }) => {
                    String::from("continue")
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    let leave = match &branch.otherwise {
        Some(Else::Block(Block { stmts, .. })) => match stmts.as_slice() {
            [only] if !matches!(only.kind, StmtKind::Return(Some(_))) => context.source(only.range).to_owned(),
            _ => leave,
        },
        _ => leave,
    };
    let mut change = Change::new(context);
    let (pattern, value) = (context.source(pattern.range), context.source(value.range));
    change.replace(branch.range, format!("let {pattern} = {value} else {leave}\n{}", inside(context, &branch.then)));
    Some(change.finish("if-let-to-let-else", "turn into `let … else`", ActionKind::Rewrite, None))
}

/// A branch of a chain of `if x is …`.
struct Way<'a> {
    pattern: &'a Pattern,
    then: &'a Block,
}

/// `if x is A { … } else if x is B { … } else { … }` and `if let p = e { … } else { … }` to a `match`.
fn if_to_match(context: &Context<'_>, branch: &If) -> Option<CodeAction> {
    let mut ways: Vec<Way<'_>> = Vec::new();
    let mut subject: Option<&Expr> = None;
    let mut rest: Option<&Block> = None;
    let mut next = Some(branch);
    let mut absent_last = false;
    while let Some(branch) = next {
        let (value, pattern) = match &branch.cond {
            Cond::Expr(Expr { kind: ExprKind::Is { value, pattern, negated: false }, .. }) => (&**value, &**pattern),
            Cond::Let { pattern, value } if ways.is_empty() => {
                absent_last = true;
                (value, pattern)
            }
            _ => return None,
        };
        if subject.is_some_and(|subject| context.source(subject.range) != context.source(value.range)) {
            return None;
        }
        subject = Some(value);
        ways.push(Way { pattern, then: &branch.then });
        next = match &branch.otherwise {
            Some(Else::If(branch)) if !absent_last => Some(branch),
            Some(Else::If(_)) => return None,
            Some(Else::Block(block)) => {
                rest = Some(block);
                None
            }
            None => None,
        };
    }
    let mut arms: Vec<String> = Vec::new();
    for way in &ways {
        arms.push(format!("{} => {}", context.source(way.pattern.range), arm(context, way.then)));
    }
    let otherwise = rest.map_or_else(|| String::from("{}"), |block| arm(context, block));
    // A name takes what is absent too, unless that was answered before.
    match ways.first()?.pattern.kind {
        PatternKind::Bind(_) if absent_last => arms.insert(0, format!("none => {otherwise}")),
        _ => arms.push(format!("_ => {otherwise}")),
    }
    let text = format!("match {} {{\n{}\n}}", context.source(subject?.range), arms.join("\n"));
    let mut change = Change::new(context);
    change.replace(branch.range, text);
    Some(change.finish("if-to-match", "turn into `match`", ActionKind::Rewrite, None))
}

/// A block as what an arm gives: a lone expression stands without braces.
fn arm(context: &Context<'_>, block: &Block) -> String {
    match block.stmts.as_slice() {
        [Stmt { kind: StmtKind::Expr(only), .. }] if !context.written(block.range).contains("//") => {
            // What begins with a brace or stands on several lines reads better in its block.
            let text = context.written(only.range);
            if text.contains('\n') { context.written(block.range).to_owned() } else { text.to_owned() }
        }
        _ => context.written(block.range).to_owned(),
    }
}

/// `match` with two arms to `if`.
fn match_to_if(context: &Context<'_>, range: Range, value: &Expr, arms: &[Arm]) -> Option<CodeAction> {
    let [first, second] = arms else { return None };
    if first.guard.is_some() || second.guard.is_some() {
        return None;
    }
    let typed = context.typed(range).into_iter().find(|expr| matches!(expr.kind, Typed::Match(..)))?;
    let Typed::Match(subject, _) = &typed.kind else { return None };
    let optional = matches!(subject.ty.base(), Ty::Option(_));
    let absent = |arm: &Arm| matches!(&arm.pattern.kind, PatternKind::Literal(PatternLiteral::Value(Literal::None)));
    let rest = |arm: &Arm| matches!(arm.pattern.kind, PatternKind::Wildcard);
    let written = context.source(value.range);
    let (cond, then, otherwise) = if optional && absent(first) && matches!(second.pattern.kind, PatternKind::Bind(_)) {
        (format!("let {} = {written}", context.source(second.pattern.range)), second, first)
    } else if optional && (absent(second) || rest(second)) && matches!(first.pattern.kind, PatternKind::Bind(_)) {
        (format!("let {} = {written}", context.source(first.pattern.range)), first, second)
    } else if let PatternKind::Literal(PatternLiteral::Value(Literal::Bool(of))) = first.pattern.kind {
        let (then, otherwise) = if of { (first, second) } else { (second, first) };
        (written.to_owned(), then, otherwise)
    } else if rest(second) && !matches!(first.pattern.kind, PatternKind::Bind(_) | PatternKind::Wildcard) {
        let pattern = context.source(first.pattern.range);
        let cond = match &first.pattern.kind {
            PatternKind::Case { .. } => format!("{} is {pattern}", operand(context, value)),
            PatternKind::Literal(_) => format!("{} == {pattern}", operand(context, value)),
            _ => return None,
        };
        (cond, first, second)
    } else {
        return None;
    };
    let nothing = matches!(&otherwise.body, ArmBody::Block(block) if block.stmts.is_empty());
    let mut text = format!("if {cond} {}", block(context, then));
    if !(nothing && matches!(typed.ty.base(), Ty::Unit)) {
        text.push_str(&format!(" else {}", block(context, otherwise)));
    }
    let mut change = Change::new(context);
    change.replace(range, text);
    Some(change.finish("match-to-if", "turn into `if`", ActionKind::Rewrite, None))
}

/// What an arm gives, as a block.
fn block(context: &Context<'_>, arm: &Arm) -> String {
    match &arm.body {
        ArmBody::Block(block) => context.written(block.range).to_owned(),
        ArmBody::Expr(expr) => format!("{{ {} }}", context.written(expr.range)),
        ArmBody::Fail(error) => format!("{{ fail {} }}", context.written(error.range)),
        ArmBody::Return { range, .. } => format!("{{ {} }}", context.written(*range)),
    }
}

/// `if a < b { x } else { y }` to `if a >= b { y } else { x }`.
fn invert(context: &Context<'_>, branch: &If) -> Option<CodeAction> {
    let (Cond::Expr(cond), Some(Else::Block(otherwise))) = (&branch.cond, &branch.otherwise) else { return None };
    // A name that the condition binds is in sight in one branch only.
    let mut binds = false;
    Node::Expr(cond).walk(&mut |node| {
        binds |= matches!(node, Node::Pattern(Pattern { kind: PatternKind::Bind(_), .. }));
        !binds
    });
    if binds {
        return None;
    }
    let negated = negated(context, cond)?;
    let mut change = Change::new(context);
    change.replace(cond.range, negated);
    change.replace(branch.then.range, context.written(otherwise.range));
    change.replace(otherwise.range, context.written(branch.then.range));
    Some(change.finish("invert-if", "turn the condition around", ActionKind::Rewrite, None))
}

fn negated(context: &Context<'_>, cond: &Expr) -> Option<String> {
    let text = context.source(cond.range);
    Some(match &cond.kind {
        ExprKind::Unary { op: UnaryOp::Not, operand } => context.source(operand.range).to_owned(),
        ExprKind::Binary { op, left, right, .. } => {
            let opposite = match op {
                BinaryOp::Eq => "!=",
                BinaryOp::Ne => "==",
                BinaryOp::Lt => ">=",
                BinaryOp::Le => ">",
                BinaryOp::Gt => "<=",
                BinaryOp::Ge => "<",
                BinaryOp::In => "not in",
                BinaryOp::NotIn => "in",
                _ => return Some(format!("not ({text})")),
            };
            format!("{} {opposite} {}", context.source(left.range), context.source(right.range))
        }
        ExprKind::Is { value, pattern, negated } => {
            let word = if *negated { "is" } else { "is not" };
            format!("{} {word} {}", context.source(value.range), context.source(pattern.range))
        }
        ExprKind::Name(_) | ExprKind::Field { .. } | ExprKind::Call { .. } => format!("not {text}"),
        _ => format!("not ({text})"),
    })
}

/// `f(1, 2)` to `f(a: 1, b: 2)`.
fn name_arguments(context: &Context<'_>) -> Option<CodeAction> {
    let args = context.innermost(|node| match node {
        Node::Expr(Expr { kind: ExprKind::Call { args, callee, .. }, .. })
            if context.selection.end <= args.range.start + 1 && callee.range.touches(context.selection.start) =>
        {
            Some(args)
        }
        _ => None,
    })?;
    let uses = occurrences(&context.analysis.db, context.item);
    let mut change = Change::new(context);
    let mut any = false;
    for arg in args.list.iter().filter(|arg| arg.name.is_none() && !arg.spread) {
        let place = uses.iter().find(|found| found.form == Form::Positional && found.range == arg.value.range);
        let Some(Meaning::Parameter(_, name)) = place.map(|found| &found.meaning) else { continue };
        // A bare name that is called like its parameter says it already.
        let same = matches!(&arg.value.kind, ExprKind::Name(written) if written.text == *name);
        if !same {
            change.before(arg.value.range, format!("{name}: "));
            any = true;
        }
    }
    any.then(|| change.finish("name-arguments", "name the arguments", ActionKind::Rewrite, None))
}
