//! Types as the checker knows them: with refinements, generics and function types, without spans.

use smol_str::SmolStr;
use std::sync::Arc;

/// A named item of a program: what names resolve to and signatures are keyed by. Types and values never share
/// a spelling (the case differs), so module and name identify it. Items without a name of their own
/// (scenarios, invariants) use their title.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Symbol {
    /// The module: the folder's dotted path; empty for the program's root module, `tenon.…` for the library.
    pub module: SmolStr,
    /// The item's name.
    pub name: SmolStr,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Ty {
    /// Something whose fault has been reported; agrees with everything and causes no second message.
    Error,
    /// The type of what never yields: `fail`, `return`. A subtype of every type.
    Never,
    /// No value.
    Unit,
    /// Base types.
    Bool,
    /// 64-bit integer.
    Int,
    /// Exact, with that many fractional digits.
    Decimal(u8),
    /// Finite floating point.
    Float,
    /// Text.
    Text,
    /// Octets.
    Bytes,
    /// A moment.
    Instant,
    /// Calendar date and time without a zone.
    DateTime,
    /// Calendar date.
    Date,
    /// Time of day.
    Time,
    /// Length of time.
    Duration,
    /// Generated identity.
    Id,
    /// UUID.
    Uuid,
    /// Untyped edge data.
    Json,
    /// `T?`; never nested.
    Option(Arc<Ty>),
    /// `[T]`.
    List(Arc<Ty>),
    /// `Bag[T]`: a query without `order by`.
    Bag(Arc<Ty>),
    /// `Set[T]`.
    Set(Arc<Ty>),
    /// `Map[K, V]`.
    Map(Arc<Ty>, Arc<Ty>),
    /// `(a: A, b: B)`; equal whatever the order of fields, see [`RecordTy`].
    Record(Arc<RecordTy>),
    /// A variant type with its type arguments.
    Variant(Symbol, Arc<[Ty]>),
    /// `S.Tag`: the bare case of a variant type.
    Tag(Symbol),
    /// A subtype of `base`: the values on which a rule holds.
    Refined(Arc<Ty>, RuleRef),
    /// A row of a relation.
    Row(Symbol),
    /// `R.Key`.
    Key(Symbol),
    /// A function value.
    Fn(Arc<[Ty]>, Arc<Ty>),
    /// A type parameter of the signature at hand.
    Param(SmolStr),
    /// A variable of inference; never outside of a body that is being inferred.
    Infer(u32),
}

/// Names a refinement: the n-th `where` of a type in an item, in source order. The rule itself is fetched by
/// the query `rule(RuleRef)`, so that a type does not change when a rule's text does.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleRef {
    /// The item it stands in. For `type Cents = Int where …` that is `Cents`, and `index` is 0.
    pub owner: Symbol,
    /// 0 for the rule that makes `type N = T where …` a type of its own; the other refinements of an item's
    /// declared types count from 1 in source order.
    pub index: u32,
}

impl RuleRef {
    /// The name that the rule gives its type, if it is one of `type N = T where …`.
    pub fn name(&self) -> Option<&SmolStr> {
        (self.index == 0).then_some(&self.owner.name)
    }
}

/// A record type. `fields` keeps the order in which it was written (the wire follows it); equality and
/// hashing ignore that order.
#[derive(Clone, Debug)]
pub struct RecordTy {
    /// The fields.
    pub fields: Vec<FieldTy>,
}

/// A field of a record type.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FieldTy {
    /// Its name.
    pub name: SmolStr,
    /// Its name on the wire, where it differs.
    pub wire: Option<SmolStr>,
    /// Its type.
    pub ty: Ty,
    /// `f?: T`: may be absent.
    pub absent: bool,
    /// Has a default in a declared record type: the expression is found by owner and index, as a rule is.
    pub default: Option<RuleRef>,
}

impl RecordTy {
    fn sorted(&self) -> Vec<&FieldTy> {
        let mut fields: Vec<_> = self.fields.iter().collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        fields
    }

    /// Finds a field.
    pub fn field(&self, name: &str) -> Option<&FieldTy> {
        self.fields.iter().find(|f| f.name == name)
    }
}

impl PartialEq for RecordTy {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

impl Eq for RecordTy {}

impl std::hash::Hash for RecordTy {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.sorted().hash(state);
    }
}

impl PartialOrd for RecordTy {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RecordTy {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.sorted().cmp(&other.sorted())
    }
}

/// How many levels a type may have, with the names that stand for types written out.
pub const MAX_LEVELS: u32 = 128;

/// How many parts a type may have, with the names that stand for types written out. Types are compared and walked as
/// trees, and names that use names double them.
pub const MAX_PARTS: u32 = 4_000;

impl Ty {
    /// Whether it keeps within [`MAX_LEVELS`] and [`MAX_PARTS`]. Takes no longer than these allow.
    pub fn is_bounded(&self) -> bool {
        self.is_bounded_with(&Ty::clone)
    }

    /// As [`Ty::is_bounded`], with what variables of inference stand for, as `shallow` says it.
    pub fn is_bounded_with(&self, shallow: &dyn Fn(&Ty) -> Ty) -> bool {
        self.within(MAX_LEVELS, &mut { MAX_PARTS }, shallow)
    }

    fn within(&self, levels: u32, parts: &mut u32, shallow: &dyn Fn(&Ty) -> Ty) -> bool {
        if levels == 0 || *parts == 0 {
            return false;
        }
        *parts -= 1;
        let levels = levels - 1;
        let mut holds = |ty: &Ty| ty.within(levels, parts, shallow);
        match self {
            Ty::Option(of) | Ty::List(of) | Ty::Bag(of) | Ty::Set(of) | Ty::Refined(of, _) => holds(of),
            Ty::Map(key, value) => holds(key) && holds(value),
            Ty::Record(record) => record.fields.iter().all(|field| holds(&field.ty)),
            Ty::Variant(_, args) => args.iter().all(holds),
            Ty::Fn(params, result) => params.iter().all(&mut holds) && holds(result),
            Ty::Infer(_) => match shallow(self) {
                Ty::Infer(_) => true,
                ty => holds(&ty),
            },
            _ => true,
        }
    }

    /// `T?`; of an option, the option itself.
    pub fn optional(self) -> Ty {
        match self {
            Ty::Option(_) | Ty::Error => self,
            ty => Ty::Option(Arc::new(ty)),
        }
    }

    /// `[T]`.
    pub fn list(of: Ty) -> Ty {
        Ty::List(Arc::new(of))
    }

    /// `Bag[T]`.
    pub fn bag(of: Ty) -> Ty {
        Ty::Bag(Arc::new(of))
    }

    /// The type without its outer refinements.
    pub fn base(&self) -> &Ty {
        match self {
            Ty::Refined(base, _) => base.base(),
            ty => ty,
        }
    }

    /// The element type of a list, bag or set.
    pub fn element(&self) -> Option<&Ty> {
        match self.base() {
            Ty::List(t) | Ty::Bag(t) | Ty::Set(t) => Some(t),
            _ => None,
        }
    }

    /// The type with type parameters replaced by what `of` gives for them.
    pub fn substitute(&self, of: &dyn Fn(&str) -> Option<Ty>) -> Ty {
        let arc = |ty: &Arc<Ty>| Arc::new(ty.substitute(of));
        match self {
            Ty::Param(name) => of(name).unwrap_or_else(|| self.clone()),
            Ty::Option(inner) => inner.substitute(of).optional(),
            Ty::List(inner) => Ty::List(arc(inner)),
            Ty::Bag(inner) => Ty::Bag(arc(inner)),
            Ty::Set(inner) => Ty::Set(arc(inner)),
            Ty::Map(key, value) => Ty::Map(arc(key), arc(value)),
            Ty::Record(record) => {
                let fields = record.fields.iter().map(|field| FieldTy { ty: field.ty.substitute(of), ..field.clone() });
                Ty::Record(Arc::new(RecordTy { fields: fields.collect() }))
            }
            Ty::Variant(symbol, args) => {
                Ty::Variant(symbol.clone(), args.iter().map(|arg| arg.substitute(of)).collect())
            }
            Ty::Refined(base, rule) => Ty::Refined(arc(base), rule.clone()),
            Ty::Fn(params, result) => Ty::Fn(params.iter().map(|param| param.substitute(of)).collect(), arc(result)),
            _ => self.clone(),
        }
    }
}
