//! `plimsoll db import`.

use std::{fs::File, io::Read, path::Path};

use plimsoll_assess::vuln::db::{self, DeltaError, Trust};
use plimsoll_feeds::{import::import, make::replace, mapped::Mapped};

use super::{context, update::made};
use crate::{
    advisories::Place,
    args::{ImportArgs, ShowArgs},
    context::Context,
    exit::{Exit, Failure, fail},
};

pub fn run(show: &ShowArgs, args: ImportArgs) -> Result<Exit, Failure> {
    let context = context(show, args.now)?;
    let place = Place::new(&args.place)?;
    let _lock = place.lock(&context)?;
    let (databases, feeds): (Vec<_>, Vec<_>) =
        args.paths.iter().partition(|path| is_database(path));
    for path in &databases {
        take_database(&context, &place, path)?;
    }
    if feeds.is_empty() {
        return Ok(Exit::Holds);
    }
    let mut failed = 0;
    let mut taken = 0;
    for path in feeds {
        let imported =
            import(&place.store(), path, context.now).or_else(|error| fail(error.to_string()))?;
        for feed in imported {
            match feed.outcome {
                Ok(files) => {
                    taken += 1;
                    context.note(&format!(
                        "{}: {files} files from {}",
                        feed.feed,
                        feed.from.display()
                    ));
                }
                Err(error) => {
                    failed += 1;
                    context.stderr.warning(&error.to_string());
                }
            }
        }
    }
    if taken == 0 {
        return fail("nothing was taken");
    }
    made(&context, &place, args.key.as_deref())?;
    Ok(if failed > 0 {
        Exit::Incomplete
    } else {
        Exit::Holds
    })
}

/// Whether a file begins as a database or a delta does.
fn is_database(path: &Path) -> bool {
    let mut head = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && (head.starts_with(db::MAGIC) || head.starts_with(db::DELTA_MAGIC))
}

/// Puts a database from elsewhere in force, or makes one of a delta. Whose key
/// signed it must be said the first time.
fn take_database(context: &Context, place: &Place, path: &Path) -> Result<(), Failure> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bytes = Mapped::open(path).or_else(|error| fail(error.to_string()))?;
    let keys = place.keys()?;
    if keys.is_empty() {
        return fail(format!(
            "{}: give the key of whoever signed it with --db-key",
            path.display()
        ));
    }
    let trust = Trust::Signed(&keys);
    let whole: Vec<u8> = if bytes.as_ref().starts_with(db::DELTA_MAGIC) {
        let old = place.open(&place.database())?;
        db::apply(&old, bytes.as_ref(), trust).or_else(|error: DeltaError| fail(said(&error)))?
    } else {
        bytes.as_ref().to_vec()
    };
    let opened = db::Database::open(&whole[..], trust).or_else(|error| fail(said(&error)))?;
    opened.verify().or_else(|error| fail(said(&error)))?;
    let signer = keys.iter().find(|key| Some(key.id()) == opened.signed_by());
    replace(&place.database(), &whole).or_else(|error| fail(error.to_string()))?;
    if let Some(key) = signer {
        place.trust(key)?;
    }
    context.note(&format!(
        "{} is in force: {} records",
        path.display(),
        opened.record_count()
    ));
    Ok(())
}
