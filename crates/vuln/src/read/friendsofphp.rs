//! FriendsOfPHP's advisories, YAML: a package of Packagist and, branch by
//! branch, the versions that are affected.
//!
//! <https://github.com/FriendsOfPHP/security-advisories>

use plimsoll_model::PackageType;
use serde_json::Value;

use super::{
    bounds,
    interval::{Interval, split},
    record, tree,
};
use crate::{
    Scheme,
    advisory::{Advisory, Origin, Read},
};

/// Reads an advisory.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    match tree::yaml(file, bytes).and_then(|value| advisory(file, &value)) {
        Ok(advisory) => Read {
            records: vec![advisory],
            skipped: Vec::new(),
        },
        Err(why) => tree::unreadable(file, why),
    }
}

fn advisory(file: &str, value: &Value) -> Result<Advisory, String> {
    let reference = tree::text(value, "reference");
    let name = reference
        .strip_prefix("composer://")
        .ok_or("its `reference` names no package of Composer")?;
    let name = bounds::word(&name.to_lowercase())
        .map_err(|why| format!("the name of the package {why}"))?;
    let cve = tree::text(value, "cve").trim();
    let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let base = base.rsplit_once('.').map_or(base, |(base, _)| base);
    let id = if record::is_cve(cve) {
        cve.to_owned()
    } else {
        bounds::word(&format!("{name}/{base}")).map_err(|why| format!("its id {why}"))?
    };
    let mut advisory = record::advisory(id, "friendsofphp");
    advisory.source.record = bounds::prose(file, bounds::NAME);
    advisory.summary = bounds::prose(tree::text(value, "title"), bounds::SUMMARY);
    record::add_reference(&mut advisory.references, tree::text(value, "link"));
    let branches = value.get("branches").and_then(Value::as_object);
    let branches = branches.ok_or("it has no branches")?;
    bounds::at_most(branches.len(), bounds::RANGES, "branches")?;
    let mut ranges = Vec::new();
    let mut times = Vec::new();
    for (branch, value) in branches {
        let mut interval = Interval::default();
        let versions = tree::items(value, "versions");
        if versions.is_empty() {
            let branch = bounds::prose(branch, 40);
            return Err(format!("the branch {branch} has no versions"));
        }
        for comparison in versions.iter().filter_map(Value::as_str) {
            let (op, version) = split(comparison);
            let op = if op.is_empty() { "=" } else { op };
            interval.narrow(Scheme::Packagist, op, version)?;
        }
        ranges.push(interval.range(Scheme::Packagist));
        times.extend(tree::date(tree::text(value, "time")));
    }
    if ranges.is_empty() {
        return Err("it has no branches".to_owned());
    }
    let origin = Origin::Registry(PackageType::Composer);
    let mut found = record::affected(origin, name, Scheme::Packagist, ranges);
    found.fix_published = times.iter().max().copied();
    advisory.source.published = times
        .iter()
        .min()
        .copied()
        .map(plimsoll_model::time::start_of);
    advisory.affected.push(found);
    Ok(advisory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::{End, Range};

    #[test]
    fn each_branch_is_a_range() {
        let text = "title: Direct access\nlink: https://example.org/a\ncve: ~\nbranches:\n\
            \x202.0.x:\n  time: 2015-08-06 22:08:00\n  versions: ['>=2.0.0', '<2.0.99']\n\
            \x20master:\n  time: 2015-08-08 22:08:00\n  versions: ['>3.0', '<=3.1']\n\
            reference: composer://CakePHP/cakephp\n";
        let read = read("cakephp/cakephp/2015-08-06.yaml", text.as_bytes());
        assert_eq!(read.skipped, []);
        let advisory = &read.records[0];
        assert_eq!(advisory.id, "cakephp/cakephp/2015-08-06");
        let affected = &advisory.affected[0];
        assert_eq!(affected.name, "cakephp/cakephp");
        assert_eq!(
            affected.ranges[0],
            Range {
                introduced: Some("2.0.0".into()),
                end: Some(End::Fixed("2.0.99".into()))
            }
        );
        assert_eq!(
            affected.ranges[1].end,
            Some(End::LastAffected("3.1".into()))
        );
        assert_eq!(
            affected.fix_published.map(|day| day.to_string()),
            Some("2015-08-08".into())
        );
    }

    #[test]
    fn what_names_no_versions_is_named() {
        for text in [
            "",
            "reference: composer://a/b\n",
            "reference: composer://a/b\nbranches: {a: {versions: []}}\n",
            "reference: composer://a/b\nbranches: {a: {versions: ['!=1']}}\n",
            "reference: pear://a/b\nbranches: {a: {versions: ['<1']}}\n",
        ] {
            let read = read("x.yaml", text.as_bytes());
            assert_eq!((read.records.len(), read.skipped.len()), (0, 1), "{text}");
        }
    }
}
