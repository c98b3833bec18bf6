//! What network policies leave of the ways to a pod.
//!
//! As Kubernetes has it: a pod that no policy isolates takes everything; of one
//! that is isolated, a connection is taken when any rule of any of its policies
//! admits it. What can't be read admits: nothing is called blocked on a guess.

use crate::{
    Inventory,
    exposure::{
        address::{Range, is_private},
        ways::{Origin, Template, Way, WayPort},
    },
    relations::Selecting,
    view::{
        labels::Selector,
        network_policy::{Direction, IngressRule, Narrowing, NetworkPolicy, Peer, PolicyPort},
    },
};

/// The label that every namespace has its name in.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The policies that isolate a template's pods.
pub(super) struct Isolation<'a> {
    policies: Vec<NetworkPolicy<'a>>,
    names: String,
}

/// Whether a way is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is.
    Open,
    /// To private addresses only; these policies see to it.
    PrivateOnly(String),
    /// It is not; these policies see to it.
    Blocked(String),
}

/// How much a rule or a peer admits of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Admits {
    Nothing,
    Private,
    All,
}

impl<'a> Isolation<'a> {
    pub fn of(inventory: &'a Inventory, template: &Template<'a>) -> Self {
        let mut isolation = Isolation {
            policies: Vec::new(),
            names: String::new(),
        };
        // No policy holds on the network of the host.
        if template.host_network().is_some() {
            return isolation;
        }
        let policies =
            inventory.selecting_labels(template.space, template.labels, Selecting::Policies);
        for object in inventory
            .in_order(policies)
            .into_iter()
            .filter_map(|ix| inventory.get(ix))
        {
            let before = isolation.policies.len();
            isolation
                .policies
                .extend(object.roots().map(NetworkPolicy::new).filter(|policy| {
                    policy.selects(template.labels) && policy.isolates(Direction::Ingress)
                }));
            if isolation.policies.len() > before {
                if !isolation.names.is_empty() {
                    isolation.names.push_str(", ");
                }
                isolation.names.push_str(&object.asset.object.to_string());
            }
        }
        isolation
    }

    pub fn admission(&self, template: &Template<'_>, way: &Way<'_>) -> Admission {
        if self.policies.is_empty() {
            return Admission::Open;
        }
        let admits = self.policies.iter().map(|policy| match policy.ingress() {
            Some(rules) => rules
                .into_iter()
                .filter(|rule| ports_match(*rule, template, &way.ports))
                .map(|rule| rule_admits(rule, template, way.origin))
                .max()
                .unwrap_or(Admits::Nothing),
            None => Admits::All,
        });
        match admits.max().unwrap_or(Admits::Nothing) {
            Admits::All => Admission::Open,
            Admits::Private => Admission::PrivateOnly(self.names.clone()),
            Admits::Nothing => Admission::Blocked(self.names.clone()),
        }
    }
}

fn rule_admits(rule: IngressRule<'_>, template: &Template<'_>, origin: Origin<'_>) -> Admits {
    match rule.from() {
        Narrowing::Everything => Admits::All,
        Narrowing::Items(peers) => peers
            .items()
            .map(|node| peer_admits(Peer::new(node), template, origin))
            .max()
            .unwrap_or(Admits::Nothing),
    }
}

fn peer_admits(peer: Peer<'_>, template: &Template<'_>, origin: Origin<'_>) -> Admits {
    if let Some((cidr, mut except)) = peer.ip_block() {
        // A block that is taken out of itself is empty.
        let range = Range::parse(cidr);
        let emptied = range.is_some_and(|range| {
            except.any(|except| Range::parse(except).is_some_and(|except| except.contains(range)))
        });
        return match origin {
            _ if emptied => Admits::Nothing,
            Origin::Outside if is_private(cidr) => Admits::Private,
            // Controllers and pods have addresses too.
            Origin::Outside | Origin::Controller(_) | Origin::Cluster => Admits::All,
        };
    }
    let admits = match (peer.namespace_selector(), peer.pod_selector(), origin) {
        (None, None, _) | (_, _, Origin::Outside) => false,
        (_, _, Origin::Cluster) => true,
        (Some(namespaces), _, Origin::Controller(from)) => {
            from == Some(template.namespace()) || !is_only(namespaces, template.namespace())
        }
        // Pods of the policy's own namespace.
        (None, Some(_), Origin::Controller(from)) => from == Some(template.namespace()),
    };
    if admits { Admits::All } else { Admits::Nothing }
}

/// Whether a selector of namespaces names this one and so no other.
fn is_only(namespaces: Selector<'_>, name: &str) -> bool {
    namespaces
        .required()
        .any(|(key, value)| key == NAMESPACE_NAME && value == name)
}

fn ports_match(rule: IngressRule<'_>, template: &Template<'_>, ways: &[WayPort<'_>]) -> bool {
    match rule.ports() {
        Narrowing::Everything => true,
        Narrowing::Items(ports) => ports.items().map(PolicyPort::new).any(|port| {
            ways.is_empty() || ways.iter().any(|way| port_matches(port, template, *way))
        }),
    }
}

fn port_matches(port: PolicyPort<'_>, template: &Template<'_>, way: WayPort<'_>) -> bool {
    if port.protocol() != way.protocol {
        return false;
    }
    let (Some(written), Some(number)) = (port.port(), way.number) else {
        return true;
    };
    match (written.as_i64(), written.as_str()) {
        (Some(first), _) => (first..=port.end_port().unwrap_or(first)).contains(&number),
        (None, Some(name)) => template
            .ports_named(name)
            .any(|found| found.number == Some(number)),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_manifest::Node;

    use super::*;
    use crate::testing::document;

    #[test]
    fn a_namespace_selector_may_name_its_own_namespace_only() {
        let check = |text: &str, expect: bool| {
            let document = document(&format!("apiVersion: v1\nkind: A\ns: {text}\n"));
            let selector = |node: Node<'_>| is_only(Selector::labels(Some(node)), "shop");
            assert_eq!(
                document.root().get("s").map(selector),
                Some(expect),
                "{text}"
            );
        };
        check("{matchLabels: {kubernetes.io/metadata.name: shop}}", true);
        check(
            "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop]}]}",
            true,
        );
        check(
            "{matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop, b]}]}",
            false,
        );
        check("{matchLabels: {kubernetes.io/metadata.name: infra}}", false);
        check("{}", false);
    }
}
