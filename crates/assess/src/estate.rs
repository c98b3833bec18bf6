//! From files to an estate: the inventory of what is there, the line that was
//! drawn, and an honest account of what could not be read.

use std::{collections::BTreeSet, sync::Arc};

use plimsoll_inventory::{Inventory, Settings};
use plimsoll_manifest::{Document, Limits, LoadError, Loaded, Source};
use plimsoll_model::{
    AssetFacts, CoverageLinks, Diagnostic, Location, Timestamp, resource,
    wire::{CoverageReport, GapReport, GapState},
};
use rayon::prelude::*;

use crate::{Advisories, Line, LookedInto, kustomize, unread};

/// Parts of one file that are read as one piece of parallel work.
const PARTS_AT_ONCE: usize = 512;

/// How many places of an object that is written several times are named.
const NAMED: usize = 5;

/// A file as the edge read it.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Its name as the user would write it; `-` for standard input.
    pub name: Arc<str>,
    /// Its bytes, or why it could not be read.
    pub content: Result<Vec<u8>, String>,
    /// What it was read for.
    pub purpose: Purpose,
}

/// What a file was read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The estate: objects and, unless a line is given apart, resources.
    Estate,
    /// The line: resources only.
    Line,
}

/// What holds for the whole estate.
#[derive(Clone, Debug)]
pub struct EstateOptions {
    /// The name of the cluster the objects belong to.
    pub cluster: Arc<str>,
    /// The namespace of objects that name none.
    pub default_namespace: Arc<str>,
    /// The clock of the run.
    pub now: Timestamp,
    /// How much of each file is read at most.
    pub limits: Limits,
    /// Whether resources count only where the file was read for the line.
    pub line_given: bool,
}

/// Everything that was read.
#[derive(Debug)]
pub struct Estate {
    /// The objects and their relations.
    pub inventory: Inventory,
    /// The line.
    pub line: Line,
    /// What of the input was read.
    pub coverage: CoverageReport,
    /// Assets that must be there but could not be read.
    pub unread: Vec<AssetFacts>,
    /// What must be said about the input.
    pub diagnostics: Vec<Diagnostic>,
    /// The cluster's name.
    pub cluster: Arc<str>,
    /// The images its workloads name, where someone looked into them.
    pub images: Vec<LookedInto>,
    /// What their packages are compared with; none when nobody gave any.
    pub advisories: Option<Advisories>,
    /// Who observes which asset; none when nobody looked.
    pub observed_by: Option<Arc<CoverageLinks>>,
}

impl Estate {
    /// Nothing yet.
    pub(crate) fn new(options: &EstateOptions) -> Self {
        Estate {
            inventory: Inventory::new(Settings {
                cluster: options.cluster.clone(),
                default_namespace: options.default_namespace.clone(),
                source: "files".into(),
                observed_at: options.now,
            }),
            line: Line::default(),
            coverage: CoverageReport::default(),
            unread: Vec::new(),
            diagnostics: Vec::new(),
            cluster: options.cluster.clone(),
            images: Vec::new(),
            advisories: None,
            observed_by: None,
        }
    }

    /// The names of images in its workloads, each once, in order.
    pub fn image_names(&self) -> BTreeSet<Arc<str>> {
        let facts = self.inventory.all_facts();
        facts.into_iter().flat_map(|asset| asset.images).collect()
    }
}

/// Reads files into an estate. Fails never: what can't be read is counted.
pub fn load(files: Vec<InputFile>, options: &EstateOptions) -> Estate {
    let mut estate = Estate::new(options);
    let mut read: Vec<Read> = files
        .into_par_iter()
        .map(|file| read_file(file, &options.limits))
        .collect();
    // The order of files given must not show in the result.
    read.sort_by(|a, b| a.name.cmp(&b.name));

    let mut patches = BTreeSet::new();
    for file in &read {
        for document in file.documents() {
            if kustomize::is_kustomization(document.root()) {
                kustomize::patch_files(&file.name, document.root(), &mut patches);
            }
        }
    }
    let mut ignored = 0;
    for file in read {
        ignored += estate.take(file, &patches, options);
    }
    if ignored > 0 {
        estate.diagnostics.push(Diagnostic::note(
            None,
            format!(
                "{ignored} of Plimsoll's resources among the manifests are not used, since the line is given by --goals"
            ),
        ));
    }
    let Estate {
        line, diagnostics, ..
    } = &mut estate;
    line.settle(diagnostics);
    for (object, places) in estate.inventory.duplicates() {
        let named: Vec<String> = places.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match places.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        estate.diagnostics.push(Diagnostic::warning(
            places.first().cloned(),
            format!(
                "{object} is written in {} places: {}{more}. Each is judged, and they are one asset",
                places.len(),
                named.join(", ")
            ),
        ));
    }
    estate.coverage.gaps.sort_by(|a, b| {
        (a.state, &a.file, a.line, a.column).cmp(&(b.state, &b.file, b.line, b.column))
    });
    estate
}

struct Read {
    name: Arc<str>,
    purpose: Purpose,
    loaded: Result<Loaded, Failure>,
}

enum Failure {
    /// The edge could not read the bytes.
    Io(String),
    /// The bytes are no text, or too many.
    Load(LoadError),
}

impl Read {
    fn documents(&self) -> &[Document] {
        self.loaded.as_ref().map_or(&[], |loaded| &loaded.documents)
    }
}

fn read_file(file: InputFile, limits: &Limits) -> Read {
    let InputFile {
        name,
        content,
        purpose,
    } = file;
    let loaded = match content {
        Err(reason) => Err(Failure::Io(reason)),
        Ok(bytes) => match Source::new(name.clone(), bytes, limits) {
            Err(error) => Err(Failure::Load(error)),
            Ok(source) => Ok(load_parallel(&source, limits)),
        },
    };
    Read {
        name,
        purpose,
        loaded,
    }
}

/// A file of many documents is read by several threads.
fn load_parallel(source: &Arc<Source>, limits: &Limits) -> Loaded {
    let parts: Vec<_> = plimsoll_manifest::split(source).collect();
    if parts.len() <= PARTS_AT_ONCE {
        return plimsoll_manifest::load(source, limits);
    }
    let pieces: Vec<Loaded> = parts
        .par_chunks(PARTS_AT_ONCE)
        .map(|parts| plimsoll_manifest::load_parts(source, parts, limits))
        .collect();
    let mut whole = Loaded::default();
    for piece in pieces {
        whole.append(piece);
    }
    whole
}

impl Estate {
    /// Takes over one file; returns how many resources it did not use.
    fn take(&mut self, file: Read, patches: &BTreeSet<String>, options: &EstateOptions) -> u64 {
        let name = file.name;
        let loaded = match file.loaded {
            Ok(loaded) => loaded,
            Err(Failure::Io(reason)) => {
                self.fail_whole(&name, 0, 0, reason, options);
                return 0;
            }
            Err(Failure::Load(error)) => {
                let Place { line, column } = place(&error);
                self.fail_whole(&name, line, column, words(&error), options);
                return 0;
            }
        };
        self.coverage.files += 1;
        let mut ignored = 0;
        for document in loaded.documents {
            let place = document.root().place();
            if resource::is_resource(&document) {
                if file.purpose == Purpose::Line || !options.line_given {
                    self.line.add(&document, &mut self.diagnostics);
                } else {
                    ignored += 1;
                }
            } else if file.purpose == Purpose::Line {
                self.skip(
                    &name,
                    place.line,
                    place.column,
                    "it stands among the goals but is none of Plimsoll's resources",
                );
            } else if kustomize::is_kustomization(document.root()) {
                self.skip(&name, place.line, place.column, "it is a kustomization; what it builds is judged when it is built: `kustomize build | plimsoll check -`");
            } else if patches.contains(&*name) {
                self.skip(
                    &name,
                    place.line,
                    place.column,
                    "it is a patch of a kustomization, not an object by itself",
                );
            } else {
                self.coverage.read += 1;
                self.inventory.insert(document);
            }
        }
        for skipped in loaded.skipped {
            let reason = skipped.reason.to_string();
            self.skip(
                &name,
                skipped.place.line,
                skipped.place.column,
                &format!("{reason}: no Kubernetes object"),
            );
        }
        for (index, error) in loaded.errors.iter().enumerate() {
            let at = place(error);
            if file.purpose == Purpose::Line {
                self.diagnostics.push(Diagnostic::error(
                    Some(location(error)),
                    error.kind.to_string(),
                ));
            } else {
                self.unread
                    .push(unread::failed(&name, index, error, options));
            }
            self.gap(GapState::Failed, &name, at.line, at.column, words(error));
        }
        if let Some(template) = loaded.not_rendered {
            for (index, guess) in template.guesses.iter().enumerate() {
                self.unread
                    .push(unread::not_rendered(&name, index, guess, options));
            }
            let reason = format!(
                "{}; render the chart and check what it gives: `helm template . | plimsoll check -`",
                template.reason
            );
            self.gap(
                GapState::NotRendered,
                &name,
                template.place.line,
                template.place.column,
                reason,
            );
        }
        ignored
    }

    fn fail_whole(
        &mut self,
        name: &Arc<str>,
        line: u32,
        column: u32,
        reason: String,
        options: &EstateOptions,
    ) {
        self.unread.push(unread::file(name, &reason, options));
        self.gap(GapState::Failed, name, line, column, reason);
    }

    fn skip(&mut self, file: &str, line: u32, column: u32, reason: &str) {
        self.gap(GapState::Skipped, file, line, column, reason.to_owned());
    }

    fn gap(&mut self, state: GapState, file: &str, line: u32, column: u32, reason: String) {
        match state {
            GapState::Skipped => self.coverage.skipped += 1,
            GapState::NotRendered => self.coverage.not_rendered += 1,
            GapState::Failed => self.coverage.failed += 1,
            GapState::Unmatched => self.coverage.unmatched += 1,
        }
        self.coverage.gaps.push(GapReport {
            state,
            file: file.to_owned(),
            line,
            column,
            reason,
        });
    }
}

use plimsoll_manifest::Place;

fn place(error: &LoadError) -> Place {
    error.place
}

fn location(error: &LoadError) -> Location {
    Location {
        file: error.file.clone(),
        line: error.place.line,
        column: error.place.column,
        span: error.span,
    }
}

/// The error without its first place, which the gap carries by itself.
fn words(error: &LoadError) -> String {
    match &error.other {
        Some((place, what)) => format!("{} ({what} is at {place})", error.kind),
        None => error.kind.to_string(),
    }
}
