//! The upgrade of what was built from one source package.

use std::collections::BTreeMap;

use plimsoll_model::{Severity, Vulnerability, VulnerabilityKind, VulnerabilityState};

use super::command;
use crate::{Scheme, version::compare};

/// An upgrade: packages that are one because they were built from one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upgrade {
    /// The purl type of the packages: `deb`, `npm`.
    pub kind: String,
    /// The source package, else the package itself.
    pub name: String,
    /// The packages, by name and version.
    pub steps: Vec<Step>,
    /// Whether they come from the base image; none when no base is known.
    pub from_base: Option<bool>,
    /// Ids of the vulnerabilities it clears, sorted, once for each package.
    pub clears: Vec<String>,
    /// The worst severity among them.
    pub worst: Option<Severity>,
    /// Where the packages are, sorted.
    pub places: Vec<String>,
    /// What a person types, where that is one line; for packages of an
    /// operating system the manager of the image says it for all.
    pub command: Option<String>,
}

impl Upgrade {
    /// Whether it is one of packages of an operating system.
    #[must_use]
    pub fn is_os(&self) -> bool {
        command::is_os(&self.kind)
    }
}

/// One package of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The package.
    pub name: String,
    /// The version that is there.
    pub from: String,
    /// The lowest version that clears everything that an upgrade clears.
    pub to: String,
}

/// A vulnerability that no upgrade clears.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remaining {
    /// The package, with its version.
    pub package: String,
    /// The vulnerability.
    pub id: String,
    /// Why it stays, and what is left to do.
    pub why: String,
}

/// What makes vulnerabilities one upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    kind: &'a str,
    name: &'a str,
    from_base: Option<bool>,
}

impl<'a> Key<'a> {
    pub(super) fn of(vulnerability: &'a Vulnerability) -> Self {
        let package = &vulnerability.package;
        let kind = package.purl.trim_start_matches("pkg:");
        let kind = kind.split('/').next().unwrap_or_default();
        let source = package.source.as_ref().filter(|_| command::is_os(kind));
        Key {
            kind,
            name: source.map_or(&package.name, |source| &source.name),
            from_base: vulnerability.from_base,
        }
    }
}

/// The upgrade of a group, if there is one, and what stays.
pub(super) fn of_group(
    key: &Key<'_>,
    members: &[&Vulnerability],
) -> (Option<Upgrade>, Vec<Remaining>) {
    let scheme = key.kind.parse::<Scheme>().ok();
    let mut remaining = Vec::new();
    let mut steps: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut upgrade = Upgrade {
        kind: key.kind.to_owned(),
        name: key.name.to_owned(),
        from_base: key.from_base,
        ..Upgrade::default()
    };
    for vulnerability in members {
        let package = &vulnerability.package;
        match clearing(vulnerability) {
            Err(why) => remaining.push(Remaining {
                package: format!("{} {}", package.name, package.version),
                id: vulnerability.id.clone(),
                why,
            }),
            Ok(version) => {
                let to = steps
                    .entry((&package.name, &package.version))
                    .or_insert(version);
                // The highest of the versions that each clear one clears all.
                let higher = match scheme {
                    Some(scheme) => compare(scheme, version, to).is_gt(),
                    None => version > *to,
                };
                if higher {
                    *to = version;
                }
                upgrade.clears.push(vulnerability.id.clone());
                upgrade.worst = upgrade.worst.max(vulnerability.severity);
                let places = vulnerability.locations.iter().map(|at| at.path.clone());
                upgrade.places.extend(places);
            }
        }
    }
    if steps.is_empty() {
        return (None, remaining);
    }
    upgrade.clears.sort();
    upgrade.places.sort();
    upgrade.places.dedup();
    upgrade.steps = steps
        .into_iter()
        .map(|((name, from), to)| Step {
            name: name.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
        })
        .collect();
    let top = upgrade.steps.iter().max_by(|a, b| match scheme {
        Some(scheme) => compare(scheme, &a.to, &b.to),
        None => a.to.cmp(&b.to),
    });
    upgrade.command = top.and_then(|step| command::of_language(key.kind, &step.name, &step.to));
    (Some(upgrade), remaining)
}

/// The version that clears it, or why none does.
fn clearing(vulnerability: &Vulnerability) -> Result<&str, String> {
    if vulnerability.kind == VulnerabilityKind::Malware {
        return Err("it was published to do harm: remove it".to_owned());
    }
    let needs = vulnerability.fix_needs.as_str();
    match (&vulnerability.fixed, vulnerability.state) {
        (Some(version), _) if needs.is_empty() && !version.is_empty() => Ok(version),
        (Some(version), _) => Err(format!("{version} fixes it, which needs {needs}")),
        (None, VulnerabilityState::WillNotFix) => Err("there will be no fix".to_owned()),
        (None, VulnerabilityState::EndOfLife) => {
            Err("the release gets no fixes any more: move to a newer one".to_owned())
        }
        (None, VulnerabilityState::Deferred) => Err("a fix is put off".to_owned()),
        (None, _) => Err("there is no fix yet".to_owned()),
    }
}
