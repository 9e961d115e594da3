//! Inference: from the syntax tree of one body to its typed tree. A pure function over the tree and a
//! [`Context`], which says what the rest of the program is; the database implements it, tests may too.
//!
//! | module | holds |
//! | --- | --- |
//! | `engine` | the state of one body: variables of inference, scopes, diagnostics, effects |
//! | `convert` | which type fits where, and the conversions that make it so |
//! | `expr`, `records`, `branch`, `literal`, `operators`, `path` | expressions |
//! | `calls`, `methods`, `primitives`, `failures` | calls, and `fail` |
//! | `foreign` | names that other languages have |
//! | `block`, `store` | statements, and what writes the store |
//! | `growth` | types that grow from line to line |
//! | `pattern`, `exhaustive` | patterns, and whether a `match` answers everything |
//! | `query`, `select`, `aggregate`, `window`, `determines` | queries; what they give, what a group knows of its rows |
//! | `facts`, `obligations` | what is known where, and what has to be proved; the prover will replace them |
//! | `scenario` | scenarios |
//! | `running` | what cannot be run, as far as a body tells |
//! | `probe` | what is known around the place at which an editor asks |
//! | `entry` | the entry points |

use crate::declare::Inverse;
use crate::signature::{Generic, Signature, TypeBound};
use crate::ty::{RuleRef, Symbol, Ty};
use crate::typed::Rule;
use crate::uses::Use;
use smol_str::SmolStr;
use tenon_diagnostics::{Diagnostic, Location};
use tenon_span::Range;
use tenon_syntax::ast;

/// What inference asks of the program around a body. Answers hold for the module and item of that body.
///
/// Answers may be cyclic (a rule that needs itself): then `None` or [`Ty::Error`] is a right answer, and
/// whoever breaks the cycle reports it.
pub trait Context {
    /// The item that a name stands for here: of the module, taken by `use`, of the prelude. Upper or lower case.
    fn resolve(&self, name: &str) -> Option<Symbol>;
    /// The item `name` of a module that is named in sight: `billing.Invoice`.
    fn resolve_in(&self, module: &str, name: &str) -> Option<Symbol>;
    /// True if the name stands for a module here.
    fn is_module(&self, name: &str) -> bool;
    /// The variant types in sight that have a case of this name, the module's own first.
    fn variants_with_case(&self, case: &str) -> Vec<Symbol>;
    /// What is known of an item. Built-in errors (module `tenon`) need no answer.
    fn signature(&self, symbol: &Symbol) -> Option<&Signature>;
    /// What stands under the inverses of a relation.
    fn inverses(&self, relation: &Symbol) -> &[Inverse];
    /// True if a type meets a bound, with these type parameters in sight.
    fn satisfies(&self, ty: &Ty, bound: TypeBound, generics: &[Generic]) -> bool;
    /// How many lanes a variant type has in native code at these arguments.
    fn lanes_of_variant(&self, symbol: &Symbol, args: &[Ty]) -> u32;
    /// The type of a function's value or a constant, inferred from its body where it is not declared.
    fn result_type(&self, function: &Symbol) -> Ty;
    /// A type written inside of this body; its diagnostics are added to the list.
    fn resolve_type(&self, ty: &ast::Type, diagnostics: &mut Vec<Diagnostic>) -> Ty;
    /// Notes what the names in a type written inside of this body stand for.
    fn note_type(&self, ty: &ast::Type, uses: &mut Vec<Use>);
    /// The place of a name at which inference looks around; see [`Probed`].
    fn probe(&self) -> Option<Range> {
        None
    }
    /// A refinement's condition.
    fn rule(&self, rule: &RuleRef) -> Option<&Rule>;
    /// All names in sight that begin an expression, for "did you mean".
    fn names(&self) -> &[SmolStr];
    /// Where an item, or a field, case or parameter of it, is declared. Asked for only where a diagnostic
    /// is made, so that a body that checks depends on no place.
    fn declared(&self, symbol: &Symbol, member: Option<&str>) -> Option<Location>;
    /// A place in this item.
    fn location(&self, range: Range) -> Location;
    /// The source text of a range of this item.
    fn source(&self, range: Range) -> SmolStr;
}

/// What stands around an expression that is a body by itself.
#[derive(Clone, Debug)]
pub struct Surroundings<'a> {
    /// Type parameters in sight.
    pub generics: &'a [Generic],
    /// Names in sight and their types; they become the parameters of the body, in order. `it` is such a name.
    pub names: Vec<(SmolStr, Ty)>,
    /// The relation whose fields are in sight by their bare names: the first parameter of the body is its row,
    /// before `names`.
    pub row: Option<Symbol>,
    /// The relation whose row does not exist yet: a default sees none of its fields.
    pub unborn: Option<Symbol>,
    /// The type that is wanted; `None` takes what comes.
    pub expected: Option<Ty>,
}

/// What inference makes of a body.
#[derive(Clone, PartialEq, Debug)]
pub struct Checked<T> {
    /// The typed tree. If it contains an error node, `diagnostics` has an error.
    pub value: T,
    /// The type of the body's value.
    pub result: Ty,
    /// What is wrong, in no order.
    pub diagnostics: Vec<Diagnostic>,
    /// What the body does beyond yielding a value.
    pub effects: Effects,
    /// What its names stand for, in order.
    pub uses: Vec<Use>,
    /// What was seen at the place that [`Context::probe`] names.
    pub probed: Option<Probed>,
}

/// What a body does itself, with the places; what its callees do is added by whoever knows the program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Effects {
    /// Relations that are read.
    pub reads: Vec<(Symbol, Range)>,
    /// Relations that are written.
    pub writes: Vec<(Symbol, Range)>,
    /// Functions that are called or used as values.
    pub calls: Vec<(Symbol, Range)>,
    /// Errors that it may fail with.
    pub fails: Vec<(Symbol, Range)>,
    /// `now()`, `today()`.
    pub clock: Vec<Range>,
    /// `random()`, `uuid()` and the like.
    pub random: Vec<Range>,
    /// `log(x)`.
    pub logs: Vec<Range>,
}

mod aggregate;
mod block;
mod branch;
mod calls;
mod convert;
mod determines;
mod engine;
mod entry;
mod exhaustive;
mod expr;
mod facts;
mod failures;
mod foreign;
mod growth;
mod literal;
mod methods;
mod obligations;
mod operators;
mod path;
mod pattern;
mod primitives;
mod probe;
mod query;
mod records;
mod running;
mod scenario;
mod select;
mod store;
mod window;

pub(crate) use engine::substitute;
pub use entry::{expression, failure, function, scenario, text};
pub use probe::{Probed, ProbedAt, SeenName};
