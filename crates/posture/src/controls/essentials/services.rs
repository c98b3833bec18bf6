//! Services that are open to the outside.

use plimsoll_inventory::view::service::{Service, ServiceType};
use plimsoll_model::{ExposureLevel, Rule, Severity};

use super::words::{SERVICES, attack, cis, nist, nsa, pci};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

/// Load balancers say whom they serve.
pub static LOAD_BALANCER_OPEN: Control = Control::object(
    &Rule {
        id: "service-load-balancer-open",
        title: "Load balancers say whom they serve",
        severity: Severity::Medium,
        category: "network",
        why: "A Service of type LoadBalancer gets a public address in most clouds, and whoever finds it can talk to the pods directly, past the Ingress and what guards it.",
        remediation: "Set spec.loadBalancerSourceRanges, make the load balancer internal with your cloud's annotation, or go through an Ingress.",
        test: "kubectl get services -A -o json | jq -r '.items[] | select(.spec.type == \"LoadBalancer\" and .spec.loadBalancerSourceRanges == null) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SERVICES],
        mappings: &[
            nsa("Network policies"),
            attack("T1133"),
            attack("T1190"),
            nist("4.4.2"),
            pci("1.4.1"),
        ],
        aliases: &["kube-linter:exposed-services", "kubescape:C-0256"],
    },
    &["/Service"],
    load_balancer_open,
);

fn load_balancer_open(object: &ObjectContext<'_>, sink: &mut Sink) {
    let service = Service::new(object.root());
    if service.service_type() != ServiceType::LoadBalancer || is_internal(object) {
        return;
    }
    const RANGES: &str = "spec.loadBalancerSourceRanges";
    let (path, message) = match service.source_ranges() {
        None => (
            RANGES,
            "the load balancer serves every address of the Internet: it names no loadBalancerSourceRanges",
        ),
        Some(ranges)
            if ranges
                .iter()
                .any(|range| matches!(*range, "0.0.0.0/0" | "::/0")) =>
        {
            (
                RANGES,
                "the load balancer serves every address of the Internet: its ranges hold all of them",
            )
        }
        Some(_) => return,
    };
    sink.report(
        Violation::new("loadBalancerSourceRanges", Path::object(path), message)
            .also(Path::object("spec.type"))
            .observed(service.type_node())
            .remedy(Remedy::manual(
                "Name the addresses it serves",
                "Which addresses: your offices, a CDN's. An Ingress controller that is meant for everybody stays open: accept that with an exception.",
            )),
    );
}

/// Whether an annotation of some cloud keeps the load balancer inside.
fn is_internal(object: &ObjectContext<'_>) -> bool {
    object.object.annotations().any(|(key, value)| {
        let about = key.contains("load-balancer") || key.contains("loadbalancer");
        let named =
            key.contains("internal") && !value.is_empty() && !value.eq_ignore_ascii_case("false");
        let says_so = ["internal", "intranet", "private"]
            .iter()
            .any(|word| value.eq_ignore_ascii_case(word));
        let private = key.ends_with("-private") && value == "true";
        about && (named || says_so || private)
    })
}

/// How traffic from outside is spread.
const TRAFFIC_POLICY: &str = "externalTrafficPolicy";

/// Services open no port of every node.
pub static NODE_PORT: Control = Control::object(
    &Rule {
        id: "service-node-port",
        title: "Services open no port of every node",
        severity: Severity::Low,
        category: "network",
        why: "A node port is open on every node, on all its addresses, to whoever the firewall lets in; neither TLS nor a host name nor a web application firewall stands before it.",
        remediation: "Use type ClusterIP behind an Ingress or Gateway.",
        test: "kubectl get services -A -o json | jq -r '.items[] | select(.spec.type == \"NodePort\") | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[SERVICES],
        mappings: &[
            nsa("Network policies"),
            attack("T1133"),
            nist("4.4.2"),
            pci("1.4.1"),
        ],
        aliases: &["kube-linter:exposed-services", "kubescape:C-0256"],
    },
    &["/Service"],
    node_port,
);

fn node_port(object: &ObjectContext<'_>, sink: &mut Sink) {
    let service = Service::new(object.root());
    if service.service_type() != ServiceType::NodePort {
        return;
    }
    let mut remedy =
        Remedy::new("Serve inside of the cluster only").set(Path::object("spec.type"), "ClusterIP");
    // A ClusterIP with a node port is refused.
    for (index, port) in service.ports().enumerate() {
        if port.node().get("nodePort").is_some() {
            remedy = remedy.remove(Path::object(format!("spec.ports[{index}].nodePort")));
        }
    }
    // So is a traffic policy for a Service that nobody outside reaches.
    if object
        .root()
        .get("spec")
        .and_then(|spec| spec.get(TRAFFIC_POLICY))
        .is_some()
    {
        remedy = remedy.remove(Path::object(format!("spec.{TRAFFIC_POLICY}")));
    }
    sink.report(
        Violation::new("type", Path::object("spec.type"), "the Service opens a port on every node, to whoever reaches a node")
            .observed(service.type_node())
            .remedy(remedy.decision("Clients that use a node's address and port must go through an Ingress, a Gateway or a load balancer.")),
    );
}

/// Services take no foreign addresses.
pub static EXTERNAL_IPS: Control = Control::object(
    &Rule {
        id: "service-external-ips",
        title: "Services claim no external addresses",
        severity: Severity::High,
        category: "network",
        why: "With externalIPs a Service takes the traffic that pods and nodes send to these addresses, whoever they belong to: a tenant can put itself between the cluster and any server (CVE-2020-8554).",
        remediation: "Remove spec.externalIPs and use type LoadBalancer; refuse the field with the DenyServiceExternalIPs admission plugin.",
        test: "kubectl get services -A -o json | jq -r '.items[] | select(.spec.externalIPs) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[
            SERVICES,
            "https://github.com/kubernetes/kubernetes/issues/97076",
        ],
        mappings: &[cis("1.2.3"), attack("T1133"), nist("4.4.2")],
        aliases: &["trivy:KSV-0108"],
    },
    &["/Service"],
    external_ips,
);

fn external_ips(object: &ObjectContext<'_>, sink: &mut Sink) {
    let service = Service::new(object.root());
    let Some(first) = service.external_ips().next() else {
        return;
    };
    let mut remedy =
        Remedy::new("Claim no external addresses").remove(Path::object("spec.externalIPs"));
    // Nobody outside reaches it then, and the API server refuses a policy for
    // traffic from there.
    let spec = object.root().get("spec");
    if service.service_type() == ServiceType::ClusterIp
        && spec.and_then(|spec| spec.get(TRAFFIC_POLICY)).is_some()
    {
        remedy = remedy.remove(Path::object(format!("spec.{TRAFFIC_POLICY}")));
    }
    sink.report(
        Violation::new(
            "externalIPs",
            Path::object("spec.externalIPs[0]"),
            "the Service claims external addresses: traffic to them goes to its pods, whoever they belong to",
        )
        .observed(Some(first))
        .remedy(
            remedy
                .decision("Clients that use these addresses no longer reach the pods: a load balancer (MetalLB, your cloud's) must have them."),
        ),
    );
}

/// The Kubernetes dashboard is not open to the outside.
pub static DASHBOARD_EXPOSED: Control = Control::workload(
    &Rule {
        id: "dashboard-exposed",
        title: "The Kubernetes dashboard is not open to the outside",
        severity: Severity::High,
        category: "network",
        why: "The dashboard acts with the rights of whoever logs in, or with its own: clusters have been taken over through dashboards that were left open, to mine coins and to read cloud keys.",
        remediation: "Reach it with kubectl port-forward, or put a proxy that authenticates in front of it.",
        test: "kubectl get services,ingresses -A | grep -i dashboard",
        references: &[
            "https://kubernetes.io/docs/tasks/access-application-cluster/web-ui-dashboard/",
        ],
        mappings: &[attack("T1133"), nist("4.3.2")],
        aliases: &["kubescape:C-0014"],
    },
    dashboard_exposed,
);

fn dashboard_exposed(workload: &ObjectContext<'_>, sink: &mut Sink) {
    for (template, pod) in workload.pods() {
        let Some(container) = pod.containers().iter().find(|container| {
            let image = container.image().unwrap_or_default();
            ["kubernetesui/dashboard", "kubernetes-dashboard"]
                .iter()
                .any(|name| image.contains(name))
        }) else {
            continue;
        };
        let exposure = workload.inventory.exposure(workload.ix);
        if exposure.level != ExposureLevel::Internet {
            continue;
        }
        sink.enter_template(template);
        sink.report(
            Violation::of(
                container,
                "image",
                "the Kubernetes dashboard is reached from outside of the cluster",
            )
            .observed(container.get("image"))
            .remedy(Remedy::manual(
                "Close the way to it",
                "How people reach it then: kubectl port-forward, or a proxy that authenticates.",
            )),
        );
    }
}
