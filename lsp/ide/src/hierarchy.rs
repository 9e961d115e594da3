//! Who calls whom, and who reads and writes what: the call hierarchy, in which relations and their fields are nodes too.
//!
//! A function calls functions, reads relations and fields, and writes them. So what comes in at a relation or field is
//! whoever reads or writes it, and what goes out of a function is all three.

use crate::Analysis;
use crate::access::{Touch, touches};
use crate::answer::{FilePosition, SymbolKind};
use crate::occurrences::occurrences;
use serde::Serialize;
use tenon_check::items::{Item, program_items};
use tenon_check::names::{item_of, symbol_of};
use tenon_check::ty::Symbol;
use tenon_check::uses::{Form, Meaning, Role};
use tenon_span::Range;

/// Names a node, so that it can be asked for again.
#[derive(Clone, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct NodeKey {
    /// The module of the item; empty for the program's own.
    pub module: String,
    /// The item's name; in quotes for what has a title.
    pub item: String,
    /// The field, for a node that is one.
    pub field: Option<String>,
}

/// A function, query, handler, scenario, relation or field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HierarchyNode {
    /// Its name for people: `Order.qty` for a field.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// The file that declares it.
    pub file: String,
    /// The declaration.
    pub full: Range,
    /// Its name, within `full`.
    pub focus: Range,
    /// To ask for it again.
    pub key: NodeKey,
}

/// What an edge stands for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// A call, or a use as a value.
    Calls,
    /// Rows or a field are read.
    Reads,
    /// Rows or a field are written.
    Writes,
}

/// The edges between two nodes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HierarchyEdge {
    /// The node at the other end.
    pub node: HierarchyNode,
    /// What the edges stand for, each once.
    pub kinds: Vec<EdgeKind>,
    /// The places, in the file of the caller.
    pub ranges: Vec<Range>,
}

impl Analysis {
    /// The nodes at a position: what the name there stands for, else the item around it.
    pub fn prepare_hierarchy(&self, position: &FilePosition) -> Vec<HierarchyNode> {
        let mut found: Vec<HierarchyNode> = Vec::new();
        for meaning in self.meanings_at(position) {
            found.extend(match &meaning {
                Meaning::Item(symbol) => self.hierarchy_node(symbol, None),
                Meaning::Field(relation, field) => self.hierarchy_node(relation, Some(field)),
                Meaning::Inverse(relation, field) => self.hierarchy_node(relation, Some(field)),
                _ => None,
            });
        }
        if found.is_empty()
            && let Some(place) = self.locate(position)
            && place.token.is_some()
        {
            found.extend(symbol_of(&self.db, place.item).and_then(|symbol| self.hierarchy_node(&symbol, None)));
        }
        found
    }

    /// Who calls a node, or reads or writes it, in the order of files and places.
    pub fn incoming(&self, key: &NodeKey) -> Vec<HierarchyEdge> {
        let symbol = symbol_of_key(key);
        let mut found = Vec::new();
        let wanted = Meaning::Item(symbol.clone());
        let is_relation = self.relation(&symbol).is_some();
        for item in program_items(&self.db) {
            let mut edges: Vec<(EdgeKind, Range)> = Vec::new();
            if is_relation || key.field.is_some() {
                let of_node =
                    |touch: &&Touch| touch.relation == symbol && touch.field.as_deref() == key.field.as_deref();
                edges.extend(touches(&self.db, item).iter().filter(of_node).map(edge_of));
            } else {
                let calls = occurrences(&self.db, item).iter().filter(|one| one.meaning == wanted);
                let calls = calls.filter(|one| one.role != Role::Definition && one.form != Form::Positional);
                edges.extend(calls.map(|one| (EdgeKind::Calls, one.range)));
            }
            if let Some(node) = self.item_node(item).filter(|_| !edges.is_empty()) {
                found.push(self.edge(node, item, edges));
            }
        }
        found
    }

    /// What a node calls, reads and writes, in the order of the first places.
    pub fn outgoing(&self, key: &NodeKey) -> Vec<HierarchyEdge> {
        if key.field.is_some() {
            return Vec::new();
        }
        let Some(item) = item_of(&self.db, &symbol_of_key(key)) else { return Vec::new() };
        let mut to: Vec<(Symbol, Option<String>, Vec<(EdgeKind, Range)>)> = Vec::new();
        let mut add = |symbol: &Symbol, field: Option<&str>, edge: (EdgeKind, Range)| match to
            .iter_mut()
            .find(|(other, of, _)| other == symbol && of.as_deref() == field)
        {
            Some((.., edges)) => edges.push(edge),
            None => to.push((symbol.clone(), field.map(str::to_owned), vec![edge])),
        };
        let mut all: Vec<(Symbol, Option<&str>, (EdgeKind, Range))> = Vec::new();
        for one in occurrences(&self.db, item) {
            if let Meaning::Item(symbol) = &one.meaning
                && one.role != Role::Definition
                && one.form != Form::Positional
                && self.function(symbol).is_some()
            {
                all.push((symbol.clone(), None, (EdgeKind::Calls, one.range)));
            }
        }
        all.extend(
            touches(&self.db, item)
                .iter()
                .map(|touch| (touch.relation.clone(), touch.field.as_deref(), edge_of(touch))),
        );
        all.sort_by_key(|(_, field, (_, range))| (range.start, field.is_some()));
        all.iter().for_each(|(symbol, field, edge)| add(symbol, *field, *edge));
        to.into_iter()
            .filter_map(|(symbol, field, edges)| {
                let node = self.hierarchy_node(&symbol, field.as_deref())?;
                Some(self.edge(node, item, edges))
            })
            .collect()
    }

    fn edge(&self, node: HierarchyNode, caller: Item<'_>, edges: Vec<(EdgeKind, Range)>) -> HierarchyEdge {
        let mut kinds: Vec<EdgeKind> = edges.iter().map(|(kind, _)| *kind).collect();
        kinds.sort();
        kinds.dedup();
        let mut ranges: Vec<Range> = edges.iter().map(|(_, range)| self.range_in_file(caller, *range)).collect();
        ranges.sort();
        ranges.dedup();
        HierarchyEdge { node, kinds, ranges }
    }

    fn item_node(&self, item: Item<'_>) -> Option<HierarchyNode> {
        self.hierarchy_node(&symbol_of(&self.db, item)?, None)
    }

    fn hierarchy_node(&self, symbol: &Symbol, field: Option<&str>) -> Option<HierarchyNode> {
        let item = item_of(&self.db, symbol)?;
        let target = match field {
            None => self.target_of(item),
            Some(field) => {
                let meaning = Meaning::Field(symbol.clone(), field.into());
                self.declarations(item, &meaning).into_iter().next()?
            }
        };
        let name = symbol.name.trim_matches('"');
        Some(HierarchyNode {
            name: field.map_or_else(|| name.to_owned(), |field| format!("{name}.{field}")),
            kind: target.kind,
            file: target.file,
            full: target.full,
            focus: target.focus,
            key: NodeKey {
                module: symbol.module.to_string(),
                item: symbol.name.to_string(),
                field: field.map(str::to_owned),
            },
        })
    }
}

fn edge_of(touch: &Touch) -> (EdgeKind, Range) {
    (if touch.write { EdgeKind::Writes } else { EdgeKind::Reads }, touch.range)
}

fn symbol_of_key(key: &NodeKey) -> Symbol {
    Symbol { module: key.module.as_str().into(), name: key.item.as_str().into() }
}
