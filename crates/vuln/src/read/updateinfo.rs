//! `updateinfo.xml` of package repositories: Amazon, Fedora and EPEL,
//! AlmaLinux, Rocky, Oracle, openEuler.
//!
//! <https://docs.pulpproject.org/pulp_rpm/> describes the form as repositories
//! have it. An update lists the packages that are fixed; what is older is
//! affected. Whose it is, and of which release, its id, its collection and the
//! tags of its packages say.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use plimsoll_model::time::date_of;

use super::{
    bounds,
    platform::{self, Platform},
    record,
    rpm::{evr, ranges},
    tree,
    xml::{self, Element},
};
use crate::{
    Scheme,
    advisory::{Advisory, Read},
};

/// Reads a file.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Read<Advisory> {
    let mut read = Read::default();
    let mut count = 0_usize;
    let outcome = xml::each(bytes, &|name| name == "update", &mut |element, whole| {
        count += 1;
        if count > bounds::RECORDS {
            return;
        }
        let place = match element.text_of("id") {
            "" => format!("update {count}"),
            id => id.to_owned(),
        };
        match whole.and_then(|()| update(&element)) {
            Ok(advisory) => read.records.push(advisory),
            Err(why) => tree::skip(&mut read, file, &place, why),
        }
    });
    if let Err(why) = outcome {
        tree::skip(&mut read, file, "", why);
    }
    if count > bounds::RECORDS {
        let why = format!("{count} updates; at most {} are read", bounds::RECORDS);
        tree::skip(&mut read, file, "", why);
    }
    read
}

/// A publisher, known by how its ids begin.
struct Publisher {
    prefix: &'static str,
    feed: &'static str,
    /// Whose word its severities are.
    by: &'static str,
    /// The distribution of packages that are tagged like Red Hat's.
    el: &'static str,
}

const PUBLISHERS: [Publisher; 9] = [
    publisher("ALAS", "amazon-updateinfo", "amazon", "amzn"),
    publisher("FEDORA-EPEL", "epel-updateinfo", "fedora", "epel"),
    publisher("FEDORA-", "fedora-updateinfo", "fedora", "epel"),
    publisher("AL", "almalinux-updateinfo", "almalinux", "almalinux"),
    publisher("RL", "rocky-updateinfo", "rocky", "rocky"),
    publisher("RXSA", "rocky-updateinfo", "rocky", "rocky"),
    publisher("EL", "oracle-updateinfo", "oracle", "ol"),
    publisher("RH", "redhat-updateinfo", "redhat", "rhel"),
    publisher(
        "openEuler-",
        "openeuler-updateinfo",
        "openeuler",
        "openEuler",
    ),
];

const fn publisher(
    prefix: &'static str,
    feed: &'static str,
    by: &'static str,
    el: &'static str,
) -> Publisher {
    Publisher {
        prefix,
        feed,
        by,
        el,
    }
}

fn update(element: &Element) -> Result<Advisory, String> {
    let id = bounds::word(element.text_of("id")).map_err(|why| format!("its id {why}"))?;
    let kind = element.attribute("type");
    let found = PUBLISHERS.iter().find(|known| id.starts_with(known.prefix));
    let by = found.map_or("updateinfo", |known| known.by);
    let mut advisory = record::advisory(id, found.map_or("updateinfo", |known| known.feed));
    advisory.about = about(element);
    // What fixes a vulnerability is one for security, whatever it is called.
    if kind != "security" && !(advisory.about.iter().any(|id| record::is_cve(id))) {
        return Err(format!(
            "its type is `{kind}`: it is about no vulnerability"
        ));
    }
    advisory.summary = bounds::prose(element.text_of("title"), bounds::SUMMARY);
    if advisory.summary.is_empty() || advisory.summary == advisory.id {
        advisory.summary = bounds::first_line(element.text_of("summary"));
    }
    advisory.details = bounds::prose(element.text_of("description"), bounds::DETAILS);
    let word = element.text_of("severity");
    if !word.is_empty() && !word.eq_ignore_ascii_case("none") {
        advisory.severities.push(record::severity_word(by, word));
    }
    let day = |name: &str| {
        let found = element.child(name)?;
        tree::time(found.attribute("date")).or_else(|| seconds(found.attribute("date")))
    };
    advisory.source.published = day("issued");
    advisory.source.modified = day("updated");
    for list in element.all("references") {
        for reference in list.all("reference") {
            let address = reference.attribute("href");
            record::add_reference(&mut advisory.references, address);
            if reference.attribute("type") == "self" && advisory.source.record.is_empty() {
                advisory.source.record = bounds::prose(address, bounds::NAME);
            }
        }
    }
    if matches!(element.attribute("status"), "withdrawn" | "retracted") {
        advisory.withdrawn = advisory.source.modified.or(advisory.source.published);
    }
    packages(element, found, &mut advisory)?;
    Ok(advisory)
}

/// Vulnerabilities by their ids: those of references; where none names one, of
/// the title and the description.
fn about(element: &Element) -> Vec<String> {
    let mut ids = Vec::new();
    let lists = element.all("references");
    for reference in lists
        .flat_map(|list| list.all("reference"))
        .take(bounds::IDS)
    {
        let id = reference.attribute("id");
        if reference.attribute("type") == "cve" || record::is_cve(id) {
            record::add_id(&mut ids, id);
        }
        cves(reference.attribute("title"), &mut ids);
    }
    for name in ["title", "description"] {
        if ids.is_empty() {
            cves(element.text_of(name), &mut ids);
        }
    }
    ids
}

/// The CVEs in a text.
fn cves(text: &str, ids: &mut Vec<String>) {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    for word in words {
        let word = word.trim_end_matches('-');
        if ids.len() < bounds::IDS && record::is_cve(word) {
            record::add_id(ids, word);
        }
    }
}

/// Seconds since 1970, as some repositories write times.
fn seconds(text: &str) -> Option<plimsoll_model::Timestamp> {
    let seconds: i64 = text.trim().parse().ok()?;
    (seconds > 100_000_000)
        .then(|| plimsoll_model::Timestamp::from_second(seconds).ok())
        .flatten()
}

/// A package as it is fixed.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    platform: Platform,
    module: String,
    name: String,
}

fn packages(
    element: &Element,
    publisher: Option<&Publisher>,
    advisory: &mut Advisory,
) -> Result<(), String> {
    // Versions by architecture.
    let mut all: BTreeMap<Key, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    let mut count = 0_usize;
    let mut unknown = None;
    let lists = element.all("pkglist");
    for collection in lists.flat_map(|list| list.all("collection")) {
        let stated = stated_release(collection, publisher);
        let module = collection.child("module").map_or(String::new(), |module| {
            format!(
                "{}:{}",
                module.attribute("name"),
                module.attribute("stream")
            )
        });
        let module = match module.as_str() {
            "" | ":" => String::new(),
            module => bounds::word(module).map_err(|why| format!("its module {why}"))?,
        };
        for package in collection.all("package") {
            count += 1;
            bounds::at_most(count, bounds::AFFECTED, "packages")?;
            let architecture = package.attribute("arch");
            if matches!(architecture, "src" | "nosrc") {
                continue;
            }
            let name = bounds::word(package.attribute("name"));
            let name = name.map_err(|why| format!("the name of a package {why}"))?;
            let (version, release) = (package.attribute("version"), package.attribute("release"));
            let version = match release {
                "" => version.to_owned(),
                release => format!("{version}-{release}"),
            };
            let version = evr(package.attribute("epoch"), &version)
                .and_then(|text| bounds::word(&text))
                .map_err(|why| format!("of {name}: {why}"))?;
            let el = publisher.map_or("", |known| known.el);
            let tagged = platform::from_tag(release, el).filter(|found| !found.id.is_empty());
            let Some(platform) = chosen(stated.clone(), tagged) else {
                unknown = Some(format!("{name}-{version}"));
                continue;
            };
            let key = Key {
                platform,
                module: module.clone(),
                name,
            };
            let versions = all.entry(key).or_default();
            versions
                .entry(architecture.to_owned())
                .or_default()
                .push(version);
        }
    }
    if all.is_empty() {
        return Err(match unknown {
            Some(package) => format!("no release is known of {package}"),
            None => "it names no package".to_owned(),
        });
    }
    let day = advisory.source.published.map(date_of);
    for (key, versions) in all {
        // Architectures with the same versions are one statement.
        let mut same: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
        for (architecture, mut versions) in versions {
            versions.sort();
            versions.dedup();
            same.entry(versions).or_default().push(architecture);
        }
        let one = same.len() == 1;
        for (mut versions, architectures) in same {
            let origin = key.platform.origin(false);
            let ranges = ranges(&mut versions);
            let mut found = record::affected(origin, key.name.clone(), Scheme::Rpm, ranges);
            found.module.clone_from(&key.module);
            found.fix_published = day;
            if !one
                && !architectures
                    .iter()
                    .any(|name| matches!(name.as_str(), "noarch" | ""))
            {
                found.architectures = architectures;
            }
            advisory.affected.push(found);
        }
    }
    Ok(())
}

/// The release that a collection names: `F40`, `EPEL-9`, `amazon-linux-2---core`,
/// `Rocky Linux 9`, `almalinux-9-for-x86_64-appstream-rpms`.
fn stated_release(collection: &Element, publisher: Option<&Publisher>) -> Option<Platform> {
    let short = collection.attribute("short").trim();
    if publisher.is_some_and(|known| known.by == "amazon") {
        return amazon(short, collection.text_of("name"));
    }
    let number = |prefix: &str| {
        let rest = short
            .strip_prefix(prefix)?
            .trim_start_matches(['-', ' ', '_']);
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end)
            .filter(|number| !number.is_empty() && number.len() < 4)
    };
    for (prefix, id) in [
        ("F", "fedora"),
        ("EPEL", "epel"),
        ("almalinux", "almalinux"),
        ("rocky-linux", "rocky"),
        ("rocky", "rocky"),
        ("rhel", "rhel"),
        ("ol", "ol"),
    ] {
        if let Some(number) = number(prefix) {
            return Some(Platform::new(id, number, ""));
        }
    }
    platform::from_name(collection.text_of("name")).or_else(|| platform::from_name(short))
}

/// `amazon-linux`, `amazon-linux-2---core`, `amazon-linux-2---nginx1`, `amazon-linux-2023`.
fn amazon(short: &str, name: &str) -> Option<Platform> {
    let Some(rest) = short.strip_prefix("amazon-linux") else {
        return platform::from_name(name);
    };
    let (version, topic) = rest.split_once("---").unwrap_or((rest, ""));
    let version = match version.trim_start_matches('-') {
        "" | "ami" => "1",
        version => version,
    };
    // A topic of extras has versions of its own, for those who enable it.
    let stream = match topic.trim_start_matches("extras-") {
        "" | "core" => String::new(),
        topic => bounds::prose(&format!("extras-{topic}"), 64),
    };
    Some(Platform::new("amzn", version, &stream))
}

/// Of what a collection and the tag of a package say, the release: the tag is
/// nearer to the package, the collection knows streams and whose it is.
fn chosen(stated: Option<Platform>, tagged: Option<Platform>) -> Option<Platform> {
    match (stated, tagged) {
        (Some(stated), Some(tagged)) if stated.id == "openEuler" || tagged.id == stated.id => {
            Some(match stated.stream.is_empty() && tagged.id == stated.id {
                true => tagged,
                false => stated,
            })
        }
        (Some(stated), _) => Some(stated),
        (None, tagged) => tagged,
    }
}
