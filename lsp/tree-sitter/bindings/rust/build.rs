//! Compiles the generated parser and the scanner.

fn main() {
    if std::env::var_os("CARGO_FEATURE_PARSER").is_none() {
        return;
    }
    let folder = std::path::Path::new("src");
    let mut build = cc::Build::new();
    build.std("c11").include(folder).warnings(false);
    // Large tables and simple loops: without optimisation the tests of the grammar take minutes.
    build.opt_level(1);
    for file in ["parser.c", "scanner.c"] {
        build.file(folder.join(file));
    }
    for file in ["parser.c", "scanner.c", "words.h", "tree_sitter/parser.h"] {
        println!("cargo:rerun-if-changed={}", folder.join(file).display());
    }
    build.compile("tree-sitter-tenon");
}
