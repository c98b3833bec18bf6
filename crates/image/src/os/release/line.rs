//! The forms that are a line for a person to read.

use super::assignments::named;
use crate::{Release, Sink};

/// How such lines begin, in lower case, and the id os-release has for it.
const NAMES: &[(&str, &str)] = &[
    ("red hat enterprise linux", "rhel"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("rocky linux", "rocky"),
    ("almalinux", "almalinux"),
    ("oracle linux", "ol"),
    ("enterprise linux enterprise linux", "ol"),
    ("amazon linux", "amzn"),
    ("vmware photon", "photon"),
    ("photon", "photon"),
    ("cbl-mariner", "mariner"),
    ("microsoft azure linux", "azurelinux"),
    ("azure linux", "azurelinux"),
    ("openeuler", "openeuler"),
    ("suse linux enterprise desktop", "sled"),
    ("suse linux enterprise", "sles"),
    ("suse linux", "sles"),
    ("opensuse leap", "opensuse-leap"),
    ("opensuse tumbleweed", "opensuse-tumbleweed"),
    ("opensuse", "opensuse"),
    ("scientific linux", "scientific"),
    ("virtuozzo", "virtuozzo"),
    ("anolis os", "anolis"),
    ("alibaba cloud linux", "alinux"),
    ("mageia", "mageia"),
    ("eurolinux", "eurolinux"),
];

/// `redhat-release` and its kin: a name, often `release`, a version, and a
/// codename in parentheses.
pub(super) fn redhat(text: &str, _: &mut Sink) -> Option<Release> {
    let line = text.lines().find(|line| !line.trim().is_empty())?.trim();
    let lower = line.to_lowercase();
    let known = NAMES.iter().find(|(name, _)| lower.starts_with(name));
    let id = match known {
        Some((_, id)) => (*id).to_owned(),
        // Not a name that is known: what comes before `release`, else the
        // first word. Better an id that nothing matches than none.
        None => {
            let name = lower.split(" release").next().unwrap_or(&lower);
            let words = name.split_whitespace().take(3);
            let id = words.collect::<Vec<_>>().join("-");
            id.chars()
                .filter(|char| char.is_ascii_alphanumeric() || "-._".contains(*char))
                .take(64)
                .collect()
        }
    };
    (!id.is_empty()).then(|| Release {
        version: version(line).to_owned(),
        id,
        name: line.to_owned(),
        ..Release::default()
    })
}

/// The first word that begins with a digit.
fn version(line: &str) -> &str {
    line.split_whitespace()
        .find(|word| word.starts_with(|char: char| char.is_ascii_digit()))
        .unwrap_or("")
}

/// `SuSE-release`: a line like the others, then `VERSION = 11` and, for the
/// enterprise ones, `PATCHLEVEL = 4`.
pub(super) fn suse(text: &str, sink: &mut Sink) -> Option<Release> {
    let mut release = redhat(text, sink)?;
    let value = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == name).then(|| value.trim())
        })
    };
    if let Some(version) = value("VERSION") {
        release.version = match value("PATCHLEVEL") {
            Some(level) if level != "0" => format!("{version}.{level}"),
            _ => version.to_owned(),
        };
    }
    release.codename = value("CODENAME").unwrap_or_default().to_owned();
    Some(release)
}

/// `alpine-release`: the version alone.
pub(super) fn alpine(text: &str, _: &mut Sink) -> Option<Release> {
    let version = text.lines().next().unwrap_or("").trim();
    (!version.is_empty()).then(|| Release {
        id: "alpine".to_owned(),
        version: version.to_owned(),
        name: format!("Alpine Linux {version}"),
        ..Release::default()
    })
}

/// `debian_version`: `12.5`, or `trixie/sid` before the release. The version
/// is that of os-release: without the point release from Debian 4 on.
pub(super) fn debian(text: &str, _: &mut Sink) -> Option<Release> {
    let word = text.lines().next().unwrap_or("").trim();
    if word.is_empty() {
        return None;
    }
    let (version, codename) = match word.split_once('/') {
        Some((codename, _)) => ("", codename),
        None if word.starts_with(|char: char| char.is_ascii_digit()) => {
            let major = word.split('.').next().unwrap_or(word);
            match major.parse::<u32>() {
                Ok(4..) => (major, ""),
                _ => (word, ""),
            }
        }
        None => ("", word),
    };
    Some(Release {
        id: "debian".to_owned(),
        version: version.to_owned(),
        codename: codename.to_owned(),
        name: named("Debian GNU/Linux", word),
        ..Release::default()
    })
}

/// `arch-release`: empty; Arch has no versions.
pub(super) fn arch(text: &str, _: &mut Sink) -> Option<Release> {
    let id = match text.trim().to_lowercase() {
        text if text.starts_with("manjaro") => "manjaro",
        _ => "arch",
    };
    Some(Release {
        id: id.to_owned(),
        name: match id {
            "arch" => "Arch Linux".to_owned(),
            _ => "Manjaro Linux".to_owned(),
        },
        ..Release::default()
    })
}
