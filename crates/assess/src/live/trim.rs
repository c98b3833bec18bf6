//! What is kept of an object of the API.
//!
//! A cluster says far more of its objects than anybody judges: who owns which
//! field, what was applied last, every condition. Kept is what an engine or a
//! person reads. The values of Secrets are not, whoever hands one in.

mod status;

use std::sync::Arc;

use plimsoll_manifest::{Document, Limits, LoadError, Source, load_one};
use plimsoll_model::AssetId;
use serde_json::{Map, Value};

use self::status::{is_finished, kept_status};
use super::{Change, Pod, PodStatus};
use plimsoll_inventory::is_cluster_scoped;

/// Annotations longer than this are kept by name only.
const LONGEST_ANNOTATION: usize = 16 << 10;
/// A ConfigMap's data beyond this many bytes is left out, the last keys first.
const MOST_DATA: usize = 256 << 10;
/// Fields of `metadata` that are kept.
const METADATA: [&str; 7] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "creationTimestamp",
    "deletionTimestamp",
    "uid",
];
/// What `kubectl apply` left: the whole object once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// The volume that the API server adds to each pod for its token.
const TOKEN_VOLUME: &str = "kube-api-access-";
/// Tolerations that the API server adds to each pod.
const ADDED_TOLERATIONS: [&str; 2] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
];

/// Why an object can't be taken.
#[derive(Debug, thiserror::Error)]
pub enum TrimError {
    /// It is no object of the API.
    #[error("it has no `{0}`: no object of the Kubernetes API")]
    NoObject(&'static str),
    /// What is left of it can't be read back.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// What it means for a watched estate that this object is so now.
///
/// An object that runs nothing any more is gone for it: a pod that ended, a
/// Job that finished, an old revision that is kept with no replicas.
///
/// # Errors
/// What has no name or kind, or is larger than an API server takes.
pub fn seen(object: Value, cluster: &str) -> Result<Change, TrimError> {
    let Value::Object(object) = object else {
        return Err(TrimError::NoObject("kind"));
    };
    let head = Head::of(&object)?;
    if is_finished(head.group(), &head.kind, &object) {
        return Ok(Change::Gone(head.id(cluster)));
    }
    let controlled = controller(&object).is_some();
    if head.api_version == "v1" && head.kind == "Pod" && controlled {
        return Ok(Change::Pod(Box::new(pod(&head, object)?)));
    }
    Ok(Change::Set(read(&head.place(), trimmed(&head, object))?))
}

/// What it means for a watched estate that this object is gone.
///
/// # Errors
/// What has no name or kind.
pub fn gone(object: &Value, cluster: &str) -> Result<Change, TrimError> {
    let object = object.as_object().ok_or(TrimError::NoObject("kind"))?;
    Ok(Change::Gone(Head::of(object)?.id(cluster)))
}

/// What is kept of an object, whatever becomes of it.
///
/// # Errors
/// What has no name or kind, or is larger than an API server takes.
pub fn trim(object: Value) -> Result<Document, TrimError> {
    let Value::Object(object) = object else {
        return Err(TrimError::NoObject("kind"));
    };
    let head = Head::of(&object)?;
    read(&head.place(), trimmed(&head, object))
}

/// What an object is called.
struct Head {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

impl Head {
    fn of(object: &Map<String, Value>) -> Result<Self, TrimError> {
        let text = |value: Option<&Value>| {
            value
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let metadata = object.get("metadata");
        let named = |field| text(metadata.and_then(|metadata| metadata.get(field)));
        Ok(Head {
            api_version: text(object.get("apiVersion")).ok_or(TrimError::NoObject("apiVersion"))?,
            kind: text(object.get("kind")).ok_or(TrimError::NoObject("kind"))?,
            namespace: named("namespace"),
            name: named("name").ok_or(TrimError::NoObject("metadata.name"))?,
        })
    }

    fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }

    fn namespace(&self) -> Option<&str> {
        let scoped = !is_cluster_scoped(self.group(), &self.kind);
        scoped.then(|| self.namespace.as_deref().unwrap_or("default"))
    }

    fn id(&self, cluster: &str) -> AssetId {
        AssetId::object(
            cluster,
            self.group(),
            &self.kind,
            self.namespace(),
            &self.name,
        )
    }

    /// Its path below its cluster: the name it goes by in evidence.
    fn place(&self) -> String {
        let id = self.id("");
        let text = id.as_str();
        text.strip_prefix("cluster//").unwrap_or(text).to_owned()
    }
}

fn read(place: &str, object: Map<String, Value>) -> Result<Document, TrimError> {
    let limits = Limits::default();
    // A map of strings and values is always written.
    let bytes = serde_json::to_vec(&Value::Object(object)).unwrap_or_default();
    let source = Source::new(place, bytes, &limits)?;
    load_one(&source, &limits)?.ok_or(TrimError::NoObject("kind"))
}

/// The controller among the owners.
fn controller(object: &Map<String, Value>) -> Option<&Value> {
    object
        .get("metadata")?
        .get("ownerReferences")?
        .as_array()?
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

fn trimmed(head: &Head, mut object: Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    kept.insert("apiVersion".to_owned(), head.api_version.clone().into());
    kept.insert("kind".to_owned(), head.kind.clone().into());
    let controller = controller(&object).cloned();
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        let metadata = std::mem::take(metadata);
        kept.insert(
            "metadata".to_owned(),
            trimmed_metadata(metadata, controller),
        );
    }
    let status = object.remove("status");
    for (key, value) in object {
        if !kept.contains_key(&key) {
            kept.insert(key, value);
        }
    }
    match (head.group(), &*head.kind) {
        ("", "Secret") => secret(&mut kept),
        ("", "ConfigMap") => config_map(&mut kept),
        ("", "Pod") => {
            if let Some(Value::Object(spec)) = kept.get_mut("spec") {
                without_token(spec);
            }
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(&mut kept),
        ("admissionregistration.k8s.io", _) => without_bundles(&mut kept),
        _ => {}
    }
    if let Some(status) = status.and_then(|s| kept_status(head.group(), &head.kind, s)) {
        kept.insert("status".to_owned(), status);
    }
    kept
}

fn trimmed_metadata(mut metadata: Map<String, Value>, controller: Option<Value>) -> Value {
    let mut kept = Map::new();
    for field in METADATA {
        if let Some(value) = metadata.remove(field) {
            kept.insert(field.to_owned(), value);
        }
    }
    if let Some(Value::Object(annotations)) = metadata.remove("annotations") {
        let annotations: Map<String, Value> = annotations
            .into_iter()
            .filter(|(key, _)| key != LAST_APPLIED)
            .map(|(key, value)| match value.as_str() {
                Some(text) if text.len() > LONGEST_ANNOTATION => (key, "".into()),
                _ => (key, value),
            })
            .collect();
        if !annotations.is_empty() {
            kept.insert("annotations".to_owned(), annotations.into());
        }
    }
    if let Some(controller) = controller {
        kept.insert("ownerReferences".to_owned(), vec![controller].into());
    }
    kept.into()
}

/// Names of values, never values.
fn secret(object: &mut Map<String, Value>) {
    object.remove("stringData");
    if let Some(Value::Object(data)) = object.get_mut("data") {
        data.values_mut().for_each(|value| *value = "".into());
    }
}

fn config_map(object: &mut Map<String, Value>) {
    object.remove("binaryData");
    let mut left = MOST_DATA;
    if let Some(Value::Object(data)) = object.get_mut("data") {
        for value in data.values_mut() {
            let size = value.as_str().map_or(0, str::len);
            match left.checked_sub(size) {
                Some(rest) => left = rest,
                None => *value = "".into(),
            }
        }
    }
}

/// Schemas are longer than all else and judged by nobody.
fn definition(object: &mut Map<String, Value>) {
    let versions = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("versions")?.as_array_mut());
    for version in versions.into_iter().flatten() {
        if let Some(version) = version.as_object_mut() {
            version.retain(|key, _| matches!(&**key, "name" | "served" | "storage" | "deprecated"));
        }
    }
}

fn without_bundles(object: &mut Map<String, Value>) {
    let hooks = object.get_mut("webhooks").and_then(Value::as_array_mut);
    for hook in hooks.into_iter().flatten() {
        if let Some(config) = hook.get_mut("clientConfig").and_then(Value::as_object_mut) {
            config.remove("caBundle");
        }
    }
}

/// A pod without the volume by which the API server gives it its token: every
/// pod has it whose account's token is mounted, and none asked for it.
fn without_token(spec: &mut Map<String, Value>) {
    let is_token = |value: &Value| {
        let name = value.get("name").and_then(Value::as_str);
        name.is_some_and(|name| name.starts_with(TOKEN_VOLUME))
    };
    let clear = |holder: &mut Map<String, Value>, list: &str| {
        if let Some(Value::Array(items)) = holder.get_mut(list) {
            items.retain(|item| !is_token(item));
            if items.is_empty() {
                holder.remove(list);
            }
        }
    };
    clear(spec, "volumes");
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        let containers = spec.get_mut(list).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                clear(container, "volumeMounts");
            }
        }
    }
}

/// A pod that something controls: what it shares with its like, and what is
/// its own.
fn pod(head: &Head, mut object: Map<String, Value>) -> Result<Pod, TrimError> {
    let status = PodStatus::of(&object);
    object.remove("status");
    let mut kept = trimmed(head, object);
    if let Some(Value::Object(metadata)) = kept.get_mut("metadata") {
        for own in ["name", "creationTimestamp", "deletionTimestamp", "uid"] {
            metadata.remove(own);
        }
        if let Some(Value::Array(owners)) = metadata.get_mut("ownerReferences") {
            for owner in owners.iter_mut().filter_map(Value::as_object_mut) {
                owner.retain(|key, _| {
                    matches!(&**key, "apiVersion" | "kind" | "name" | "controller")
                });
            }
        }
    }
    if let Some(Value::Object(spec)) = kept.get_mut("spec") {
        spec.remove("nodeName");
        if spec.get("hostname").and_then(Value::as_str) == Some(&*head.name) {
            spec.remove("hostname");
        }
        if let Some(Value::Array(tolerations)) = spec.get_mut("tolerations") {
            tolerations.retain(|toleration| {
                let key = toleration.get("key").and_then(Value::as_str);
                !key.is_some_and(|key| ADDED_TOLERATIONS.contains(&key))
            });
            if tolerations.is_empty() {
                spec.remove("tolerations");
            }
        }
    }
    let namespace: Arc<str> = head.namespace().unwrap_or("default").into();
    let place = format!("ns/{namespace}/Pod/*");
    Ok(Pod {
        namespace,
        name: head.name.as_str().into(),
        shape: read(&place, kept)?,
        status,
    })
}

#[cfg(test)]
pub(in crate::live) mod tests;
