//! The OSV schema, JSON or YAML, of every ecosystem that it names.
//!
//! <https://ossf.github.io/osv-schema/>. A file is one record, an array of
//! them, or an answer of OSV's API (`vulns`). Ranges of the type GIT say
//! nothing of versions and are passed over. Of `versions` those are kept that
//! no range has. A record of an ecosystem that is not known is passed over and
//! counted; where it has others too, those are read.

mod ecosystem;
mod events;
mod publisher;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use plimsoll_model::{PackageType, time::date_of};
use serde_json::Value;

use super::{bounds, record, tree};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, End, Import, Origin, Range, Read, State},
};

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let start = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let outcome = if start == Some(&b'[') {
        tree::each(bytes, &[], &mut |place, value| {
            take(&mut read, file, &format!("record {place}"), &value);
        })
    } else {
        tree::parse(file, bytes).map(|value| match value.get("vulns") {
            Some(Value::Array(records)) => {
                for (number, value) in records.iter().enumerate().take(bounds::RECORDS) {
                    take(&mut read, file, &format!("record {}", number + 1), value);
                }
            }
            _ => take(&mut read, file, "", &value),
        })
    };
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    read
}

fn take(read: &mut Read<Advisory>, file: &str, place: &str, value: &Value) {
    let id = tree::text(value, "id");
    let name = if id.is_empty() { place } else { id };
    match advisory(value) {
        Ok((advisory, left_out)) => {
            if !left_out.is_empty() {
                let why: Vec<String> = left_out.into_iter().take(5).collect();
                tree::skip(read, file, name, format!("in part: {}", why.join("; ")));
            }
            read.records.push(advisory);
        }
        Err(why) => tree::skip(read, file, name, why),
    }
}

/// A record, and what of it was left out.
fn advisory(value: &Value) -> Result<(Advisory, BTreeSet<String>), String> {
    if !value.is_object() {
        return Err("it is no object".to_owned());
    }
    let id = bounds::word(tree::text(value, "id")).map_err(|why| format!("its id {why}"))?;
    let publisher = publisher::of(&id);
    let mut advisory = record::advisory(id, publisher.feed);
    let details = tree::text(value, "details");
    advisory.summary = bounds::prose(tree::text(value, "summary"), bounds::SUMMARY);
    if advisory.summary.is_empty() {
        advisory.summary = bounds::first_line(details);
    }
    advisory.details = bounds::prose(details, bounds::DETAILS);
    publisher.names(value, &mut advisory);
    if publisher.routine && advisory.about.is_empty() {
        return Err("a bug fix or an enhancement: it is about no vulnerability".to_owned());
    }
    advisory.severities = publisher.severities(value, &advisory.summary);
    advisory.source.published = tree::time(tree::text(value, "published"));
    advisory.source.modified = tree::time(tree::text(value, "modified"));
    advisory.withdrawn = tree::time(tree::text(value, "withdrawn"));
    let specific = value.get("database_specific").unwrap_or(&Value::Null);
    advisory.source.record = bounds::prose(tree::text(specific, "url"), bounds::NAME);
    for weakness in tree::texts(specific, "cwe_ids") {
        record::add_weakness(&mut advisory.weaknesses, weakness);
    }
    for reference in tree::items(value, "references") {
        record::add_reference(&mut advisory.references, tree::text(reference, "url"));
    }
    let mut left_out = BTreeSet::new();
    let packages = tree::items(value, "affected");
    bounds::at_most(packages.len(), bounds::AFFECTED, "packages")?;
    for package in packages {
        match affected(package, &advisory) {
            Ok(found) => advisory.affected.extend(found),
            Err(why) => {
                left_out.insert(why);
            }
        }
    }
    if publisher.feed == "osv-bitnami" {
        programs(&mut advisory, specific);
    }
    if advisory.affected.is_empty() && advisory.withdrawn.is_none() {
        return Err(match left_out.into_iter().next() {
            Some(why) => why,
            None => "it names no package".to_owned(),
        });
    }
    if advisory.withdrawn.is_some() {
        left_out.clear();
    }
    Ok((advisory, left_out))
}

fn affected(value: &Value, advisory: &Advisory) -> Result<Option<Affected>, String> {
    let package = value.get("package").unwrap_or(&Value::Null);
    let ecosystem = tree::text(package, "ecosystem");
    if ecosystem.is_empty() {
        return Err("an affected package has no ecosystem".to_owned());
    }
    let found = ecosystem::package(
        ecosystem,
        tree::text(package, "name"),
        tree::text(package, "purl"),
    )?;
    let mut all: Vec<Range> = Vec::new();
    let mut git = false;
    for range in tree::items(value, "ranges") {
        if tree::text(range, "type") == "GIT" {
            git = true;
            continue;
        }
        all.extend(events::ranges(range, found.scheme)?);
        bounds::at_most(all.len(), bounds::RANGES, "ranges of a package")?;
    }
    let stated = tree::items(value, "versions");
    bounds::at_most(stated.len(), bounds::VERSIONS, "versions of a package")?;
    let specific = value.get("database_specific").unwrap_or(&Value::Null);
    if let [
        Range {
            end: end @ None, ..
        },
    ] = all.as_mut_slice()
    {
        *end = events::last_known_text(tree::text(specific, "last_known_affected_version_range"));
    }
    let mut out = record::affected(found.origin, found.name, found.scheme, all);
    for version in stated.iter().filter_map(Value::as_str) {
        let version = bounds::word(version).map_err(|why| format!("a version {why}"))?;
        if !events::covered(&out.ranges, found.scheme, &version) {
            out.versions.push(version);
        }
    }
    if out.ranges.is_empty() && out.versions.is_empty() {
        return Err(if git {
            format!("of `{ecosystem}` it names commits and no versions")
        } else {
            format!("of `{ecosystem}` it names no versions")
        });
    }
    out.versions.sort();
    out.versions.dedup();
    specifics(value, advisory, &mut out)?;
    Ok(Some(out))
}

/// What publishers say of a package in their own fields.
fn specifics(value: &Value, advisory: &Advisory, out: &mut Affected) -> Result<(), String> {
    let own = value.get("ecosystem_specific").unwrap_or(&Value::Null);
    let database = value.get("database_specific").unwrap_or(&Value::Null);
    out.imports = imports(own)?;
    let mut note = |key: &str, text: &str| {
        if !text.is_empty() {
            out.notes
                .insert(key.to_owned(), bounds::prose(text, bounds::NOTE));
        }
    };
    if advisory.id.starts_with("MAL-") {
        note("kind", "malware");
    }
    note("urgency", tree::text(own, "urgency"));
    note("priority", tree::text(own, "ubuntu_priority"));
    note("availability", tree::text(own, "availability"));
    note("informational", tree::text(database, "informational"));
    for range in tree::items(own, "custom_ranges").iter().take(1) {
        // Versions that its own tags have and Go does not know as such.
        if let Ok(ranges) = events::ranges(range, Scheme::Semver) {
            note("versions", &written(&ranges));
        }
    }
    if tree::text(own, "urgency") == "end-of-life" {
        out.state = State::EndOfLife;
    }
    if matches!(out.origin, Origin::Distribution { .. }) {
        let fixed = out.ranges.iter().find_map(|range| match &range.end {
            Some(End::Fixed(version)) => Some(version),
            _ => None,
        });
        if fixed.is_some_and(|version| version.contains(".module")) {
            out.module = modules(&advisory.summary);
        }
        // An erratum comes out with its fix; a record of a CVE need not.
        let erratum = publisher::of(&advisory.id).erratum;
        if let (true, Some(_), Some(time)) = (erratum, fixed, advisory.source.published) {
            out.fix_published = Some(date_of(time));
        }
    }
    Ok(())
}

/// The module streams in `Important: nodejs:18 security update`.
fn modules(summary: &str) -> String {
    let streams: Vec<&str> = summary
        .split([' ', ','])
        .filter(|word| {
            word.split_once(':').is_some_and(|(name, stream)| {
                name.starts_with(|first: char| first.is_ascii_alphanumeric()) && !stream.is_empty()
            })
        })
        .take(10)
        .collect();
    streams.join(" ")
}

fn written(ranges: &[Range]) -> String {
    let one = |range: &Range| {
        let from = range.introduced.as_deref().unwrap_or("0");
        match &range.end {
            None => format!(">= {from}"),
            Some(End::Fixed(end)) => format!(">= {from}, < {end}"),
            Some(End::LastAffected(end)) => format!(">= {from}, <= {end}"),
        }
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(" | ")
}

fn imports(own: &Value) -> Result<Vec<Import>, String> {
    let found = tree::items(own, "imports");
    bounds::at_most(found.len(), bounds::SYMBOLS, "imports of a module")?;
    let mut imports = Vec::new();
    for import in found {
        let path = bounds::word(tree::text(import, "path"));
        let path = path.map_err(|why| format!("an import path {why}"))?;
        let words = |key: &str| -> Result<Vec<String>, String> {
            let found = tree::items(import, key);
            bounds::at_most(found.len(), bounds::SYMBOLS, "symbols of an import")?;
            let words = found.iter().filter_map(Value::as_str).map(bounds::word);
            words
                .collect::<Result<_, _>>()
                .map_err(|why| format!("a symbol of {path} {why}"))
        };
        imports.push(Import {
            symbols: words("symbols")?,
            os: words("goos")?,
            arch: words("goarch")?,
            path,
        });
    }
    Ok(imports)
}

/// Bitnami names the CPEs of its programs: the same versions are affected
/// wherever such a program comes from.
fn programs(advisory: &mut Advisory, specific: &Value) {
    let [own] = advisory.affected.as_slice() else {
        return;
    };
    if own.origin != Origin::Registry(PackageType::Bitnami) {
        return;
    }
    let names: BTreeSet<String> = tree::texts(specific, "cpes")
        .take(bounds::IDS)
        .filter_map(super::cpe::Cpe::read)
        .filter(|cpe| cpe.part == 'a')
        .map(|cpe| cpe.program())
        .collect();
    let programs: Vec<Affected> = names
        .into_iter()
        .map(|name| Affected {
            origin: Origin::Program,
            name,
            ..own.clone()
        })
        .collect();
    advisory.affected.extend(programs);
}
