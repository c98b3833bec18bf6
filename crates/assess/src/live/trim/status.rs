//! The little that is kept of what objects say of themselves.

use serde_json::{Map, Value, json};

/// Whether it runs nothing any more, and only tells that it did.
pub(super) fn is_finished(group: &str, kind: &str, object: &Map<String, Value>) -> bool {
    let status = object.get("status");
    let controlled = || super::controller(object).is_some();
    match (group, kind) {
        ("", "Pod") => {
            let phase = status.and_then(|status| status.get("phase")?.as_str());
            matches!(phase, Some("Succeeded" | "Failed"))
        }
        ("batch", "Job") => {
            let conditions = status.and_then(|status| status.get("conditions")?.as_array());
            conditions.into_iter().flatten().any(|condition| {
                let field = |field| condition.get(field).and_then(Value::as_str);
                matches!(field("type"), Some("Complete" | "Failed"))
                    && field("status") == Some("True")
            })
        }
        ("apps" | "extensions", "ReplicaSet") => {
            let number = |part: Option<&Value>| {
                part.and_then(|part| part.get("replicas"))
                    .and_then(Value::as_u64)
            };
            controlled()
                && number(object.get("spec")) == Some(0)
                && number(status).is_none_or(|running| running == 0)
        }
        _ => false,
    }
}

/// The status of this kind of object, as far as it is kept.
pub(super) fn kept_status(group: &str, kind: &str, status: Value) -> Option<Value> {
    let Value::Object(status) = status else {
        return None;
    };
    let fields: &[&str] = match (group, kind) {
        ("", "Pod") => &["phase", "reason", "podIP"],
        ("", "Node") => &["nodeInfo"],
        ("", "Service") | ("networking.k8s.io", "Ingress") => &["loadBalancer"],
        ("gateway.networking.k8s.io", "Gateway") => &["addresses"],
        ("", "Namespace" | "PersistentVolume") => &["phase"],
        _ => return None,
    };
    let mut kept = Map::new();
    for field in fields {
        if let Some(value) = status.get(*field) {
            kept.insert((*field).to_owned(), value.clone());
        }
    }
    match kind {
        "Pod" => {
            for list in [
                "containerStatuses",
                "initContainerStatuses",
                "ephemeralContainerStatuses",
            ] {
                if let Some(Value::Array(containers)) = status.get(list) {
                    let containers: Vec<Value> = containers.iter().map(container).collect();
                    kept.insert(list.to_owned(), containers.into());
                }
            }
        }
        "Node" => {
            if let Some(Value::Array(conditions)) = status.get("conditions") {
                let conditions: Vec<Value> = conditions
                    .iter()
                    .map(|condition| {
                        only(
                            condition,
                            &["type", "status", "reason", "lastTransitionTime"],
                        )
                    })
                    .collect();
                kept.insert("conditions".to_owned(), conditions.into());
            }
        }
        _ => {}
    }
    (!kept.is_empty()).then(|| kept.into())
}

fn container(status: &Value) -> Value {
    let mut kept = only(status, &["name", "image", "imageID", "restartCount"]);
    if let (Some(kept), Some(state)) = (kept.as_object_mut(), state(status)) {
        kept.insert("state".to_owned(), json!({ state: {} }));
    }
    kept
}

/// `running`, `waiting` or `terminated`.
pub(super) fn state(status: &Value) -> Option<&str> {
    let state = status.get("state")?.as_object()?;
    state.keys().next().map(String::as_str)
}

fn only(value: &Value, fields: &[&str]) -> Value {
    let kept: Map<String, Value> = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), value.get(*field)?.clone())))
        .collect();
    kept.into()
}
