//! The plans of the program's queries, for whoever looks at one.
//!
//! Lowering and the choice of indexes look at the whole program, so they are done once per state of the program, when
//! somebody first asks; a snapshot keeps those of its state.

use crate::Analysis;
use std::sync::{Arc, OnceLock};
use tenon_check::program::{check_file, is_sound};
use tenon_core::ir::{FunctionId, Program, Query, SiteId};
use tenon_core::lower::{CheckedProgram, lower};
use tenon_core::text::{print, print_function, print_query};
use tenon_plan::explain::Explain;
use tenon_plan::statistics::Assumed;
use tenon_plan::{ChosenIndex, choose_indexes, plan_query};
use tenon_span::Range;

/// What is known of one state of the program, if somebody has asked.
pub(crate) type Plans = Arc<OnceLock<Option<Lowered>>>;

/// A program in Core, with its indexes.
pub(crate) struct Lowered {
    program: Program,
    indexes: Vec<Vec<ChosenIndex>>,
}

/// What is said of a query's plan.
pub(crate) struct PlanText {
    /// The plan as a tree.
    pub tree: String,
    /// The indexes that the query uses, one per line.
    pub indexes: Vec<String>,
}

impl Analysis {
    /// True if nothing keeps the program from running.
    pub fn is_sound(&self) -> bool {
        self.db.program().files(&self.db).iter().all(|file| is_sound(check_file(&self.db, *file)))
    }

    fn lowered(&self) -> Option<&Lowered> {
        let lowered = self.plans.get_or_init(|| {
            if !self.is_sound() {
                return None;
            }
            let checked = CheckedProgram::new(&self.db);
            let lowered = lower(&checked, &checked.settings());
            let refused = lowered.as_ref().err().into_iter().flatten();
            self.refused.tell(refused.map(|error| error.diagnostic(&checked)).collect());
            let program = lowered.ok()?;
            let indexes = choose_indexes(&program).ok()?;
            Some(Lowered { program, indexes })
        });
        lowered.as_ref()
    }

    /// The functions, queries and the relation that an item became in Core, as text. Empty while the program has errors.
    pub(crate) fn core_of(&self, file: &str, word: &str, name: &str, nth: u32) -> String {
        let Some(Lowered { program, .. }) = self.lowered() else { return String::new() };
        let stands_there = |site: SiteId| {
            program.sites.get(site.index()).is_some_and(|site| {
                &*site.file == file && &*site.kind == word && &*site.item == name && site.nth == nth
            })
        };
        let mut found: Vec<String> = Vec::new();
        if program.relations.iter().any(|relation| stands_there(relation.site)) {
            let whole = print(program);
            let from = whole.lines().skip_while(|line| {
                !["relation", "event"].iter().any(|word| {
                    line.strip_prefix(word).is_some_and(|rest| rest.trim_start().split([' ', '{']).next() == Some(name))
                })
            });
            let mut lines: Vec<&str> = Vec::new();
            for line in from {
                lines.push(line);
                if line.starts_with('}') {
                    break;
                }
            }
            found.push(lines.join("\n"));
        }
        let functions = program.functions.iter().enumerate().filter(|(_, function)| stands_there(function.site));
        found.extend(functions.map(|(n, _)| print_function(program, FunctionId(n as u32)).trim_end().to_owned()));
        let queries = program.queries.iter().filter(|query| stands_there(query.site));
        found.extend(queries.map(|query| print_query(program, query.id).trim_end().to_owned()));
        found.join("\n\n")
    }

    /// The plans of the queries of an item: of the one at a range of its code, or of all. None while the program has
    /// errors.
    pub(crate) fn plans_of(&self, file: &str, word: &str, name: &str, nth: u32, at: Option<Range>) -> Vec<PlanText> {
        let Some(Lowered { program, indexes }) = self.lowered() else { return Vec::new() };
        let stands_there = |query: &&Query| {
            program.sites.get(query.site.index()).is_some_and(|site| {
                let in_item = &*site.file == file && &*site.kind == word && &*site.item == name && site.nth == nth;
                in_item && at.is_none_or(|range| site.range == range)
            })
        };
        let explain = Explain { program, indexes, real: None, place: &|_| None };
        let statistics = Assumed::new(program);
        let mut found = Vec::new();
        for query in program.queries.iter().filter(stands_there) {
            let Ok(plan) = plan_query(program, query, false, &statistics, indexes) else { continue };
            let used = program.relations.iter().zip(indexes).flat_map(|(relation, list)| {
                let used = list.iter().filter(|index| {
                    index.reasons.iter().any(|reason| reason.query == query.name && reason.site == query.site)
                });
                used.map(|index| {
                    let parts: Vec<String> = index
                        .shape
                        .parts
                        .iter()
                        .map(|(field, descending)| {
                            format!("{}{}", relation.field(*field).name, if *descending { " desc" } else { "" })
                        })
                        .collect();
                    format!("{} ({})", relation.name, parts.join(", "))
                })
            });
            found.push(PlanText { indexes: used.collect(), tree: explain.text(&plan) });
        }
        found
    }
}
