//! Vulnerabilities on a terminal: by image and package, worst first.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
    io,
};

use plimsoll_model::{
    FindingKind, ObjectRef, Severity, Urgency,
    wire::{FindingReport, VulnerabilityReport},
};
use rustc_hash::FxHashMap;

use super::{Line, Paper, assets::SEVERITY};
use crate::{
    style::{Style, Tone},
    text::{and_list, count, cut, number},
    vulnerability, words,
};

/// Packages of an image that are listed without `--verbose`.
const PACKAGES: usize = 20;
/// Vulnerabilities of a package that are listed without `--verbose`.
const OF_ONE: usize = 3;
/// Suppressed vulnerabilities of an image that are listed without `--verbose`.
const SUPPRESSED: usize = 10;
/// Packages of which anything is kept without `--verbose`; findings come worst
/// first, so these are the worst.
const KEPT: usize = 2_000;
/// Lines that a reason may take.
const LINES: usize = 2;

/// How many there are of what.
#[derive(Default)]
struct Tally {
    severities: BTreeMap<Severity, u64>,
    malicious: u64,
    fixable: u64,
    exploited: u64,
}

impl Tally {
    fn add(&mut self, finding: &FindingReport, v: &VulnerabilityReport) {
        *self.severities.entry(finding.severity).or_default() += 1;
        self.malicious += u64::from(finding.kind == FindingKind::Malware);
        self.fixable += u64::from(v.fixed.is_some());
        self.exploited += u64::from(v.kev.is_some());
    }

    fn total(&self) -> u64 {
        self.severities.values().sum()
    }

    /// Greater is worse.
    fn weight(&self) -> impl Ord + use<> {
        let of = |severity| self.severities.get(&severity).copied().unwrap_or(0);
        let severities = Severity::WORST_FIRST.map(of);
        (
            self.malicious,
            self.severities.keys().next_back().copied(),
            self.exploited,
            severities,
        )
    }

    fn worst(&self) -> Severity {
        let worst = self.severities.keys().next_back();
        worst.copied().unwrap_or(Severity::Info)
    }
}

/// A vulnerability of a package.
struct Entry {
    severity: Severity,
    kind: FindingKind,
    v: Box<VulnerabilityReport>,
}

impl Entry {
    /// Less comes first.
    fn order(&self, other: &Self) -> Ordering {
        let key = |e: &Self| {
            let urgency = e.v.priority.as_ref().map(|p| p.level);
            (
                Reverse(e.kind == FindingKind::Malware),
                Reverse(e.v.kev.is_some()),
                Reverse(urgency.unwrap_or(Urgency::Watch)),
                Reverse(e.severity),
            )
        };
        let score = |e: &Self| e.v.epss.map_or(0.0, |epss| epss.score);
        key(self)
            .cmp(&key(other))
            .then_with(|| score(other).total_cmp(&score(self)))
            .then_with(|| self.v.vulnerability.cmp(&other.v.vulnerability))
    }
}

/// A package with what it has.
struct Package {
    name: String,
    version: String,
    tally: Tally,
    /// The one version that has all fixes; none when versions differ.
    fixed: Option<String>,
    differ: bool,
    /// The worst, as many as are shown.
    worst: Vec<Entry>,
}

/// An image with its packages.
struct Group {
    object: ObjectRef,
    tally: Tally,
    packages: Vec<Package>,
    index: FxHashMap<String, usize>,
    /// Vulnerabilities of packages that are not kept.
    elsewhere: u64,
    /// What does not count, and who says so.
    suppressed: Vec<(String, String)>,
    all_suppressed: u64,
}

/// The vulnerabilities among findings, taken out of them one by one.
pub(super) struct Vulnerable {
    groups: Vec<Group>,
    index: FxHashMap<ObjectRef, usize>,
    kept: usize,
    limit: usize,
    of_one: usize,
    suppressed: usize,
}

impl Vulnerable {
    pub(super) fn new(style: Style) -> Self {
        let bound = |normal| match style.verbose() {
            true => usize::MAX,
            false if style.quiet() => 0,
            false => normal,
        };
        Vulnerable {
            groups: Vec::new(),
            index: FxHashMap::default(),
            kept: 0,
            limit: bound(KEPT),
            of_one: bound(OF_ONE),
            suppressed: bound(SUPPRESSED),
        }
    }

    /// Takes a finding that is a vulnerability, and gives back any other.
    pub(super) fn take(&mut self, mut finding: FindingReport) -> Option<FindingReport> {
        let Some(v) = finding.vulnerability.take() else {
            return Some(finding);
        };
        let next = self.groups.len();
        let at = *self.index.entry(finding.object.clone()).or_insert(next);
        if at == next {
            self.groups.push(Group {
                object: finding.object.clone(),
                tally: Tally::default(),
                packages: Vec::new(),
                index: FxHashMap::default(),
                elsewhere: 0,
                suppressed: Vec::new(),
                all_suppressed: 0,
            });
        }
        let group = &mut self.groups[at];
        // What is said of a waiver depends on what the finding is.
        finding.vulnerability = Some(v);
        let accepted = words::accepted(&finding);
        let v = finding.vulnerability.take()?;
        if let Some(by) = accepted {
            group.all_suppressed += 1;
            if group.suppressed.len() < self.suppressed {
                let p = &v.package;
                let what = format!("{} of {} {}", v.vulnerability, p.name, p.version);
                group.suppressed.push((what, by));
            }
            return None;
        }
        group.tally.add(&finding, &v);
        let key = format!(
            "{}\n{}\n{}",
            v.package.purl, v.package.name, v.package.version
        );
        let next = group.packages.len();
        let at = match group.index.get(&key) {
            Some(at) => *at,
            None if self.kept >= self.limit => {
                group.elsewhere += 1;
                return None;
            }
            None => {
                self.kept += 1;
                group.index.insert(key, next);
                group.packages.push(Package {
                    name: v.package.name.clone(),
                    version: v.package.version.clone(),
                    tally: Tally::default(),
                    fixed: None,
                    differ: false,
                    worst: Vec::new(),
                });
                next
            }
        };
        group.packages[at].add(&finding, v, self.of_one);
        None
    }

    /// Writes the list, and how many packages nothing is known of.
    pub(super) fn list(mut self, paper: &mut Paper<'_>, unmatched: u64) -> io::Result<()> {
        for group in &mut self.groups {
            let weight = |package: &Package| Reverse(package.tally.weight());
            group.packages.sort_by_cached_key(weight);
        }
        for group in &self.groups {
            paper.blank()?;
            list(paper, group)?;
        }
        if unmatched > 0 {
            paper.blank()?;
            let text = format!(
                "Whether {} vulnerabilities is not known: no advisories here cover {}.",
                match unmatched {
                    1 => "1 package has".to_owned(),
                    n => format!("{} packages have", number(n)),
                },
                if unmatched == 1 { "it" } else { "them" },
            );
            paper.text(0, &Line::of(Tone::Unsure, &text))?;
        }
        Ok(())
    }
}

impl Package {
    fn add(&mut self, finding: &FindingReport, v: Box<VulnerabilityReport>, most: usize) {
        self.tally.add(finding, &v);
        if let Some(fixed) = &v.fixed {
            match &self.fixed {
                None => self.fixed = Some(fixed.clone()),
                Some(known) => self.differ |= known != fixed,
            }
        }
        let entry = Entry {
            severity: finding.severity,
            kind: finding.kind,
            v,
        };
        let at = self
            .worst
            .partition_point(|known| known.order(&entry) != Ordering::Greater);
        if at < most {
            self.worst.insert(at, entry);
            self.worst.truncate(most);
        }
    }
}

/// `1 vulnerability`, `2 vulnerabilities`.
fn vulnerabilities(n: u64) -> String {
    match n {
        1 => "1 vulnerability".to_owned(),
        n => format!("{} vulnerabilities", number(n)),
    }
}

fn list(paper: &mut Paper<'_>, group: &Group) -> io::Result<()> {
    let title = format!("Vulnerabilities in {}", group.object);
    paper.text(0, &Line::of(Tone::Strong, &title))?;
    paper.text(0, &totals(group))?;
    let shown = if paper.style.verbose() {
        group.packages.len()
    } else {
        group.packages.len().min(PACKAGES)
    };
    for package in &group.packages[..shown] {
        paper.blank()?;
        self::package(paper, package)?;
    }
    let left = &group.packages[shown..];
    if !left.is_empty() || group.elsewhere > 0 {
        let n = left
            .iter()
            .map(|package| package.tally.total())
            .sum::<u64>()
            + group.elsewhere;
        let packages = if group.elsewhere > 0 {
            "more packages".to_owned()
        } else {
            count(left.len() as u64, "more package")
        };
        paper.blank()?;
        let text = format!("and {} in {packages}: -v shows all", vulnerabilities(n));
        paper.text(2, &Line::of(Tone::Faint, &text))?;
    }
    suppressed(paper, group)
}

fn totals(group: &Group) -> Line {
    let tally = &group.tally;
    let total = tally.total();
    let mut line = if total == 0 {
        Line::of(Tone::Good, "None that count")
    } else {
        let packages = if group.elsewhere > 0 {
            format!(
                "more than {}",
                count(group.packages.len() as u64, "package")
            )
        } else {
            count(group.packages.len() as u64, "package")
        };
        Line::of(
            tally.worst().into(),
            &format!("{} in {packages}: ", number(total)),
        )
        .and(&words::severities(&tally.severities))
        .and(&match tally.fixable {
            0 => "; none has a fix".to_owned(),
            n if n == total => "; all have a fix".to_owned(),
            n => format!("; {} with a fix", number(n)),
        })
    };
    if tally.exploited > 0 {
        let text = format!(", {} known exploited", number(tally.exploited));
        line = line.put(Tone::Bad, &text);
    }
    if tally.malicious > 0 {
        let text = format!(", {} made to do harm", number(tally.malicious));
        line = line.put(Tone::Bad, &text);
    }
    if group.all_suppressed > 0 {
        let text = format!("; {} suppressed", number(group.all_suppressed));
        line = line.put(Tone::Accepted, &text);
    }
    line.and(".")
}

fn package(paper: &mut Paper<'_>, package: &Package) -> io::Result<()> {
    let mut name = Line::of(Tone::Strong, &package.name)
        .and(" ")
        .and(&package.version);
    if let (Some(fixed), false) = (&package.fixed, package.differ) {
        name = name.and(" -> ").put(Tone::Good, fixed);
    }
    let right = words::severities(&package.tally.severities);
    let right = Line::of(package.tally.worst().into(), &right);
    paper.apart(2, (&Line::new(), 0), &name, &right)?;
    for entry in &package.worst {
        self::entry(paper, entry)?;
    }
    let left = package.tally.total() - package.worst.len() as u64;
    if left > 0 {
        let text = format!("and {} more", number(left));
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

fn entry(paper: &mut Paper<'_>, entry: &Entry) -> io::Result<()> {
    let v = &*entry.v;
    let severity = Line::of(entry.severity.into(), entry.severity.as_str());
    let mut line = Line::plain(&v.vulnerability);
    if entry.kind == FindingKind::Malware {
        line = line.put(Tone::Bad, ", published to do harm");
    }
    let (tone, fix) = (
        if v.fixed.is_some() {
            Tone::Good
        } else {
            Tone::Faint
        },
        vulnerability::fix(v),
    );
    line = line.and(", ").put(tone, &fix);
    let flags = vulnerability::flags(v);
    if !flags.is_empty() {
        let tone = if v.kev.is_some() {
            Tone::Bad
        } else {
            Tone::Plain
        };
        line = line.and("; ").put(tone, &flags.join(", "));
    }
    paper.field(4, &severity, SEVERITY, &line)?;
    let verbose = paper.style.verbose();
    let room = LINES * (paper.style.columns() - 4 - SEVERITY);
    let why = vulnerability::why(v);
    let why = if verbose { why.into() } else { cut(why, room) };
    if !why.is_empty() {
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &why))?;
    }
    if !verbose {
        return Ok(());
    }
    if why != v.summary && !v.summary.is_empty() {
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &v.summary))?;
    }
    if !v.severities.is_empty() {
        let text = vulnerability::severities(v);
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    if !v.aliases.is_empty() {
        let text = format!("also {}", and_list(&v.aliases));
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    let source = format!("by {} in {}", v.source.record, v.source.feed);
    paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &source))?;
    for place in &v.locations {
        let text = format!("at /{}, layer {}", place.path, place.layer + 1);
        paper.text(4 + SEVERITY, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}

fn suppressed(paper: &mut Paper<'_>, group: &Group) -> io::Result<()> {
    if group.all_suppressed == 0 {
        return Ok(());
    }
    paper.blank()?;
    let title = format!("Suppressed: {}", number(group.all_suppressed));
    paper.text(2, &Line::of(Tone::Accepted, &title))?;
    for (what, by) in &group.suppressed {
        let line = Line::plain(what).put(Tone::Faint, &format!(": {by}"));
        paper.text(4, &line)?;
    }
    let left = group.all_suppressed - group.suppressed.len() as u64;
    if left > 0 {
        let text = format!("and {} more: -v shows all", number(left));
        paper.text(4, &Line::of(Tone::Faint, &text))?;
    }
    Ok(())
}
