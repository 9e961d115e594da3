//! Expressions and conditions that nothing rests on.

use super::{Drawing, T};

impl Drawing<'_> {
    /// An expression whose value has the base of a type.
    pub(super) fn expr(&mut self, ty: T, depth: usize) -> String {
        if (depth == 0 || self.chance(40))
            && let Some(local) = self.local(|l| l.ty.base() == ty.base())
        {
            return local.name;
        }
        let d = depth.saturating_sub(1);
        match ty.base() {
            T::Int => self.int(depth),
            T::Bool => self.condition(d),
            T::Text => match self.below(4) {
                0 => format!("({} + \"b\")", self.expr(T::Text, 0)),
                1 => format!("{}[0..{}]", self.expr(T::Text, 0), self.below(3)),
                _ => self.pick(&["\"a\"", "\"ab\"", "\"\"", "\"abc\""]).to_owned(),
            },
            T::List => match self.below(4) {
                0 => format!("[{}]", self.expr(T::Int, d)),
                1 => format!("[{}, 1, {}]", self.expr(T::Int, 0), self.expr(T::Int, 0)),
                2 => format!("({} + [1])", self.expr(T::List, 0)),
                _ => format!("(0..{})", self.below(3)),
            },
            T::Set => match self.below(3) {
                0 => format!("[{}, {}]", self.expr(T::Int, 0), self.expr(T::Int, 0)),
                1 => "[1, 1]".to_owned(),
                _ => format!("[{}, 1, 2]", self.expr(T::Int, 0)),
            },
            T::Duration => match self.below(4) {
                0 => format!("({} - {})", self.expr(T::Date, 0), self.expr(T::Date, 0)),
                1 => format!("({} + {})", self.expr(T::Duration, 0), self.pick(&["1h", "-2h", "24h"])),
                2 => format!("({} * {})", self.expr(T::Duration, 0), self.below(3)),
                _ => self.pick(&["1h", "24h", "36h", "90min"]).to_owned(),
            },
            T::Date => match self.below(3) {
                0 => format!("({} + {})", self.expr(T::Date, 0), self.pick(&["24h", "36h", "1h", "-1h"])),
                1 => format!("({} - {})", self.expr(T::Date, 0), self.pick(&["24h", "36h", "1h"])),
                _ => self.pick(&["@2026-01-01", "@2026-01-03", "@2026-01-04"]).to_owned(),
            },
            T::Decimal => match self.below(3) {
                0 => format!("({} + {})", self.expr(T::Decimal, 0), self.pick(&["0.25", "1.00", "-0.50"])),
                1 => format!("({} - {})", self.expr(T::Decimal, 0), self.expr(T::Decimal, 0)),
                _ => self.pick(&["0.00", "0.25", "1.50"]).to_owned(),
            },
            T::OptInt => match self.below(3) {
                0 => "none".to_owned(),
                1 => "p.o".to_owned(),
                _ => self.expr(T::Int, 0),
            },
            T::V => match self.below(4) {
                0 => format!("A(n: {}, xs: [])", self.expr(T::Int, 0)),
                1 => format!("B(m: {}, t: \"b\")", self.below(3)),
                2 => "p.v".to_owned(),
                _ => "C".to_owned(),
            },
            T::State => self.pick(&["Open", "Paid", "Shut", "p.st"]).to_owned(),
            T::Pair => format!("(lo: {}, hi: {})", self.expr(T::Int, d), self.expr(T::Int, d)),
            T::Name => format!("(name: {}, n: {})", self.expr(T::Text, d), self.expr(T::Int, 0)),
            T::Row | T::Refined(_) => "p".to_owned(),
        }
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            return (self.below(6) as i64 - 1).to_string();
        }
        let d = depth - 1;
        match self.below(14) {
            0 | 1 => format!("({} + {})", self.expr(T::Int, d), self.expr(T::Int, d)),
            2 | 3 => format!("({} - {})", self.expr(T::Int, d), self.expr(T::Int, d)),
            4 => format!("({} * {})", self.expr(T::Int, d), self.below(4) as i64 - 1),
            5 => format!("({} div {})", self.expr(T::Int, d), self.below(3) + 1),
            6 => format!("({} mod {})", self.expr(T::Int, d), self.pick(&["1", "2", "3"])),
            7 => {
                let (word, a, b) = (self.pick(&["min", "max"]), self.expr(T::Int, d), self.expr(T::Int, d));
                format!("{word}({a}, {b})")
            }
            8 => {
                let (cond, a, b) = (self.condition(d), self.expr(T::Int, d), self.expr(T::Int, d));
                format!("(if {cond} {{ {a} }} else {{ {b} }})")
            }
            9 => format!("({} ?? {})", self.expr(T::OptInt, 0), self.expr(T::Int, 0)),
            10 => {
                let (x, list) = (self.name(), self.expr(T::List, 0));
                match self.below(3) {
                    0 => format!("count(from {x} in {list} where {x} != {})", self.below(3)),
                    1 => format!("sum(from {x} in {list} where {x} >= 1 select nat({x} - {}))", self.below(2)),
                    _ => format!("sum(from {x} in {list} where {x} > {} select {x} - 1)", self.below(3)),
                }
            }
            11 => {
                let (x, rule) = (self.name(), self.pick(&["o != none", "v is A", "n > 0", "st is not Shut", "m >= 2"]));
                let value = self.pick(&["#.o + 1", "#.v.n", "nat(#.n - 1)", "#.part.a", "nat(#.m - 2)", "#.n"]);
                format!("sum(from {x} in R where {x}.{rule} select {})", value.replace('#', &x))
            }
            12 => format!("({}).abs", self.local(|l| l.ty == T::Int).map_or("k".to_owned(), |l| l.name)),
            _ => format!("p.{}", self.pick(&["n", "m", "lo", "hi", "t.length", "part.a", "id"])),
        }
    }

    /// A condition.
    pub(super) fn condition(&mut self, depth: usize) -> String {
        if depth > 0 && self.chance(30) {
            let (a, b) = (self.condition(depth - 1), self.condition(depth - 1));
            return match self.below(4) {
                0 => format!("not ({a})"),
                1 => format!("({a}) and ({b})"),
                2 => format!("({a}) or ({b})"),
                _ => format!("({a}) implies ({b})"),
            };
        }
        match self.below(5) {
            0 => "p.o != none".to_owned(),
            1 => "p.v is A".to_owned(),
            _ => {
                let (a, b) = (self.expr(T::Int, 1), self.expr(T::Int, 0));
                format!("{a} {} {b}", self.pick(&["<", "<=", ">", ">=", "==", "!="]))
            }
        }
    }
}
