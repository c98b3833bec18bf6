//! The inventory itself: objects come, change and go.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_manifest::{Document, Node};
use plimsoll_model::{Asset, AssetId, AssetKind, Location, ObjectRef, Timestamp};

use crate::{
    Object, ObjectIx, TemplateRef,
    index::{Change, Index},
    location_of,
    object::{asset_kind, asset_of, object_of},
    shape,
};

/// What holds for all objects of an inventory.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name of the cluster they belong to.
    pub cluster: Arc<str>,
    /// The namespace of those that name none.
    pub default_namespace: Arc<str>,
    /// Where they come from: `files` for manifests.
    pub source: Arc<str>,
    /// When they were observed.
    pub observed_at: Timestamp,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The object it belongs to.
    pub ix: ObjectIx,
    /// Whether it took the place of an older reading of the same file.
    pub replaced: bool,
}

/// Objects, their indexes and relations.
#[derive(Debug)]
pub struct Inventory {
    settings: Settings,
    slots: Vec<Option<Object>>,
    free: Vec<ObjectIx>,
    by_id: BTreeMap<AssetId, ObjectIx>,
    pub(crate) index: Index,
}

impl Inventory {
    /// An empty inventory.
    pub fn new(settings: Settings) -> Self {
        Inventory {
            settings,
            slots: Vec::new(),
            free: Vec::new(),
            by_id: BTreeMap::new(),
            index: Index::default(),
        }
    }

    /// What holds for all its objects.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are no objects.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Takes a document in.
    ///
    /// An object that is written in several places keeps all of them: the first
    /// by file and line is the one that counts where only one can. A document
    /// of a file that was read before, under the same name, takes the place of
    /// what that reading said about the object.
    pub fn insert(&mut self, document: Document) -> Inserted {
        let asset = asset_of(&document, None, &self.settings, &mut self.index.strings);
        let Some(ix) = self.by_id.get(&asset.id).copied() else {
            let ix = self.free_slot(&asset.id);
            self.put(ix, asset, document, Vec::new());
            return Inserted {
                ix,
                replaced: false,
            };
        };
        let Some(document) = self.extend(ix, &asset, document) else {
            return Inserted {
                ix,
                replaced: false,
            };
        };
        let Some(old) = self.take(ix) else {
            return Inserted {
                ix,
                replaced: false,
            };
        };
        let mut documents = old.also;
        documents.insert(0, old.document);
        let before = documents.len();
        documents.retain(|older| !is_older(older, &document));
        let replaced = documents.len() < before;
        documents.push(document);
        documents.sort_by(|one, two| place_order(one).cmp(&place_order(two)));
        let first = documents.remove(0);
        // The version of the API may differ from place to place.
        let asset = asset_of(&first, None, &self.settings, &mut self.index.strings);
        self.put(ix, asset, first, documents);
        Inserted { ix, replaced }
    }

    /// The slot of the object that a document is of, if it is there already.
    pub fn find_document(&mut self, document: &Document) -> Option<ObjectIx> {
        let asset = asset_of(document, None, &self.settings, &mut self.index.strings);
        self.find(&asset.id)
    }

    /// Takes a document in as all that there is of its object: whatever was
    /// known of it, from wherever, is forgotten.
    pub fn replace(&mut self, document: Document) -> ObjectIx {
        let asset = asset_of(&document, None, &self.settings, &mut self.index.strings);
        self.replace_asset(asset, document)
    }

    /// The same for an object whose document does not say its name: pods that
    /// are alike share one.
    pub fn replace_called(&mut self, name: &str, document: Document) -> ObjectIx {
        let asset = asset_of(
            &document,
            Some(name),
            &self.settings,
            &mut self.index.strings,
        );
        self.replace_asset(asset, document)
    }

    fn replace_asset(&mut self, asset: Asset, document: Document) -> ObjectIx {
        let ix = match self.by_id.get(&asset.id).copied() {
            Some(ix) => {
                self.take(ix);
                ix
            }
            None => self.free_slot(&asset.id),
        };
        self.put(ix, asset, document, Vec::new());
        ix
    }

    fn free_slot(&mut self, id: &AssetId) -> ObjectIx {
        let ix = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            ObjectIx(u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX))
        });
        self.by_id.insert(id.clone(), ix);
        ix
    }

    /// Adds a place to an object when it comes after all that are known: then
    /// nothing else of it changes. Gives the document back when it does not.
    ///
    /// A file may hold any number of documents of one name; looking at all of
    /// them for each would take time in its square.
    fn extend(&mut self, ix: ObjectIx, asset: &Asset, document: Document) -> Option<Document> {
        let Some(object) = self.slots.get_mut(ix.slot()).and_then(Option::as_mut) else {
            return Some(document);
        };
        let last = object.also.last().unwrap_or(&object.document);
        // Documents of one file come from one reading of it, so that the last
        // one speaks for all.
        if place_order(last) >= place_order(&document) || is_older(last, &document) {
            return Some(document);
        }
        let more = object_of(asset.clone(), document, Vec::new(), &mut self.index.strings);
        if more.role != object.role {
            return Some(more.document);
        }
        self.index.change(ix, &more, &self.settings, Change::Extend);
        object.pods.extend(more.pods);
        object.also.push(more.document);
        None
    }

    /// Takes an object out, with all places it is written at. Whether there was
    /// one.
    pub fn remove(&mut self, id: &AssetId) -> bool {
        let Some(ix) = self.by_id.remove(id) else {
            return false;
        };
        self.take(ix);
        self.free.push(ix);
        self.refresh_kinds(id);
        true
    }

    /// The object of a slot; none when it was removed.
    pub fn get(&self, ix: ObjectIx) -> Option<&Object> {
        self.slots.get(ix.slot())?.as_ref()
    }

    /// The slot of the object of this id.
    pub fn find(&self, id: &AssetId) -> Option<ObjectIx> {
        self.by_id.get(id).copied()
    }

    /// All objects, in the order of their ids.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectIx, &Object)> {
        self.by_id
            .values()
            .filter_map(|ix| Some((*ix, self.get(*ix)?)))
    }

    /// The objects that are assets of kind [`Workload`](AssetKind::Workload), in
    /// the order of their ids.
    pub fn workloads(&self) -> impl Iterator<Item = (ObjectIx, &Object)> {
        self.objects()
            .filter(|(_, object)| object.asset.kind == AssetKind::Workload)
    }

    /// Every object that is written in several places, with these places.
    pub fn duplicates(&self) -> Vec<(ObjectRef, Vec<Location>)> {
        self.objects()
            .filter(|(_, object)| !object.also.is_empty())
            .map(|(_, object)| {
                let places = object.roots().map(location_of).collect();
                (object.asset.object.clone(), places)
            })
            .collect()
    }

    /// Where an object carries pods, in its first place; nothing for one that
    /// carries none.
    pub fn pod_templates(&self, ix: ObjectIx) -> Vec<TemplateRef<'_>> {
        self.get(ix).map_or_else(Vec::new, |object| {
            object.bases.templates(object.document.root())
        })
    }

    /// What keeps an object that carries pods from being judged in full: the
    /// place and, in words, what is wrong there. Whoever judges it must not
    /// take what can't be read for what is not there.
    pub fn shape_problems(&self, ix: ObjectIx) -> Vec<(Node<'_>, String)> {
        self.get(ix).map_or_else(Vec::new, shape::problems)
    }

    /// Puts an object of these documents into a slot that is empty.
    fn put(&mut self, ix: ObjectIx, asset: Asset, document: Document, also: Vec<Document>) {
        let id = asset.id.clone();
        let object = object_of(asset, document, also, &mut self.index.strings);
        self.index.change(ix, &object, &self.settings, Change::Add);
        if let Some(slot) = self.slots.get_mut(ix.slot()) {
            *slot = Some(object);
        }
        self.refresh_kind(ix);
        self.refresh_kinds(&id);
    }

    /// Empties a slot.
    fn take(&mut self, ix: ObjectIx) -> Option<Object> {
        let object = self.slots.get_mut(ix.slot())?.take()?;
        self.index
            .change(ix, &object, &self.settings, Change::Remove);
        Some(object)
    }

    /// Settles anew what kind of asset everything below `id` is.
    fn refresh_kinds(&mut self, id: &AssetId) {
        for ix in self.descendants(id) {
            self.refresh_kind(ix);
        }
    }

    fn refresh_kind(&mut self, ix: ObjectIx) {
        let controlled = self.controller_of(ix).is_some();
        let Some(object) = self.slots.get_mut(ix.slot()).and_then(Option::as_mut) else {
            return;
        };
        let kind = asset_kind(object, controlled);
        if object.asset.kind != kind {
            Arc::make_mut(&mut object.asset).kind = kind;
        }
    }

    /// The same set in the order of ids, without repeats: what leaves the
    /// inventory must not show in which order objects came in.
    pub(crate) fn in_order(&self, mut set: Vec<ObjectIx>) -> Vec<ObjectIx> {
        let id = |ix: &ObjectIx| self.get(*ix).map(|object| &object.asset.id);
        set.sort_by(|one, two| id(one).cmp(&id(two)));
        set.dedup();
        set
    }
}

/// Whether a document is what an older reading of the same file said, or the
/// same document again.
fn is_older(older: &Document, newer: &Document) -> bool {
    older.source().name() == newer.source().name()
        && (!Arc::ptr_eq(older.source(), newer.source()) || older.index() == newer.index())
}

fn place_order(document: &Document) -> (&str, u32, u32) {
    (
        document.source().name(),
        document.span().start,
        document.index(),
    )
}
