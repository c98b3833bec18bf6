//! `plimsoll image rematch`, and the store it works on.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use plimsoll_assess::{Advisories, Statements, matched, vuln::matching};
use plimsoll_feeds::rematch::{ImageChange, Rematched, Said, rematch};
use plimsoll_model::{AssetId, Finding, Severity, Suppression, Timestamp, image::Image};
use plimsoll_registry::sboms::{self, DEFAULT_MOST, Sboms, Stored};
use plimsoll_report::Format;
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::{
    advisories::{self, Place},
    args::{AdvisoryArgs, ImageRematchArgs, InputArgs, ShowArgs, StoreArgs, TABLES},
    context::Context,
    exit::{Exit, Failure, fail},
    output::Outputs,
};

/// The store; none where there is no folder for it.
pub(super) fn store(args: &StoreArgs) -> Option<Sboms> {
    let variable = |name: &str| std::env::var(name).ok();
    let folder = args.store_dir.clone();
    let folder = folder.or_else(|| sboms::usual_folder(&variable))?;
    Some(Sboms::new(folder, DEFAULT_MOST))
}

/// Keeps what is in an image, what was found in it by comparing it with the
/// database of this identity, and by which chain of layers it is known.
pub fn keep<'a>(
    context: &Context,
    args: &StoreArgs,
    image: &Image,
    findings: impl Iterator<Item = &'a Finding>,
    compared: String,
) {
    let (Some(store), Some(id)) = (store(args), sboms::id(image)) else {
        return;
    };
    let found: BTreeSet<(String, String, String)> = findings
        .filter_map(|finding| finding.vulnerability.as_deref())
        .map(|v| {
            let package = &v.package;
            (
                v.id.clone(),
                package.lineage.clone(),
                package.version.clone(),
            )
        })
        .collect();
    let stored = Stored {
        image: image.clone(),
        at: context.now,
        compared,
        found: found.into_iter().collect(),
    };
    let kept = store.put(&id, &stored);
    if let Err(error) = kept.and_then(|()| store.chains().learn(image)) {
        context.stderr.warning(&format!(
            "{}: what is in the image can't be kept there: {error}",
            store.folder().display()
        ));
    }
}

pub fn run(show: &ShowArgs, args: ImageRematchArgs) -> Result<Exit, Failure> {
    let context = Context::new(show, &InputArgs::of_run(args.now, None))?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let Some(store) = store(&args.store) else {
        return fail("there is no folder for data: set XDG_DATA_HOME or HOME, or give --store-dir");
    };
    let place = Place::new(&args.place)?;
    let file = args.db.clone().unwrap_or_else(|| place.database());
    let said = AdvisoryArgs {
        vex: args.vex.clone(),
        vex_repo: args.vex_repo.clone(),
        ignore_file: args.ignore_file.clone(),
        ..AdvisoryArgs::of(args.db.clone(), args.place.clone())
    };
    let said = advisories::statements::read(&context, &said, &place)?;
    let mut advisories = Advisories {
        db: Arc::new(place.open(&file)?),
        options: matching::Options::default(),
        statements: Arc::new(Statements::default()),
    };
    let db = place.open(&file)?;
    // What others say is laid on what is new: it changes what counts, not what is
    // there.
    let bare = advisories.clone();
    let match_image = |image: &Image| matched(image, &bare, context.now);
    let keys = place.keys()?;
    let done = rematch(&store, (&db, &file), &keys, &match_image, context.now)
        .or_else(|error| fail(error.to_string()))?;
    for path in &done.damaged {
        context.stderr.warning(&format!(
            "{}: this image can't be read and is not compared: scan it again",
            path.display()
        ));
    }
    advisories.statements = Arc::new(said);
    let done = Told {
        suppressed: suppressed(&store, &done, &advisories, context.now),
        done,
    };
    outputs.write(&context, |format, _, out| match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &wire(&done, context.now))?;
            writeln!(out)
        }
        _ => table(&done, out),
    })?;
    let is_bad = |said: &Said| {
        args.fail_on
            .is_some_and(|least| said.severity.is_some_and(|severity| severity >= least))
    };
    let fails = done.changes.iter().any(|change| {
        let mut counted = change.new.iter();
        counted.any(|(said, _)| is_bad(said) && done.by_whom(&change.image, said).is_none())
    });
    Ok(if fails {
        Exit::Fails
    } else if done.damaged.is_empty() && done.unknown.is_empty() {
        Exit::Holds
    } else {
        Exit::Incomplete
    })
}

/// What came of it, with who says of what is new that it does not count.
struct Told {
    done: Rematched,
    suppressed: BTreeMap<AssetId, BTreeMap<Key, Suppression>>,
}

/// Vulnerability, package without its version, version.
type Key = (String, String, String);

impl std::ops::Deref for Told {
    type Target = Rematched;

    fn deref(&self) -> &Rematched {
        &self.done
    }
}

impl Told {
    /// Who says that this does not count in an image.
    fn by_whom(&self, image: &AssetId, said: &Said) -> Option<&Suppression> {
        let key = (said.id.clone(), said.package.clone(), said.version.clone());
        self.suppressed.get(image)?.get(&key)
    }
}

/// What others say of what is new. A statement may be about one image and none
/// other: each that has something new is looked at as a whole.
fn suppressed(
    store: &Sboms,
    done: &Rematched,
    advisories: &Advisories,
    now: Timestamp,
) -> BTreeMap<AssetId, BTreeMap<Key, Suppression>> {
    let said = &advisories.statements;
    if said.vex.is_empty() && said.ignore.is_empty() && said.repositories.is_empty() {
        return BTreeMap::new();
    }
    let with_new = done
        .changes
        .par_iter()
        .filter(|change| !change.new.is_empty());
    with_new
        .filter_map(|change| {
            let stored = store.get(&change.image)?;
            let found = matched(&stored.image, advisories, now).vulnerabilities;
            let of_image: BTreeMap<Key, Suppression> = found
                .into_iter()
                .filter_map(|v| {
                    let by = v.suppressed.into_iter().next()?;
                    Some(((v.id, v.package.lineage, v.package.version), by))
                })
                .collect();
            (!of_image.is_empty()).then(|| (change.image.clone(), of_image))
        })
        .collect()
}

fn table(done: &Told, out: &mut dyn io::Write) -> io::Result<()> {
    for change in &done.changes {
        writeln!(out, "{}", change.image)?;
        for (said, seen) in &change.new {
            write!(out, "  + {}, first seen {}", line(said), day(*seen))?;
            match done.by_whom(&change.image, said) {
                Some(by) => writeln!(out, "; suppressed by {}", words(by))?,
                None => writeln!(out)?,
            }
        }
        for said in &change.gone {
            writeln!(out, "  - {}", line(said))?;
        }
    }
    if !done.changes.is_empty() {
        writeln!(out)?;
    }
    let (new, gone) = counts(&done.changes);
    writeln!(
        out,
        "{} images: {} changed, {new} vulnerabilities new, {gone} gone; {} of {} packages matched again",
        done.images,
        done.changes.len(),
        done.matched,
        done.variants
    )?;
    if let Some(why) = done.anew {
        writeln!(out, "all were matched again: {why}")?;
    }
    for (why, packages) in &done.unknown {
        writeln!(out, "unknown: {packages} {why}")?;
    }
    Ok(())
}

fn counts(changes: &[ImageChange]) -> (usize, usize) {
    let new = changes.iter().map(|change| change.new.len()).sum();
    let gone = changes.iter().map(|change| change.gone.len()).sum();
    (new, gone)
}

/// `high CVE-2026-1 pkg:apk/alpine/musl 1.2.4-r2, fixed in 1.2.5-r0`.
fn line(said: &Said) -> String {
    let severity = said.severity.map_or("unrated", Severity::as_str);
    let fixed = said.fixed.as_ref();
    format!(
        "{severity} {} {} {}{}",
        said.id,
        said.package,
        said.version,
        fixed.map_or_else(String::new, |fixed| format!(", fixed in {fixed}"))
    )
}

/// `vex.json (Acme): not_affected, until 2027-01-01`.
fn words(by: &Suppression) -> String {
    let until = by.until.map(|day| format!(", until {day}"));
    format!("{}: {}{}", by.by, by.status, until.unwrap_or_default())
}

fn day(at: Timestamp) -> String {
    plimsoll_model::time::date_of(at).to_string()
}

fn wire(done: &Told, now: Timestamp) -> Value {
    let said = |said: &Said| {
        json!({
            "vulnerability": said.id,
            "package": said.package,
            "version": said.version,
            "severity": said.severity,
            "fixed": said.fixed,
        })
    };
    let changes = done.changes.iter().map(|change| {
        let new = change.new.iter().map(|(new, seen)| {
            let mut value = said(new);
            value["firstSeen"] = json!(seen);
            if let Some(by) = done.by_whom(&change.image, new) {
                value["suppressed"] = json!(by);
            }
            value
        });
        json!({
            "image": change.image,
            "new": new.collect::<Vec<_>>(),
            "gone": change.gone.iter().map(|gone| said(gone)).collect::<Vec<_>>(),
        })
    });
    json!({
        "at": now,
        "images": done.images,
        "added": done.added,
        "forgotten": done.forgotten,
        "damaged": done.damaged,
        "packages": done.variants,
        "matched": done.matched,
        "matchedAll": done.anew,
        "changes": changes.collect::<Vec<_>>(),
        "unknown": done.unknown,
    })
}
