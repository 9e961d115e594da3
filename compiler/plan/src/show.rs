//! Expressions as text, near to what a person wrote: for `explain` and for the reasons of indexes.

use smol_str::SmolStr;
use tenon_core::builtins::Builtin;
use tenon_core::ir::{AggregateFn, Expr, ExprKind, Prim, Program, Type, VarId, VarInfo, WindowFn};
use tenon_core::text::words;
use tenon_value::{Value, format};

use crate::logical::Context;

/// What names are needed for.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The program.
    pub program: &'a Program,
    /// The variables of the query or plan.
    pub vars: &'a [VarInfo],
    /// Variables are shown by their types.
    pub anonymous: bool,
}

/// An expression as text.
pub fn expr(e: &Expr, ctx: &Context) -> String {
    Names { program: ctx.program, vars: &ctx.vars, anonymous: false }.expr(e)
}

/// An expression with types in the place of variables, so that texts of permuted queries agree.
pub fn anonymous(e: &Expr, ctx: &Context) -> String {
    Names { program: ctx.program, vars: &ctx.vars, anonymous: true }.expr(e)
}

/// A type as text.
pub fn ty(t: &Type, p: &Program) -> String {
    match t {
        Type::Row(r) => p.relation(*r).name.to_string(),
        Type::Ref(r) => format!("&{}", p.relation(*r).name),
        Type::Option(t) => format!("{}?", ty(t, p)),
        Type::List(t) => format!("[{}]", ty(t, p)),
        Type::Bag(t) => format!("Bag[{}]", ty(t, p)),
        Type::Set(t) => format!("Set[{}]", ty(t, p)),
        Type::Map(k, v) => format!("Map[{}, {}]", ty(k, p), ty(v, p)),
        Type::Record(r) => {
            let fields: Vec<String> = r.fields.iter().map(|(n, t)| format!("{n}: {}", ty(t, p))).collect();
            format!("({})", fields.join(", "))
        }
        Type::Variant(v) => p.variant(*v).name.to_string(),
        Type::Decimal(s) => format!("Decimal({s})"),
        other => format!("{other:?}"),
    }
}

impl Names<'_> {
    /// An expression as text.
    pub fn expr(&self, e: &Expr) -> String {
        let mut out = String::new();
        self.show(e, &mut out, 0);
        out
    }

    /// Several expressions as text.
    pub fn exprs<'e>(&self, es: impl IntoIterator<Item = &'e Expr>, between: &str) -> String {
        es.into_iter().map(|e| self.expr(e)).collect::<Vec<_>>().join(between)
    }

    /// A variable as text.
    pub fn var(&self, v: VarId) -> String {
        let info = &self.vars[v.index()];
        if self.anonymous { ty(&info.ty, self.program) } else { info.name.to_string() }
    }

    fn list(&self, es: &[Expr], out: &mut String) {
        for (i, e) in es.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.show(e, out, 0);
        }
    }

    fn infix(&self, a: &Expr, word: &str, b: &Expr, own: u8, out: &mut String, outer: u8) {
        let open = own < outer;
        if open {
            out.push('(');
        }
        self.show(a, out, own);
        out.push(' ');
        out.push_str(word);
        out.push(' ');
        self.show(b, out, own + 1);
        if open {
            out.push(')');
        }
    }

    /// `outer` is how tightly the surroundings bind; a looser expression is put in parentheses.
    fn show(&self, e: &Expr, out: &mut String, outer: u8) {
        match &e.kind {
            ExprKind::Literal(v) => out.push_str(&self.constant(&e.ty, v)),
            ExprKind::Var(v) => out.push_str(&self.var(*v)),
            ExprKind::Field(inner, i) => {
                self.show(inner, out, 9);
                let name = match &inner.ty {
                    Type::Row(r) => self.program.relation(*r).fields.get(*i as usize).map(|f| f.name.to_string()),
                    Type::Record(r) => r.fields.get(*i as usize).map(|(n, _)| n.to_string()),
                    _ => None,
                };
                out.push('.');
                out.push_str(&name.unwrap_or_else(|| i.to_string()));
            }
            // Rows, references and options are the same things to a reader.
            ExprKind::Follow(inner) | ExprKind::RefOf(inner) | ExprKind::Some(inner) => self.show(inner, out, outer),
            ExprKind::Unwrap(inner) => {
                self.show(inner, out, 9);
                out.push('!');
            }
            ExprKind::None => out.push_str("none"),
            ExprKind::IsSome(inner) => {
                self.show(inner, out, 4);
                out.push_str(" != none");
            }
            ExprKind::Record(es) => {
                out.push('(');
                self.list(es, out);
                out.push(')');
            }
            ExprKind::Variant(tag, es) => {
                out.push_str(&self.case(&e.ty, *tag));
                if !es.is_empty() {
                    out.push('(');
                    self.list(es, out);
                    out.push(')');
                }
            }
            ExprKind::IsCase(inner, tag) => {
                self.show(inner, out, 4);
                out.push_str(" is ");
                out.push_str(&self.case(&inner.ty, *tag));
            }
            ExprKind::CaseField(inner, tag, i) => {
                self.show(inner, out, 9);
                out.push_str(&format!(".{}.{i}", self.case(&inner.ty, *tag)));
            }
            ExprKind::Collection(es) => {
                out.push('[');
                self.list(es, out);
                out.push(']');
            }
            ExprKind::Map(pairs) => {
                out.push('[');
                for (i, (k, v)) in pairs.iter().enumerate() {
                    if i > 0 {
                        out.push_str(", ");
                    }
                    self.show(k, out, 0);
                    out.push_str(": ");
                    self.show(v, out, 0);
                }
                out.push(']');
            }
            ExprKind::Range(a, b, inclusive) => self.infix(a, if *inclusive { "..=" } else { ".." }, b, 4, out, outer),
            ExprKind::If(c, a, b) => {
                out.push_str("if ");
                self.show(c, out, 0);
                out.push_str(" { ");
                self.show(a, out, 0);
                out.push_str(" } else { ");
                self.show(b, out, 0);
                out.push_str(" }");
            }
            ExprKind::Let(v, a, b) => {
                out.push_str(&format!("let {} = ", self.var(*v)));
                self.show(a, out, 0);
                out.push_str("; ");
                self.show(b, out, 0);
            }
            ExprKind::And(a, b) => self.infix(a, "and", b, 2, out, outer),
            ExprKind::Or(a, b) => self.infix(a, "or", b, 1, out, outer),
            ExprKind::Prim(prim, args, _) => self.prim(*prim, args, out, outer),
            ExprKind::Call(f, args, _) => {
                out.push_str(&self.program.function(*f).name);
                out.push('(');
                self.list(args, out);
                out.push(')');
            }
            ExprKind::Query(q, args) => {
                out.push_str(&format!("query {}(", q.0));
                self.list(args, out);
                out.push(')');
            }
        }
    }

    fn constant(&self, ty: &Type, value: &Value) -> String {
        match value {
            Value::Some(value) => self.constant(ty.present(), value),
            Value::Variant { tag, fields } if fields.is_empty() => self.case(ty, *tag),
            value => format::literal_without_names(value),
        }
    }

    fn case(&self, t: &Type, tag: u32) -> String {
        match t {
            Type::Variant(v) => {
                self.program.variant(*v).cases.get(tag as usize).map_or_else(|| tag.to_string(), |c| c.name.to_string())
            }
            _ => tag.to_string(),
        }
    }

    fn prim(&self, prim: Prim, args: &[Expr], out: &mut String, outer: u8) {
        let infix = match prim {
            Prim::Eq => Some(("==", 4)),
            Prim::Ne => Some(("!=", 4)),
            Prim::Lt => Some(("<", 4)),
            Prim::Le => Some(("<=", 4)),
            Prim::Gt => Some((">", 4)),
            Prim::Ge => Some((">=", 4)),
            Prim::Contains => Some(("in", 4)),
            Prim::AddInt | Prim::AddDecimal | Prim::AddFloat | Prim::AddDuration | Prim::AddDurations => Some(("+", 6)),
            Prim::SubInt
            | Prim::SubDecimal
            | Prim::SubFloat
            | Prim::SubDuration
            | Prim::SubDurations
            | Prim::Elapsed => Some(("-", 6)),
            Prim::MulInt | Prim::MulDecimal | Prim::MulFloat | Prim::ScaleDuration => Some(("*", 7)),
            Prim::DivInt => Some(("div", 7)),
            Prim::ModInt => Some(("mod", 7)),
            Prim::DivDecimal | Prim::DivFloat | Prim::DivDuration => Some(("/", 7)),
            _ => None,
        };
        match (infix, args) {
            (Some((word, own)), [a, b]) => self.infix(a, word, b, own, out, outer),
            _ => match (prim, args) {
                (Prim::Not, [a]) => {
                    out.push_str("not ");
                    self.show(a, out, 8);
                }
                (Prim::IntToDecimal | Prim::IntToFloat | Prim::Rescale | Prim::ToList, [a]) => self.show(a, out, outer),
                (Prim::NegInt | Prim::NegDecimal | Prim::NegFloat | Prim::NegDuration, [a]) => {
                    out.push('-');
                    self.show(a, out, 8);
                }
                (Prim::ElementAt | Prim::ValueAt, [a, place]) => {
                    self.show(a, out, 9);
                    out.push('[');
                    self.show(place, out, 0);
                    out.push(']');
                }
                (Prim::Length, [a]) => {
                    self.show(a, out, 9);
                    out.push_str(".length");
                }
                _ => {
                    out.push_str(&name(prim));
                    out.push('(');
                    self.list(args, out);
                    out.push(')');
                }
            },
        }
    }
}

/// The name of a primitive that is written like a function.
fn name(prim: Prim) -> SmolStr {
    match prim {
        Prim::Builtin(number) => Builtin(number).scheme().name.clone(),
        Prim::Matches(_) => "matches".into(),
        Prim::AbsInt | Prim::AbsDecimal | Prim::AbsFloat => "abs".into(),
        other => words::word(words::PRIMS, &other).expect("every other primitive stands in the table").into(),
    }
}

/// An aggregate, with what stands behind its argument: `count`, `distinct ` for what it counts, and nothing.
pub struct AggregateWords {
    /// Its name.
    pub name: &'static str,
    /// Before the argument: `distinct `.
    pub before: &'static str,
    /// Behind the argument: the fraction of a percentile.
    pub behind: String,
}

/// The words of an aggregate function.
pub fn aggregate(function: AggregateFn) -> AggregateWords {
    if let AggregateFn::Percentile(parts) = function {
        let behind = format!(", {}", f64::from(parts) / 1e6);
        return AggregateWords { name: "percentile", before: "", behind };
    }
    let name = words::word(words::AGGREGATES, &function).expect("every other aggregate stands in the table");
    let (name, before) = match name.strip_suffix("_distinct") {
        Some(name) => (name, "distinct "),
        None => (name, ""),
    };
    AggregateWords { name, before, behind: String::new() }
}

/// The words of a function over windows.
pub fn window(function: WindowFn) -> AggregateWords {
    match function {
        WindowFn::Aggregate(function) => aggregate(function),
        other => {
            let name = words::word(words::WINDOWS, &other).expect("every other window function stands in the table");
            AggregateWords { name, before: "", behind: String::new() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{aggregate, name, window};
    use tenon_core::builtins::{BUILTINS, FoldInfo};
    use tenon_core::ir::{AggregateFn, Prim};
    use tenon_core::text::words::{AGGREGATES, PRIMS, WINDOWS};

    #[test]
    fn every_primitive_has_a_name_that_programs_have() {
        let library = (0..BUILTINS.len() as u16).map(Prim::Builtin);
        for prim in PRIMS.iter().map(|(_, prim)| *prim).chain(library) {
            let name = name(prim);
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{prim:?}: {name}");
        }
        let folds = AGGREGATES.iter().map(|(_, function)| *function).chain([AggregateFn::Percentile(950_000)]);
        let folds = folds.map(|function| aggregate(function).name);
        for name in folds.chain(WINDOWS.iter().map(|(_, function)| window(*function).name)) {
            assert!(FoldInfo::named(name).is_some(), "programs have no aggregate and no window function {name}");
        }
    }
}
