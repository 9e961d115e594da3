//! The ways to the rows of a relation, and the choice of indexes for a whole program.
//!
//! Indexes are chosen by asking: all queries are planned as if every index that could help existed, and those that the
//! plans use are kept. The question is asked with assumed statistics, so that the answer depends on the
//! program's text alone and does not move with the data.

use tenon_core::ir::{Expr, ExprKind, FieldId, Prim, RelationId, SiteId, SortKey, Type, VarId};

use crate::block::{Block, LeafKind};
use crate::expr::{equality, free, identity, ref_of, row_field};
use crate::joins::{FOLLOW, INDEX_PROBE, INDEX_ROW, PREDICATE, RANGE_ROW, order_fields};
use crate::physical::{Access, Limit};
use crate::planner::Planner;

/// An index of a relation, as the planner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexShape {
    /// Its parts, with their directions (`true`: descending).
    pub parts: Vec<(FieldId, bool)>,
    /// It can be read in its order and by ranges; else only by equality of all parts.
    pub ordered: bool,
}

/// Why an index exists.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Reason {
    /// The name of the item whose query uses it.
    pub query: tenon_core::ir::Name,
    /// Where the query stands.
    pub site: SiteId,
    /// What the index answers: the predicate or the order.
    pub text: String,
}

/// How a leaf is reached.
#[derive(Clone, PartialEq, Debug)]
pub enum Way {
    /// All rows.
    Scan,
    /// By an index; `covers` are the conjuncts that the access makes true.
    Access { access: Access, covers: Vec<Expr> },
}

/// A way with what it costs.
pub struct Found {
    /// The way.
    pub way: Way,
    /// Rows that it leads to, each time.
    pub rows: f64,
    /// The cost of starting, each time.
    pub probe: f64,
    /// The cost of each row.
    pub row: f64,
}

impl Found {
    /// The cost of one use, with so many predicates on the rows.
    pub fn cost(&self, predicates: usize) -> f64 {
        self.probe + self.rows * (self.row + PREDICATE * predicates as f64)
    }
}

/// Composite indexes are considered only where a single field leads to more rows than this.
const FEW: f64 = 32.0;

struct Equal {
    field: FieldId,
    value: Expr,
    conjunct: Expr,
    constant: bool,
}

struct Range {
    field: FieldId,
    prim: Prim,
    value: Expr,
    conjunct: Expr,
}

/// Whether values of a type may stand in an index.
fn indexable(ty: &Type) -> bool {
    match ty {
        Type::Option(inner) => indexable(inner),
        Type::Float
        | Type::Json
        | Type::List(_)
        | Type::Bag(_)
        | Type::Set(_)
        | Type::Map(..)
        | Type::Record(_)
        | Type::Unit
        | Type::Bytes => false,
        _ => true,
    }
}

/// Whether an index over values of a type yields them in the order of the type: the order of references is that of other
/// relations' keys, and `none` stands last in both directions.
fn orders_rows(ty: &Type) -> bool {
    indexable(ty) && !matches!(ty, Type::Ref(_) | Type::Option(_))
}

impl Planner<'_, '_> {
    /// Equalities and ranges on the fields of a leaf, against constants and the leaves of `left`.
    fn tests(&self, block: &Block, i: usize, left: u128) -> (Vec<Equal>, Vec<Range>, Option<(Expr, Expr)>) {
        let leaf = &block.leaves[i];
        let LeafKind::Scan { var, .. } = &leaf.kind else { return (Vec::new(), Vec::new(), None) };
        let own = 1u128 << i;
        let local = leaf.local.iter().map(|p| (p, true));
        let joined =
            block.conjuncts.iter().filter(|(_, m)| m & own != 0 && m & !(own | left) == 0).map(|(p, _)| (p, false));
        let (mut equals, mut ranges, mut row) = (Vec::new(), Vec::new(), None);
        for (p, constant) in local.chain(joined) {
            if let Some((a, b)) = equality(p) {
                for (x, y) in [(a, b), (b, a)] {
                    if !free(y).is_disjoint(&leaf.bound) {
                        continue;
                    }
                    if identity(x) == Some(*var) {
                        row = row.or_else(|| Some((ref_of(y.clone()), p.clone())));
                    } else if let Some((v, field)) = row_field(x)
                        && v == *var
                        && !equals.iter().any(|e: &Equal| e.field == field)
                    {
                        equals.push(Equal { field, value: y.clone(), conjunct: p.clone(), constant });
                    }
                }
            } else if let ExprKind::Prim(prim @ (Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge), args, _) = &p.kind
                && let [a, b] = args.as_slice()
            {
                let flipped = match prim {
                    Prim::Lt => Prim::Gt,
                    Prim::Le => Prim::Ge,
                    Prim::Gt => Prim::Lt,
                    _ => Prim::Le,
                };
                for (x, y, prim) in [(a, b, *prim), (b, a, flipped)] {
                    if let Some((v, field)) = row_field(x)
                        && v == *var
                        && free(y).is_disjoint(&leaf.bound)
                    {
                        ranges.push(Range { field, prim, value: y.clone(), conjunct: p.clone() });
                    }
                }
            }
        }
        equals.sort_by_key(|e| e.field);
        (equals, ranges, row)
    }

    /// All ways to a leaf other than a scan, given the rows of `left`.
    pub(crate) fn ways(&mut self, block: &Block, i: usize, left: u128) -> Vec<Found> {
        let LeafKind::Scan { relation, .. } = &block.leaves[i].kind else { return Vec::new() };
        let relation = *relation;
        let (equals, ranges, row) = self.tests(block, i, left);
        let mut out = Vec::new();
        if let Some((value, conjunct)) = row
            && matches!(value.ty, Type::Ref(_))
        {
            let way = Way::Access { access: Access::Reference(value), covers: vec![conjunct] };
            out.push(Found { way, rows: 1.0, probe: FOLLOW, row: 0.0 });
        }
        let r = self.ctx.program.relation(relation);
        let pick = |fields: &[FieldId]| -> Option<(Vec<Expr>, Vec<Expr>)> {
            let found: Option<Vec<&Equal>> = fields.iter().map(|f| equals.iter().find(|e| e.field == *f)).collect();
            found.map(|es| {
                (es.iter().map(|e| e.value.clone()).collect(), es.iter().map(|e| e.conjunct.clone()).collect())
            })
        };
        if let Some((values, covers)) = pick(&r.key) {
            let way = Way::Access { access: Access::Key(values), covers };
            out.push(Found { way, rows: 1.0, probe: INDEX_PROBE, row: 0.0 });
        }
        for (n, u) in r.uniques.iter().enumerate() {
            // Rows without a value are not in a unique that skips them, so only present values can be looked up.
            let present = |f: &FieldId| {
                !matches!(r.field(*f).ty, Type::Option(_))
                    || equals.iter().any(|e| e.field == *f && matches!(e.value.kind, ExprKind::Some(_)))
            };
            if u.skip_none && !u.fields.iter().all(present) {
                continue;
            }
            if let Some((values, covers)) = pick(&u.fields) {
                let way = Way::Access { access: Access::Unique(n as u32, values), covers };
                out.push(Found { way, rows: 1.0, probe: INDEX_PROBE, row: 0.0 });
            }
        }
        if self.advising {
            self.propose(relation, &equals, &ranges);
        }
        let all = self.est.rows(relation);
        for (n, shape) in self.indexes[relation.index()].clone().iter().enumerate() {
            let mut equal = Vec::new();
            let mut covers = Vec::new();
            for (field, _) in &shape.parts {
                let Some(e) = equals.iter().find(|e| e.field == *field) else { break };
                equal.push(e.value.clone());
                covers.push(e.conjunct.clone());
            }
            let (mut lower, mut upper) = (None, None);
            if !shape.ordered {
                if equal.len() < shape.parts.len() {
                    continue;
                }
            } else if let Some((field, _)) = shape.parts.get(equal.len()) {
                // `none` stands after all values and is in no range; comparisons refuse optional fields.
                for range in ranges.iter().filter(|g| g.field == *field) {
                    let inclusive = matches!(range.prim, Prim::Le | Prim::Ge);
                    let below = matches!(range.prim, Prim::Lt | Prim::Le);
                    let limit = Limit { value: range.value.clone(), inclusive };
                    // Bounds are bounds of values, whatever the direction of the part.
                    let slot = if below { &mut upper } else { &mut lower };
                    if slot.is_none() {
                        *slot = Some(limit);
                        covers.push(range.conjunct.clone());
                    }
                }
            }
            if covers.is_empty() {
                continue;
            }
            let rows = self.found(relation, all, &equals, &covers);
            let access = Access::Index { index: n as u32, equal, lower, upper, reverse: false };
            let (probe, row) = if shape.ordered { (INDEX_PROBE * 3.0, RANGE_ROW) } else { (INDEX_PROBE, INDEX_ROW) };
            out.push(Found { way: Way::Access { access, covers }, rows, probe, row });
        }
        out
    }

    /// Rows that an index leads to, given the conjuncts that it answers.
    fn found(&self, relation: RelationId, all: f64, equals: &[Equal], covers: &[Expr]) -> f64 {
        covers.iter().fold(all, |rows, p| {
            rows * match equals.iter().find(|e| e.conjunct == *p) {
                Some(e) => self.est.share(relation, e.field, p),
                None => self.est.selectivity(p),
            }
        })
    }

    /// Adds the indexes that could help here, while indexes are being chosen.
    fn propose(&mut self, relation: RelationId, equals: &[Equal], ranges: &[Range]) {
        let r = self.ctx.program.relation(relation);
        let usable = |f: &FieldId| indexable(&r.field(*f).ty);
        let unique = |fields: &[FieldId]| {
            let within = |of: &[FieldId]| of.iter().all(|f| fields.contains(f));
            within(&r.key) || r.uniques.iter().any(|u| !u.skip_none && within(&u.fields))
        };
        let all = self.est.rows(relation);
        let single =
            equals.iter().map(|e| all * self.est.share(relation, e.field, &e.conjunct)).fold(f64::INFINITY, f64::min);
        let mut wanted: Vec<(Vec<FieldId>, bool)> = Vec::new();
        for e in equals {
            wanted.push((vec![e.field], false));
        }
        if single > FEW {
            let constant = equals.iter().filter(|e| e.constant).map(|e| e.field).collect();
            wanted.push((constant, false));
            wanted.push((equals.iter().map(|e| e.field).collect(), false));
        }
        for range in ranges {
            wanted.push((vec![range.field], true));
            if single > FEW {
                let mut fields: Vec<FieldId> = equals.iter().filter(|e| e.constant).map(|e| e.field).collect();
                if !fields.contains(&range.field) {
                    fields.push(range.field);
                    wanted.push((fields, true));
                }
            }
        }
        for (fields, ordered) in wanted {
            if fields.is_empty() || !fields.iter().all(usable) || unique(&fields) {
                continue;
            }
            let shape = IndexShape { parts: fields.into_iter().map(|f| (f, false)).collect(), ordered };
            if !self.indexes[relation.index()].contains(&shape) {
                self.indexes[relation.index()].push(shape);
            }
        }
    }

    /// An ordered index that yields the rows of a leaf in a wanted order. An index is proposed for an order only
    /// where a limit makes it pay: else sorting costs less than keeping it.
    pub(crate) fn ordered_way(&mut self, block: &Block, i: usize, keys: &[SortKey], limited: bool) -> Option<Found> {
        let LeafKind::Scan { relation, var, .. } = &block.leaves[i].kind else { return None };
        let (relation, var) = (*relation, *var);
        let r = self.ctx.program.relation(relation);
        let fields = order_fields(keys, var, &r.key)?;
        if fields.is_empty() {
            return None;
        }
        if !fields.iter().all(|(f, _)| orders_rows(&r.field(*f).ty)) {
            return None;
        }
        let (equals, ranges, _) = self.tests(block, i, 0);
        if self.advising && limited {
            let mut parts: Vec<(FieldId, bool)> = equals
                .iter()
                .filter(|e| !fields.iter().any(|(f, _)| *f == e.field) && indexable(&r.field(e.field).ty))
                .map(|e| (e.field, false))
                .collect();
            parts.extend(fields.iter().copied());
            let shape = IndexShape { parts, ordered: true };
            if !self.indexes[relation.index()].contains(&shape) {
                self.indexes[relation.index()].push(shape);
            }
        }
        let all = self.est.rows(relation);
        let mut best: Option<Found> = None;
        for (n, shape) in self.indexes[relation.index()].clone().iter().enumerate() {
            if !shape.ordered {
                continue;
            }
            let prefix = shape.parts.iter().take_while(|(f, _)| equals.iter().any(|e| e.field == *f)).count();
            let rest = &shape.parts[prefix..];
            // An order by a field of one value is no order.
            let left: Vec<&(FieldId, bool)> =
                fields.iter().filter(|(f, _)| !shape.parts[..prefix].iter().any(|(g, _)| g == f)).collect();
            if rest.len() < left.len() {
                continue;
            }
            let forward = left.iter().zip(rest).all(|(a, b)| *a == b);
            let backward = left.iter().zip(rest).all(|(a, b)| a.0 == b.0 && a.1 != b.1);
            if !forward && !backward {
                continue;
            }
            let mut equal = Vec::new();
            let mut covers = Vec::new();
            for (field, _) in &shape.parts[..prefix] {
                if let Some(e) = equals.iter().find(|e| e.field == *field) {
                    equal.push(e.value.clone());
                    covers.push(e.conjunct.clone());
                }
            }
            let (mut lower, mut upper) = (None, None);
            if let Some((field, _)) = rest.first() {
                for range in ranges.iter().filter(|g| g.field == *field) {
                    let limit =
                        Limit { value: range.value.clone(), inclusive: matches!(range.prim, Prim::Le | Prim::Ge) };
                    let slot = if matches!(range.prim, Prim::Lt | Prim::Le) { &mut upper } else { &mut lower };
                    if slot.is_none() {
                        *slot = Some(limit);
                        covers.push(range.conjunct.clone());
                    }
                }
            }
            let rows = self.found(relation, all, &equals, &covers);
            let access = Access::Index { index: n as u32, equal, lower, upper, reverse: !forward };
            if best.as_ref().is_none_or(|b| rows < b.rows) {
                best =
                    Some(Found { way: Way::Access { access, covers }, rows, probe: INDEX_PROBE * 3.0, row: RANGE_ROW });
            }
        }
        best
    }

    /// The order in which one look-up in an index yields rows: that of the parts behind those whose value is given.
    pub(crate) fn index_order(&self, relation: RelationId, var: VarId, access: &Access) -> Vec<SortKey> {
        let Access::Index { index, equal, reverse, .. } = access else { return Vec::new() };
        let shape = &self.indexes[relation.index()][*index as usize];
        if !shape.ordered {
            return Vec::new();
        }
        let r = self.ctx.program.relation(relation);
        let parts = shape.parts[equal.len()..].iter().take_while(|(field, _)| orders_rows(&r.field(*field).ty));
        let key = |(field, descending): &(FieldId, bool)| SortKey {
            expr: Expr::new(ExprKind::Field(Box::new(self.ctx.var(var)), field.0), r.field(*field).ty.clone()),
            descending: descending != reverse,
            none_first: false,
        };
        parts.map(key).collect()
    }

    /// Remembers that a plan uses an index, and for what.
    pub(crate) fn note_use(&mut self, relation: RelationId, access: &Access, covers: &[Expr]) {
        if let Access::Index { index, .. } = access {
            let shape = &self.indexes[relation.index()][*index as usize];
            let mut text: Vec<String> = covers.iter().map(|p| crate::show::expr(p, self.ctx)).collect();
            if text.is_empty() {
                let r = self.ctx.program.relation(relation);
                let parts: Vec<String> = shape
                    .parts
                    .iter()
                    .map(|(f, d)| format!("{}{}", r.field(*f).name, if *d { " desc" } else { "" }))
                    .collect();
                text.push(format!("order by {}", parts.join(", ")));
            }
            let reason = Reason { query: self.name.clone(), site: self.site, text: text.join(" and ") };
            self.uses.push((relation, shape.clone(), reason));
        }
    }
}
