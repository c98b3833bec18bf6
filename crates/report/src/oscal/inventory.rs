//! The assets, the tool that looked at them, and who answers for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use plimsoll_model::{AssetId, ObjectRef, wire::AssetReport};
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap, SerializeSeq},
};
use serde_json::{Value, json};

use super::{
    form::{Props, markup, uuid},
    parts,
};

/// Assets that observations name, with the object each is.
pub(super) type Seen = BTreeMap<AssetId, ObjectRef>;

/// The assets, and the tool that looked at them.
pub(super) struct LocalDefinitions<'a> {
    pub(super) generator: &'a str,
    pub(super) tool: &'a str,
    pub(super) owners: &'a Owners<'a>,
    /// What the report says of assets, in its order.
    pub(super) assets: &'a [AssetReport],
    /// The assets that observations name.
    pub(super) seen: &'a RefCell<Seen>,
}

impl Serialize for LocalDefinitions<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let described: BTreeSet<&AssetId> = self.assets.iter().map(|asset| &asset.id).collect();
        self.seen
            .borrow_mut()
            .retain(|id, _| !described.contains(id));
        if !self.assets.is_empty() || !self.seen.borrow().is_empty() {
            map.serialize_entry("inventory-items", &Inventory(self))?;
        }
        let (name, version) = self
            .generator
            .split_once(' ')
            .unwrap_or((self.generator, ""));
        let mut component = json!({
            "uuid": self.tool,
            "type": "software",
            "title": markup(name),
            "description": "Judges container assets against declared posture goals.",
        });
        Props::default()
            .add("version", version)
            .into(&mut component);
        component["status"] = json!({ "state": "operational" });
        map.serialize_entry(
            "assessment-assets",
            &json!({
                "components": [component],
                "assessment-platforms": [{
                    "uuid": uuid(&["platform"]),
                    "title": markup(name),
                    "uses-components": [{ "component-uuid": self.tool }],
                }],
            }),
        )?;
        map.end()
    }
}

/// The assets, one by one.
struct Inventory<'a>(&'a LocalDefinitions<'a>);

impl Serialize for Inventory<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for asset in self.0.assets {
            list.serialize_element(&described(asset, self.0.owners))?;
        }
        for (id, object) in &*self.0.seen.borrow() {
            let mut item = item(id, object);
            Props::default().add("asset-id", id).into(&mut item);
            list.serialize_element(&item)?;
        }
        list.end()
    }
}

fn item(id: &AssetId, object: &ObjectRef) -> Value {
    json!({ "uuid": parts::asset_uuid(id), "description": markup(&object.to_string()) })
}

/// An asset with all a report says of it.
fn described(asset: &AssetReport, owners: &Owners<'_>) -> Value {
    let mut item = item(&asset.id, &asset.object);
    let class = asset.classes.first();
    Props::default()
        .add("asset-id", &asset.id)
        .add("kind", asset.kind)
        .maybe("owner", asset.owner.as_deref())
        .maybe("asset-class", class.map(|class| &class.class))
        .maybe("asset-class-because", class.map(|class| &class.because))
        .maybe("asset-class-conflict", asset.class_conflict.as_deref())
        .add("exposure", asset.exposure.as_str())
        .maybe("file", asset.file.as_deref())
        .maybe("line", asset.line)
        .into(&mut item);
    if let Some(owner) = asset
        .owner
        .as_deref()
        .filter(|owner| owners.0.contains(owner))
    {
        item["responsible-parties"] =
            json!([{ "role-id": "asset-owner", "party-uuids": [party(owner)] }]);
    }
    if let Some(unknown) = &asset.unknown {
        item["remarks"] = markup(unknown).into();
    }
    item
}

/// Who answers for assets and goals, as organizations.
#[derive(Default)]
pub(super) struct Owners<'a>(pub(super) BTreeSet<&'a str>);

pub(super) fn party(owner: &str) -> String {
    uuid(&["party", owner])
}
