//! What changed in a directory of CSAF documents since its archive was made:
//! each document is a part of its own, which counts before the archive's.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{One, Outcome, one, place};
use crate::{
    Error,
    sources::{At, Part, Source},
    store::About,
};

/// Documents that are had one by one; beyond them, or after so many days, a new
/// archive is worth more.
const MOST_SINGLE: usize = 5_000;
const MOST_DAYS: i64 = 30;
/// Lines of a list that are read.
const MOST_LINES: usize = 2_000_000;

/// Whether a part is a document of its own.
pub(super) fn is_single(part: &str) -> bool {
    part.contains('+')
}

/// Whether the archive that is there is to be kept, and followed from.
pub(super) fn keeps_archive(source: &Source, about: &About, now: Timestamp) -> bool {
    let Some(part) = source.parts.first().filter(|_| source.changes.is_some()) else {
        return false;
    };
    let single = about.parts.keys().filter(|part| is_single(part)).count();
    let made = about
        .parts
        .get(&part.file)
        .and_then(|copy| day_of(&copy.url));
    made.is_some_and(|made| {
        single < MOST_SINGLE && now.duration_since(made).as_hours() < MOST_DAYS * 24
    })
}

/// Has each document that was changed since, oldest first: where it fails, it
/// goes on the next time.
pub(super) fn follow(
    one_of: &One<'_>,
    base: &str,
    about: &mut About,
) -> Result<Vec<(String, Outcome)>, Error> {
    let archive = one_of.source.parts.first();
    let archive = archive.and_then(|part| about.parts.get(&part.file));
    let Some(made) = archive.and_then(|copy| day_of(&copy.url)) else {
        return Ok(Vec::new());
    };
    let since = about.followed.map_or(made, |followed| followed.max(made));
    let mut outcomes = Vec::new();
    let list = |name: &str| -> Result<Vec<(Timestamp, String)>, Error> {
        let text = place::text(one_of.fetcher, &format!("{base}{name}"))?;
        Ok(listed(&text.unwrap_or_default(), since))
    };
    let changes = list("changes.csv")?;
    let deletions = list("deletions.csv")?;
    for (time, path) in changes {
        let part = Part {
            file: path.replace('/', "+"),
            url: format!("{base}{path}"),
            at: At::File,
            optional: true,
        };
        let url = part.url.clone();
        let outcome = one(one_of, &part, &url, about)?;
        about.followed = Some(time);
        about.deleted.remove(&path);
        if matches!(outcome, Outcome::New { .. }) {
            outcomes.push((part.file, outcome));
        }
    }
    for (_, path) in deletions {
        about.parts.remove(&path.replace('/', "+"));
        about.deleted.insert(path);
    }
    Ok(outcomes)
}

/// The day in the name of an archive: `csaf_vex_2024-11-01.tar.zst`.
pub(super) fn day_of(url: &str) -> Option<Timestamp> {
    let name = url.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    let day = stem.get(stem.len().checked_sub(10)?..)?;
    format!("{day}T00:00:00Z").parse().ok()
}

/// The documents of a list (`"2024/cve-2024-1.json","2024-11-01T00:00:00+00:00"`)
/// from a time on, oldest first.
fn listed(text: &str, since: Timestamp) -> Vec<(Timestamp, String)> {
    let mut latest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for line in text.lines().take(MOST_LINES) {
        let mut fields = line.split(',').map(|field| field.trim().trim_matches('"'));
        let (Some(path), Some(time)) = (fields.next(), fields.next()) else {
            continue;
        };
        // What changed in the instant of the last one is asked for again.
        if let Ok(time) = time.parse::<Timestamp>()
            && time >= since
            && path.ends_with(".json")
            && path.contains('/')
            && place::is_below(path)
        {
            let kept = latest.entry(path).or_insert(time);
            *kept = (*kept).max(time);
        }
    }
    let mut all: Vec<_> = latest
        .into_iter()
        .map(|(path, time)| (time, path.to_owned()))
        .collect();
    all.sort();
    all
}

/// Reads the text as a list of what changed.
pub(super) fn any(text: &str) {
    let since = day_of(text).unwrap_or(Timestamp::UNIX_EPOCH);
    for (_, path) in listed(text, since) {
        assert!(place::is_below(&path), "{path}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_followed_from_a_time_on_oldest_first() {
        let text = "\"2024/b.json\",\"2024-11-03T00:00:00+00:00\"\n\
            \"2024/a.json\",\"2024-11-02T00:00:00+00:00\"\n\
            \"2024/b.json\",\"2024-11-01T00:00:00+00:00\"\n\
            \"2024/old.json\",\"2024-01-01T00:00:00+00:00\"\n\
            \"../../etc/x.json\",\"2024-12-01T00:00:00+00:00\"\nnonsense\n";
        let since = day_of("https://x/csaf_vex_2024-11-01.tar.zst").expect("a day");
        let paths: Vec<_> = listed(text, since)
            .into_iter()
            .map(|(_, path)| path)
            .collect();
        assert_eq!(paths, ["2024/a.json", "2024/b.json"]);
        assert_eq!(day_of("x"), None);
    }
}
