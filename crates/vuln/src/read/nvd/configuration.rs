//! Which programs a configuration of NVD says are vulnerable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{bounds, cpe::Cpe, interval::following, record, tree};
use crate::{
    Scheme,
    advisory::{Affected, End, Origin, Range},
};

/// Programs have no scheme of their own. Maven's orders what is met best:
/// `1.1.1k` after `1.1.1`, `8.9p1` after `8.9`, `2.0.0-rc1` before `2.0.0`.
const SCHEME: Scheme = Scheme::Maven;

/// Nodes in nodes; the format has two levels.
const DEPTH: usize = 8;

/// A program, with what it must run in or on.
type Key = (String, String);

#[derive(Default)]
struct Program {
    ranges: BTreeSet<Range>,
    versions: BTreeSet<String>,
    /// The feed names the program and says nothing of its versions.
    unversioned: bool,
}

/// The programs of all configurations.
pub(super) fn affected(configurations: &[Value]) -> Result<Vec<Affected>, String> {
    bounds::at_most(configurations.len(), bounds::RANGES, "configurations")?;
    let mut programs: BTreeMap<Key, Program> = BTreeMap::new();
    for configuration in configurations {
        let negated = |value: &Value| value.get("negate").and_then(Value::as_bool) == Some(true);
        if negated(configuration) {
            continue;
        }
        let mut matches = Vec::new();
        collect(configuration, 0, &mut matches)?;
        let all = tree::text(configuration, "operator") == "AND";
        let mut platforms = BTreeSet::new();
        for found in &matches {
            if all && found.get("vulnerable").and_then(Value::as_bool) != Some(true) {
                let cpe = Cpe::read(tree::text(found, "criteria"));
                platforms.extend(cpe.map(|cpe| cpe.program()));
            }
        }
        let platform: Vec<String> = platforms.into_iter().take(20).collect();
        let platform = bounds::prose(&platform.join(" "), bounds::NOTE);
        for found in matches {
            if found.get("vulnerable").and_then(Value::as_bool) == Some(true) {
                add(&mut programs, found, &platform)?;
                bounds::at_most(programs.len(), bounds::AFFECTED, "programs")?;
            }
        }
    }
    programs.into_iter().map(finish).collect()
}

fn collect<'a>(value: &'a Value, depth: usize, out: &mut Vec<&'a Value>) -> Result<(), String> {
    if depth > DEPTH {
        return Err(format!("nodes in each other beyond {DEPTH}"));
    }
    for node in tree::items(value, "nodes")
        .iter()
        .chain(tree::items(value, "children"))
    {
        if node.get("negate").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        out.extend(tree::items(node, "cpeMatch"));
        bounds::at_most(out.len(), bounds::AFFECTED, "matches")?;
        collect(node, depth + 1, out)?;
    }
    Ok(())
}

fn add(programs: &mut BTreeMap<Key, Program>, found: &Value, platform: &str) -> Result<(), String> {
    let criteria = tree::text(found, "criteria");
    let cpe = Cpe::read(criteria)
        .ok_or_else(|| format!("`{}` is no CPE", bounds::prose(criteria, 80)))?;
    if cpe.part != 'a' {
        return Ok(());
    }
    let runs_in = match cpe.target.as_str() {
        "*" | "-" | "" => platform.to_owned(),
        target => bounds::prose(format!("{target} {platform}").trim(), bounds::NOTE),
    };
    let program = programs.entry((cpe.program(), runs_in)).or_default();
    let bound = |key: &str| -> Result<Option<String>, String> {
        match tree::text(found, key) {
            "" => Ok(None),
            text => bounds::word(text)
                .map(Some)
                .map_err(|why| format!("`{key}` {why}")),
        }
    };
    let introduced = match bound("versionStartIncluding")? {
        Some(from) => Some(from),
        None => bound("versionStartExcluding")?.map(|from| following(SCHEME, &from)),
    };
    let end = match bound("versionEndExcluding")? {
        Some(end) => Some(End::Fixed(end)),
        None => bound("versionEndIncluding")?.map(End::LastAffected),
    };
    let bounded = introduced.is_some() || end.is_some();
    match cpe.full_version() {
        Some(version) if !bounded => {
            program.versions.insert(version);
        }
        None if !bounded && cpe.version == "-" => program.unversioned = true,
        _ => {
            program.ranges.insert(Range { introduced, end });
        }
    }
    bounds::at_most(program.ranges.len(), bounds::RANGES, "ranges of a program")?;
    bounds::at_most(
        program.versions.len(),
        bounds::VERSIONS,
        "versions of a program",
    )
}

fn finish(((name, runs_in), program): (Key, Program)) -> Result<Affected, String> {
    let ranges = program.ranges.into_iter().collect();
    let mut found = record::affected(Origin::Program, name, SCHEME, ranges);
    found.versions = program.versions.into_iter().collect();
    if !runs_in.is_empty() {
        found.notes.insert("runs in".to_owned(), runs_in);
    }
    if program.unversioned {
        let note = "named without a version".to_owned();
        found.notes.insert("versions".to_owned(), note);
    }
    Ok(found)
}
