//! Plans for people and for tools: as a tree in text, and as JSON.

use serde_json::{Value as Json, json};
use tenon_core::ir::{Frame, Program, SiteId, SortKey, VarId};

use crate::advise::ChosenIndex;
use crate::finish::inputs;
use crate::physical::{Access, Aggregate, GroupStrategy, Kind, Op, OpKind, Output, Plan};
use crate::show::{self, AggregateWords, Names, ty};

/// What an explanation is made from.
pub struct Explain<'a> {
    /// The program.
    pub program: &'a Program,
    /// Its indexes, as chosen for the whole program.
    pub indexes: &'a [Vec<ChosenIndex>],
    /// Rows that operators yielded in a run, by their numbers.
    pub real: Option<&'a [u64]>,
    /// The place of a site, as `file:line`, where it is known.
    pub place: &'a dyn Fn(SiteId) -> Option<String>,
}

impl Explain<'_> {
    /// A plan as a tree.
    pub fn text(&self, plan: &Plan) -> String {
        let names = Names { program: self.program, vars: &plan.vars, anonymous: false };
        let mut out = String::new();
        let params: Vec<String> = plan
            .params
            .iter()
            .map(|v| format!("{}: {}", names.var(*v), ty(&plan.vars[v.index()].ty, self.program)))
            .collect();
        out.push_str(&format!("query {}({}){}\n", plan.name, params.join(", "), self.at(Some(plan.site))));
        for (i, temp) in plan.temps.iter().enumerate() {
            let columns: Vec<String> = temp.vars.iter().map(|v| names.var(*v)).collect();
            out.push_str(&format!("temp {i} ({})\n", columns.join(", ")));
            self.tree(&temp.input, names, 1, &mut out);
        }
        let output = match &plan.output {
            Output::Collect { element, set } => {
                format!("{} {}", if *set { "set of" } else { "collect" }, names.expr(element))
            }
            Output::CollectMap { key, value } => format!("map {}: {}", names.expr(key), names.expr(value)),
            Output::First { element, early_stop } => {
                format!("first {}{}", names.expr(element), if *early_stop { " (stops early)" } else { "" })
            }
            Output::One(element) => format!("one {}", names.expr(element)),
            Output::Exists { early_stop } => {
                format!("exists{}", if *early_stop { " (stops early)" } else { "" })
            }
        };
        out.push_str(&output);
        out.push('\n');
        self.tree(&plan.root, names, 1, &mut out);
        out
    }

    fn at(&self, site: Option<SiteId>) -> String {
        site.and_then(self.place).map(|place| format!("  @ {place}")).unwrap_or_default()
    }

    fn tree(&self, op: &Op, names: Names, depth: usize, out: &mut String) {
        let (name, detail) = self.describe(op, names);
        out.push_str(&"  ".repeat(depth));
        out.push_str(name);
        if !detail.is_empty() {
            out.push(' ');
            out.push_str(&detail);
        }
        out.push_str(&format!("  ~{}", op.est_rows));
        if let Some(rows) = self.real.and_then(|r| r.get(op.id as usize)) {
            out.push_str(&format!(" ={rows}"));
        }
        out.push_str(&self.at(op.site));
        out.push('\n');
        for input in inputs(op) {
            self.tree(input, names, depth + 1, out);
        }
    }

    /// A plan as JSON: `{query, params, site, temps, output, root}`, operators as
    /// `{id, op, detail, estimated, rows?, site?, inputs}`.
    pub fn json(&self, plan: &Plan) -> Json {
        let names = Names { program: self.program, vars: &plan.vars, anonymous: false };
        let temps: Vec<Json> = plan
            .temps
            .iter()
            .map(|t| {
                let columns: Vec<String> = t.vars.iter().map(|v| names.var(*v)).collect();
                json!({ "columns": columns, "root": self.op_json(&t.input, names) })
            })
            .collect();
        let params: Vec<String> = plan.params.iter().map(|v| names.var(*v)).collect();
        json!({
            "query": plan.name.as_str(),
            "params": params,
            "site": (self.place)(plan.site),
            "temps": temps,
            "root": self.op_json(&plan.root, names),
        })
    }

    fn op_json(&self, op: &Op, names: Names) -> Json {
        let (name, detail) = self.describe(op, names);
        let children: Vec<Json> = inputs(op).into_iter().map(|i| self.op_json(i, names)).collect();
        let mut out =
            json!({ "id": op.id, "op": name, "detail": detail, "estimated": op.est_rows, "inputs": children });
        if let Json::Object(fields) = &mut out {
            if let Some(rows) = self.real.and_then(|r| r.get(op.id as usize)) {
                fields.insert("rows".into(), json!(rows));
            }
            if let Some(place) = op.site.and_then(self.place) {
                fields.insert("site".into(), json!(place));
            }
        }
        out
    }

    /// The indexes that the program got, and why: one line per index, then one per reason.
    pub fn indexes_text(&self) -> String {
        let mut out = String::new();
        for (relation, indexes) in self.program.relations.iter().zip(self.indexes) {
            for (i, index) in indexes.iter().enumerate() {
                let hint = if index.hinted { " (asked for by the program)" } else { "" };
                out.push_str(&format!("index {}#{i} {}{hint}\n", relation.name, self.shape(relation, index)));
                for reason in &index.reasons {
                    out.push_str(&format!("  {}: {}{}\n", reason.query, reason.text, self.at(Some(reason.site))));
                }
            }
        }
        out
    }

    /// The indexes as JSON: `[{relation, index, kind, parts, hinted, reasons: [{query, text, site?}]}]`.
    pub fn indexes_json(&self) -> Json {
        let mut out = Vec::new();
        for (relation, indexes) in self.program.relations.iter().zip(self.indexes) {
            for (i, index) in indexes.iter().enumerate() {
                let parts: Vec<Json> = index
                    .shape
                    .parts
                    .iter()
                    .map(|(f, d)| json!({ "field": relation.field(*f).name.as_str(), "descending": d }))
                    .collect();
                let reasons: Vec<Json> = index
                    .reasons
                    .iter()
                    .map(|r| json!({ "query": r.query.as_str(), "text": r.text, "site": (self.place)(r.site) }))
                    .collect();
                out.push(json!({
                    "relation": relation.name.as_str(),
                    "index": i,
                    "kind": if index.shape.ordered { "ordered" } else { "hash" },
                    "parts": parts,
                    "hinted": index.hinted,
                    "reasons": reasons,
                }));
            }
        }
        Json::Array(out)
    }

    fn shape(&self, relation: &tenon_core::ir::Relation, index: &ChosenIndex) -> String {
        let parts: Vec<String> = index
            .shape
            .parts
            .iter()
            .map(|(f, d)| format!("{}{}", relation.field(*f).name, if *d { " desc" } else { "" }))
            .collect();
        format!("{} ({})", if index.shape.ordered { "ordered" } else { "hash" }, parts.join(", "))
    }

    /// The name of an operator and what it does, in one line.
    fn describe(&self, op: &Op, n: Names) -> (&'static str, String) {
        let relation = |r: &tenon_core::ir::RelationId| self.program.relation(*r).name.to_string();
        let kind = |k: &Kind| match k {
            Kind::Inner => "",
            Kind::Left(_) => "left ",
            Kind::Semi => "semi ",
            Kind::Anti => "anti ",
            Kind::Mark(_) => "mark ",
        };
        let on = |keys: &[(tenon_core::ir::Expr, tenon_core::ir::Expr)], rest: &[tenon_core::ir::Expr]| {
            let mut parts: Vec<String> = keys.iter().map(|(a, b)| format!("{} = {}", n.expr(a), n.expr(b))).collect();
            parts.extend(rest.iter().map(|e| n.expr(e)));
            parts.join(" and ")
        };
        let defs = |ds: &[(VarId, tenon_core::ir::Expr)]| {
            ds.iter().map(|(v, e)| format!("{} = {}", n.var(*v), n.expr(e))).collect::<Vec<_>>().join(", ")
        };
        let folds = |fs: &[(VarId, Aggregate)]| {
            fs.iter().map(|(v, a)| format!("{} = {}", n.var(*v), fold(a, n))).collect::<Vec<_>>().join(", ")
        };
        match &op.kind {
            OpKind::Unit => ("unit", String::new()),
            OpKind::Scan { relation: r, var, predicates, .. } => {
                let mut text = format!("{} {}", relation(r), n.var(*var));
                if !predicates.is_empty() {
                    text.push_str(&format!(" where {}", n.exprs(predicates, " and ")));
                }
                ("scan", text)
            }
            OpKind::CountRows { relation: r, .. } => ("count of", relation(r)),
            OpKind::ReadTemp { temp, .. } => ("read temp", temp.0.to_string()),
            OpKind::Lookup { relation: r, var, access, residual, kind: k, .. } => {
                let (name, by) = match access {
                    Access::Reference(e) => ("follow", n.expr(e)),
                    Access::Key(es) => ("look up", format!("key ({})", n.exprs(es, ", "))),
                    Access::Unique(u, es) => ("look up", format!("unique {u} ({})", n.exprs(es, ", "))),
                    Access::Index { index, equal, lower, upper, reverse } => {
                        let mut text = format!("index {}#{index} ({})", relation(r), n.exprs(equal, ", "));
                        if let Some(l) = lower {
                            text.push_str(&format!(
                                " {} {}",
                                if l.inclusive { "from" } else { "above" },
                                n.expr(&l.value)
                            ));
                        }
                        if let Some(u) = upper {
                            text.push_str(&format!(
                                " {} {}",
                                if u.inclusive { "to" } else { "below" },
                                n.expr(&u.value)
                            ));
                        }
                        if *reverse {
                            text.push_str(" backwards");
                        }
                        ("look up", text)
                    }
                };
                let mut text = format!("{}{} {} by {by}", kind(k), relation(r), n.var(*var));
                if !residual.is_empty() {
                    text.push_str(&format!(" where {}", n.exprs(residual, " and ")));
                }
                (name, text)
            }
            OpKind::Filter { predicates, .. } => ("filter", n.exprs(predicates, " and ")),
            OpKind::Map { defs: ds, .. } => ("map", defs(ds)),
            OpKind::Unnest { source, var, .. } => ("unnest", format!("{} in {}", n.var(*var), n.expr(source))),
            OpKind::HashJoin { kind: k, keys, residual, unique, .. } => {
                let text = format!("{}on {}{}", kind(k), on(keys, residual), if *unique { " (unique)" } else { "" });
                ("hash join", text)
            }
            OpKind::NestedLoop { kind: k, predicates, .. } => {
                let text = if predicates.is_empty() {
                    "of all pairs".into()
                } else {
                    format!("on {}", n.exprs(predicates, " and "))
                };
                ("nested loop", format!("{}{text}", kind(k)))
            }
            OpKind::Aggregate { keys, aggregates, strategy, .. } => {
                let name = match strategy {
                    GroupStrategy::Hash => "group",
                    GroupStrategy::Ordered => "group in order",
                    GroupStrategy::Entity(_) => "group by row",
                    GroupStrategy::Single => "fold all",
                };
                let parts: Vec<String> =
                    [defs(keys), folds(aggregates)].into_iter().filter(|s| !s.is_empty()).collect();
                (name, parts.join("; "))
            }
            OpKind::GroupJoin { keys, aggregates, .. } => {
                ("group join", format!("on {}; {}", on(keys, &[]), folds(aggregates)))
            }
            OpKind::Fold { aggregates, .. } => ("fold", folds(aggregates)),
            OpKind::Window { partition, order, windows, .. } => {
                let mut text = String::new();
                if !partition.is_empty() {
                    text.push_str(&format!("partition by {} ", n.exprs(partition, ", ")));
                }
                if !order.is_empty() {
                    text.push_str(&format!("order by {} ", sort(order, n)));
                }
                let values: Vec<String> = windows
                    .iter()
                    .map(|(v, w)| {
                        let AggregateWords { name, before, behind } = show::window(w.function);
                        let frame = match &w.frame {
                            Frame::Partition => "",
                            Frame::ToCurrent => " to current",
                            Frame::Rows(..) => " rows",
                        };
                        let arguments = n.exprs(&w.arguments, ", ");
                        format!("{} = {name}({before}{arguments}{behind}){frame}", n.var(*v))
                    })
                    .collect();
                ("window", format!("{text}{}", values.join(", ")))
            }
            OpKind::Sort { partition, keys, limit, offset, .. } => {
                let mut text = sort(keys, n);
                if !partition.is_empty() {
                    text = format!("per {} by {text}", n.exprs(partition, ", "));
                }
                text.push_str(&range(limit.as_ref(), offset.as_ref(), n));
                (if limit.is_some() { "top" } else { "sort" }, text)
            }
            OpKind::Limit { limit, offset, early_stop, .. } => {
                let text = range(limit.as_ref(), offset.as_ref(), n);
                ("limit", format!("{}{}", text.trim_start(), if *early_stop { " (stops early)" } else { "" }))
            }
            OpKind::Concat { vars, .. } => ("concat", vars.iter().map(|v| n.var(*v)).collect::<Vec<_>>().join(", ")),
        }
    }
}

fn sort(keys: &[SortKey], n: Names) -> String {
    keys.iter()
        .map(|k| {
            let direction = if k.descending { " desc" } else { "" };
            format!("{}{direction}{}", n.expr(&k.expr), if k.none_first { " none first" } else { "" })
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn range(limit: Option<&tenon_core::ir::Expr>, offset: Option<&tenon_core::ir::Expr>, n: Names) -> String {
    let mut out = String::new();
    if let Some(e) = limit {
        out.push_str(&format!(" limit {}", n.expr(e)));
    }
    if let Some(e) = offset {
        out.push_str(&format!(" offset {}", n.expr(e)));
    }
    out
}

fn fold(a: &Aggregate, n: Names) -> String {
    let AggregateWords { name, before, behind } = show::aggregate(a.function);
    let mut parts = Vec::new();
    if let Some(e) = &a.argument {
        parts.push(format!("{before}{}{behind}", n.expr(e)));
    }
    if let Some(grain) = &a.grain {
        parts.push(format!("per {}", n.exprs(grain, ", ")));
    }
    if !a.filter.is_empty() {
        parts.push(format!("where {}", n.exprs(&a.filter, " and ")));
    }
    if !a.order.is_empty() {
        parts.push(format!("order by {}", sort(&a.order, n)));
    }
    let range = range(a.limit.as_ref(), a.offset.as_ref(), n);
    parts.extend(Some(range.trim_start().to_owned()).filter(|range| !range.is_empty()));
    format!("{name}({})", parts.join(" "))
}
