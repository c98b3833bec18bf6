//! Vulnerabilities of images as findings and facts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use plimsoll_model::{
    AdvisoryFacts, Asset, Diagnostic, Digest, Evidence, FieldRef, Finding, FindingKind, Fix,
    Location, Mapping, Rule, Severity, Subject, Timestamp, Vulnerability, VulnerabilityKind,
    VulnerabilityState, VulnerablePlace, Waiver, image::Image, time::date_of,
};
use plimsoll_vuln::{
    ignore,
    lookup::Lookup,
    matching::{self, Matched},
    vex::{
        self,
        repository::{Repository, key},
    },
};

/// The database that packages are compared with.
#[derive(Clone)]
pub struct Advisories {
    /// The database.
    pub db: Arc<dyn Lookup + Send + Sync>,
    /// What is known beside the images.
    pub options: matching::Options,
    /// What others say of vulnerabilities.
    pub statements: Arc<Statements>,
}

/// What others say of vulnerabilities, or have left out.
#[derive(Clone, Default)]
pub struct Statements {
    /// Documents that say whether a vulnerability can be exploited.
    pub vex: Vec<vex::Document>,
    /// The same, attached to one image: by the digest of its manifest. They
    /// count for no other.
    pub attached: BTreeMap<Digest, Vec<vex::Document>>,
    /// Where such documents are by the name of the package. Of several that know
    /// a package the first counts.
    pub repositories: Vec<Arc<dyn Repository>>,
    /// Lists of what other scanners are told to leave out.
    pub ignore: Vec<ignore::IgnoreFile>,
}

impl std::fmt::Debug for Statements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let repositories: Vec<&str> = self.repositories.iter().map(|r| r.name()).collect();
        f.debug_struct("Statements")
            .field("vex", &self.vex)
            .field("attached", &self.attached)
            .field("repositories", &repositories)
            .field("ignore", &self.ignore)
            .finish()
    }
}

impl std::fmt::Debug for Advisories {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Advisories")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// A package with a known vulnerability.
pub const VULNERABLE_PACKAGE: Rule = Rule {
    id: "vulnerable-package",
    title: "No package has a known vulnerability",
    severity: Severity::Medium,
    category: "vulnerabilities",
    why: "A known vulnerability is one that attackers know too: how it is used is often published with it, and tools look for it everywhere.",
    remediation: "Upgrade the package to a version that has the fix, or build on a newer base image that has it; where there is none, take the package out or keep what is vulnerable out of reach.",
    test: "plimsoll image scan IMAGE",
    references: &["https://csrc.nist.gov/pubs/sp/800/190/final"],
    mappings: &[Mapping {
        framework: "NIST 800-190",
        requirement: "4.1.1",
    }],
    aliases: &[],
};

/// A package that was published to do harm.
pub const MALICIOUS_PACKAGE: Rule = Rule {
    id: "malicious-package",
    title: "No package was published to do harm",
    severity: Severity::Critical,
    category: "vulnerabilities",
    why: "The package, or this version of it, holds code that steals, spies or destroys: whatever ran it must be taken for compromised.",
    remediation: "Take the package out and rebuild; look into what ran it, and replace every secret that it could read.",
    test: "plimsoll image scan IMAGE",
    references: &["https://github.com/ossf/malicious-packages"],
    mappings: &[Mapping {
        framework: "NIST 800-190",
        requirement: "4.1.3",
    }],
    aliases: &[],
};

/// The rules of what is found by comparing packages with advisories.
pub const RULES: [&Rule; 3] = [
    &VULNERABLE_PACKAGE,
    &MALICIOUS_PACKAGE,
    &crate::components::VULNERABLE_COMPONENT,
];

/// The vulnerabilities of an image, as of a day, with what others say of them,
/// and the packages of which nothing is known.
#[must_use]
pub fn matched(image: &Image, advisories: &Advisories, now: Timestamp) -> Matched {
    let options = matching::Options {
        today: Some(date_of(now)),
        ..advisories.options.clone()
    };
    let mut matched = matching::match_image(image, &*advisories.db, &options);
    lay(&advisories.statements, image, &mut matched, now);
    matched
}

/// Lays what others say on what was found. Nothing goes from the list.
pub(crate) fn lay(statements: &Statements, image: &Image, matched: &mut Matched, now: Timestamp) {
    let attached = image
        .digest
        .and_then(|digest| statements.attached.get(&digest));
    let nothing = statements.vex.is_empty()
        && statements.ignore.is_empty()
        && statements.repositories.is_empty()
        && attached.is_none();
    if nothing {
        return;
    }
    let (by_name, problems) = by_name(statements, image, matched);
    let identity = vex::Identity::of(image);
    let found = &mut matched.vulnerabilities;
    let documents = statements
        .vex
        .iter()
        .chain(attached.into_iter().flatten())
        .chain(&by_name);
    let said = vex::apply(documents, found, &identity);
    let left_out = ignore::apply(&statements.ignore, found, &said.statuses, date_of(now));
    let mut tell = |level: fn(Option<Location>, String) -> Diagnostic, message: String| {
        matched.diagnostics.push(level(None, message));
    };
    for problem in problems {
        tell(Diagnostic::warning, problem);
    }
    for conflict in said.conflicts {
        tell(
            Diagnostic::warning,
            format!(
                "{}: {} counts over {}, since {}",
                conflict.about, conflict.counts, conflict.other, conflict.why
            ),
        );
    }
    for unmatched in said.unmatched {
        tell(
            Diagnostic::note,
            format!("{unmatched}: it is about nothing that was found"),
        );
    }
    for expired in left_out.expired {
        tell(
            Diagnostic::warning,
            format!(
                "{}: held until {} and hides nothing any more; it is about {}",
                expired.place,
                expired.until,
                match expired.about {
                    0 => "nothing that was found".to_owned(),
                    1 => "1 vulnerability".to_owned(),
                    n => format!("{n} vulnerabilities"),
                }
            ),
        );
    }
    for unused in left_out.unused {
        tell(
            Diagnostic::note,
            format!("{unused}: it is about nothing that was found"),
        );
    }
}

/// What repositories say of the image and of its packages with vulnerabilities,
/// and what of it could not be read.
fn by_name(
    statements: &Statements,
    image: &Image,
    matched: &Matched,
) -> (Vec<vex::Document>, Vec<String>) {
    let mut documents = Vec::new();
    let mut problems = Vec::new();
    if statements.repositories.is_empty() || matched.vulnerabilities.is_empty() {
        return (documents, problems);
    }
    let products = vex::product_of(image);
    // A statement on a program names what is vulnerable in it as a part of the
    // program, and is filed under that: every package may be one.
    let wanted: BTreeSet<String> = image
        .packages
        .iter()
        .map(|package| package.purl.clone())
        .chain(products.iter().map(ToString::to_string))
        .filter_map(|purl| key(&purl))
        .collect();
    let mut wanted: Vec<String> = wanted.into_iter().collect();
    for repository in &statements.repositories {
        let found = repository.about(&wanted);
        wanted.retain(|key| !found.contains_key(key));
        for said in found.into_values() {
            documents.extend(said.documents);
            problems.extend(said.problems);
        }
    }
    (documents, problems)
}

/// A finding for each vulnerability.
pub(crate) fn findings<'a>(
    image: &'a Image,
    asset: &'a Arc<Asset>,
    matched: &'a Matched,
) -> impl Iterator<Item = Finding> + 'a {
    matched
        .vulnerabilities
        .iter()
        // That a package does not have one is no finding.
        .filter(|v| v.state != VulnerabilityState::NotAffected)
        .map(move |v| finding(image, asset, v))
}

fn finding(image: &Image, asset: &Arc<Asset>, v: &Vulnerability) -> Finding {
    let (rule, kind) = match v.kind {
        VulnerabilityKind::Flaw => (&VULNERABLE_PACKAGE, FindingKind::Vulnerability),
        VulnerabilityKind::Malware => (&MALICIOUS_PACKAGE, FindingKind::Malware),
    };
    let evidence = |place: Option<&VulnerablePlace>| {
        let path = place.map(|place| &*place.path).filter(|p| !p.is_empty());
        Evidence::Image {
            location: plimsoll_posture::image::location(image, path),
            path: FieldRef::new(Arc::from(""), path.unwrap_or_default().to_owned()),
            layer: place
                .and_then(|p| plimsoll_posture::image::layer_id(image, p.layer).or(p.diff_id)),
            observed: Some(format!("{} {}", v.package.name, v.package.version).into()),
        }
    };
    let mut places = v.locations.iter();
    let first = evidence(places.next());
    let subject = Subject {
        container: None,
        field: v.subject().into(),
    };
    let message = message(&format!("{} {}", v.package.name, v.package.version), v);
    let mut finding = Finding::new(rule, asset.clone(), subject, message, first).of_kind(kind);
    for place in places {
        finding.add_evidence(evidence(Some(place)));
    }
    finding.severity = v.severity.unwrap_or(rule.severity);
    if let Some(fixed) = &v.fixed {
        let mut summary = format!("Upgrade {} to {fixed}", v.package.name);
        if !v.fix_needs.is_empty() {
            summary.push_str(&format!(", which takes {}", v.fix_needs));
        }
        if v.from_base == Some(true) {
            summary.push_str("; it comes from the base image: build on one that has it");
        }
        finding.fixes = Arc::from([Fix::manual(
            summary,
            "The image has to be built again; whether the newer version suits what uses it is for its owner to say.",
        )]);
    }
    finding.waiver = waiver(v);
    finding.vulnerability = Some(Arc::new(v.clone()));
    finding
}

/// Who says that a vulnerability does not count.
pub(crate) fn waiver(v: &Vulnerability) -> Option<Box<Waiver>> {
    v.suppressed.first().map(|by| {
        let until = by.until.map(|day| format!(" (until {day})"));
        Box::new(Waiver {
            annotation: format!("{}{}", by.by, until.unwrap_or_default()).into(),
            reason: match &*by.reason {
                "" => by.status.as_str().into(),
                reason => format!("{}: {reason}", by.status).into(),
            },
        })
    })
}

/// `openssl 3.0.1-1 has CVE-2022-3602: X.509 buffer overflow; fixed in 3.0.7-1`.
pub(crate) fn message(what: &str, v: &Vulnerability) -> String {
    let mut text = match v.kind {
        VulnerabilityKind::Flaw => format!("{what} has {}", v.id),
        VulnerabilityKind::Malware => format!("{what} is malicious: {}", v.id),
    };
    let summary = v.summary.trim().trim_end_matches('.');
    if !summary.is_empty() {
        text.push_str(&format!(": {summary}"));
    }
    match (&v.fixed, v.state) {
        (Some(fixed), _) => text.push_str(&format!("; fixed in {fixed}")),
        (None, VulnerabilityState::WillNotFix) => text.push_str("; it will not be fixed"),
        (None, VulnerabilityState::Deferred) => text.push_str("; a fix is put off"),
        (None, VulnerabilityState::EndOfLife) => {
            text.push_str("; its release gets no fixes any more");
        }
        (None, VulnerabilityState::UnderInvestigation) => {
            text.push_str("; whether it is affected is being looked into");
        }
        (None, _) => text.push_str("; no fix is known"),
    }
    text
}

/// What is known of the image's vulnerabilities as a whole.
pub(crate) fn facts(matched: &Matched, db: &dyn Lookup) -> AdvisoryFacts {
    let has = |name: &str| db.feeds().iter().any(|feed| feed.name.contains(name));
    AdvisoryFacts {
        as_of: matched.feeds.iter().filter_map(|feed| feed.as_of).min(),
        unknown: matched
            .unknown
            .iter()
            .map(|gap| format!("{} {}: {}", gap.packages, gap.group, gap.why))
            .collect(),
        knows_exploited: has("kev"),
        knows_epss: has("epss"),
    }
}
