//! One object of the inventory, and what it is.

use std::{borrow::Cow, sync::Arc};

use plimsoll_manifest::{Document, Node};
use plimsoll_model::{Asset, AssetId, AssetKind, Location, ObjectRef};

use crate::{
    Settings, location_of,
    scope::is_cluster_scoped,
    strings::Strings,
    template::{Bases, Known},
    view::{
        gateway,
        labels::{Labelled, pairs},
        plugin_policy::PluginPolicy,
        pod::PodTemplate,
        rbac, text,
        workload::group_of,
    },
};

/// An object's slot. It stays the same as long as the object is there, whatever
/// becomes of its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectIx(pub(crate) u32);

impl ObjectIx {
    /// Its number: small, and free again for another when the object is gone.
    pub fn slot(self) -> usize {
        self.0 as usize
    }
}

/// What kind of thing an object is to the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectRole {
    /// It carries a pod or a pod template, whether or not something else
    /// controls it.
    Workload,
    /// A Service.
    Service,
    /// An Ingress.
    Ingress,
    /// A Gateway.
    Gateway,
    /// A route that attaches to Gateways.
    Route,
    /// A NetworkPolicy.
    NetworkPolicy,
    /// A policy of a network plugin, Cilium or Calico.
    PluginPolicy,
    /// A ServiceAccount.
    ServiceAccount,
    /// A Role or ClusterRole.
    Role,
    /// A RoleBinding or ClusterRoleBinding.
    Binding,
    /// A Namespace.
    Namespace,
    /// A Node.
    Node,
    /// A PodDisruptionBudget.
    DisruptionBudget,
    /// A HorizontalPodAutoscaler, or a KEDA ScaledObject.
    Autoscaler,
    /// A LimitRange.
    LimitRange,
    /// A ResourceQuota.
    ResourceQuota,
    /// Anything else.
    Other,
}

/// An object: the asset it is, and where it is written.
#[derive(Clone, Debug)]
pub struct Object {
    /// The asset. A Pod, ReplicaSet or Job that another workload of the
    /// inventory controls is no asset of kind
    /// [`Workload`](AssetKind::Workload): the controller stands for it.
    pub asset: Arc<Asset>,
    /// Where it is written: the first place by file and line.
    pub document: Document,
    /// The other places it is written at, by file and line.
    pub also: Vec<Document>,
    /// What it is to the others.
    pub role: ObjectRole,
    pub(crate) bases: Bases,
    /// The labels of its pods: one set for each template of each document, in
    /// the order of `templates_of`.
    pub(crate) pods: Vec<PodLabels>,
}

impl Object {
    /// `metadata.labels` whose values are scalars.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(metadata(&self.document, "labels"))
    }

    /// `metadata.annotations` whose values are scalars.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(metadata(&self.document, "annotations"))
    }

    /// One annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        metadata(&self.document, "annotations")?
            .get(key)?
            .scalar_text()
    }

    /// Every place it is written at, the first one first.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        std::iter::once(&self.document).chain(&self.also)
    }

    /// The object as only this one of its [`documents`](Self::documents) says
    /// it is. Its relations stay those of all of them.
    #[must_use]
    pub fn as_written_in(&self, document: &Document) -> Self {
        Object {
            asset: self.asset.clone(),
            document: document.clone(),
            also: Vec::new(),
            role: self.role,
            bases: self.bases.clone(),
            pods: Vec::new(),
        }
    }

    /// What it goes by in evidence where its document does not say it: pods
    /// that are alike share a document, whose name ends with `*` in place of
    /// theirs.
    #[must_use]
    pub fn own_file(&self) -> Option<Arc<str>> {
        let path = self.document.source().name().strip_suffix("/*")?;
        Some(format!("{path}/{}", self.name()).into())
    }

    /// The place of its first document.
    #[must_use]
    pub fn location(&self) -> Location {
        self.located(location_of(self.document.root()))
    }

    /// A place in one of its documents, by the name it goes by in evidence.
    #[must_use]
    pub fn located(&self, location: Location) -> Location {
        match self.own_file() {
            Some(file) => Location { file, ..location },
            None => location,
        }
    }

    /// The roots of [`documents`](Self::documents).
    pub(crate) fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.documents().map(Document::root)
    }

    /// The namespace, for what is in one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.asset.object.namespace.as_deref()
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.asset.object.name
    }
}

impl Labelled for &Object {
    fn label(&self, key: &str) -> Option<&str> {
        metadata(&self.document, "labels")?.get(key)?.scalar_text()
    }
}

fn metadata<'a>(document: &'a Document, field: &str) -> Option<Node<'a>> {
    document.root().get("metadata")?.get(field)
}

/// The labels of one pod template, sorted by key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PodLabels(pub Box<[(Arc<str>, Arc<str>)]>);

impl PodLabels {
    fn of(template: Node<'_>, strings: &mut Strings) -> Self {
        let mut labels: Vec<_> = PodTemplate::new(template)
            .labels()
            .map(|(key, value)| (strings.share(key), strings.share(value)))
            .collect();
        labels.sort_by(|one, two| one.0.cmp(&two.0));
        labels.dedup_by(|one, two| one.0 == two.0);
        PodLabels(labels.into())
    }
}

impl Labelled for PodLabels {
    fn label(&self, key: &str) -> Option<&str> {
        let at = self
            .0
            .binary_search_by(|(found, _)| (**found).cmp(key))
            .ok()?;
        self.0.get(at).map(|(_, value)| &**value)
    }
}

/// The asset that a document is, before it is known who controls it. `called`
/// is its name where the document does not say it.
pub(crate) fn asset_of(
    document: &Document,
    called: Option<&str>,
    settings: &Settings,
    strings: &mut Strings,
) -> Asset {
    let root = document.root();
    let (api_version, kind) = (document.api_version(), document.kind());
    let group = group_of(api_version);
    let metadata = root.get("metadata");
    let named = |field: &str| metadata.and_then(|metadata| text(metadata, field));
    let namespace = (!is_cluster_scoped(group, kind))
        .then(|| named("namespace").unwrap_or(&settings.default_namespace));
    let name: Cow<'_, str> = match (called.or_else(|| named("name")), named("generateName")) {
        (Some(name), _) => name.into(),
        (None, prefix) => format!("{}*", prefix.unwrap_or_default()).into(),
    };
    Asset {
        id: AssetId::object(&settings.cluster, group, kind, namespace, &name),
        kind: AssetKind::Object,
        object: ObjectRef {
            api_version: strings.share(api_version),
            kind: strings.share(kind),
            namespace: namespace.map(|namespace| strings.share(namespace)),
            name: strings.share(&name),
        },
    }
}

/// An object made of its documents, which are sorted: the first is the one that
/// counts where only one can.
pub(crate) fn object_of(
    asset: Asset,
    document: Document,
    also: Vec<Document>,
    strings: &mut Strings,
) -> Object {
    let bases = Bases::of(asset.object.group(), &asset.object.kind, document.root());
    let mut pods: Vec<PodLabels> = Vec::new();
    let mut add = |bases: &Bases, document: &Document| {
        let templates = bases.templates(document.root());
        pods.extend(
            templates
                .into_iter()
                .map(|template| PodLabels::of(template.node, strings)),
        );
    };
    add(&bases, &document);
    for document in &also {
        add(
            &Bases::of(asset.object.group(), &asset.object.kind, document.root()),
            document,
        );
    }
    let role = if matches!(bases, Bases::Known(_)) || !pods.is_empty() {
        ObjectRole::Workload
    } else {
        role_of(asset.object.group(), &asset.object.kind)
    };
    Object {
        asset: Arc::new(asset),
        document,
        also,
        role,
        bases,
        pods,
    }
}

fn role_of(group: &str, kind: &str) -> ObjectRole {
    match (group, kind) {
        ("", "Service") => ObjectRole::Service,
        ("networking.k8s.io" | "extensions", "Ingress") => ObjectRole::Ingress,
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => ObjectRole::NetworkPolicy,
        (group, kind) if PluginPolicy::is_kind(group, kind) => ObjectRole::PluginPolicy,
        (gateway::GROUP, "Gateway") => ObjectRole::Gateway,
        (gateway::GROUP, kind) if gateway::ROUTE_KINDS.contains(&kind) => ObjectRole::Route,
        ("", "ServiceAccount") => ObjectRole::ServiceAccount,
        (rbac::GROUP, "Role" | "ClusterRole") => ObjectRole::Role,
        (rbac::GROUP, "RoleBinding" | "ClusterRoleBinding") => ObjectRole::Binding,
        ("", "Namespace") => ObjectRole::Namespace,
        ("", "Node") => ObjectRole::Node,
        ("policy", "PodDisruptionBudget") => ObjectRole::DisruptionBudget,
        ("autoscaling" | "extensions", "HorizontalPodAutoscaler") | ("keda.sh", "ScaledObject") => {
            ObjectRole::Autoscaler
        }
        ("", "LimitRange") => ObjectRole::LimitRange,
        ("", "ResourceQuota") => ObjectRole::ResourceQuota,
        _ => ObjectRole::Other,
    }
}

/// The kind of asset an object is.
pub(crate) fn asset_kind(object: &Object, controlled: bool) -> AssetKind {
    match object.role {
        ObjectRole::Workload if !controlled => AssetKind::Workload,
        ObjectRole::Workload if object.bases == Bases::Known(Known::Pod) => AssetKind::Pod,
        ObjectRole::Namespace => AssetKind::Namespace,
        ObjectRole::Node => AssetKind::Node,
        ObjectRole::ServiceAccount => AssetKind::Identity,
        _ => AssetKind::Object,
    }
}
