//! Names in sight: locals, items of the module, what `use` brought, the library.

use super::collect::{Choice, Collector, escaped};
use super::members::{field_choice, item_signature};
use super::site::Around;
use crate::Analysis;
use crate::answer::SymbolKind;
use crate::navigation::item_kind;
use smol_str::SmolStr;
use tenon_check::bodies::result_type;
use tenon_check::builtins::{Builtin, FOLDS, FoldInfo, Over};
use tenon_check::declare::signature;
use tenon_check::infer::ProbedAt;
use tenon_check::items::{Item, tree};
use tenon_check::names::{ModuleKey, Resolution, imports, module_items, prelude, symbol_of};
use tenon_check::signature::{Signature, TypeBody};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::types::language_types;
use tenon_syntax::ast::{self, ItemKind};

/// How many items of a module are looked at closely.
const CLOSELY: usize = 300;

/// How a call of an aggregate, fold or window function begins.
fn fold_snippet(fold: &FoldInfo) -> String {
    let arguments = match fold.arguments {
        [_] => "$0".to_owned(),
        several => {
            let stops = several.iter().enumerate().map(|(at, sample)| match *sample {
                "" => format!("${}", at + 1),
                sample => format!("${{{}:{sample}}}", at + 1),
            });
            stops.collect::<Vec<_>>().join(", ")
        }
    };
    match fold.over {
        Over::Window(_) => format!("{}({arguments}) over (order by $0)", fold.name),
        Over::Many(_) => format!("{}({arguments})", fold.name),
    }
}

/// An item that may be offered.
struct Near<'db> {
    item: Item<'db>,
    symbol: Symbol,
    base: i32,
}

impl<'db> Collector<'_, 'db> {
    /// What may stand for a value.
    pub fn values(&mut self, around: &Around) {
        if around.argument {
            self.arguments(around);
        }
        if let Some(relation) = &around.key_of {
            self.keys(relation);
        }
        let probed = self.probed.clone();
        for name in probed.iter().flat_map(|probed| &probed.names) {
            if !name.name.is_empty() {
                self.add(&name.name, SymbolKind::Local, 110, Choice { ty: Some(name.ty.clone()), ..Choice::default() });
            }
        }
        if let Some(row) = probed.as_ref().and_then(|probed| probed.row.clone()) {
            self.row_fields(&row, 105, &[]);
        }
        let wanted = self.wanted().cloned();
        if let Some(Ty::Variant(owner, _) | Ty::Tag(owner)) = wanted.as_ref().map(inside) {
            self.wanted_cases(owner);
        }
        for near in self.in_sight() {
            self.value(&near, around);
        }
        self.module_names();
        let grouped = probed.as_ref().is_some_and(|probed| probed.grouped);
        for fold in FOLDS {
            let base = match fold.over {
                Over::Many(_) if grouped => 70,
                Over::Many(_) => 20,
                Over::Window(_) => 10,
            };
            let doc = Some(fold.doc.to_owned());
            let choice = match around.called {
                true => Choice { doc, ..Choice::default() },
                false => Choice { doc, insert: Some(fold_snippet(fold)), snippet: true, ..Choice::default() },
            };
            self.add(fold.name, SymbolKind::Function, base, choice);
        }
        for builtin in Builtin::all().filter(|builtin| builtin.scheme().receiver.is_none()) {
            let scheme = builtin.scheme();
            let choice = Choice {
                detail: Some(builtin.info().signature.to_owned()),
                ty: Some(scheme.result.clone()),
                doc: Some(builtin.info().doc.to_owned()),
                ..self.called(&scheme.name, scheme.params.len(), false)
            };
            self.add(&scheme.name, SymbolKind::Function, 20, choice);
        }
        if probed.is_some_and(|probed| probed.scenario) && !around.given && !around.when {
            self.add("succeeded", SymbolKind::Keyword, 60, Choice { ty: Some(Ty::Int), ..Choice::default() });
        }
        self.not_yet_imported(&|kind| {
            matches!(
                kind,
                SymbolKind::Function
                    | SymbolKind::Query
                    | SymbolKind::Handler
                    | SymbolKind::Constant
                    | SymbolKind::Relation
                    | SymbolKind::Event
                    | SymbolKind::View
            )
        });
    }

    fn value(&mut self, near: &Near<'db>, around: &Around) {
        let analysis = self.analysis;
        let db = &analysis.db;
        let Near { item, symbol, base } = near;
        let base = *base;
        let kind = item_kind(item.word(db), tree(db, *item).as_deref());
        match signature(db, symbol) {
            Some(Signature::Function(_)) if kind == SymbolKind::View => {
                let bonus = if around.source { 60 } else { 0 };
                let choice = Choice { ty: Some(result_type(db, symbol)), ..self.documented(*item) };
                self.add(&symbol.name, kind, base + bonus, choice);
            }
            Some(Signature::Function(sig)) => {
                if around.given || around.when && kind == SymbolKind::Function {
                    return;
                }
                let wanted = sig.params.iter().filter(|param| !param.default && !param.absent).count();
                let called = match around.when {
                    true => self.with_arguments(symbol),
                    false => self.called(&symbol.name, wanted.max(usize::from(!sig.params.is_empty())), false),
                };
                let bonus = if around.when { 60 } else { 0 };
                let choice = Choice {
                    detail: item_signature(analysis, symbol),
                    ty: Some(result_type(db, symbol)),
                    doc: Some(sig.doc.to_string()),
                    ..called
                };
                self.add(&symbol.name, kind, base + bonus, choice);
            }
            Some(Signature::Const(sig)) => {
                let ty = sig.ty.clone().unwrap_or_else(|| result_type(db, symbol));
                let choice = Choice { ty: Some(ty), doc: Some(sig.doc.to_string()), ..Choice::default() };
                self.add(&symbol.name, kind, base + 10, choice);
            }
            Some(Signature::Relation(sig)) => {
                if around.when {
                    return;
                }
                let bonus = if around.source || around.given { 60 } else { 0 };
                let doc = Some(sig.doc.to_string());
                let ty = Some(Ty::bag(Ty::Row(symbol.clone())));
                let choice = match around.given && !around.called {
                    true => {
                        let insert = Some(format!("{}($0)", symbol.name));
                        Choice { ty, doc, insert, snippet: true, ..Choice::default() }
                    }
                    false => Choice { ty, doc, ..Choice::default() },
                };
                self.add(&symbol.name, kind, base + bonus, choice);
            }
            Some(Signature::Type(sig)) if !around.when && !around.given => match &sig.body {
                TypeBody::Alias(ty @ Ty::Refined(..)) => {
                    let choice = Choice {
                        ty: Some(ty.clone().optional()),
                        doc: Some(sig.doc.to_string()),
                        ..self.called(&symbol.name, 1, false)
                    };
                    self.add(&symbol.name, kind, base - 20, choice);
                }
                TypeBody::Alias(ty @ Ty::Record(_)) => {
                    let choice = Choice {
                        ty: Some(ty.clone()),
                        doc: Some(sig.doc.to_string()),
                        ..self.called(&symbol.name, 1, false)
                    };
                    self.add(&symbol.name, kind, base - 20, choice);
                }
                TypeBody::Variant(cases) => {
                    for case in cases {
                        let fields = case.fields.iter().map(|field| &field.name);
                        let choice = self.case_choice(symbol, &case.name, fields, &case.doc);
                        self.add(&case.name, SymbolKind::Case, base - 10, choice);
                    }
                }
                TypeBody::Alias(_) => {}
            },
            _ => {}
        }
    }

    /// The cases of the type that is wanted.
    fn wanted_cases(&mut self, owner: &Symbol) {
        let Some(TypeBody::Variant(cases)) = self.analysis.type_sig(owner).map(|sig| &sig.body) else { return };
        for case in cases {
            let choice = self.case_choice(owner, &case.name, case.fields.iter().map(|field| &field.name), &case.doc);
            self.add(&case.name, SymbolKind::Case, 90, choice);
        }
    }

    /// A call with every required argument named.
    fn with_arguments(&self, symbol: &Symbol) -> Choice {
        let Some(sig) = self.analysis.function(symbol) else { return Choice::default() };
        if self.called(&symbol.name, 1, false).insert.is_none() {
            return Choice::default();
        }
        let wanted = sig.params.iter().filter(|param| !param.default && !param.absent);
        let stops: Vec<String> = wanted.enumerate().map(|(n, param)| format!("{}: ${}", param.name, n + 1)).collect();
        let insert = Some(format!("{}({})", symbol.name, stops.join(", ")));
        Choice { insert, snippet: !stops.is_empty(), ..Choice::default() }
    }

    /// Arguments of the call around that are not given yet, by their names.
    fn arguments(&mut self, around: &Around) {
        let Some(call) = self.marked.call() else { return };
        let name = SmolStr::new(call.callee.slice(&self.marked.parsed.code));
        let symbol = match tenon_check::names::resolve(&self.analysis.db, self.place.file, name.clone()) {
            Resolution::Item(symbol) => Some(symbol.clone()),
            _ => None,
        };
        let mut meanings: Vec<tenon_check::uses::Meaning> = Vec::new();
        for owner in tenon_check::names::cases_in_sight(&self.analysis.db, self.place.file, name.clone()) {
            meanings.push(tenon_check::uses::Meaning::Case(owner.clone(), name.clone()));
        }
        match symbol {
            Some(symbol) => meanings.insert(0, tenon_check::uses::Meaning::Item(symbol)),
            None if tenon_value_error(&name) => {
                let symbol = Symbol { module: SmolStr::new_static("tenon"), name: name.clone() };
                meanings.push(tenon_check::uses::Meaning::Item(symbol));
            }
            None => {}
        }
        let Some(called) =
            meanings.iter().find_map(|of| self.analysis.called_by(of, call.method, call.row, self.place))
        else {
            return;
        };
        let given = |name: &SmolStr| {
            call.args.list.iter().any(|arg| match (&arg.name, &arg.value.kind) {
                (Some(of), _) => of.range != self.marked.marker && of.text == *name,
                (None, ast::ExprKind::Name(of)) => of.range != self.marked.marker && of.text == *name,
                _ => false,
            })
        };
        for (name, ty, optional) in called.params.iter().skip(called.given).filter(|(name, ..)| !given(name)) {
            if called.name.is_empty() || name == "message" && !called.named {
                continue;
            }
            // The argument may have its name already: then only that is replaced.
            let insert = (!around.called).then(|| format!("{name}: "));
            let choice = Choice { detail: Some(tenon_check::show::Shown(ty).to_string()), insert, ..Choice::default() };
            self.add(name, SymbolKind::Parameter, if *optional { 112 } else { 125 }, choice);
        }
    }

    /// What a relation is looked up by.
    fn keys(&mut self, relation: &Symbol) {
        let Some(sig) = self.analysis.relation(relation) else { return };
        let uniques = sig.uniques.iter().flat_map(|unique| unique.parts.iter().map(|part| &part.field));
        let mut names: Vec<&SmolStr> = uniques.collect();
        if sig.key.len() > 1 {
            names.extend(&sig.key);
        }
        for name in names {
            let Some(field) = sig.field(name) else { continue };
            let choice = Choice { insert: Some(format!("{name}: ")), ..field_choice(field) };
            self.add(name, SymbolKind::Field, 100, choice);
        }
    }

    /// The items in sight that fit what was typed, the nearest first: those of the file, of the module, of `use`, of
    /// the library.
    fn in_sight(&mut self) -> Vec<Near<'db>> {
        let analysis = self.analysis;
        let db = &analysis.db;
        let file = self.place.file;
        let module = file.module(db);
        let mut found: Vec<(i32, Near<'db>)> = Vec::new();
        let own = &module_items(db, ModuleKey::new(db, module.clone())).by_name;
        for (name, item) in own.iter().filter(|(name, _)| !name.starts_with('"')) {
            let case_of = item.word(db) == "type";
            let Some(score) = self.score(name).or(case_of.then_some(0)) else { continue };
            let base = if item.file(db) == file { 60 } else { 50 };
            let symbol = Symbol { module: module.clone(), name: SmolStr::from(&**name) };
            found.push((score + base, Near { item: *item, symbol, base }));
        }
        let brought = imports(db, file).values().filter_map(|meaning| match meaning {
            Resolution::Item(symbol) => Some((symbol, 55)),
            _ => None,
        });
        let library = prelude(db).values().map(|symbol| (symbol, 25));
        for (symbol, base) in brought.chain(library) {
            let Some(item) = tenon_check::names::item_of(db, symbol) else { continue };
            let case_of = item.word(db) == "type";
            let Some(score) = self.score(&symbol.name).or(case_of.then_some(0)) else { continue };
            found.push((score + base, Near { item, symbol: symbol.clone(), base }));
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.symbol.cmp(&b.1.symbol)));
        if found.len() > CLOSELY {
            found.truncate(CLOSELY);
            self.cut();
        }
        found.into_iter().map(|(_, near)| near).collect()
    }

    /// Modules that a `use` without braces brought.
    fn module_names(&mut self) {
        let db = &self.analysis.db;
        for (name, meaning) in imports(db, self.place.file) {
            if let Resolution::Module(path) = meaning {
                let choice = Choice { detail: Some(format!("module {path}")), ..Choice::default() };
                self.add(name, SymbolKind::Module, 45, choice);
            }
        }
    }

    fn documented(&self, item: Item<'db>) -> Choice {
        let doc = tree(&self.analysis.db, item).as_ref().and_then(|tree| tree.doc.as_ref());
        Choice { doc: doc.map(|doc| doc.text.to_string()), ..Choice::default() }
    }

    /// The public items of a module.
    pub fn module(&mut self, path: &str) {
        self.clear_words();
        let analysis = self.analysis;
        let db = &analysis.db;
        let items = &module_items(db, ModuleKey::new(db, SmolStr::new(path))).by_name;
        for (name, item) in items.iter().filter(|(name, _)| !name.starts_with('"')) {
            if self.score(name).is_none() || tenon_check::names::is_private(db, *item) {
                continue;
            }
            let symbol = Symbol { module: SmolStr::new(path), name: SmolStr::from(&**name) };
            let near = Near { item: *item, symbol, base: 60 };
            match item.word(db) {
                "type" | "relation" | "event" => {
                    let kind = item_kind(item.word(db), tree(db, *item).as_deref());
                    let choice = self.documented(*item);
                    self.add(name, kind, 60, choice);
                }
                _ => self.value(&near, &Around::default()),
            }
        }
    }

    // --- types

    /// What may stand for a type.
    pub fn types(&mut self) {
        let analysis = self.analysis;
        let db = &analysis.db;
        self.clear_words();
        if let Some(tree) = self.marked.tree() {
            let generics = match &tree.kind {
                ItemKind::Function(function) => &function.generics,
                ItemKind::Type(declared) => &declared.generics,
                _ => &Vec::new(),
            };
            for generic in generics {
                self.add(&generic.name.text, SymbolKind::TypeParameter, 90, Choice::default());
            }
        }
        for name in language_types() {
            let doc = Some(crate::hover::about_type(name).to_owned());
            let choice = match name {
                "List" | "Bag" | "Set" => {
                    Choice { doc, insert: Some(format!("{name}[$0]")), snippet: true, ..Choice::default() }
                }
                "Map" => Choice { doc, insert: Some(String::from("Map[$1, $2]")), snippet: true, ..Choice::default() },
                _ => Choice { doc, ..Choice::default() },
            };
            self.add(name, SymbolKind::BuiltinType, 40, choice);
        }
        for near in self.in_sight() {
            if matches!(near.item.word(db), "type" | "relation" | "event") && self.score(&near.symbol.name).is_some() {
                let kind = item_kind(near.item.word(db), tree(db, near.item).as_deref());
                let choice = self.documented(near.item);
                self.add(&near.symbol.name, kind, near.base, choice);
            }
        }
        self.module_names();
        self.not_yet_imported(&|kind| {
            matches!(kind, SymbolKind::TypeAlias | SymbolKind::Variant | SymbolKind::Relation | SymbolKind::Event)
        });
    }

    /// Relations, with what a new row has to be given.
    pub fn relations(&mut self) {
        let analysis = self.analysis;
        let db = &analysis.db;
        self.clear_words();
        for near in self.in_sight() {
            let Some(sig) = analysis.relation(&near.symbol) else { continue };
            if self.score(&near.symbol.name).is_none() {
                continue;
            }
            let followed = self.called(&near.symbol.name, 1, false).insert.is_none();
            let stops: Vec<String> =
                required(sig).enumerate().map(|(n, field)| format!("{field}: ${}", n + 1)).collect();
            let insert = (!followed).then(|| format!("{}({})", near.symbol.name, stops.join(", ")));
            let kind = item_kind(near.item.word(db), None);
            let choice =
                Choice { doc: Some(sig.doc.to_string()), snippet: insert.is_some(), insert, ..Choice::default() };
            self.add(&near.symbol.name, kind, near.base, choice);
        }
        self.not_yet_imported(&|kind| matches!(kind, SymbolKind::Relation | SymbolKind::Event));
    }

    // --- errors

    /// Errors, the program's and the language's.
    pub fn errors(&mut self) {
        let analysis = self.analysis;
        self.clear_words();
        for near in self.in_sight() {
            let Some(sig) = analysis.error_sig(&near.symbol) else { continue };
            let stops: Vec<String> =
                sig.fields.iter().enumerate().map(|(n, field)| format!("{}: ${}", field.name, n + 1)).collect();
            let followed = self.called(&near.symbol.name, 1, false).insert.is_none();
            let plain = followed || stops.is_empty() || self.counts_failures();
            let insert = (!plain).then(|| format!("{}({})", near.symbol.name, stops.join(", ")));
            let choice =
                Choice { doc: Some(sig.doc.to_string()), snippet: insert.is_some(), insert, ..Choice::default() };
            self.add(&near.symbol.name, SymbolKind::Error, near.base + 20, choice);
        }
        let plain = self.called("", 1, false).insert.is_none() || self.counts_failures();
        for name in built_in_errors() {
            let insert = (!plain).then(|| format!("{name}(\"$0\")"));
            let choice = Choice { snippet: insert.is_some(), insert, ..Choice::default() };
            self.add(name, SymbolKind::Error, 40, choice);
        }
        self.not_yet_imported(&|kind| kind == SymbolKind::Error);
    }

    /// True after `failed`, where an error is named and not made.
    fn counts_failures(&self) -> bool {
        let before = self.marked.parsed.code.get(..self.marked.marker.start as usize).unwrap_or("").trim_end();
        before.ends_with("failed") || before.ends_with("fails")
    }

    /// What an error may be.
    pub fn built_in_errors(&mut self) {
        self.clear_words();
        for name in built_in_errors() {
            self.add(name, SymbolKind::Error, 50, Choice::default());
        }
    }

    // --- patterns

    /// What may stand for a pattern: cases, `none`, literals.
    pub fn patterns(&mut self) {
        let Some(ProbedAt::Pattern(ty)) = self.probed.as_ref().map(|probed| probed.at.clone()) else { return };
        self.clear_words();
        let behind = self.marked.behind;
        let arm = |text: String| (!behind.is_empty()).then(|| format!("{text} => $0"));
        let taken = self.taken_cases();
        let plain = |label: &str, snippet: bool| Choice {
            insert: arm(if snippet { escaped(label) } else { label.to_owned() }),
            snippet: !behind.is_empty(),
            ..Choice::default()
        };
        if let Ty::Option(_) = ty.base()
            && !taken.iter().any(|case| case == "none")
        {
            self.add("none", SymbolKind::Keyword, 95, plain("none", true));
        }
        match inside(&ty) {
            Ty::Variant(owner, _) | Ty::Tag(owner) => {
                let tag = matches!(inside(&ty), Ty::Tag(_));
                let cases = match self.analysis.type_sig(owner).map(|sig| &sig.body) {
                    Some(TypeBody::Variant(cases)) => cases,
                    _ => return,
                };
                for case in cases.iter().filter(|case| !taken.contains(&case.name)) {
                    let fields: Vec<&str> = case.fields.iter().map(|field| field.name.as_str()).collect();
                    let whole = match fields.is_empty() || tag {
                        true => case.name.to_string(),
                        false => format!("{}({})", case.name, fields.join(", ")),
                    };
                    let choice = Choice {
                        detail: Some(owner.name.to_string()),
                        doc: Some(case.doc.to_string()),
                        insert: Some(arm(whole.clone()).unwrap_or(whole)),
                        snippet: !behind.is_empty(),
                        ..Choice::default()
                    };
                    self.add(&case.name, SymbolKind::Case, 100, choice);
                }
            }
            Ty::Bool => {
                for word in ["true", "false"].iter().filter(|word| !taken.iter().any(|case| case == *word)) {
                    self.add(word, SymbolKind::Keyword, 90, plain(word, true));
                }
            }
            _ => {}
        }
        if !behind.is_empty() {
            self.add("_", SymbolKind::Keyword, 20, plain("_", true));
        }
    }

    /// What other arms of the `match` take whole.
    fn taken_cases(&self) -> Vec<SmolStr> {
        let Some(tree) = self.marked.tree() else { return Vec::new() };
        let path = crate::node::Node::Item(tree).path_to(self.marked.marker.start);
        let arms = path.iter().rev().find_map(|node| match node {
            crate::node::Node::Expr(ast::Expr { kind: ast::ExprKind::Match { arms, .. }, .. }) => Some(arms),
            _ => None,
        });
        let mut taken = Vec::new();
        for arm in arms.into_iter().flatten().filter(|arm| arm.guard.is_none()) {
            cases_in(&arm.pattern, &mut taken);
        }
        taken
    }

    // --- fields

    /// Fields that may be set and are not yet.
    pub fn assigned(&mut self, set: &[SmolStr]) {
        let Some(ProbedAt::Assigned(symbol)) = self.probed.as_ref().map(|probed| probed.at.clone()) else { return };
        self.clear_words();
        let Some(sig) = self.analysis.relation(&symbol) else { return };
        for field in &sig.fields {
            if field.computed || sig.key.contains(&field.name) || set.contains(&field.name) {
                continue;
            }
            let insert = (!self.marked.behind.is_empty()).then(|| format!("{} = ", field.name));
            self.add(&field.name, SymbolKind::Field, 100, Choice { insert, ..field_choice(field) });
        }
    }

    /// Fields of the relation that is being declared.
    pub fn own_fields(&mut self) {
        self.clear_words();
        let Some(ItemKind::Relation(relation)) = self.marked.tree().map(|tree| &tree.kind) else { return };
        for member in &relation.members {
            if let ast::Member::Field(field) = member {
                self.add(&field.name.text, SymbolKind::Field, 100, Choice::default());
            }
        }
    }

    /// Cases of the type of a field of the relation that is being declared.
    pub fn transition_cases(&mut self, field: &str) {
        let Some(symbol) = symbol_of(&self.analysis.db, self.place.item) else { return };
        let ty = self.analysis.relation(&symbol).and_then(|sig| sig.field(field)).map(|field| field.ty.clone());
        if let Some(Ty::Variant(owner, _)) = ty.as_ref().map(inside) {
            self.clear_words();
            let Some(TypeBody::Variant(cases)) = self.analysis.type_sig(owner).map(|sig| &sig.body) else { return };
            for case in cases {
                self.add(&case.name, SymbolKind::Case, 100, Choice::default());
            }
        }
    }

    /// Parameters of the function, for the path of its endpoint.
    pub fn parameters(&mut self) {
        self.clear_words();
        let Some(ItemKind::Function(function)) = self.marked.tree().map(|tree| &tree.kind) else { return };
        for param in &function.params.list {
            self.add(&param.name.text, SymbolKind::Parameter, 100, Choice::default());
        }
    }
}

/// The type without refinements and option.
fn inside(ty: &Ty) -> &Ty {
    match ty.base() {
        Ty::Option(inner) => inner.base(),
        ty => ty,
    }
}

fn cases_in(pattern: &ast::Pattern, taken: &mut Vec<SmolStr>) {
    match &pattern.kind {
        ast::PatternKind::Case { name, .. } => taken.push(name.name.text.clone()),
        ast::PatternKind::Or(parts) => parts.iter().for_each(|part| cases_in(part, taken)),
        ast::PatternKind::Literal(ast::PatternLiteral::Value(literal)) => match literal {
            ast::Literal::None => taken.push(SmolStr::new_static("none")),
            ast::Literal::Bool(value) => taken.push(SmolStr::new(value.to_string())),
            _ => {}
        },
        _ => {}
    }
}

/// The fields that a new row has to be given.
fn required(sig: &tenon_check::signature::RelationSig) -> impl Iterator<Item = &SmolStr> {
    let needed = move |field: &&tenon_check::signature::FieldSig| {
        let generated = sig.generated != tenon_check::signature::GeneratedKey::No && sig.key.contains(&field.name);
        !field.computed && !field.default && !generated && !matches!(field.ty.base(), Ty::Option(_))
    };
    sig.fields.iter().filter(needed).map(|field| &field.name)
}

/// The errors that the language has itself.
pub(crate) fn built_in_errors() -> impl Iterator<Item = &'static str> {
    tenon_value::BuiltIn::ALL.iter().map(|error| error.name())
}

fn tenon_value_error(name: &str) -> bool {
    tenon_value::BuiltIn::from_name(name).is_some()
}

impl Analysis {
    /// The kind of an item.
    pub(crate) fn kind_of_item(&self, item: Item<'_>) -> SymbolKind {
        item_kind(item.word(&self.db), tree(&self.db, item).as_deref())
    }
}
