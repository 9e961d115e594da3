//! The tree of one item, as the text says it: plain owned data without names resolved or types known.
//!
//! Conventions that hold for every node:
//! - `range` is a range of the item's *code* (see [`crate::token`]), so that comments and white space change
//!   nothing in a tree; it covers the node without the parentheses around it.
//! - Whatever could not be read is an explicit `Error` node (or a `broken` list). Such a node exists only
//!   where a diagnostic exists, so nobody needs to complain about it again.
//! - `(e)` is `e` itself. Records, argument lists and lambda parameters are told apart here already.
//! - Literals keep their source text where a number type is still to be chosen; texts are decoded.
//! - [`ExprId`]s are unique in the item and less than [`Item::expr_count`], children before parents, so a
//!   table about expressions is a plain vector.

mod decl;
mod expr;
mod process;
mod stmt;
mod types;

pub use decl::*;
pub use expr::*;
pub use process::*;
pub use stmt::*;
pub use types::*;

use smol_str::SmolStr;
use tenon_span::Range;

/// A name as written.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Ident {
    /// The name.
    pub text: SmolStr,
    /// Where.
    pub range: Range,
}

impl Ident {
    /// The name as a string slice.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// Documentation: the `///` lines before a declaration, without the slashes and one space, joined by newlines.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Doc {
    /// The text.
    pub text: SmolStr,
}

/// The identity of an expression inside its item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExprId(pub u32);

/// One item of a file.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Item {
    /// From the first token to the last, without the documentation before it.
    pub range: Range,
    /// Documentation before the item.
    pub doc: Option<Doc>,
    /// The word `private`, if it is there.
    pub private: Option<Range>,
    /// What it declares.
    pub kind: ItemKind,
    /// All expression ids of the item are less than this.
    pub expr_count: u32,
}

/// What an item declares. Each case stands for one item word.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum ItemKind {
    /// `use shop.billing { Invoice, quote }`
    Use(Use),
    /// `const launch: Instant = …`
    Const(Const),
    /// `type State = Open | Closed(at: Instant)`
    Type(TypeDecl),
    /// `relation Order { … }` and `event Deposit { … }`
    Relation(Relation),
    /// `view Reach(src: Int, dst: Int) { … }`
    View(View),
    /// `invariant "every transfer balances" { … }`
    Invariant(Invariant),
    /// `fn`, `query` and `handler`
    Function(Function),
    /// `error OutOfStock(left: Qty) is Conflict "only {left} left"`
    Error(ErrorDecl),
    /// `actor Customer by token`
    Actor(Actor),
    /// `policy Order { … }`
    Policy(Policy),
    /// `binding Payments at env("URL") { … }`
    Binding(Binding),
    /// `workflow checkout(order: Order) { … } failed as f { … }`
    Workflow(Workflow),
    /// `after insert Order as o { … }` and `after Payments.paid as e { … }`
    Reaction(Reaction),
    /// `schedule day at 02:00 in "Europe/Oslo" { … }`
    Schedule(Schedule),
    /// `page orders(room: Text) at GET "/orders" { … }`
    Page(Page),
    /// `scenario "the last item is sold once" { … }`
    Scenario(Scenario),
    /// `property "quotes never undercut cost" for (p: Product) { … }`
    Property(Property),
    /// `goal "reads are fast" { … }`
    Goal(Goal),
    /// `evolve Product { price = old.amount * 100 }` and `evolve Party from Company as c { … }`
    Evolve(Evolve),
    /// `repair Product as p { … }`
    Repair(Repair),
    /// `seed { … }`
    Seed(Block),
    /// `render failure as f { … }`
    Render(Render),
}

impl ItemKind {
    /// The item word: `relation`, `fn`, …
    pub fn word(&self) -> &'static str {
        match self {
            ItemKind::Use(_) => "use",
            ItemKind::Const(_) => "const",
            ItemKind::Type(_) => "type",
            ItemKind::Relation(relation) => match relation.kind {
                RelationKind::Relation => "relation",
                RelationKind::Event => "event",
            },
            ItemKind::View(_) => "view",
            ItemKind::Invariant(_) => "invariant",
            ItemKind::Function(function) => function.kind.word(),
            ItemKind::Error(_) => "error",
            ItemKind::Actor(_) => "actor",
            ItemKind::Policy(_) => "policy",
            ItemKind::Binding(_) => "binding",
            ItemKind::Workflow(_) => "workflow",
            ItemKind::Reaction(_) => "after",
            ItemKind::Schedule(_) => "schedule",
            ItemKind::Page(_) => "page",
            ItemKind::Scenario(_) => "scenario",
            ItemKind::Property(_) => "property",
            ItemKind::Goal(_) => "goal",
            ItemKind::Evolve(_) => "evolve",
            ItemKind::Repair(_) => "repair",
            ItemKind::Seed(_) => "seed",
            ItemKind::Render(_) => "render",
        }
    }
}

/// `"only {left} left"`, `r"raw"`, `"""block"""`: a text, decoded.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Text {
    /// From the opening quote to the closing one.
    pub range: Range,
    /// How it is written.
    pub form: TextForm,
    /// Characters and holes in turn; empty parts are left out, so `""` has none.
    pub parts: Vec<TextPart>,
}

impl Text {
    /// The characters, if the text has no holes.
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TextPart::Chars { text, .. }] => Some(text),
            _ => None,
        }
    }
}

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TextForm {
    /// `"…"`
    Quoted,
    /// `r"…"`: no escapes, no holes.
    Raw,
    /// `"""…"""`: several lines, their common indent stripped.
    Block,
}

/// A piece of a text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TextPart {
    /// Characters, escapes resolved.
    Chars {
        /// The characters.
        text: SmolStr,
        /// Where they are written.
        range: Range,
    },
    /// `{e}`
    Hole(Expr),
}
