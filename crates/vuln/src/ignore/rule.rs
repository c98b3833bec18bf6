//! One rule, and whether it is about something.

use plimsoll_model::{Date, Vulnerability, VulnerabilityState};
use regex_automata::meta::Regex;

use super::glob::Glob;
use crate::vex::{PurlPattern, Status};

/// What kind of finding a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Whatever has the id.
    Any,
    /// Vulnerabilities.
    Vulnerability,
    /// Misconfigurations.
    Misconfiguration,
    /// Secrets.
    Secret,
    /// Licences.
    Licence,
}

/// A rule: what it asks for, all of it, and what it says of that.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The file and line it stands in: `.trivyignore:3`.
    pub place: String,
    /// What kind of finding it is about.
    pub kind: Kind,
    /// The id it is about; none for any.
    pub id: Option<String>,
    /// Why, in its own words; empty when it says nothing.
    pub reason: String,
    /// The last day it holds; none when it does not end.
    pub until: Option<Date>,
    pub(super) paths: Vec<Glob>,
    pub(super) purls: Vec<PurlPattern>,
    pub(super) package: PackageRule,
    pub(super) fix_state: Option<FixState>,
    pub(super) vex_status: Option<Status>,
    pub(super) vex_justification: String,
    pub(super) match_type: Option<MatchType>,
}

/// What a rule asks of a package.
#[derive(Clone, Debug, Default)]
pub(super) struct PackageRule {
    pub(super) name: Option<Name>,
    pub(super) upstream: Option<Name>,
    pub(super) version: String,
    /// Types of purl, any of them.
    pub(super) kinds: Vec<&'static str>,
    pub(super) languages: Vec<&'static str>,
}

/// A name, or a regular expression for all of it.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Exactly(String),
    Like(Box<Regex>),
}

impl Name {
    fn matches(&self, name: &str) -> bool {
        match self {
            Name::Exactly(own) => own == name,
            Name::Like(regex) => regex.is_match(name),
        }
    }
}

/// What Grype calls the state of a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FixState {
    Fixed,
    NotFixed,
    WontFix,
    Unknown,
}

impl FixState {
    fn of(vulnerability: &Vulnerability) -> Self {
        match vulnerability.state {
            _ if vulnerability.fixed.is_some() => FixState::Fixed,
            VulnerabilityState::WillNotFix | VulnerabilityState::EndOfLife => FixState::WontFix,
            VulnerabilityState::Affected | VulnerabilityState::Deferred => FixState::NotFixed,
            VulnerabilityState::Fixed
            | VulnerabilityState::UnderInvestigation
            | VulnerabilityState::NotAffected => FixState::Unknown,
        }
    }
}

/// How a package came to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchType {
    /// By its own name.
    Direct,
    /// By the source package it was built from.
    Indirect,
    /// By a CPE.
    Cpe,
}

impl MatchType {
    fn of(vulnerability: &Vulnerability) -> Self {
        let package = &vulnerability.package;
        let source = package.source.as_ref();
        if package.purl.starts_with("pkg:generic/") {
            MatchType::Cpe
        } else if source.is_some_and(|source| source.name != package.name) {
            MatchType::Indirect
        } else {
            MatchType::Direct
        }
    }
}

impl Rule {
    pub(super) fn new(place: String, kind: Kind) -> Self {
        Rule {
            place,
            kind,
            id: None,
            reason: String::new(),
            until: None,
            paths: Vec::new(),
            purls: Vec::new(),
            package: PackageRule::default(),
            fix_state: None,
            vex_status: None,
            vex_justification: String::new(),
            match_type: None,
        }
    }

    /// Whether it is over on this day: it then hides nothing.
    #[must_use]
    pub fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// Whether it is about a finding of a kind other than vulnerabilities: a
    /// control, a rule for secrets, a licence, in a file.
    #[must_use]
    pub fn is_about(&self, kind: Kind, id: &str, path: &str) -> bool {
        let own = self.id.as_deref();
        let elsewhere = self.purls.is_empty() && !self.asks_of_package();
        (self.kind == kind || self.kind == Kind::Any)
            && own.is_some_and(|own| own.eq_ignore_ascii_case(id))
            && elsewhere
            && self.path_matches([path])
    }

    /// Whether it can be about a vulnerability at all.
    #[must_use]
    pub fn is_for_vulnerabilities(&self) -> bool {
        match self.kind {
            Kind::Vulnerability => true,
            Kind::Any => self.id.as_deref().is_some_and(is_vulnerability_id),
            Kind::Misconfiguration | Kind::Secret | Kind::Licence => false,
        }
    }

    fn asks_of_package(&self) -> bool {
        let package = &self.package;
        package.name.is_some()
            || package.upstream.is_some()
            || !package.version.is_empty()
            || !package.kinds.is_empty()
            || !package.languages.is_empty()
            || self.fix_state.is_some()
            || self.vex_status.is_some()
            || !self.vex_justification.is_empty()
            || self.match_type.is_some()
    }

    /// Whether it asks for anything.
    pub(super) fn asks(&self) -> bool {
        self.id.is_some()
            || !self.paths.is_empty()
            || !self.purls.is_empty()
            || self.asks_of_package()
    }

    fn path_matches<'p>(&self, paths: impl IntoIterator<Item = &'p str>) -> bool {
        self.paths.is_empty()
            || paths
                .into_iter()
                .any(|path| self.paths.iter().any(|glob| glob.matches(path)))
    }

    /// Whether it is about a vulnerability, leaving the id aside.
    pub(super) fn matches(
        &self,
        vulnerability: &Vulnerability,
        own: Option<&PurlPattern>,
        vex: Option<Status>,
    ) -> bool {
        let package = &vulnerability.package;
        let kind = package
            .purl
            .trim_start_matches("pkg:")
            .split('/')
            .next()
            .unwrap_or_default();
        let rule = &self.package;
        let places = vulnerability.locations.iter().map(|at| at.path.as_str());
        self.path_matches(places)
            && (self.purls.is_empty()
                || own.is_some_and(|own| self.purls.iter().any(|purl| purl.matches(own))))
            && rule
                .name
                .as_ref()
                .is_none_or(|name| name.matches(&package.name))
            && rule.upstream.as_ref().is_none_or(|name| {
                package
                    .source
                    .as_ref()
                    .is_some_and(|source| name.matches(&source.name))
            })
            && (rule.version.is_empty() || rule.version == package.version)
            && (rule.kinds.is_empty() || rule.kinds.contains(&kind))
            && (rule.languages.is_empty() || rule.languages.contains(&kind))
            && self
                .fix_state
                .is_none_or(|state| state == FixState::of(vulnerability))
            && self
                .match_type
                .is_none_or(|how| how == MatchType::of(vulnerability))
            && self.vex_status.is_none_or(|status| vex == Some(status))
            && (self.vex_justification.is_empty()
                || vulnerability.suppressed.iter().any(|by| {
                    let word = by.reason.split(':').next().unwrap_or_default();
                    word == self.vex_justification
                }))
    }
}

/// Whether an id can be one of a vulnerability, other than one of a control
/// (`AVD-DS-0002`, `KSV-0014`) or of a rule for secrets (`aws-access-key-id`).
fn is_vulnerability_id(id: &str) -> bool {
    let upper = id.to_ascii_uppercase();
    let control = ["AVD-", "KSV", "DS-", "DS0", "AWS-", "AZU-", "GCP-"];
    upper.contains('-')
        && (upper.starts_with("GHSA-") || upper.bytes().any(|byte| byte.is_ascii_digit()))
        && id.starts_with(|c: char| c.is_ascii_uppercase())
        && !control.iter().any(|start| upper.starts_with(start))
}
