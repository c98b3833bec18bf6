//! The baselines that are built in.

use std::sync::LazyLock;

use crate::{Control, Minor, catalogue, controls};

/// A built-in baseline, in all its versions.
#[derive(Debug)]
pub struct BuiltinBaseline {
    /// The name goals use: `pss/restricted`.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its versions, oldest first; the last is what a name without a version
    /// means today.
    pub versions: Vec<String>,
    contents: Contents,
}

#[derive(Debug)]
enum Contents {
    /// A level of the Pod Security Standards: a version is Kubernetes'.
    Pss(controls::pss::Level),
    /// Control ids of each version.
    Pinned(&'static [&'static [&'static str]]),
}

static ALL: LazyLock<Vec<BuiltinBaseline>> = LazyLock::new(|| {
    let pss = |name, description, level| BuiltinBaseline {
        name,
        description,
        versions: Minor::all().map(|minor| minor.to_string()).collect(),
        contents: Contents::Pss(level),
    };
    vec![
        BuiltinBaseline {
            name: "cis-docker/image",
            description: "What an image must be like, after section 4 of the CIS Docker Benchmark: its user, what it holds that it does not need, what it says of itself. Needs the images: `--images`.",
            versions: vec!["1".to_owned()],
            contents: Contents::Pinned(&[controls::IMAGE_1]),
        },
        BuiltinBaseline {
            name: "plimsoll/essentials",
            description: "What users miss first, beside the Pod Security Standards: resources, probes, images, identities, roles, networks, secrets.",
            versions: vec!["1".to_owned()],
            contents: Contents::Pinned(&[controls::ESSENTIALS_1]),
        },
        pss(
            "pss/baseline",
            "Pod Security Standards, baseline: prevents the known ways to escalate privileges; common containers pass as they are.",
            controls::pss::Level::Baseline,
        ),
        pss(
            "pss/restricted",
            "Pod Security Standards, restricted: the current practice of hardening pods, at some cost in compatibility.",
            controls::pss::Level::Restricted,
        ),
    ]
});

/// All built-in baselines, by name.
pub fn baselines() -> &'static [BuiltinBaseline] {
    &ALL
}

impl BuiltinBaseline {
    /// The version as it is written in a pinned name: `v1.29` is `1.29`,
    /// `latest` and nothing are the newest. None when there is no such one.
    pub fn version(&self, text: Option<&str>) -> Option<&str> {
        let wanted = match text {
            None | Some("latest") => return self.versions.last().map(String::as_str),
            Some(text) => text.strip_prefix('v').unwrap_or(text),
        };
        self.versions
            .iter()
            .map(String::as_str)
            .find(|version| *version == wanted)
    }

    /// The controls of a version, by id, each with the Kubernetes version it
    /// is evaluated for; none for a version there is not.
    pub fn controls(&self, version: &str) -> Option<Vec<(&'static Control, Minor)>> {
        let at = self.versions.iter().position(|known| known == version)?;
        let mut controls: Vec<_> = match &self.contents {
            Contents::Pss(level) => {
                let minor = Minor::parse(version)?;
                controls::pss::controls(*level, minor)
                    .map(|control| (control, minor))
                    .collect()
            }
            Contents::Pinned(versions) => versions
                .get(at)?
                .iter()
                .filter_map(|id| Some((catalogue::find(id)?, Minor::NEWEST)))
                .collect(),
        };
        controls.sort_by_key(|(control, _)| control.id());
        Some(controls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_controls_that_exist() {
        for baseline in baselines() {
            for version in &baseline.versions {
                assert!(
                    baseline.controls(version).is_some(),
                    "{}@{version}",
                    baseline.name
                );
            }
        }
        for id in controls::ESSENTIALS_1.iter().chain(controls::IMAGE_1) {
            assert!(catalogue::find(id).is_some(), "a baseline names {id}");
        }
    }

    #[test]
    fn versions_are_read_as_people_write_them() {
        let check = |name: &str, text: Option<&str>, expect: Option<&str>| {
            let baseline = baselines()
                .iter()
                .find(|b| b.name == name)
                .expect("built in");
            assert_eq!(baseline.version(text), expect, "{name} {text:?}");
        };
        check("pss/restricted", Some("1.29"), Some("1.29"));
        check("pss/restricted", Some("v1.29"), Some("1.29"));
        check("pss/restricted", Some("latest"), Some("1.37"));
        check("pss/restricted", None, Some("1.37"));
        check("pss/restricted", Some("1.99"), None);
        check("plimsoll/essentials", None, Some("1"));
    }
}
