//! Inlay hints: what the checker inferred, shown in the text.

use crate::Analysis;
use crate::answer::{FileRange, TextEdit};
use crate::node::Node;
use crate::occurrences::occurrences;
use crate::typing::typed_code;
use rustc_hash::FxHashMap;
use serde::Serialize;
use smol_str::SmolStr;
use tenon_check::bodies::result_type;
use tenon_check::declare::signature;
use tenon_check::effects::effects_of;
use tenon_check::items::{Item, items, tree};
use tenon_check::names::{Resolution, item_of, resolve, symbol_of};
use tenon_check::show::Shown;
use tenon_check::signature::{ConstSig, FunctionSig, ResultSig, Signature};
use tenon_check::ty::{Symbol, Ty};
use tenon_check::uses::{Form, Meaning};
use tenon_span::Range;
use tenon_syntax::ast::{self, ExprKind, ItemKind, PatternKind, QueryClauseKind, StmtKind, TypeKind};

/// What a hint tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// The type of what `let`, `var`, `for`, a pattern or `with` names.
    Binding,
    /// The type of a parameter of a function value.
    LambdaParameter,
    /// The type of what a query without `->` yields.
    QueryRow,
    /// The type behind `-> _` or of a constant without a type.
    Result,
    /// Which parameter a bare argument fills.
    Argument,
    /// What a function, query or handler reads and writes.
    Effects,
    /// What it may fail with.
    Failures,
    /// What a brace closes that opened many lines above.
    Closing,
}

/// Which hints are given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HintSettings {
    /// [`HintKind::Binding`].
    pub bindings: bool,
    /// [`HintKind::LambdaParameter`].
    pub lambda_parameters: bool,
    /// [`HintKind::QueryRow`].
    pub query_rows: bool,
    /// [`HintKind::Result`].
    pub results: bool,
    /// [`HintKind::Argument`].
    pub arguments: bool,
    /// [`HintKind::Effects`].
    pub effects: bool,
    /// [`HintKind::Failures`].
    pub failures: bool,
    /// [`HintKind::Closing`]: from so many lines on; 0 gives none.
    pub closing_lines: u32,
    /// The characters of a type that are shown; the tooltip has all of it. 0 shows all.
    pub max_length: usize,
}

impl Default for HintSettings {
    fn default() -> Self {
        HintSettings {
            bindings: true,
            lambda_parameters: true,
            query_rows: true,
            results: true,
            arguments: true,
            effects: true,
            failures: true,
            closing_lines: 25,
            max_length: 48,
        }
    }
}

impl HintSettings {
    fn wants(&self, kind: HintKind) -> bool {
        match kind {
            HintKind::Binding => self.bindings,
            HintKind::LambdaParameter => self.lambda_parameters,
            HintKind::QueryRow => self.query_rows,
            HintKind::Result => self.results,
            HintKind::Argument => self.arguments,
            HintKind::Effects => self.effects,
            HintKind::Failures => self.failures,
            HintKind::Closing => self.closing_lines > 0,
        }
    }
}

/// A piece of a hint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HintPart {
    /// What is shown.
    pub text: String,
    /// The declaration that it names.
    pub target: Option<FileRange>,
}

/// A hint.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InlayHint {
    /// The offset in the file at which it stands.
    pub offset: u32,
    /// What it tells.
    pub kind: HintKind,
    /// What is shown, left to right.
    pub parts: Vec<HintPart>,
    /// True if a blank stands before it.
    pub padding_left: bool,
    /// True if a blank stands after it.
    pub padding_right: bool,
    /// What is left out of the parts; empty if nothing is.
    pub tooltip: String,
    /// The edit that writes into the text what the hint says, where it can be written.
    pub edit: Option<TextEdit>,
}

impl InlayHint {
    /// What is shown, as one text.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

impl Analysis {
    /// The hints of the items that a range touches, in the order of places.
    pub fn inlay_hints(&self, range: &FileRange, settings: &HintSettings) -> Vec<InlayHint> {
        let Some(file) = self.db.any_file(&range.file) else { return Vec::new() };
        let mut found = Vec::new();
        for item in items(&self.db, file) {
            let start = item.offset(&self.db);
            let end = start + item.text(&self.db).len() as u32;
            if start > range.range.end || end < range.range.start {
                continue;
            }
            let Some(tree) = tree(&self.db, *item) else { continue };
            let mut hints = Hints {
                analysis: self,
                item: *item,
                settings,
                types: self.local_types(*item),
                positional: self.positional_arguments(*item),
                found: Vec::new(),
            };
            hints.item(tree);
            hints.closing(tree);
            found.extend(hints.found.into_iter().filter(|hint| range.range.touches(hint.offset)));
        }
        found.sort_by_key(|hint| (hint.offset, hint.kind != HintKind::QueryRow, hint.kind));
        found
    }

    /// The types of an item's locals by the places of their names.
    pub(crate) fn local_types(&self, item: Item<'_>) -> FxHashMap<Range, Ty> {
        let mut types = FxHashMap::default();
        for code in typed_code(&self.db, item) {
            for local in code.locals.iter().filter(|local| !local.name.is_empty() && !local.range.is_empty()) {
                // The row of a left join is two locals: within `on`, and the option that is left.
                types.insert(local.range, local.ty.clone());
            }
        }
        types
    }

    /// The parameters that arguments fill by their place alone, of calls that have more than one parameter.
    fn positional_arguments(&self, item: Item<'_>) -> FxHashMap<Range, SmolStr> {
        let mut found = FxHashMap::default();
        for one in occurrences(&self.db, item).iter().filter(|one| one.form == Form::Positional) {
            let Meaning::Parameter(function, param) = &one.meaning else { continue };
            let several =
                matches!(signature(&self.db, function), Some(Signature::Function(sig)) if sig.params.len() > 1);
            if several {
                found.insert(one.range, param.clone());
            }
        }
        found
    }

    /// A type in parts, each name with the place of its declaration.
    pub(crate) fn type_parts(&self, ty: &Ty) -> Vec<HintPart> {
        let mut parts = Vec::new();
        self.add_type(ty, &mut parts);
        parts
    }

    pub(crate) fn symbol_part(&self, symbol: &Symbol) -> HintPart {
        let target = item_of(&self.db, symbol).map(|item| self.name_place(item));
        HintPart { text: symbol.name.to_string(), target }
    }

    fn add_type(&self, ty: &Ty, parts: &mut Vec<HintPart>) {
        let list = |types: &mut dyn Iterator<Item = &Ty>, parts: &mut Vec<HintPart>| {
            for (n, ty) in types.enumerate() {
                if n > 0 {
                    add_text(parts, ", ");
                }
                self.add_type(ty, parts);
            }
        };
        match ty {
            Ty::Option(inner) => {
                let function = matches!(**inner, Ty::Fn(..));
                if function {
                    add_text(parts, "(");
                }
                self.add_type(inner, parts);
                add_text(parts, if function { ")?" } else { "?" });
            }
            Ty::List(inner) => {
                add_text(parts, "[");
                self.add_type(inner, parts);
                add_text(parts, "]");
            }
            Ty::Bag(inner) | Ty::Set(inner) => {
                add_text(parts, if matches!(ty, Ty::Bag(_)) { "Bag[" } else { "Set[" });
                self.add_type(inner, parts);
                add_text(parts, "]");
            }
            Ty::Map(key, value) => {
                add_text(parts, "Map[");
                list(&mut [&**key, &**value].into_iter(), parts);
                add_text(parts, "]");
            }
            Ty::Record(record) => {
                add_text(parts, "(");
                for (n, field) in record.fields.iter().enumerate() {
                    let comma = if n == 0 { "" } else { ", " };
                    let absent = if field.absent { "?" } else { "" };
                    add_text(parts, &format!("{comma}{}{absent}: ", field.name));
                    self.add_type(&field.ty, parts);
                }
                add_text(parts, ")");
            }
            Ty::Variant(symbol, args) => {
                parts.push(self.symbol_part(symbol));
                if !args.is_empty() {
                    add_text(parts, "[");
                    list(&mut args.iter(), parts);
                    add_text(parts, "]");
                }
            }
            Ty::Tag(symbol) | Ty::Key(symbol) => {
                parts.push(self.symbol_part(symbol));
                add_text(parts, if matches!(ty, Ty::Tag(_)) { ".Tag" } else { ".Key" });
            }
            Ty::Row(symbol) => parts.push(self.symbol_part(symbol)),
            Ty::Refined(base, rule) => {
                if rule.name().is_some() {
                    parts.push(self.symbol_part(&rule.owner))
                } else {
                    self.add_type(base, parts)
                }
            }
            Ty::Fn(params, result) => {
                add_text(parts, "fn(");
                list(&mut params.iter(), parts);
                add_text(parts, ") -> ");
                self.add_type(result, parts);
            }
            other => add_text(parts, &Shown(other).to_string()),
        }
    }

    /// True if a type can be written in a file: every name in it is in sight there, and it is known to its end.
    pub(crate) fn can_be_written(&self, ty: &Ty, item: Item<'_>) -> bool {
        let of = |ty: &Ty| self.can_be_written(ty, item);
        let in_sight = |symbol: &Symbol| {
            let found = resolve(&self.db, item.file(&self.db), symbol.name.clone());
            matches!(found, Resolution::Item(other) if other == symbol)
        };
        match ty {
            Ty::Error | Ty::Never | Ty::Unit | Ty::Infer(_) => false,
            Ty::Option(inner) | Ty::List(inner) | Ty::Bag(inner) | Ty::Set(inner) => of(inner),
            Ty::Map(key, value) => of(key) && of(value),
            Ty::Record(record) => record.fields.iter().all(|field| of(&field.ty)),
            Ty::Variant(symbol, args) => in_sight(symbol) && args.iter().all(of),
            Ty::Tag(symbol) | Ty::Row(symbol) | Ty::Key(symbol) => in_sight(symbol),
            Ty::Refined(base, rule) => {
                if rule.name().is_some() {
                    in_sight(&rule.owner)
                } else {
                    of(base)
                }
            }
            Ty::Fn(params, result) => params.iter().all(of) && of(result),
            _ => true,
        }
    }
}

/// Adds plain text to the last part if that names nothing.
pub(crate) fn add_text(parts: &mut Vec<HintPart>, text: &str) {
    match parts.last_mut() {
        Some(HintPart { text: last, target: None }) => last.push_str(text),
        _ => parts.push(HintPart { text: text.to_owned(), target: None }),
    }
}

struct Hints<'a, 'db> {
    analysis: &'a Analysis,
    item: Item<'db>,
    settings: &'a HintSettings,
    types: FxHashMap<Range, Ty>,
    /// The parameters that arguments fill by their place, by the ranges of their values.
    positional: FxHashMap<Range, SmolStr>,
    found: Vec<InlayHint>,
}

impl<'a> Hints<'a, '_> {
    fn offset(&self, code: u32) -> u32 {
        self.analysis.range_in_file(self.item, Range::empty(code)).end
    }

    fn item(&mut self, tree: &'a ast::Item) {
        let db = &self.analysis.db;
        let sig = symbol_of(db, self.item).and_then(|symbol| signature(db, &symbol));
        match (&tree.kind, sig) {
            (ItemKind::Function(function), Some(Signature::Function(sig))) => self.function(function, sig),
            (ItemKind::Const(constant), Some(Signature::Const(ConstSig { ty: None, symbol, .. }))) => {
                let ty = result_type(db, symbol);
                if !self.obvious(&constant.value) {
                    self.ty(HintKind::Result, constant.name.range.end, ": ", &ty, None);
                }
            }
            _ => {}
        }
        Node::Item(tree).walk(&mut |node| {
            self.node(node);
            true
        });
    }

    /// The word and name of an item behind its last brace, if its first line is far above.
    fn closing(&mut self, tree: &ast::Item) {
        let db = &self.analysis.db;
        let place = self.analysis.range_in_file(self.item, tree.range);
        let text = place.slice(self.item.file(db).text(db));
        let long = text.matches('\n').count() as u32 >= self.settings.closing_lines;
        if long && text.ends_with('}') && !self.item.name(db).is_empty() {
            let target = Some(self.analysis.name_place(self.item));
            let name = HintPart { text: self.item.name(db).to_string(), target };
            let word = HintPart { text: format!("{} ", self.item.word(db)), target: None };
            self.add(HintKind::Closing, tree.range.end, vec![word, name], String::new(), None);
        }
    }

    fn function(&mut self, function: &ast::Function, sig: &FunctionSig) {
        let db = &self.analysis.db;
        if sig.result == ResultSig::Inferred {
            let ty = result_type(db, &sig.symbol);
            match &function.result {
                Some(written) if matches!(written.kind, TypeKind::Infer) => {
                    self.ty(HintKind::Result, written.range.end, " = ", &ty, Some(written.range));
                }
                Some(_) => {}
                None => self.ty(HintKind::QueryRow, function.params.range.end, " -> ", &ty, None),
            }
        }
        // A broken body does not say what it would do.
        if function.body.range.is_empty() {
            return;
        }
        let header = function.clauses.last().map(|clause| clause.range.end);
        let header = header.or(function.result.as_ref().map(|result| result.range.end));
        let at = header.unwrap_or(function.params.range.end);
        let effects = effects_of(db, &sig.symbol);
        let mut parts = Vec::new();
        self.names("reads ", &effects.reads, &mut parts);
        self.names("writes ", &effects.writes, &mut parts);
        self.add(HintKind::Effects, at, parts, String::new(), None);
        let mut parts = Vec::new();
        self.names("fails ", &effects.fails, &mut parts);
        self.add(HintKind::Failures, at, parts, String::new(), None);
    }

    fn names(&self, word: &str, symbols: &[Symbol], parts: &mut Vec<HintPart>) {
        if symbols.is_empty() {
            return;
        }
        if !parts.is_empty() {
            add_text(parts, ", ");
        }
        add_text(parts, word);
        for (n, symbol) in symbols.iter().enumerate() {
            if n > 0 {
                add_text(parts, ", ");
            }
            parts.push(self.analysis.symbol_part(symbol));
        }
    }

    /// Adds a hint unless it is switched off or says nothing.
    fn add(&mut self, kind: HintKind, at: u32, parts: Vec<HintPart>, tooltip: String, edit: Option<TextEdit>) {
        if parts.is_empty() || !self.settings.wants(kind) {
            return;
        }
        let padding_left = matches!(kind, HintKind::Effects | HintKind::Failures | HintKind::Closing);
        let padding_right = kind == HintKind::Argument;
        let offset = self.offset(at);
        self.found.push(InlayHint { offset, kind, parts, padding_left, padding_right, tooltip, edit });
    }

    /// A type behind `lead`; the edit puts both at the place, or the type where `instead_of` stands.
    fn ty(&mut self, kind: HintKind, at: u32, lead: &str, ty: &Ty, instead_of: Option<Range>) {
        if matches!(ty, Ty::Error | Ty::Never | Ty::Unit | Ty::Infer(_)) {
            return;
        }
        let mut parts = vec![HintPart { text: lead.to_owned(), target: None }];
        for part in self.analysis.type_parts(ty) {
            if part.target.is_none() { add_text(&mut parts, &part.text) } else { parts.push(part) }
        }
        let whole: String = parts.iter().map(|part| part.text.as_str()).collect();
        let edit = self.analysis.can_be_written(ty, self.item).then(|| match instead_of {
            Some(range) => {
                let range = self.analysis.range_in_file(self.item, range);
                TextEdit { range, text: whole.trim_start_matches(lead).to_owned() }
            }
            None => TextEdit { range: Range::empty(self.offset(at)), text: whole.clone() },
        });
        let long = self.settings.max_length > 0 && whole.chars().count() > self.settings.max_length;
        let tooltip = if long { whole.trim_start_matches([':', ' ']).to_owned() } else { String::new() };
        if long {
            shorten(&mut parts, self.settings.max_length);
        }
        self.add(kind, at, parts, tooltip, edit);
    }

    /// True where the value tells its type by itself.
    fn obvious(&self, value: &ast::Expr) -> bool {
        match &value.kind {
            ExprKind::Literal(_) | ExprKind::Text(_) | ExprKind::Insert { .. } | ExprKind::Upsert { .. } => true,
            ExprKind::Call { callee, .. } => matches!(callee.kind, ExprKind::TypeName(_)),
            // `R[k]` and `R[k] else …`
            ExprKind::Index { base, .. } => matches!(base.kind, ExprKind::TypeName(_)),
            ExprKind::Else { value, .. } | ExprKind::Unwrap(value) => self.obvious(value),
            ExprKind::Lambda { .. } => true,
            _ => false,
        }
    }

    fn binding(&mut self, kind: HintKind, range: Range, writable: bool) {
        let Some(ty) = self.types.get(&range).cloned() else { return };
        let before = self.found.len();
        self.ty(kind, range.end, ": ", &ty, None);
        if !writable {
            self.found.iter_mut().skip(before).for_each(|hint| hint.edit = None);
        }
    }

    fn pattern(&mut self, pattern: &'a ast::Pattern) {
        Node::Pattern(pattern).walk(&mut |node| {
            if let Node::Pattern(ast::Pattern { kind: PatternKind::Bind(name), .. }) = node {
                self.binding(HintKind::Binding, name.range, false);
            }
            true
        });
    }

    fn node(&mut self, node: Node<'a>) {
        match node {
            Node::Stmt(stmt) => match &stmt.kind {
                StmtKind::Let { pattern, ty: None, value } => match &pattern.kind {
                    PatternKind::Bind(_) if self.obvious(value) => {}
                    PatternKind::Bind(name) => self.binding(HintKind::Binding, name.range, true),
                    _ => self.pattern(pattern),
                },
                StmtKind::Var { name, ty: None, value } if !self.obvious(value) => {
                    self.binding(HintKind::Binding, name.range, true);
                }
                StmtKind::For { pattern, .. } => self.pattern(pattern),
                _ => {}
            },
            Node::If(ast::If { cond: ast::Cond::Let { pattern, value }, .. })
                if !(matches!(pattern.kind, PatternKind::Bind(_)) && self.obvious(value)) =>
            {
                self.pattern(pattern);
            }
            Node::Arm(arm) => self.pattern(&arm.pattern),
            Node::Arg(arg) => self.argument(arg),
            Node::Expr(expr) => self.expr(expr),
            Node::QueryClause(clause) => match &clause.kind {
                QueryClauseKind::With(definitions) => {
                    for definition in definitions {
                        if !self.obvious(&definition.value) {
                            self.binding(HintKind::Binding, definition.name.range, false);
                        }
                    }
                }
                QueryClauseKind::WhereLet { name, .. } => self.binding(HintKind::Binding, name.range, false),
                QueryClauseKind::Join { var, source, .. } => self.row_variable(var, source),
                _ => {}
            },
            Node::ScenarioLine(line) => match &line.kind {
                ast::ScenarioLineKind::When { name: Some(name), .. } => {
                    self.binding(HintKind::Binding, name.range, false);
                }
                ast::ScenarioLineKind::For { pattern, .. } => self.pattern(pattern),
                _ => {}
            },
            _ => {}
        }
    }

    /// The type of a row variable, unless its source is a relation by its name.
    fn row_variable(&mut self, var: &ast::Ident, source: &ast::Expr) {
        if !matches!(source.kind, ExprKind::TypeName(_)) {
            self.binding(HintKind::Binding, var.range, false);
        }
    }

    fn expr(&mut self, expr: &'a ast::Expr) {
        match &expr.kind {
            ExprKind::Lambda { params, .. } => {
                for param in params {
                    self.binding(HintKind::LambdaParameter, param.range, false);
                }
            }
            ExprKind::Query(query) => self.row_variable(&query.var, &query.source),
            ExprKind::Quantifier { var, source, .. } => self.row_variable(var, source),
            _ => {}
        }
    }

    /// The parameter that a bare argument fills, where the argument does not say it itself.
    fn argument(&mut self, arg: &'a ast::Arg) {
        if arg.name.is_some() || arg.spread {
            return;
        }
        let Some(param) = self.positional.get(&arg.value.range).cloned() else { return };
        if !says_itself(&arg.value, &param) {
            let parts = vec![HintPart { text: format!("{param}:"), target: None }];
            self.add(HintKind::Argument, arg.range.start, parts, String::new(), None);
        }
    }
}

/// True if an argument ends in the parameter's name, or is a function value.
fn says_itself(value: &ast::Expr, param: &str) -> bool {
    let named = value.implied_name().is_some_and(|name| {
        name.text == param || name.text.ends_with(&format!("_{param}")) || param.ends_with(&format!("_{}", name.text))
    });
    named || matches!(value.kind, ExprKind::Lambda { .. })
}

/// Cuts parts to about `most` characters.
fn shorten(parts: &mut Vec<HintPart>, most: usize) {
    let mut left = most;
    for at in 0..parts.len() {
        let Some(part) = parts.get_mut(at) else { return };
        let length = part.text.chars().count();
        if length > left {
            part.text = part.text.chars().take(left).collect();
            part.text.push('…');
            parts.truncate(at + 1);
            return;
        }
        left -= length;
    }
}
