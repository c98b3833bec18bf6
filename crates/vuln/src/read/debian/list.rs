//! `data/DSA/list`, `data/DLA/list` and `data/DTSA/list` of Debian's security
//! tracker: a headline for each advisory, then its CVEs and its packages.
//!
//! ```text
//! [29 Mar 2023] DSA-5380-1 xorg-server - security update
//!     {CVE-2023-1393}
//!     [bullseye] - xorg-server 2:1.20.11-1+deb11u6
//! ```

use plimsoll_model::{Date, time::start_of};

use super::{
    super::{bounds, record, tree},
    release,
};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Read, State},
};

/// What an advisory is called that is about no vulnerability.
const ROUTINE: [&str; 13] = [
    "acmev2",
    "bugfix",
    "crash fix",
    "database update",
    "end of life",
    "end of support",
    "end-of-life",
    "new package",
    "new timezone",
    "new upstream version",
    "regression",
    "version number correction",
    "end of security support",
];

/// Reads a list.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let text = String::from_utf8_lossy(bytes);
    let mut open: Option<Entry> = None;
    for (number, line) in text.lines().enumerate() {
        if read.records.len() >= bounds::RECORDS {
            tree::skip(
                &mut read,
                file,
                "",
                format!("more than {} records", bounds::RECORDS),
            );
            break;
        }
        let place = || format!("line {}", number + 1);
        if line.trim().is_empty() {
            continue;
        }
        if line.starts_with('[') {
            close(&mut read, file, open.take());
            match headline(line) {
                Ok(entry) => open = Some(entry),
                Err(why) => tree::skip(&mut read, file, &place(), why),
            }
        } else if let Some(entry) = &mut open {
            if let Err(why) = entry.line(line.trim()) {
                tree::skip(
                    &mut read,
                    file,
                    &place(),
                    format!("{}: {why}", entry.advisory.id),
                );
            }
        } else {
            tree::skip(&mut read, file, &place(), "a line of no advisory");
        }
    }
    close(&mut read, file, open.take());
    read
}

struct Entry {
    advisory: Advisory,
    date: Option<Date>,
    description: String,
}

fn close(read: &mut Read<Advisory>, file: &str, entry: Option<Entry>) {
    let Some(Entry {
        advisory,
        description,
        ..
    }) = entry
    else {
        return;
    };
    let said = description.to_lowercase();
    let routine = said == "update" || ROUTINE.iter().any(|word| said.contains(word));
    if advisory.about.is_empty() && routine {
        let why = format!("{description}: it is about no vulnerability");
        tree::skip(read, file, &advisory.id, why);
    } else if advisory.affected.is_empty() {
        tree::skip(read, file, &advisory.id, "it names no package");
    } else {
        read.records.push(advisory);
    }
}

/// `[29 Mar 2023] DSA-5380-1 xorg-server - security update`
fn headline(line: &str) -> Result<Entry, String> {
    let malformed = || format!("no headline of an advisory: {}", bounds::prose(line, 80));
    let (date, rest) = line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
        .ok_or_else(malformed)?;
    let (id, rest) = rest.trim().split_once(' ').ok_or_else(malformed)?;
    if !["DSA-", "DLA-", "DTSA-"]
        .iter()
        .any(|kind| id.starts_with(kind))
    {
        return Err(malformed());
    }
    let feed = if id.starts_with("DLA-") {
        "debian-dla"
    } else {
        "debian-dsa"
    };
    let id = bounds::word(id).map_err(|why| format!("its id {why}"))?;
    let mut advisory = record::advisory(id, feed);
    let date = day(date);
    advisory.source.published = date.map(start_of);
    advisory.summary = bounds::prose(rest, bounds::SUMMARY);
    let description = rest.split_once(" - ").map_or(rest, |(_, text)| text);
    let description = description.trim().to_owned();
    Ok(Entry {
        advisory,
        date,
        description,
    })
}

impl Entry {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(ids) = line.strip_prefix('{') {
            let ids = ids.split('}').next().unwrap_or_default();
            for id in ids.split_whitespace() {
                bounds::at_most(self.advisory.about.len(), bounds::IDS, "CVEs")?;
                record::add_id(&mut self.advisory.about, id);
            }
            return Ok(());
        }
        let Some((codename, rest)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']'))
        else {
            // Notes for those who keep the list.
            return Ok(());
        };
        bounds::at_most(self.advisory.affected.len(), bounds::AFFECTED, "packages")?;
        let release =
            release(codename).ok_or_else(|| format!("a release `{codename}` is not known"))?;
        let rest = rest.trim_start().strip_prefix('-').unwrap_or(rest);
        let mut words = rest.split_whitespace();
        let mut word = |what: &str| {
            let word = bounds::word(words.next().unwrap_or_default());
            word.map_err(|why| format!("{what} {why}"))
        };
        let name = word("the name of a package")?;
        let version = word("a version")?;
        let origin = record::source_package("debian", release, "");
        let bare = |state: State| {
            let found = record::affected(origin.clone(), name.clone(), Scheme::Dpkg, Vec::new());
            Affected { state, ..found }
        };
        let everything = vec![crate::advisory::Range::default()];
        self.advisory.affected.push(match version.as_str() {
            "<not-affected>" => bare(State::NotAffected),
            "<unfixed>" => Affected {
                ranges: everything,
                ..bare(State::Affected)
            },
            "<no-dsa>" | "<postponed>" => Affected {
                ranges: everything,
                ..bare(State::Deferred)
            },
            "<ignored>" => Affected {
                ranges: everything,
                ..bare(State::WillNotFix)
            },
            "<end-of-life>" => Affected {
                ranges: everything,
                ..bare(State::EndOfLife)
            },
            "<undetermined>" => Affected {
                ranges: everything,
                ..bare(State::UnderInvestigation)
            },
            _ if version.starts_with('<') => return Err(format!("`{version}` is not known")),
            _ => {
                let ranges = vec![record::before(version)];
                Affected {
                    fix_published: self.date,
                    ..record::affected(origin, name, Scheme::Dpkg, ranges)
                }
            }
        });
        Ok(())
    }
}

/// `29 Mar 2023`.
fn day(text: &str) -> Option<Date> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let mut words = text.split_whitespace();
    let day: i8 = words.next()?.parse().ok()?;
    let month = words.next()?.to_lowercase();
    let month = MONTHS.iter().position(|name| month.starts_with(name))?;
    let year: i16 = words.next()?.parse().ok()?;
    Date::new(year, i8::try_from(month + 1).ok()?, day).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Origin;

    const LIST: &str = "\
[29 Mar 2023] DSA-5380-1 xorg-server - security update
\t{CVE-2023-1393 CVE-2023-0002}
\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6
\tNOTE: for those who keep the list
[17 Mar 2023] DSA-5356-2 sox - regression update
\t[bullseye] - sox 14.4.2+git20190427-2+deb11u2
[14 Jan 2016] DLA-392-1 virtualbox-ose - security update
\t[squeeze] - virtualbox-ose <end-of-life>
\t[lenny] - virtualbox-ose <not-affected> (Vulnerable code not present)
\t[mars] - virtualbox-ose 1.0
[01 Jan 2010] nonsense
";

    #[test]
    fn advisories_are_read_with_cves_releases_and_dates() {
        let read = read("DSA/list", LIST.as_bytes());
        let ids: Vec<&str> = read.records.iter().map(|a| a.id.as_str()).collect();
        assert_eq!(ids, ["DSA-5380-1", "DLA-392-1"]);
        let first = &read.records[0];
        assert_eq!(first.about, ["CVE-2023-1393", "CVE-2023-0002"]);
        let affected = &first.affected[0];
        assert!(
            matches!(&affected.origin, Origin::Distribution { id, release, source: true, .. }
            if id == "debian" && release == "11")
        );
        assert_eq!(
            affected.ranges,
            [record::before("2:1.20.11-1+deb11u6".into())]
        );
        assert_eq!(
            affected.fix_published.map(|day| day.to_string()),
            Some("2023-03-29".into())
        );
        let states: Vec<State> = read.records[1].affected.iter().map(|a| a.state).collect();
        assert_eq!(states, [State::EndOfLife, State::NotAffected]);
        let skipped: Vec<String> = read
            .skipped
            .iter()
            .map(|skipped| format!("{}: {}", skipped.record, skipped.reason))
            .collect();
        assert_eq!(
            skipped,
            [
                "DSA-5356-2: regression update: it is about no vulnerability",
                "line 10: DLA-392-1: a release `mars` is not known",
                "line 11: no headline of an advisory: [01 Jan 2010] nonsense",
            ]
        );
    }
}
