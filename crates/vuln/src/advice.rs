//! The fewest upgrades that clear what was found.
//!
//! Packages built from one source package are one upgrade; so is a base image,
//! when a newer one is known. What nothing clears is said as well, with why.

mod base;
pub mod command;
pub mod dockerfile;
mod upgrade;

use std::collections::BTreeMap;

use plimsoll_model::{Severity, Vulnerability, image::Image};

pub use self::{
    base::{BaseAdvice, Candidate},
    command::Manager,
    upgrade::{Remaining, Step, Upgrade},
};

/// What is known of the image beside its vulnerabilities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its base image, as it is referred to; none when none is known.
    pub base: Option<String>,
    /// The package manager that is in it; none in an image without one.
    pub manager: Option<Manager>,
    /// Newer base images that are known, with what they have.
    pub candidates: Vec<Candidate>,
}

impl Facts {
    /// What an image says of itself.
    #[must_use]
    pub fn of(image: &Image) -> Self {
        let names = image
            .packages
            .iter()
            .filter(|package| package.removed_by.is_none() && package.package.kind.is_os())
            .map(|package| package.package.name.as_str());
        Facts {
            base: image
                .base
                .as_ref()
                .map(|base| base.name.clone())
                .filter(|name| !name.is_empty()),
            manager: Manager::among(names),
            candidates: Vec::new(),
        }
    }
}

/// What to do about an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Vulnerabilities that count: those that nobody takes out.
    pub total: usize,
    /// A newer base image, when one clears more than it brings.
    pub base: Option<BaseAdvice>,
    /// Upgrades beside it, those that clear most first.
    pub upgrades: Vec<Upgrade>,
    /// What neither clears.
    pub remaining: Vec<Remaining>,
    /// The package manager to upgrade packages of the operating system with.
    pub manager: Option<Manager>,
}

impl Advice {
    /// How many vulnerabilities all of it clears.
    #[must_use]
    pub fn clears(&self) -> usize {
        self.total - self.remaining.len()
    }

    /// Packages of the operating system to upgrade in the image, name and version.
    #[must_use]
    pub fn os_steps(&self) -> Vec<&Step> {
        let mut steps: Vec<&Step> = self
            .upgrades
            .iter()
            .filter(|upgrade| upgrade.is_os())
            .flat_map(|upgrade| &upgrade.steps)
            .collect();
        steps.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.to.cmp(&b.to)));
        steps.dedup_by(|a, b| a.name == b.name && a.to == b.to);
        steps
    }
}

/// What to do about the vulnerabilities of an image. Those that are suppressed
/// do not count.
#[must_use]
pub fn advise(found: &[Vulnerability], facts: &Facts) -> Advice {
    let counted: Vec<&Vulnerability> = found.iter().filter(|v| !v.is_suppressed()).collect();
    let base = facts
        .base
        .as_ref()
        .and_then(|from| base::choose(from, &counted, &facts.candidates));
    let stays = |v: &&&Vulnerability| {
        base.as_ref()
            .is_none_or(|base| v.from_base != Some(true) || base.keeps.contains(&v.subject()))
    };
    let rest: Vec<&Vulnerability> = counted.iter().filter(stays).copied().collect();
    let mut groups: BTreeMap<upgrade::Key<'_>, Vec<&Vulnerability>> = BTreeMap::new();
    for vulnerability in rest {
        groups
            .entry(upgrade::Key::of(vulnerability))
            .or_default()
            .push(vulnerability);
    }
    let mut upgrades = Vec::new();
    let mut remaining = Vec::new();
    for (key, members) in groups {
        let (upgrade, mut rest) = upgrade::of_group(&key, &members);
        remaining.append(&mut rest);
        upgrades.extend(upgrade);
    }
    upgrades.sort_by(|a, b| {
        let rank = |u: &Upgrade| (u.clears.len(), u.worst.unwrap_or(Severity::Info));
        rank(b)
            .cmp(&rank(a))
            .then_with(|| (&a.kind, &a.name, a.from_base).cmp(&(&b.kind, &b.name, b.from_base)))
    });
    remaining.sort();
    Advice {
        total: counted.len(),
        base,
        upgrades,
        remaining,
        manager: facts.manager,
    }
}

#[cfg(test)]
mod tests;
