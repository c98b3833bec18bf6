//! What goals and classes may ask of an object.

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_model::{AssetFacts, Exposure, Observation};

use crate::{
    Inventory, Object, ObjectIx, ObjectRole, index::SharedLabels, relations::templates_of,
    strings::Strings, view::pod::PodTemplate,
};

/// The label or annotation that says who answers for an asset.
const OWNER: &str = "plimsoll.dev/owner";
/// Labels that say so when that one does not.
const OWNER_LABELS: &[&str] = &["team", "owner"];
/// Annotations that are kept.
const ANNOTATIONS: &str = "plimsoll.dev/";

impl Inventory {
    /// What is known of an object; none for a slot that is free.
    pub fn facts(&self, ix: ObjectIx) -> Option<AssetFacts> {
        self.facts_sharing(ix, &mut Shared::default())
    }

    /// What is known of every object, in the order of their ids; without what a
    /// workload controls, which is no asset beside it.
    pub fn all_facts(&self) -> Vec<AssetFacts> {
        let mut shared = Shared::default();
        self.objects()
            .filter(|(ix, _)| self.controller_of(*ix).is_none())
            .filter_map(|(ix, _)| self.facts_sharing(ix, &mut shared))
            .collect()
    }

    /// What is known of these objects; slots that are free, and what a workload
    /// controls, are passed over.
    pub fn facts_of(&self, objects: &[ObjectIx]) -> Vec<(ObjectIx, AssetFacts)> {
        let mut shared = Shared::default();
        objects
            .iter()
            .filter(|ix| self.controller_of(**ix).is_none())
            .filter_map(|ix| Some((*ix, self.facts_sharing(*ix, &mut shared)?)))
            .collect()
    }

    fn facts_sharing(&self, ix: ObjectIx, shared: &mut Shared) -> Option<AssetFacts> {
        let object = self.get(ix)?;
        let namespace = object
            .namespace()
            .or_else(|| (object.role == ObjectRole::Namespace).then(|| object.name()));
        let space = namespace.and_then(|name| self.namespace(name));
        let annotations: BTreeMap<_, _> = object
            .annotations()
            .filter(|(key, _)| key.starts_with(ANNOTATIONS))
            .map(|(key, value)| shared.pair(key, value))
            .collect();
        let mut labels: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        if let Some(pods) = object.pods.first() {
            labels.extend(pods.0.iter().cloned());
        }
        labels.extend(object.labels().map(|(key, value)| shared.pair(key, value)));
        let owner = owner(&labels, annotations.get(OWNER)).or_else(|| {
            let object = self.get(space?.object?)?;
            let annotation = object
                .annotation(OWNER)
                .map(|owner| shared.strings.share(owner));
            owner(&space?.labels, annotation.as_ref())
        });
        let carries_pods = object.role == ObjectRole::Workload;
        Some(AssetFacts {
            asset: object.asset.clone(),
            observed: Observation {
                source: self.settings().source.clone(),
                at: self.settings().observed_at,
            },
            cluster: self.settings().cluster.clone(),
            labels,
            annotations,
            namespace_labels: space
                .map_or_else(|| shared.no_labels.clone(), |space| space.labels.clone()),
            owner,
            images: self.images(ix, object, shared),
            exposure: if carries_pods {
                self.exposure(ix)
            } else {
                Exposure::default()
            },
            location: Some(object.location()),
            unknown: None,
        })
    }
}

/// Strings that the facts of one call share.
#[derive(Default)]
struct Shared {
    strings: Strings,
    no_labels: SharedLabels,
}

impl Shared {
    fn pair(&mut self, key: &str, value: &str) -> (Arc<str>, Arc<str>) {
        (self.strings.share(key), self.strings.share(value))
    }
}

/// Who answers for what has these labels and this annotation.
fn owner(labels: &BTreeMap<Arc<str>, Arc<str>>, annotation: Option<&Arc<str>>) -> Option<Arc<str>> {
    let label = |key: &str| labels.get(key).filter(|value| !value.is_empty());
    label(OWNER)
        .or(annotation.filter(|owner| !owner.is_empty()))
        .or_else(|| OWNER_LABELS.iter().find_map(|key| label(key)))
        .cloned()
}

impl Inventory {
    /// The images of an object's containers, each once, in the order of the
    /// templates and of the containers in them; then those that its running
    /// pods have beside: what was injected, what debugs.
    fn images(&self, ix: ObjectIx, object: &Object, shared: &mut Shared) -> Vec<Arc<str>> {
        if object.role != ObjectRole::Workload {
            return Vec::new();
        }
        let pods = self.observed_pods(ix);
        let pods = pods
            .iter()
            .filter_map(|pod| self.get(*pod))
            .flat_map(templates_of);
        let mut images: Vec<Arc<str>> = Vec::new();
        for template in templates_of(object).into_iter().chain(pods) {
            let spec = PodTemplate::new(template.node).spec();
            for image in spec
                .into_iter()
                .flat_map(|spec| spec.containers())
                .filter_map(|container| container.image())
            {
                if !images.iter().any(|found| &**found == image) {
                    images.push(shared.strings.share(image));
                }
            }
        }
        images
    }
}
