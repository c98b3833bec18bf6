//! `CiliumNetworkPolicy` and `CiliumClusterwideNetworkPolicy` of `cilium.io/v2`.
//!
//! A pod is isolated in a direction by every rule that selects it and has
//! entries for that direction, unless the rule switches that off
//! (`enableDefaultDeny`). Source: Cilium's policy language and what its agent
//! does with a rule when it resolves the policy of an endpoint.

use plimsoll_manifest::{Kind, Node};

use super::endpoint::{Endpoint, Label, Truth, is_set_at_runtime};
use crate::view::{items, labels::pairs, mapping, network_policy::Direction, text, texts};

const NAMESPACE: &str = "io.kubernetes.pod.namespace";
const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
const ACCOUNT: &str = "io.cilium.k8s.policy.serviceaccount";

pub(super) fn isolates(
    root: Node<'_>,
    namespaced: bool,
    direction: Direction,
    endpoint: &Endpoint<'_>,
) -> Truth {
    rules(root)
        .map(|rule| {
            let section = has_section(rule, direction);
            if section == Truth::No {
                return Truth::No;
            }
            section.and(selects(rule, namespaced, endpoint))
        })
        .fold(Truth::No, Truth::or)
}

pub(super) fn required(root: Node<'_>) -> Vec<Vec<(&str, &str)>> {
    rules(root)
        .filter_map(|rule| mapping(rule.get("endpointSelector")))
        .map(|selector| {
            let single = items(selector, "matchExpressions").filter_map(|expression| {
                let mut values = texts(expression, "values");
                let value = values.next().filter(|_| values.next().is_none())?;
                let is_in = text(expression, "operator")? == "In";
                Some((text(expression, "key").filter(|_| is_in)?, value))
            });
            pairs(selector.get("matchLabels"))
                .chain(single)
                .filter_map(|(key, value)| Some((pod_key(key)?, value)))
                .collect()
        })
        .collect()
}

fn rules<'a>(root: Node<'a>) -> impl Iterator<Item = Node<'a>> {
    mapping(root.get("spec"))
        .into_iter()
        .chain(items(root, "specs"))
}

/// Whether the rule isolates what it selects in this direction.
fn has_section(rule: Node<'_>, direction: Direction) -> Truth {
    let (field, lists) = match direction {
        Direction::Ingress => ("ingress", ["ingress", "ingressDeny"]),
        Direction::Egress => ("egress", ["egress", "egressDeny"]),
    };
    let list = |name: &str| match rule.get(name).filter(|list| !list.is_null()) {
        None => Truth::No,
        Some(list) if list.kind() == Kind::Sequence => (!list.is_empty()).into(),
        Some(_) => Truth::Unknown,
    };
    let entries = lists.into_iter().map(list).fold(Truth::No, Truth::or);
    let deny = rule
        .get("enableDefaultDeny")
        .and_then(|deny| deny.get(field))
        .filter(|deny| !deny.is_null());
    match (deny.map(Node::as_bool), entries) {
        (None, entries) => entries,
        (Some(Some(false)), _) => Truth::No,
        (Some(Some(true)), Truth::Yes) => Truth::Yes,
        // With no entry, it depends on the version of Cilium.
        (Some(_), _) => Truth::Unknown,
    }
}

/// Whether the rule selects the pod. One without an endpoint selector is for
/// nodes.
fn selects(rule: Node<'_>, namespaced: bool, endpoint: &Endpoint<'_>) -> Truth {
    let Some(selector) = rule.get("endpointSelector").filter(|node| !node.is_null()) else {
        return Truth::No;
    };
    let well_formed = |field: &str, kind: Kind| {
        selector
            .get(field)
            .is_none_or(|value| value.is_null() || value.kind() == kind)
    };
    if selector.kind() != Kind::Mapping
        || !well_formed("matchLabels", Kind::Mapping)
        || !well_formed("matchExpressions", Kind::Sequence)
    {
        return Truth::Unknown;
    }
    let labels = selector
        .get("matchLabels")
        .into_iter()
        .flat_map(Node::entries)
        .map(|(key, value)| match value.scalar_text() {
            // The policy's own namespace takes the place of a written one.
            _ if namespaced && key.text.strip_prefix("k8s:") == Some(NAMESPACE) => Truth::Yes,
            Some(wanted) => label(key.text, endpoint).is(|value| value == wanted),
            None => Truth::Unknown,
        });
    let expressions = items(selector, "matchExpressions").map(|one| expression(one, endpoint));
    labels.chain(expressions).fold(Truth::Yes, Truth::and)
}

fn expression(expression: Node<'_>, endpoint: &Endpoint<'_>) -> Truth {
    let (Some(key), Some(operator)) = (text(expression, "key"), text(expression, "operator"))
    else {
        return Truth::Unknown;
    };
    let found = label(key, endpoint);
    let among = found.is(|value| texts(expression, "values").any(|wanted| wanted == value));
    match operator {
        "In" => among,
        "NotIn" => among.negated(),
        "Exists" => found.exists(),
        "DoesNotExist" => found.exists().negated(),
        _ => Truth::Unknown,
    }
}

/// The label of a pod that a key means: `app`, `any:app`, `k8s:app`.
fn label<'a>(key: &str, endpoint: &Endpoint<'a>) -> Label<'a> {
    let name = match key.split_once(':') {
        None => key,
        Some(("any" | "k8s", name)) => name,
        // Labels of hosts, worlds and the like.
        Some(("reserved", _)) => return Label::Absent,
        Some(_) => return Label::Unknown,
    };
    match name {
        NAMESPACE => Label::Is(endpoint.namespace),
        ACCOUNT => Label::Is(endpoint.account),
        _ => match name.strip_prefix(NAMESPACE_LABELS) {
            Some(name) => endpoint.namespace_label(name),
            None if is_left_out(name) || name.starts_with("io.cilium.") => Label::Unknown,
            None => endpoint.pod_label(name),
        },
    }
}

/// The key as the pod's template has it, if that is all there is to know of it.
fn pod_key(key: &str) -> Option<&str> {
    let name = match key.split_once(':') {
        None => key,
        Some(("any" | "k8s", name)) => name,
        Some(_) => return None,
    };
    let special = name.starts_with("io.cilium.") || is_left_out(name) || is_set_at_runtime(name);
    (!special).then_some(name)
}

/// Whether Cilium's default filter leaves this label out of what policies see.
/// An installation may have another filter.
fn is_left_out(key: &str) -> bool {
    const PREFIXES: [&str; 13] = [
        "annotation",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-completion-index",
        "controller-revision-hash",
        "controller-uid",
        "etcd_node",
        "io.kubernetes",
        "k8s.io",
        "kubernetes.io",
        "pod-template-generation",
        "pod-template-hash",
        "statefulset.kubernetes.io/pod-name",
    ];
    PREFIXES.iter().any(|prefix| key.starts_with(prefix)) || key.contains("beta.kubernetes.io")
}
