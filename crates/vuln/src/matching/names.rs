//! One vulnerability has many names: which statements are about the same, and
//! what it is called.
//!
//! A record and its aliases are one vulnerability. An advisory that is *about*
//! several is each of them and unites none: its own id becomes a further name
//! of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::advisory::Advisory;

/// A vulnerability, and which of the statements are about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The name it goes by.
    pub id: String,
    /// All other names of the vulnerability itself, sorted.
    pub aliases: BTreeSet<String>,
    /// The statements, by index.
    pub members: Vec<usize>,
}

impl Group {
    /// The CVEs among its names, the one it goes by first.
    pub fn cves(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.id)
            .chain(&self.aliases)
            .map(String::as_str)
            .filter(|name| is_cve(name))
    }
}

pub(super) fn is_cve(name: &str) -> bool {
    cve_number(name).is_some()
}

/// Year and number of a CVE.
fn cve_number(name: &str) -> Option<(u32, u64)> {
    let (year, number) = name.strip_prefix("CVE-")?.split_once('-')?;
    Some((year.parse().ok()?, number.parse().ok()?))
}

/// The CVE in the id that a feed made of one: `DEBIAN-CVE-2024-1234`.
fn core(id: &str) -> Option<&str> {
    let at = id.find("-CVE-")?;
    let cve = &id[at + 1..];
    is_cve(cve).then_some(cve)
}

/// What a vulnerability goes by: its CVE, the lowest where it has several; else
/// the id in GitHub's database; else the first of the others.
fn rank(name: &str) -> (u8, (u32, u64), &str) {
    match cve_number(name) {
        Some(number) => (0, number, name),
        None if name.starts_with("GHSA-") => (1, (0, 0), name),
        None => (2, (0, 0), name),
    }
}

/// Names that are tied together.
#[derive(Default)]
struct Ties<'a> {
    index: BTreeMap<&'a str, usize>,
    names: Vec<&'a str>,
    parent: Vec<usize>,
}

impl<'a> Ties<'a> {
    fn node(&mut self, name: &'a str) -> usize {
        if let Some(&at) = self.index.get(name) {
            return at;
        }
        let at = self.parent.len();
        self.index.insert(name, at);
        self.names.push(name);
        self.parent.push(at);
        if let Some(cve) = core(name) {
            let cve = self.node(cve);
            self.tie(at, cve);
        }
        at
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.parent[at] != at {
            self.parent[at] = self.parent[self.parent[at]];
            at = self.parent[at];
        }
        at
    }

    fn tie(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    fn tie_all(&mut self, advisory: &'a Advisory) -> usize {
        let first = self.node(&advisory.id);
        for alias in advisory.aliases.iter().filter(|alias| !alias.is_empty()) {
            let alias = self.node(alias);
            self.tie(first, alias);
        }
        first
    }
}

/// The vulnerabilities that statements with these advisories are about, by
/// name. `links` are further records of which only the names count.
pub(super) fn groups<'a>(
    advisories: impl IntoIterator<Item = &'a Advisory>,
    links: impl IntoIterator<Item = &'a Advisory>,
) -> Vec<Group> {
    let mut ties = Ties::default();
    let mut of: Vec<(usize, usize)> = Vec::new();
    for (index, advisory) in advisories.into_iter().enumerate() {
        if advisory.about.is_empty() {
            let node = ties.tie_all(advisory);
            of.push((node, index));
        } else {
            for name in advisory.about.iter().filter(|name| !name.is_empty()) {
                let node = ties.node(name);
                of.push((node, index));
            }
        }
    }
    for link in links.into_iter().filter(|link| link.about.is_empty()) {
        ties.tie_all(link);
    }
    let mut groups: BTreeMap<usize, (BTreeSet<&str>, BTreeSet<usize>)> = BTreeMap::new();
    for (node, index) in of {
        let root = ties.root(node);
        groups.entry(root).or_default().1.insert(index);
    }
    for at in 0..ties.names.len() {
        let root = ties.root(at);
        if let Some(group) = groups.get_mut(&root) {
            group.0.insert(ties.names[at]);
        }
    }
    let mut groups: Vec<Group> = groups
        .into_values()
        .filter_map(|(names, members)| {
            let id = names.iter().copied().min_by_key(|name| rank(name))?;
            Some(Group {
                id: id.to_owned(),
                aliases: names
                    .iter()
                    .filter(|name| **name != id)
                    .map(|name| (*name).to_owned())
                    .collect(),
                members: members.into_iter().collect(),
            })
        })
        .collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    groups
}

/// Whether it is the record of one vulnerability, and not a correction that
/// happens to be about one: it is named after it.
pub(super) fn is_single(advisory: &Advisory) -> bool {
    match advisory.about.as_slice() {
        [] => true,
        [one] => advisory.id.ends_with(one.as_str()),
        _ => false,
    }
}

/// Whether an advisory tells of a vulnerability at all: distributions publish
/// corrections of other kinds in the same form.
pub(super) fn is_of_security(advisory: &Advisory) -> bool {
    const OTHERS: [&str; 11] = [
        "ALBA-", "ALEA-", "RHBA-", "RHEA-", "ELBA-", "ELEA-", "RLBA-", "RLEA-", "SUSE-RU-",
        "SUSE-OU-", "SUSE-FU-",
    ];
    if !advisory.about.is_empty() || advisory.aliases.iter().any(|alias| is_cve(alias)) {
        return true;
    }
    !OTHERS.iter().any(|prefix| advisory.id.starts_with(prefix))
        && !advisory.summary.contains("regression update")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisory::Source;

    fn advisory(id: &str, aliases: &[&str], about: &[&str]) -> Advisory {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Advisory {
            id: id.into(),
            aliases: owned(aliases),
            about: owned(about),
            source: Source::default(),
            summary: String::new(),
            details: String::new(),
            severities: Vec::new(),
            weaknesses: Vec::new(),
            references: Vec::new(),
            affected: Vec::new(),
            withdrawn: None,
        }
    }

    fn shown(advisories: &[Advisory], links: &[Advisory]) -> Vec<String> {
        groups(advisories, links)
            .iter()
            .map(|group| {
                let aliases: Vec<&str> = group.aliases.iter().map(String::as_str).collect();
                format!("{} ({}) {:?}", group.id, aliases.join(" "), group.members)
            })
            .collect()
    }

    #[test]
    fn names_of_one_vulnerability_come_together() {
        let check = |advisories: &[Advisory], links: &[Advisory], expect: &[&str]| {
            assert_eq!(shown(advisories, links), expect);
        };
        // A chain of aliases; the CVE is the name, wherever it stands.
        check(
            &[
                advisory("PYSEC-2021-1", &["GHSA-aaaa"], &[]),
                advisory("GHSA-aaaa", &["CVE-2021-1"], &[]),
                advisory("GHSA-bbbb", &[], &[]),
            ],
            &[],
            &[
                "CVE-2021-1 (GHSA-aaaa PYSEC-2021-1) [0, 1]",
                "GHSA-bbbb () [2]",
            ],
        );
        // An advisory about several unites none.
        check(
            &[
                advisory("DSA-1-1", &[], &["CVE-2021-2", "CVE-2021-10"]),
                advisory("DEBIAN-CVE-2021-2", &[], &["CVE-2021-2"]),
            ],
            &[],
            &["CVE-2021-10 () [0]", "CVE-2021-2 () [0, 1]"],
        );
        // An id made of a CVE is that CVE.
        check(
            &[advisory(
                "USN-1-1",
                &[],
                &["UBUNTU-CVE-2021-2", "CVE-2021-2"],
            )],
            &[],
            &["CVE-2021-2 (UBUNTU-CVE-2021-2) [0]"],
        );
        // Of two CVEs the lower one, by number.
        check(
            &[advisory("GO-1", &["CVE-2021-10", "CVE-2021-9"], &[])],
            &[],
            &["CVE-2021-9 (CVE-2021-10 GO-1) [0]"],
        );
        // Another record that knows both names.
        check(
            &[advisory("RUSTSEC-1", &[], &[])],
            &[advisory("GHSA-cccc", &["RUSTSEC-1", "CVE-2020-7"], &[])],
            &["CVE-2020-7 (GHSA-cccc RUSTSEC-1) [0]"],
        );
    }

    #[test]
    fn corrections_of_other_kinds_are_no_vulnerabilities() {
        assert!(is_of_security(&advisory("ALSA-1", &[], &[])));
        assert!(is_of_security(&advisory("ALBA-1", &[], &["CVE-2021-1"])));
        assert!(!is_of_security(&advisory("ALBA-1", &[], &[])));
        let mut regression = advisory("DSA-5356-2", &[], &[]);
        regression.summary = "sox - regression update".into();
        assert!(!is_of_security(&regression));
    }
}
