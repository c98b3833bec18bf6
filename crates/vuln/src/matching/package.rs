//! One package: what is said of it, and which vulnerabilities follow.

use plimsoll_model::{PackageType, image::ImagePackage};

use super::{
    Work, choose,
    choose::{Reach, Statement, Weight},
    is_none,
    kernel::{Kernel, Running, kernel},
    key_of, module, names,
    range::{Says, judge},
    stream::{self, Stream},
};
use crate::{
    advisory::{Advisory, Origin},
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

    /// A package of the operating system.
    fn system(&mut self, found: &ImagePackage) {
        let package = &found.package;
        if let Some(why) = &self.places.why_none {
            let why = why.clone();
            return self.gap(format!("{} packages of the system", package.kind), why);
        }
        if package.version.is_empty() {
            return self.no_version(package.kind);
        }
        self.compared += 1;
        let kernel = kernel(package);
        if kernel == Kernel::Beside {
            return;
        }
        let statements = self.statements_of_system(found);
        let running = self.options.running_kernel.as_deref();
        let running = Running::of(&kernel, running);
        let groups = names::groups(statements.iter().map(|of| &*of.entry.advisory), None);
        for group in groups {
            let members: Vec<&Statement> =
                group.members.iter().map(|at| &statements[*at]).collect();
            if let Some(chosen) = choose::of_distribution(&members) {
                let vulnerability = self.vulnerability(found, &group, &chosen, &members, &running);
                self.found.push(vulnerability);
            }
        }
    }

    fn statements_of_system(&mut self, found: &ImagePackage) -> Vec<Statement> {
        let package = &found.package;
        let source = package.source.as_ref().filter(|s| !s.name.is_empty());
        let source_name = source.map_or(&*package.name, |source| &*source.name);
        let source_version = source_version(found);
        let version = self
            .image
            .release
            .as_ref()
            .map_or(String::new(), |release| release.version.clone());
        let mut statements = Vec::new();
        for at in 0..self.places.releases.len() {
            let release = self.places.releases[at].clone();
            let place = Place::Distribution {
                id: &release.id,
                release: &release.release,
            };
            let mut entries: Vec<Entry> = self.ask.about(at, place, source_name).to_vec();
            if source_name != package.name {
                entries.extend(self.ask.about(at, place, &package.name).iter().cloned());
            }
            for entry in entries {
                let Some(affected) = entry.affected() else {
                    continue;
                };
                let Origin::Distribution { stream, source, .. } = &affected.origin else {
                    continue;
                };
                let (name, installed) = if *source {
                    (source_name, &*source_version)
                } else {
                    (&*package.name, &*package.version)
                };
                if affected.name != name
                    || !names::is_of_security(&entry.advisory)
                    || !is_for_architecture(&affected.architectures, package.arch.as_deref())
                {
                    continue;
                }
                let Some(module) = module_weight(&entry.advisory, &entry, found) else {
                    continue;
                };
                let says = judge(affected, installed);
                let held = stream::stream(stream, &version, &self.streams);
                let (says, reach) = match held {
                    Stream::Other => continue,
                    Stream::Release | Stream::Held => (says, Reach::All),
                    Stream::Offered(needs) => (said_to_others(says), Reach::Offered(needs.into())),
                    Stream::Minor(stream) => {
                        let says = match said_to_others(says) {
                            // The number alone is higher in the release as such.
                            Says::Clear if !stream::is_built_for(installed, stream) => {
                                Says::Nothing
                            }
                            says => says,
                        };
                        (says, Reach::Offered(stream::needs(stream)))
                    }
                };
                statements.push(Statement {
                    weight: Weight {
                        stream: held == Stream::Held,
                        module,
                        single: is_single(&entry.advisory),
                        binary: !source,
                    },
                    says,
                    reach,
                    entry,
                });
            }
        }
        statements
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
        let entries = self.ask.about(key_of(kind), Place::Registry(kind), &name);
        self.others(found, &entries);
    }

    /// A program that no package manager installed.
    fn program(&mut self, found: &ImagePackage) {
        let package = &found.package;
        let bitnami = self.ask.covers_registry(PackageType::Bitnami);
        let mut entries: Vec<Entry> = Vec::new();
        let mut covered = bitnami;
        if bitnami {
            let place = Place::Registry(PackageType::Bitnami);
            let key = key_of(PackageType::Bitnami);
            entries.extend(self.ask.about(key, place, &package.name).iter().cloned());
        }
        if package.kind == PackageType::Generic || !bitnami {
            covered |= self.ask.covers(Place::Program).is_some();
            for name in products(&found.cpes) {
                let said = self.ask.about(PROGRAMS, Place::Program, &name);
                entries.extend(said.iter().cloned());
            }
        }
        if package.kind == PackageType::Generic
            && package.name == "go"
            && self.ask.covers_registry(PackageType::Golang)
        {
            // The commands of Go; its standard library is in the programs it builds.
            let place = Place::Registry(PackageType::Golang);
            let key = key_of(PackageType::Golang);
            entries.extend(self.ask.about(key, place, "toolchain").iter().cloned());
        }
        if !covered {
            return self.gap(
                "programs without a package",
                "the database has no advisories about them",
            );
        }
        self.others(found, &entries);
    }

    /// What follows of what is said of a package of a language, or a program.
    fn others(&mut self, found: &ImagePackage, entries: &[Entry]) {
        let version = found.package.version.as_str();
        let is_version = match found.package.kind {
            // A build of Go's own tree: `go1.23-0a1b2c3`.
            PackageType::Golang => version
                .trim_start_matches('v')
                .starts_with(|c: char| c.is_ascii_digit()),
            _ => !version.is_empty(),
        };
        if !is_version {
            if !entries.is_empty() {
                self.no_version(found.package.kind);
            }
            return;
        }
        self.compared += 1;
        let statements: Vec<Statement> = entries
            .iter()
            .filter_map(|entry| {
                let says = judge(entry.affected()?, version);
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
                links.extend(self.ask.by_id(&advisory.id).iter().cloned());
            }
        }
        let groups = names::groups(
            statements.iter().map(|of| &*of.entry.advisory),
            links.iter().map(|link| &**link),
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

    fn no_version(&mut self, kind: PackageType) {
        self.gap(
            format!("{kind} packages without a version"),
            "without one it can't be told which vulnerabilities they have",
        );
    }
}

/// Whether it is a record of one vulnerability.
fn is_single(advisory: &Advisory) -> bool {
    advisory.about.len() <= 1
}

/// Those who don't have a stream learn of it where a fix is, and whether what
/// they installed is that fix; no more.
fn said_to_others(says: Says) -> Says {
    match says {
        Says::Not => Says::Nothing,
        says => says,
    }
}

fn module_weight(advisory: &Advisory, entry: &Entry, found: &ImagePackage) -> Option<bool> {
    let affected = entry.affected()?;
    if found.package.kind == PackageType::Rpm {
        module::is_about(advisory, affected, &found.package)
    } else {
        Some(false)
    }
}

fn is_for_architecture(list: &[String], own: Option<&str>) -> bool {
    match own {
        _ if list.is_empty() => true,
        None | Some("noarch" | "all" | "any" | "") => true,
        Some(own) => list.iter().any(|one| one == own),
    }
}

/// The version of the source package, for advisories that name those.
fn source_version(found: &ImagePackage) -> String {
    let package = &found.package;
    let source = package.source.as_ref().filter(|s| !s.version.is_empty());
    let version = source.map_or(&*package.version, |source| &*source.version);
    match package.kind {
        // Built again from the same source: `1.2-3+b1` is of `1.2-3`.
        PackageType::Deb => match version.rsplit_once("+b") {
            Some((before, times))
                if !times.is_empty() && times.bytes().all(|b| b.is_ascii_digit()) =>
            {
                before.to_owned()
            }
            _ => version.to_owned(),
        },
        // The name of a source rpm has no epoch.
        PackageType::Rpm if !version.contains(':') => match package.version.split_once(':') {
            Some((epoch, _)) => format!("{epoch}:{version}"),
            None => version.to_owned(),
        },
        _ => version.to_owned(),
    }
}

/// `vendor:product` of CPEs, each once, without the escapes of the formatted string.
fn products(cpes: &[String]) -> Vec<String> {
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
