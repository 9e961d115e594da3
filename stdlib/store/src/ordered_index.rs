//! An ordered index: a B+ tree of (key bytes, entity) that one writer changes while many read.
//!
//! Keys are byte strings whose order is the order of the values ([`crate::order_key`]). The tree is
//! copy-on-write: the writer changes a node in place only if it made the node itself since the last
//! [`OrderedIndex::publish`]; any other node is copied first. Readers start from the published root and
//! so walk a tree that never changes. Nodes that publishing leaves unreachable are handed out as
//! garbage. A transaction that is undone removes what it added and publishes nothing.
//!
//! An entry may be added several times; it goes when it has been removed as often (see [`crate::repeats`]).

use std::alloc::{Layout, dealloc};
use std::cmp::Ordering as Order;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::garbage::{Unlinked, WriteToken};

/// Entries of a leaf, children of an inner node.
const FANOUT: usize = 64;
/// A tree of this height holds more entries than there are entities.
const HEIGHT: usize = 16;

/// The key bytes beyond the first 16.
#[repr(C)]
struct Rest {
    len: u32,
}

impl Rest {
    fn layout(len: usize) -> Layout {
        Layout::from_size_align(size_of::<Rest>() + len, 4).expect("a key fits")
    }

    fn allocate(bytes: &[u8]) -> *const Rest {
        // SAFETY: the layout's size is not zero; header and bytes are written within it.
        unsafe {
            let start = std::alloc::alloc(Rest::layout(bytes.len()));
            let Some(start) = NonNull::new(start) else { std::alloc::handle_alloc_error(Rest::layout(bytes.len())) };
            start.cast::<Rest>().write(Rest { len: bytes.len() as u32 });
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr().add(size_of::<Rest>()), bytes.len());
            start.as_ptr().cast()
        }
    }
}

/// A key with its entity. The bytes beyond the first 16 belong to the entry; copies of nodes share them.
#[derive(Clone, Copy)]
#[repr(C)]
struct Entry {
    prefix: u128,
    rest: *const Rest,
    entity: u32,
    /// How often a leaf's entry stands. The writer's own.
    times: u32,
}

impl Entry {
    const NOTHING: Entry = Entry { prefix: 0, rest: std::ptr::null(), entity: 0, times: 0 };

    fn new(probe: Probe<'_>) -> Entry {
        let rest = if probe.rest.is_empty() { std::ptr::null() } else { Rest::allocate(probe.rest) };
        Entry { prefix: probe.prefix, rest, entity: probe.entity, times: 1 }
    }

    /// A copy that owns its bytes.
    fn duplicate(&self) -> Entry {
        let rest = if self.rest.is_null() { std::ptr::null() } else { Rest::allocate(self.probe().rest) };
        Entry { rest, ..*self }
    }

    fn probe(&self) -> Probe<'_> {
        let rest = if self.rest.is_null() {
            &[][..]
        } else {
            // SAFETY: made by `Rest::allocate` and freed only when no node leads here.
            unsafe {
                let start = self.rest.cast::<u8>().add(size_of::<Rest>());
                std::slice::from_raw_parts(start, (*self.rest).len as usize)
            }
        };
        Probe { prefix: self.prefix, rest, entity: self.entity }
    }

    fn unlink(&self, garbage: &mut Vec<(NonNull<u8>, Layout)>) {
        if let Some(start) = NonNull::new(self.rest.cast_mut()) {
            garbage.push((start.cast(), Rest::layout(self.probe().rest.len())));
        }
    }
}

/// What entries are compared as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Probe<'a> {
    prefix: u128,
    rest: &'a [u8],
    entity: u32,
}

impl<'a> Probe<'a> {
    fn new(key: &'a [u8], entity: u32) -> Probe<'a> {
        let mut first = [0u8; 16];
        let n = key.len().min(16);
        first[..n].copy_from_slice(&key[..n]);
        Probe { prefix: u128::from_be_bytes(first), rest: key.get(16..).unwrap_or(&[]), entity }
    }
}

/// The beginning of every node.
#[repr(C)]
struct Node {
    /// In which writing generation the node was made.
    owner: u64,
    len: u32,
    /// 0 for a leaf.
    level: u32,
    /// A leaf's entries; of an inner node, the least key that each child may hold (the first unused).
    entries: [Entry; FANOUT],
}

#[repr(C)]
struct Inner {
    node: Node,
    children: [*mut Node; FANOUT],
}

fn node_layout(level: u32) -> Layout {
    if level == 0 { Layout::new::<Node>() } else { Layout::new::<Inner>() }
}

impl Node {
    fn allocate(owner: u64, level: u32) -> *mut Node {
        let node = Node { owner, len: 0, level, entries: [Entry::NOTHING; FANOUT] };
        if level == 0 {
            Box::into_raw(Box::new(node))
        } else {
            Box::into_raw(Box::new(Inner { node, children: [std::ptr::null_mut(); FANOUT] })).cast()
        }
    }

    fn keys(&self) -> &[Entry] {
        &self.entries[..self.len as usize]
    }

    /// # Safety
    /// `this` must be an inner node.
    unsafe fn children<'a>(this: *const Node) -> &'a [*mut Node] {
        // SAFETY: by the caller's promise the node is the beginning of an `Inner`.
        unsafe { &(&(*this.cast::<Inner>()).children)[..(*this).len as usize] }
    }

    /// # Safety
    /// `this` must be an inner node that nobody else reads.
    unsafe fn children_mut<'a>(this: *mut Node) -> &'a mut [*mut Node; FANOUT] {
        // SAFETY: by the caller's promise.
        unsafe { &mut (*this.cast::<Inner>()).children }
    }

    /// The child that may hold a key: the last whose least key is not above it.
    fn child_for(&self, probe: Probe<'_>) -> usize {
        self.keys()[1..].partition_point(|least| least.probe() <= probe)
    }
}

/// See the module.
#[derive(Debug)]
pub struct OrderedIndex {
    published: AtomicPtr<Node>,
    working: AtomicPtr<Node>,
    generation: AtomicU64,
    /// What is unreachable from the working root and may be reachable from the published one.
    replaced: Mutex<Vec<Pending>>,
}

#[derive(Debug)]
struct Pending(NonNull<u8>, Layout);

// SAFETY: memory that only waits to be freed.
unsafe impl Send for Pending {}

/// The writer's way through one change.
struct Change<'a> {
    generation: u64,
    garbage: &'a mut Vec<(NonNull<u8>, Layout)>,
}

impl Change<'_> {
    /// The node itself if it may be changed, else a copy of it.
    unsafe fn own(&mut self, node: *mut Node) -> *mut Node {
        // SAFETY: nodes reachable from the working root are valid; a node of this generation is known to
        // the writer alone; others are only read here.
        unsafe {
            if (*node).owner == self.generation {
                return node;
            }
            let copy = Node::allocate(self.generation, (*node).level);
            (*copy).len = (*node).len;
            (*copy).entries = (*node).entries;
            if (*node).level > 0 {
                *Node::children_mut(copy) = (*node.cast::<Inner>()).children;
            }
            self.discard(node);
            copy
        }
    }

    unsafe fn discard(&mut self, node: *mut Node) {
        // SAFETY: the node is valid until the garbage is freed.
        let level = unsafe { (*node).level };
        self.garbage.push((NonNull::new(node.cast()).expect("a node has an address"), node_layout(level)));
    }

    /// Inserts below a node. Returns the node in its place, and a right sibling if it was split.
    unsafe fn insert(&mut self, node: *mut Node, probe: Probe<'_>) -> (*mut Node, Option<(Entry, *mut Node)>) {
        // SAFETY: `own` makes the node ours; all indices are within `len`.
        unsafe {
            let node = self.own(node);
            if (*node).level == 0 {
                let at = match (*node).keys().binary_search_by(|e| e.probe().cmp(&probe)) {
                    Ok(at) => {
                        (&mut (*node).entries)[at].times += 1;
                        return (node, None);
                    }
                    Err(at) => at,
                };
                return (node, self.insert_at(node, at, Entry::new(probe), std::ptr::null_mut()));
            }
            let at = (*node).child_for(probe);
            let child = Node::children(node)[at];
            let (child, split) = self.insert(child, probe);
            Node::children_mut(node)[at] = child;
            let Some((least, right)) = split else { return (node, None) };
            (node, self.insert_at(node, at + 1, least, right))
        }
    }

    /// Puts an entry (and a child) at a place of an owned node, splitting it if it is full.
    unsafe fn insert_at(
        &mut self,
        node: *mut Node,
        at: usize,
        entry: Entry,
        child: *mut Node,
    ) -> Option<(Entry, *mut Node)> {
        // SAFETY: the node is owned, `at <= len`, and a node with room has `len < FANOUT`.
        unsafe {
            let len = (*node).len as usize;
            if len < FANOUT {
                (*node).entries.copy_within(at..len, at + 1);
                (*node).entries[at] = entry;
                if (*node).level > 0 {
                    let children = Node::children_mut(node);
                    children.copy_within(at..len, at + 1);
                    children[at] = child;
                }
                (*node).len += 1;
                return None;
            }
            // Ascending keys (serials, times) fill nodes: split at the end then, else in the middle.
            let middle = if at == len { len - 1 } else { len / 2 };
            let right = Node::allocate(self.generation, (*node).level);
            let moved = len - middle;
            (&mut (*right).entries)[..moved].copy_from_slice(&(&(*node).entries)[middle..]);
            (*right).len = moved as u32;
            (*node).len = middle as u32;
            let least = if (*node).level > 0 {
                let children = Node::children_mut(node);
                Node::children_mut(right)[..moved].copy_from_slice(&children[middle..]);
                // The first least key of an inner node is unused, so it moves up.
                std::mem::replace(&mut (&mut (*right).entries)[0], Entry::NOTHING)
            } else {
                (&(*right).entries)[0].duplicate()
            };
            let (target, at) = if at > middle { (right, at - middle) } else { (node, at) };
            self.insert_at(target, at, entry, child);
            Some((least, right))
        }
    }

    /// Removes an entry below a node, once. Returns the node in its place (null if nothing is left) and
    /// whether the entry was there.
    unsafe fn remove(&mut self, node: *mut Node, probe: Probe<'_>) -> (*mut Node, bool) {
        // SAFETY: as in `insert`.
        unsafe {
            if (*node).level == 0 {
                let Ok(at) = (*node).keys().binary_search_by(|e| e.probe().cmp(&probe)) else { return (node, false) };
                let node = self.own(node);
                let entry = &mut (&mut (*node).entries)[at];
                if entry.times > 1 {
                    entry.times -= 1;
                    return (node, true);
                }
                entry.unlink(self.garbage);
                return (self.remove_at(node, at), true);
            }
            let at = (*node).child_for(probe);
            let old = Node::children(node)[at];
            let (child, found) = self.remove(old, probe);
            if !found {
                return (node, false);
            }
            let node = self.own(node);
            if !child.is_null() {
                Node::children_mut(node)[at] = child;
                return (node, true);
            }
            let least = if at == 0 { 1 } else { at };
            if least < (*node).len as usize {
                (&(*node).entries)[least].unlink(self.garbage);
                // If the first child goes, the next becomes the first and needs no least key.
                (&mut (*node).entries)[least] = Entry::NOTHING;
            }
            (self.remove_at(node, at), true)
        }
    }

    /// Closes a place of an owned node; null, with the node discarded, if it was the last.
    unsafe fn remove_at(&mut self, node: *mut Node, at: usize) -> *mut Node {
        // SAFETY: the node is owned and `at < len`.
        unsafe {
            let len = (*node).len as usize;
            (*node).entries.copy_within(at + 1..len, at);
            if (*node).level > 0 {
                Node::children_mut(node).copy_within(at + 1..len, at);
            }
            (*node).len -= 1;
            if (*node).len == 0 {
                self.discard(node);
                return std::ptr::null_mut();
            }
            node
        }
    }
}

impl OrderedIndex {
    /// An empty index.
    pub fn new() -> OrderedIndex {
        let root = Node::allocate(0, 0);
        OrderedIndex {
            published: AtomicPtr::new(root),
            working: AtomicPtr::new(root),
            generation: AtomicU64::new(1),
            replaced: Mutex::new(Vec::new()),
        }
    }

    fn change(&self, body: impl FnOnce(&mut Change<'_>, *mut Node) -> *mut Node) {
        let mut garbage = Vec::new();
        let generation = self.generation.load(Ordering::Relaxed);
        let root = self.working.load(Ordering::Relaxed);
        let root = body(&mut Change { generation, garbage: &mut garbage }, root);
        self.working.store(root, Ordering::Relaxed);
        if !garbage.is_empty() {
            self.replaced.lock().extend(garbage.into_iter().map(|(start, layout)| Pending(start, layout)));
        }
    }

    /// Adds an entry, for the writer, which may be there already; readers see it after [`OrderedIndex::publish`].
    pub fn insert(&self, _: &mut WriteToken, key: &[u8], entity: u32) {
        self.change(|change, root| {
            // SAFETY: the working tree is valid, and the token says that no other thread changes it.
            unsafe {
                let (root, split) = change.insert(root, Probe::new(key, entity));
                let Some((least, right)) = split else { return root };
                let top = Node::allocate(change.generation, (*root).level + 1);
                (*top).len = 2;
                (*top).entries[1] = least;
                let children = Node::children_mut(top);
                children[0] = root;
                children[1] = right;
                top
            }
        });
    }

    /// Removes an entry, once, for the writer; returns whether it was there.
    pub fn remove(&self, _: &mut WriteToken, key: &[u8], entity: u32) -> bool {
        let mut found = false;
        self.change(|change, root| {
            // SAFETY: as in `insert`.
            unsafe {
                let (mut root, was) = change.remove(root, Probe::new(key, entity));
                found = was;
                if root.is_null() {
                    return Node::allocate(change.generation, 0);
                }
                while (*root).level > 0 && (*root).len == 1 {
                    let only = Node::children(root)[0];
                    change.discard(root);
                    root = only;
                }
                root
            }
        });
        found
    }

    /// Makes all changes visible to readers, and hands out what they made unreachable.
    pub fn publish(&self, _: &mut WriteToken, unlinked: &mut Unlinked) {
        let root = self.working.load(Ordering::Relaxed);
        if root == self.published.load(Ordering::Relaxed) && self.replaced.lock().is_empty() {
            return;
        }
        self.generation.fetch_add(1, Ordering::Relaxed);
        // Release: whoever sees the root sees the nodes below it.
        self.published.store(root, Ordering::Release);
        self.replaced.lock().drain(..).for_each(|Pending(start, layout)| unlinked.push(start, layout));
    }

    /// Freezes the writer's own tree, so that a cursor of the writer can walk it while it is changed.
    pub fn freeze(&self, _: &mut WriteToken) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// A cursor over `low <= key < high` of the published tree, or of the writer's own.
    ///
    /// `None` is no bound. The cursor must not outlive the reader's registration, or the transaction.
    pub fn cursor(&self, low: Option<&[u8]>, high: Option<&[u8]>, own: bool) -> Cursor {
        let root = if own { self.working.load(Ordering::Acquire) } else { self.published.load(Ordering::Acquire) };
        let done = matches!((low, high), (Some(low), Some(high)) if low >= high);
        let low = Position::seek(root, low.map(|key| Probe::new(key, 0)), false);
        let high = Position::seek(root, high.map(|key| Probe::new(key, 0)), true);
        Cursor { low, high, done }
    }
}

impl Default for OrderedIndex {
    fn default() -> OrderedIndex {
        OrderedIndex::new()
    }
}

impl Drop for OrderedIndex {
    fn drop(&mut self) {
        // The working tree and what it replaced are together all nodes.
        unsafe fn free(node: *mut Node) {
            // SAFETY: each node and each entry's bytes are reachable once from the working root.
            unsafe {
                for entry in (*node).keys() {
                    if !entry.rest.is_null() {
                        dealloc(entry.rest.cast_mut().cast(), Rest::layout(entry.probe().rest.len()));
                    }
                }
                if (*node).level > 0 {
                    Node::children(node).iter().for_each(|child| free(*child));
                }
                dealloc(node.cast(), node_layout((*node).level));
            }
        }
        // SAFETY: nobody reads any more.
        unsafe {
            free(*self.working.get_mut());
            for Pending(start, layout) in self.replaced.get_mut().drain(..) {
                dealloc(start.as_ptr(), layout);
            }
        }
    }
}

/// A place between two entries of a tree that does not change: before entry `path[0].1` of its leaf.
#[derive(Clone, Copy)]
struct Position {
    path: [(*const Node, u32); HEIGHT],
    level: u32,
}

impl Position {
    /// The place before the first entry that is not below the probe; without one, the beginning or end.
    fn seek(root: *const Node, probe: Option<Probe<'_>>, end: bool) -> Position {
        // SAFETY: the tree is valid and not changed while the cursor lives.
        unsafe {
            let level = (*root).level;
            let mut path = [(std::ptr::null(), 0); HEIGHT];
            let mut node = root;
            for here in (0..=level as usize).rev() {
                let at = match probe {
                    Some(probe) if here == 0 => (*node).keys().partition_point(|e| e.probe() < probe),
                    // All of the probe's key sort behind it, so the child whose least key equals the
                    // probe begins there; the place before it is in that child.
                    Some(probe) => (*node).child_for(probe),
                    None if end && here == 0 => (*node).len as usize,
                    None if end => (*node).len as usize - 1,
                    None => 0,
                };
                path[here] = (node, at as u32);
                if here > 0 {
                    node = Node::children(node)[at];
                }
            }
            let mut position = Position { path, level };
            position.normalise();
            position
        }
    }

    /// A place between two leaves is spelled as before the first entry of the right one, so that equal
    /// places have equal spellings.
    fn normalise(&mut self) {
        // SAFETY: as in `seek`.
        unsafe {
            if self.path[0].1 < (*self.path[0].0).len {
                return;
            }
            let mut up = 1;
            while up <= self.level as usize && self.path[up].1 + 1 >= (*self.path[up].0).len {
                up += 1;
            }
            if up > self.level as usize {
                return;
            }
            self.path[up].1 += 1;
            for here in (0..up).rev() {
                let (above, at) = self.path[here + 1];
                self.path[here] = (Node::children(above)[at as usize], 0);
            }
        }
    }

    /// The entry behind the place, which moves on.
    #[inline]
    fn next(&mut self) -> Option<Entry> {
        // SAFETY: as in `seek`.
        unsafe {
            let (leaf, at) = self.path[0];
            if at >= (*leaf).len {
                return None;
            }
            self.path[0].1 += 1;
            self.normalise();
            Some((&(*leaf).entries)[at as usize])
        }
    }

    /// The entry before the place, which moves back.
    fn previous(&mut self) -> Option<Entry> {
        // SAFETY: as in `seek`.
        unsafe {
            let (leaf, at) = self.path[0];
            if at > 0 {
                self.path[0].1 -= 1;
                return Some((&(*leaf).entries)[at as usize - 1]);
            }
            let mut up = 1;
            while up <= self.level as usize && self.path[up].1 == 0 {
                up += 1;
            }
            if up > self.level as usize {
                return None;
            }
            self.path[up].1 -= 1;
            for here in (0..up).rev() {
                let (above, at) = self.path[here + 1];
                let node = Node::children(above)[at as usize];
                self.path[here] = (node, if here == 0 { (*node).len } else { (*node).len - 1 });
            }
            self.previous()
        }
    }

    fn same(&self, other: &Position) -> bool {
        self.path[0] == other.path[0]
    }
}

/// A walk over a range of entries, from either end.
#[derive(Clone)]
pub struct Cursor {
    low: Position,
    high: Position,
    done: bool,
}

// SAFETY: a cursor only reads nodes that do not change.
unsafe impl Send for Cursor {}

/// An entry found by a cursor.
pub struct Found(Entry);

impl Found {
    /// The entity.
    pub fn entity(&self) -> u32 {
        self.0.entity
    }

    /// Whether the entry has this key.
    pub fn has_key(&self, key: &[u8]) -> bool {
        let probe = Probe::new(key, self.0.entity);
        self.0.probe().cmp(&probe) == Order::Equal
    }
}

impl Cursor {
    /// Whether the two ends have met. Both are places in the same tree, moved one entry at a time.
    fn met(&self) -> bool {
        self.low.same(&self.high)
    }

    /// The next entry from the low end.
    #[allow(clippy::should_implement_trait, reason = "a cursor walks both ways")]
    pub fn next(&mut self) -> Option<Found> {
        if self.done || self.met() {
            self.done = true;
            return None;
        }
        self.low.next().map(Found)
    }

    /// The next entry from the high end.
    pub fn previous(&mut self) -> Option<Found> {
        if self.done || self.met() {
            self.done = true;
            return None;
        }
        self.high.previous().map(Found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn key(n: u64, long: bool) -> Vec<u8> {
        let mut out = Vec::new();
        if long {
            out.extend_from_slice(b"a prefix of more than sixteen bytes ");
        }
        out.extend_from_slice(&n.to_be_bytes());
        out
    }

    #[test]
    fn agrees_with_a_map_of_counts() {
        for long in [false, true] {
            let index = OrderedIndex::new();
            let mut token = WriteToken::new();
            let mut unlinked = Unlinked::default();
            let mut model: BTreeMap<(u64, u32), u32> = BTreeMap::new();
            let mut random = 3u64;
            let steps = if cfg!(miri) { 800 } else { 20_000 };
            for step in 0..steps {
                random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let value = if step < steps / 4 { step } else { (random >> 40) % 3000 };
                let entity = (random >> 20) as u32 % 3;
                if step > steps / 4 && (step / 5_000) % 2 == (random >> 62) % 2 {
                    let was = index.remove(&mut token, &key(value, long), entity);
                    let count = model.get_mut(&(value, entity));
                    assert_eq!(was, count.is_some());
                    if let Some(count) = count {
                        *count -= 1;
                        if *count == 0 {
                            model.remove(&(value, entity));
                        }
                    }
                } else {
                    index.insert(&mut token, &key(value, long), entity);
                    *model.entry((value, entity)).or_default() += 1;
                }
                if step % 50 == 0 {
                    index.publish(&mut token, &mut unlinked);
                }
                if step % 997 == 0 {
                    let (low, high) = (value, value + (random >> 50) % 500);
                    let mut cursor = index.cursor(Some(&key(low, long)), Some(&key(high, long)), true);
                    let expected: Vec<u32> = model.range((low, 0)..(high, 0)).map(|(x, _)| x.1).collect();
                    let mut forward = Vec::new();
                    while let Some(found) = cursor.next() {
                        forward.push(found.entity());
                    }
                    assert_eq!(forward, expected);
                    let mut cursor = index.cursor(Some(&key(low, long)), Some(&key(high, long)), true);
                    let mut backward = Vec::new();
                    while let Some(found) = cursor.previous() {
                        backward.push(found.entity());
                    }
                    backward.reverse();
                    assert_eq!(backward, expected);
                }
            }
            let mut cursor = index.cursor(None, None, true);
            let mut count = 0;
            while cursor.next().is_some() {
                count += 1;
            }
            assert_eq!(count, model.len());
            for ((value, entity), count) in model {
                for _ in 0..count {
                    assert!(index.remove(&mut token, &key(value, long), entity));
                }
                assert!(!index.remove(&mut token, &key(value, long), entity));
            }
            assert!(index.cursor(None, None, true).next().is_none());
        }
    }

    #[test]
    fn a_published_tree_stays_as_it_was() {
        let index = OrderedIndex::new();
        let mut token = WriteToken::new();
        let mut unlinked = Unlinked::default();
        for n in 0..300 {
            index.insert(&mut token, &key(n, true), n as u32);
        }
        index.publish(&mut token, &mut unlinked);
        let mut cursor = index.cursor(None, None, false);
        for n in 0..300 {
            assert!(index.remove(&mut token, &key(n, true), n as u32));
            index.insert(&mut token, &key(n + 1000, true), n as u32);
        }
        index.publish(&mut token, &mut unlinked);
        for n in 0..300 {
            assert_eq!(cursor.next().expect("still there").entity(), n);
        }
        assert!(cursor.next().is_none());
        assert_eq!(index.cursor(None, None, false).previous().expect("there").entity(), 299);
    }
}
