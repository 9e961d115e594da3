//! Facts: conditions, and what may be done where they hold.

use super::{Drawing, REFINED, T};

/// What rests on a fact.
#[derive(Clone, Debug)]
pub(super) enum Use {
    /// A value belongs to a refined type.
    Belongs(String, T),
    /// An expression, an Int, has a value.
    Value(String),
    /// A row is changed so: its name, and what is set.
    Update(String, String),
}

/// A condition, its negation, what rests on it, and the names that both speak of.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub holds: String,
    pub fails: String,
    pub rests: Use,
    pub names: Vec<String>,
    /// The pattern that the subject has where the fact holds, for a `match`: subject and pattern.
    pub pattern: Option<(String, String)>,
}

/// The refined type of a name.
fn refined(name: &str) -> T {
    REFINED.iter().position(|(n, _)| *n == name).map_or(T::Int, T::Refined)
}

impl Drawing<'_> {
    /// A fact about something in sight.
    pub(super) fn fact(&mut self) -> Fact {
        let mut fact = match self.below(16) {
            0..5 => self.number(),
            5 | 6 => self.two_numbers(),
            7 | 8 => self.option(),
            9 | 10 => self.case(),
            11 => self.state(),
            12 | 13 => self.lengths(),
            14 => self.pair(),
            _ => self.times(),
        };
        // The same said otherwise, or more said than is needed.
        match self.below(8) {
            0 => fact.holds = format!("not ({})", fact.fails),
            1 => fact.fails = format!("not ({})", fact.holds),
            2 => {
                let other = self.condition(1);
                fact.holds = format!("({}) and ({other})", fact.holds);
                fact.fails = format!("({}) or ({other})", fact.fails);
            }
            3 => {
                let other = self.condition(1);
                fact.fails = format!("not (({other}) and ({}))", fact.holds);
                fact.holds = format!("({other}) and ({})", fact.holds);
            }
            4 => fact.fails = format!("({}) implies ({})", fact.holds, fact.fails),
            _ => {}
        }
        fact
    }

    fn about(&self, holds: String, fails: String, rests: Use, names: &[&str]) -> Fact {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Fact { holds, fails, rests, names, pattern: None }
    }

    /// Something that is an Int, and the name that it begins with; variables more often than not.
    fn subject(&mut self) -> (String, String) {
        let local = match self.below(4) {
            0 | 1 => self.local(|l| l.ty == T::Row),
            2 => self.local(|l| l.mutable && l.ty.base() == T::Int),
            _ => None,
        };
        let local = local.or_else(|| self.local(|l| l.ty.base() == T::Int));
        let Some(local) = local else { return ("k".to_owned(), "k".to_owned()) };
        if local.ty == T::Row {
            let field = self.pick(&["n", "n", "n", "n", "m", "lo", "hi", "part.a"]);
            return (format!("{}.{field}", local.name), local.name);
        }
        (local.name.clone(), local.name)
    }

    fn number(&mut self) -> Fact {
        let (s, name) = self.subject();
        let c = self.below(4) as i64;
        // Off by one, sometimes.
        let d = if self.chance(12) { c + 1 } else { c };
        let names = [name.as_str()];
        if self.chance(60)
            && let Some((row, "n" | "m" | "part.a")) = s.split_once('.')
        {
            let field = s.split_once('.').map_or("n", |(_, field)| field);
            let rests = Use::Update(row.to_owned(), format!("{field} -= {d}"));
            return self.about(format!("{s} >= {c}"), format!("{s} < {c}"), rests, &names);
        }
        match self.below(7) {
            0 => {
                let rests = Use::Belongs(format!("({s} - {d})"), refined("Nat"));
                self.about(format!("{s} >= {c}"), format!("{s} < {c}"), rests, &names)
            }
            1 => {
                let rests = Use::Belongs(format!("({s} - {d})"), refined("Pos"));
                self.about(format!("{c} < {s}"), format!("{c} >= {s}"), rests, &names)
            }
            2 => {
                let rests = Use::Belongs(s.clone(), refined("Small"));
                self.about(format!("{s} in -2..={d}"), format!("{s} not in -2..={d}"), rests, &names)
            }
            3 => {
                let rests = Use::Belongs(format!("(3 - {s})"), refined("Nat"));
                self.about(format!("{s} <= {}", 3 - (d - c)), format!("{s} > {}", 3 - (d - c)), rests, &names)
            }
            4 => {
                let rests = Use::Belongs(s.clone(), refined(self.random_name(&["Nat", "Small", "Odd", "Pos"])));
                self.about(format!("{s} == {c}"), format!("{s} != {c}"), rests, &names)
            }
            5 => {
                let rests = Use::Belongs(format!("({s} * {d} + 1)"), refined("Pos"));
                self.about(format!("{s} >= 0"), format!("{s} < 0"), rests, &names)
            }
            _ => {
                let rests = Use::Belongs(s.clone(), refined("Nat"));
                self.about(format!("{s} >= 0"), format!("{s} < 0"), rests, &names)
            }
        }
    }

    fn random_name(&mut self, names: &[&'static str]) -> &'static str {
        names[self.below(names.len())]
    }

    fn two_numbers(&mut self) -> Fact {
        let ((a, x), (b, y)) = (self.subject(), self.subject());
        let names = [x.as_str(), y.as_str()];
        match self.below(4) {
            0 => {
                let rests = Use::Belongs(format!("({a} - {b})"), refined("Nat"));
                self.about(format!("{a} >= {b}"), format!("{a} < {b}"), rests, &names)
            }
            1 => {
                let rests = Use::Belongs(format!("({b} - {a})"), refined("Pos"));
                self.about(format!("{a} < {b}"), format!("{a} >= {b}"), rests, &names)
            }
            2 => {
                let rests = Use::Belongs(format!("(lo: {a}, hi: {b})"), refined("Ordered"));
                self.about(format!("{a} <= {b}"), format!("{a} > {b}"), rests, &names)
            }
            _ => match a.split_once('.') {
                Some((row, field @ ("n" | "part.a"))) => {
                    let rests = Use::Update(row.to_owned(), format!("{field} -= {b}"));
                    self.about(format!("{a} >= {b}"), format!("{a} < {b}"), rests, &names)
                }
                _ => {
                    let rests = Use::Update("p".to_owned(), format!("n = {a} - {b}"));
                    self.about(format!("{a} >= {b}"), format!("{a} < {b}"), rests, &names)
                }
            },
        }
    }

    fn option(&mut self) -> Fact {
        let local = self.local(|l| matches!(l.ty, T::OptInt | T::Row));
        let (o, name) = match local {
            Some(row) if row.ty == T::Row => {
                (format!("{}.{}", row.name, self.pick(&["o", "part.b", "next"])), row.name)
            }
            Some(local) => (local.name.clone(), local.name),
            None => ("p.o".to_owned(), "p".to_owned()),
        };
        let names = [name.as_str()];
        if o.ends_with("next") {
            let rests = Use::Value(format!("{o}.n"));
            return self.about(format!("{o} != none"), format!("{o} == none"), rests, &names);
        }
        let rests = Use::Value(format!("({o} + 1)"));
        let mut fact = if self.chance(25) {
            let c = self.below(3);
            self.about(format!("{o} == {c}"), format!("{o} != {c}"), rests, &names)
        } else {
            self.about(format!("{o} != none"), format!("{o} == none"), rests, &names)
        };
        fact.pattern = Some((o, "none".to_owned()));
        fact
    }

    fn case(&mut self) -> Fact {
        let local = self.local(|l| matches!(l.ty, T::V | T::Row));
        let (v, name) = match local {
            Some(local) if local.ty == T::V => (local.name.clone(), local.name),
            Some(row) => (format!("{}.v", row.name), row.name),
            None => ("p.v".to_owned(), "p".to_owned()),
        };
        let (case, field) =
            if self.chance(60) { ("A", self.pick(&["n", "xs.length"])) } else { ("B", self.pick(&["m", "t.length"])) };
        let rests = match field {
            "m" => Use::Belongs(format!("{v}.m"), refined("Nat")),
            field => Use::Value(format!("{v}.{field}")),
        };
        let names = [name.as_str()];
        let mut fact = if self.chance(20) {
            let other = if case == "A" { "B" } else { "A" };
            self.about(format!("{v} is not {other} and {v} is not C"), format!("{v} is {other} | C"), rests, &names)
        } else {
            self.about(format!("{v} is {case}"), format!("{v} is not {case}"), rests, &names)
        };
        fact.pattern = Some((v, case.to_owned()));
        fact
    }

    fn state(&mut self) -> Fact {
        let row = self.local(|l| l.ty == T::Row).map_or("p".to_owned(), |row| row.name);
        let (from, to) = match self.below(3) {
            0 => ("Open", "Paid"),
            1 => ("Paid", "Shut"),
            _ => ("Open | Paid", "Paid"),
        };
        let rests = Use::Update(row.clone(), format!("st = {to}"));
        let mut fact = self.about(format!("{row}.st is {from}"), format!("not ({row}.st is {from})"), rests, &[&row]);
        if !from.contains('|') {
            fact.fails = format!("{row}.st is not {from}");
        }
        fact.pattern = Some((format!("{row}.st"), from.to_owned()));
        fact
    }

    fn lengths(&mut self) -> Fact {
        let local = self.local(|l| matches!(l.ty.base(), T::Text | T::List | T::Set | T::Name));
        let Some(local) = local else { return self.number() };
        let (x, off) = (local.name, self.chance(12));
        let names = [x.as_str()];
        let rests = |name: &str| Use::Belongs(x.clone(), refined(name));
        match local.ty.base() {
            T::Text if self.chance(70) => {
                let high = if off { 4 } else { 3 };
                let holds = format!("{x}.length >= 1 and {x}.length <= {high}");
                self.about(holds, format!("{x}.length == 0 or {x}.length > {high}"), rests("Short"), &names)
            }
            T::Text => self.about(format!("{x} == \"ab\""), format!("{x} != \"ab\""), rests("Word"), &names),
            T::List if self.chance(40) => {
                let high = if off { 3 } else { 2 };
                self.about(format!("{x}.length <= {high}"), format!("{x}.length > {high}"), rests("Few"), &names)
            }
            T::List if self.chance(70) => {
                self.about(format!("{x}.length > 0"), format!("{x}.length == 0"), rests("Some"), &names)
            }
            T::List => {
                let sum = format!("sum(from each in {x} select each)");
                self.about(format!("{sum} >= 0"), format!("{sum} < 0"), rests("Sum"), &names)
            }
            T::Set => self.about(format!("{x}.length >= 2"), format!("{x}.length < 2"), rests("Two"), &names),
            _ => {
                let other = self
                    .local(|l| l.ty.base() == T::Name)
                    .filter(|_| self.random.below(2) == 0)
                    .map_or(x.clone(), |l| l.name);
                let path = format!("{other}.name.length");
                self.about(format!("{path} >= 2"), format!("{path} < 2"), rests("Named"), &names)
            }
        }
    }

    fn pair(&mut self) -> Fact {
        let Some(local) = self.local(|l| l.ty.base() == T::Pair) else { return self.two_numbers() };
        let x = local.name;
        let value = self.local(|l| l.ty.base() == T::Pair).filter(|_| self.random.below(8) == 0);
        let rests = Use::Belongs(value.map_or(x.clone(), |l| l.name), refined("Ordered"));
        self.about(format!("{x}.lo <= {x}.hi"), format!("{x}.lo > {x}.hi"), rests, &[&x])
    }

    fn times(&mut self) -> Fact {
        let local = self.local(|l| matches!(l.ty.base(), T::Date | T::Duration | T::Decimal));
        let Some(local) = local else { return self.number() };
        let x = local.name;
        let names = [x.as_str()];
        match local.ty.base() {
            T::Date if self.chance(50) => {
                let (low, moved) = [
                    ("@2026-01-03", format!("({x} + 1h)")),
                    ("@2026-01-03", x.clone()),
                    ("@2026-01-02", format!("({x} + 24h)")),
                    ("@2026-01-02", format!("({x} + 36h)")),
                    ("@2026-01-03", format!("({x} - 1h)")),
                    ("@2026-01-04", format!("({x} - 36h)")),
                ][self.below(6)]
                .clone();
                self.about(
                    format!("{x} >= {low}"),
                    format!("{x} < {low}"),
                    Use::Belongs(moved, refined("Late")),
                    &names,
                )
            }
            T::Date => {
                let y = self.local(|l| l.ty.base() == T::Date).map_or("p.day".to_owned(), |l| l.name);
                let y = if y == x { "p.day".to_owned() } else { y };
                let difference = format!("({x} - {y})");
                match self.below(4) {
                    0 => {
                        let rests = Use::Belongs(difference.clone(), refined("Long"));
                        self.about(format!("{difference} >= 24h"), format!("{difference} < 24h"), rests, &names)
                    }
                    1 => {
                        let rests = Use::Belongs(difference, refined("Long"));
                        self.about(format!("{x} > {y}"), format!("{x} <= {y}"), rests, &names)
                    }
                    _ => {
                        let rests = Use::Belongs(difference.clone(), refined("Span"));
                        self.about(format!("{x} <= {y}"), format!("{x} > {y}"), rests, &names)
                    }
                }
            }
            T::Duration => match self.below(3) {
                0 => {
                    let rests = Use::Belongs(format!("({x} - 1h)"), refined("Span"));
                    self.about(format!("{x} <= 25h"), format!("{x} > 25h"), rests, &names)
                }
                1 => {
                    let rests = Use::Belongs(format!("({x} * 2)"), refined("Long"));
                    self.about(format!("{x} >= 12h"), format!("{x} < 12h"), rests, &names)
                }
                _ => {
                    let rests = Use::Belongs(x.clone(), refined("Span"));
                    self.about(format!("{x} <= 24h"), format!("{x} > 24h"), rests, &names)
                }
            },
            _ => {
                let (less, c) = [("0.25", "0.25"), ("0.25", "0.50"), ("0.00", "0.00")][self.below(3)];
                let rests = Use::Belongs(format!("({x} - {c})"), refined("Money"));
                self.about(format!("{x} >= {less}"), format!("{x} < {less}"), rests, &names)
            }
        }
    }
}
