//! Which vulnerabilities the packages of an image have.
//!
//! The rules, one to a module; `docs/matching.md` has them in words:
//! - [`release`](self): which distribution's release speaks for the image;
//! - packages of the operating system by source or binary name, streams,
//!   modules, architectures; packages of languages by purl; programs by CPE;
//! - several statements about one vulnerability: the most specific counts;
//! - many names are one vulnerability.
//!
//! A package of which the database can know nothing is never clean: it is
//! counted in [`Matched::unknown`].

mod ask;
mod build;
mod choose;
mod kernel;
mod keys;
mod module;
mod names;
mod package;
mod range;
mod reach;
mod release;
mod severity;
mod stream;
mod system;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{
    Date, Diagnostic, Package, PackageType, Tristate, Vulnerability, VulnerabilityGap,
    image::{Image, ImagePackage},
};
use rayon::prelude::*;

pub use self::keys::keys;
pub(crate) use self::reach::files_with_functions;
use self::{ask::Ask, kernel::Running, release::Release};
use crate::lookup::{FeedInfo, Lookup, Place};

/// What is known beside the image.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Today, to tell whether the image's release has ended.
    pub today: Option<Date>,
    /// What `uname -r` says where the image runs: kernels of other releases
    /// are told apart as installed and not running.
    pub running_kernel: Option<String>,
    /// Streams that the image has beyond its release: `esm`, `esm-apps`,
    /// `eus`, `eus-9.2`, `ltss`.
    pub streams: Vec<String>,
    /// Package URLs of the packages that are in use, where run-time facts tell.
    pub in_use: Option<BTreeSet<String>>,
    /// Whether what runs the image can be reached from outside.
    pub exposed: Tristate,
}

/// The vulnerabilities of an image, and what could not be told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matched {
    /// The vulnerabilities, worst first.
    pub vulnerabilities: Vec<Vulnerability>,
    /// Packages of which nothing is known, by group.
    pub unknown: Vec<VulnerabilityGap>,
    /// Packages that were compared with what the database knows.
    pub compared: u64,
    /// The last day on which the image's release got fixes, when it is over.
    pub ended: Option<Date>,
    /// What a reader must know.
    pub diagnostics: Vec<Diagnostic>,
    /// The feeds that were asked, by name.
    pub feeds: Vec<FeedInfo>,
}

/// Matches the packages of an image with the advisories of a database.
///
/// Packages that a layer takes away again are not there and not matched.
#[must_use]
pub fn match_image(image: &Image, db: &dyn Lookup, options: &Options) -> Matched {
    let functions = files_with_functions(image);
    let there = image.packages.iter().filter(|p| p.removed_by.is_none());
    let there: Vec<&ImagePackage> = there.collect();
    let one = |part: &[&ImagePackage]| {
        let mut work = Work::new(image, db, options, &functions);
        part.iter().for_each(|package| work.package(package));
        work
    };
    if there.len() <= PART {
        return one(&there).finish();
    }
    let parts: Vec<Work<'_>> = there.par_chunks(PART).map(one).collect();
    let whole = parts.into_iter().reduce(Work::with);
    whole.map_or_else(Matched::default, Work::finish)
}

/// Packages that are matched together. Those of one source stand beside each other
/// mostly, and are asked for once in a part.
const PART: usize = 128;

/// Whether a package is the kernel of this release, as `uname -r` has it.
#[must_use]
pub fn is_kernel(package: &Package, release: &str) -> bool {
    Running::of(&kernel::kernel(package), Some(release)) == Running::This
}

/// The places an image's packages are asked for under, in order; their indexes
/// are keys of what was asked.
struct Places {
    /// The release that speaks for the image, and others that speak for some
    /// of its packages.
    releases: Vec<Release>,
    /// Why none does.
    why_none: Option<String>,
}

struct Work<'a> {
    image: &'a Image,
    options: &'a Options,
    ask: Ask<'a>,
    places: Places,
    /// Streams that the image has.
    streams: Vec<String>,
    functions: &'a BTreeSet<&'a str>,
    found: Vec<Vulnerability>,
    compared: u64,
    unknown: BTreeMap<(String, String), u64>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Work<'a> {
    fn new(
        image: &'a Image,
        db: &'a dyn Lookup,
        options: &'a Options,
        functions: &'a BTreeSet<&'a str>,
    ) -> Self {
        let mut work = Work {
            image,
            options,
            ask: Ask::new(db),
            places: Places {
                releases: Vec::new(),
                why_none: None,
            },
            streams: options.streams.clone(),
            functions,
            found: Vec::new(),
            compared: 0,
            unknown: BTreeMap::new(),
            diagnostics: Vec::new(),
        };
        work.choose_release();
        work
    }

    /// With what another part of the image has. What is said of its release both
    /// say.
    fn with(mut self, other: Self) -> Self {
        self.found.extend(other.found);
        self.compared += other.compared;
        for (gap, packages) in other.unknown {
            *self.unknown.entry(gap).or_default() += packages;
        }
        self.ask.join(other.ask);
        self
    }

    /// Finds the release that speaks for the image.
    fn choose_release(&mut self) {
        let Some(os) = &self.image.release else {
            self.places.why_none = Some("it is not known of which release they are".to_owned());
            return;
        };
        self.streams.extend(stream::of_cpe(&os.cpe));
        let candidates = release::candidates(os);
        let speaks = candidates.iter().find(|candidate| {
            self.ask
                .covers(Place::Distribution {
                    id: &candidate.id,
                    release: &candidate.release,
                })
                .is_some()
        });
        let Some(speaks) = speaks else {
            let name = candidates.first().map(Release::to_string);
            self.places.why_none = Some(match name {
                Some(name) => format!("the database has no advisories of {name}"),
                None => "its os-release names no distribution".to_owned(),
            });
            return;
        };
        if let Some(note) = speaks.note {
            self.diagnostics.push(Diagnostic::note(None, note));
        }
        self.places.releases.push(speaks.clone());
        if let Some(beside) = release::besides(speaks) {
            let place = Place::Distribution {
                id: &beside.id,
                release: &beside.release,
            };
            if self.ask.covers(place).is_some() {
                self.places.releases.push(beside);
            }
        }
    }

    fn gap(&mut self, group: impl Into<String>, why: impl Into<String>) {
        *self.unknown.entry((group.into(), why.into())).or_default() += 1;
    }

    /// The day on which fixes of the image's release ended, when it is over.
    fn ended(&self) -> Option<Date> {
        let support = self.image.release.as_ref()?.support.as_ref()?;
        let until: Date = support.until.parse().ok()?;
        (until < self.options.today?).then_some(until)
    }

    fn finish(mut self) -> Matched {
        let ended = self.ended();
        if let (Some(until), Some(release)) = (ended, self.places.releases.first()) {
            self.diagnostics.push(Diagnostic::warning(
                None,
                format!(
                    "{release} has had no fixes since {until}: what became known later may be \
                     in it and is not told"
                ),
            ));
        }
        for error in std::mem::take(&mut self.ask.errors) {
            self.diagnostics
                .push(Diagnostic::error(None, error.clone()));
            self.gap("packages that were asked for", error);
        }
        self.found.sort_by(Vulnerability::listing_order);
        self.diagnostics.sort_by(Diagnostic::listing_order);
        Matched {
            vulnerabilities: self.found,
            unknown: self
                .unknown
                .into_iter()
                .map(|((group, why), packages)| VulnerabilityGap {
                    group,
                    packages,
                    why,
                })
                .collect(),
            compared: self.compared,
            ended,
            diagnostics: self.diagnostics,
            feeds: self.ask.feeds(),
        }
    }
}

/// A package's place in the order of questions, behind those of releases.
const REGISTRIES: usize = 8;

/// The key of a registry's place.
fn key_of(kind: PackageType) -> usize {
    REGISTRIES + kind as usize
}

/// Whether a package is none that a feed can speak of: a key that rpm keeps
/// among its packages.
fn is_none(package: &ImagePackage) -> bool {
    package.package.kind == PackageType::Rpm && package.package.name == "gpg-pubkey"
}

#[cfg(test)]
mod tests;
