//! Inventories for tests, from YAML.

use std::sync::Arc;

use plimsoll_manifest::{Document, Limits, Source, load};
use plimsoll_model::{AssetId, Timestamp};

use crate::{Inventory, ObjectIx, Settings};

/// The documents of a file of this name.
pub(crate) fn documents(name: &str, yaml: &str) -> Vec<Document> {
    let limits = Limits::default();
    let source = Source::new(name, yaml.as_bytes().to_vec(), &limits).expect("text");
    let loaded = load(&source, &limits);
    assert!(loaded.errors.is_empty(), "{:?}\n{yaml}", loaded.errors);
    loaded.documents
}

/// The first document of a file.
pub(crate) fn document(yaml: &str) -> Document {
    documents("a.yaml", yaml)
        .into_iter()
        .next()
        .expect("a document")
}

pub(crate) fn settings() -> Settings {
    Settings {
        cluster: "prod".into(),
        default_namespace: "default".into(),
        source: "files".into(),
        observed_at: Timestamp::UNIX_EPOCH,
    }
}

/// An inventory that is asked by short names: `ns/Kind/name`.
pub(crate) struct Estate {
    pub inventory: Inventory,
}

impl Estate {
    /// The objects of one file.
    pub fn of(yaml: &str) -> Self {
        Estate::of_files(&[("a.yaml", yaml)])
    }

    pub fn of_files(files: &[(&str, &str)]) -> Self {
        let mut inventory = Inventory::new(settings());
        for (name, yaml) in files {
            for document in documents(name, yaml) {
                inventory.insert(document);
            }
        }
        Estate { inventory }
    }

    /// The object whose id ends like this.
    pub fn ix(&self, end: &str) -> ObjectIx {
        let found = self.inventory.objects().find(|(_, object)| {
            object
                .asset
                .id
                .as_str()
                .strip_suffix(end)
                .is_some_and(|rest| rest.ends_with(['/', '.']))
        });
        found
            .unwrap_or_else(|| panic!("no object ends with {end}"))
            .0
    }

    /// The ids of some objects, without the part they all share.
    pub fn names(&self, set: impl IntoIterator<Item = ObjectIx>) -> Vec<String> {
        set.into_iter()
            .filter_map(|ix| self.inventory.get(ix))
            .map(|object| {
                object
                    .asset
                    .id
                    .as_str()
                    .trim_start_matches("cluster/prod/")
                    .to_owned()
            })
            .collect()
    }
}

pub(crate) fn id(text: &str) -> AssetId {
    AssetId::from_text(Arc::from(format!("cluster/prod/{text}")))
}
