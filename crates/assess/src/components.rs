//! What a cluster runs on beside images: the API server and what shows itself of
//! the control plane, and of each node its kubelet, container runtime, kernel and,
//! where somebody lists them, packages. Each is compared with the advisories, by
//! the version it tells; what tells none, or none that compares, is unknown.

mod found;
mod node;

use std::{collections::BTreeMap, sync::Arc};

use plimsoll_coverage::Seen;
use plimsoll_inventory::{Inventory, ObjectRole, location_of};
use plimsoll_manifest::Node;
use plimsoll_model::{
    Asset, AssetFacts, AssetId, AssetKind, ComponentLinks, Evidence, FieldRef, Finding, ImageName,
    Mapping, ObjectRef, Observation, Rule, Severity, Timestamp, Unevaluated, image::Image,
    wire::ComponentReport,
};
use plimsoll_vuln::component::{Component, Part};

use self::found::Judge;
use crate::Advisories;

/// Where Kubernetes itself runs.
pub(crate) const SYSTEM: &str = "kube-system";

/// A program that a cluster runs on, with a known vulnerability.
pub const VULNERABLE_COMPONENT: Rule = Rule {
    id: "vulnerable-component",
    title: "Nothing that the cluster runs on has a known vulnerability",
    severity: Severity::Medium,
    category: "vulnerabilities",
    why: "Whoever takes over the API server, a kubelet, a container runtime or a kernel has every container that it runs.",
    remediation: "Upgrade the component to a version that has the fix; a managed cluster is upgraded by its provider. Where there is no fix, take what is vulnerable out of use.",
    test: "plimsoll cluster scan --db FILE",
    references: &["https://csrc.nist.gov/pubs/sp/800/190/final"],
    mappings: &[
        Mapping {
            framework: "NIST 800-190",
            requirement: "4.4.1",
        },
        Mapping {
            framework: "NIST 800-190",
            requirement: "4.5.3",
        },
    ],
    aliases: &[],
};

/// What is known of a cluster beside its objects.
#[derive(Clone, Debug, Default)]
pub struct ComponentsAsked {
    /// The version of the API server: `v1.36.0`.
    pub server: Option<String>,
    /// The packages of nodes, by the node's name.
    pub packages: BTreeMap<Arc<str>, Arc<Image>>,
}

/// What a cluster runs on, compared with advisories.
#[derive(Clone, Debug, Default)]
pub struct Components {
    /// The cluster: the nodes are objects of it.
    pub(crate) assets: Vec<AssetFacts>,
    pub(crate) findings: Vec<Finding>,
    /// What is told and could not be compared.
    pub(crate) unevaluated: Vec<Unevaluated>,
    /// What goals read.
    pub(crate) links: Arc<ComponentLinks>,
    /// In order.
    pub(crate) reports: Vec<ComponentReport>,
    /// Names of nodes whose packages were given and which are not there.
    pub no_nodes: Vec<Arc<str>>,
}

/// Compares what a cluster runs on.
pub(crate) fn components(
    inventory: &Inventory,
    asked: &ComponentsAsked,
    advisories: &Advisories,
    cluster: &Arc<str>,
    now: Timestamp,
) -> Components {
    let seen = Seen::of(inventory, asked.server.as_deref());
    let asset = Arc::new(asset(cluster));
    let mut judge = Judge::new(advisories, now);
    server(&mut judge, &asset, &seen);
    for (component, evidence) in control_plane(inventory) {
        judge.component(&asset, &component, &evidence);
    }
    let mut no_nodes: Vec<Arc<str>> = asked.packages.keys().cloned().collect();
    for seen in &seen.nodes {
        let name = &seen.asset.object.name;
        no_nodes.retain(|node| node != name);
        node::judge(&mut judge, seen, asked.packages.get(name));
    }
    let mut result = judge.finish();
    result.assets.push(facts(asset, cluster, now));
    result.no_nodes = no_nodes;
    result
}

fn server(judge: &mut Judge<'_>, asset: &Arc<Asset>, seen: &Seen) {
    let place = plimsoll_coverage::server_place();
    let Some(text) = &seen.server else {
        let why = "the version of the API server is not known";
        judge.not_told(asset, Part::ApiServer.as_str(), why);
        return;
    };
    let component = Component {
        part: Part::ApiServer,
        text: text.to_string(),
        os: String::new(),
    };
    let evidence = Evidence::Heard {
        location: place,
        path: FieldRef::new("gitVersion".into(), ""),
        observed: Some((&**text).into()),
    };
    judge.component(asset, &component, &evidence);
}

/// What shows itself of the rest of the control plane: images of its pods, each
/// version once.
fn control_plane(inventory: &Inventory) -> BTreeMap<Component, Evidence> {
    let mut found: BTreeMap<Component, Evidence> = BTreeMap::new();
    for (ix, object) in inventory.objects() {
        if object.role != ObjectRole::Workload || object.namespace() != Some(SYSTEM) {
            continue;
        }
        for template in inventory.pod_templates(ix) {
            let containers = template
                .node
                .get("spec")
                .and_then(|spec| spec.get("containers"));
            for container in containers.into_iter().flat_map(Node::items) {
                let Some(image) = container.get("image") else {
                    continue;
                };
                let name = image.as_str().and_then(ImageName::parse);
                // The API server says its version itself.
                let Some(component) = name
                    .and_then(|name| Component::of_image(&name))
                    .filter(|component| component.part != Part::ApiServer)
                else {
                    continue;
                };
                let evidence = Evidence::Manifest {
                    location: location_of(image),
                    path: FieldRef::new("image".into(), ""),
                    observed: image.as_str().map(Into::into),
                };
                found
                    .entry(component)
                    .and_modify(|known| {
                        if evidence < *known {
                            *known = evidence.clone();
                        }
                    })
                    .or_insert(evidence);
            }
        }
    }
    found
}

fn asset(cluster: &Arc<str>) -> Asset {
    Asset {
        id: AssetId::from_text(format!("cluster/{cluster}")),
        kind: AssetKind::Cluster,
        object: ObjectRef {
            api_version: "".into(),
            kind: "Cluster".into(),
            namespace: None,
            name: cluster.clone(),
        },
    }
}

fn facts(asset: Arc<Asset>, cluster: &Arc<str>, now: Timestamp) -> AssetFacts {
    let observed = Observation {
        source: "cluster".into(),
        at: now,
    };
    AssetFacts::bare(asset, observed, cluster.clone())
}
