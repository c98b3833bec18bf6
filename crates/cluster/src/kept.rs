//! What is kept of an object of the API: everything that somebody judges, and
//! nothing that only the API server's own housekeeping needs.
//!
//! An object is read once as JSON, cut down and written again, so that the
//! tree that stays in memory is of the small text.

use std::sync::Arc;

use plimsoll_assess::{Limits, Source};
use plimsoll_manifest::Document;
use plimsoll_model::AssetId;
use serde_json::{Map, Value};

use crate::{discover::Served, kinds::Origin};

/// Annotations that repeat the object, or could hold what a Secret holds.
const ANNOTATIONS: [&str; 2] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
];

/// An object, cut down.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its namespace; empty for what has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid and version: whether it is what was seen before.
    pub version: String,
    /// What is kept.
    pub document: Document,
}

/// Why an object is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotKept {
    /// It is no JSON, or too deep.
    #[error("it can't be read: {0}")]
    Unreadable(String),
    /// It has no name.
    #[error("it has no metadata.name")]
    NoName,
}

/// Reads an object of this kind and keeps what is needed of it.
pub(crate) fn keep(text: &[u8], served: &Served) -> Result<Kept, NotKept> {
    let unreadable = |error: &dyn std::fmt::Display| NotKept::Unreadable(error.to_string());
    let mut value: Value = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
    let Some(object) = value.as_object_mut() else {
        return Err(NotKept::NoName);
    };
    let (namespace, name, version) = identity(object).ok_or(NotKept::NoName)?;
    // Items of a list have neither; metadata alone names itself.
    let mut whole = Map::new();
    whole.insert("apiVersion".into(), served.api_version().into());
    whole.insert("kind".into(), served.kind.kind.into());
    for (key, mut part) in std::mem::take(object) {
        match key.as_str() {
            "apiVersion" | "kind" => continue,
            "metadata" => metadata(&mut part, served),
            "status" => match status(served.kind.kind, part) {
                Some(kept) => part = kept,
                None => continue,
            },
            "data" | "stringData" | "binaryData" if served.kind.kind == "Secret" => continue,
            _ => {}
        }
        whole.insert(key, part);
    }
    let bytes = Value::Object(whole).to_string().into_bytes();
    let namespace_of = Some(namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let place = format!("{}/{name}", served.path(namespace_of));
    let limits = Limits::default();
    let source = Source::new(place, bytes, &limits).map_err(|error| unreadable(&error))?;
    let document = plimsoll_manifest::load_one(&source, &limits)
        .map_err(|error| unreadable(&error))?
        .ok_or(NotKept::NoName)?;
    Ok(Kept {
        namespace,
        name,
        version,
        document,
    })
}

/// Namespace, name and version of an object.
fn identity(object: &Map<String, Value>) -> Option<(String, String, String)> {
    let metadata = object.get("metadata")?.as_object()?;
    let text = |key: &str| metadata.get(key).and_then(Value::as_str);
    let name = text("name").filter(|name| !name.is_empty())?;
    Some((
        text("namespace").unwrap_or_default().to_owned(),
        name.to_owned(),
        format!(
            "{} {}",
            text("uid").unwrap_or_default(),
            text("resourceVersion").unwrap_or_default()
        ),
    ))
}

fn metadata(metadata: &mut Value, served: &Served) {
    let Some(fields) = metadata.as_object_mut() else {
        return;
    };
    for field in ["managedFields", "resourceVersion", "selfLink", "uid"] {
        fields.remove(field);
    }
    // Of a goal its status says which generation it is about.
    if served.kind.origin == Origin::Plimsoll {
        for field in ["creationTimestamp", "ownerReferences", "finalizers"] {
            fields.remove(field);
        }
    } else {
        fields.remove("generation");
    }
    if served.kind.kind == "Secret" {
        fields.remove("annotations");
    }
    if let Some(annotations) = fields.get_mut("annotations").and_then(Value::as_object_mut) {
        for annotation in ANNOTATIONS {
            annotations.remove(annotation);
        }
        if annotations.is_empty() {
            fields.remove("annotations");
        }
    }
}

/// What is kept of a status: which images run and on what, where a thing can
/// be reached, whether it is done.
fn status(kind: &str, status: Value) -> Option<Value> {
    let kept = match kind {
        "Pod" => {
            let mut kept = pick(&status, &["phase", "podIP"]);
            for field in [
                "containerStatuses",
                "initContainerStatuses",
                "ephemeralContainerStatuses",
            ] {
                if let Some(containers) = status.get(field).and_then(Value::as_array) {
                    let containers = containers
                        .iter()
                        .map(|container| {
                            Value::Object(pick(container, &["name", "image", "imageID"]))
                        })
                        .collect();
                    kept.insert(field.into(), Value::Array(containers));
                }
            }
            kept
        }
        "Node" => {
            let mut kept = pick(&status, &["nodeInfo"]);
            conditions(&status, &mut kept);
            kept
        }
        "Service" | "Ingress" => pick(&status, &["loadBalancer"]),
        "Gateway" => pick(&status, &["addresses"]),
        "Namespace" | "PersistentVolume" | "PersistentVolumeClaim" => pick(&status, &["phase"]),
        "Job" => {
            let mut kept = pick(&status, &["active", "completionTime"]);
            conditions(&status, &mut kept);
            kept
        }
        "ReplicaSet" => pick(&status, &["replicas"]),
        "APIService" => {
            let mut kept = Map::new();
            conditions(&status, &mut kept);
            kept
        }
        _ => Map::new(),
    };
    (!kept.is_empty()).then_some(Value::Object(kept))
}

fn pick(value: &Value, fields: &[&str]) -> Map<String, Value> {
    fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), value.get(*field)?.clone())))
        .collect()
}

/// Types and states of conditions, without the times that every heartbeat
/// changes.
fn conditions(status: &Value, kept: &mut Map<String, Value>) {
    if let Some(conditions) = status.get("conditions").and_then(Value::as_array) {
        let conditions = conditions
            .iter()
            .map(|condition| {
                Value::Object(pick(
                    condition,
                    &["type", "status", "reason", "lastTransitionTime"],
                ))
            })
            .collect();
        kept.insert("conditions".into(), Value::Array(conditions));
    }
}

/// The id of an object of this kind.
pub(crate) fn id(cluster: &Arc<str>, served: &Served, namespace: &str, name: &str) -> AssetId {
    let namespace = Some(namespace).filter(|_| served.namespaced);
    AssetId::object(
        cluster,
        served.kind.group,
        served.kind.kind,
        namespace,
        name,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::{KINDS, SECRETS};

    fn served(kind: &str) -> Served {
        let kind = KINDS
            .iter()
            .chain([&SECRETS])
            .find(|of| of.kind == kind)
            .unwrap();
        Served {
            kind,
            version: "v1".into(),
            namespaced: true,
            watchable: true,
        }
    }

    fn check(kind: &str, text: &str, expect: &str) {
        let kept = keep(text.as_bytes(), &served(kind)).unwrap();
        assert_eq!(kept.document.source().text(), expect);
    }

    #[test]
    fn what_nobody_judges_is_not_kept() {
        check(
            "Pod",
            r#"{"metadata":{"name":"a","namespace":"b","uid":"u","resourceVersion":"7","managedFields":[{}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}},"spec":{"containers":[]},"status":{"phase":"Running","startTime":"x","containerStatuses":[{"name":"c","imageID":"i@sha256:1","restartCount":3}]}}"#,
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"b"},"spec":{"containers":[]},"status":{"phase":"Running","containerStatuses":[{"name":"c","imageID":"i@sha256:1"}]}}"#,
        );
        check(
            "Deployment",
            r#"{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"a","generation":3},"spec":{},"status":{"replicas":1}}"#,
            r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{}}"#,
        );
    }

    #[test]
    fn of_a_secret_only_names_and_labels_are_kept_whatever_the_server_sends() {
        check(
            "Secret",
            r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","labels":{"x":"y"},"annotations":{"v":"hunter2"}},"data":{"v":"aHVudGVyMg=="},"stringData":{"v":"hunter2"}}"#,
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","labels":{"x":"y"}}}"#,
        );
    }

    #[test]
    fn an_object_stands_at_its_path_and_is_known_by_its_version() {
        let text = r#"{"metadata":{"name":"a","namespace":"b","uid":"u","resourceVersion":"7"}}"#;
        let kept = keep(text.as_bytes(), &served("Deployment")).unwrap();
        assert_eq!(
            &**kept.document.source().name(),
            "/apis/apps/v1/namespaces/b/deployments/a"
        );
        assert_eq!(kept.version, "u 7");
    }

    #[test]
    fn what_is_no_object_is_not_kept() {
        let check = |text: &str| assert!(keep(text.as_bytes(), &served("Pod")).is_err(), "{text}");
        check("");
        check("[]");
        check("{}");
        check(r#"{"metadata":{"name":""}}"#);
        check(&"[".repeat(100_000));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

        #[test]
        fn no_bytes_make_it_panic(text in r#"[{}\[\]":,a-z0-9\\]{0,200}"#) {
            let _ = keep(text.as_bytes(), &served("Pod"));
            let item = format!(r#"{{"metadata":{{"name":"a","annotations":{text}}},"status":{text}}}"#);
            let _ = keep(item.as_bytes(), &served("Pod"));
        }
    }
}
