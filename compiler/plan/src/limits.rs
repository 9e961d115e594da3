//! Limits that are not the same for a whole run: an operator reads its limit once, outside of any row. A limit that reads
//! rows of an enclosing query (an argument of an inlined function among them) becomes row numbers and tests of them, which
//! decorrelation takes apart like any other window and filter.

use tenon_core::ir::{Expr, ExprKind, Frame, Prim, SiteId, SortKey, Type, VarId, WindowFn};

use crate::expr::{Safe, Safety, free_all};
use crate::logical::{ApplyKind, Context, Node};
use crate::physical::{Kind, WindowValue};

/// Leaves only limits over parameters in a tree, and below dependent joins only those that cannot fail: there they are
/// evaluated for each row on the left, whether it finds rows or not, which an operator that counts per partition of its
/// rows would not do.
pub fn only_fixed(ctx: &mut Context, node: Node, params: &[VarId]) -> Node {
    fixed(ctx, node, params, false)
}

fn fixed(ctx: &mut Context, mut node: Node, params: &[VarId], dependent: bool) -> Node {
    let is_apply = matches!(node, Node::Apply { .. });
    for (at, child) in node.children_mut().into_iter().enumerate() {
        let taken = std::mem::replace(child, Node::Unit);
        // The right side of a dependent join is its second child.
        *child = fixed(ctx, taken, params, dependent || is_apply && at == 1);
    }
    let safe = Safe::new(ctx.program);
    let stays = |bound: &Expr| {
        free_all([bound]).iter().all(|v| params.contains(v)) && (!dependent || safe.of(bound) == Safety::Total)
    };
    match node {
        Node::Top { input, partition, keys, limit, offset }
            if partition.is_empty() && !limit.iter().chain(&offset).all(stays) =>
        {
            numbered(ctx, *input, keys, limit, offset)
        }
        other => other,
    }
}

/// The first rows in an order, by their numbers.
pub fn numbered(
    ctx: &mut Context,
    mut input: Node,
    keys: Vec<SortKey>,
    mut limit: Option<Expr>,
    mut offset: Option<Expr>,
) -> Node {
    // A bound that can fail is evaluated once, whether there are rows or not.
    let mut defs = Vec::new();
    for bound in [&mut offset, &mut limit].into_iter().flatten() {
        if Safe::new(ctx.program).of(bound) != Safety::Total {
            let var = ctx.fresh("bound", Type::Int);
            defs.push((var, std::mem::replace(bound, ctx.var(var))));
        }
    }
    if !defs.is_empty() {
        let left = Node::Unit.map(defs).boxed();
        input = Node::Apply { kind: ApplyKind::Join(Kind::Inner), left, right: input.boxed() };
    }
    // Each by numbers of its own, so that nothing is computed that could overflow.
    for (bound, test) in [(offset, Prim::Gt), (limit, Prim::Le)] {
        let Some(bound) = bound else { continue };
        let number = ctx.fresh("number", Type::Int);
        let value = WindowValue { function: WindowFn::RowNumber, arguments: Vec::new(), frame: Frame::Partition };
        let test = ExprKind::Prim(test, vec![ctx.var(number), bound], SiteId(0));
        input = Node::Window {
            input: input.boxed(),
            partition: Vec::new(),
            peers: keys.len(),
            order: keys.clone(),
            windows: vec![(number, value)],
        };
        input = input.filter(vec![Expr::new(test, Type::Bool)]);
    }
    input
}
