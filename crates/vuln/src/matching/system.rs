//! A package of the operating system: what its distribution says of it, and
//! which vulnerabilities follow.

use plimsoll_model::{PackageType, image::ImagePackage};

use super::{
    Work, choose,
    choose::{Reach, Statement, Weight},
    kernel::{Kernel, Running, kernel},
    module, names,
    range::{Says, judge},
    stream::{self, Stream},
};
use crate::{
    advisory::Origin,
    gist::Gist,
    lookup::{Entry, Place},
};

impl Work<'_> {
    /// A package of the operating system.
    pub(super) fn system(&mut self, found: &ImagePackage) {
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
        let names = Names::of(found);
        // Most packages have none: what clears them needs not be read then.
        if !self.is_hit(found, &names) {
            return Vec::new();
        }
        let mut statements = Vec::new();
        for at in 0..self.places.releases.len() {
            for entry in self.entries(at, found, &names, false) {
                statements.extend(self.statement(entry, found, &names));
            }
        }
        statements
    }

    fn is_hit(&mut self, found: &ImagePackage, names: &Names<'_>) -> bool {
        (0..self.places.releases.len()).any(|at| !self.entries(at, found, names, true).is_empty())
    }

    /// What a release says of a package by either of its names: all of it, or
    /// that it is affected.
    fn entries(
        &mut self,
        at: usize,
        found: &ImagePackage,
        names: &Names<'_>,
        only_hits: bool,
    ) -> Vec<Entry> {
        let Some(release) = self.places.releases.get(at).cloned() else {
            return Vec::new();
        };
        let place = Place::Distribution {
            id: &release.id,
            release: &release.release,
        };
        let arch = found.package.arch.as_deref();
        let mut keep = |gist: &Gist<'_>| {
            let Some(installed) = names.version_for(gist) else {
                return false;
            };
            is_for_architecture(&gist.architectures, arch)
                && match judge(gist, installed) {
                    Says::Nothing => false,
                    Says::Hit(_) => true,
                    Says::Clear | Says::Not => !only_hits,
                }
        };
        // Binary packages of one source are asked for once.
        let filter = format!(
            "{}\0{}\0{only_hits}\0{}",
            arch.unwrap_or_default(),
            names.source_version,
            if names.source == names.binary {
                names.binary_version
            } else {
                ""
            }
        );
        let ask = &mut self.ask;
        let by_source = ask.about((at, place), names.source, filter.clone(), &mut keep);
        let mut entries = by_source.to_vec();
        if names.source != names.binary {
            // Another package of this name may be its own source.
            let filter = format!("{filter}{}\0{}", names.binary_version, names.source);
            let by_binary = ask.about((at, place), names.binary, filter, &mut keep);
            entries.extend(by_binary.iter().cloned());
        }
        entries
    }

    fn statement(
        &self,
        entry: Entry,
        found: &ImagePackage,
        names: &Names<'_>,
    ) -> Option<Statement> {
        let affected = entry.affected()?;
        let Origin::Distribution { stream, source, .. } = &affected.origin else {
            return None;
        };
        let is_rpm = found.package.kind == PackageType::Rpm;
        if !names::is_of_security(&entry.advisory)
            || (is_rpm && !module::is_about(affected, &found.package))
        {
            return None;
        }
        let gist = Gist::from(affected);
        let installed = names.version_for(&gist)?;
        let says = judge(&gist, installed);
        let version = self.image.release.as_ref().map_or("", |os| &*os.version);
        let held = stream::stream(stream, version, &self.streams);
        let (says, reach) = match held {
            Stream::Other => return None,
            Stream::Release | Stream::Held => (says, Reach::All),
            Stream::Offered(needs) => (said_to_others(says), Reach::Offered(needs.into())),
            Stream::Minor(stream) => {
                let says = match said_to_others(says) {
                    // The number alone is higher in the release as such.
                    Says::Clear if !stream::is_built_for(installed, stream) => Says::Nothing,
                    says => says,
                };
                (says, Reach::Offered(stream::needs(stream)))
            }
        };
        Some(Statement {
            weight: Weight {
                stream: held == Stream::Held,
                single: names::is_single(&entry.advisory),
                binary: !source,
            },
            says,
            reach,
            entry,
        })
    }
}

/// The names that advisories may know a package of the system by.
struct Names<'a> {
    binary: &'a str,
    binary_version: &'a str,
    source: &'a str,
    source_version: String,
}

impl<'a> Names<'a> {
    fn of(found: &'a ImagePackage) -> Self {
        let package = &found.package;
        let source = package.source.as_ref().filter(|s| !s.name.is_empty());
        Names {
            binary: &package.name,
            binary_version: &package.version,
            source: source.map_or(&*package.name, |source| &*source.name),
            source_version: source_version(found),
        }
    }

    /// The version that a statement is about; none when it is about another package.
    fn version_for(&self, gist: &Gist<'_>) -> Option<&str> {
        let (name, version) = if gist.source? {
            (self.source, &*self.source_version)
        } else {
            (self.binary, self.binary_version)
        };
        (gist.name == name).then_some(version)
    }
}

/// Those who don't have a stream learn of it where a fix is, and whether what
/// they installed is that fix; no more.
fn said_to_others(says: Says) -> Says {
    match says {
        Says::Not => Says::Nothing,
        says => says,
    }
}

fn is_for_architecture(list: &[&str], own: Option<&str>) -> bool {
    match own {
        _ if list.is_empty() => true,
        None | Some("noarch" | "all" | "any" | "") => true,
        Some(own) => list.contains(&own),
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
