//! Versions against the table, and kubelets against the API server.

use std::sync::Arc;

use plimsoll_model::{
    Asset, Date, Evidence, FieldRef, Finding, Fix, Location, Rule, Severity, Subject, Unevaluated,
    time::date_of,
};

use super::{
    Version, VersionPart, VersionState, Versions,
    name::{self, Minor},
    table,
};
use crate::{NodeSeen, Said, Seen, Settings, matrix::cluster, rules, seen::server_place};

/// How near an end is that a person should plan for.
const NEAR: i32 = 90;
/// How many minor versions a kubelet may be older than the API server, and from
/// which minor version on; before it was one less.
const SKEW: (u32, u32) = (3, 28);

/// What runs where, and until when that is supported.
pub fn versions(seen: &Seen, settings: &Settings) -> Versions {
    let mut judge = Judge {
        today: date_of(settings.now),
        result: Versions::default(),
    };
    let server = judge.server(seen, settings);
    for node in &seen.nodes {
        judge.node(node, server);
    }
    let mut result = judge.result;
    result.findings.sort_by(Finding::listing_order);
    result.unevaluated.sort();
    result
}

struct Judge {
    today: Date,
    result: Versions,
}

/// What is judged: of which asset what, and where that is said.
struct Of<'a> {
    asset: &'a Arc<Asset>,
    part: VersionPart,
    rule: &'static Rule,
    text: &'a Arc<str>,
    evidence: Evidence,
}

impl Judge {
    fn server(&mut self, seen: &Seen, settings: &Settings) -> Option<Minor> {
        let asset = Arc::new(cluster(&settings.cluster));
        let place = server_place();
        let Some(text) = &seen.server else {
            self.unknown(
                &asset,
                &rules::KUBERNETES_END,
                "the version of the API server is not known".to_owned(),
                place,
            );
            return None;
        };
        let minor = Minor::of(text);
        let evidence = Evidence::Heard {
            location: place,
            path: FieldRef::new("gitVersion".into(), ""),
            observed: Some((&**text).into()),
        };
        self.kubernetes(
            Of {
                asset: &asset,
                part: VersionPart::Kubernetes,
                rule: &rules::KUBERNETES_END,
                text,
                evidence,
            },
            minor,
        );
        minor
    }

    fn node(&mut self, node: &NodeSeen, server: Option<Minor>) {
        let asset = &node.asset;
        let of = |said, part, rule| of(asset, said, part, rule);
        match &node.kubelet {
            None => {
                let why = "the node does not say which kubelet it runs".to_owned();
                for rule in [&rules::KUBERNETES_END, &rules::KUBELET_SKEW] {
                    self.unknown(asset, rule, why.clone(), node.location.clone());
                }
            }
            Some(said) => {
                let minor = Minor::of(&said.text);
                let part = VersionPart::Kubelet;
                self.kubernetes(of(said, part, &rules::KUBERNETES_END), minor);
                self.skew(of(said, part, &rules::KUBELET_SKEW), minor, server);
            }
        }
        match &node.runtime {
            None => self.unsaid(node, &rules::RUNTIME_END, "container runtime"),
            Some(said) => {
                let of = of(said, VersionPart::Runtime, &rules::RUNTIME_END);
                match name::runtime(&said.text) {
                    Some((_, Some(product), version)) => self.ends(of, product, version),
                    Some((name, None, _)) => {
                        let why = format!("the table has no dates of {name}");
                        self.open(of, why);
                    }
                    None => self.open(of, format!("`{}` is no version of a runtime", said.text)),
                }
            }
        }
        let os = node.os_image.as_ref().and_then(|said| name::os(&said.text));
        match &node.os_image {
            None => self.unsaid(node, &rules::OS_END, "operating system"),
            Some(said) => {
                let of = of(said, VersionPart::Os, &rules::OS_END);
                match &os {
                    Some((product, version)) => self.ends(of, product, version),
                    None => self.open(of, format!("the table has no dates of {}", said.text)),
                }
            }
        }
        match &node.kernel {
            None => self.unsaid(node, &rules::KERNEL_END, "kernel"),
            Some(said) => {
                let of = of(said, VersionPart::Kernel, &rules::KERNEL_END);
                match (name::kernel(&said.text), &os) {
                    // The distribution's kernel has the distribution's end,
                    // which is judged as that.
                    (None, Some((product, version))) => {
                        let until = table::until(product, version).flatten();
                        let state = self.state(until, || {
                            format!("it is the kernel of {product}, whose end is not known")
                        });
                        self.push(of, state, Some(table::source(product)));
                    }
                    (None, None) => {
                        let why = "it is a distribution's own kernel, and the distribution's dates are not known";
                        self.open(of, why.to_owned());
                    }
                    (Some(version), _) => self.ends(of, "linux-kernel", version),
                }
            }
        }
    }

    fn kubernetes(&mut self, of: Of<'_>, minor: Option<Minor>) {
        match minor {
            Some(minor) => {
                let product = name::distribution(of.text);
                self.ends(of, product, &minor.cycle());
            }
            None => {
                let why = format!("`{}` is no version of Kubernetes", of.text);
                self.open(of, why);
            }
        }
    }

    fn skew(&mut self, of: Of<'_>, kubelet: Option<Minor>, server: Option<Minor>) {
        let (Some(kubelet), Some(server)) = (kubelet, server) else {
            let place = of.evidence.location().clone();
            let why = "the versions of kubelet and API server are not both known".to_owned();
            self.unknown(of.asset, of.rule, why, place);
            return;
        };
        let (most, since) = SKEW;
        let most = if server.minor < since { most - 1 } else { most };
        let is_older = kubelet.major != server.major || kubelet.minor + most < server.minor;
        let message = if kubelet > server {
            format!(
                "the kubelet is {}, newer than the API server, which is {}",
                kubelet.cycle(),
                server.cycle()
            )
        } else if is_older {
            format!(
                "the kubelet is {}, more than {most} minor versions older than the API server, which is {}",
                kubelet.cycle(),
                server.cycle()
            )
        } else {
            return;
        };
        self.find(of, message, of_rule);
    }

    /// Judges by the table.
    fn ends(&mut self, of: Of<'_>, product: &str, version: &str) {
        let row = table::until(product, version);
        let state = self.state(row.flatten(), || match row {
            None => format!(
                "the table of {} does not have {product} {version}",
                table::as_of()
            ),
            Some(_) => format!(
                "{product} {version} was supported on {}, and no end was announced",
                table::as_of()
            ),
        });
        match &state {
            VersionState::Unknown(why) => {
                let place = of.evidence.location().clone();
                self.unknown(of.asset, of.rule, why.to_string(), place);
            }
            VersionState::Ended(until) => {
                let message = format!("support of {} ended on {until}", of.text);
                self.find(of.again(), message, of_rule);
            }
            VersionState::Ending(until) => {
                let message = format!("support of {} ends on {until}", of.text);
                self.find(of.again(), message, near);
            }
            VersionState::Supported(_) => {}
        }
        self.push(of, state, Some(table::source(product)));
    }

    fn state(&self, until: Option<Date>, why: impl FnOnce() -> String) -> VersionState {
        let Some(until) = until else {
            return VersionState::Unknown(why().into());
        };
        let days = (until - self.today).get_days();
        if until < self.today {
            VersionState::Ended(until)
        } else if days <= NEAR {
            VersionState::Ending(until)
        } else {
            VersionState::Supported(until)
        }
    }

    fn find(&mut self, of: Of<'_>, message: String, severity: fn(&Rule) -> Severity) {
        let subject = Subject {
            container: None,
            field: of.part.as_str().into(),
        };
        let mut finding = Finding::new(of.rule, of.asset.clone(), subject, message, of.evidence);
        finding.severity = severity(of.rule);
        finding.fixes = Arc::from([Fix::manual(
            of.rule.remediation,
            "it is done on the machines, not in the objects that are judged",
        )]);
        self.result.findings.push(finding);
    }

    /// What can't be judged by the table.
    fn open(&mut self, of: Of<'_>, why: String) {
        let place = of.evidence.location().clone();
        self.unknown(of.asset, of.rule, why.clone(), place);
        self.push(of, VersionState::Unknown(why.into()), None);
    }

    fn push(&mut self, of: Of<'_>, state: VersionState, source: Option<String>) {
        self.result.versions.push(Version {
            asset: of.asset.clone(),
            part: of.part,
            text: of.text.clone(),
            state,
            source,
        });
    }

    fn unsaid(&mut self, node: &NodeSeen, rule: &'static Rule, what: &str) {
        let why = format!("the node does not say which {what} it runs");
        self.unknown(&node.asset, rule, why, node.location.clone());
    }

    fn unknown(&mut self, asset: &Asset, rule: &'static Rule, why: String, location: Location) {
        self.result.unevaluated.push(Unevaluated {
            asset: asset.id.clone(),
            control: Some(rule.id),
            reason: why,
            location,
        });
    }
}

fn of<'a>(asset: &'a Arc<Asset>, said: &'a Said, part: VersionPart, rule: &'static Rule) -> Of<'a> {
    Of {
        asset,
        part,
        rule,
        text: &said.text,
        evidence: said.evidence(),
    }
}

impl Of<'_> {
    fn again(&self) -> Self {
        Of {
            evidence: self.evidence.clone(),
            ..*self
        }
    }
}

fn of_rule(rule: &Rule) -> Severity {
    rule.severity
}

/// What ends soon is not yet a hole.
fn near(_: &Rule) -> Severity {
    Severity::Low
}
