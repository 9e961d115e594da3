//! Words of the parts of the language that this version does not run. Editors offer none of them.

/// A word, and a program that says what this version makes of it.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// The word, or the words that are one.
    pub word: &'static str,
    /// A program with it, which is refused as not supported, or warned about where it runs otherwise than it says.
    pub example: &'static str,
}

/// The words. A word that comes to run leaves this list: a test checks that every example is still told of.
pub const PLANNED: &[Planned] = &[
    planned("page", "query a() -> _ { from x in R order by x.id page 10 after none }"),
    planned("after", "query a() -> _ { from x in R order by x.id page 10 after none }"),
    planned("union", "query a() -> _ { (from x in R) union (from x in R) }"),
    planned("except", "query a() -> _ { (from x in R) except (from x in R) }"),
    planned("intersect", "query a() -> _ { (from x in R) intersect (from x in R) }"),
    planned("start", "handler a() { start b() }\nworkflow b() { }"),
    planned("step", "workflow a() { step b() }\nfn b() { }"),
    planned("wait", "workflow a() { wait 3h }"),
    planned("wait until", "workflow a(at: Instant) { wait until at }"),
    planned("within", "workflow a() { step b() within 3s }\nfn b() { }"),
    planned("unique by", "workflow a(n: Int) unique by n { }"),
    planned("workflows finish", "scenario \"a\" {\n  workflows finish\n}"),
    planned("parallel", "workflow a() { parallel { } }"),
    planned("attempt", "fn a() -> Int { attempt b() { NotFound => 0 } }\nfn b() -> Int { 1 }"),
    planned("rekey", "handler a(r: R) { rekey r to r => 2 }"),
    planned("form", "page a() at GET \"/\" public { form b() }\nhandler b() { }"),
    planned("any order explains", "fn a(n: Int) -> Bool { any order explains n == n }"),
    planned("as of", "query a(at: Instant) -> _ { (from x in R) as of at }"),
    planned("history", "relation A { key id: Int; history 30d }"),
    planned("live", "query a() -> [R] at GET \"/a\" public live { from x in R }"),
    planned("once by", "handler a() at POST \"/a\" public once by header \"Key\" { }"),
    planned("rate", "handler a() at POST \"/a\" public rate 10 per 1s { }"),
    planned("trusted", "handler a() at POST \"/a\" public trusted { }"),
    planned("breaking", "handler a() at POST \"/a\" public breaking { }"),
    planned("was", "relation A { key id: Int; price was amount: Int }"),
    planned("open", "relation A { key id: Int; state: Int open }"),
    planned("materialized", "view A(n: Int) materialized { from x in R select (n: x.id) }"),
];

const fn planned(word: &'static str, example: &'static str) -> Planned {
    Planned { word, example }
}

/// True for a word of a part of the language that this version does not run.
pub fn is_planned(word: &str) -> bool {
    PLANNED.iter().any(|planned| planned.word == word)
}
