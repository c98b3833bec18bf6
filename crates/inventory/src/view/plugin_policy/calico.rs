//! `NetworkPolicy` and `GlobalNetworkPolicy` of `projectcalico.org/v3` and of
//! `crd.projectcalico.org/v1`, in which Calico keeps them.
//!
//! A pod is isolated in a direction by every policy of the default tier that
//! selects it and is for that direction.

use plimsoll_manifest::{Kind, Node};

use super::{
    endpoint::{Endpoint, Label, Truth, is_set_at_runtime},
    selector::Expression,
};
use crate::view::{mapping, network_policy::Direction, text, texts};

const NAME: &str = "projectcalico.org/name";

pub(super) fn isolates(
    root: Node<'_>,
    namespaced: bool,
    direction: Direction,
    endpoint: &Endpoint<'_>,
) -> Truth {
    let Some(spec) = mapping(root.get("spec")) else {
        return Truth::No;
    };
    let flag = |field: &str| spec.get(field).and_then(Node::as_bool) == Some(true);
    // Such policies are for the interfaces of nodes.
    if !is_for(spec, direction) || flag("doNotTrack") || flag("preDNAT") {
        return Truth::No;
    }
    let of_pod = selects(spec, "selector", |key| pod_label(key, endpoint));
    let of_namespace = if namespaced {
        Truth::Yes
    } else {
        selects(spec, "namespaceSelector", |key| {
            namespace_label(key, endpoint)
        })
    };
    let of_account = selects(spec, "serviceAccountSelector", |key| {
        account_label(key, endpoint)
    });
    // What is behind another tier depends on that tier, which may pass on.
    let in_tier = match text(spec, "tier") {
        None | Some("default") => Truth::Yes,
        Some(_) => Truth::Unknown,
    };
    of_pod.and(of_namespace).and(of_account).and(in_tier)
}

pub(super) fn required(root: Node<'_>) -> Vec<(&str, &str)> {
    let selector = root
        .get("spec")
        .and_then(|spec| spec.get("selector")?.as_str());
    let Some(expression) = selector.and_then(Expression::parse) else {
        return Vec::new();
    };
    let mut required = expression.required();
    required.retain(|(key, _)| {
        let special = ["pcns.", "pcsa.", "projectcalico.org/"];
        !special.iter().any(|prefix| key.starts_with(prefix)) && !is_set_at_runtime(key)
    });
    required
}

/// Whether the policy is for this direction. Without `types` it is for those
/// that it has rules for, and for ingress when it has none.
fn is_for(spec: Node<'_>, direction: Direction) -> bool {
    let has = |field: &str| spec.get(field).is_some_and(|rules| !rules.is_empty());
    let (name, rules) = match direction {
        Direction::Ingress => ("Ingress", has("ingress") || !has("egress")),
        Direction::Egress => ("Egress", has("egress")),
    };
    if has("types") {
        texts(spec, "types").any(|kind| kind == name)
    } else {
        rules
    }
}

/// Whether the selector in a field selects what has these labels; one that is
/// missing or empty selects all.
fn selects<'a>(spec: Node<'_>, field: &str, label: impl Fn(&str) -> Label<'a>) -> Truth {
    match spec.get(field) {
        None => Truth::Yes,
        Some(node) if node.is_null() => Truth::Yes,
        Some(node) if node.kind() == Kind::String => node
            .as_str()
            .and_then(Expression::parse)
            .map_or(Truth::Unknown, |expression| expression.holds(&label)),
        Some(_) => Truth::Unknown,
    }
}

fn pod_label<'a>(key: &str, endpoint: &Endpoint<'a>) -> Label<'a> {
    match key {
        "projectcalico.org/namespace" => Label::Is(endpoint.namespace),
        "projectcalico.org/orchestrator" => Label::Is("k8s"),
        "projectcalico.org/serviceaccount" => Label::Is(endpoint.account),
        _ if key.starts_with("projectcalico.org/") => Label::Unknown,
        // Labels that a pod has from its namespace and its account.
        _ => match (key.strip_prefix("pcns."), key.strip_prefix("pcsa.")) {
            (Some(key), _) => namespace_label(key, endpoint),
            (_, Some(key)) => account_label(key, endpoint),
            (None, None) => endpoint.pod_label(key),
        },
    }
}

fn namespace_label<'a>(key: &str, endpoint: &Endpoint<'a>) -> Label<'a> {
    match key {
        NAME => Label::Is(endpoint.namespace),
        _ => endpoint.namespace_label(key),
    }
}

fn account_label<'a>(key: &str, endpoint: &Endpoint<'a>) -> Label<'a> {
    match key {
        NAME => Label::Is(endpoint.account),
        _ => endpoint.account_label(key),
    }
}
