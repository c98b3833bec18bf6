//! Assets that must be there but could not be read: they are unknown, never
//! absent.

use std::sync::Arc;

use plimsoll_manifest::{GuessedObject, LoadError, Place, Span};
use plimsoll_model::{
    Asset, AssetFacts, AssetId, AssetKind, Location, ObjectRef, Observation, UnknownAsset,
};

use crate::EstateOptions;

/// Kinds whose pods make them workloads.
const WORKLOADS: [&str; 9] = [
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "ReplicationController",
    "Rollout",
];

/// Kinds that surely have no pods. A kind that is neither here nor above may
/// have, and counts as a workload: it must not be forgotten.
const OTHERS: [&str; 28] = [
    "Service",
    "Ingress",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "NetworkPolicy",
    "CiliumNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "GlobalNetworkPolicy",
    "HTTPRoute",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "ResourceQuota",
    "LimitRange",
    "ServiceMonitor",
    "PodMonitor",
    "PrometheusRule",
    "Certificate",
];

/// A document that is no YAML or JSON.
pub(crate) fn failed(
    file: &Arc<str>,
    index: usize,
    error: &LoadError,
    options: &EstateOptions,
) -> AssetFacts {
    let unknown = UnknownAsset {
        reason: format!("{file}:{} can't be read: {}", error.place, error.kind),
        remedy: format!("mend {file}:{}", error.place),
    };
    facts(file, index, None, Some(error.place), unknown, options)
}

/// A file that could not be read at all.
pub(crate) fn file(file: &Arc<str>, reason: &str, options: &EstateOptions) -> AssetFacts {
    let unknown = UnknownAsset {
        reason: format!("{file} can't be read: {reason}"),
        remedy: format!("make {file} readable"),
    };
    facts(file, 0, None, None, unknown, options)
}

/// What a chart template would become.
pub(crate) fn not_rendered(
    file: &Arc<str>,
    index: usize,
    guess: &GuessedObject,
    options: &EstateOptions,
) -> AssetFacts {
    let unknown = UnknownAsset {
        reason: format!("the chart template {file} is not rendered"),
        remedy: "render the chart and check what it gives: `helm template . | plimsoll check -`"
            .to_owned(),
    };
    facts(
        file,
        index,
        Some(guess),
        Some(guess.place),
        unknown,
        options,
    )
}

/// Whether Kubernetes' own kind of this name carries pods.
pub(crate) fn carries_pods(kind: &str) -> bool {
    WORKLOADS.contains(&kind)
}

/// What the objects of a kind are, as far as its name says.
pub(crate) fn kind_of_unread(kind: &str) -> AssetKind {
    match kind {
        "Namespace" => AssetKind::Namespace,
        "ServiceAccount" => AssetKind::Identity,
        kind if OTHERS.contains(&kind) && !WORKLOADS.contains(&kind) => AssetKind::Object,
        _ => AssetKind::Workload,
    }
}

fn facts(
    file: &Arc<str>,
    index: usize,
    guess: Option<&GuessedObject>,
    place: Option<Place>,
    unknown: UnknownAsset,
    options: &EstateOptions,
) -> AssetFacts {
    let kind = guess.and_then(|guess| guess.kind.as_deref());
    let asset_kind = kind.map_or(AssetKind::Workload, kind_of_unread);
    let name = guess
        .and_then(|guess| guess.name.as_deref())
        .unwrap_or(file);
    let asset = Asset {
        id: AssetId::unread(&options.cluster, file, index),
        kind: asset_kind,
        object: ObjectRef {
            api_version: "".into(),
            kind: kind.unwrap_or("unread").into(),
            namespace: None,
            name: name.into(),
        },
    };
    let observed = Observation {
        source: "files".into(),
        at: options.now,
    };
    AssetFacts {
        location: place.map(|place| Location {
            file: file.clone(),
            line: place.line,
            column: place.column,
            span: Span { start: 0, end: 0 },
        }),
        unknown: Some(unknown),
        ..AssetFacts::bare(Arc::new(asset), observed, options.cluster.clone())
    }
}
