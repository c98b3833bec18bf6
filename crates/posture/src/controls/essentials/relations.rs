//! What several of these controls ask of a workload and what is around it.

use plimsoll_inventory::{
    SubjectKey,
    view::{labels::Labelled, pod::PodTemplate},
};
use plimsoll_manifest::Node;
use plimsoll_model::{AssetId, ObjectRef};

use super::resources::is_amount;
use crate::{ObjectContext, PodContext};

/// Whether a LimitRange of the namespace gives containers a limit by default.
pub(super) fn default_limit(workload: &ObjectContext<'_>, resource: &str) -> bool {
    by_default(workload, &["default"], resource)
}

/// Whether a LimitRange gives containers a request by default: its default
/// limit is one as well.
pub(super) fn default_request(workload: &ObjectContext<'_>, resource: &str) -> bool {
    by_default(workload, &["defaultRequest", "default"], resource)
}

fn by_default(workload: &ObjectContext<'_>, fields: &[&str], resource: &str) -> bool {
    let Some(namespace) = workload.namespace() else {
        return false;
    };
    let ranges = workload.inventory.limit_ranges(namespace);
    ranges
        .into_iter()
        .filter_map(|ix| {
            workload
                .inventory
                .get(ix)?
                .document
                .root()
                .get("spec")?
                .get("limits")
        })
        .flat_map(Node::items)
        .filter(|limit| limit.get("type").and_then(Node::as_str) == Some("Container"))
        .any(|limit| {
            fields
                .iter()
                .filter_map(|field| limit.get(field)?.get(resource))
                .any(is_amount)
        })
}

/// Whether the pods end by themselves: jobs, and pods that are not restarted.
pub(super) fn runs_to_an_end(workload: &ObjectContext<'_>, pod: &PodContext<'_>) -> bool {
    let restart = pod.spec.get("restartPolicy").and_then(Node::as_str);
    workload.kind().ends_with("Job")
        || workload.kind().ends_with("Workflow")
        || matches!(restart, Some("Never" | "OnFailure"))
}

/// The service account of a pod: its name, and its object if it is there.
pub(super) fn account<'a>(
    workload: &ObjectContext<'a>,
    pod: &PodContext<'a>,
) -> (&'a str, Option<ObjectRef>, Option<Node<'a>>) {
    let name = pod.spec.service_account_name().unwrap_or("default");
    let namespace = workload.namespace().unwrap_or_default();
    let cluster = &workload.inventory.settings().cluster;
    let id = AssetId::object(cluster, "", "ServiceAccount", Some(namespace), name);
    let object = workload
        .inventory
        .find(&id)
        .and_then(|ix| workload.inventory.get(ix));
    (
        name,
        object.map(|object| object.asset.object.clone()),
        object.map(|object| object.document.root()),
    )
}

/// Whether the pods get a token for the API: the pod decides, then its service
/// account, and if neither says something they do.
pub(super) fn mounts_token(pod: &PodContext<'_>, account: Option<Node<'_>>) -> bool {
    let automount = "automountServiceAccountToken";
    pod.spec
        .automount_service_account_token()
        .or_else(|| account.and_then(|account| account.get(automount)?.as_bool()))
        .unwrap_or(true)
}

/// The key that bindings of this service account are found by.
pub(super) fn subject(namespace: &str, account: &str) -> SubjectKey {
    SubjectKey::ServiceAccount(namespace.into(), account.into())
}

/// `spec.replicas`, with what is missing as Kubernetes takes it.
pub(super) fn replicas(workload: &ObjectContext<'_>) -> i64 {
    let written = workload
        .root()
        .get("spec")
        .and_then(|spec| spec.get("replicas"));
    written.and_then(Node::as_i64).unwrap_or(1)
}

/// Labels of a pod template.
pub(super) struct TemplateLabels<'a>(pub PodTemplate<'a>);

impl Labelled for TemplateLabels<'_> {
    fn label(&self, key: &str) -> Option<&str> {
        self.0
            .node()
            .get("metadata")?
            .get("labels")?
            .get(key)?
            .scalar_text()
    }
}

/// A text as YAML: plain where it can be nothing else, and quoted otherwise,
/// for names come from foreign files.
pub(super) fn yaml(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !matches!(
            text,
            "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
        );
    if plain {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}
