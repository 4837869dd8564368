//! Which API: a group's editions in one stage, found by method and path.
//!
//! Precedence is decided segment by segment from the left: text before a placeholder before `*`; at the same place an
//! API for exactly this method before one for any method. A path whose method does not fit there is looked for
//! further on, so `POST /a/[x]` is found beside `GET /a/b`.

use super::compiled::EditionEntry;
use super::Map;
use crate::plugins::KeySet;
use crate::record::Notes;
use isthmus_plan::{PathSegment, Target};
use std::collections::HashMap;
use std::sync::Arc;

/// What one group serves in one stage.
#[derive(Default)]
pub struct RouteTable {
    editions: Map<Box<str>, Arc<EditionEntry>>,
    /// Paths without placeholders: one look-up, no walk.
    exact: HashMap<Box<str>, Vec<Slot>, foldhash::fast::RandomState>,
    root: Node,
    /// Keys of the APIs that hand out tokens.
    token_keys: KeySet,
}

struct Slot {
    method: Box<str>,
    entry: Arc<EditionEntry>,
}

#[derive(Default)]
struct Node {
    text: HashMap<Box<str>, Node, foldhash::fast::RandomState>,
    placeholder: Option<Box<Node>>,
    here: Vec<Slot>,
    rest: Vec<Slot>,
}

/// What was found, and the texts that stood at its placeholders, in their order.
pub struct RouteMatch<'t, 'p> {
    pub entry: &'t EditionEntry,
    pub values: Vec<&'p str>,
}

impl RouteTable {
    /// What the table was built from, by record key.
    pub(super) fn editions(&self) -> &Map<Box<str>, Arc<EditionEntry>> {
        &self.editions
    }

    /// Builds the look-up structures for a set of editions.
    pub(super) fn build(editions: Map<Box<str>, Arc<EditionEntry>>) -> Self {
        let mut table = RouteTable::default();
        let mut ordered: Vec<_> = editions.iter().collect();
        // Of two editions with the same method and path (which the publisher refuses) the same one always wins.
        ordered.sort_by_key(|(key, _)| *key);
        let mut token_keys = Vec::new();
        for (_, entry) in ordered {
            let (method, path) = match entry.as_ref() {
                EditionEntry::Served(compiled) => (compiled.edition.method.as_str(), compiled.edition.path.as_str()),
                EditionEntry::Broken { method, path, .. } => (method.as_str(), path.as_str()),
            };
            if let EditionEntry::Served(compiled) = entry.as_ref() {
                token_keys.extend(compiled.token_key.clone());
            }
            table.insert(method, path, entry);
        }
        table.token_keys = KeySet::new(token_keys, true);
        table.editions = editions;
        table
    }

    /// What is behind an edition that is served, by record key.
    pub fn backend(&self, key: &str) -> Option<&Target> {
        match self.editions.get(key)?.as_ref() {
            EditionEntry::Served(compiled) => Some(&compiled.edition.backend.target),
            EditionEntry::Broken { .. } => None,
        }
    }

    pub fn token_keys(&self) -> &KeySet {
        &self.token_keys
    }

    fn insert(&mut self, method: &str, path: &str, entry: &Arc<EditionEntry>) {
        let slot = Slot { method: method.into(), entry: Arc::clone(entry) };
        let inner = path.strip_prefix('/').unwrap_or(path);
        let segments: Vec<_> = inner.split('/').map(PathSegment::of).collect();
        if segments.iter().all(|segment| matches!(segment, PathSegment::Text(_))) {
            self.exact.entry(path.into()).or_default().push(slot);
            return;
        }
        let mut node = &mut self.root;
        for segment in segments {
            node = match segment {
                PathSegment::Text(text) => node.text.entry(text.into()).or_default(),
                PathSegment::Parameter(_) => node.placeholder.get_or_insert_default(),
                PathSegment::Rest => {
                    node.rest.push(slot);
                    return;
                }
            };
        }
        node.here.push(slot);
    }

    /// Looks a decoded path up. Noted in full, the look goes on behind what it found, to name what came second.
    pub fn find<'t, 'p>(&'t self, method: &str, path: &'p str, notes: &Notes) -> Option<RouteMatch<'t, 'p>> {
        let inner = path.strip_prefix('/').unwrap_or(path);
        if let Some(entry) = self.exact.get(path).and_then(|slots| pick(slots, method, notes)) {
            if notes.are_in_full() {
                second(
                    walk(&self.root, method, Some(inner), &mut Vec::new(), notes),
                    "a path without placeholders",
                    notes,
                );
            }
            return Some(RouteMatch { entry, values: Vec::new() });
        }
        if self.root.is_empty() {
            return None;
        }
        let mut values = Vec::new();
        let entry = walk(&self.root, method, Some(inner), &mut values, notes)?;
        Some(RouteMatch { entry, values })
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.placeholder.is_none() && self.here.is_empty() && self.rest.is_empty()
    }
}

/// `left` is what remains of the path, None when all segments are used.
fn walk<'t, 'p>(
    node: &'t Node,
    method: &str,
    left: Option<&'p str>,
    values: &mut Vec<&'p str>,
    notes: &Notes,
) -> Option<&'t EditionEntry> {
    let Some(left) = left else { return pick(&node.here, method, notes) };
    let (segment, behind) = match left.split_once('/') {
        Some((segment, behind)) => (segment, Some(behind)),
        None => (left, None),
    };
    let placeholder = node.placeholder.as_deref().filter(|_| !segment.is_empty());
    if let Some(entry) = node.text.get(segment).and_then(|next| walk(next, method, behind, values, notes)) {
        if notes.are_in_full() {
            let other = placeholder.and_then(|next| walk(next, method, behind, &mut Vec::new(), notes));
            second(other.or_else(|| pick(&node.rest, method, notes)), "the same text", notes);
        }
        return Some(entry);
    }
    if let Some(next) = placeholder {
        values.push(segment);
        if let Some(entry) = walk(next, method, behind, values, notes) {
            if notes.are_in_full() {
                second(pick(&node.rest, method, notes), "a placeholder", notes);
            }
            return Some(entry);
        }
        values.pop();
    }
    let entry = pick(&node.rest, method, notes)?;
    values.push(left);
    Some(entry)
}

fn pick<'t>(slots: &'t [Slot], method: &str, notes: &Notes) -> Option<&'t EditionEntry> {
    let exact = slots.iter().find(|slot| *slot.method == *method);
    let found = exact.or_else(|| slots.iter().find(|slot| *slot.method == *"ANY"));
    if found.is_none() && !slots.is_empty() {
        // A path that is there for other methods is what a caller most often looks for.
        notes.open();
        slots.iter().for_each(|slot| lost(&slot.entry, format_args!("its method is {}", slot.method), notes));
    }
    found.map(|slot| slot.entry.as_ref())
}

/// An API that would have been taken, had there not been one that goes before it.
fn second(entry: Option<&EditionEntry>, first: &str, notes: &Notes) {
    if let Some(entry) = entry {
        lost(entry, format_args!("{first} goes before it"), notes);
    }
}

fn lost(entry: &EditionEntry, why: std::fmt::Arguments<'_>, notes: &Notes) {
    let (api_id, method, path) = match entry {
        EditionEntry::Served(compiled) => {
            (compiled.edition.api_id.as_str(), compiled.edition.method.as_str(), compiled.edition.path.as_str())
        }
        EditionEntry::Broken { method, path, .. } => ("an API that cannot be served", method.as_str(), path.as_str()),
    };
    notes.written("not", format_args!("{method} {path} ({api_id}): {why}"));
}
