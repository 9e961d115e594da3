//! Whatever a file says, every answer comes without a panic, and its ranges lie in their files between characters;
//! whatever an action is offered for, what it writes brings no new error.

mod harness;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tenon_ide::diagnostics::Severity;
use tenon_ide::hints::HintSettings;
use tenon_ide::lenses::{LensCommand, LensSettings, RowLenses};
use tenon_ide::symbols::DocumentSymbol;
use tenon_ide::{Analysis, FileEdits, FilePosition, FileRange, Ide, TextEdit};
use tenon_span::Range;

/// The programs of the tests and of the library.
fn programs() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut open: Vec<PathBuf> = vec![root.join("tests"), root.join("stdlib/tenon")];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "tn") {
                let name = path.strip_prefix(&root).expect("below the root").display().to_string();
                found.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 30, "the programs were not found");
    found
}

/// The same numbers at every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn on_a_roomy_stack(work: impl FnOnce() + Send + 'static) {
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(work).expect("a thread");
    worker.join().expect("no panic");
}

struct Checks<'a> {
    analysis: &'a Analysis,
    what: String,
}

impl Checks<'_> {
    fn range(&self, file: &str, range: Range) {
        let text = self.analysis.text(file).unwrap_or_else(|| panic!("{}: an answer names {file}", self.what));
        let good = range.start <= range.end
            && range.end as usize <= text.len()
            && text.is_char_boundary(range.start as usize)
            && text.is_char_boundary(range.end as usize);
        assert!(good, "{}: {range:?} is no range of {file}", self.what);
    }

    fn edits(&self, file: &str, edits: &[TextEdit]) {
        edits.iter().for_each(|edit| self.range(file, edit.range));
        for pair in edits.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "{}: edits overlap", self.what);
        }
    }

    fn symbols(&self, file: &str, symbols: &[DocumentSymbol]) {
        for symbol in symbols {
            self.range(file, symbol.full);
            self.range(file, symbol.focus);
            let inside = symbol.full.start <= symbol.focus.start && symbol.focus.end <= symbol.full.end;
            assert!(inside, "{}: {} has its name outside of it", self.what, symbol.name);
            self.symbols(file, &symbol.children);
        }
    }

    /// What is asked of a whole file.
    fn file(&self, file: &str) {
        let analysis = self.analysis;
        let text = analysis.text(file).expect("the file");
        let whole = FileRange { file: file.to_owned(), range: Range::new(0, text.len() as u32) };
        self.symbols(file, &analysis.document_symbols(file));
        for fold in analysis.folding_ranges(file) {
            self.range(file, fold.range);
            assert!(fold.first_line < fold.last_line, "{}: a fold hides nothing", self.what);
        }
        analysis.document_links(file).iter().for_each(|link| self.range(file, link.range));
        self.edits(file, &analysis.format(file));
        let tokens = analysis.semantic_tokens(file);
        for pair in tokens.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "{}: tokens overlap: {pair:?}", self.what);
        }
        for token in &tokens {
            self.range(file, token.range);
            assert!(!token.range.slice(&text).contains('\n'), "{}: a token crosses a line", self.what);
        }
        tenon_ide::tokens::relative(&text, &tokens, true);
        for hint in analysis.inlay_hints(&whole, &HintSettings::default()) {
            self.range(file, Range::empty(hint.offset));
            hint.edit.iter().for_each(|edit| self.range(file, edit.range));
            hint.parts.iter().filter_map(|part| part.target.as_ref()).for_each(|to| self.range(&to.file, to.range));
        }
        let rows = |_: &str| Some(1);
        let settings =
            LensSettings { fields: true, calls: true, rows: RowLenses::Counted(&rows), ..LensSettings::default() };
        for lens in analysis.code_lenses(file, &settings) {
            self.range(file, lens.range);
            if let LensCommand::Show { places } = lens.command {
                places.iter().for_each(|place| self.range(&place.file, place.range));
            }
        }
        analysis.runnables(file).iter().for_each(|runnable| self.range(file, runnable.full));
        let schema = analysis.schema();
        schema.entities.iter().for_each(|entity| self.range(&entity.place.full.file, entity.place.full.range));
        schema.accesses.iter().flat_map(|access| &access.at).for_each(|at| self.range(&at.file, at.range));
        for endpoint in analysis.endpoints() {
            self.range(&endpoint.place.focus.file, endpoint.place.focus.range);
        }
        if let Some(action) = analysis.fix_all(file) {
            action.edit.files.iter().for_each(|edits| self.edits(&edits.file, &edits.edits));
        }
    }

    /// What is asked of a place.
    fn place(&self, file: &str, from: usize, to: usize) {
        let analysis = self.analysis;
        let text = analysis.text(file).expect("the file");
        let position = FilePosition::new(file, from as u32);
        let selection = FileRange { file: file.to_owned(), range: Range::new(from as u32, to as u32) };
        let ranges = analysis.selection_ranges(&position);
        ranges.iter().for_each(|range| self.range(file, *range));
        for pair in ranges.windows(2) {
            let grows = pair[1].start <= pair[0].start && pair[0].end <= pair[1].end;
            assert!(grows, "{}: selections do not grow at {from}", self.what);
        }
        self.edits(file, &analysis.format_range(&selection));
        for typed in tenon_ide::formatting::ON_TYPE {
            let edits = analysis.format_on_type(&position, typed);
            self.edits(file, &edits);
            // Blanks and the marks of documentation are all that changes.
            let after = FileEdits { file: file.to_owned(), edits }.apply(&text);
            let plain = |text: &str| text.replace([' ', '\n', '\t', '/', ';', ','], "");
            assert_eq!(plain(&after), plain(&text), "{}: {typed:?} at {from} changes words", self.what);
        }
        for action in analysis.code_actions(&selection) {
            for edits in &action.edit.files {
                self.edits(&edits.file, &edits.edits);
            }
        }
        for node in analysis.prepare_hierarchy(&position) {
            self.range(&node.file, node.focus);
            for edge in analysis.incoming(&node.key) {
                edge.ranges.iter().for_each(|range| self.range(&edge.node.file, *range));
            }
            for edge in analysis.outgoing(&node.key) {
                self.range(&edge.node.file, edge.node.focus);
                edge.ranges.iter().for_each(|range| self.range(&node.file, *range));
            }
        }
        if let Some(phases) = analysis.phases(&position) {
            phases.tokens.iter().for_each(|token| self.range(file, token.range));
        }
    }
}

/// Everything that can be asked of a text.
fn ask(ide: &mut Ide, name: &str, text: &str, draw: &mut Draw) {
    ide.set_file("shop.tn", text);
    let analysis = ide.analysis();
    let checks = Checks { analysis: &analysis, what: name.to_owned() };
    checks.file("shop.tn");
    for _ in 0..3 {
        let from = draw.boundary(text);
        let to = draw.boundary(text);
        checks.place("shop.tn", from, from);
        checks.place("shop.tn", from.min(to), from.max(to).min(from.min(to) + 200).max(from.min(to)));
    }
    analysis.workspace_symbols("a", 50).iter().for_each(|found| checks.range(&found.file, found.focus));
}

#[test]
fn a_file_cut_anywhere_is_answered() {
    on_a_roomy_stack(|| {
        let mut draw = Draw(0x9e37_79b9_7f4a_7c15);
        let mut ide = harness::program([]);
        for (name, text) in programs() {
            ask(&mut ide, &name, &text, &mut draw);
            for _ in 0..4 {
                let at = draw.boundary(&text);
                ask(&mut ide, &format!("{name} cut at {at}"), &text[..at], &mut draw);
            }
        }
    });
}

#[test]
fn a_file_with_random_edits_is_answered() {
    on_a_roomy_stack(|| {
        let mut draw = Draw(0x2545_f491_4f6c_dd1d);
        let mut ide = harness::program([]);
        let pieces = [
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "\"",
            "\n",
            ".",
            ",",
            ":",
            "=>",
            "from x in ",
            "å𝄞",
            "where ",
            "insert A(",
            "/// d\n",
            "match x {",
            "if let ",
            " else ",
            "\"\"\"",
            "relation B {\n",
            "?.",
            "\\",
        ];
        for (name, text) in programs() {
            let mut edited = text.clone();
            for n in 0..5 {
                let from = draw.boundary(&edited);
                if draw.below(2) == 0 {
                    edited.insert_str(from, pieces[draw.below(pieces.len())]);
                } else {
                    let to = draw.boundary(&edited).clamp(from, from + 12);
                    let to = (from..=to).rev().find(|at| edited.is_char_boundary(*at)).unwrap_or(from);
                    edited.replace_range(from..to, "");
                }
                ask(&mut ide, &format!("{name} after edit {n}"), &edited, &mut draw);
            }
        }
    });
}

fn errors(analysis: &Analysis) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for diagnostic in analysis.diagnostics("shop.tn") {
        if diagnostic.severity == Severity::Error {
            *found.entry(format!("{} {}", diagnostic.code, diagnostic.message)).or_insert(0) += 1;
        }
    }
    found
}

/// At many places of programs that check: whatever is offered there leaves them without errors and in the one style.
#[test]
fn actions_keep_programs_whole() {
    on_a_roomy_stack(|| {
        let mut draw = Draw(0xa54f_f53a_5f1d_36f1);
        let mut ide = harness::program([]);
        let mut taken: BTreeMap<&'static str, usize> = BTreeMap::new();
        let mut failures: Vec<String> = Vec::new();
        let folders = ["tests/language", "tests/programs", "tests/apps/shop"];
        for (name, text) in programs().into_iter().filter(|(name, _)| folders.iter().any(|of| name.starts_with(of))) {
            ide.set_file("shop.tn", &text);
            let styled = tenon_syntax::format(&text).text == text;
            if !errors(&ide.analysis()).is_empty() {
                continue;
            }
            for _ in 0..40 {
                let from = draw.boundary(&text);
                // A cursor, or what a growing selection holds there.
                let analysis = ide.analysis();
                let around = analysis.selection_ranges(&FilePosition::new("shop.tn", from as u32));
                let range = match draw.below(3) {
                    0 => Range::empty(from as u32),
                    _ => around.get(draw.below(around.len().min(5))).copied().unwrap_or_default(),
                };
                let actions = analysis.code_actions(&FileRange { file: "shop.tn".into(), range });
                drop(analysis);
                for action in actions {
                    let Some(edits) = action.edit.files.iter().find(|edits| edits.file == "shop.tn") else { continue };
                    let after = edits.apply(&text);
                    ide.set_file("shop.tn", &after);
                    let found = errors(&ide.analysis());
                    let place = harness::place_in(&text, range);
                    if !found.is_empty() {
                        let lines = difference(&text, &after);
                        failures.push(format!("{name} at {place}: `{}` makes {found:?}:\n{lines}", action.title));
                    }
                    if styled {
                        let again = tenon_syntax::format(&after).text;
                        if again != after {
                            let lines = difference(&after, &again);
                            failures
                                .push(format!("{name} at {place}: `{}` leaves the one style:\n{lines}", action.title));
                        }
                    }
                    *taken.entry(action.id).or_insert(0) += 1;
                }
                ide.set_file("shop.tn", &text);
            }
        }
        assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
        // That much was tried.
        for id in ["extract-let", "extract-function", "inline-let", "write-type", "add-scenario"] {
            assert!(taken.get(id).is_some_and(|count| *count > 0), "{id} was never offered: {taken:?}");
        }
    });
}

/// The lines that differ.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let most = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let lines =
        |mark: &str, lines: &[&str]| -> String { lines.iter().map(|line| format!("{mark} {line}\n")).collect() };
    lines("-", &old[start..old.len() - end]) + &lines("+", &new[start..new.len() - end])
}
