//! Shapes: ways to come to know a fact and to rely on it.

use super::fact::{Fact, Use};
use super::{Drawing, Local, T};

impl Drawing<'_> {
    /// A fact, how it becomes known, what happens then, and what rests on it.
    pub(super) fn shape(&mut self, depth: usize) {
        let fact = self.fact();
        match self.below(20) {
            0..4 => {
                self.leave_unless(&fact);
                self.in_between(&fact);
                self.rely(&fact);
            }
            4..7 => self.inside(&fact),
            7 | 8 => self.other_side_leaves(&fact),
            9 => {
                // Known at the head of a loop, for its first round.
                self.leave_unless(&fact);
                let head = format!("for {} in 0..2", self.name());
                self.block(&head, |s| {
                    s.rely(&fact);
                    s.in_between(&fact);
                });
                self.rely(&fact);
            }
            10 => self.while_it_holds(&fact),
            11 | 12 => self.matched(&fact),
            13 | 14 => self.in_function_value(&fact),
            15 => {
                // Only inside; relied on behind.
                let head = format!("if {}", fact.holds);
                self.block(&head, |s| s.in_between(&fact));
                self.rely(&fact);
            }
            16 => self.in_expression(&fact),
            17 => {
                let (head, leave) = (format!("for {} in 0..2", self.name()), self.pick(&["continue", "break"]));
                self.block(&head, |s| {
                    s.line(&format!("if {} {{ {leave} }}", fact.fails));
                    s.in_between(&fact);
                    s.rely(&fact);
                    s.in_between(&fact);
                });
            }
            18 => {
                self.line(&format!("assert {}", fact.holds));
                self.in_between(&fact);
                self.rely(&fact);
            }
            _ => self.bound(),
        }
        if depth > 0 && self.chance(35) {
            let cond = self.condition(1);
            if self.chance(50) {
                self.block(&format!("if {cond}"), |s| s.shape(depth - 1));
            } else {
                self.shape(depth - 1);
            }
            self.rely(&fact);
        }
    }

    /// How a guard leaves.
    fn way_out(&mut self) -> String {
        match self.below(4) {
            0 => "fail Conflict(\"no\")".to_owned(),
            _ if self.lambdas > 0 => "fail NotFound(\"no\")".to_owned(),
            _ => format!("return {}", self.expr(T::Int, 0)),
        }
    }

    fn leave_unless(&mut self, fact: &Fact) {
        let out = self.way_out();
        self.line(&format!("if {} {{ {out} }}", fact.fails));
    }

    fn inside(&mut self, fact: &Fact) {
        self.block(&format!("if {}", fact.holds), |s| {
            s.in_between(fact);
            s.rely(fact);
            if s.chance(40) {
                s.in_between(fact);
                s.rely(fact);
            }
        });
        if self.chance(30) {
            self.block(&format!("if {}", fact.fails), |s| s.in_between(fact));
            self.rely(fact);
        }
    }

    /// One branch goes on, perhaps after it has ended the fact.
    fn other_side_leaves(&mut self, fact: &Fact) {
        let (out, first) = (self.way_out(), self.chance(50));
        self.line(&format!("if {} {{", if first { &fact.holds } else { &fact.fails }));
        self.scoped(|s| if first { s.in_between(fact) } else { s.line(&out) });
        self.line("} else {");
        self.scoped(|s| if first { s.line(&out) } else { s.in_between(fact) });
        self.line("}");
        self.rely(fact);
    }

    fn while_it_holds(&mut self, fact: &Fact) {
        let counter = self.name();
        self.line(&format!("var {counter} = 0"));
        self.block(&format!("while {counter} < 3 and ({})", fact.holds), |s| {
            s.line(&format!("{counter} += 1"));
            s.rely(fact);
            s.in_between(fact);
            if s.chance(40) {
                s.rely(fact);
            }
        });
        if self.chance(30) {
            self.rely(fact);
        }
    }

    fn matched(&mut self, fact: &Fact) {
        let Some((subject, pattern)) = fact.pattern.clone() else { return self.inside(fact) };
        let (name, guard) = (self.name(), self.chance(15).then(|| self.condition(1)));
        let guard = guard.map_or_else(String::new, |cond| format!(" if {cond}"));
        let present = pattern == "none";
        let taken = if present { name } else { pattern };
        self.line(&format!("match {subject} {{"));
        self.indent += 1;
        // `none` first, so that what is left is there; the case first, as people write it.
        if present {
            self.other_arm(fact, &format!("none{guard}"));
        }
        self.block(&format!("{taken}{} =>", if present { "" } else { &guard }), |s| {
            s.in_between(fact);
            s.rely(fact);
        });
        if !present {
            self.other_arm(fact, "_");
        }
        self.indent -= 1;
        self.line("}");
        self.rely(fact);
    }

    fn other_arm(&mut self, fact: &Fact, pattern: &str) {
        let (leaves, out) = (self.chance(30), self.way_out());
        self.block(&format!("{pattern} =>"), |s| if leaves { s.line(&out) } else { s.in_between(fact) });
    }

    fn in_function_value(&mut self, fact: &Fact) {
        let (name, arg, called) = (self.name(), self.name(), self.name());
        self.leave_unless(fact);
        self.lambdas += 1;
        self.block(&format!("let {name} = {arg} =>"), |s| {
            s.locals.push(Local { name: arg.clone(), ty: T::Int, mutable: false });
            if s.chance(30) {
                s.leave_unless(fact);
            }
            s.rely(fact);
            s.in_between(fact);
            s.line(&arg);
        });
        self.lambdas -= 1;
        self.in_between(fact);
        if self.chance(50) {
            self.rely(fact);
        }
        let value = self.expr(T::Int, 0);
        let call = match self.below(3) {
            0 => format!("{name}({value})"),
            1 => format!("twice({name}, {value})"),
            _ => format!("each({}, {name})", self.expr(T::List, 0)),
        };
        self.line(&format!("let {called} = {call}"));
        self.rely(fact);
    }

    fn in_expression(&mut self, fact: &Fact) {
        let name = self.name();
        let value = match &fact.rests {
            Use::Value(text) => text.clone(),
            Use::Belongs(text, T::Refined(0)) => format!("nat({text})"),
            _ => return self.inside(fact),
        };
        let other = self.expr(T::Int, 0);
        let drawn = match self.below(5) {
            0 => format!("if {} {{ {value} }} else {{ {other} }}", fact.holds),
            1 => format!("if {} {{ {other} }} else {{ {value} }}", fact.fails),
            2 => format!("if ({}) and {value} > {other} {{ {value} }} else {{ 1 }}", fact.holds),
            3 => format!("if ({}) or {value} > {other} {{ 2 }} else {{ {value} }}", fact.fails),
            _ => format!("if ({}) implies {value} > {other} {{ 2 }} else {{ {value} }}", fact.holds),
        };
        self.line(&format!("let {name} = {drawn}"));
        self.locals.push(Local { name, ty: T::Int, mutable: false });
    }

    /// A pattern that may not match, a value that may be missing.
    fn bound(&mut self) {
        let (name, out) = (self.name(), self.way_out());
        match self.below(4) {
            0 => {
                let option = self.expr(T::OptInt, 0);
                self.line(&format!("let {name} = ({option}) else {{ {out} }}"));
                self.locals.push(Local { name, ty: T::Int, mutable: false });
            }
            1 => {
                let value = self.expr(T::V, 0);
                self.line(&format!("let B({name}, _) = {value} else {{ {out} }}"));
                self.locals.push(Local { name, ty: T::Refined(0), mutable: false });
            }
            2 => {
                let head = format!("if let {name} = {}", self.expr(T::OptInt, 0));
                self.block(&head, |s| {
                    s.locals.push(Local { name, ty: T::Int, mutable: false });
                    s.shape(0);
                });
            }
            _ => {
                let source = self.pick(&["R", "(from r in R where r.n > 0 select r)", "p.next"]);
                let head = if source == "p.next" {
                    format!("if let {name} = p.next")
                } else {
                    format!("for {name} in {source}")
                };
                self.block(&head, |s| {
                    s.locals.push(Local { name, ty: T::Row, mutable: false });
                    s.shape(0);
                });
            }
        }
    }

    /// Does what rests on a fact.
    fn rely(&mut self, fact: &Fact) {
        let name = self.name();
        match &fact.rests {
            Use::Value(text) => match self.local(|l| l.mutable && l.ty == T::Int).filter(|_| self.random.below(4) == 0)
            {
                Some(local) => self.line(&format!("{} = {text}", local.name)),
                None => {
                    self.line(&format!("let {name} = {text}"));
                    self.locals.push(Local { name, ty: T::Int, mutable: false });
                }
            },
            Use::Belongs(text, ty) => match self.below(8) {
                0 if *ty == T::Refined(0) => self.line(&format!("let {name} = nat({text})")),
                1 if *ty == T::Refined(0) => self.line(&format!("update p set n = {text}")),
                2 if *ty == T::Refined(0) => self.line(&format!("let {name}: V = B(m: {text}, t: \"\")")),
                3 => self.line(&format!("let {name}: [{}] = [{text}]", ty.name())),
                4 => self.line(&format!("let {name}: {}? = {text}", ty.name())),
                5 => self.line(&format!("let {name}: (x: {}, y: Int) = (x: {text}, y: 1)", ty.name())),
                _ => {
                    let word = if self.chance(25) { "var" } else { "let" };
                    self.line(&format!("{word} {name}: {} = {text}", ty.name()));
                    self.locals.push(Local { name, ty: *ty, mutable: word == "var" });
                }
            },
            Use::Update(row, set) => {
                let mutable = self.locals.iter().any(|l| l.name == *row && l.mutable);
                let again = if mutable && self.chance(50) { format!("{row} = ") } else { String::new() };
                self.line(&format!("{again}update {row} set {set}"));
            }
        }
    }

    /// Nothing, something that has nothing to do with it, or something that may end a fact.
    fn in_between(&mut self, fact: &Fact) {
        match self.below(10) {
            0..4 => {}
            4 => {
                let (name, ty) = (self.name(), [T::Int, T::OptInt, T::V, T::List, T::Date][self.below(5)]);
                let value = self.expr(ty, 1);
                self.line(&format!("var {name}: {} = {value}", ty.name()));
                self.locals.push(Local { name, ty, mutable: true });
            }
            5 => {
                let Some(local) = self.local(|l| l.mutable && l.ty != T::Row) else { return };
                let value = self.expr(local.ty, 1);
                self.line(&format!("{} = {value}", local.name));
            }
            _ => self.spoil(fact),
        }
    }

    /// Changes what a fact speaks of, here or where it may run.
    fn spoil(&mut self, fact: &Fact) {
        let spoken = self.local(|l| (l.mutable || l.ty == T::Row) && fact.names.contains(&l.name));
        let Some(spoken) = spoken.or_else(|| self.local(|l| l.ty == T::Row)) else { return };
        let row = spoken.ty == T::Row && (!spoken.mutable || self.chance(60));
        let change = if row { self.change_of_row(&spoken.name) } else { self.change_of(&spoken) };
        let (a, b) = (self.name(), self.name());
        match self.below(9) {
            0 => {
                let cond = self.condition(0);
                self.line(&format!("if {cond} {{ {change} }}"));
            }
            1 => {
                let (cond, out) = (self.condition(0), self.way_out());
                self.line(&format!("if {cond} {{ {change} }} else {{ {out} }}"));
            }
            2 => self.line(&format!("for {a} in 0..2 {{ {change} }}")),
            3 if row => self.line(&format!("let {a} = twice({b} => {{ {change}; {b} }}, 1)")),
            4 if row => {
                self.line(&format!("let {a} = {b} => {{ {change}; {b} }}"));
                self.line(&format!("let {b} = {a}(1)"));
            }
            5 => self.line(&format!("match p.st {{ Open => {{ {change} }}; _ => {{ }} }}")),
            _ => self.line(&change),
        }
    }

    pub(super) fn change_of_row(&mut self, row: &str) -> String {
        // The row under another of its names, as often as not.
        let name =
            self.local(|l| l.ty == T::Row).filter(|_| self.random.below(2) == 0).map_or(row.to_owned(), |l| l.name);
        if self.chance(40)
            && let Some(writer) = self.writer.clone()
        {
            return format!("let {} = {writer}(1)", self.name());
        }
        match self.below(8) {
            0 => format!("drain({name})"),
            1 => format!("let {} = fall({name})", self.name()),
            2 => format!("update {name} set o = none, v = C"),
            3 => format!("update {name} set lo = 0, hi = 0, part = (a: 0, b: none)"),
            4 => format!("update {name} set m = 0, n = 0"),
            5 => "for r in R { update r set n = 0, o = none }".to_owned(),
            6 => format!("if {name}.st is Open {{ update {name} set st = Paid }}"),
            _ => format!("update {name} set n -= {}", self.below(3)),
        }
    }

    fn change_of(&mut self, local: &Local) -> String {
        let name = &local.name;
        match local.ty.base() {
            T::Row => format!("{name} = R[{}] else {{ {} }}", self.below(3), self.way_out()),
            T::Int => format!("{name} {}", self.pick(&["= -1", "= 0", "-= 1", "-= 3", "*= -1", "+= 5"])),
            T::OptInt => format!("{name} = none"),
            T::V => format!("{name} = {}", self.pick(&["C", "A(n: 7, xs: [])", "B(m: 1, t: \"\")"])),
            T::List => format!("{name} = {}", self.pick(&["[]", "[1, 2, 3, 4]", "[-5]"])),
            T::Set => format!("{name} = [1]"),
            T::Text => format!("{name} = {}", self.pick(&["\"\"", "\"abcde\""])),
            T::Date => format!("{name} = {}", self.pick(&["@2026-01-01", "@2025-12-31"])),
            T::Duration => format!("{name} = {}", self.pick(&["1h", "48h"])),
            T::Decimal => format!("{name} = -1.00"),
            T::Pair => format!("{name} = (lo: 5, hi: 1)"),
            T::Name => format!("{name} = (name: \"\", n: 0)"),
            ty => format!("{name} = {}", self.expr(ty, 1)),
        }
    }
}
