//! OVAL definitions as distributions publish them: Red Hat (also with what is
//! not fixed), Oracle, SUSE and openSUSE, Photon, CBL-Mariner and Azure Linux,
//! AlmaLinux.
//!
//! <https://oval.mitre.org/language/version5.11/>. A definition is a tree of
//! tests: which release is installed, which module is enabled, which package is
//! earlier than a version. The tests stand behind the definitions, their objects
//! and states behind them; a file is read once, definitions are kept until its
//! end. Where tests are not there, their comments say the same.

mod criteria;
#[cfg(test)]
mod tests;
mod tests_of;

use std::collections::BTreeMap;

use plimsoll_model::time::date_of;

use self::{
    criteria::{Node, Said, flatten},
    tests_of::Tests,
};
use super::{
    bounds,
    platform::{self, Platform},
    record, rpm, tree,
    xml::{self, Element},
};
use crate::{
    Scheme,
    advisory::{Advisory, Affected, Range, Read, State},
};

/// A definition, as kept until the tests are known.
struct Definition {
    advisory: Advisory,
    /// The releases it says it is for.
    platforms: Vec<Platform>,
    /// States that it gives to packages: Red Hat's `Will not fix`.
    states: BTreeMap<String, (State, String)>,
    criteria: Node,
}

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let mut definitions: Vec<Definition> = Vec::new();
    let mut tests = Tests::default();
    let mut count = 0_usize;
    let outcome = xml::each(
        bytes,
        &|name| name == "definition" || Tests::wants(name),
        &mut |element, whole| {
            if element.name != "definition" {
                tests.take(&element);
                return;
            }
            count += 1;
            if count > bounds::RECORDS {
                return;
            }
            let place = match element.attribute("id") {
                "" => format!("definition {count}"),
                id => id.to_owned(),
            };
            match whole.and_then(|()| definition(&element)) {
                Ok(found) => definitions.push(found),
                Err(why) => tree::skip(&mut read, file, &place, why),
            }
        },
    );
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    if count > bounds::RECORDS {
        tree::skip(
            &mut read,
            file,
            "",
            format!("{count} definitions; at most {} are read", bounds::RECORDS),
        );
    }
    for found in definitions {
        let id = found.advisory.id.clone();
        match finish(file, found, &tests) {
            Ok(advisory) => read.records.push(advisory),
            Err(why) => tree::skip(&mut read, file, &id, why),
        }
    }
    read
}

/// Who publishes, by the namespace in the ids of its definitions
/// (`oval:org.opensuse.security:def:...`).
fn publisher(id: &str) -> (&'static str, &'static str) {
    for (part, feed, by) in [
        ("com.redhat", "redhat-oval", "redhat"),
        ("com.oracle", "oracle-oval", "oracle"),
        ("opensuse", "suse-oval", "suse"),
        ("suse", "suse-oval", "suse"),
        ("com.vmware", "photon-oval", "photon"),
        ("microsoft", "azurelinux-oval", "azurelinux"),
        ("almalinux", "almalinux-oval", "almalinux"),
    ] {
        if id.contains(part) {
            return (feed, by);
        }
    }
    ("oval", "oval")
}

fn definition(element: &Element) -> Result<Definition, String> {
    let own = bounds::word(element.attribute("id")).map_err(|why| format!("its id {why}"))?;
    let class = element.attribute("class");
    if matches!(class, "inventory" | "compliance") {
        return Err(format!(
            "a definition of the class `{class}`: it is about no vulnerability"
        ));
    }
    let empty = Element::default();
    let metadata = element.child("metadata").unwrap_or(&empty);
    let said = metadata.child("advisory").unwrap_or(&empty);
    let (feed, by) = publisher(&own);
    let title = metadata.text_of("title");
    let mut advisory = record::advisory(String::new(), feed);
    names(&mut advisory, metadata, said, title);
    if advisory.id.is_empty() {
        advisory.id.clone_from(&own);
    }
    advisory.source.record = own;
    advisory.summary = bounds::prose(title, bounds::SUMMARY);
    advisory.details = bounds::prose(metadata.text_of("description"), bounds::DETAILS);
    severities(&mut advisory, metadata, said, by);
    let day = |name: &str| {
        let found = said.child(name)?;
        tree::time(found.attribute("date")).or_else(|| tree::time(&found.text))
    };
    let flat = tree::time(metadata.text_of("advisory_date"));
    advisory.source.published = day("issued").or(flat);
    advisory.source.modified = day("updated");
    for bug in said.all("cve") {
        for weakness in bug
            .attribute("cwe")
            .split(['|', ',', ' ', '(', ')', '-', '>'])
        {
            record::add_weakness(&mut advisory.weaknesses, &format!("CWE-{weakness}"));
        }
    }
    Ok(Definition {
        platforms: platforms(metadata, said),
        states: states(said)?,
        criteria: flatten(element.child("criteria").unwrap_or(&empty)),
        advisory,
    })
}

/// The id and what it is about. A patch is named by its advisory and is about
/// CVEs; a vulnerability is named by its CVE.
fn names(advisory: &mut Advisory, metadata: &Element, said: &Element, title: &str) {
    let mut cves: Vec<String> = Vec::new();
    for cve in said.all("cve").take(bounds::IDS) {
        record::add_id(&mut cves, &cve.text);
    }
    for reference in metadata.all("reference").take(bounds::IDS) {
        record::add_reference(&mut advisory.references, reference.attribute("ref_url"));
        let id = reference.attribute("ref_id");
        // Photon writes `CVE:00001:CVE-2019-16168`, SUSE `Mitre CVE-2019-16168`.
        let found = id.rsplit([':', ' ']).next().unwrap_or_default();
        if record::is_cve(found) {
            record::add_id(&mut cves, found);
        } else if advisory.id.is_empty() && !id.contains(' ') {
            advisory.id = bounds::word(id).unwrap_or_default();
        }
    }
    // `PHSA-2020:00001 sqlite Security Update`, `ELSA-2023-1: curl update`.
    let first = title.split([' ', ',']).next().unwrap_or_default();
    let first = first.trim_end_matches(':');
    if record::is_cve(first) {
        record::add_id(&mut cves, first);
    } else if first.contains('-') && first.bytes().any(|byte| byte.is_ascii_digit()) {
        advisory.id = bounds::word(first).unwrap_or_default();
    }
    match cves.as_slice() {
        [cve] if advisory.id.is_empty() || record::is_cve(first) => advisory.id.clone_from(cve),
        _ => advisory.about = cves,
    }
}

fn severities(advisory: &mut Advisory, metadata: &Element, said: &Element, by: &str) {
    let word = match said.text_of("severity") {
        "" => metadata.text_of("severity"),
        word => word,
    };
    if !word.is_empty() {
        advisory.severities.push(record::severity_word(by, word));
    }
    let mut cves = said.all("cve");
    let (Some(cve), None) = (cves.next(), cves.next()) else {
        return;
    };
    if advisory.severities.is_empty() && !cve.attribute("impact").is_empty() {
        let word = record::severity_word(by, cve.attribute("impact"));
        advisory.severities.push(word);
    }
    for name in ["cvss4", "cvss3", "cvss2"] {
        // `5.9/CVSS:3.1/AV:N/...`
        let vector = cve.attribute(name);
        let vector = match vector.split_once('/') {
            Some((score, rest)) if score.parse::<f32>().is_ok() => rest,
            _ => vector,
        };
        if vector.contains('/') {
            let stated = record::severity_vector(by, vector, "");
            advisory.severities.push(stated);
        }
    }
}

/// The releases that the metadata names: by CPE, which tells streams apart, or
/// by name.
fn platforms(metadata: &Element, said: &Element) -> Vec<Platform> {
    let cpes = said.child("affected_cpe_list");
    let cpes = cpes.into_iter().flat_map(|list| list.all("cpe"));
    let mut all: Vec<Platform> = cpes
        .filter_map(|cpe| platform::from_cpe(&cpe.text))
        .collect();
    // What is in the release as such is for everybody.
    if all.iter().any(|platform| platform.stream.is_empty()) {
        all.retain(|platform| platform.stream.is_empty());
    }
    if all.is_empty() {
        let names = metadata
            .all("affected")
            .flat_map(|list| list.all("platform"));
        all = names
            .filter_map(|name| platform::from_name(&name.text))
            .collect();
    }
    all.sort();
    all.dedup();
    all
}

/// Red Hat's word about packages that are not fixed.
fn states(said: &Element) -> Result<BTreeMap<String, (State, String)>, String> {
    let mut states = BTreeMap::new();
    let resolutions = said.all("affected").flat_map(|list| list.all("resolution"));
    for resolution in resolutions {
        let words = resolution.attribute("state");
        let state = match words.to_lowercase().as_str() {
            "will not fix" | "wont fix" => State::WillNotFix,
            "out of support scope" | "end of life" => State::EndOfLife,
            "fix deferred" => State::Deferred,
            "under investigation" => State::UnderInvestigation,
            "not affected" => State::NotAffected,
            _ => State::Affected,
        };
        for component in resolution.all("component") {
            bounds::at_most(states.len(), bounds::AFFECTED, "components")?;
            // `nodejs:18/nodejs` is a package of a module.
            let name = component.text.rsplit('/').next().unwrap_or_default();
            let words = bounds::prose(words, bounds::NOTE);
            states.insert(name.to_owned(), (state, words));
        }
    }
    Ok(states)
}

/// The record, with the packages of its criteria.
fn finish(file: &str, definition: Definition, tests: &Tests) -> Result<Advisory, String> {
    let Definition {
        mut advisory,
        platforms,
        states,
        criteria,
    } = definition;
    let azure = advisory.source.feed == "azurelinux-oval";
    let mut all: BTreeMap<Package, Vec<Said>> = BTreeMap::new();
    let mut count = 0_usize;
    criteria.walk(tests, &mut |found| {
        count += 1;
        if count > bounds::AFFECTED {
            return;
        }
        let named = match found.platforms.is_empty() {
            false => refined(&found.platforms, &platforms),
            true if !platforms.is_empty() => platforms.clone(),
            true => azure_release(file, &found.said).into_iter().collect(),
        };
        for mut platform in named {
            if platform.stream.is_empty() {
                platform.stream = stream_of_oracle(&platform.id, &found.said).to_owned();
            }
            let package = Package {
                platform,
                name: found.name.clone(),
                module: found.module.clone(),
                architecture: found.architecture.clone(),
            };
            all.entry(package).or_default().push(found.said.clone());
        }
    });
    bounds::at_most(count, bounds::AFFECTED, "packages")?;
    if all.is_empty() {
        return Err("it names no package of a release that is known".to_owned());
    }
    let day = advisory.source.published.map(date_of);
    for (package, said) in all {
        let mut found = package.affected(azure, said);
        if let (State::Affected, Some((state, words))) = (found.state, states.get(&found.name)) {
            found.state = *state;
            if *state == State::NotAffected {
                found.ranges.clear();
            }
            found.notes.insert("remedy".to_owned(), words.clone());
        }
        if found.state == State::Fixed {
            found.fix_published = day;
        }
        advisory.affected.push(found);
    }
    Ok(advisory)
}

/// A release as a test names it, with the streams that the metadata names of it.
fn refined(tested: &[Platform], stated: &[Platform]) -> Vec<Platform> {
    let mut all = Vec::new();
    for platform in tested {
        let before = all.len();
        let same =
            |stated: &&Platform| stated.id == platform.id && stated.release == platform.release;
        if platform.stream.is_empty() && platform.id == "rhel" {
            all.extend(stated.iter().filter(same).cloned());
        }
        if all.len() == before {
            all.push(platform.clone());
        }
    }
    all
}

/// Azure Linux names its release in the name of the file, and in the versions.
fn azure_release(file: &str, said: &Said) -> Option<Platform> {
    let base = file.rsplit(['/', '\\']).next().unwrap_or_default();
    for (prefix, id) in [("cbl-mariner-", "mariner"), ("azurelinux-", "azurelinux")] {
        let version = base.strip_prefix(prefix);
        if let Some(version) = version.and_then(|rest| rest.split('-').next()) {
            return Some(Platform::new(id, version, ""));
        }
    }
    platform::from_tag(said.version(), "rhel")
}

/// Oracle builds some packages apart: for Ksplice, and for FIPS.
fn stream_of_oracle(id: &str, said: &Said) -> &'static str {
    let version = said.version();
    match id {
        "ol" if version.contains("ksplice") => "ksplice",
        "ol" if version.contains("_fips") => "fips",
        _ => "",
    }
}

/// A package of a release.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    platform: Platform,
    name: String,
    module: String,
    architecture: String,
}

impl Package {
    fn affected(self, source: bool, said: Vec<Said>) -> Affected {
        let mut fixes: Vec<String> = Vec::new();
        let mut others: Vec<Range> = Vec::new();
        let mut not = false;
        let mut open = false;
        for said in said {
            match said {
                Said::Range(Range {
                    introduced: None,
                    end: Some(crate::advisory::End::Fixed(version)),
                }) => fixes.push(version),
                Said::Range(range) => others.push(range),
                Said::Affected => open = true,
                Said::NotAffected => not = true,
            }
        }
        let mut all = rpm::ranges(&mut fixes);
        all.append(&mut others);
        if all.is_empty() && (open || !not) {
            all.push(Range::default());
        }
        all.truncate(bounds::RANGES);
        let origin = self.platform.origin(source);
        let mut found = record::affected(origin, self.name, Scheme::Rpm, all);
        if found.ranges.is_empty() {
            found.state = State::NotAffected;
        }
        found.module = self.module;
        if !self.architecture.is_empty() {
            found.architectures.push(self.architecture);
        }
        found
    }
}
