//! Branches: `if`, `if let`, `match`, `else`.

use super::engine::{Infer, MAX_DEPTH, Mark};
use crate::ty::Ty;
use crate::typed::{Arm, Expr, ExprKind, Pattern, PatternKind};
use tenon_diagnostics::Code;
use tenon_span::Range;
use tenon_syntax::ast;

/// A branch of `if … else if …`.
struct Link {
    test: Test,
    /// Where names and facts stood before its block.
    mark: Mark,
    then: Expr,
    has_else: bool,
    range: Range,
}

/// What decides about a branch.
enum Test {
    /// With how many assignments there were before its block.
    Condition(Expr, usize),
    /// `if let`.
    Pattern(Expr, Pattern),
}

/// What other languages call the cases of a value that may be absent.
fn is_case_of_options(name: &str) -> bool {
    matches!(name, "Some" | "Just" | "None" | "Nothing")
}

impl Infer<'_> {
    /// `if`; `value` says that its value is wanted.
    pub(crate) fn if_expr(&mut self, branch: &ast::If, hint: Option<&Ty>, value: bool) -> Expr {
        if self.depth >= MAX_DEPTH {
            self.error(
                Code::TooDeep,
                branch.range,
                "this is nested too deeply",
                "use `match`, or a function of its own",
            );
            return self.broken(branch.range);
        }
        self.depth += 1;
        let expr = self.if_inner(branch, hint, value);
        self.depth -= 1;
        expr
    }

    /// `if … else if … else …`: however long the chain, it nests the checker no deeper.
    fn if_inner(&mut self, first: &ast::If, hint: Option<&Ty>, value: bool) -> Expr {
        let mut links: Vec<Link> = Vec::new();
        let mut branch = first;
        let mut otherwise = loop {
            links.push(self.link(branch, hint, value));
            match &branch.otherwise {
                None => {
                    let end = Range::empty(branch.range.end);
                    break self.node(ExprKind::Block(Vec::new(), None), Ty::Unit, end);
                }
                Some(ast::Else::Block(block)) => break self.block(block, hint, value),
                Some(ast::Else::If(next)) => branch = next,
            }
        };
        while let Some(link) = links.pop() {
            otherwise = self.linked(link, otherwise, hint, value);
        }
        otherwise
    }

    /// The condition of a branch and what it leads to. What its failure tells is assumed for the rest of the chain.
    fn link(&mut self, branch: &ast::If, hint: Option<&Ty>, value: bool) -> Link {
        let (test, mark, then) = match &branch.cond {
            ast::Cond::Expr(cond) => {
                let cond = self.condition(cond);
                let mark = self.mark();
                let assigned = self.facts.assignments();
                self.assume(&cond, true);
                let then = self.block(&branch.then, hint, value);
                self.restore(mark);
                self.assume(&cond, false);
                (Test::Condition(cond, assigned), mark, then)
            }
            ast::Cond::Let { pattern, value: subject } => {
                let subject = self.expr(subject, None);
                let mark = self.mark();
                let pattern = self.let_pattern(pattern, &subject);
                self.assume_matches(&subject, &pattern, true);
                self.note_fresh(&pattern, &subject);
                let then = self.block(&branch.then, hint, value);
                self.restore(mark);
                (Test::Pattern(subject, pattern), mark, then)
            }
        };
        Link { test, mark, then, has_else: branch.otherwise.is_some(), range: branch.range }
    }

    /// A branch with the rest of its chain.
    fn linked(&mut self, link: Link, otherwise: Expr, hint: Option<&Ty>, value: bool) -> Expr {
        let Link { test, mark, then, has_else, range } = link;
        self.restore(mark);
        let (then, otherwise, ty) = self.join_two(then, otherwise, hint, value && has_else);
        match test {
            Test::Condition(cond, assigned) => {
                let leaves = (matches!(then.ty, Ty::Never), matches!(otherwise.ty, Ty::Never));
                // A guard: what its branch leaves behind is known from here on, but for variables that the branch which
                // goes on has assigned since.
                match leaves {
                    (true, false) => self.assume(&cond, false),
                    (false, true) => self.assume(&cond, true),
                    _ => {}
                }
                self.forget_since(assigned);
                self.node(ExprKind::If(Box::new(cond), Box::new(then), Box::new(otherwise)), ty, range)
            }
            Test::Pattern(subject, pattern) => {
                let rest = Pattern { kind: PatternKind::Wildcard, ty: subject.ty.clone(), range: pattern.range };
                let arms =
                    vec![Arm { pattern, guard: None, body: then }, Arm { pattern: rest, guard: None, body: otherwise }];
                self.node(ExprKind::Match(Box::new(subject), arms), ty, range)
            }
        }
    }

    /// The pattern of `if let`: over the value inside of an option, unless it names `none` itself.
    fn let_pattern(&mut self, pattern: &ast::Pattern, subject: &Expr) -> Pattern {
        match self.base(&subject.ty) {
            Ty::Option(inner) => {
                let value = self.pattern(pattern, &inner, false);
                let range = value.range;
                Pattern { kind: PatternKind::Present(Box::new(value)), ty: subject.ty.clone(), range }
            }
            _ => self.pattern(pattern, &subject.ty, false),
        }
    }

    fn join_two(&mut self, then: Expr, otherwise: Expr, hint: Option<&Ty>, value: bool) -> (Expr, Expr, Ty) {
        if !value {
            let ty = if matches!((&then.ty, &otherwise.ty), (Ty::Never, Ty::Never)) { Ty::Never } else { Ty::Unit };
            return (then, otherwise, ty);
        }
        let (mut branches, ty) = self.join_branches(vec![then, otherwise], hint);
        let otherwise = branches.pop().expect("two branches went in");
        let then = branches.pop().expect("two branches went in");
        (then, otherwise, ty)
    }

    /// Brings branches to the wanted type, or to a common one.
    pub(crate) fn join_branches(&mut self, branches: Vec<Expr>, hint: Option<&Ty>) -> (Vec<Expr>, Ty) {
        if let Some(hint) = hint
            && !matches!(self.shallow(hint), Ty::Infer(_))
            && branches.iter().all(|b| {
                let ty = self.resolve(&b.ty);
                self.fits(&ty, hint)
            })
        {
            if branches.iter().all(|b| matches!(b.ty, Ty::Never)) {
                return (branches, Ty::Never);
            }
            let branches = branches
                .into_iter()
                .map(|b| if matches!(b.ty, Ty::Never) { b } else { self.coerce(b, hint) })
                .collect();
            return (branches, self.resolve(hint));
        }
        self.join_all(branches)
    }

    pub(crate) fn match_expr(
        &mut self,
        value: &ast::Expr,
        arms: &[ast::Arm],
        broken: bool,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        let subject = self.expr(value, None);
        let foreign = self.cases_of_option(&subject, arms);
        let value_wanted = !matches!(hint, Some(Ty::Unit));
        let mut typed = Vec::with_capacity(arms.len());
        let mut bodies = Vec::with_capacity(arms.len());
        let mut absent_taken = false;
        let before = self.mark();
        for arm in arms {
            let mark = self.mark();
            let pattern = match &foreign {
                Some(inner) => self.option_pattern(&arm.pattern, &subject.ty, inner, absent_taken),
                None => self.arm_pattern(&arm.pattern, &subject.ty, absent_taken),
            };
            self.assume_matches(&subject, &pattern, true);
            let guard = arm.guard.as_ref().map(|g| {
                let guard = self.condition(g);
                self.assume(&guard, true);
                guard
            });
            let body = self.arm_body(&arm.body, hint);
            self.restore(mark);
            if guard.is_none() {
                absent_taken |= takes_absent(&pattern);
                self.assume_matches(&subject, &pattern, false);
            }
            typed.push((pattern, guard));
            bodies.push(body);
        }
        // What the arms above leave over is known in an arm, not behind the match.
        self.restore(before);
        if !broken && !matches!(subject.ty, Ty::Error) {
            self.check_arms(&subject, &typed, arms, range);
        }
        let (bodies, ty) = if value_wanted && !bodies.iter().any(|b| matches!(self.shallow(&b.ty), Ty::Unit)) {
            self.join_branches(bodies, hint)
        } else {
            let never = !bodies.is_empty() && bodies.iter().all(|b| matches!(b.ty, Ty::Never));
            (bodies, if never { Ty::Never } else { Ty::Unit })
        };
        let arms = typed.into_iter().zip(bodies).map(|((pattern, guard), body)| Arm { pattern, guard, body }).collect();
        self.node(ExprKind::Match(Box::new(subject), arms), ty, range)
    }

    /// Arms of cases that options have elsewhere, over a value that may be `none`: says once what stands here for all of them,
    /// and gives the type of the value inside.
    fn cases_of_option(&mut self, subject: &Expr, arms: &[ast::Arm]) -> Option<Ty> {
        let Ty::Option(inner) = self.base(&subject.ty) else { return None };
        if matches!(self.base(&inner), Ty::Variant(..) | Ty::Tag(_)) {
            return None;
        }
        let foreign = arms.iter().find_map(|arm| match &arm.pattern.kind {
            ast::PatternKind::Case { name, .. } if is_case_of_options(&name.name.text) => Some(&name.name),
            _ => None,
        });
        let case = foreign?;
        let written = self.ctx.source(subject.range);
        let d = self
            .diagnostic(
                Code::PatternType,
                case.range,
                format!("`{written}` may be `none` and has no cases; `{written} ?? …` gives a value for `none`"),
                "no case of an option",
            )
            .note(format!("or bind it: `if let n = {written} {{ … }} else {{ … }}`"))
            .note(format!("or match it, `none` first: `match {written} {{ none => …, n => … }}`"));
        self.report(d);
        Some((*inner).clone())
    }

    /// What a pattern means that has cases for an option, about which all has been said: its names are bound.
    fn option_pattern(&mut self, pattern: &ast::Pattern, ty: &Ty, inner: &Ty, absent_taken: bool) -> Pattern {
        let kind = match &pattern.kind {
            ast::PatternKind::Case { name, fields } if is_case_of_options(&name.name.text) => match fields.as_deref() {
                Some([ast::PatternField::Field { pattern, .. }]) => {
                    PatternKind::Present(Box::new(self.pattern(pattern, inner, false)))
                }
                Some(_) => PatternKind::Error,
                None => PatternKind::Absent,
            },
            _ => return self.arm_pattern(pattern, ty, absent_taken),
        };
        Pattern { kind, ty: ty.clone(), range: pattern.range }
    }

    fn arm_body(&mut self, body: &ast::ArmBody, hint: Option<&Ty>) -> Expr {
        match body {
            ast::ArmBody::Expr(e) => {
                let hint = hint.filter(|h| **h != Ty::Unit);
                let value = self.expr(e, hint);
                self.settled(value, hint)
            }
            ast::ArmBody::Block(block) => self.block(block, hint, !matches!(hint, Some(Ty::Unit))),
            ast::ArmBody::Fail(e) => self.fail(e, e.range),
            ast::ArmBody::Return { range, value } => self.return_expr(value.as_ref(), *range),
        }
    }

    pub(crate) fn else_expr(
        &mut self,
        value: &ast::Expr,
        otherwise: &ast::Diverge,
        range: Range,
        hint: Option<&Ty>,
    ) -> Expr {
        let option = hint.map(|h| h.clone().optional());
        let value = self.expr(value, option.as_ref().or(hint));
        let value = match self.base(&value.ty) {
            Ty::Bool => {
                // `condition else fail …`: a guard.
                let mark = self.mark();
                self.assume(&value, false);
                let way = self.diverge(otherwise);
                self.restore(mark);
                self.assume(&value, true);
                let nothing = self.node(ExprKind::Block(Vec::new(), None), Ty::Unit, range);
                return self.node(ExprKind::If(Box::new(value), Box::new(nothing), Box::new(way)), Ty::Unit, range);
            }
            _ => value,
        };
        let mark = self.mark();
        let way = self.diverge(otherwise);
        self.restore(mark);
        match self.base(&value.ty) {
            Ty::Option(inner) => self.node(ExprKind::Else(Box::new(value), Box::new(way)), (*inner).clone(), range),
            Ty::Error => self.broken(range),
            // Never absent: a test above may have shown it, so this is no mistake.
            _ => value,
        }
    }

    /// What stands after `else`; it leaves.
    pub(crate) fn diverge(&mut self, way: &ast::Diverge) -> Expr {
        match &way.kind {
            ast::DivergeKind::Fail(e) => self.fail(e, way.range),
            ast::DivergeKind::Return(value) => self.return_expr(value.as_deref(), way.range),
            ast::DivergeKind::Break => self.leave_loop(ExprKind::Break, "break", way.range),
            ast::DivergeKind::Continue => self.leave_loop(ExprKind::Continue, "continue", way.range),
            ast::DivergeKind::Block(block) => {
                let body = self.block(block, None, false);
                if !matches!(body.ty, Ty::Never | Ty::Error) {
                    let d = self
                        .diagnostic(
                            Code::Diverge,
                            way.range,
                            "this block reaches its end, and then there is no value",
                            "goes on",
                        )
                        .note("end it with `return`, `fail`, `break` or `continue`; or give a value: `x ?? …`");
                    self.report(d);
                }
                Expr { ty: Ty::Never, ..body }
            }
        }
    }
}

fn takes_absent(pattern: &Pattern) -> bool {
    match &pattern.kind {
        PatternKind::Absent | PatternKind::Wildcard | PatternKind::Bind(_) => true,
        PatternKind::Or(parts) => parts.iter().any(takes_absent),
        _ => false,
    }
}
