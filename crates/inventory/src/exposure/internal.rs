//! How the big platforms are told to keep a load balancer inside.

use crate::{
    exposure::address,
    view::{gateway::Gateway, ingress::Ingress, service::Service},
};

/// What an annotation must say.
#[derive(Clone, Copy)]
enum Says {
    /// This word, in any case.
    Word(&'static str),
    /// Anything but `false` and nothing.
    Something,
}

impl Says {
    fn holds(self, value: &str) -> bool {
        match self {
            Says::Word(word) => value.eq_ignore_ascii_case(word),
            Says::Something => !value.is_empty() && !value.eq_ignore_ascii_case("false"),
        }
    }
}

/// Annotations of Services of type LoadBalancer, and of Gateways that are
/// implemented by one. From the documentation of each platform's controller.
const LOAD_BALANCER: &[(&str, Says)] = &[
    (
        "cloud.google.com/load-balancer-type",
        Says::Word("Internal"),
    ),
    (
        "networking.gke.io/load-balancer-type",
        Says::Word("Internal"),
    ),
    (
        "oci-network-load-balancer.oraclecloud.com/internal",
        Says::Word("true"),
    ),
    (
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type",
        Says::Word("intranet"),
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-internal",
        Says::Something,
    ),
    (
        "service.beta.kubernetes.io/aws-load-balancer-scheme",
        Says::Word("internal"),
    ),
    (
        "service.beta.kubernetes.io/azure-load-balancer-internal",
        Says::Word("true"),
    ),
    (
        "service.beta.kubernetes.io/cce-load-balancer-internal-vpc",
        Says::Word("true"),
    ),
    (
        "service.beta.kubernetes.io/do-loadbalancer-network",
        Says::Word("INTERNAL"),
    ),
    (
        "service.beta.kubernetes.io/oci-load-balancer-internal",
        Says::Word("true"),
    ),
    (
        "service.beta.kubernetes.io/openstack-internal-load-balancer",
        Says::Word("true"),
    ),
    (
        "service.beta.kubernetes.io/scw-loadbalancer-private",
        Says::Word("true"),
    ),
    (
        "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type",
        Says::Word("private"),
    ),
    (
        "service.kubernetes.io/qcloud-loadbalancer-internal-subnetid",
        Says::Something,
    ),
];

/// Annotations of Ingresses.
const INGRESS: &[(&str, Says)] = &[
    ("alb.ingress.kubernetes.io/scheme", Says::Word("internal")),
    (
        "appgw.ingress.kubernetes.io/use-private-ip",
        Says::Word("true"),
    ),
];

/// Classes of Ingresses and Gateways that are internal by their kind.
const INGRESS_CLASSES: &[&str] = &["gce-internal"];
const GATEWAY_CLASSES: &[&str] = &[
    "gke-l7-cross-regional-internal-managed-mc",
    "gke-l7-rilb",
    "gke-l7-rilb-mc",
];

fn annotated<'a>(
    table: &[(&'static str, Says)],
    annotation: impl Fn(&str) -> Option<&'a str>,
) -> Option<&'static str> {
    table
        .iter()
        .find(|(key, says)| annotation(key).is_some_and(|value| says.holds(value)))
        .map(|(key, _)| *key)
}

/// Why a load balancer is reached from inside only, in words; none when it is
/// not.
pub(super) fn load_balancer(service: Service<'_>) -> Option<String> {
    if let Some(key) = annotated(LOAD_BALANCER, |key| service.annotation(key)) {
        return Some(format!("internal by its annotation {key}"));
    }
    let ranges = service.source_ranges()?;
    let private = !ranges.is_empty() && ranges.iter().all(|range| address::is_private(range));
    private.then(|| format!("open to {} only", ranges.join(", ")))
}

/// The same for an Ingress.
pub(super) fn ingress(ingress: Ingress<'_>) -> Option<String> {
    if let Some(key) = annotated(INGRESS, |key| ingress.annotation(key)) {
        return Some(format!("internal by its annotation {key}"));
    }
    let class = ingress
        .class()
        .filter(|class| INGRESS_CLASSES.contains(class))?;
    Some(format!("internal by its class {class}"))
}

/// The same for a Gateway.
pub(super) fn gateway(gateway: Gateway<'_>) -> Option<String> {
    if let Some(key) = annotated(LOAD_BALANCER, |key| gateway.annotation(key)) {
        return Some(format!("internal by its annotation {key}"));
    }
    let class = gateway
        .class()
        .filter(|class| GATEWAY_CLASSES.contains(class))?;
    Some(format!("internal by its class {class}"))
}
