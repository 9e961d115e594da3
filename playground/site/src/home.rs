//! The first page: what Tenon is, a whole program, what a mistake looks like, where to go.

use crate::book::{Page, Section};
use crate::code::Fences;
use crate::compiler::Around;
use crate::markdown::Content;
use crate::sources::Sources;
use std::cell::RefCell;

/// What the page promises, each with the page that keeps the promise.
const PROMISES: [(&str, &str, &str); 6] = [
    (
        "A field is written once",
        "Storage, queries, the wire and the API document follow from it. Rename it, and every use that no longer fits is an \
         error before anything runs.",
        "spec/05-relations.html",
    ),
    (
        "Nothing invalid is stored",
        "Rules belong to types, rows and relations. A request that breaks one is refused with every problem listed at once.",
        "spec/04-types.html#refinements",
    ),
    (
        "Ask for what, not how",
        "Queries nest as deep as the answer does and become one plan. No loop of queries, no aggregate that counts double.",
        "spec/06-queries.html",
    ),
    (
        "A handler is a transaction",
        "Serializable, durable before it is answered, undone as a whole when it fails. Failures have types that callers see.",
        "spec/07-code.html#transactions",
    ),
    (
        "Tests are part of the program",
        "A scenario says what is given, done and expected, twenty calls at once included, and runs in milliseconds.",
        "spec/09-specification.html",
    ),
    (
        "One file to ship",
        "Compiled to machine code with its store and its server inside: an executable that needs nothing where it runs.",
        "guide/09-shipping.html",
    ),
];

/// A program with a mistake that the page shows together with what the compiler says about it.
const MISTAKE: &str = "relation Customer { key id: Int; name: Text; credit: Int }
relation Order { key id: Int; customer: Customer inverse orders; paid: Int }

query totals() {
  from c in Customer
  join o in c.orders
  group by c
  select (c.name, paid: sum(o.paid), credit: sum(c.credit))
}
";

/// Makes the page.
///
/// # Errors
/// The README has no program.
pub fn page(sources: &Sources, around: &Around) -> Result<Page, String> {
    let program = first_program(&sources.readme).ok_or("README.md has no program")?;
    let beside = RefCell::default();
    let fences = Fences { root: "", around, open: true, beside: &beside };
    let promises: String = PROMISES
        .iter()
        .map(|(title, text, path)| format!("<li><h2><a href=\"{path}\">{title}</a></h2><p>{text}</p></li>\n"))
        .collect();
    let body = format!(
        "<section class=\"hero\">\n<div class=\"hero-text\">\n\
         <h1>Data, queries and transactions in one program</h1>\n\
         <p class=\"lead\">Tenon is a language for services. Relations, questions, handlers and their tests stand side by \
         side, one type system checks them all, and the compiler turns them into a running service with a durable store.</p>\n\
         <p class=\"actions\"><a class=\"button first\" href=\"guide/index.html\">Start with the guide</a>\
         <a class=\"button\" href=\"spec/index.html\">Read the language</a></p>\n</div>\n\
         <div class=\"hero-code\">{}</div>\n</section>\n\
         <section class=\"promises\" aria-label=\"What it promises\">\n<ul>\n{promises}</ul>\n</section>\n\
         <section class=\"mistake\">\n<div><h2>Mistakes are explained</h2>\n\
         <p>A customer with three orders has one credit. Joined with the orders it stands there three times, and a sum would \
         count it three times. Tenon does not guess: it asks which of the two was meant.</p>\n\
         <p><a href=\"errors/index.html\">All errors, each with a bad and a good program</a></p></div>\n<div>{}</div>\n\
         </section>\n",
        fences.block("tenon file shop.tn", &program),
        fences.block("tenon bad", MISTAKE),
    );
    Ok(Page {
        path: "index.html".to_owned(),
        section: Section::Home,
        label: "Tenon".to_owned(),
        group: String::new(),
        about: "Tenon: data, queries, transactions and their rules in one checked, compiled program.".to_owned(),
        content: Content { title: "Tenon".to_owned(), body, ..Content::default() },
    })
}

/// The text of the first `tenon` fence.
fn first_program(page: &str) -> Option<String> {
    let mut lines = page.lines().skip_while(|line| *line != "```tenon");
    lines.next()?;
    Some(lines.take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect())
}
