//! One package: what is said of it, and which vulnerabilities follow.

use plimsoll_model::{PackageType, image::ImagePackage};

use super::{
    Work, choose,
    choose::{Reach, Statement, Weight},
    is_none,
    kernel::Running,
    key_of, names,
    range::{Says, judge},
};
use crate::{
    gist::Gist,
    lookup::{Entry, Place, full_name},
};

/// A key beyond those of releases and registries.
const PROGRAMS: usize = 1_000;

impl Work<'_> {
    pub(super) fn package(&mut self, package: &ImagePackage) {
        if is_none(package) {
        } else if package.package.kind.is_os() {
            self.system(package);
        } else if matches!(
            package.package.kind,
            PackageType::Generic | PackageType::Bitnami
        ) {
            self.program(package);
        } else {
            self.library(package);
        }
    }

    /// A package of a language.
    fn library(&mut self, found: &ImagePackage) {
        let kind = found.package.kind;
        if !self.ask.covers_registry(kind) {
            return self.gap(
                format!("{kind} packages"),
                "the database has no advisories about them",
            );
        }
        let name = full_name(&found.package);
        let entries = self.said((key_of(kind), Place::Registry(kind)), &name, found);
        self.others(found, &entries);
    }

    /// A program that no package manager installed.
    fn program(&mut self, found: &ImagePackage) {
        let package = &found.package;
        let bitnami = self.ask.covers_registry(PackageType::Bitnami);
        let mut entries: Vec<Entry> = Vec::new();
        let mut covered = bitnami;
        let registry = |kind| (key_of(kind), Place::Registry(kind));
        if bitnami {
            let place = registry(PackageType::Bitnami);
            entries.extend(self.said(place, &package.name, found));
        }
        if package.kind == PackageType::Generic || !bitnami {
            covered |= self.ask.covers(Place::Program).is_some();
            for name in products(&found.cpes) {
                entries.extend(self.said((PROGRAMS, Place::Program), &name, found));
            }
        }
        if package.kind == PackageType::Generic
            && package.name == "go"
            && self.ask.covers_registry(PackageType::Golang)
        {
            // The commands of Go; its standard library is in the programs it builds.
            entries.extend(self.said(registry(PackageType::Golang), "toolchain", found));
        }
        if !covered {
            return self.gap(
                "programs without a package",
                "the database has no advisories about them",
            );
        }
        self.others(found, &entries);
    }

    /// What says that a package is affected; of one without a version all
    /// that is said.
    fn said(&mut self, place: (usize, Place<'_>), name: &str, found: &ImagePackage) -> Vec<Entry> {
        let version = found.package.version.as_str();
        let told = is_version(found);
        let mut keep = |gist: &Gist<'_>| !told || matches!(judge(gist, version), Says::Hit(_));
        let entries = self.ask.about(place, name, version.to_owned(), &mut keep);
        entries.to_vec()
    }

    /// What follows of what is said of a package of a language, or a program.
    fn others(&mut self, found: &ImagePackage, entries: &[Entry]) {
        let version = found.package.version.as_str();
        if !is_version(found) {
            if !entries.is_empty() {
                self.no_version(found.package.kind);
            }
            return;
        }
        self.compared += 1;
        let statements: Vec<Statement> = entries
            .iter()
            .filter_map(|entry| {
                let says = judge(&entry.affected()?.into(), version);
                matches!(says, Says::Hit(_)).then(|| Statement {
                    entry: entry.clone(),
                    says,
                    weight: Weight::default(),
                    reach: Reach::All,
                })
            })
            .collect();
        if statements.is_empty() {
            return;
        }
        // Records without a CVE may have one by another record.
        let mut links = Vec::new();
        for statement in &statements {
            let advisory = &statement.entry.advisory;
            let mut ids = std::iter::once(&advisory.id).chain(&advisory.aliases);
            if advisory.about.is_empty() && !ids.any(|id| names::is_cve(id)) {
                links.extend(self.ask.heads(&advisory.id).iter().cloned());
            }
        }
        let groups = names::groups(
            statements.iter().map(|of| &*of.entry.advisory),
            links.iter().map(|link| &*link.record),
        );
        for group in groups {
            let members: Vec<&Statement> =
                group.members.iter().map(|at| &statements[*at]).collect();
            if let Some(chosen) = choose::of_others(&members) {
                let vulnerability =
                    self.vulnerability(found, &group, &chosen, &members, &Running::Unknown);
                self.found.push(vulnerability);
            }
        }
    }

    pub(super) fn no_version(&mut self, kind: PackageType) {
        self.gap(
            format!("{kind} packages without a version"),
            "without one it can't be told which vulnerabilities they have",
        );
    }
}

/// Whether its version can be compared. That of a build of Go's own tree,
/// `go1.23-0a1b2c3`, can't be.
fn is_version(found: &ImagePackage) -> bool {
    let version = found.package.version.as_str();
    match found.package.kind {
        PackageType::Golang => version
            .trim_start_matches('v')
            .starts_with(|c: char| c.is_ascii_digit()),
        _ => !version.is_empty(),
    }
}

/// `vendor:product` of CPEs, each once, without the escapes of the formatted string.
pub(super) fn products(cpes: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for cpe in cpes {
        let Some(rest) = cpe.strip_prefix("cpe:2.3:a:") else {
            continue;
        };
        let mut name = String::new();
        let mut colons = 0;
        let mut escaped = false;
        for c in rest.chars() {
            match c {
                '\\' if !escaped => {
                    escaped = true;
                    continue;
                }
                ':' if !escaped => {
                    colons += 1;
                    if colons == 2 {
                        break;
                    }
                    name.push(c);
                }
                c => name.extend(c.to_lowercase()),
            }
            escaped = false;
        }
        if colons == 2 && !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
