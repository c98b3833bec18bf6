//! What is found of each component, as findings, facts and rows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_coverage::Said;
use plimsoll_model::{
    AdvisoryFacts, Asset, AssetId, ComponentLinks, Evidence, Finding, FindingKind, Fix, Location,
    Package, Subject, Timestamp, Unevaluated, Vulnerability, VulnerabilityState,
    image::Image,
    time::date_of,
    wire::{ComponentReport, ComponentState, ElsewhereReport},
};
use plimsoll_vuln::{
    component::{self, Compared, Component},
    matching::{self, Matched, Options},
};

use super::{Components, VULNERABLE_COMPONENT};
use crate::{Advisories, images};

/// Judges components one by one. Most nodes of a cluster are alike: each version
/// is compared once.
pub(super) struct Judge<'a> {
    pub(super) advisories: &'a Advisories,
    pub(super) now: Timestamp,
    compared: BTreeMap<Component, Arc<Compared>>,
    kernels: BTreeMap<(String, String), Arc<Compared>>,
    links: ComponentLinks,
    result: Components,
}

impl<'a> Judge<'a> {
    pub(super) fn new(advisories: &'a Advisories, now: Timestamp) -> Self {
        Judge {
            advisories,
            now,
            compared: BTreeMap::new(),
            kernels: BTreeMap::new(),
            links: ComponentLinks::new(),
            result: Components::default(),
        }
    }

    fn options(&self) -> Options {
        Options {
            today: Some(date_of(self.now)),
            ..self.advisories.options.clone()
        }
    }

    /// Compares a component by the version it tells.
    pub(super) fn component(
        &mut self,
        asset: &Arc<Asset>,
        component: &Component,
        evidence: &Evidence,
    ) {
        let compared = match self.compared.get(component) {
            Some(compared) => compared.clone(),
            None => {
                let db = &*self.advisories.db;
                let mut compared = component::compare(component, db, &self.options());
                if let Ok(image) = component::image(component) {
                    self.lay(&image, &mut compared);
                }
                let compared = Arc::new(compared);
                self.compared.insert(component.clone(), compared.clone());
                compared
            }
        };
        let name = component.part.as_str();
        self.take(asset, name, &component.text, &compared, evidence);
    }

    /// Compares the kernel that a node runs, by what the node says of it.
    pub(super) fn kernel(
        &mut self,
        asset: &Arc<Asset>,
        os: &str,
        release: &str,
        evidence: &Evidence,
    ) {
        let key = (os.to_owned(), release.to_owned());
        let compared = match self.kernels.get(&key) {
            Some(compared) => compared.clone(),
            None => {
                let compared = Arc::new(self.compare_kernel(os, release));
                self.kernels.insert(key, compared.clone());
                compared
            }
        };
        self.take(asset, "kernel", release, &compared, evidence);
    }

    fn compare_kernel(&self, os: &str, release: &str) -> Compared {
        let image = match component::kernel(os, release) {
            Ok(image) => image,
            Err(why) => {
                return Compared {
                    unknown: vec![why],
                    ..Compared::default()
                };
            }
        };
        let options = Options {
            running_kernel: Some(release.to_owned()),
            ..self.options()
        };
        let matched = matching::match_image(&image, &*self.advisories.db, &options);
        let mut compared = Compared {
            vulnerabilities: matched.vulnerabilities,
            elsewhere: Vec::new(),
            unknown: matched.unknown.into_iter().map(|gap| gap.why).collect(),
            feeds: matched.feeds,
        };
        self.lay(&image, &mut compared);
        compared
    }

    /// Lays what others say on what was found.
    fn lay(&self, image: &Image, compared: &mut Compared) {
        let mut matched = Matched {
            vulnerabilities: std::mem::take(&mut compared.vulnerabilities),
            ..Matched::default()
        };
        images::lay(&self.advisories.statements, image, &mut matched, self.now);
        compared.vulnerabilities = matched.vulnerabilities;
    }

    fn take(
        &mut self,
        asset: &Arc<Asset>,
        name: &str,
        version: &str,
        compared: &Compared,
        evidence: &Evidence,
    ) {
        let mut report = ComponentReport::compared(asset.id.clone(), name, Some(version));
        for v in &compared.vulnerabilities {
            if v.state == VulnerabilityState::NotAffected {
                continue;
            }
            let finding = finding(asset, name, version, v, evidence);
            report.findings.push(finding.id);
            self.result.findings.push(finding);
        }
        report.elsewhere = compared
            .elsewhere
            .iter()
            .map(|(id, why)| ElsewhereReport {
                id: id.clone(),
                why: why.clone(),
            })
            .collect();
        report.reasons.clone_from(&compared.unknown);
        let facts = self.facts(&asset.id);
        facts.as_of = compared
            .feeds
            .iter()
            .filter_map(|feed| feed.as_of)
            .chain(facts.as_of)
            .min();
        self.unknown(&mut report, evidence.location());
        self.result.reports.push(report);
    }

    /// Takes what was found in the packages of a node.
    pub(super) fn packages(
        &mut self,
        asset: &Arc<Asset>,
        image: &Image,
        matched: &Matched,
        mut report: ComponentReport,
    ) {
        let mut place = None;
        for finding in images::findings_of(image, asset, matched) {
            place.get_or_insert_with(|| finding.evidence().location().clone());
            report.findings.push(finding.id);
            self.result.findings.push(finding);
        }
        let counted = matched.unknown.iter();
        report.reasons = counted
            .map(|gap| format!("{} {}: {}", gap.packages, gap.group, gap.why))
            .chain(image.gaps.iter().map(ToString::to_string))
            .collect();
        let facts = self.facts(&asset.id);
        let as_of = matched.feeds.iter().filter_map(|feed| feed.as_of);
        facts.as_of = as_of.chain(facts.as_of).min();
        let place = place.unwrap_or_else(|| plimsoll_posture::image::location(image, None));
        self.unknown(&mut report, &place);
        self.result.reports.push(report);
    }

    /// Takes up why a row may miss something.
    fn unknown(&mut self, report: &mut ComponentReport, place: &Location) {
        if report.reasons.is_empty() {
            return;
        }
        report.state = ComponentState::Unknown;
        report.reasons.sort();
        report.reasons.dedup();
        let whys: Vec<String> = report
            .reasons
            .iter()
            .map(|why| format!("{}: {why}", report.component))
            .collect();
        self.facts(&report.asset)
            .unknown
            .extend(whys.iter().cloned());
        let asset = &report.asset;
        let unevaluated = whys.into_iter().map(|reason| Unevaluated {
            asset: asset.clone(),
            control: Some(VULNERABLE_COMPONENT.id),
            reason,
            location: place.clone(),
        });
        self.result.unevaluated.extend(unevaluated);
    }

    /// What a component tells can't be compared.
    pub(super) fn not_comparable(
        &mut self,
        asset: &Arc<Asset>,
        name: &str,
        said: &Said,
        why: String,
    ) {
        let mut report = ComponentReport::compared(asset.id.clone(), name, Some(&said.text));
        report.reasons.push(why);
        self.unknown(&mut report, &said.location);
        self.result.reports.push(report);
    }

    /// A component that is in a package of the node: what it has is told there.
    pub(super) fn in_package(&mut self, asset: &Arc<Asset>, name: &str, package: &Package) {
        let version = format!("{} {}", package.name, package.version);
        let mut report = ComponentReport::compared(asset.id.clone(), name, Some(&version));
        report.state = ComponentState::InPackage;
        self.result.reports.push(report);
    }

    /// Nothing tells the version of a component.
    pub(super) fn not_told(&mut self, asset: &Arc<Asset>, name: &str, why: &str) {
        let mut report = ComponentReport::compared(asset.id.clone(), name, None);
        report.state = ComponentState::NotTold;
        report.reasons.push(why.to_owned());
        let facts = self.facts(&asset.id);
        facts.unknown.push(format!("{name}: {why}"));
        self.result.reports.push(report);
    }

    fn facts(&mut self, asset: &AssetId) -> &mut AdvisoryFacts {
        let db = &*self.advisories.db;
        self.links.entry(asset.clone()).or_insert_with(|| {
            let has = |name: &str| db.feeds().iter().any(|feed| feed.name.contains(name));
            AdvisoryFacts {
                knows_exploited: has("kev"),
                knows_epss: has("epss"),
                ..AdvisoryFacts::default()
            }
        })
    }

    pub(super) fn finish(mut self) -> Components {
        let mut result = self.result;
        for facts in self.links.values_mut() {
            facts.unknown.sort();
            facts.unknown.dedup();
        }
        result.links = Arc::new(self.links);
        result.findings.sort_by(Finding::listing_order);
        result.unevaluated.sort();
        result.unevaluated.dedup();
        result.reports.sort();
        result
    }
}

fn finding(
    asset: &Arc<Asset>,
    name: &str,
    version: &str,
    v: &Vulnerability,
    evidence: &Evidence,
) -> Finding {
    let subject = Subject {
        container: None,
        // Programs of one source are apart: each is upgraded by itself.
        field: format!("{name} {}", v.subject()).into(),
    };
    let message = images::message(&format!("{name} {version}"), v);
    let mut finding = Finding::new(
        &VULNERABLE_COMPONENT,
        asset.clone(),
        subject,
        message,
        evidence.clone(),
    )
    .of_kind(FindingKind::Vulnerability);
    finding.severity = v.severity.unwrap_or(VULNERABLE_COMPONENT.severity);
    if let Some(fixed) = &v.fixed {
        finding.fixes = Arc::from([Fix::manual(
            format!("Upgrade {name} to {fixed}"),
            "Whether what runs in the cluster suits the newer version is for its owner to say.",
        )]);
    }
    finding.waiver = images::waiver(v);
    finding.vulnerability = Some(Arc::new(v.clone()));
    finding
}

/// The names of packages, each once, for looking some up.
pub(super) fn names(image: &Image) -> BTreeSet<&str> {
    let here = image.packages.iter().filter(|p| p.removed_by.is_none());
    here.map(|package| package.package.name.as_str()).collect()
}
