//! Bodies: every piece of code of an item, typed.
//!
//! Three queries per item, because their answers are needed at different moments and would wait for themselves
//! otherwise: [`rules`] (refinements; any body may need them), [`main_code`] (the body of a function, the value of a
//! constant, a scenario; its type may be inferred), [`parts`] (defaults, checks, computed fields, conditions: nobody
//! needs them to type another body). None is finer, because one edit of an item re-parses it whole.
//!
//! Inference is a pure function over a [`Context`]; [`BodyContext`] answers it from the database. It asks for
//! signatures and single names, never for trees of other items, so a body runs again only when its own tree or
//! something that it names has changed.

#![allow(missing_docs, reason = "the macros of salsa make functions that carry no documentation")]

use crate::bounds::satisfies;
use crate::chains::{self, MAX_CHAIN};
use crate::db::{Db, Program};
use crate::declare::{self, Declared, Inverse, declared, inverses, name_range, place_of, signature};
use crate::effects::effect_diagnostics;
use crate::infer::{self, Checked, Context, Effects, Probed, Surroundings};
use crate::items::{Item, code as code_text, tree};
use crate::names::{self, Resolution, SymbolKey, cases_in_sight, item_of, resolve, resolve_in, symbol_of};
use crate::secrets::secret_diagnostics;
use crate::signature::{Generic, ParamSig, ResultSig, Signature, TypeBound};
use crate::sites::{BodyPart, Expected, Scope, Site, SiteCode, sites};
use crate::ty::{RuleRef, Symbol, Ty};
use crate::typed::{self, Body, Clause, ExprKind, Fold, Rule};
use crate::types::{DeclaredParts, TypeResolver};
use crate::uses::{Meaning, Use, note_type};
use crate::width::lanes_of_variant;
use crate::wire::clash_within;
use smol_str::SmolStr;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use tenon_diagnostics::{Code, Diagnostic, Location};
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};

/// The refinements of an item's declared types.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Rules {
    /// The rules; each names itself in [`Rule::rule`].
    pub rules: Vec<Arc<Rule>>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
    /// What they do, by part.
    pub effects: Vec<(BodyPart, Effects)>,
    /// What their names stand for.
    pub uses: Vec<Use>,
}

/// The main code of an item.
#[derive(Clone, PartialEq, Debug)]
pub struct Main {
    /// What it is.
    pub code: MainCode,
    /// The type of its value.
    pub result: Ty,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// What it does by itself.
    pub effects: Effects,
    /// What its names stand for, in order.
    pub uses: Vec<Use>,
}

/// The forms of main code.
#[derive(Clone, PartialEq, Debug)]
pub enum MainCode {
    /// None, or none that could be typed.
    None,
    /// Of a `fn`, `query` or `handler`, or the value of a `const`.
    Body(Arc<Body>),
    /// Of a `scenario`.
    Scenario(Arc<typed::Scenario>),
}

impl Main {
    fn none() -> Main {
        Main {
            code: MainCode::None,
            result: Ty::Error,
            diagnostics: Vec::new(),
            effects: Effects::default(),
            uses: Vec::new(),
        }
    }
}

/// The other code of an item.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Parts {
    /// Values: defaults, computed fields, parts and failures of uniques, messages.
    pub bodies: Vec<(BodyPart, Arc<Body>)>,
    /// Conditions: checks, `requires`, `ensures`.
    pub rules: Vec<(BodyPart, Arc<Rule>)>,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
    /// What they do, by part.
    pub effects: Vec<(BodyPart, Effects)>,
    /// What their names stand for.
    pub uses: Vec<Use>,
}

/// Types the refinements of an item's declared types.
#[salsa::tracked(returns(ref), cycle_result = circular_rules)]
pub fn rules<'db>(db: &'db dyn Db, item: Item<'db>) -> Rules {
    let Some(tree) = tree(db, item) else { return Rules::default() };
    let parts = DeclaredParts::of(tree);
    if parts.rules.is_empty() {
        return Rules::default();
    }
    let context = BodyContext { own_rules: false, ..BodyContext::new(db, item) };
    rules_of(db, item, tree, declared(db, item), &context)
}

fn rules_of<'db>(
    db: &'db dyn Db,
    item: Item<'db>,
    tree: &ast::Item,
    declared: &Declared,
    context: &BodyContext<'_>,
) -> Rules {
    let parts = DeclaredParts::of(tree);
    let bases = &declared.rules;
    let generics = generics_of(tree);
    let mut found = Rules::default();
    for (rule, base) in parts.rules.iter().zip(bases) {
        if *base == Ty::Error {
            continue;
        }
        let around = Surroundings {
            generics: &generics,
            names: vec![(SmolStr::new_static("it"), base.clone())],
            row: None,
            unborn: None,
            expected: Some(Ty::Bool),
        };
        let checked = infer::expression(context, &around, rule.predicate);
        context.probed(checked.probed);
        found.diagnostics.extend(checked.diagnostics);
        found.effects.push((BodyPart::Rule(rule.index), checked.effects));
        found.uses.extend(checked.uses);
        let reference = RuleRef { owner: owner_of(db, item), index: rule.index };
        let message = context.message(rule.message, &mut found.diagnostics);
        let text = context.source(rule.predicate.range);
        found.rules.push(Arc::new(Rule { body: checked.value, message, text, rule: Some(reference) }));
    }
    found
}

fn circular_rules<'db>(db: &'db dyn Db, _: salsa::Id, item: Item<'db>) -> Rules {
    let message = format!(
        "the rule of `{}` cannot be told without itself: it calls what wants a `{}`",
        item.name(db),
        item.name(db)
    );
    let label = item.label(db, name_range(db, item), "needs itself");
    Rules { diagnostics: vec![Diagnostic::new(Code::CircularBody, message, label)], ..Rules::default() }
}

/// Types the main code of an item.
#[salsa::tracked(returns(ref), cycle_result = circular_code)]
pub fn main_code<'db>(db: &'db dyn Db, item: Item<'db>) -> Main {
    let Some(tree) = tree(db, item) else { return Main::none() };
    let context = BodyContext::new(db, item);
    let mut main = main_of(tree, declared(db, item), &context);
    let reported = symbol_of(db, item).is_some_and(|symbol| chains::is_reported(db, &symbol));
    if reported || context.chain_too_long.get() {
        let message =
            format!("the type of `{}` follows from a chain of more than {MAX_CHAIN} inferred types", item.name(db));
        let label = item.label(db, name_range(db, item), "write types along the chain");
        main.diagnostics.push(Diagnostic::new(Code::TooDeep, message, label));
    }
    main.diagnostics.extend(inferred_wire_names(db, item, declared(db, item), &main.result));
    main
}

/// Says where two fields of an answer that follows from the code have one name on the wire. Those of declared types are
/// looked at where these are written.
fn inferred_wire_names<'db>(db: &'db dyn Db, item: Item<'db>, declared: &Declared, result: &Ty) -> Option<Diagnostic> {
    let Some(Signature::Function(sig)) = declared.signature.as_deref() else { return None };
    if sig.endpoint.is_none() || sig.result != ResultSig::Inferred {
        return None;
    }
    let names = Program::get(db).settings(db).names;
    let (name, other, sent) = clash_within(names, result)?;
    let message = format!("`{name}` and `{other}` are both called `{sent}` on the wire");
    let label = item.label(db, name_range(db, item), "its answer has both");
    Some(Diagnostic::new(Code::WireName, message, label))
}

fn main_of(tree: &ast::Item, declared: &Declared, context: &BodyContext<'_>) -> Main {
    let body = |checked: Checked<Body>| Main {
        code: MainCode::Body(Arc::new(checked.value)),
        result: checked.result,
        diagnostics: checked.diagnostics,
        effects: checked.effects,
        uses: checked.uses,
    };
    match (&tree.kind, declared.signature.as_deref()) {
        (ItemKind::Function(function), Some(Signature::Function(sig))) => {
            let mut checked = infer::function(context, sig, function);
            context.probed(checked.probed.take());
            body(checked)
        }
        (ItemKind::View(view), Some(Signature::Function(sig))) => {
            let mut checked = infer::function(context, sig, &view_as_query(view));
            context.probed(checked.probed.take());
            make_distinct(&mut checked.value.value);
            body(checked)
        }
        (ItemKind::Const(constant), Some(Signature::Const(sig))) => {
            let around =
                Surroundings { generics: &[], names: Vec::new(), row: None, unborn: None, expected: sig.ty.clone() };
            let mut checked = infer::expression(context, &around, &constant.value);
            context.probed(checked.probed.take());
            body(checked)
        }
        (ItemKind::Scenario(scenario), _) => {
            let mut checked = infer::scenario(context, scenario);
            context.probed(checked.probed.take());
            Main {
                code: MainCode::Scenario(Arc::new(checked.value)),
                result: Ty::Unit,
                diagnostics: checked.diagnostics,
                effects: checked.effects,
                uses: checked.uses,
            }
        }
        _ => Main::none(),
    }
}

/// A view reads like a query without parameters. The element of a view with one column may be written without
/// the record around it.
fn view_as_query(view: &ast::View) -> ast::Function {
    let mut body = view.body.clone();
    if let [column] = view.columns.list.as_slice()
        && let Some(ast::Stmt { kind: ast::StmtKind::Expr(value), .. }) = body.stmts.last_mut()
        && let ast::ExprKind::Query(query) = &mut value.kind
    {
        for clause in &mut query.clauses {
            let ast::QueryClauseKind::Select { value, .. } = &mut clause.kind else { continue };
            if !matches!(value.kind, ast::ExprKind::Record(_) | ast::ExprKind::Error) {
                let element = value.clone();
                let part = ast::RecordPart::Field { name: Some(column.name.clone()), value: element };
                value.kind = ast::ExprKind::Record(ast::Record { parts: vec![part], broken: false });
            }
        }
    }
    ast::Function {
        kind: ast::FunctionKind::Query,
        name: view.name.clone(),
        was: None,
        generics: Vec::new(),
        params: ast::Params { range: view.name.range, list: Vec::new(), broken: false },
        result: None,
        clauses: Vec::new(),
        body,
    }
}

/// A view is a set: what its query yields twice, it has once.
fn make_distinct(expr: &mut typed::Expr) {
    match &mut expr.kind {
        ExprKind::Convert(_, inner) | ExprKind::Block(_, Some(inner)) => make_distinct(inner),
        ExprKind::Query(query) if query.fold == Fold::Collect => {
            let select = query.clauses.iter().rposition(|clause| matches!(clause, Clause::Select(_)));
            if let Some(at) = select.filter(|at| !matches!(query.clauses.get(at + 1), Some(Clause::Distinct))) {
                query.clauses.insert(at + 1, Clause::Distinct);
                query.canonical.clear();
            }
        }
        _ => {}
    }
}

fn circular_code<'db>(db: &'db dyn Db, _: salsa::Id, item: Item<'db>) -> Main {
    let name = item.name(db);
    let message = format!("the type of `{name}` follows from its code, which needs the type of `{name}`");
    let label = item.label(db, name_range(db, item), "write its type");
    Main { diagnostics: vec![Diagnostic::new(Code::CircularBody, message, label)], ..Main::none() }
}

/// Types the other code of an item.
#[salsa::tracked(returns(ref))]
pub fn parts<'db>(db: &'db dyn Db, item: Item<'db>) -> Parts {
    let Some(tree) = tree(db, item) else { return Parts::default() };
    parts_of(tree, declared(db, item), &BodyContext::new(db, item))
}

fn parts_of(tree: &ast::Item, declared: &Declared, context: &BodyContext<'_>) -> Parts {
    let generics = generics_of(tree);
    let mut found = Parts::default();
    for site in sites(tree, declared.signature.as_deref(), declared) {
        context.part(site, declared, &generics, &mut found);
    }
    found
}

fn generics_of(tree: &ast::Item) -> Vec<Generic> {
    match &tree.kind {
        ItemKind::Type(decl) => declare::generics(&decl.generics),
        ItemKind::Function(decl) => declare::generics(&decl.generics),
        _ => Vec::new(),
    }
}

/// The symbol that owns the refinements of an item.
fn owner_of<'db>(db: &'db dyn Db, item: Item<'db>) -> Symbol {
    symbol_of(db, item).unwrap_or_else(|| Symbol { module: item.file(db).module(db).clone(), name: SmolStr::default() })
}

thread_local! {
    /// How many results are being inferred, each for the sake of the one before.
    static INFERRING: Cell<u32> = const { Cell::new(0) };
}

/// How deep inference may stand in itself. The limit of [`chains`] comes first, but for results that follow from each
/// other through the rules of types that no code on the way names.
const MAX_INFERRING: u32 = 3 * MAX_CHAIN as u32;

#[salsa::tracked(returns(ref), cycle_result = circular_result)]
fn inferred_result<'db>(db: &'db dyn Db, key: SymbolKey<'db>) -> Ty {
    if chains::is_too_long(db, key.symbol(db)) {
        return Ty::Error;
    }
    if INFERRING.get() >= MAX_INFERRING {
        // The answer depends on who asked first, so it is not to be remembered beyond this revision.
        db.report_untracked_read();
        return Ty::Error;
    }
    let _level = Level::enter();
    item_of(db, key.symbol(db)).map_or(Ty::Error, |item| main_code(db, item).result.clone())
}

/// One more result that is being inferred, until dropped: also where salsa unwinds because of an edit.
struct Level;

impl Level {
    fn enter() -> Level {
        INFERRING.set(INFERRING.get() + 1);
        Level
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        INFERRING.set(INFERRING.get().saturating_sub(1));
    }
}

fn circular_result<'db>(_: &'db dyn Db, _: salsa::Id, _: SymbolKey<'db>) -> Ty {
    Ty::Error
}

/// The type of a function's or constant's value, inferred where it is not declared; `Unit` for none. A query of
/// its own where it is inferred, so that users do not see edits of a body that leave its type as it was.
pub fn result_type(db: &dyn Db, symbol: &Symbol) -> Ty {
    let inferred = || inferred_result(db, SymbolKey::new(db, symbol.clone())).clone();
    match signature(db, symbol) {
        Some(Signature::Function(sig)) => match &sig.result {
            ResultSig::None => Ty::Unit,
            ResultSig::Declared(ty) => ty.clone(),
            ResultSig::Inferred => inferred(),
        },
        Some(Signature::Const(sig)) => sig.ty.clone().unwrap_or_else(inferred),
        _ => Ty::Error,
    }
}

/// A value that is part of an item; `None` if the item has no such part.
pub fn body(db: &dyn Db, symbol: &Symbol, part: BodyPart) -> Option<Arc<Body>> {
    let item = item_of(db, symbol)?;
    match part {
        BodyPart::Code => match &main_code(db, item).code {
            MainCode::Body(body) => Some(body.clone()),
            _ => None,
        },
        part => parts(db, item).bodies.iter().find(|(other, _)| *other == part).map(|(_, body)| body.clone()),
    }
}

/// A condition that is part of an item; `None` if the item has no such part.
pub fn rule(db: &dyn Db, symbol: &Symbol, part: BodyPart) -> Option<Arc<Rule>> {
    let item = item_of(db, symbol)?;
    match part {
        BodyPart::Rule(index) => find_rule(db, item, index).cloned(),
        part => parts(db, item).rules.iter().find(|(other, _)| *other == part).map(|(_, rule)| rule.clone()),
    }
}

fn find_rule<'db>(db: &'db dyn Db, item: Item<'db>, index: u32) -> Option<&'db Arc<Rule>> {
    rules(db, item).rules.iter().find(|rule| rule.rule.as_ref().is_some_and(|rule| rule.index == index))
}

/// The scenario behind a symbol.
pub fn scenario(db: &dyn Db, symbol: &Symbol) -> Option<Arc<typed::Scenario>> {
    match &main_code(db, item_of(db, symbol)?).code {
        MainCode::Scenario(scenario) => Some(scenario.clone()),
        _ => None,
    }
}

/// Which kinds of code an item has. Told with its declaration, so that what it has not costs no query.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HasCode {
    /// Refinements of declared types.
    pub rules: bool,
    /// Main code.
    pub main: bool,
    /// Other code.
    pub parts: bool,
}

impl HasCode {
    /// Of an item, of which the declared types hold these parts.
    pub fn of(tree: &ast::Item, declared: &DeclaredParts<'_>) -> HasCode {
        let main =
            matches!(tree.kind, ItemKind::Function(_) | ItemKind::Const(_) | ItemKind::Scenario(_) | ItemKind::View(_));
        let parts = match &tree.kind {
            ItemKind::Relation(relation) => relation.members.iter().any(|member| match member {
                ast::Member::Field(field) => field.default.is_some() || field.computed.is_some(),
                ast::Member::Check { .. } | ast::Member::Unique { .. } => true,
                _ => false,
            }),
            ItemKind::Function(function) => {
                function.params.list.iter().any(|param| param.default.is_some())
                    || function
                        .clauses
                        .iter()
                        .any(|clause| matches!(clause.kind, ast::ClauseKind::Requires(_) | ast::ClauseKind::Ensures(_)))
            }
            ItemKind::Error(error) => error.message.is_some(),
            _ => false,
        };
        HasCode { rules: !declared.rules.is_empty(), main, parts: parts || !declared.defaults.is_empty() }
    }
}

/// Everything that is wrong with the code of an item.
pub fn body_diagnostics<'db>(db: &'db dyn Db, item: Item<'db>, found: &mut Vec<Diagnostic>) {
    let has = declared(db, item).has;
    if has.rules {
        found.extend(rules(db, item).diagnostics.iter().cloned());
    }
    if has.main {
        found.extend(main_code(db, item).diagnostics.iter().cloned());
    }
    if has.parts {
        found.extend(parts(db, item).diagnostics.iter().cloned());
    }
    if has.rules || has.parts || matches!(item.word(db), "query" | "const") {
        found.extend(effect_diagnostics(db, item).iter().cloned());
    }
    if has.rules || has.main || has.parts {
        found.extend(secret_diagnostics(db, item).iter().cloned());
    }
}

/// What stands around a place of a tree that is tried in the place of an item's own: the names in sight, and what is
/// wanted there. Nothing is remembered; the item's other queries keep their answers.
pub fn probe<'db>(db: &'db dyn Db, item: Item<'db>, tree: &ast::Item, code: &str, place: Range) -> Option<Probed> {
    let declared = declare::declare(db, item, tree);
    let context = BodyContext { tried: Some((tree, code, place)), ..BodyContext::new(db, item) };
    if declared.has.main {
        main_of(tree, &declared, &context);
    }
    if declared.has.parts && context.seen.borrow().is_none() {
        parts_of(tree, &declared, &context);
    }
    if declared.has.rules && context.seen.borrow().is_none() {
        let context = BodyContext { own_rules: false, tried: context.tried, ..BodyContext::new(db, item) };
        rules_of(db, item, tree, &declared, &context);
        return context.seen.take();
    }
    context.seen.take()
}

/// What inference may ask, answered for the code of one item.
pub struct BodyContext<'db> {
    db: &'db dyn Db,
    item: Item<'db>,
    /// A tree and its code that stand for the item's own, and the place where to look around.
    tried: Option<(&'db ast::Item, &'db str, Range)>,
    /// What was seen there.
    seen: RefCell<Option<Probed>>,
    /// False while the item's own refinements are being typed: they do not lean on each other.
    own_rules: bool,
    /// Set where a type was asked for at the end of a chain that is too long.
    chain_too_long: Cell<bool>,
}

impl<'db> BodyContext<'db> {
    /// The context of code that stands in an item, or beside it.
    pub fn new(db: &'db dyn Db, item: Item<'db>) -> BodyContext<'db> {
        BodyContext {
            db,
            item,
            tried: None,
            seen: RefCell::new(None),
            own_rules: true,
            chain_too_long: Cell::new(false),
        }
    }

    /// Keeps what was seen at the place.
    fn probed(&self, probed: Option<Probed>) {
        if probed.is_some() {
            *self.seen.borrow_mut() = probed;
        }
    }

    fn own_tree(&self) -> Option<&ast::Item> {
        match self.tried {
            Some((tree, ..)) => Some(tree),
            None => tree(self.db, self.item).as_deref(),
        }
    }

    fn message(&self, message: Option<&ast::Text>, diagnostics: &mut Vec<Diagnostic>) -> Option<SmolStr> {
        let message = message?;
        if message.plain().is_none() {
            let label = self.item.label(self.db, message.range, "has a hole");
            diagnostics.push(Diagnostic::new(
                Code::NotSupported,
                "holes in the message of a rule are not supported yet",
                label,
            ));
        }
        message.plain().map(SmolStr::from)
    }

    fn part(&self, site: Site<'_>, declared: &Declared, generics: &[Generic], found: &mut Parts) {
        let function = match declared.signature.as_deref() {
            Some(Signature::Function(sig)) => Some(sig),
            _ => None,
        };
        let error_fields = match declared.signature.as_deref() {
            Some(Signature::Error(sig)) => {
                sig.fields.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()
            }
            _ => Vec::new(),
        };
        let params = |count: usize| {
            let of = function.into_iter().flat_map(|sig| &sig.params).take(count);
            of.map(|param| (param.name.clone(), seen_type(param))).collect::<Vec<_>>()
        };
        let (names, row) = match &site.scope {
            Scope::Nothing => (Vec::new(), None),
            Scope::Row(symbol) => (Vec::new(), Some(symbol.clone())),
            Scope::Params(count) => (params(*count as usize), None),
            Scope::Result => {
                let mut names = params(usize::MAX);
                if let Some(sig) = function.filter(|sig| sig.result != ResultSig::None) {
                    names.push((SmolStr::new_static("result"), result_type(self.db, &sig.symbol)));
                }
                (names, None)
            }
            Scope::ErrorFields => (error_fields, None),
        };
        let expected = match &site.expected {
            Expected::Type(ty) => Some(ty.clone()),
            Expected::Condition(_) => Some(Ty::Bool),
            Expected::Failure => None,
        };
        let unborn = matches!(site.part, BodyPart::Default(_)).then(|| owner_of(self.db, self.item));
        let around = Surroundings { generics, names, row, unborn, expected };
        let checked = match (site.code, &site.expected) {
            (SiteCode::Text(text), _) => infer::text(self, &around, text),
            (SiteCode::Expr(failure), Expected::Failure) => infer::failure(self, &around, failure),
            (SiteCode::Expr(expr), _) => infer::expression(self, &around, expr),
            (SiteCode::Path(path), _) => match path_expr(path) {
                Some(expr) => infer::expression(self, &around, &expr),
                None => return,
            },
        };
        self.probed(checked.probed);
        found.diagnostics.extend(checked.diagnostics);
        found.effects.push((site.part, checked.effects));
        let of_error = matches!(site.scope, Scope::ErrorFields).then(|| owner_of(self.db, self.item));
        found.uses.extend(checked.uses.into_iter().map(|used| match (used.meaning, &of_error) {
            // What a message is given are the fields of its error.
            (Meaning::Given(name), Some(error)) => Use { meaning: Meaning::Field(error.clone(), name), ..used },
            (meaning, _) => Use { meaning, ..used },
        }));
        match (site.expected, site.code) {
            (Expected::Condition(message), SiteCode::Expr(expr)) => {
                let message = self.message(message, &mut found.diagnostics);
                let rule = Rule { body: checked.value, message, text: self.source(expr.range), rule: None };
                found.rules.push((site.part, Arc::new(rule)));
            }
            _ => found.bodies.push((site.part, Arc::new(checked.value))),
        }
    }
}

/// The type of a parameter as code sees it.
fn seen_type(param: &ParamSig) -> Ty {
    if param.absent { param.ty.clone().optional() } else { param.ty.clone() }
}

/// `email.lower` as an expression over the fields in sight.
fn path_expr(path: &[ast::Ident]) -> Option<ast::Expr> {
    let (first, rest) = path.split_first()?;
    let mut expr = ast::Expr { id: ast::ExprId(0), range: first.range, kind: ast::ExprKind::Name(first.clone()) };
    for (n, step) in rest.iter().enumerate() {
        let range = first.range.cover(step.range);
        let kind = ast::ExprKind::Field { base: Box::new(expr), name: Some(step.clone()), optional: false };
        expr = ast::Expr { id: ast::ExprId(n as u32 + 1), range, kind };
    }
    Some(expr)
}

impl Context for BodyContext<'_> {
    fn resolve(&self, name: &str) -> Option<Symbol> {
        match resolve(self.db, self.item.file(self.db), name.into()) {
            Resolution::Item(symbol) => Some(symbol.clone()),
            _ => None,
        }
    }

    fn resolve_in(&self, module: &str, name: &str) -> Option<Symbol> {
        let Resolution::Module(module) = resolve(self.db, self.item.file(self.db), module.into()) else { return None };
        match resolve_in(self.db, module.clone(), name.into()) {
            Resolution::Item(symbol) => Some(symbol.clone()),
            _ => None,
        }
    }

    fn is_module(&self, name: &str) -> bool {
        matches!(resolve(self.db, self.item.file(self.db), name.into()), Resolution::Module(_))
    }

    fn variants_with_case(&self, case: &str) -> Vec<Symbol> {
        cases_in_sight(self.db, self.item.file(self.db), case.into()).clone()
    }

    fn signature(&self, symbol: &Symbol) -> Option<&Signature> {
        signature(self.db, symbol)
    }

    fn lanes_of_variant(&self, symbol: &Symbol, args: &[Ty]) -> u32 {
        lanes_of_variant(self.db, symbol, args)
    }

    fn result_type(&self, function: &Symbol) -> Ty {
        let result = result_type(self.db, function);
        if result == Ty::Error && INFERRING.get() >= MAX_INFERRING {
            self.chain_too_long.set(true);
        }
        result
    }

    fn resolve_type(&self, ty: &ast::Type, diagnostics: &mut Vec<Diagnostic>) -> Ty {
        let Some(tree) = self.own_tree() else { return Ty::Error };
        let generics = generics_of(tree);
        let parts = DeclaredParts::default();
        let mut resolver = TypeResolver::new(self.db, self.item, &generics, &parts);
        let resolved = resolver.resolve(ty);
        diagnostics.extend(resolver.finish());
        resolved
    }

    fn note_type(&self, ty: &ast::Type, uses: &mut Vec<Use>) {
        let generics = self.own_tree().map(generics_of).unwrap_or_default();
        note_type(self.db, self.item, &generics, ty, uses);
    }

    fn rule(&self, rule: &RuleRef) -> Option<&Rule> {
        let item = item_of(self.db, &rule.owner)?;
        if item == self.item && !self.own_rules {
            return None;
        }
        find_rule(self.db, item, rule.index).map(|rule| &**rule)
    }

    fn names(&self) -> &[SmolStr] {
        names::names(self.db, self.item.file(self.db))
    }

    fn declared(&self, symbol: &Symbol, member: Option<&str>) -> Option<Location> {
        place_of(self.db, symbol, member)
    }

    fn location(&self, range: Range) -> Location {
        self.item.location(self.db, range)
    }

    fn source(&self, range: Range) -> SmolStr {
        match self.tried {
            Some((_, code, _)) => range.slice(code).into(),
            None => range.slice(code_text(self.db, self.item)).into(),
        }
    }

    fn probe(&self) -> Option<Range> {
        self.tried.map(|(_, _, place)| place)
    }

    fn inverses(&self, relation: &Symbol) -> &[Inverse] {
        inverses(self.db, relation)
    }

    fn satisfies(&self, ty: &Ty, bound: TypeBound, generics: &[Generic]) -> bool {
        satisfies(self.db, ty, bound, generics)
    }
}
