//! What diagnostics propose: each fix by itself, and all of a kind in the file.

use super::change::{Offered, finish};
use super::{ActionKind, CodeAction};
use crate::Analysis;
use crate::answer::{FileRange, TextEdit};
use crate::diagnostics::{Diagnostic, Fix};

pub(super) fn offer(analysis: &Analysis, range: &FileRange, found: &mut Vec<CodeAction>) {
    let diagnostics = analysis.diagnostics(&range.file);
    let here = |found: &&Diagnostic| found.range.start <= range.range.end && range.range.start <= found.range.end;
    let mut codes: Vec<&str> = Vec::new();
    for diagnostic in diagnostics.iter().filter(here) {
        for (n, fix) in diagnostic.fixes.iter().enumerate() {
            let offered = Offered { id: "fix", title: fix.title.clone(), kind: ActionKind::QuickFix, select: None };
            let mut action = finish(analysis, edits(fix), offered);
            action.mends.push((diagnostic.code.clone(), diagnostic.range));
            action.preferred = n == 0;
            if !action.edit.is_empty() {
                found.push(action);
            }
        }
        if !diagnostic.fixes.is_empty() && !codes.contains(&diagnostic.code.as_str()) {
            codes.push(&diagnostic.code);
        }
    }
    for code in codes {
        let alike: Vec<&Diagnostic> =
            diagnostics.iter().filter(|found| found.code == *code && !found.fixes.is_empty()).collect();
        if let [first, _, ..] = alike.as_slice() {
            let title = format!("mend all {} `{}` in this file", alike.len(), first.name);
            found.extend(all(analysis, &alike, title));
        }
    }
}

/// One action of the first fixes of diagnostics; fixes that meet at one place are left to a second time.
fn all(analysis: &Analysis, alike: &[&Diagnostic], title: String) -> Option<CodeAction> {
    let mut files: Vec<(String, Vec<TextEdit>)> = Vec::new();
    for diagnostic in alike {
        let Some(fix) = diagnostic.fixes.first() else { continue };
        for (file, of_file) in edits(fix) {
            match files.iter_mut().find(|(other, _)| *other == file) {
                Some((_, all)) if !overlaps(all, &of_file) => all.extend(of_file),
                Some(_) => {}
                None => files.push((file, of_file)),
            }
        }
    }
    let mut action = finish(analysis, files, Offered { id: "fix-all", title, kind: ActionKind::FixAll, select: None });
    action.mends = alike.iter().map(|found| (found.code.clone(), found.range)).collect();
    (!action.edit.is_empty()).then_some(action)
}

fn overlaps(all: &[TextEdit], others: &[TextEdit]) -> bool {
    others
        .iter()
        .any(|one| all.iter().any(|other| one.range.start <= other.range.end && other.range.start <= one.range.end))
}

fn edits(fix: &Fix) -> Vec<(String, Vec<TextEdit>)> {
    fix.edit.files.iter().map(|of_file| (of_file.file.clone(), of_file.edits.clone())).collect()
}

impl Analysis {
    /// One action that takes all fixes of a file that are certainly what was meant; `None` where there are none.
    pub fn fix_all(&self, file: &str) -> Option<CodeAction> {
        let mut diagnostics = self.diagnostics(file);
        diagnostics.iter_mut().for_each(|found| found.fixes.retain(|fix| fix.certain));
        diagnostics.retain(|found| !found.fixes.is_empty());
        let alike: Vec<&Diagnostic> = diagnostics.iter().collect();
        all(self, &alike, String::from("mend everything that is certain"))
    }
}
