//! Draws queries.

mod expr;

use tenon_value::random::Random;

use super::{Base, Expr, Grouping, Key, Query, Schema, Source, Stage, Ty};

/// A name in sight.
#[derive(Clone, Debug)]
struct Local {
    name: String,
    kind: Kind,
}

/// What a name stands for.
#[derive(Clone, Debug)]
enum Kind {
    /// A row; of a left join, maybe none.
    Row { relation: usize, optional: bool },
    /// A value.
    Value(Ty),
    /// A record of another query.
    Record { fields: Vec<(String, Ty)>, optional: bool },
}

struct Drawing<'d> {
    random: &'d mut Random,
    schema: &'d Schema,
    /// Numbers of names.
    next: usize,
    /// What is in sight, those of enclosing queries first.
    scope: Vec<Local>,
    /// How many queries are being drawn inside each other.
    nested: usize,
}

/// Draws a query whose rows are records.
pub fn query(random: &mut Random, schema: &Schema) -> Query {
    Drawing { random, schema, next: 0, scope: Vec::new(), nested: 0 }.top()
}

impl Drawing<'_> {
    fn below(&mut self, n: usize) -> usize {
        self.random.below(n as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'x, X: ?Sized>(&mut self, of: &[&'x X]) -> &'x X {
        of[self.below(of.len())]
    }

    fn name(&mut self, begin: &str) -> String {
        self.next += 1;
        format!("{begin}{:03}", self.next)
    }

    fn top(&mut self) -> Query {
        let (mut stages, own) = self.rows(0, 3);
        let grouped = match self.below(10) {
            0..4 => false,
            4..8 => {
                self.group(&mut stages, own);
                true
            }
            _ => {
                let count = 1 + self.below(2);
                (0..count).for_each(|_| self.window(&mut stages));
                self.maybe_where(&mut stages, 40);
                false
            }
        };
        if !grouped && self.chance(15) {
            let fields = self.fields(1, 2, false);
            stages.push(Stage::Select { fields: fields.clone(), record: true, distinct: true });
            self.leave(&mut stages, fields, own);
            return Query { stages };
        }
        if self.chance(70) {
            let by = self.keys(own, 1);
            stages.push(Stage::Order(by));
        }
        if self.chance(35) {
            self.limit(&mut stages);
        }
        let nested = !grouped || self.chance(30);
        let fields = self.fields(2, 3, nested);
        stages.push(Stage::Select { fields: fields.clone(), record: true, distinct: false });
        if self.chance(15) {
            self.leave(&mut stages, fields, own);
        }
        Query { stages }
    }

    /// An order and a limit behind a `select`, which leaves only its names.
    fn leave(&mut self, stages: &mut Vec<Stage>, fields: Vec<(String, Expr)>, own: usize) {
        self.scope.truncate(own);
        let plain = fields.into_iter().filter(|(_, e)| e.ty.base != Base::List);
        self.scope.extend(plain.map(|(name, e)| Local { name, kind: Kind::Value(e.ty) }));
        if self.scope.len() > own && self.chance(60) {
            let at = own + self.below(self.scope.len() - own);
            let local = self.scope[at].clone();
            if let Kind::Value(ty) = local.kind {
                let value = Expr::plain(ty, &local.name, &local.name);
                let key = self.key(value);
                stages.push(Stage::Order(vec![key]));
            }
        }
        if self.chance(40) {
            self.limit(stages);
        }
    }

    /// Sources with what is between them; and where their names begin in the scope.
    fn rows(&mut self, least: usize, joins: usize) -> (Vec<Stage>, usize) {
        let own = self.scope.len();
        let mut stages = Vec::new();
        let (name, source) = (self.name("v"), self.source(own == 0, own));
        let kind = self.kind(&source, false);
        stages.push(Stage::From { name: name.clone(), source });
        self.scope.push(Local { name, kind });
        self.maybe_where(&mut stages, 45);
        let joins = least + self.below(joins + 1 - least);
        for _ in 0..joins {
            self.join(&mut stages, own);
            self.maybe_where(&mut stages, 30);
        }
        if self.chance(20) {
            let value = self.value(2);
            self.with(&mut stages, value);
            self.maybe_where(&mut stages, 40);
        }
        if self.chance(12) {
            if self.chance(70) {
                let by = self.keys(own, 0);
                stages.push(Stage::Order(by));
            }
            self.limit(&mut stages);
            self.maybe_where(&mut stages, 40);
        }
        (stages, own)
    }

    fn maybe_where(&mut self, stages: &mut Vec<Stage>, percent: usize) {
        if self.chance(percent) {
            let condition = self.condition(2);
            stages.push(Stage::Where(condition));
        }
    }

    fn with(&mut self, stages: &mut Vec<Stage>, value: Expr) {
        let (name, ty) = (self.name("w"), value.ty);
        stages.push(Stage::With(name.clone(), value));
        self.scope.push(Local { name, kind: Kind::Value(ty) });
    }

    /// A source; `closed`: it reads nothing in sight. A query reads no more than the first `outer` names.
    fn source(&mut self, closed: bool, outer: usize) -> Source {
        if self.nested < 2 && self.chance(12) {
            return Source::Query(Box::new(self.records(if closed { 0 } else { outer })));
        }
        if !closed && self.chance(50) {
            if self.chance(70)
                && let Some((host, r, f)) = self.way_back(true)
            {
                return Source::Inverse(r, f, host);
            }
            if let Some(list) = self.list() {
                return Source::Elements(list);
            }
        }
        if self.chance(6) {
            return Source::Elements(Expr::plain(Base::List.there(), "ks", "$ks"));
        }
        Source::Relation(self.below(self.schema.relations.len()))
    }

    /// A query of records that reads the first names in sight.
    fn records(&mut self, outer: usize) -> Query {
        let scope = self.scope.clone();
        self.scope.truncate(outer);
        self.nested += 1;
        let (mut stages, own) = self.rows(0, 1);
        if self.chance(40) {
            self.group(&mut stages, own);
        }
        let distinct = self.chance(15);
        if !distinct && self.chance(40) {
            let by = self.keys(own, 0);
            stages.push(Stage::Order(by));
            if self.chance(60) {
                self.limit(&mut stages);
            }
        }
        let fields = self.fields(1, 3, false);
        stages.push(Stage::Select { fields, record: true, distinct });
        self.nested -= 1;
        self.scope = scope;
        Query { stages }
    }

    /// What the rows of a source are.
    fn kind(&self, source: &Source, optional: bool) -> Kind {
        match source {
            Source::Relation(relation) | Source::Inverse(relation, ..) => Kind::Row { relation: *relation, optional },
            Source::Elements(_) => Kind::Value(Ty { base: Base::Int, optional }),
            Source::Query(q) => match q.stages.last() {
                Some(Stage::Select { fields, .. }) => {
                    let fields = fields.iter().map(|(name, e)| (name.clone(), e.ty)).collect();
                    Kind::Record { fields, optional }
                }
                _ => Kind::Value(Base::Int.there()),
            },
        }
    }

    fn join(&mut self, stages: &mut Vec<Stage>, own: usize) {
        let left = self.chance(45);
        // A source of a join sees the rows before it, as far as they are there; a query does not.
        let outer = self.scope.split_off(own);
        let there: Vec<Local> =
            outer.iter().filter(|l| matches!(l.kind, Kind::Row { optional: false, .. })).cloned().collect();
        let along = self.chance(40) && !there.is_empty();
        self.scope.extend(there);
        let source = self.source(!along, own);
        self.scope.truncate(own);
        self.scope.extend(outer);
        let name = self.name("v");
        let local = Local { name: name.clone(), kind: self.kind(&source, false) };
        let on = match source {
            Source::Inverse(..) => None,
            Source::Elements(ref list) if list.sql != "$ks" => None,
            _ => {
                self.scope.push(local);
                let on = self.link();
                self.scope.pop();
                Some(on)
            }
        };
        let kind = self.kind(&source, left);
        stages.push(Stage::Join { name: name.clone(), source, left, on });
        self.scope.push(Local { name, kind });
    }

    /// A condition between the last name and those before it, most often an equality.
    fn link(&mut self) -> Expr {
        let mut on = if self.chance(80) {
            let last = self.scope.last().cloned();
            let before = self.scope[..self.scope.len() - 1].to_vec();
            last.and_then(|last| self.equality(&last, &before)).unwrap_or_else(|| self.condition(1))
        } else {
            self.condition(1)
        };
        if self.chance(30) {
            let more = self.condition(1);
            let word = if self.chance(80) { "and" } else { "or" };
            on = Expr::of(Base::Bool.there(), format!("(#0 {word} #1)"), format!("(#0 {word} #1)"), [on, more]);
        }
        on
    }

    fn limit(&mut self, stages: &mut Vec<Stage>) {
        let n = self.bound(6);
        let offset = if self.chance(35) { Some(self.bound(3)) } else { None };
        stages.push(Stage::Limit(n, offset));
    }

    /// How many rows: the same for all rows of the query.
    fn bound(&mut self, most: usize) -> Expr {
        if self.chance(20) {
            return Expr::plain(Base::Int.there(), "k", "$k");
        }
        let n = self.below(most + 1).to_string();
        Expr::plain(Base::Int.there(), n.clone(), n)
    }

    fn keys(&mut self, own: usize, depth: usize) -> Vec<Key> {
        let count = 1 + self.below(2);
        let mut out = Vec::new();
        for _ in 0..count {
            // A constant is no key, so mostly fields of the query's own names.
            let inner = self.scope.split_off(own);
            let outer = std::mem::replace(&mut self.scope, inner);
            let value = if self.chance(60) { self.field() } else { None };
            self.scope.splice(0..0, outer);
            let value = value.unwrap_or_else(|| self.value(depth));
            out.push(self.key(value));
        }
        out
    }

    fn key(&mut self, value: Expr) -> Key {
        let none_first = value.ty.optional && self.chance(30);
        Key { name: self.name("k"), value, descending: self.chance(40), none_first }
    }

    fn fields(&mut self, depth: usize, most: usize, nested: bool) -> Vec<(String, Expr)> {
        let count = 1 + self.below(most);
        let mut out = Vec::new();
        for _ in 0..count.max(2) {
            let value =
                if nested && self.nested < 2 && self.chance(15) { self.collection() } else { self.value(depth) };
            out.push((self.name("c"), value));
        }
        out
    }

    /// The records of a nested query as a list.
    fn collection(&mut self) -> Expr {
        let scope = self.scope.clone();
        self.nested += 1;
        let (mut stages, own) = self.rows(0, 1);
        if self.chance(20) {
            self.group(&mut stages, own);
        }
        if self.chance(75) {
            let by = self.keys(own, 0);
            stages.push(Stage::Order(by));
        }
        if self.chance(40) {
            self.limit(&mut stages);
        }
        let fields = self.fields(1, 2, true);
        stages.push(Stage::Select { fields, record: true, distinct: false });
        self.nested -= 1;
        self.scope = scope;
        let sql = "(SELECT json_group_array(json(#r0) ORDER BY #o0) FROM (#0))";
        Expr::over(Base::List.there(), "(#0)", sql, [], Query { stages })
    }

    /// A grouping with aggregates; it leaves its keys and them.
    fn group(&mut self, stages: &mut Vec<Stage>, own: usize) {
        let (mut keys, mut left) = (Vec::new(), Vec::new());
        let rows: Vec<Local> = self.scope[own..].to_vec();
        if !self.chance(12) {
            for _ in 0..1 + self.below(2) {
                let row = rows[self.below(rows.len())].clone();
                match row.kind {
                    Kind::Row { relation, optional: false }
                        if self.chance(25) && !left.iter().any(|l: &Local| l.name == row.name) =>
                    {
                        keys.push(Grouping::Row(row.name.clone(), relation));
                        left.push(row);
                    }
                    _ => {
                        let value = if self.chance(75) { self.field() } else { None };
                        let value = value.unwrap_or_else(|| self.value(1));
                        let (name, ty) = (self.name("g"), value.ty);
                        keys.push(Grouping::Value(name.clone(), value));
                        left.push(Local { name, kind: Kind::Value(ty) });
                    }
                }
            }
        }
        let mut aggregates = Vec::new();
        for _ in 0..1 + self.below(3) {
            let value = self.aggregate(own, keys.is_empty());
            let (name, ty) = (self.name("a"), value.ty);
            aggregates.push((name.clone(), value));
            left.push(Local { name, kind: Kind::Value(ty) });
        }
        stages.push(Stage::Group { keys, aggregates });
        self.scope.truncate(own);
        self.scope.extend(left);
        self.maybe_where(stages, 35);
    }

    fn aggregate(&mut self, own: usize, all: bool) -> Expr {
        let rows: Vec<Local> = self.scope[own..].to_vec();
        let filter = if self.chance(30) { Some(self.condition(1)) } else { None };
        let finish = |ty: Ty, tenon: &str, sql: &str, argument: Option<Expr>, filter: Option<Expr>| {
            let with = if argument.is_some() { "#1" } else { "#0" };
            let (t, s) = match &filter {
                Some(_) => (format!(" where {with}"), format!(" FILTER (WHERE {with})")),
                None => Default::default(),
            };
            let (tenon, sql) = (tenon.replace('~', &t), sql.replace('~', &s));
            let parts = argument.into_iter().chain(filter).map(super::Part::Expr).collect();
            Expr { ty, tenon, sql, parts }
        };
        let int = Base::Int.there();
        match self.below(8) {
            0 => Expr::plain(int, "count()", "COUNT(*)"),
            1 => {
                let row = rows[self.below(rows.len())].clone();
                match row.kind {
                    Kind::Row { .. } => {
                        let (tenon, sql) =
                            (format!("count({}~)", row.name), format!("COUNT(DISTINCT {}_id)~", row.name));
                        finish(int, &tenon, &sql, None, filter)
                    }
                    _ => Expr::plain(int, "count()", "COUNT(*)"),
                }
            }
            2 | 3 => {
                let (word, value) = (self.pick(&["min", "max"]), self.number_or_text());
                let ty = Ty { optional: value.ty.optional || filter.is_some() || all, ..value.ty };
                let sql = format!("{}(#0)~", word.to_uppercase());
                finish(ty, &format!("{word}(#0~)"), &sql, Some(value), filter)
            }
            4 => {
                let value = self.field().unwrap_or_else(|| self.int(1));
                finish(int, "count(distinct #0~)", "COUNT(DISTINCT #0)~", Some(value), filter)
            }
            5 => {
                let (word, fold) = if self.chance(50) { ("any", "MAX") } else { ("all", "MIN") };
                let (value, none) = (self.condition(1), u8::from(word == "all"));
                let sql = format!("COALESCE({fold}(#0)~, {none})");
                finish(Base::Bool.there(), &format!("{word}(#0~)"), &sql, Some(value), filter)
            }
            _ => {
                // Each source is named, so that the grain is that of their combinations.
                let value = if self.chance(80) { self.int(1) } else { self.decimal(1) };
                let text = value.tenon(self.schema);
                let (mut tenon, mut sql) = ("#0".to_owned(), "#0".to_owned());
                for row in rows.iter().filter(|row| row.name.starts_with('v') && !text.contains(&row.name)) {
                    match row.kind {
                        Kind::Row { optional: false, .. } if value.ty == int => {
                            tenon.push_str(&format!(" + {}.id", row.name));
                            sql.push_str(&format!(" + {}_id", row.name));
                        }
                        _ => return Expr::plain(int, "count()", "COUNT(*)"),
                    }
                }
                finish(value.ty, &format!("sum({tenon}~)"), &format!("COALESCE(SUM({sql})~, 0)"), Some(value), filter)
            }
        }
    }

    fn window(&mut self, stages: &mut Vec<Stage>) {
        let own = 0;
        let partition = if self.chance(60) { self.field() } else { None };
        let order = self.keys(own, 0);
        let (int, frame) = (Base::Int.there(), Some((self.below(3) as u64, self.below(3) as u64)));
        let frame = if self.chance(50) { frame } else { None };
        let opt = |e: &Expr| Ty { optional: true, ..e.ty };
        let (value, frame, whole) = match self.below(6) {
            0 => (Expr::plain(int, "row_number()", "ROW_NUMBER() ~"), None, true),
            1 => (Expr::plain(int, "rank()", "RANK() ~"), None, false),
            2 => {
                let e = self.int(0);
                (Expr::of(int, "sum(#0)", "COALESCE(SUM(#0) ~, 0)", [e]), frame, frame.is_some())
            }
            3 => {
                let (word, e, n) = (self.pick(&["lag", "lead"]), self.number_or_text(), self.below(3));
                let sql = format!("{}(#0, {n}) ~", word.to_uppercase());
                (Expr::of(opt(&e), format!("{word}(#0, {n})"), sql, [e]), None, true)
            }
            4 => {
                let e = self.field().unwrap_or_else(|| self.int(0));
                (Expr::of(int, "count(#0)", "COUNT(#0) ~", [e]), frame, frame.is_some())
            }
            _ => {
                let (word, e) = (self.pick(&["min", "max"]), self.number_or_text());
                let sql = format!("{}(#0) ~", word.to_uppercase());
                (Expr::of(opt(&e), format!("{word}(#0)"), sql, [e]), frame, frame.is_some())
            }
        };
        let name = self.name("f");
        let ty = value.ty;
        stages.push(Stage::Window { name: name.clone(), value, partition, order, frame, whole });
        self.scope.push(Local { name, kind: Kind::Value(ty) });
    }
}
