//! Clusters for tests, from YAML.

use plimsoll_inventory::{Inventory, Settings};
use plimsoll_manifest::{Limits, Source, load};
use plimsoll_model::Timestamp;

/// Noon of 2026-11-26.
pub(crate) fn now() -> Timestamp {
    "2026-11-26T12:00:00Z".parse().expect("a timestamp")
}

/// The objects of one file, of the cluster `prod`.
pub(crate) fn inventory(yaml: &str) -> Inventory {
    let limits = Limits::default();
    let source = Source::new("a.yaml", yaml.as_bytes().to_vec(), &limits).expect("text");
    let loaded = load(&source, &limits);
    assert!(loaded.errors.is_empty(), "{:?}\n{yaml}", loaded.errors);
    let mut inventory = Inventory::new(Settings {
        cluster: "prod".into(),
        default_namespace: "default".into(),
        source: "cluster".into(),
        observed_at: now(),
    });
    for document in loaded.documents {
        inventory.insert(document);
    }
    inventory
}

/// A cluster with one of everything: nodes that are heard and not, a workload
/// in a sandbox, an excluded namespace.
pub(crate) const CLUSTER: &str = "
apiVersion: v1
kind: Node
metadata: {name: good, creationTimestamp: 2026-01-01T00:00:00Z}
status:
  conditions: [{type: Ready, status: 'True', lastHeartbeatTime: 2026-11-26T11:58:00Z}]
  nodeInfo: {kubeletVersion: v1.36.1, containerRuntimeVersion: 'containerd://2.3.1', osImage: Debian GNU/Linux 13 (trixie), kernelVersion: 6.12.0-1-amd64, operatingSystem: linux, architecture: amd64}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: good, namespace: kube-node-lease}
spec: {renewTime: '2026-11-26T11:59:55.000000Z'}
---
apiVersion: v1
kind: Node
metadata: {name: mute, creationTimestamp: 2026-01-01T00:00:00Z}
status:
  conditions: [{type: Ready, status: 'True', lastHeartbeatTime: 2026-11-26T11:59:00Z}]
  nodeInfo: {kubeletVersion: v1.32.1, containerRuntimeVersion: 'containerd://1.7.2', osImage: Ubuntu 20.04.6 LTS, kernelVersion: 5.4.0-100-generic, operatingSystem: linux, architecture: amd64}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: mute, namespace: kube-node-lease}
spec: {renewTime: '2026-11-26T11:54:00.000000Z'}
---
apiVersion: v1
kind: Node
metadata: {name: bare}
status: {nodeInfo: {kubeletVersion: v1.37.0, containerRuntimeVersion: 'cri-o://1.36.0', osImage: Talos (v1.12.0), kernelVersion: 7.0.1-talos, operatingSystem: windows}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: payments}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: untrusted}
handler: runsc
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: c, image: 'registry.example.com/shop/web:1'}, {name: d, image: 'registry.example.com/shop/old:1'}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: box, namespace: shop}
spec: {template: {spec: {runtimeClassName: untrusted, containers: [{name: c, image: 'registry.example.com/shop/new:1'}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: toy, namespace: lab}
spec: {nodeName: good, containers: [{name: c, image: 'registry.example.com/lab/toy:1'}]}
";
