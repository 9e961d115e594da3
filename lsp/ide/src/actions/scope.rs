//! The names in sight at a place, with their types.

use super::Context;
use crate::node::Node;
use crate::occurrences::occurrences;
use smol_str::SmolStr;
use tenon_check::ty::Ty;
use tenon_check::uses::{Form, Meaning};
use tenon_span::Range;
use tenon_syntax::ast::{
    self, Cond, Expr, ExprKind, Ident, ItemKind, PatternKind, QueryClauseKind, ScenarioLineKind, StmtKind,
};

/// A name in sight.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct InSight {
    pub name: SmolStr,
    /// Where it is declared.
    pub range: Range,
    /// Its type; an error type if it is not known.
    pub ty: Ty,
}

impl<'a> Context<'a> {
    /// The locals in sight at an offset of the code, the innermost last; of one name the innermost only.
    pub fn in_sight(&self, offset: u32) -> Vec<InSight> {
        let mut idents: Vec<&'a Ident> = Vec::new();
        for node in Node::Item(self.tree).path_to(offset) {
            declared_by(node, offset, &mut idents);
        }
        let types = self.analysis.local_types(self.item);
        let mut found: Vec<InSight> = Vec::new();
        for ident in idents {
            found.retain(|other| other.name != ident.text);
            let ty = types.get(&ident.range).cloned().unwrap_or(Ty::Error);
            found.push(InSight { name: ident.text.clone(), range: ident.range, ty });
        }
        found
    }

    /// A name like `wanted` that no local of the item and nothing in sight of the file is called.
    pub fn fresh_name(&self, wanted: &str) -> String {
        let db = &self.analysis.db;
        let file = self.item.file(db);
        let is_local = |name: &str| {
            occurrences(db, self.item).iter().any(|one| {
                let local = matches!(one.meaning, Meaning::Local(_) | Meaning::Parameter(..) | Meaning::Given(_));
                local && one.form != Form::Positional && one.range.slice(&self.parsed.code) == name
            })
        };
        let taken = |name: &str| {
            is_local(name)
                || tenon_check::names::names(db, file).iter().any(|other| other == name)
                || !tenon_check::builtins::Builtin::named(name).is_empty()
        };
        let mut name = wanted.to_owned();
        let mut n = 1;
        while taken(&name) {
            n += 1;
            name = format!("{wanted}_{n}");
        }
        name
    }
}

/// The names that a pattern binds.
pub(crate) fn bound<'a>(pattern: &'a ast::Pattern, out: &mut Vec<&'a Ident>) {
    Node::Pattern(pattern).walk(&mut |node| {
        if let Node::Pattern(ast::Pattern { kind: PatternKind::Bind(name), .. }) = node {
            out.push(name);
        }
        true
    });
    let rests = |fields: &'a [ast::PatternField], out: &mut Vec<&'a Ident>| {
        for field in fields {
            if let ast::PatternField::Rest { name: Some(name), .. } = field {
                out.push(name);
            }
        }
    };
    match &pattern.kind {
        PatternKind::Record(fields) => rests(fields, out),
        PatternKind::Case { fields: Some(fields), .. } => rests(fields, out),
        _ => {}
    }
}

/// What a node around an offset brings into sight there.
fn declared_by<'a>(node: Node<'a>, offset: u32, out: &mut Vec<&'a Ident>) {
    let behind = |range: Range| range.end <= offset;
    let within = |range: Range| range.touches(offset);
    match node {
        Node::Item(item) => match &item.kind {
            ItemKind::Function(function) => out.extend(function.params.list.iter().map(|param| &param.name)),
            ItemKind::Workflow(workflow) => out.extend(workflow.params.list.iter().map(|param| &param.name)),
            ItemKind::Page(page) => out.extend(page.params.list.iter().map(|param| &param.name)),
            ItemKind::Scenario(scenario) => lines(&scenario.lines, offset, out),
            _ => {}
        },
        Node::Block(block) => {
            for stmt in block.stmts.iter().filter(|stmt| behind(stmt.range)) {
                match &stmt.kind {
                    StmtKind::Let { pattern, .. } => bound(pattern, out),
                    StmtKind::Var { name, .. } => out.push(name),
                    _ => {}
                }
            }
        }
        Node::Stmt(ast::Stmt { kind: StmtKind::For { pattern, body, .. }, .. }) if within(body.range) => {
            bound(pattern, out);
        }
        Node::If(ast::If { cond: Cond::Let { pattern, .. }, then, .. }) if within(then.range) => bound(pattern, out),
        Node::Arm(arm) if behind(arm.pattern.range) => bound(&arm.pattern, out),
        Node::ScenarioLine(ast::ScenarioLine { kind: ScenarioLineKind::For { pattern, lines: of, .. }, .. }) => {
            bound(pattern, out);
            lines(of, offset, out);
        }
        Node::Expr(expr) => in_expr(expr, offset, out),
        _ => {}
    }
}

fn lines<'a>(lines: &'a [ast::ScenarioLine], offset: u32, out: &mut Vec<&'a Ident>) {
    for line in lines.iter().filter(|line| line.range.end <= offset) {
        if let ScenarioLineKind::Given { name: Some(name), .. } | ScenarioLineKind::When { name: Some(name), .. } =
            &line.kind
        {
            out.push(name);
        }
    }
}

fn in_expr<'a>(expr: &'a Expr, offset: u32, out: &mut Vec<&'a Ident>) {
    match &expr.kind {
        ExprKind::Lambda { params, .. } => out.extend(params),
        ExprKind::Quantifier { var, body, .. } if body.range.touches(offset) => out.push(var),
        ExprKind::UpdateEach { var, source, .. } | ExprKind::DeleteEach { var, source, .. }
            if source.range.end < offset =>
        {
            out.push(var);
        }
        ExprKind::Query(query) if query.source.range.end < offset => {
            let mut of_query = vec![&query.var];
            for clause in query.clauses.iter().take_while(|clause| clause.range.start <= offset) {
                let inside = offset < clause.range.end;
                match &clause.kind {
                    QueryClauseKind::Join { var, source, .. } if !inside || source.range.end < offset => {
                        of_query.push(var);
                    }
                    QueryClauseKind::WhereLet { name, .. } if !inside => of_query.push(name),
                    QueryClauseKind::With(definitions) if !inside => {
                        of_query.extend(definitions.iter().map(|definition| &definition.name));
                    }
                    QueryClauseKind::GroupBy(keys) if !inside => {
                        of_query =
                            keys.iter().filter_map(|key| key.name.as_ref().or(key.value.implied_name())).collect();
                    }
                    QueryClauseKind::GroupAll if !inside => of_query.clear(),
                    // The columns are in sight by other types than those of what was written; none is offered.
                    QueryClauseKind::Select { .. } if !inside => of_query.clear(),
                    _ => {}
                }
            }
            out.extend(of_query);
        }
        _ => {}
    }
}
