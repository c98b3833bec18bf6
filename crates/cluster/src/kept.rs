//! Objects of the API as changes: what is kept of one is the business of
//! `assess::live::trim`; here it is told apart from the others and from its
//! own earlier versions.

use std::sync::Arc;

use plimsoll_assess::live::{Change, trim};
use plimsoll_model::AssetId;
use serde_json::{Map, Value};

use crate::discover::Served;

/// An object as it is now.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Its namespace; empty for what has none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid and version: whether it is what was seen before.
    pub version: String,
    /// What it means for the estate.
    pub change: Change,
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
pub(crate) fn keep(text: &[u8], served: &Served, cluster: &str) -> Result<Kept, NotKept> {
    let unreadable = |error: &dyn std::fmt::Display| NotKept::Unreadable(error.to_string());
    let mut value: Value = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
    let object = value.as_object_mut().ok_or(NotKept::NoName)?;
    let (namespace, name, version) = identity(object).ok_or(NotKept::NoName)?;
    // Items of a list have neither; metadata alone names itself.
    object.insert("apiVersion".into(), served.api_version().into());
    object.insert("kind".into(), served.kind.kind.into());
    if served.kind.kind == "Secret" {
        // Whatever the server sends: names and labels.
        object.retain(|key, _| matches!(&**key, "apiVersion" | "kind" | "metadata"));
        if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
            metadata.remove("annotations");
        }
    }
    let change = trim::seen(value, cluster).map_err(|error| unreadable(&error))?;
    Ok(Kept {
        namespace,
        name,
        version,
        change,
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

    #[test]
    fn of_a_secret_only_names_and_labels_are_kept_whatever_the_server_sends() {
        let text = r#"{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","labels":{"x":"y"},"annotations":{"v":"hunter2"}},"data":{"v":"aHVudGVyMg=="},"stringData":{"v":"hunter2"}}"#;
        let kept = keep(text.as_bytes(), &served("Secret"), "test").unwrap();
        let Change::Set(document) = kept.change else {
            panic!("{:?}", kept.change);
        };
        let expect =
            r#"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a","labels":{"x":"y"}}}"#;
        assert_eq!(document.source().text(), expect);
    }

    #[test]
    fn an_object_is_known_by_its_version_and_is_of_the_kind_that_was_asked_for() {
        let text = r#"{"metadata":{"name":"a","namespace":"b","uid":"u","resourceVersion":"7"}}"#;
        let kept = keep(text.as_bytes(), &served("Deployment"), "test").unwrap();
        assert_eq!((&*kept.namespace, &*kept.name), ("b", "a"));
        assert_eq!(kept.version, "u 7");
        let Change::Set(document) = kept.change else {
            panic!("{:?}", kept.change);
        };
        assert_eq!(document.api_version(), "apps/v1");
    }

    #[test]
    fn what_is_no_object_is_not_kept() {
        let check = |text: &str| {
            assert!(
                keep(text.as_bytes(), &served("Pod"), "test").is_err(),
                "{text}"
            )
        };
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
            let _ = keep(text.as_bytes(), &served("Pod"), "test");
            let item = format!(r#"{{"metadata":{{"name":"a","annotations":{text}}},"status":{text}}}"#);
            let _ = keep(item.as_bytes(), &served("Pod"), "test");
        }
    }
}
