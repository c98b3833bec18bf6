//! Ingresses: who hears what users send, and who configures the proxy.

use plimsoll_inventory::view::ingress::Ingress;
use plimsoll_manifest::{FieldPath, Node};
use plimsoll_model::{Rule, Severity};

use super::words::{INGRESS, attack, nist, nsa, pci};
use crate::{Control, ObjectContext, Path, Remedy, Sink, Violation};

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
