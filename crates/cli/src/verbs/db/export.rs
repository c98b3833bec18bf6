//! `plimsoll db export` and `sign`.

use plimsoll_assess::vuln::db;
use plimsoll_feeds::{keys, make::replace, mapped::Mapped};

use super::{context, update::made};
use crate::{
    advisories::Place,
    args::{ExportArgs, ShowArgs, SignArgs},
    exit::{Exit, Failure, fail},
    output,
};

pub fn run(show: &ShowArgs, args: ExportArgs) -> Result<Exit, Failure> {
    let context = context(show, None)?;
    let place = Place::new(&args.place)?;
    let file = place.database();
    let new = place.open(&file)?;
    new.verify()
        .or_else(|error| fail(format!("{}: {error}", file.display())))?;
    let written = match &args.since {
        None => {
            let bytes = Mapped::open(&file).or_else(|error| fail(error.to_string()))?;
            replace(&args.target, bytes.as_ref())
        }
        Some(since) => {
            let old = place.open(since)?;
            let delta = db::delta(&old, &new).or_else(|error| fail(error.to_string()))?;
            replace(&args.target, &delta)
        }
    };
    written.or_else(|error| fail(error.to_string()))?;
    let key = new
        .signed_by()
        .map_or_else(String::new, |key| key.to_string());
    context.note(&format!(
        "wrote {}, signed by key {key}; who takes it needs that key's public half",
        args.target.display()
    ));
    Ok(Exit::Holds)
}

pub fn sign(show: &ShowArgs, args: SignArgs) -> Result<Exit, Failure> {
    let context = context(show, None)?;
    let place = Place::new(&args.place)?;
    let key = if args.key.exists() {
        keys::signing(&args.key)
    } else {
        keys::make(&args.key)
    }
    .or_else(|error| fail(error.to_string()))?;
    let public = key.public();
    let _lock = place.lock(&context)?;
    made(&context, &place, Some(&args.key))?;
    // This machine goes on using what it made.
    place.trust(&public)?;
    output::stdout(|out| writeln!(out, "{public}"))?;
    Ok(Exit::Holds)
}
