//! What is open to the outside: Services and Ingresses.

use plimsoll_inventory::view::{
    ingress::Ingress,
    service::{Service, ServiceType},
};
use plimsoll_manifest::{FieldPath, Node};
use plimsoll_model::{ExposureLevel, Rule, Severity};

use super::words::{INGRESS, SERVICES, attack, cis, nist, nsa, pci};
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
    sink.report(
        Violation::new(
            "externalIPs",
            Path::object("spec.externalIPs[0]"),
            "the Service claims external addresses: traffic to them goes to its pods, whoever they belong to",
        )
        .observed(Some(first))
        .remedy(
            Remedy::new("Claim no external addresses")
                .remove(Path::object("spec.externalIPs"))
                .decision("Clients that use these addresses no longer reach the pods: a load balancer (MetalLB, your cloud's) must have them."),
        ),
    );
}

/// Ingresses serve TLS for all their hosts.
pub static INGRESS_NO_TLS: Control = Control::object(
    &Rule {
        id: "ingress-no-tls",
        title: "Ingresses serve all their hosts with TLS",
        severity: Severity::Medium,
        category: "network",
        why: "Without TLS everyone on the way reads and changes what users send, passwords and session cookies included.",
        remediation: "Add spec.tls with the host and a Secret that holds its certificate; cert-manager can fill it.",
        test: "kubectl get ingresses -A -o json | jq -r '.items[] | select(.spec.tls == null) | .metadata.namespace + \"/\" + .metadata.name'",
        references: &[INGRESS],
        mappings: &[nsa("Encryption"), attack("T1552"), pci("4.2.1")],
        aliases: &["kubescape:C-0263", "polaris:tlsSettingsMissing"],
    },
    &["networking.k8s.io/Ingress", "extensions/Ingress"],
    ingress_no_tls,
);

/// Annotations by which controllers get their certificates from elsewhere.
const TLS_ELSEWHERE: [&str; 7] = [
    "alb.ingress.kubernetes.io/certificate-arn",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "haproxy.org/ssl-passthrough",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates",
    "nginx.ingress.kubernetes.io/ssl-passthrough",
    "traefik.ingress.kubernetes.io/router.tls",
];

fn ingress_no_tls(object: &ObjectContext<'_>, sink: &mut Sink) {
    let elsewhere = TLS_ELSEWHERE.iter().any(|key| {
        object
            .object
            .annotation(key)
            .is_some_and(|value| !value.is_empty() && value != "false")
    });
    if elsewhere {
        return;
    }
    let ingress = Ingress::new(object.root());
    let remedy = || {
        Remedy::manual(
            "Add the host to spec.tls",
            "Which Secret holds its certificate, or which issuer of cert-manager makes it.",
        )
    };
    if ingress.tls().next().is_none() {
        sink.report(
            Violation::new(
                "tls",
                Path::object("spec.tls"),
                "the Ingress serves plain HTTP: whoever is on the way reads and changes it",
            )
            .remedy(remedy()),
        );
        return;
    }
    let rules = ingress.spec().and_then(|spec| spec.get("rules"));
    for (index, rule) in rules.into_iter().flat_map(Node::items).enumerate() {
        let written = rule.get("host");
        let Some(host) = written
            .and_then(Node::as_str)
            .filter(|host| !host.is_empty())
        else {
            continue;
        };
        if ingress.tls().any(|tls| covers(tls, host)) {
            continue;
        }
        sink.report(
            Violation::new(
                format!("host {host}"),
                Path::object(format!("spec.rules[{index}].host")),
                "no entry of spec.tls covers the host: it is served as plain HTTP",
            )
            .observed(written)
            .remedy(remedy()),
        );
    }
}

/// Whether an entry of `spec.tls` is for this host; one without hosts is for
/// all.
fn covers(tls: Node<'_>, host: &str) -> bool {
    let hosts = tls.get("hosts").filter(|hosts| !hosts.is_empty());
    hosts.is_none_or(|hosts| {
        hosts.items().filter_map(Node::as_str).any(|named| {
            let below = named
                .strip_prefix('*')
                .and_then(|suffix| host.strip_suffix(suffix));
            named == host || below.is_some_and(|label| !label.is_empty() && !label.contains('.'))
        })
    })
}

/// Ingresses carry no configuration of the proxy.
pub static NGINX_SNIPPET: Control = Control::object(
    &Rule {
        id: "ingress-nginx-snippet",
        title: "Ingresses carry no snippets of nginx configuration",
        severity: Severity::High,
        category: "network",
        why: "A snippet becomes part of the controller's own configuration. Whoever may write an Ingress can use it to read the controller's token and with it every Secret of the cluster (CVE-2021-25742).",
        remediation: "Remove the annotation, use the specific ones, and keep allow-snippet-annotations off in the controller.",
        test: "kubectl get ingresses -A -o yaml | grep -- -snippet:",
        references: &["https://github.com/kubernetes/ingress-nginx/issues/7837"],
        mappings: &[attack("T1552.007"), nist("4.4.4")],
        aliases: &["kubescape:C-0059", "trivy:KCV-0093"],
    },
    &["networking.k8s.io/Ingress", "extensions/Ingress"],
    nginx_snippet,
);

fn nginx_snippet(object: &ObjectContext<'_>, sink: &mut Sink) {
    for (key, _) in object.object.annotations() {
        let snippet = key.strip_prefix("nginx.ingress.kubernetes.io/");
        if !snippet.is_some_and(|name| name.ends_with("-snippet")) {
            continue;
        }
        let path = FieldPath::new()
            .key("metadata")
            .key("annotations")
            .key(key)
            .to_string();
        sink.report(
            Violation::new(
                format!("annotation {key}"),
                Path::object(path.clone()),
                "the annotation puts configuration into the controller: whoever writes the Ingress can read the controller's token",
            )
            .remedy(
                Remedy::new("Remove the snippet")
                    .remove(Path::object(path))
                    .decision("What the snippet configures is gone: use the specific annotations, or the controller's ConfigMap."),
            ),
        );
    }
}

/// Ingresses name their hosts.
pub static WILDCARD_HOST: Control = Control::object(
    &Rule {
        id: "ingress-wildcard-host",
        title: "Ingresses name their hosts",
        severity: Severity::Low,
        category: "network",
        why: "A rule for every host, or for all below a domain, also answers for names that were never meant for it: it can take traffic of other teams' hosts, and forgotten DNS records lead to it.",
        remediation: "Write out the hosts.",
        test: "kubectl get ingresses -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,HOSTS:.spec.rules[*].host",
        references: &[INGRESS],
        mappings: &[attack("T1190")],
        aliases: &[],
    },
    &["networking.k8s.io/Ingress", "extensions/Ingress"],
    wildcard_host,
);

fn wildcard_host(object: &ObjectContext<'_>, sink: &mut Sink) {
    let rules = Ingress::new(object.root())
        .spec()
        .and_then(|spec| spec.get("rules"));
    for (index, rule) in rules.into_iter().flat_map(Node::items).enumerate() {
        let written = rule.get("host");
        let host = written.and_then(Node::as_str).unwrap_or_default();
        let (about, message) = match host {
            "" => (
                "host *".to_owned(),
                "the rule has no host: it answers for every name that leads to the controller",
            ),
            host if host.starts_with('*') => (
                format!("host {host}"),
                "the rule answers for every name below a domain, also for those it was never meant for",
            ),
            _ => continue,
        };
        sink.report(
            Violation::new(
                about,
                Path::object(format!("spec.rules[{index}].host")),
                message,
            )
            .observed(written)
            .remedy(Remedy::manual(
                "Write out the hosts",
                "Which hosts the application serves.",
            )),
        );
    }
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
