//! `plimsoll db info` and `verify`.

use plimsoll_assess::vuln::lookup::{Lookup, Place as Origin};
use plimsoll_feeds::vex_repository;
use plimsoll_model::Timestamp;
use plimsoll_report::Format;
use serde_json::json;

use super::context;
use crate::{
    advisories::Place,
    args::{DbInfoArgs, ShowArgs, TABLES, VerifyArgs},
    exit::{Exit, Failure, fail},
    output::{self, Outputs},
};

pub fn run(show: &ShowArgs, args: DbInfoArgs) -> Result<Exit, Failure> {
    let context = context(show, args.now)?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let place = Place::new(&args.place)?;
    let file = args.db.clone().unwrap_or_else(|| place.database());
    let db = place.open(&file)?;
    let size = std::fs::metadata(&file).map_or(0, |file| file.len());
    let signer = db.signed_by().map(|key| key.to_string());
    let repositories =
        vex_repository::all(&place.folder).or_else(|error| fail(error.to_string()))?;
    outputs.write(&context, |format, _, out| {
        if format == Format::Json {
            let places: Vec<String> = db.places().map(told).collect();
            let value = json!({
                "file": file.display().to_string(),
                "bytes": size,
                "signedBy": signer,
                "records": db.record_count(),
                "leftOut": db.left_out(),
                "feeds": db.feeds(),
                "places": places,
                "vexRepositories": repositories,
            });
            serde_json::to_writer_pretty(&mut *out, &value)?;
            return writeln!(out);
        }
        writeln!(out, "file      {}", file.display())?;
        writeln!(out, "size      {}", plimsoll_report::image::bytes(size))?;
        writeln!(
            out,
            "signed    by key {}",
            signer.as_deref().unwrap_or("of nobody")
        )?;
        writeln!(out, "records   {}", db.record_count())?;
        if db.left_out() > 0 {
            writeln!(
                out,
                "left out  {} statements that did not fit",
                db.left_out()
            )?;
        }
        writeln!(out, "places    {}", db.places().count())?;
        writeln!(out)?;
        writeln!(
            out,
            "{:<28} {:>9} {:>8}  as of",
            "feed", "records", "skipped"
        )?;
        for feed in db.feeds() {
            let age = feed.as_of.map_or_else(
                || "not known".to_owned(),
                |as_of| {
                    let day = plimsoll_model::time::date_of(as_of);
                    format!("{day}, {}", age(as_of, context.now))
                },
            );
            writeln!(
                out,
                "{:<28} {:>9} {:>8}  {age}",
                feed.name, feed.records, feed.skipped
            )?;
        }
        if !repositories.is_empty() {
            writeln!(out)?;
            writeln!(out, "{:<46} {:>9}  as of", "VEX repository", "packages")?;
        }
        for about in &repositories {
            let age = about.updated.or(about.archive.checked).map_or_else(
                || "not known".to_owned(),
                |as_of| {
                    let day = plimsoll_model::time::date_of(as_of);
                    format!("{day}, {}", age(as_of, context.now))
                },
            );
            writeln!(
                out,
                "{:<46} {:>9}  {age}",
                crate::term::printable(&about.url),
                about.packages
            )?;
        }
        Ok(())
    })?;
    Ok(Exit::Holds)
}

/// `3 days old`.
fn age(as_of: Timestamp, now: Timestamp) -> String {
    match (now.as_second() - as_of.as_second()) / 86_400 {
        ..=0 => "of today".to_owned(),
        1 => "1 day old".to_owned(),
        days => format!("{days} days old"),
    }
}

/// A place in words.
fn told(place: Origin<'_>) -> String {
    match place {
        Origin::Distribution { id, release: "" } => id.to_owned(),
        Origin::Distribution { id, release } => format!("{id} {release}"),
        Origin::Registry(kind) => kind.to_string(),
        Origin::Program => "programs".to_owned(),
    }
}

pub fn verify(show: &ShowArgs, args: VerifyArgs) -> Result<Exit, Failure> {
    let _ = context(show, None)?;
    let place = Place::new(&args.place)?;
    let file = args.db.clone().unwrap_or_else(|| place.database());
    let db = place.open(&file)?;
    db.verify()
        .or_else(|error| fail(format!("{}: {error}", file.display())))?;
    let signer = db
        .signed_by()
        .map_or_else(String::new, |key| key.to_string());
    output::stdout(|out| {
        writeln!(
            out,
            "{}: whole, signed by key {signer}, {} records of {} feeds",
            file.display(),
            db.record_count(),
            db.feeds().len()
        )
    })?;
    Ok(Exit::Holds)
}
