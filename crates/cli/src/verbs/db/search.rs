//! `plimsoll db search`.

use std::sync::Arc;

use plimsoll_assess::vuln::{
    advisory::{Advisory, Affected, End, Origin},
    lookup::Lookup,
};
use plimsoll_report::Format;
use serde_json::json;

use super::context;
use crate::{
    advisories::Place,
    args::{SearchArgs, ShowArgs, TABLES},
    exit::{Exit, Failure, fail},
    output::Outputs,
};

/// Advisories that are shown.
const MOST: usize = 200;

pub fn run(show: &ShowArgs, args: SearchArgs) -> Result<Exit, Failure> {
    let context = context(show, None)?;
    let outputs = Outputs::new(&context, &args.output.output, &TABLES)?;
    let place = Place::new(&args.place)?;
    let file = args.db.clone().unwrap_or_else(|| place.database());
    let db = place.open(&file)?;
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let what = args.what.trim();
    let mut found: Vec<Arc<Advisory>> = db.naming(what).or_else(|error| fail(said(&error)))?;
    let by_name = found.is_empty();
    if by_name {
        let packages = db.packages().or_else(|error| fail(said(&error)))?;
        for package in packages {
            let package = package.or_else(|error| fail(said(&error)))?;
            if !package.name.eq_ignore_ascii_case(what) {
                continue;
            }
            let entries = db
                .about(package.place.as_place(), &package.name)
                .or_else(|error| fail(said(&error)))?;
            found.extend(entries.into_iter().map(|entry| entry.advisory));
        }
    }
    if found.is_empty() {
        return fail(format!(
            "nothing in the database goes by `{what}`: no vulnerability and no package"
        ));
    }
    found.sort_by(|a, b| (&a.source.feed, &a.id).cmp(&(&b.source.feed, &b.id)));
    let total = found.len();
    found.truncate(MOST);
    let exploitation = db.exploitation(what).or_else(|error| fail(said(&error)))?;
    outputs.write(&context, |format, _, out| {
        if format == Format::Json {
            let value = json!({
                "advisories": found.iter().map(|a| &**a).collect::<Vec<_>>(),
                "exploitation": exploitation,
                "total": total,
            });
            serde_json::to_writer_pretty(&mut *out, &value)?;
            return writeln!(out);
        }
        if let Some(known) = &exploitation {
            if let Some(kev) = &known.kev {
                let due = kev
                    .due
                    .map_or_else(String::new, |due| format!(", due {due}"));
                writeln!(
                    out,
                    "exploited  CISA KEV since {}{due}: {}",
                    kev.added, kev.name
                )?;
            }
            if let Some(epss) = &known.epss {
                writeln!(
                    out,
                    "predicted  EPSS {:.5}, percentile {:.5}",
                    epss.score, epss.percentile
                )?;
            }
        }
        for advisory in &found {
            writeln!(out, "{}  ({})", advisory.id, advisory.source.feed)?;
            let names: Vec<&str> = advisory
                .aliases
                .iter()
                .chain(&advisory.about)
                .map(String::as_str)
                .collect();
            if !names.is_empty() {
                writeln!(out, "  also {}", names.join(", "))?;
            }
            if !advisory.summary.is_empty() {
                writeln!(out, "  {}", advisory.summary)?;
            }
            if advisory.withdrawn.is_some() {
                writeln!(out, "  withdrawn")?;
            }
            for affected in advisory.affected.iter().take(MOST) {
                if by_name && !affected.name.eq_ignore_ascii_case(what) {
                    continue;
                }
                writeln!(out, "  {}", line(affected))?;
            }
        }
        if total > found.len() {
            writeln!(out, "and {} more", total - found.len())?;
        }
        Ok(())
    })?;
    Ok(Exit::Holds)
}

/// `debian 12: openssl, fixed in 3.0.7-1`.
fn line(affected: &Affected) -> String {
    let place = match &affected.origin {
        Origin::Distribution {
            id,
            release,
            stream,
            ..
        } => [id.as_str(), release, stream]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        Origin::Registry(kind) => kind.to_string(),
        Origin::Program => "program".to_owned(),
    };
    let ranges: Vec<String> = affected
        .ranges
        .iter()
        .map(|range| {
            let from = match range.introduced.as_deref() {
                None | Some("" | "0") => String::new(),
                Some(from) => format!("from {from} "),
            };
            match &range.end {
                None => format!("{from}without a fix"),
                Some(End::Fixed(fixed)) => format!("{from}fixed in {fixed}"),
                Some(End::LastAffected(last)) => format!("{from}up to {last}"),
            }
        })
        .collect();
    let mut text = format!("{place}: {}", affected.name);
    if !ranges.is_empty() {
        text.push_str(&format!(", {}", ranges.join("; ")));
    }
    if !affected.versions.is_empty() {
        text.push_str(&format!(", {} single versions", affected.versions.len()));
    }
    text
}
