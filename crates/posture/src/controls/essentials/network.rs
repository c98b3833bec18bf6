//! Network policies: who may talk to whom.

use plimsoll_inventory::{
    Isolation,
    view::network_policy::{Direction, NetworkPolicy},
};
use plimsoll_manifest::Node;
use plimsoll_model::{AssetId, ObjectRef, Rule, Severity};

use super::{
    relations::yaml,
    words::{NETWORK_POLICIES, NSA_GUIDE, attack, cis, nist, nsa, pci},
};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

const GROUP: &str = "networking.k8s.io";

const DENY_INGRESS: &str = "default-deny-ingress";
const DENY_EGRESS: &str = "default-deny-egress";

/// The names of the policies that fixes make: where there is one, no fix makes
/// it.
pub(crate) const DEFAULT_DENY_NAMES: [&str; 2] = [DENY_INGRESS, DENY_EGRESS];

/// Pods are reached by those only that a policy lets in.
pub static MISSING: Control = Control::workload(
    &Rule {
        id: "network-policy-missing",
        title: "A NetworkPolicy says who may reach the pods",
        severity: Severity::Medium,
        category: "network",
        why: "Pods that no NetworkPolicy selects accept traffic from every pod of the cluster: whoever gets into the least important one can talk to the database.",
        remediation: "Deny all ingress in the namespace by default and allow what is wanted, workload by workload.",
        test: "kubectl get networkpolicies -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,SELECTS:.spec.podSelector",
        references: &[NETWORK_POLICIES, NSA_GUIDE],
        mappings: &[
            cis("5.3.2"),
            nsa("Network policies"),
            attack("T1046"),
            nist("4.3.3"),
            pci("1.3.1"),
        ],
        aliases: &[
            "kube-linter:non-isolated-pod",
            "kubescape:C-0030",
            "kubescape:C-0260",
            "polaris:missingNetworkPolicy",
        ],
    },
    missing,
);

fn missing(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if !is_open(workload, Direction::Ingress, sink) {
        return;
    }
    let violation = Violation::new(
        "ingress",
        Path::template("metadata.labels"),
        "no NetworkPolicy says who may reach the pods: every pod of the cluster can",
    );
    let manifest = "spec:\n  podSelector: {}\n  policyTypes: [Ingress]\n";
    sink.report(
        with_default_deny(violation, workload, DENY_INGRESS, manifest).remedy(Remedy::manual(
            "Write a NetworkPolicy for the workload",
            "Which pods and namespaces must reach it, and on which ports.",
        )),
    );
}

/// Pods reach those only that a policy lets them.
pub static EGRESS_MISSING: Control = Control::workload(
    &Rule {
        id: "network-policy-egress-missing",
        title: "A NetworkPolicy says what the pods may reach",
        severity: Severity::Low,
        category: "network",
        why: "Without a rule for egress a pod that was broken into can fetch tools, send data to anywhere, and talk to the cloud's metadata service.",
        remediation: "Deny all egress in the namespace by default, allow DNS, and allow what is wanted, workload by workload.",
        test: "kubectl get networkpolicies -A -o json | jq -r '.items[] | select(.spec.policyTypes // [] | index(\"Egress\")) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[NETWORK_POLICIES, NSA_GUIDE],
        mappings: &[
            cis("5.3.2"),
            nsa("Network policies"),
            attack("T1552.005"),
            nist("4.4.2"),
            pci("1.3.2"),
        ],
        aliases: &["kubescape:C-0030", "polaris:missingNetworkPolicy"],
    },
    egress_missing,
);

fn egress_missing(workload: &ObjectContext<'_>, sink: &mut Sink) {
    if !is_open(workload, Direction::Egress, sink) {
        return;
    }
    let violation = Violation::new(
        "egress",
        Path::template("metadata.labels"),
        "no NetworkPolicy says what the pods may reach: they can send anything anywhere",
    );
    let manifest = "spec:\n  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n    - ports:\n        - {protocol: UDP, port: 53}\n        - {protocol: TCP, port: 53}\n";
    sink.report(
        with_default_deny(violation, workload, DENY_EGRESS, manifest).remedy(Remedy::manual(
            "Write a NetworkPolicy for the workload's egress",
            "What the program must reach: DNS, databases, other services, the outside.",
        )),
    );
}

/// Whether it is certain that no policy isolates the pods. Where a policy of
/// Cilium or Calico may do so it is said that nobody can tell.
fn is_open(workload: &ObjectContext<'_>, direction: Direction, sink: &mut Sink) -> bool {
    if is_isolated(workload, direction) {
        return false;
    }
    match workload.inventory.plugin_isolation(workload.ix, direction) {
        Isolation::No => true,
        Isolation::Yes => false,
        Isolation::Unknown(reason) => {
            sink.cannot_judge(Path::template("metadata.labels"), reason);
            false
        }
    }
}

/// Whether a NetworkPolicy isolates the pods, or none could: policies do not hold for
/// pods in the node's network.
fn is_isolated(workload: &ObjectContext<'_>, direction: Direction) -> bool {
    let policies = workload.inventory.network_policies_selecting(workload.ix);
    policies
        .into_iter()
        .filter_map(|ix| workload.inventory.get(ix))
        .flat_map(|policy| policy.documents())
        .any(|document| NetworkPolicy::new(document.root()).isolates(direction))
        || workload
            .pods()
            .all(|(_, pod)| pod.spec.host_network() == Some(true))
}

/// With a policy for the whole namespace as the first remedy, unless there is
/// one of that name already.
fn with_default_deny(
    violation: Violation,
    workload: &ObjectContext<'_>,
    name: &'static str,
    spec: &str,
) -> Violation {
    let Some(namespace) = workload.namespace() else {
        return violation;
    };
    let cluster = &workload.inventory.settings().cluster;
    let id = AssetId::object(cluster, GROUP, "NetworkPolicy", Some(namespace), name);
    if workload.inventory.find(&id).is_some() {
        return violation;
    }
    let object = ObjectRef {
        api_version: "networking.k8s.io/v1".into(),
        kind: "NetworkPolicy".into(),
        namespace: Some(namespace.into()),
        name: name.into(),
    };
    let manifest = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  namespace: {}\n{spec}",
        yaml(namespace)
    );
    violation.remedy(
        Remedy::new_object("Deny by default in the namespace", object, manifest).decision(
            "All such traffic of the namespace's pods stops unless another policy allows it: write these first.",
        ),
    )
}

/// No policy lets everybody in.
pub static ALLOW_ALL: Control = Control::object(
    &Rule {
        id: "network-policy-allow-all",
        title: "No NetworkPolicy lets everybody in on every port",
        severity: Severity::Medium,
        category: "network",
        why: "Policies add up: one that admits everything makes all others for the same pods mean nothing, and the list of policies still looks well.",
        remediation: "Name in `from` who may come in, and in `ports` where.",
        test: "kubectl get networkpolicies -A -o json | jq -r '.items[] | select(any(.spec.ingress[]?; (.from // []) == [] and (.ports // []) == [])) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[NETWORK_POLICIES, NSA_GUIDE],
        mappings: &[
            cis("5.3.2"),
            nsa("Network policies"),
            nist("4.3.3"),
            pci("1.3.1"),
        ],
        aliases: &[],
    },
    &[
        "networking.k8s.io/NetworkPolicy",
        "extensions/NetworkPolicy",
    ],
    allow_all,
);

fn allow_all(object: &ObjectContext<'_>, sink: &mut Sink) {
    let policy = NetworkPolicy::new(object.root());
    if !policy.isolates(Direction::Ingress) {
        return;
    }
    let rules = policy.spec().and_then(|spec| spec.get("ingress"));
    for (index, rule) in rules.into_iter().flat_map(Node::items).enumerate() {
        let list = |field: &str| rule.get(field).filter(|list| !list.is_empty());
        if list("ports").is_some() || !list("from").is_none_or(admits_everybody) {
            continue;
        }
        sink.report(
            Violation::new(
                "ingress",
                Path::object(format!("spec.ingress[{index}]")),
                "the policy lets everybody reach its pods on every port: it and all others for these pods protect nothing",
            )
            .remedy(Remedy::manual(
                "Say who may come in, and on which ports",
                "Which pods, namespaces or addresses need to reach these pods.",
            )),
        );
    }
}

/// Whether one of the peers is the whole Internet.
fn admits_everybody(peers: Node<'_>) -> bool {
    peers.items().any(|peer| {
        let block = peer.get("ipBlock");
        let cidr = block.and_then(|block| block.get("cidr")?.as_str());
        let except = block
            .and_then(|block| block.get("except"))
            .is_some_and(|except| !except.is_empty());
        matches!(cidr, Some("0.0.0.0/0" | "::/0")) && !except
    })
}
