//! Changes written into the files, unless a file is no longer what was read.

use std::path::{Path, PathBuf};

use plimsoll_assess::{Changes, FileChange};

use crate::{
    atomic, bounded,
    context::Context,
    exit::{Failure, fail},
    session::Session,
};

/// Writes every file, or none when one of them can't be.
///
/// # Errors
/// A file changed since it was read, is standard input, or can't be written.
pub fn write(context: &Context, session: &Session, changes: &Changes) -> Result<(), Failure> {
    let mut targets: Vec<(PathBuf, &FileChange)> = Vec::new();
    for change in &changes.files {
        targets.push((target(session, change)?, change));
    }
    for (path, change) in &targets {
        unchanged(context, path, change)?;
    }
    for (done, (path, change)) in targets.iter().enumerate() {
        if let Err(error) = atomic::write(path, |out| out.write_all(change.after.as_bytes())) {
            let reason = bounded::words(&error);
            return fail(format!(
                "{}: {reason}; {done} of {} files were written before it",
                change.file,
                targets.len()
            ));
        }
        let steps: Vec<String> = change.steps.iter().map(usize::to_string).collect();
        let what = if change.before.is_some() { "edited" } else { "added" };
        let word = if steps.len() == 1 { "step" } else { "steps" };
        context.note(&format!("{what} {} ({word} {})", change.file, steps.join(", ")));
    }
    Ok(())
}

fn target(session: &Session, change: &FileChange) -> Result<PathBuf, Failure> {
    if &*change.file == "-" {
        return fail(
            "standard input can't be edited: use --diff, or name the files in place of -",
        );
    }
    // A new file's name was made from the name of one that was read.
    Ok(session.place(&change.file).unwrap_or(Path::new(&*change.file)).to_owned())
}

fn unchanged(context: &Context, path: &Path, change: &FileChange) -> Result<(), Failure> {
    match &change.before {
        None if path.exists() => fail(format!(
            "{}: a file of this name is there already, and nothing is written over it: move it away",
            change.file
        )),
        None => Ok(()),
        Some(before) => match bounded::read_file(path, context.max_file_size) {
            Ok(now) if now == before.as_bytes() => Ok(()),
            Ok(_) => fail(format!(
                "{} was changed by someone else since it was read, so nothing was written: run it again",
                change.file
            )),
            Err(reason) => fail(format!("{}: {reason}", change.file)),
        },
    }
}
