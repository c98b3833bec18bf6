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
        unchanged(path, change, context.max_file_size)?;
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
        let what = if change.before.is_some() {
            "edited"
        } else {
            "added"
        };
        let word = if steps.len() == 1 { "step" } else { "steps" };
        context.note(&format!(
            "{what} {} ({word} {})",
            change.file,
            steps.join(", ")
        ));
    }
    Ok(())
}

fn target(session: &Session, change: &FileChange) -> Result<PathBuf, Failure> {
    if &*change.file == "-" {
        return fail("standard input can't be edited: use --diff, or name the files in place of -");
    }
    // A new file's name was made from the name of one that was read.
    Ok(session
        .place(&change.file)
        .unwrap_or(Path::new(&*change.file))
        .to_owned())
}

fn unchanged(path: &Path, change: &FileChange, max: u64) -> Result<(), Failure> {
    match &change.before {
        None if path.exists() => fail(format!(
            "{}: a file of this name is there already, and nothing is written over it: move it away",
            change.file
        )),
        None => Ok(()),
        Some(before) => match bounded::read_file(path, max) {
            Ok(now) if now == before.as_bytes() => Ok(()),
            Ok(_) => fail(format!(
                "{} was changed by someone else since it was read, so nothing was written: run it again",
                change.file
            )),
            Err(reason) => fail(format!("{}: {reason}", change.file)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_someone_else_wrote_is_not_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.yaml");
        let check = |now: Option<&str>, before: Option<&str>, expect: Option<&str>| {
            match now {
                Some(text) => std::fs::write(&path, text).expect("writable"),
                None => std::fs::remove_file(&path).unwrap_or_default(),
            }
            let change = FileChange {
                file: "a.yaml".into(),
                before: before.map(str::to_owned),
                after: "a: 2\n".to_owned(),
                steps: BTreeSet::from([1]),
            };
            let got = unchanged(&path, &change, 100);
            let got = got.err().map(|failure| format!("{failure:?}"));
            match (&got, expect) {
                (None, None) => {}
                (Some(got), Some(expect)) => assert!(got.contains(expect), "{got}"),
                _ => panic!("got {got:?}, expected {expect:?}"),
            }
        };
        check(Some("a: 1\n"), Some("a: 1\n"), None);
        check(
            Some("a: 3\n"),
            Some("a: 1\n"),
            Some("was changed by someone else"),
        );
        check(None, Some("a: 1\n"), Some("there is no such file"));
        check(None, None, None);
        check(Some("mine\n"), None, Some("is there already"));
    }
}
