//! What others say of vulnerabilities: VEX documents and repositories, and lists
//! of what other scanners are told to leave out.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use plimsoll_assess::{
    Statements,
    vuln::{
        ignore,
        vex::{self, repository::Repository},
    },
};
use plimsoll_feeds::vex_repository;

use super::{Place, STALE_DAYS};
use crate::{
    args::AdvisoryArgs,
    bounded,
    context::Context,
    exit::{Failure, fail},
};

/// Reads what others say of vulnerabilities.
///
/// # Errors
/// A file that was named can't be read, or is of no form that is known.
pub fn read(context: &Context, args: &AdvisoryArgs, place: &Place) -> Result<Statements, Failure> {
    let mut statements = Statements::default();
    for path in &args.vex {
        let is_folder = path.is_dir();
        for file in documents(path)? {
            let bytes = bytes(&file)?;
            let name = file.display().to_string();
            match vex::read(&name, &bytes) {
                Ok(document) => {
                    for skipped in &document.skipped {
                        context.stderr.warning(&format!(
                            "{name}: {}: passed over: {}",
                            skipped.record, skipped.reason
                        ));
                    }
                    statements.vex.push(document);
                }
                // Others may lie in a folder beside them.
                Err(error) if is_folder => {
                    context
                        .stderr
                        .warning(&format!("{name}: passed over: {error}"));
                }
                Err(error) => return fail(error.to_string()),
            }
        }
    }
    for named in &args.vex_repo {
        statements
            .repositories
            .push(repository(context, named, place)?);
    }
    for path in &args.ignore_file {
        let name = path.display().to_string();
        let file = ignore::read(&name, &bytes(path)?).or_else(|error| fail(error.to_string()))?;
        for skipped in &file.skipped {
            context.stderr.warning(&format!(
                "{name}: {}: hides nothing: {}",
                skipped.record, skipped.reason
            ));
        }
        statements.ignore.push(file);
    }
    Ok(statements)
}

/// The file, or the JSON files right in the folder, sorted.
fn documents(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let listed = std::fs::read_dir(path).and_then(|entries| {
        entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<Vec<_>>>()
    });
    let mut files = match listed {
        Ok(files) => files,
        Err(error) => return fail(format!("{}: {error}", path.display())),
    };
    files.retain(|file| file.extension().is_some_and(|end| end == "json"));
    files.sort();
    Ok(files)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded::read_file(path, MOST_STATEMENTS)
        .or_else(|error| fail(format!("{}: {error}", path.display())))
}

/// Bytes of one document of statements.
const MOST_STATEMENTS: u64 = 64 << 20;

/// Opens a VEX repository: the copy of the one at an address, a folder or an archive.
fn repository(
    context: &Context,
    named: &str,
    place: &Place,
) -> Result<Arc<dyn Repository>, Failure> {
    let shelf = if named.contains("://") {
        let (shelf, about) = vex_repository::kept(&place.folder, named)
            .or_else(|error| fail(format!("--vex-repo: {error}")))?;
        if let Some(checked) = about.archive.checked {
            let days = (context.now.as_second() - checked.as_second()) / 86_400;
            if days > STALE_DAYS {
                context.stderr.warning(&format!(
                    "{named}: nobody asked it for {days} days: `plimsoll db update --vex-repo \
                     {named}` has what is new"
                ));
            }
        }
        shelf
    } else {
        vex_repository::local(Path::new(named))
            .or_else(|error| fail(format!("--vex-repo: {error}")))?
    };
    if let Some(problem) = shelf.problems().first() {
        context.stderr.warning(&format!(
            "{named}: {} entries of its index were passed over, such as {problem}",
            shelf.problems().len()
        ));
    }
    Ok(Arc::new(shelf))
}
