//! Draws expressions.

use super::super::{Base, Expr, Query, Source, Stage, Ty};
use super::{Drawing, Kind, Local};

const INT: Ty = Ty { base: Base::Int, optional: false };
const BOOL: Ty = Ty { base: Base::Bool, optional: false };

impl Drawing<'_> {
    /// What can be read from a name along fields and references, at most `steps` of these.
    fn paths(&self, local: &Local, steps: usize) -> Vec<Expr> {
        let name = &local.name;
        match &local.kind {
            Kind::Value(ty) => vec![Expr::plain(*ty, name, name)],
            Kind::Record { fields, optional } => {
                let dot = if *optional { "?." } else { "." };
                let field = |(f, ty): &(String, Ty)| {
                    let ty = Ty { optional: ty.optional || *optional, ..*ty };
                    Expr::plain(ty, format!("{name}{dot}{f}"), f)
                };
                fields.iter().map(field).collect()
            }
            Kind::Row { relation, optional } => {
                let row =
                    Expr::plain(Ty { base: Base::Row(*relation), optional: *optional }, name, format!("{name}_id"));
                let mut out = self.steps(&row, *relation, &|f| format!("{name}_{f}"), steps);
                out.push(row);
                out
            }
        }
    }

    fn steps(&self, row: &Expr, relation: usize, column: &dyn Fn(&str) -> String, steps: usize) -> Vec<Expr> {
        let dot = if row.ty.optional { "?." } else { "." };
        let mut out =
            vec![Expr::plain(Ty { optional: row.ty.optional, ..INT }, format!("{}{dot}id", row.tenon), column("id"))];
        for field in &self.schema.relations[relation].fields {
            let ty = Ty { optional: field.ty.optional || row.ty.optional, ..field.ty };
            let at = Expr::plain(ty, format!("{}{dot}{}", row.tenon, field.name), column(&field.name));
            if let Base::Row(to) = ty.base
                && steps > 0
            {
                let table = &self.schema.relations[to].name;
                let sql = at.sql.clone();
                let column = |f: &str| format!("(SELECT {f} FROM {table} WHERE id = {sql})");
                out.extend(self.steps(&at, to, &column, steps - 1));
            }
            out.push(at);
        }
        out
    }

    /// Something that names in sight lead to; names of the query itself more often than those of enclosing ones.
    fn path(&mut self, fits: impl Fn(Ty) -> bool) -> Option<Expr> {
        for steps in [self.below(3), 2] {
            let count = self.scope.len();
            let mut locals = self.scope.clone();
            if count > 2 && self.chance(70) {
                locals.drain(..count - 2);
            }
            let mut all: Vec<Expr> = locals.iter().flat_map(|l| self.paths(l, steps)).collect();
            all.retain(|e| fits(e.ty));
            if !all.is_empty() {
                return Some(all.swap_remove(self.below(all.len())));
            }
        }
        None
    }

    /// A path to a value that has an order.
    pub(super) fn field(&mut self) -> Option<Expr> {
        self.path(|ty| !matches!(ty.base, Base::Row(_) | Base::List))
    }

    pub(super) fn list(&mut self) -> Option<Expr> {
        self.path(|ty| ty == Base::List.there())
    }

    /// A row with a way back to it: the row, and the relation and field of those that refer to it. `near`: a row in sight.
    pub(super) fn way_back(&mut self, near: bool) -> Option<(Expr, usize, usize)> {
        let host = match near && self.chance(80) {
            true => {
                let rows: Vec<Expr> = self
                    .scope
                    .iter()
                    .filter_map(|l| match l.kind {
                        Kind::Row { relation, optional: false } => {
                            Some(Expr::plain(Base::Row(relation).there(), &l.name, format!("{}_id", l.name)))
                        }
                        _ => None,
                    })
                    .collect();
                (!rows.is_empty()).then(|| rows[self.below(rows.len())].clone())?
            }
            false => self.path(|ty| matches!(ty, Ty { base: Base::Row(_), optional: false }))?,
        };
        let Base::Row(relation) = host.ty.base else { return None };
        let all = self.schema.inverses(&self.schema.relations[relation].name);
        let (r, f) = *all.get(self.below(all.len().max(1)))?;
        Some((host, r, f))
    }

    /// An equality between what a name leads to and what other names lead to.
    pub(super) fn equality(&mut self, last: &Local, before: &[Local]) -> Option<Expr> {
        for _ in 0..20 {
            let (steps, others) = (usize::from(self.chance(25)), usize::from(self.chance(25)));
            let own = self.paths(last, steps);
            let other = before.get(self.below(before.len().max(1)))?;
            let others = self.paths(other, others);
            let (mut a, mut b) = (own[self.below(own.len())].clone(), others[self.below(others.len())].clone());
            if a.ty.base != b.ty.base || a.ty.base == Base::List || a.ty.base == Base::Bool {
                continue;
            }
            // A key that may fail.
            if a.ty == INT && self.chance(20) {
                a = self.risky(a);
            }
            if b.ty == INT && self.chance(20) {
                b = self.risky(b);
            }
            if self.chance(50) {
                std::mem::swap(&mut a, &mut b);
            }
            return Some(Expr::of(BOOL, "#0 == #1", "#0 IS #1", [a, b]));
        }
        None
    }

    /// A number of a number that may fail.
    fn risky(&mut self, n: Expr) -> Expr {
        match self.below(4) {
            0 => Expr::of(INT, "(#0 + 1)", "(#0 + 1)", [n]),
            1 => Expr::of(INT, "(#0 - 1)", "(#0 - 1)", [n]),
            2 => Expr::of(INT, "(#0 * 2)", "(#0 * 2)", [n]),
            _ => {
                let by = self.path(|ty| ty == INT).unwrap_or_else(|| self.number());
                self.divided(n, by)
            }
        }
    }

    fn divided(&mut self, a: Expr, b: Expr) -> Expr {
        Expr::of(INT, "(#0 div #1)", "((#0 - ((#0 % #1 + #1) % #1)) / #1)", [a, b])
    }

    fn number(&mut self) -> Expr {
        let n = self.below(6).to_string();
        if self.chance(20) { Expr::plain(INT, "k", "$k") } else { Expr::plain(INT, n.clone(), n) }
    }

    /// A value of any type but a list.
    pub(super) fn value(&mut self, depth: usize) -> Expr {
        match self.below(10) {
            0..4 => self.int(depth),
            4..7 => self.field().unwrap_or_else(|| self.int(depth)),
            7 => self.optional(depth),
            8 => self.condition(depth),
            _ => self.decimal(depth),
        }
    }

    pub(super) fn number_or_text(&mut self) -> Expr {
        let fits = |ty: Ty| matches!(ty.base, Base::Int | Base::Text | Base::Decimal | Base::Date);
        if self.chance(60) { self.path(fits).unwrap_or_else(|| self.int(0)) } else { self.int(1) }
    }

    pub(super) fn decimal(&mut self, depth: usize) -> Expr {
        let ty = Base::Decimal.there();
        let cents = self.below(9) as i64 * 25;
        let plain = Expr::plain(ty, format!("{}.{:02}", cents / 100, cents % 100), cents.to_string());
        let Some(a) = self.path(|t| t == ty) else { return plain };
        if depth == 0 || self.chance(50) {
            return a;
        }
        let b = self.decimal(depth - 1);
        let word = self.pick(&["+", "-"]);
        Expr::of(ty, format!("(#0 {word} #1)"), format!("(#0 {word} #1)"), [a, b])
    }

    /// Something that may be none.
    pub(super) fn optional(&mut self, depth: usize) -> Expr {
        if depth > 0 && self.nested < 2 && self.chance(35) {
            let (word, value) = (self.pick(&["max", "min", "first"]), Ty { optional: true, ..INT });
            if word == "first" {
                let query = self.column(depth - 1, true);
                let ty = Ty { optional: true, ..ty_of(&query) };
                return Expr::over(ty, "first(#0)", "(SELECT #c0 FROM (#0) ORDER BY #o0 LIMIT 1)", [], query);
            }
            let query = self.column_of(depth - 1, |d, depth| d.int(depth));
            return Expr::over(value, format!("{word}(#0)"), format!("(SELECT {word}(#c0) FROM (#0))"), [], query);
        }
        let fits = |ty: Ty| ty.optional && matches!(ty.base, Base::Int | Base::Text | Base::Date);
        self.path(fits).unwrap_or_else(|| Expr::plain(Base::Int.or_none(), "j", "$j"))
    }

    pub(super) fn int(&mut self, depth: usize) -> Expr {
        if depth == 0 || self.chance(30) {
            let found = if self.chance(75) { self.path(|ty| ty == INT) } else { None };
            return found.unwrap_or_else(|| self.number());
        }
        let d = depth - 1;
        match self.below(17) {
            0 | 1 => {
                let (word, a, b) = (self.pick(&["+", "-"]), self.int(d), self.int(d));
                Expr::of(INT, format!("(#0 {word} #1)"), format!("(#0 {word} #1)"), [a, b])
            }
            2 => {
                let (a, n) = (self.int(d), 1 + self.below(3));
                Expr::of(INT, format!("(#0 mod {n})"), format!("((#0 % {n} + {n}) % {n})"), [a])
            }
            3 => {
                let (a, b) = (self.int(d), self.int(0));
                self.divided(a, b)
            }
            4 => {
                let n = Expr::plain(INT, "2", "2");
                let a = self.int(d);
                self.divided(a, n)
            }
            5 => {
                let (c, a, b) = (self.condition(d), self.int(d), self.int(d));
                Expr::of(INT, "(if #0 { #1 } else { #2 })", "(CASE WHEN #0 THEN #1 ELSE #2 END)", [c, a, b])
            }
            6 | 7 => {
                let found = self.path(|ty| ty == Base::Int.or_none());
                let (a, b) = (found.unwrap_or_else(|| Expr::plain(Base::Int.or_none(), "j", "$j")), self.int(d));
                Expr::of(INT, "(#0 ?? #1)", "COALESCE(#0, #1)", [a, b])
            }
            8 => match self.path(|ty| ty == Base::Text.there()) {
                Some(t) => Expr::of(INT, "#0.length", "LENGTH(#0)", [t]),
                None => self.int(d),
            },
            9 => match self.path(|ty| ty == Base::Date.there()) {
                Some(day) => {
                    let (word, format) = [("year", "%Y"), ("month", "%m"), ("day", "%d")][self.below(3)];
                    let sql = format!("CAST(strftime('{format}', #0 * 86400, 'unixepoch') AS INTEGER)");
                    Expr::of(INT, format!("#0.{word}"), sql, [day])
                }
                None => self.int(d),
            },
            10 => match self.list() {
                Some(list) if self.chance(50) => Expr::of(INT, "#0.length", "json_array_length(#0)", [list]),
                Some(list) => Expr::of(INT, "sum(#0)", "(SELECT COALESCE(SUM(value), 0) FROM json_each(#0))", [list]),
                None => self.int(d),
            },
            11 | 12 => self.called(d),
            _ if self.nested >= 2 => self.int(d),
            13 | 14 => {
                let query = self.column(d, false);
                Expr::over(INT, "count(#0)", "(SELECT COUNT(*) FROM (#0))", [], query)
            }
            15 => match self.way_back(false) {
                Some((host, r, f)) => {
                    let (table, field) = (&self.schema.relations[r].name, &self.schema.relations[r].fields[f]);
                    let (word, fold) = [("count", "COUNT(*)"), ("sum", "COALESCE(SUM(n), 0)")][self.below(2)];
                    let value = if word == "sum" { ".n" } else { "" };
                    let tenon = format!("{word}(#0.{}{value})", field.inverse);
                    let sql = format!("(SELECT {fold} FROM {table} WHERE {} = #0)", field.name);
                    Expr::of(INT, tenon, sql, [host])
                }
                None => self.int(d),
            },
            _ => {
                let query = self.column_of(d, |this, depth| this.int(depth));
                Expr::over(INT, "sum(#0)", "(SELECT COALESCE(SUM(#c0), 0) FROM (#0))", [], query)
            }
        }
    }

    /// A call of a declared function.
    fn called(&mut self, depth: usize) -> Expr {
        let Some(row) = self.path(|ty| matches!(ty, Ty { base: Base::Row(_), optional: false })) else {
            return self.int(depth);
        };
        let Base::Row(relation) = row.ty.base else { return self.int(depth) };
        let name = self.schema.relations[relation].name.clone();
        let field = |f: &str| format!("(SELECT {f} FROM {name} WHERE id = #0)");
        match self.below(3) {
            0 => Expr::of(INT, format!("twice_{name}(#0)"), format!("({0} + {0})", field("n")), [row]),
            1 => {
                let k = self.int(0);
                let m = format!("COALESCE({}, 0)", field("o"));
                let sql = format!("(CASE WHEN {m} > #1 THEN {m} ELSE {m} + #1 END)");
                Expr::of(INT, format!("more_{name}(#0, #1)"), sql, [row, k])
            }
            _ => {
                let all = self.schema.inverses(&name);
                let Some((r, f)) = all.get(self.below(all.len().max(1))).copied() else { return self.int(depth) };
                let (table, field) = (&self.schema.relations[r].name, &self.schema.relations[r].fields[f]);
                let sql = format!("(SELECT COUNT(*) FROM {table} WHERE {} = #0)", field.name);
                Expr::of(INT, format!("n_{}(#0)", field.inverse), sql, [row])
            }
        }
    }

    /// A query of plain values; `ordered`: with an order.
    fn column(&mut self, depth: usize, ordered: bool) -> Query {
        let field = self.chance(60);
        self.query_of(depth, ordered, |this, depth| {
            let found = if field { this.field() } else { None };
            found.unwrap_or_else(|| this.int(depth))
        })
    }

    fn column_of(&mut self, depth: usize, value: impl FnOnce(&mut Self, usize) -> Expr) -> Query {
        self.query_of(depth, false, value)
    }

    fn query_of(&mut self, depth: usize, ordered: bool, value: impl FnOnce(&mut Self, usize) -> Expr) -> Query {
        let scope = self.scope.clone();
        self.nested += 1;
        let (mut stages, own) = self.rows(0, 1);
        if ordered || self.chance(20) {
            let by = self.keys(own, 0);
            stages.push(Stage::Order(by));
            if self.chance(30) {
                let n = self.bound(4);
                stages.push(Stage::Limit(n, None));
            }
        }
        let value = value(self, depth.min(1));
        let name = self.name("c");
        stages.push(Stage::Select { fields: vec![(name, value)], record: false, distinct: false });
        self.nested -= 1;
        self.scope = scope;
        Query { stages }
    }

    /// A condition.
    pub(super) fn condition(&mut self, depth: usize) -> Expr {
        if depth > 0 && self.chance(28) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.below(5) {
                0 => Expr::of(BOOL, "(not #0)", "(NOT #0)", [a]),
                1 | 2 => Expr::of(BOOL, "(#0 and #1)", "(#0 AND #1)", [a, b]),
                3 => Expr::of(BOOL, "(#0 or #1)", "(#0 OR #1)", [a, b]),
                _ => Expr::of(BOOL, "(#0 implies #1)", "(NOT #0 OR #1)", [a, b]),
            };
        }
        match self.below(16) {
            0..4 => self.compared(depth),
            4 | 5 => self.maybe_none(),
            6 => {
                let Some(a) = self.field() else { return self.compared(depth) };
                let ty = a.ty;
                let b = self.path(|t| t.base == ty.base).unwrap_or_else(|| a.clone());
                self.same(a, b)
            }
            7 => {
                let Some(a) = self.path(|ty| matches!(ty.base, Base::Row(_))) else { return self.compared(depth) };
                let base = a.ty.base;
                let b = self.path(|t| t.base == base).unwrap_or_else(|| a.clone());
                self.same(a, b)
            }
            8 => self.path(|ty| ty == BOOL).unwrap_or_else(|| self.compared(depth)),
            9 => self.words(),
            10..13 => self.member(depth),
            _ if self.nested >= 2 => self.compared(depth),
            13 | 14 => {
                let query = self.column(depth.saturating_sub(1), false);
                Expr::over(BOOL, "exists(#0)", "EXISTS (SELECT 1 FROM (#0))", [], query)
            }
            _ => self.quantified(depth),
        }
    }

    fn same(&mut self, a: Expr, b: Expr) -> Expr {
        match self.chance(70) {
            true => Expr::of(BOOL, "(#0 == #1)", "(#0 IS #1)", [a, b]),
            false => Expr::of(BOOL, "(#0 != #1)", "(#0 IS NOT #1)", [a, b]),
        }
    }

    fn compared(&mut self, depth: usize) -> Expr {
        let sign = self.pick(&["<", "<=", ">", ">=", "==", "!="]);
        let d = depth.saturating_sub(1);
        let (a, b) = match self.below(5) {
            0 => match self.path(|ty| ty == Base::Decimal.there()) {
                Some(a) => (a, self.decimal(d)),
                None => (self.int(depth), self.int(d)),
            },
            1 => match self.path(|ty| ty == Base::Date.there()) {
                Some(a) => {
                    let n = self.below(28);
                    let day = Expr::plain(a.ty, format!("@2026-02-{:02}", n + 1), (20_485 + n).to_string());
                    (a, if self.chance(50) { day } else { Expr::plain(Base::Date.there(), "day", "$day") })
                }
                None => (self.int(depth), self.int(d)),
            },
            _ => (self.int(depth), self.int(d)),
        };
        Expr::of(BOOL, format!("(#0 {sign} #1)"), format!("(#0 {sign} #1)"), [a, b])
    }

    /// A test of something that may be none, and of its value where it is not.
    fn maybe_none(&mut self) -> Expr {
        let a = self.optional(0);
        match self.below(4) {
            0 => Expr::of(BOOL, "(#0 == none)", "(#0 IS NULL)", [a]),
            1 => Expr::of(BOOL, "(#0 != none)", "(#0 IS NOT NULL)", [a]),
            // Only what is read from something that is there is known by a test.
            _ if a.ty.base != Base::Int || a.tenon.contains('?') || !a.parts.is_empty() => {
                Expr::of(BOOL, "(#0 != none)", "(#0 IS NOT NULL)", [a])
            }
            2 => {
                let b = self.int(0);
                Expr::of(BOOL, "(#0 != none and #0 < #1)", "(#0 IS NOT NULL AND #0 < #1)", [a, b])
            }
            _ => {
                let b = self.int(0);
                Expr::of(BOOL, "(#0 == none or #0 >= #1)", "(#0 IS NULL OR #0 >= #1)", [a, b])
            }
        }
    }

    fn words(&mut self) -> Expr {
        let Some(a) = self.path(|ty| ty == Base::Text.there()) else { return self.compared(0) };
        let word = self.pick(&["", "a", "ab", "b", "blåbær"]);
        match self.below(4) {
            0 => Expr::of(BOOL, format!("#0.contains(\"{word}\")"), format!("(INSTR(#0, '{word}') > 0)"), [a]),
            1 => {
                let sql = format!("(SUBSTR(#0, 1, LENGTH('{word}')) = '{word}')");
                Expr::of(BOOL, format!("#0.starts_with(\"{word}\")"), sql, [a])
            }
            _ => {
                let sign = self.pick(&["<", ">=", "==", "!="]);
                Expr::of(BOOL, format!("(#0 {sign} \"{word}\")"), format!("(#0 {sign} '{word}')"), [a])
            }
        }
    }

    /// Whether a value is among others.
    fn member(&mut self, depth: usize) -> Expr {
        let not = self.chance(30);
        let (within, no) = if not { ("not in", "NOT ") } else { ("in", "") };
        let among = |list: &str| format!("({no}EXISTS (SELECT 1 FROM json_each({list}) WHERE value IS #0))");
        let depth_of = usize::from(self.chance(20));
        let a = self.int(depth_of);
        match self.below(6) {
            0 => Expr::of(BOOL, format!("(#0 {within} ks)"), among("$ks"), [a]),
            1 => Expr::of(BOOL, format!("(#0 {within} js)"), among("$js"), [a]),
            2 => match self.path(|ty| ty == Base::Text.there()) {
                Some(t) => Expr::of(BOOL, format!("(#0 {within} ws)"), among("$ws"), [t]),
                None => Expr::of(BOOL, format!("(#0 {within} [1, 3, 4])"), among("'[1,3,4]'"), [a]),
            },
            3 => match self.list() {
                Some(list) => Expr::of(BOOL, format!("(#0 {within} #1)"), among("#1"), [a, list]),
                None => Expr::of(BOOL, format!("(#0 {within} [0, 2])"), among("'[0,2]'"), [a]),
            },
            _ if self.nested >= 2 => Expr::of(BOOL, format!("(#0 {within} [2, 5])"), among("'[2,5]'"), [a]),
            _ => {
                let query = self.column_of(depth.saturating_sub(1), |this, depth| this.int(depth));
                let sql = format!("({no}EXISTS (SELECT 1 FROM (#1) WHERE #c1 IS #0))");
                Expr::over(BOOL, format!("(#0 {within} (#1))"), sql, [a], query)
            }
        }
    }

    /// `some` or `every`.
    fn quantified(&mut self, depth: usize) -> Expr {
        let scope = self.scope.clone();
        self.nested += 1;
        let source = match self.way_back(false) {
            Some((host, r, f)) if self.chance(70) => Source::Inverse(r, f, host),
            _ => Source::Relation(self.below(self.schema.relations.len())),
        };
        let name = self.name("v");
        let kind = self.kind(&source, false);
        self.scope.push(Local { name: name.clone(), kind });
        let condition = self.condition(depth.saturating_sub(1));
        self.nested -= 1;
        self.scope = scope;
        let query = Query { stages: vec![Stage::From { name, source }, Stage::Where(condition)] };
        match self.chance(50) {
            true => {
                let sql = "EXISTS (SELECT 1 FROM (#f0) WHERE #w0)";
                Expr::over(BOOL, "(some #s0 satisfies #w0)", sql, [], query)
            }
            false => {
                let sql = "(NOT EXISTS (SELECT 1 FROM (#f0) WHERE NOT #w0))";
                Expr::over(BOOL, "(every #s0 satisfies #w0)", sql, [], query)
            }
        }
    }
}

/// The type of the values of a query.
fn ty_of(query: &Query) -> Ty {
    match query.stages.last() {
        Some(Stage::Select { fields, .. }) => fields[0].1.ty,
        _ => INT,
    }
}
