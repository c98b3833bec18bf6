//! The record of one vulnerability of one package, from what counts and from
//! all that is known beside.

use std::collections::BTreeSet;

use plimsoll_model::{
    Epss, Kev, Package, Severity, Tristate, Vulnerability, VulnerabilityKind, VulnerabilitySource,
    VulnerabilityState, VulnerablePackage, VulnerablePlace, image::ImagePackage, time::date_of,
};

use super::{
    Work,
    choose::{Chosen, Statement},
    kernel::Running,
    names::{Group, is_single},
    reach, severity,
};
use crate::{
    advisory::{Advisory, Affected},
    lookup::{Head, full_name},
    priority::{self, Signals},
};

/// At most so many of each list.
const MOST_REFERENCES: usize = 10;
const MOST_PLACES: usize = 100;
const MOST_SOURCES: usize = 20;
/// Characters of a summary that is made of a record's details.
const SUMMARY: usize = 200;

impl Work<'_> {
    pub(super) fn vulnerability(
        &mut self,
        found: &ImagePackage,
        group: &Group,
        chosen: &Chosen<'_>,
        members: &[&Statement],
        kernel: &Running,
    ) -> Vulnerability {
        let head = &*chosen.statement.entry.advisory;
        let own: Vec<&Advisory> = std::iter::once(head)
            .chain(chosen.also.iter().map(|other| &*other.entry.advisory))
            .collect();
        let others = self.further(group, &own);
        let single: Vec<&Advisory> = own
            .iter()
            .copied()
            .filter(|record| is_single(record))
            .chain(others.iter().map(|other| &*other.record))
            .chain(own.iter().copied())
            .collect();
        let kind = kind(group, head);
        let (level, severities) = severity::of(own.iter().copied(), &others);
        let (kev, epss, exploits) = self.exploited(group);
        let said = chosen.statement.affected();
        let mut weaknesses: BTreeSet<&str> = BTreeSet::new();
        for record in &single {
            weaknesses.extend(record.weaknesses.iter().map(String::as_str));
        }
        let statements = members
            .iter()
            .filter(|member| !std::ptr::eq(**member, chosen.statement));
        let mut vulnerability = Vulnerability {
            id: group.id.clone(),
            aliases: aliases(group, &own),
            kind,
            package: self.named(found),
            locations: self.places_of(found),
            fixed: chosen.fixed.clone(),
            fix_needs: chosen.needs.clone(),
            fix_published: fix_published(chosen, head, said),
            state: chosen.state,
            severity: level.or((kind == VulnerabilityKind::Malware).then_some(Severity::Critical)),
            severities,
            kev,
            epss,
            exploits,
            priority: None,
            reachable: reach::reach(
                self.image,
                found,
                self.functions,
                std::iter::once(chosen.statement)
                    .chain(statements.copied())
                    .filter_map(|statement| statement.affected()),
            ),
            in_use: match (&self.options.in_use, kernel) {
                (_, Running::This) => Tristate::Yes,
                (_, Running::Other(_)) => Tristate::No,
                (Some(used), _) if used.contains(&found.purl) => Tristate::Yes,
                (Some(_), _) => Tristate::No,
                (None, _) => Tristate::Unknown,
            },
            source: source(head),
            also: also(&own),
            summary: summary(&single),
            weaknesses: weaknesses.into_iter().map(str::to_owned).collect(),
            references: references(&single),
            notes: notes(said, kernel),
            from_base: found.from_base,
            dev: found.dev,
            suppressed: Vec::new(),
        };
        let signals = Signals::of(&vulnerability, self.options.exposed);
        vulnerability.priority = Some(priority::judge(&signals));
        vulnerability
    }

    /// Records of the vulnerability beside those about the package, by its
    /// names: what the databases of vulnerabilities say of it.
    fn further(&mut self, group: &Group, own: &[&Advisory]) -> Vec<Head> {
        let mut found: Vec<Head> = Vec::new();
        let cves: Vec<&str> = group.cves().collect();
        let ids = if cves.is_empty() {
            vec![group.id.as_str()]
        } else {
            cves
        };
        for id in ids {
            for head in self.ask.heads(id).iter() {
                let record = &head.record;
                let same = |other: &Advisory| {
                    other.id == record.id && other.source.feed == record.source.feed
                };
                let known = own.iter().any(|other| same(other))
                    || found.iter().any(|other| same(&other.record));
                if !known && is_single(record) {
                    found.push(head.clone());
                }
            }
        }
        found
    }

    fn exploited(&mut self, group: &Group) -> (Option<Kev>, Option<Epss>, Vec<String>) {
        let mut kev: Option<Kev> = None;
        let mut epss: Option<Epss> = None;
        let mut exploits = BTreeSet::new();
        for cve in group.cves() {
            let Some(known) = self.ask.exploitation(cve) else {
                continue;
            };
            kev = kev.or(known.kev);
            // Of several CVEs, the likeliest to be exploited.
            epss = match (epss, known.epss) {
                (Some(a), Some(b)) if b.score > a.score => Some(b),
                (a, b) => a.or(b),
            };
            exploits.extend(known.exploits);
        }
        (kev, epss, exploits.into_iter().collect())
    }

    fn named(&self, found: &ImagePackage) -> VulnerablePackage {
        let package = &found.package;
        let name = if package.kind.is_os() {
            package.name.clone()
        } else {
            full_name(package)
        };
        VulnerablePackage {
            name,
            version: package.version.clone(),
            purl: found.purl.clone(),
            lineage: Package::new(package.kind, &*package.namespace, &*package.name, "").purl(),
            source: package.source.clone(),
        }
    }

    fn places_of(&self, found: &ImagePackage) -> Vec<VulnerablePlace> {
        found
            .locations
            .iter()
            // Files of a package that hold something else are not where it is.
            .filter(|location| !location.evidence.starts_with("holds "))
            .take(MOST_PLACES)
            .map(|location| VulnerablePlace {
                layer: location.layer,
                diff_id: self
                    .image
                    .layers
                    .get(location.layer as usize)
                    .and_then(|layer| layer.diff_id),
                path: location.path.clone(),
            })
            .collect()
    }
}

/// Records of packages that do harm on purpose have ids of their own
/// (<https://github.com/ossf/malicious-packages>).
fn kind(group: &Group, head: &Advisory) -> VulnerabilityKind {
    let mut ids = std::iter::once(&group.id)
        .chain(&group.aliases)
        .chain([&head.id]);
    if ids.any(|id| id.starts_with("MAL-")) {
        VulnerabilityKind::Malware
    } else {
        VulnerabilityKind::Flaw
    }
}

fn aliases(group: &Group, own: &[&Advisory]) -> Vec<String> {
    let mut names: BTreeSet<&str> = group.aliases.iter().map(String::as_str).collect();
    names.extend(own.iter().map(|record| record.id.as_str()));
    names.remove(group.id.as_str());
    names.into_iter().map(str::to_owned).collect()
}

/// An advisory about several vulnerabilities is published with its fix.
fn fix_published(
    chosen: &Chosen<'_>,
    head: &Advisory,
    said: Option<&Affected>,
) -> Option<plimsoll_model::Date> {
    chosen.fixed.as_ref()?;
    let by_statement = said.and_then(|said| said.fix_published);
    by_statement.or_else(|| {
        let is_erratum = chosen.state == VulnerabilityState::Fixed && !head.about.is_empty();
        is_erratum
            .then_some(head.source.published)
            .flatten()
            .map(date_of)
    })
}

fn source(record: &Advisory) -> VulnerabilitySource {
    let of = &record.source;
    VulnerabilitySource {
        feed: of.feed.clone(),
        record: if of.record.is_empty() {
            record.id.clone()
        } else {
            of.record.clone()
        },
        date: of.modified.or(of.published),
    }
}

fn also(own: &[&Advisory]) -> Vec<VulnerabilitySource> {
    let Some((head, rest)) = own.split_first() else {
        return Vec::new();
    };
    let head = source(head);
    let all: BTreeSet<VulnerabilitySource> = rest.iter().map(|record| source(record)).collect();
    all.into_iter()
        .filter(|source| *source != head)
        .take(MOST_SOURCES)
        .collect()
}

fn summary(records: &[&Advisory]) -> String {
    let told = records.iter().find(|record| !record.summary.is_empty());
    if let Some(record) = told {
        return record.summary.clone();
    }
    let details = records.iter().map(|record| record.details.trim_start());
    let line = details
        .filter_map(|details| details.lines().next())
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.char_indices().nth(SUMMARY) {
        Some((at, _)) => format!("{}...", line[..at].trim_end()),
        None => line.to_owned(),
    }
}

fn references(records: &[&Advisory]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for reference in records.iter().flat_map(|record| &record.references) {
        if found.len() < MOST_REFERENCES && !found.contains(reference) {
            found.push(reference.clone());
        }
    }
    found
}

fn notes(said: Option<&Affected>, kernel: &Running) -> Vec<String> {
    let mut notes: Vec<String> = said
        .iter()
        .flat_map(|said| &said.notes)
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    if let Running::Other(running) = kernel {
        notes.push(format!("the kernel that runs is another, {running}"));
    }
    notes
}
