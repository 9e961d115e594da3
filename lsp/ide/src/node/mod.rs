//! One view of every node of a syntax tree, so that whoever asks "what stands around this place" needs not know
//! each form: selection ranges, folding and code actions walk it.
//!
//! Ranges are ranges of the item's code, as in the tree. Children come in source order.

mod children;

use children::Children;
use tenon_span::Range;
use tenon_syntax::ast::*;

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A whole item.
    Item(&'a Item),
    /// A name.
    Ident(&'a Ident),
    /// A line of a relation.
    Member(&'a Member),
    /// A field of a relation.
    Field(&'a Field),
    /// A case of a variant type.
    Case(&'a Case),
    /// A list of parameters or of a case's fields, with its parentheses.
    Params(&'a Params),
    /// A parameter, or a field of a record type or case.
    Param(&'a Param),
    /// A type.
    Type(&'a Type),
    /// A declared name where a type or relation is wanted.
    TypeName(&'a TypeName),
    /// A header clause.
    Clause(&'a Clause),
    /// A block, with its braces.
    Block(&'a Block),
    /// A statement.
    Stmt(&'a Stmt),
    /// An expression.
    Expr(&'a Expr),
    /// An `if`, also one after `else`.
    If(&'a If),
    /// A pattern.
    Pattern(&'a Pattern),
    /// An arm of `match` or `attempt`.
    Arm(&'a Arm),
    /// A list of arguments, with its parentheses.
    Args(&'a Args),
    /// An argument.
    Arg(&'a Arg),
    /// What leaves after `else`.
    Diverge(&'a Diverge),
    /// An assignment after `set`.
    Assign(&'a Assign),
    /// A clause of a query.
    QueryClause(&'a QueryClause),
    /// What stands after `over`.
    Window(&'a Window),
    /// A text.
    Text(&'a Text),
    /// A line of a scenario.
    ScenarioLine(&'a ScenarioLine),
    /// A part that has a range and children, and no form that anybody asks for by itself.
    Part(Range, Part<'a>),
}

/// The parts behind [`Node::Part`].
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// A column of a unique or index.
    Column(&'a Column),
    /// A line of `transitions`.
    Transition(&'a Transition),
    /// A line of a policy.
    PolicyLine(&'a PolicyLine),
    /// A line of a binding.
    BindingLine(&'a BindingLine),
    /// A line of `evolve`.
    EvolveLine(&'a EvolveLine),
    /// A line of a goal.
    GoalLine(&'a GoalLine),
    /// A parameter of a property.
    PropertyParam(&'a PropertyParam),
    /// A named value: of a record, a map, a `with`, a group key.
    Named(Option<&'a Ident>, &'a Expr),
    /// An entry of a map literal.
    Entry(&'a MapEntry),
}

impl<'a> Node<'a> {
    /// Where it stands.
    pub fn range(self) -> Range {
        match self {
            Node::Item(n) => n.range,
            Node::Ident(n) => n.range,
            Node::Member(n) => member_range(n),
            Node::Field(n) => n.range,
            Node::Case(n) => n.range,
            Node::Params(n) => n.range,
            Node::Param(n) => n.range,
            Node::Type(n) => n.range,
            Node::TypeName(n) => n.range,
            Node::Clause(n) => n.range,
            Node::Block(n) => n.range,
            Node::Stmt(n) => n.range,
            Node::Expr(n) => n.range,
            Node::If(n) => n.range,
            Node::Pattern(n) => n.range,
            Node::Arm(n) => n.range,
            Node::Args(n) => n.range,
            Node::Arg(n) => n.range,
            Node::Diverge(n) => n.range,
            Node::Assign(n) => match n {
                Assign::Error(range) | Assign::Spread { range, .. } | Assign::Field { range, .. } => *range,
            },
            Node::QueryClause(n) => n.range,
            Node::Window(n) => n.range,
            Node::Text(n) => n.range,
            Node::ScenarioLine(n) => n.range,
            Node::Part(range, _) => range,
        }
    }

    /// The direct parts, in source order.
    pub fn children(self) -> Vec<Node<'a>> {
        let mut out = Children(Vec::new());
        out.of(self);
        out.0.sort_by_key(|node| (node.range().start, node.range().end));
        out.0
    }

    /// Calls `f` on the node and all nodes below it, each before its parts; where `f` gives false the parts are
    /// passed over.
    pub fn walk(self, f: &mut dyn FnMut(Node<'a>) -> bool) {
        let mut open = vec![self];
        while let Some(node) = open.pop() {
            if f(node) {
                open.extend(node.children().into_iter().rev());
            }
        }
    }

    /// The nodes that hold an offset of the code, from the outermost in; of two that meet there, the later one.
    pub fn path_to(self, offset: u32) -> Vec<Node<'a>> {
        let mut path = Vec::new();
        let mut next = Some(self).filter(|node| node.range().touches(offset));
        while let Some(node) = next {
            path.push(node);
            let children = node.children();
            let inside = |node: &&Node<'a>| node.range().touches(offset);
            let holds = |node: &&Node<'a>| node.range().start <= offset && offset < node.range().end;
            next = children.iter().rfind(holds).or_else(|| children.iter().rfind(inside)).copied();
        }
        path
    }

    /// The nodes that cover a range of the code, from the outermost in.
    pub fn path_over(self, range: Range) -> Vec<Node<'a>> {
        let covers = |node: &Node<'a>| node.range().start <= range.start && range.end <= node.range().end;
        let mut path = Vec::new();
        let mut next = Some(self).filter(covers);
        while let Some(node) = next {
            path.push(node);
            next = node.children().into_iter().rev().find(covers);
        }
        path
    }

    /// The expression, if it is one.
    pub fn expr(self) -> Option<&'a Expr> {
        match self {
            Node::Expr(expr) => Some(expr),
            _ => None,
        }
    }
}

fn member_range(member: &Member) -> Range {
    match member {
        Member::Error(range) => *range,
        Member::Field(field) => field.range,
        Member::Key { range, .. }
        | Member::Unique { range, .. }
        | Member::Index { range, .. }
        | Member::Check { range, .. }
        | Member::Transitions { range, .. }
        | Member::History { range, .. } => *range,
    }
}
