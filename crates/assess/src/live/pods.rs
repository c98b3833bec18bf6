//! Pods that something controls: observations of their controller.
//!
//! Pods of one revision are alike but for their names and where they run: what
//! they share is kept once, as a *shape*, and each pod refers to it.

use std::sync::Arc;

use plimsoll_manifest::Document;
use plimsoll_model::AssetId;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

/// A pod that something controls.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// What it shares with its like: the pod without its name, its node and
    /// what else is its own.
    pub shape: Document,
    /// What is its own.
    pub status: PodStatus,
}

/// What a running pod says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodStatus {
    /// `Pending`, `Running`, ...
    pub phase: Arc<str>,
    /// The node it runs on.
    pub node: Option<Arc<str>>,
    /// Its address.
    pub ip: Option<Box<str>>,
    /// Its containers, of all three lists.
    pub containers: Box<[ContainerStatus]>,
}

/// What a running container says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    /// The container's name.
    pub name: Arc<str>,
    /// The image's name, as the runtime gives it.
    pub image: Arc<str>,
    /// What the runtime says which image it is: a name with a digest, most
    /// often. Empty before it is pulled.
    pub image_id: Arc<str>,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it runs.
    pub running: bool,
}

impl PodStatus {
    /// The same of a pod that nothing controls, which is an object as any
    /// other.
    pub(super) fn of_object(document: &Document) -> Self {
        match document.root().to_json() {
            Value::Object(object) => Self::of(&object),
            _ => Self::default(),
        }
    }

    /// What is kept of the status of this pod.
    pub(super) fn of(object: &Map<String, Value>) -> Self {
        let status = object.get("status");
        let text = |value: Option<&Value>, field: &str| {
            value
                .and_then(|value| value.get(field)?.as_str())
                .map(str::to_owned)
        };
        let lists = [
            "initContainerStatuses",
            "containerStatuses",
            "ephemeralContainerStatuses",
        ];
        let containers = lists
            .iter()
            .filter_map(|list| status?.get(list)?.as_array())
            .flatten()
            .map(|container| ContainerStatus {
                name: text(Some(container), "name").unwrap_or_default().into(),
                image: text(Some(container), "image").unwrap_or_default().into(),
                image_id: text(Some(container), "imageID").unwrap_or_default().into(),
                restarts: container
                    .get("restartCount")
                    .and_then(Value::as_u64)
                    .and_then(|restarts| u32::try_from(restarts).ok())
                    .unwrap_or_default(),
                running: container
                    .get("state")
                    .is_some_and(|state| state.get("running").is_some()),
            })
            .collect();
        PodStatus {
            phase: text(status, "phase").unwrap_or_default().into(),
            node: text(object.get("spec"), "nodeName").map(Into::into),
            ip: text(status, "podIP").map(Into::into),
            containers,
        }
    }
}

/// A pod that is known.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) shape: Document,
    pub(super) status: PodStatus,
}

/// All of them, and what they share.
#[derive(Debug, Default)]
pub(super) struct Pods {
    pub(super) known: FxHashMap<AssetId, Known>,
    /// By their text, with how many pods are so.
    shapes: FxHashMap<Text, (Document, u32)>,
    /// Names and images that many say.
    names: FxHashMap<Arc<str>, ()>,
}

/// The text of a shape, compared as a text.
#[derive(Debug, Clone)]
struct Text(Document);

impl Text {
    fn parts(&self) -> (&str, &str) {
        (self.0.source().name(), self.0.source().text())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Text {}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

/// What a pod means for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// It is as it was, but for its status.
    AsBefore,
    /// It is new, or otherwise than it was; whether others are like it.
    New {
        /// Whether others are like it, and it was not otherwise before.
        alike: bool,
    },
}

impl Pods {
    /// Takes a pod in: gives the one document of its shape.
    pub(super) fn set(&mut self, id: &AssetId, pod: Pod) -> (Document, Came) {
        let mut status = pod.status;
        self.share(&mut status);
        let text = Text(pod.shape);
        if let Some(known) = self.known.get_mut(id)
            && Text(known.shape.clone()) == text
        {
            known.status = status;
            return (known.shape.clone(), Came::AsBefore);
        }
        let was_there = self.forget(id).is_some();
        let (shape, users) = self
            .shapes
            .entry(text.clone())
            .or_insert_with(|| (text.0, 0));
        *users += 1;
        let alike = *users > 1 && !was_there;
        let shape = shape.clone();
        self.known.insert(
            id.clone(),
            Known {
                shape: shape.clone(),
                status,
            },
        );
        (shape, Came::New { alike })
    }

    /// Takes a pod out; gives whether others are like it, if it was there.
    pub(super) fn forget(&mut self, id: &AssetId) -> Option<bool> {
        let known = self.known.remove(id)?;
        let text = Text(known.shape);
        let Some((_, users)) = self.shapes.get_mut(&text) else {
            return Some(false);
        };
        *users -= 1;
        let alike = *users > 0;
        if !alike {
            self.shapes.remove(&text);
        }
        Some(alike)
    }

    /// How many shapes there are.
    pub(super) fn shapes(&self) -> usize {
        self.shapes.len()
    }

    fn share(&mut self, status: &mut PodStatus) {
        // Names that nobody has any more are swept out now and then.
        if self.names.len() > 4096 && self.names.len() > self.known.len() {
            self.names.retain(|name, ()| Arc::strong_count(name) > 1);
        }
        let mut share = |text: &mut Arc<str>| {
            if let Some((shared, ())) = self.names.get_key_value(&**text) {
                *text = shared.clone();
            } else {
                self.names.insert(text.clone(), ());
            }
        };
        share(&mut status.phase);
        if let Some(node) = &mut status.node {
            share(node);
        }
        for container in &mut status.containers {
            share(&mut container.name);
            share(&mut container.image);
            share(&mut container.image_id);
        }
    }
}
