//! Which images run, as the container runtimes say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_manifest::Node;
use plimsoll_model::{Period, resource::Clause};

use super::Live;

/// Where a pod says which containers it has, beside what they run.
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
/// Where a pod says what its containers run.
const STATUSES: [&str; 3] = [
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
];

/// An image that containers run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunningImage {
    /// Its digest; none where the runtime gives only an id of its own.
    pub digest: Option<Arc<str>>,
    /// The names that the runtimes give it.
    pub names: BTreeSet<Arc<str>>,
    /// The names that the pods' specifications have for it: those by which
    /// workloads name it.
    pub written: BTreeSet<Arc<str>>,
    /// The namespaces it runs in.
    pub namespaces: BTreeSet<Arc<str>>,
    /// How many pods run it.
    pub pods: u64,
    /// The Secrets that these pods pull by, as namespace and name.
    pub pull_secrets: BTreeSet<(Arc<str>, Arc<str>)>,
    /// What the nodes are that it runs on, `linux/arm64`, as far as they say:
    /// several images of one index run under one digest.
    pub platforms: BTreeSet<Arc<str>>,
}

/// The platform of each node that says it.
type Platforms = BTreeMap<Arc<str>, Arc<str>>;

impl Live {
    /// The images that run, by what they can be pulled by: a repository with
    /// a digest, or the runtime's own id. What has not started yet is not
    /// among them, nor what runs in excluded namespaces alone.
    pub fn running_images(&self) -> BTreeMap<Arc<str>, RunningImage> {
        let mut running = BTreeMap::new();
        let platforms = self.platforms();
        let excluded = |pod: Node<'_>| {
            let metadata = pod.get("metadata");
            let namespace = metadata.and_then(|metadata| metadata.get("namespace")?.as_str());
            self.objects.excludes(namespace)
        };
        for known in self.pods.known.values() {
            let pod = known.shape.root();
            if excluded(pod) {
                continue;
            }
            let containers = known.status.containers.iter();
            let node = known.status.node.as_deref();
            add(
                &mut running,
                pod,
                node.and_then(|node| platforms.get(node)),
                containers
                    .map(|container| (&*container.name, &*container.image_id, &*container.image)),
            );
        }
        for (_, object) in self.estate.inventory.objects() {
            let asset = &object.asset.object;
            if &*asset.kind != "Pod"
                || !asset.group().is_empty()
                || self.objects.excludes(object.namespace())
                || self.pods.known.contains_key(&object.asset.id)
            {
                continue;
            }
            let pod = object.document.root();
            let status = pod.get("status");
            let lists = STATUSES.iter().filter_map(|list| status?.get(list));
            let containers = lists.flat_map(|list| list.items());
            let node = pod
                .get("spec")
                .and_then(|spec| spec.get("nodeName")?.as_str());
            add(
                &mut running,
                pod,
                node.and_then(|node| platforms.get(node)),
                containers.filter_map(|container| {
                    let text = |key| container.get(key).and_then(Node::as_str);
                    Some((
                        text("name").unwrap_or_default(),
                        text("imageID")?,
                        text("image").unwrap_or_default(),
                    ))
                }),
            );
        }
        running
    }

    /// How old the newest scan of an image may be, where a goal says so: the
    /// strictest.
    pub fn image_scan_asked(&self) -> Option<Period> {
        let goals = self.estate.line.goals.iter();
        let clauses = goals.flat_map(|(goal, _)| &goal.spec.require);
        let asked = clauses.filter_map(|clause| match clause {
            Clause::Coverage(clause) => clause.image_scan,
            _ => None,
        });
        asked.min()
    }

    fn platforms(&self) -> Platforms {
        let nodes = self.estate.inventory.objects().filter_map(|(_, object)| {
            let asset = &object.asset.object;
            if &*asset.kind != "Node" || !asset.group().is_empty() {
                return None;
            }
            let info = object.document.root().get("status")?.get("nodeInfo")?;
            let said = |key| info.get(key).and_then(Node::as_str);
            let platform = format!("{}/{}", said("operatingSystem")?, said("architecture")?);
            Some((asset.name.as_ref().into(), platform.into()))
        });
        nodes.collect()
    }

    /// The images that workloads name, as they write them, whether or not
    /// anything of them runs; not those that only excluded namespaces name.
    pub fn named_images(&self) -> BTreeSet<Arc<str>> {
        let objects = &self.objects;
        let judged = objects.all().filter(|kept| objects.is_judged(kept));
        let named = judged.flat_map(|kept| &kept.facts.images);
        named.cloned().collect()
    }
}

/// Adds what the containers of a pod run.
fn add<'a>(
    running: &mut BTreeMap<Arc<str>, RunningImage>,
    pod: Node<'_>,
    platform: Option<&Arc<str>>,
    containers: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
) {
    let namespace = pod
        .get("metadata")
        .and_then(|metadata| metadata.get("namespace")?.as_str())
        .unwrap_or("default");
    let namespace: Arc<str> = namespace.into();
    let secrets: Vec<(Arc<str>, Arc<str>)> = pod
        .get("spec")
        .and_then(|spec| spec.get("imagePullSecrets"))
        .into_iter()
        .flat_map(|list| list.items())
        .filter_map(|secret| Some((namespace.clone(), secret.get("name")?.as_str()?.into())))
        .collect();
    let spec = pod.get("spec");
    let written: BTreeMap<&str, &str> = CONTAINERS
        .iter()
        .filter_map(|list| spec?.get(list))
        .flat_map(|list| list.items())
        .filter_map(|container| {
            let text = |key| container.get(key).and_then(Node::as_str);
            Some((text("name")?, text("image")?))
        })
        .collect();
    let mut counted = BTreeSet::new();
    for (container, id, name) in containers {
        // Docker says how it came by it.
        let id = id.split_once("://").map_or(id, |(_, id)| id);
        if id.is_empty() {
            continue;
        }
        let image: &mut RunningImage = running.entry(id.into()).or_default();
        image.digest = id.split_once('@').map(|(_, digest)| digest.into());
        if !name.is_empty() {
            image.names.insert(name.into());
        }
        if let Some(written) = written.get(container) {
            image.written.insert((*written).into());
        }
        image.namespaces.insert(namespace.clone());
        image.platforms.extend(platform.cloned());
        image.pull_secrets.extend(secrets.iter().cloned());
        if counted.insert(id) {
            image.pods += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{History, Timestamp};
    use serde_json::{Value, json};

    use super::*;
    use crate::live::{LiveOptions, trim};

    fn pod(name: &str, owner: bool, containers: Value) -> Value {
        let owners = match owner {
            true => {
                json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "u", "controller": true}])
            }
            false => json!([]),
        };
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "ownerReferences": owners},
            "spec": {"nodeName": name, "containers": [{"name": "main", "image": "web:1"}], "imagePullSecrets": [{"name": "pull"}]},
            "status": {"phase": "Running", "containerStatuses": containers},
        })
    }

    #[test]
    fn images_run_by_what_the_runtime_says_with_the_secrets_they_are_pulled_by() {
        let mut live = Live::new(LiveOptions {
            cluster: "test".into(),
            now: Timestamp::UNIX_EPOCH,
            history: History::default(),
        });
        let status = |id: &str| json!([{"name": "main", "image": "r.example.com/web:1", "imageID": id, "state": {"running": {}}}]);
        let pods = [
            pod("a", true, status("r.example.com/web@sha256:1")),
            pod(
                "b",
                false,
                status("docker-pullable://r.example.com/web@sha256:1"),
            ),
            pod("c", true, status("sha256:2")),
            pod("d", true, status("")),
        ];
        let changes = pods.map(|pod| trim::seen(pod, "test").unwrap());
        live.apply(changes, Timestamp::UNIX_EPOCH);
        let nodes = [("a", "amd64"), ("b", "arm64")].map(|(name, architecture)| {
            let info = json!({"operatingSystem": "linux", "architecture": architecture});
            let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": {"nodeInfo": info}});
            trim::seen(node, "test").unwrap()
        });
        live.apply(nodes, Timestamp::UNIX_EPOCH);
        let running = live.running_images();
        let keys: Vec<&str> = running.keys().map(|key| &**key).collect();
        assert_eq!(keys, ["r.example.com/web@sha256:1", "sha256:2"]);
        let web = &running["r.example.com/web@sha256:1"];
        assert_eq!(web.digest.as_deref(), Some("sha256:1"));
        assert_eq!(web.pods, 2);
        assert!(web.written.iter().map(|name| &**name).eq(["web:1"]));
        assert!(web.namespaces.contains("shop"));
        let platforms: Vec<&str> = web.platforms.iter().map(|platform| &**platform).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
        assert!(web.pull_secrets.contains(&("shop".into(), "pull".into())));
        assert_eq!(running["sha256:2"].digest, None);
    }
}
