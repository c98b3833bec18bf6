//! The rules of mappings: merge keys and duplicates.

use std::collections::{HashMap, HashSet};

use super::{Builder, Fault, Frame, MAX_FAULTS};
use crate::tree::{Edge, Entry, Text};
use crate::{Kind, LoadErrorKind, Span};

/// Above this many keys duplicates are looked for with a table instead of pair by pair.
const FEW_KEYS: usize = 12;

impl Builder<'_> {
    /// Replaces the merge keys of a mapping by the fields they bring: written keys win, and of
    /// several merged mappings the earlier.
    pub(super) fn merge(&mut self, frame: &mut Frame) {
        let all: Vec<Entry> = self.pending_entries.drain(frame.first..).collect();
        let (merges, written): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|entry| entry.text == Text::MERGE);
        let mut brought = Vec::new();
        for entry in &merges {
            if !self.merge_sources(entry.value, &mut brought) {
                let span = Span::new(entry.start, entry.end);
                self.fault(Fault::new(span, LoadErrorKind::UnresolvedMerge));
            }
        }
        let mut seen: HashSet<&str> = written.iter().map(|entry| self.key_of(entry)).collect();
        let merged: Vec<Entry> = brought
            .into_iter()
            .filter(|entry| seen.insert(self.key_of(entry)))
            .collect();
        self.pending_entries.extend(written);
        self.pending_entries.extend(merged);
    }

    /// Gathers the fields of a mapping, or of a sequence of them. Whether it was one.
    fn merge_sources(&self, edge: Edge, brought: &mut Vec<Entry>) -> bool {
        let Some(node) = self.nodes.get(edge.id()) else {
            return false;
        };
        let first = node.first as usize;
        match node.kind() {
            Kind::Mapping => {
                let entries = self
                    .entries
                    .get(first..first + node.count())
                    .unwrap_or_default();
                brought.extend(entries.iter().map(|entry| {
                    let value = if edge.is_alias() {
                        entry.value.aliased()
                    } else {
                        entry.value
                    };
                    Entry {
                        value: value.merged(),
                        ..*entry
                    }
                }));
                true
            }
            Kind::Sequence => {
                let items = self
                    .items
                    .get(first..first + node.count())
                    .unwrap_or_default();
                items.iter().all(|item| {
                    let mapping = self
                        .nodes
                        .get(item.id())
                        .is_some_and(|node| node.kind() == Kind::Mapping);
                    let item = if edge.is_alias() {
                        item.aliased()
                    } else {
                        *item
                    };
                    mapping && self.merge_sources(item, brought)
                })
            }
            _ => false,
        }
    }

    pub(super) fn find_duplicates(&mut self, first: usize) {
        let entries = self.pending_entries.get(first..).unwrap_or_default();
        let mut found: Vec<(Entry, Entry)> = Vec::new();
        if entries.len() <= FEW_KEYS {
            for (at, entry) in entries.iter().enumerate() {
                let key = self.key_of(entry);
                let before = entries.get(..at).unwrap_or_default();
                if let Some(earlier) = before.iter().find(|earlier| self.key_of(earlier) == key) {
                    found.push((*earlier, *entry));
                }
            }
        } else {
            let mut seen = HashMap::with_capacity(entries.len());
            for entry in entries {
                if let Some(earlier) = seen.insert(self.key_of(entry), entry) {
                    found.push((*earlier, *entry));
                    if found.len() > MAX_FAULTS {
                        break;
                    }
                }
            }
        }
        for (earlier, entry) in found {
            let key = self.key_of(&entry).to_owned();
            self.fault(Fault {
                span: Span::new(entry.start, entry.end),
                kind: LoadErrorKind::DuplicateKey { key },
                other: Some((earlier.start, "the first one".to_owned())),
            });
        }
    }
}
