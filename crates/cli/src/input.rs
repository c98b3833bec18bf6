//! From the paths a user names to the bytes of files.

mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_assess::{InputFile, Purpose};
use plimsoll_model::wire::{GapReport, GapState};
use rayon::prelude::*;

use crate::{
    bounded,
    context::Context,
    exit::{Failure, fail},
    progress::Progress,
};
use walk::Walk;

/// The folder of one's own resources.
pub const OWN_FOLDER: &str = ".plimsoll";

/// What is read.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Objects, and the line unless `goals` gives it.
    pub paths: &'a [PathBuf],
    /// The line alone; empty when it is found among the paths.
    pub goals: &'a [PathBuf],
    /// Files and folders that are left out whatever they hold.
    pub without: &'a [PathBuf],
}

/// What was read.
#[derive(Debug, Default)]
pub struct Input {
    /// The files.
    pub files: Vec<InputFile>,
    /// Where each file is, by its name in reports; nothing for `-`.
    pub places: BTreeMap<Arc<str>, PathBuf>,
    /// What the walk left out and must be counted.
    pub gaps: Vec<GapReport>,
}

/// A file that was found and not read yet.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    path: PathBuf,
    purpose: Purpose,
    /// Whether the user named this very file.
    named: bool,
}

/// Finds and reads everything wanted.
///
/// # Errors
/// A path the user named is not there or can't be read. A file that a folder
/// holds and that can't be read is no error here: it is counted.
pub fn read(context: &Context, wanted: Wanted<'_>) -> Result<Input, Failure> {
    let mut input = Input::default();
    let found = find(context, wanted, &mut input.gaps)?;
    let progress = Progress::start(
        context.stderr,
        context.quiet(),
        "reading files",
        found.len() as u64,
    );
    input.files = found
        .par_iter()
        .map(|found| {
            let content = if found.name == "-" {
                read_stdin(context)
            } else {
                bounded::read_file(&found.path, context.max_file_size)
            };
            progress.step();
            match content {
                Err(reason) if found.named => Err(format!("{}: {reason}", found.name)),
                content => Ok(InputFile {
                    name: found.name.as_str().into(),
                    content,
                    purpose: found.purpose,
                }),
            }
        })
        .collect::<Result<_, String>>()
        .map_err(|message| Failure::Error(anyhow::anyhow!(message)))?;
    for (file, found) in input.files.iter().zip(&found) {
        if &*file.name != "-" {
            input.places.insert(file.name.clone(), found.path.clone());
        }
    }
    Ok(input)
}

fn read_stdin(context: &Context) -> Result<Vec<u8>, String> {
    let stdin = std::io::stdin().lock();
    if stdin.is_terminal() {
        context.note("reading manifests from standard input; end it with Ctrl-D");
    }
    bounded::read_stream(stdin, context.max_file_size)
}

/// Every file once, in order of names.
fn find(
    context: &Context,
    wanted: Wanted<'_>,
    gaps: &mut Vec<GapReport>,
) -> Result<Vec<Found>, Failure> {
    let mut walk = Walk::new(&context.exclude)?;
    for path in wanted.without {
        walk.leave_out(path);
    }
    apart(wanted.goals, wanted.paths)?;
    // The line first: a file that belongs to it is not read as objects, too.
    for path in wanted.goals {
        walk.add(path, Purpose::Line)?;
    }
    if wanted.goals.is_empty() {
        for folder in own_folders(wanted.paths) {
            walk.add(&folder, Purpose::Line)?;
        }
    }
    for path in wanted.paths {
        walk.add(path, Purpose::Estate)?;
    }
    Ok(walk.finish(gaps))
}

/// Refuses a line that would take the objects with it.
///
/// # Errors
/// One of the paths of the line holds one of the objects' paths.
pub fn apart(goals: &[PathBuf], objects: &[PathBuf]) -> Result<(), Failure> {
    for goals in goals {
        if let Some(objects) = objects.iter().find(|objects| covers(goals, objects)) {
            return Err(Failure::Usage(format!(
                "--goals {} holds {}, where the objects are: name a folder that holds the goals \
                 alone, or leave the option out, since goals at PATH are found anyway",
                goals.display(),
                objects.display()
            )));
        }
    }
    Ok(())
}

/// Whether `outer` is `inner` or holds it.
fn covers(outer: &Path, inner: &Path) -> bool {
    if inner == Path::new("-") || outer == Path::new("-") {
        return outer == inner;
    }
    match (fs::canonicalize(outer), fs::canonicalize(inner)) {
        (Ok(outer), Ok(inner)) => inner.starts_with(outer),
        _ => false,
    }
}

/// `.plimsoll` of the working folder and of each root, where they are.
fn own_folders(paths: &[PathBuf]) -> BTreeSet<PathBuf> {
    let roots = paths.iter().map(|path| {
        if path.is_dir() {
            path.as_path()
        } else {
            Path::new(".")
        }
    });
    std::iter::once(Path::new("."))
        .chain(roots)
        .map(|root| root.join(OWN_FOLDER))
        .filter(|folder| folder.is_dir())
        .collect()
}

/// The paths as a report names them; the working folder when there are none.
pub fn named(paths: &[PathBuf]) -> Vec<String> {
    match paths {
        [] => vec![".".to_owned()],
        paths => paths.iter().map(|path| name(path)).collect(),
    }
}

/// The name of a path in reports: with `/`, and without a `./` before it.
pub fn name(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    };
    let mut text = text.as_str();
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/');
    }
    if text.is_empty() {
        ".".to_owned()
    } else {
        text.to_owned()
    }
}

fn gap(path: &Path, state: GapState, reason: &str) -> GapReport {
    GapReport {
        state,
        file: name(path),
        line: 0,
        column: 0,
        reason: reason.to_owned(),
    }
}

/// Why a path can't be looked at.
fn no_path<T>(path: &Path, reason: &str) -> Result<T, Failure> {
    fail(format!("{}: {reason}", name(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_a_user_would_write() {
        let check = |path: &str, expect: &str| assert_eq!(name(Path::new(path)), expect);
        check("./a/b.yaml", "a/b.yaml");
        check("././a.yaml", "a.yaml");
        check("a/b.yaml", "a/b.yaml");
        check("/abs/b.yaml", "/abs/b.yaml");
        check("../b.yaml", "../b.yaml");
        check(".", ".");
        check("./", ".");
    }
}
