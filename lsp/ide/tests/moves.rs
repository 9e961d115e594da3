//! Files that move: what is edited, and that the program has no error more where it lies then.

mod harness;

use std::fmt::Write;
use tenon_ide::Analysis;

fn errors(analysis: &Analysis) -> Vec<String> {
    let of_file = |file: &String| analysis.diagnostics(file);
    let all = analysis.files();
    all.iter().flat_map(of_file).map(|found| format!("{} {}", found.code, found.message)).collect()
}

#[test]
fn names_stay_in_sight() {
    harness::run("moves", |case, analysis| {
        let (_, said) = case.title.split_once(": ").expect("the title says what moves");
        let moves: Vec<(String, String)> = said
            .split("; ")
            .map(|one| one.split_once(' ').expect("two paths"))
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .collect();
        assert_eq!(errors(analysis), Vec::<String>::new(), "{}: the program has errors before", case.title);
        let edit = analysis.move_files(&moves);
        let mut out = String::new();
        let mut texts = Vec::new();
        for (file, before) in &case.files {
            let edits = edit.files.iter().find(|edits| edits.file == *file);
            let after = edits.map_or_else(|| before.clone(), |edits| edits.apply(before));
            if after != *before {
                writeln!(out, "{file}").expect("a string");
                after.lines().for_each(|line| writeln!(out, "  {line}").expect("a string"));
            }
            let to = moves.iter().find(|(from, _)| from == file).map_or(file, |(_, to)| to);
            texts.push((to.clone(), after));
        }
        let moved = harness::program(texts.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        assert_eq!(errors(&moved.analysis()), Vec::<String>::new(), "{}: {texts:?}", case.title);
        out
    });
}
