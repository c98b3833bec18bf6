//! `plimsoll db update`, and making the database of what the store holds.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use plimsoll_assess::vuln::db::SigningKey;
use plimsoll_feeds::{
    keys,
    make::{self, Made},
    sources::{self, Source},
    update::{Hears, Outcome, update},
    vex_repository,
};
use plimsoll_registry::{Options, http::fetch::Fetcher, http::proxy::Proxies};
use rayon::prelude::*;

use super::context;
use crate::{
    advisories::Place,
    args::{ShowArgs, UpdateArgs},
    context::Context,
    exit::{Exit, Failure, fail},
    interrupt, names, output,
    progress::Progress,
};

pub fn run(show: &ShowArgs, args: UpdateArgs) -> Result<Exit, Failure> {
    let context = context(show, args.now)?;
    let year = plimsoll_model::time::date_of(context.now).year();
    let all = sources::all(year);
    if args.list {
        return list(&all);
    }
    let place = Place::new(&args.place)?;
    // A repository that is named is wanted alone; where nothing is named, all that is there is.
    let wanted = match (args.source.as_slice(), args.vex_repo.as_slice()) {
        ([], [_, ..]) => Vec::new(),
        (named, _) => wanted(all, named)?,
    };
    let fetcher = Arc::new(Fetcher::new(Options {
        insecure: args.insecure,
        ca_file: args.ca_file.clone(),
        proxies: Proxies::from_environment(&|name| std::env::var(name).ok()),
        ..Options::default()
    }));
    let stopped = Arc::clone(&fetcher);
    interrupt::before_end(move || stopped.stop());
    let store = place.store();
    let _lock = place.lock(&context)?;
    let results: Vec<_> = {
        let progress = Progress::bytes(context.stderr, context.quiet(), "downloading feeds", 0);
        let hears = Bar(progress.counter());
        let mirror = args.mirror.as_deref();
        wanted
            .par_iter()
            .map(|source| {
                let result = update(&store, source, mirror, &fetcher, context.now, &hears);
                (source.name, result)
            })
            .collect()
    };
    let mut new = 0;
    let mut failed = 0;
    for (name, result) in results {
        let outcomes = match result {
            Ok(outcomes) => outcomes,
            Err(error) => return fail(format!("{name}: {error}")),
        };
        for (file, outcome) in outcomes {
            match outcome {
                Outcome::New { bytes } => {
                    new += 1;
                    context.note(&format!(
                        "{name}: {file} is new, {}",
                        plimsoll_report::image::bytes(bytes)
                    ));
                }
                Outcome::Unchanged => {}
                Outcome::Failed { error, kept } => {
                    failed += 1;
                    let kept = match kept {
                        Some(time) => format!("the copy of {time} stays in force"),
                        None => "there is no earlier copy".to_owned(),
                    };
                    context
                        .stderr
                        .warning(&format!("{name}: {file}: {error}; {kept}"));
                }
            }
        }
    }
    failed += repositories(&context, &place, &args, &fetcher)?;
    if !wanted.is_empty() {
        if new == 0 && failed == 0 {
            context.note("no feed has anything new");
        }
        // Also then: what was checked is as fresh as the check.
        made(&context, &place, args.key.as_deref())?;
    }
    Ok(if failed > 0 {
        Exit::Incomplete
    } else {
        Exit::Holds
    })
}

/// Has what is new of VEX repositories: those that are named, else those that are
/// there. How many could not be had.
fn repositories(
    context: &Context,
    place: &Place,
    args: &UpdateArgs,
    fetcher: &Fetcher,
) -> Result<usize, Failure> {
    let mut urls = args.vex_repo.clone();
    if urls.is_empty() && args.source.is_empty() {
        let kept = vex_repository::all(&place.folder).or_else(|error| fail(error.to_string()))?;
        urls.extend(kept.into_iter().map(|about| about.url));
    }
    let mut failed = 0;
    for url in urls {
        let told = {
            let progress = Progress::bytes(
                context.stderr,
                context.quiet(),
                "downloading VEX repositories",
                0,
            );
            let counter = progress.counter();
            vex_repository::update(&place.folder, &url, fetcher, context.now, &|count| {
                counter.fetch_add(count, Ordering::Relaxed);
            })
        };
        match told {
            Ok(vex_repository::Outcome::Unchanged(_)) => {
                context.note(&format!("{url}: it has nothing new"));
            }
            Ok(vex_repository::Outcome::New(about)) => {
                context.note(&format!(
                    "{url}: {} packages have a document in it",
                    about.packages
                ));
                if let Some(problem) = about.problems.first() {
                    context
                        .stderr
                        .warning(&format!("{url}: not all of it could be read: {problem}"));
                }
            }
            Err(plimsoll_feeds::Error::Cancelled) => return fail("stopped"),
            Err(error) => {
                failed += 1;
                let about = vex_repository::about(&place.folder, &url).ok().flatten();
                let kept = match about.and_then(|about| about.archive.checked) {
                    Some(time) => format!("the copy of {time} stays in force"),
                    None => "there is no earlier copy".to_owned(),
                };
                context.stderr.warning(&format!("{url}: {error}; {kept}"));
            }
        }
    }
    Ok(failed)
}

struct Bar(Arc<AtomicU64>);

impl Hears for Bar {
    fn bytes(&self, _: &str, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }
}

fn wanted(all: Vec<Source>, named: &[String]) -> Result<Vec<Source>, Failure> {
    for name in named {
        if !all.iter().any(|source| source.name == name) {
            let near = names::did_you_mean(name, all.iter().map(|source| source.name));
            return fail(format!(
                "there is no feed `{name}`{near} `plimsoll db update --list` has all"
            ));
        }
    }
    Ok(all
        .into_iter()
        .filter(|source| named.is_empty() || named.iter().any(|name| name == source.name))
        .collect())
}

fn list(all: &[Source]) -> Result<Exit, Failure> {
    output::stdout(|out| {
        for source in all {
            writeln!(
                out,
                "{:<24} {} ({})",
                source.name, source.about, source.licence
            )?;
            let shown = source.parts.first().map_or("", |part| part.url.as_str());
            let more = match source.parts.len() {
                0 | 1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            writeln!(out, "{:<24}   {shown}{more}", "")?;
        }
        Ok(())
    })?;
    Ok(Exit::Holds)
}

/// Makes the database of what the store holds, and says what came of it.
///
/// # Errors
/// It can't be made.
pub fn made(context: &Context, place: &Place, key: Option<&Path>) -> Result<Made, Failure> {
    let key: SigningKey = match key {
        Some(path) => keys::signing(path),
        None => keys::own(&place.folder),
    }
    .or_else(|error| fail(error.to_string()))?;
    let made = {
        let _progress = Progress::start(context.stderr, context.quiet(), "making the database", 0);
        make::make(&place.store(), &place.database(), Some(&key), &|_| {})
    }
    .or_else(|error| match error {
        plimsoll_feeds::Error::NoFeeds if place.database().is_file() => {
            fail(format!("{error}: the one that is there stays as it is"))
        }
        error => fail(error.to_string()),
    })?;
    for feed in &made.feeds {
        for problem in &feed.problems {
            context
                .stderr
                .warning(&format!("{}: {problem}", feed.info.name));
        }
        if feed.info.skipped > 0 {
            let first = feed.skipped.first().map_or_else(String::new, |skipped| {
                format!(
                    ", such as {} {}: {}",
                    skipped.file, skipped.record, skipped.reason
                )
            });
            context.stderr.warning(&format!(
                "{}: {} records were passed over{first}",
                feed.info.name, feed.info.skipped
            ));
        }
    }
    let records: u64 = made.feeds.iter().map(|feed| feed.info.records).sum();
    context.note(&format!(
        "wrote {}: {records} records of {} feeds, {}",
        place.database().display(),
        made.feeds.len(),
        plimsoll_report::image::bytes(made.bytes)
    ));
    Ok(made)
}
