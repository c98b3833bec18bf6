//! Assets and their identity.
//!
//! An asset's id is a path a person can read. From files the cluster part is a
//! name the user gives (`--cluster`, `files` unless said otherwise), so that a
//! manifest and its live object are the same asset in two observations.

use std::{fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an asset is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AssetKind {
    /// A Kubernetes cluster.
    Cluster,
    /// A machine of a cluster.
    Node,
    /// A namespace of a cluster.
    Namespace,
    /// The top controller of pods, or a pod that has none.
    Workload,
    /// A pod of a workload.
    Pod,
    /// A container of a workload or pod.
    Container,
    /// An image, by digest.
    Image,
    /// A package of an image.
    Package,
    /// A service account, user or group.
    Identity,
    /// A registry.
    Registry,
    /// A repository of a registry.
    Repository,
    /// A Kubernetes object that is none of the above but can be misconfigured
    /// by itself: a Service, an Ingress, a role, a binding, a policy.
    Object,
}

impl AssetKind {
    /// The lower-case word used in every output and in selectors.
    pub fn as_str(self) -> &'static str {
        match self {
            AssetKind::Cluster => "cluster",
            AssetKind::Node => "node",
            AssetKind::Namespace => "namespace",
            AssetKind::Workload => "workload",
            AssetKind::Pod => "pod",
            AssetKind::Container => "container",
            AssetKind::Image => "image",
            AssetKind::Package => "package",
            AssetKind::Identity => "identity",
            AssetKind::Registry => "registry",
            AssetKind::Repository => "repository",
            AssetKind::Object => "object",
        }
    }
}

impl fmt::Display for AssetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The readable path that is an asset's identity, such as
/// `cluster/prod/ns/shop/apps.Deployment/web`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AssetId(Arc<str>);

impl AssetId {
    /// The id of a Kubernetes object. `group` is empty for the core group.
    ///
    /// Namespaces, nodes and service accounts have paths of their own, as the
    /// things they are; every other object is `group.Kind/name`.
    pub fn object(
        cluster: &str,
        group: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Self {
        let text = match (group, kind, namespace) {
            ("", "Namespace", _) => format!("cluster/{cluster}/ns/{name}"),
            ("", "Node", _) => format!("cluster/{cluster}/node/{name}"),
            ("", "ServiceAccount", Some(ns)) => {
                format!("cluster/{cluster}/identity/serviceaccount/{ns}/{name}")
            }
            ("", _, Some(ns)) => format!("cluster/{cluster}/ns/{ns}/{kind}/{name}"),
            ("", _, None) => format!("cluster/{cluster}/{kind}/{name}"),
            (_, _, Some(ns)) => format!("cluster/{cluster}/ns/{ns}/{group}.{kind}/{name}"),
            (_, _, None) => format!("cluster/{cluster}/{group}.{kind}/{name}"),
        };
        AssetId(text.into())
    }

    /// The id of something in a file that could not be read as an object: the
    /// `index`-th part of `file`. It stands for an asset that must not be
    /// forgotten merely because it could not be read.
    pub fn unread(cluster: &str, file: &str, index: usize) -> Self {
        AssetId(format!("cluster/{cluster}/unread/{file}#{index}").into())
    }

    /// The id of an image: its repository as a full name
    /// (`registry.example.com/shop/web`), and the digest it is known by. One
    /// that has no repository, such as an archive without tags, goes by the
    /// name it was given.
    pub fn image(repository: &str, digest: Option<&crate::Digest>) -> Self {
        AssetId(match digest {
            Some(digest) => format!("image/{repository}@{digest}").into(),
            None => format!("image/{repository}").into(),
        })
    }

    /// What stays the same over rebuilds: the repository of an image, for
    /// every other asset its id.
    pub fn lineage(&self) -> &str {
        match self.0.strip_prefix("image/") {
            Some(_) => self.0.split_once('@').map_or(&*self.0, |(name, _)| name),
            None => &self.0,
        }
    }

    /// An id read back from a state file or a report.
    pub fn from_text(text: impl Into<Arc<str>>) -> Self {
        AssetId(text.into())
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl JsonSchema for AssetId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "AssetId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The readable path that identifies an asset, such as `cluster/prod/ns/shop/apps.Deployment/web`."
        })
    }
}

/// A Kubernetes object by its four names.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `group/version`, or `version` for the core group.
    pub api_version: Arc<str>,
    /// The kind, such as `Deployment`.
    pub kind: Arc<str>,
    /// The namespace; none for what is cluster-scoped.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub namespace: Option<Arc<str>>,
    /// `metadata.name`, or `metadata.generateName` with a `*` behind it.
    pub name: Arc<str>,
}

impl ObjectRef {
    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version
            .split_once('/')
            .map_or("", |(group, _)| group)
    }
}

impl fmt::Display for ObjectRef {
    /// `Deployment shop/web`, `ClusterRole admin`: how people say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// An asset: what it is, which object it is, its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Asset {
    /// Its identity.
    pub id: AssetId,
    /// What it is.
    pub kind: AssetKind,
    /// The object it is, or the best guess for one that could not be read.
    pub object: ObjectRef,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_paths_people_can_read() {
        let check = |(group, kind, ns, name): (&str, &str, Option<&str>, &str), expect: &str| {
            assert_eq!(
                AssetId::object("prod", group, kind, ns, name).as_str(),
                expect
            );
        };
        check(
            ("apps", "Deployment", Some("shop"), "web"),
            "cluster/prod/ns/shop/apps.Deployment/web",
        );
        check(
            ("", "Pod", Some("shop"), "web"),
            "cluster/prod/ns/shop/Pod/web",
        );
        check(("", "Namespace", None, "shop"), "cluster/prod/ns/shop");
        check(("", "Node", None, "n1"), "cluster/prod/node/n1");
        check(
            ("", "ServiceAccount", Some("shop"), "web"),
            "cluster/prod/identity/serviceaccount/shop/web",
        );
        check(
            ("rbac.authorization.k8s.io", "ClusterRole", None, "admin"),
            "cluster/prod/rbac.authorization.k8s.io.ClusterRole/admin",
        );
    }
}
