//! From a name to what declares it, to what declares its type, to where it is made.

use crate::Analysis;
use crate::answer::{FilePosition, NavigationTarget, SymbolKind};
use crate::locate::Place;
use crate::occurrences::{at, occurrences};
use rustc_hash::FxHashSet;
use tenon_check::db::SourceFile;
use tenon_check::declare::{name_range, place_of};
use tenon_check::items::{Item, items, parse, tree};
use tenon_check::names::item_of;
use tenon_check::ty::{Symbol, Ty};
use tenon_check::uses::{Meaning, Role, Use};
use tenon_diagnostics::Location;
use tenon_span::Range;
use tenon_syntax::ast::{self, ItemKind};
use tenon_syntax::words::TokenKind;

impl Analysis {
    /// The name at a position: where it stands, and what declares it. Of a name that is two things at once (`qty` in
    /// `insert Order(qty)`), both. Empty where no name stands.
    pub fn definition(&self, position: &FilePosition) -> Vec<NavigationTarget> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let found = at(occurrences(&self.db, place.item), place.code_offset);
        distinct(found.into_iter().flat_map(|found| self.declarations(place.item, &found.meaning)))
    }

    /// What declares the type of the name at a position: a relation, a variant type, a refinement. Collections and
    /// options lead to what is inside of them.
    pub fn type_definition(&self, position: &FilePosition) -> Vec<NavigationTarget> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let found = at(occurrences(&self.db, place.item), place.code_offset);
        let types = found.into_iter().filter_map(|found| self.type_at(place.item, found));
        let mut symbols = Vec::new();
        types.for_each(|ty| named_types(&ty, &mut symbols));
        distinct(symbols.iter().filter_map(|symbol| self.item_target(symbol)))
    }

    /// Where what a name stands for comes into being:
    /// - of a relation, where its rows are made: `insert`, `upsert`, `given`;
    /// - of an error, where it is failed with;
    /// - of a field, where it is given a value;
    /// - of an inverse, the reference that it reads backwards;
    /// - of the path of an endpoint, and of anything else, what declares it.
    pub fn implementation(&self, position: &FilePosition) -> Vec<NavigationTarget> {
        let Some(place) = self.locate(position) else { return Vec::new() };
        let found = at(occurrences(&self.db, place.item), place.code_offset);
        if found.is_empty() {
            return self.endpoint_at(&place).into_iter().collect();
        }
        let mut targets = Vec::new();
        for found in found {
            let made = match &found.meaning {
                Meaning::Inverse(relation, field) => {
                    self.declarations(place.item, &Meaning::Field(relation.clone(), field.clone()))
                }
                Meaning::Item(symbol) if self.relation(symbol).is_some() => {
                    self.uses_after(&found.meaning, &["insert", "upsert", "given"])
                }
                Meaning::Item(symbol) if symbol.module == "tenon" || self.error_sig(symbol).is_some() => {
                    self.uses_after(&found.meaning, &["fail", "else"])
                }
                Meaning::Field(..) => self.writes(&found.meaning),
                _ => Vec::new(),
            };
            match made.is_empty() {
                true => targets.extend(self.declarations(place.item, &found.meaning)),
                false => targets.extend(made),
            }
        }
        distinct(targets)
    }

    /// What declares a meaning. `item` is where the name stands: locals are declared there.
    pub(crate) fn declarations(&self, item: Item<'_>, meaning: &Meaning) -> Vec<NavigationTarget> {
        match meaning {
            Meaning::Item(symbol) => self.item_target(symbol).into_iter().collect(),
            Meaning::Module(path) => self.module_targets(path),
            Meaning::Field(owner, name) => self.member_target(owner, name, meaning),
            Meaning::Parameter(owner, name) => self.member_target(owner, name, meaning),
            Meaning::Case(owner, name) => self.member_target(owner, name, meaning),
            Meaning::CaseField(owner, _, name) => self.member_target(owner, name, meaning),
            Meaning::Inverse(owner, field) => {
                let Some(item) = item_of(&self.db, owner) else { return Vec::new() };
                let whole = place_of(&self.db, owner, Some(field));
                self.definitions_in(item, meaning, whole)
            }
            Meaning::RecordField(_, name) => {
                let declaring = self.items_that_say(name);
                declaring.into_iter().flat_map(|item| self.definitions_in(item, meaning, None)).collect()
            }
            Meaning::Local(_) | Meaning::TypeParameter(_) => self.definitions_in(item, meaning, None),
            Meaning::Given(_) | Meaning::Builtin(_) | Meaning::BuiltinType(_) => Vec::new(),
        }
    }

    fn member_target(&self, owner: &Symbol, name: &str, meaning: &Meaning) -> Vec<NavigationTarget> {
        let Some(item) = item_of(&self.db, owner) else { return Vec::new() };
        self.definitions_in(item, meaning, place_of(&self.db, owner, Some(name)))
    }

    /// The places in an item that define a meaning. `whole` is the declaration around the name, where it is known.
    fn definitions_in(&self, item: Item<'_>, meaning: &Meaning, whole: Option<Location>) -> Vec<NavigationTarget> {
        let defines = |found: &&Use| found.role == Role::Definition && found.meaning == *meaning;
        let first = occurrences(&self.db, item).iter().filter(defines);
        first
            .map(|found| {
                let covers =
                    |whole: &Location| whole.range.start <= found.range.start && found.range.end <= whole.range.end;
                let full = whole.as_ref().filter(|whole| covers(whole)).map_or(found.range, |whole| whole.range);
                NavigationTarget {
                    file: self.path(item.file(&self.db)),
                    full: self.range_in_file(item, full),
                    focus: self.range_in_file(item, found.range),
                    name: found.range.slice(&parse(&self.db, item).code).to_owned(),
                    kind: self.kind_of(meaning),
                    container: Some(item.name(&self.db).to_string()),
                }
            })
            .collect()
    }

    /// An item as a target.
    pub(crate) fn item_target(&self, symbol: &Symbol) -> Option<NavigationTarget> {
        item_of(&self.db, symbol).map(|item| self.target_of(item))
    }

    /// An item as a target; one that could not be read has its word and name at least.
    pub(crate) fn target_of(&self, item: Item<'_>) -> NavigationTarget {
        let parsed = parse(&self.db, item);
        let (full, focus) = match tree(&self.db, item) {
            Some(tree) => (tree.range, name_range(&self.db, item)),
            None => {
                let whole = parsed.tokens.tokens();
                let ends = (whole.first(), whole.last());
                let full = match ends {
                    (Some(first), Some(last)) => first.range.cover(last.range),
                    _ => Range::empty(0),
                };
                let named = |range: Range| range.slice(&parsed.code) == item.name(&self.db).as_str();
                let name = whole.iter().map(|token| token.range).find(|range| named(*range));
                (full, name.unwrap_or(Range::empty(full.start)))
            }
        };
        NavigationTarget {
            file: self.path(item.file(&self.db)),
            full: self.range_in_file(item, full),
            focus: self.range_in_file(item, focus),
            name: item.name(&self.db).to_string(),
            kind: item_kind(item.word(&self.db), tree(&self.db, item).as_deref()),
            container: None,
        }
    }

    fn module_targets(&self, path: &str) -> Vec<NavigationTarget> {
        let program = self.db.program();
        let all = program.library(&self.db).iter().chain(program.files(&self.db));
        all.filter(|file| file.module(&self.db) == path)
            .map(|file| NavigationTarget {
                file: self.path(*file),
                full: Range::new(0, file.text(&self.db).len() as u32),
                focus: Range::empty(0),
                name: path.to_owned(),
                kind: SymbolKind::Module,
                container: None,
            })
            .collect()
    }

    fn endpoint_at(&self, place: &Place<'_>) -> Option<NavigationTarget> {
        let tree = tree(&self.db, place.item).as_ref()?;
        let ItemKind::Function(function) = &tree.kind else { return None };
        let on_path = function
            .clauses
            .iter()
            .any(|clause| matches!(clause.kind, ast::ClauseKind::At { .. }) && clause.range.touches(place.code_offset));
        on_path.then(|| self.target_of(place.item))
    }

    /// Uses of a meaning that stand directly after one of some words.
    fn uses_after(&self, meaning: &Meaning, words: &[&str]) -> Vec<NavigationTarget> {
        self.uses_where(meaning, &|analysis, item, found| {
            let parsed = parse(&analysis.db, item);
            let tokens = parsed.tokens.tokens();
            let at = tokens.partition_point(|token| token.range.end <= found.range.start);
            at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| {
                words.contains(&before.range.slice(&parsed.code)) || before.kind == TokenKind::Dot
            })
        })
    }

    fn writes(&self, meaning: &Meaning) -> Vec<NavigationTarget> {
        self.uses_where(meaning, &|_, _, found| found.role == Role::Write)
    }

    fn uses_where(
        &self,
        meaning: &Meaning,
        wanted: &dyn Fn(&Analysis, Item<'_>, &Use) -> bool,
    ) -> Vec<NavigationTarget> {
        let mut targets = Vec::new();
        self.each_use(meaning, &mut |item, found| {
            if wanted(self, item, found) {
                targets.push(NavigationTarget {
                    file: self.path(item.file(&self.db)),
                    full: self.range_in_file(item, found.range),
                    focus: self.range_in_file(item, found.range),
                    name: found.range.slice(&parse(&self.db, item).code).to_owned(),
                    kind: self.kind_of(meaning),
                    container: Some(item.name(&self.db).to_string()),
                });
            }
        });
        targets
    }

    /// What a meaning is.
    pub(crate) fn kind_of(&self, meaning: &Meaning) -> SymbolKind {
        match meaning {
            Meaning::Item(symbol) => match item_of(&self.db, symbol) {
                Some(item) => item_kind(item.word(&self.db), tree(&self.db, item).as_deref()),
                None => SymbolKind::Error,
            },
            Meaning::Module(_) => SymbolKind::Module,
            Meaning::Field(..) | Meaning::CaseField(..) | Meaning::RecordField(..) => SymbolKind::Field,
            Meaning::Inverse(..) => SymbolKind::Inverse,
            Meaning::Case(..) => SymbolKind::Case,
            Meaning::Parameter(..) => SymbolKind::Parameter,
            Meaning::Local(_) | Meaning::Given(_) => SymbolKind::Local,
            Meaning::Builtin(_) => SymbolKind::Function,
            Meaning::BuiltinType(_) => SymbolKind::BuiltinType,
            Meaning::TypeParameter(_) => SymbolKind::TypeParameter,
        }
    }

    pub(crate) fn path(&self, file: SourceFile) -> String {
        file.path(&self.db).to_string()
    }

    /// All items of the program and the library whose text says a name.
    pub(crate) fn items_that_say(&self, name: &str) -> Vec<Item<'_>> {
        let program = self.db.program();
        let files = program.library(&self.db).iter().chain(program.files(&self.db));
        let saying = files.filter(|file| file.text(&self.db).contains(name));
        let items = saying.flat_map(|file| items(&self.db, *file));
        items.copied().filter(|item| item.text(&self.db).contains(name)).collect()
    }
}

/// The kind of an item by its word; types are told apart by their tree.
pub(crate) fn item_kind(word: &str, tree: Option<&ast::Item>) -> SymbolKind {
    match word {
        "relation" => SymbolKind::Relation,
        "event" => SymbolKind::Event,
        "view" => SymbolKind::View,
        "type" => match tree.map(|tree| &tree.kind) {
            Some(ItemKind::Type(ast::TypeDecl { body: ast::TypeBody::Variants { .. }, .. })) => SymbolKind::Variant,
            _ => SymbolKind::TypeAlias,
        },
        "fn" => SymbolKind::Function,
        "query" => SymbolKind::Query,
        "handler" => SymbolKind::Handler,
        "const" => SymbolKind::Constant,
        "error" => SymbolKind::Error,
        "scenario" => SymbolKind::Scenario,
        "use" => SymbolKind::Module,
        _ => SymbolKind::Item,
    }
}

/// The declared types in a type, outermost first.
pub(crate) fn named_types(ty: &Ty, found: &mut Vec<Symbol>) {
    match ty {
        Ty::Row(symbol) | Ty::Key(symbol) | Ty::Tag(symbol) => found.push(symbol.clone()),
        Ty::Variant(symbol, args) => {
            found.push(symbol.clone());
            args.iter().for_each(|arg| named_types(arg, found));
        }
        Ty::Refined(base, rule) => {
            if rule.name().is_some() {
                found.push(rule.owner.clone());
            } else {
                named_types(base, found);
            }
        }
        Ty::Option(inner) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => named_types(inner, found),
        Ty::Map(key, value) => {
            named_types(key, found);
            named_types(value, found);
        }
        Ty::Fn(params, result) => {
            params.iter().for_each(|param| named_types(param, found));
            named_types(result, found);
        }
        _ => {}
    }
}

fn distinct(targets: impl IntoIterator<Item = NavigationTarget>) -> Vec<NavigationTarget> {
    let mut seen = FxHashSet::default();
    targets.into_iter().filter(|target| seen.insert(target.clone())).collect()
}
