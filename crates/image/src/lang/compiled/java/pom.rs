//! `pom.xml`, as far as it can be understood alone
//! (<https://maven.apache.org/pom.html>): parents and imported lists of
//! versions are other files, so a dependency may have no version here.

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::{text::has_name, xml},
};

/// `pom.xml` of a source folder.
pub(crate) const POM: Analyzer = Analyzer {
    name: "maven-pom",
    version: 1,
    by_path: |path, _| has_name(path, "pom.xml") && !path.contains("/testdata/"),
    by_head: never_by_head,
    run,
};

/// The coordinates of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Coordinates {
    /// `org.apache.logging.log4j`.
    pub(super) group: String,
    /// `log4j-core`.
    pub(super) artifact: String,
    /// `2.17.1`; empty where it is not known.
    pub(super) version: String,
}

/// A dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dependency {
    /// What it is.
    pub(super) of: Coordinates,
    /// `compile`, `test`, `provided`; empty for the default.
    pub(super) scope: String,
}

/// What a `pom.xml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pom {
    /// What it is of.
    pub(super) own: Coordinates,
    /// What that needs, at most so many.
    pub(super) dependencies: Vec<Dependency>,
    /// Whether there were more.
    pub(super) more: bool,
}

/// Reads a `pom.xml` and at most `most` dependencies of it.
pub(super) fn read(bytes: &[u8], most: usize) -> Result<Pom, xml::XmlError> {
    let mut pom = Pom::default();
    let mut parent = Coordinates::default();
    let mut properties: BTreeMap<String, String> = BTreeMap::new();
    let mut managed: BTreeMap<(String, String), Dependency> = BTreeMap::new();
    let mut open = Dependency::default();
    let field = |of: &mut Dependency, name: &str, text: &str| {
        let place = match name {
            "groupId" => &mut of.of.group,
            "artifactId" => &mut of.of.artifact,
            "version" => &mut of.of.version,
            "scope" => &mut of.scope,
            _ => return,
        };
        *place = text.to_owned();
    };
    xml::read(bytes, |path, event| match (path, event) {
        (["project", name @ ("groupId" | "artifactId" | "version")], xml::Event::Text(text)) => {
            match *name {
                "groupId" => pom.own.group = text.to_owned(),
                "artifactId" => pom.own.artifact = text.to_owned(),
                _ => pom.own.version = text.to_owned(),
            }
        }
        (["project", "parent", name], xml::Event::Text(text)) => match *name {
            "groupId" => parent.group = text.to_owned(),
            "version" => parent.version = text.to_owned(),
            _ => {}
        },
        (["project", "properties", name], xml::Event::Text(text)) => {
            properties.insert((*name).to_owned(), text.to_owned());
        }
        (
            ["project", "dependencies", "dependency", name]
            | [
                "project",
                "dependencyManagement",
                "dependencies",
                "dependency",
                name,
            ],
            xml::Event::Text(text),
        ) => field(&mut open, name, text),
        (["project", "dependencies", "dependency"], xml::Event::End) => {
            let dependency = std::mem::take(&mut open);
            match pom.dependencies.len() < most {
                true => pom.dependencies.push(dependency),
                false => pom.more = true,
            }
        }
        (
            [
                "project",
                "dependencyManagement",
                "dependencies",
                "dependency",
            ],
            xml::Event::End,
        ) => {
            let dependency = std::mem::take(&mut open);
            let key = (dependency.of.group.clone(), dependency.of.artifact.clone());
            managed.insert(key, dependency);
        }
        _ => {}
    })?;
    for (own, parent) in [
        (&mut pom.own.group, &parent.group),
        (&mut pom.own.version, &parent.version),
    ] {
        if own.is_empty() {
            own.clone_from(parent);
        }
    }
    for (name, value) in [
        ("groupId", &pom.own.group),
        ("artifactId", &pom.own.artifact),
        ("version", &pom.own.version),
    ] {
        properties.insert(format!("project.{name}"), value.clone());
        properties.insert(format!("pom.{name}"), value.clone());
    }
    properties.insert("project.parent.version".into(), parent.version);
    for dependency in &mut pom.dependencies {
        let key = (dependency.of.group.clone(), dependency.of.artifact.clone());
        if let Some(managed) = managed.get(&key) {
            if dependency.of.version.is_empty() {
                dependency.of.version.clone_from(&managed.of.version);
            }
            if dependency.scope.is_empty() {
                dependency.scope.clone_from(&managed.scope);
            }
        }
        for text in [
            &mut dependency.of.group,
            &mut dependency.of.artifact,
            &mut dependency.of.version,
        ] {
            *text = filled(text, &properties);
        }
    }
    let own = [
        &mut pom.own.group,
        &mut pom.own.artifact,
        &mut pom.own.version,
    ];
    for text in own {
        *text = filled(text, &properties);
    }
    Ok(pom)
}

/// The text with its `${...}` replaced; empty when one of them is not known.
fn filled(text: &str, properties: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    // Values may name further ones: a few levels are enough, and an end is needed.
    for _ in 0..8 {
        let Some(from) = text.find("${") else {
            return text;
        };
        let Some(length) = text[from..].find('}') else {
            return String::new();
        };
        let Some(value) = properties.get(&text[from + 2..from + length]) else {
            return String::new();
        };
        text.replace_range(from..=from + length, value);
        if text.len() > 1_024 {
            break;
        }
    }
    String::new()
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    let pom = match read(&bytes, file.limits.found) {
        Ok(pom) => pom,
        Err(error) => return sink.incomplete_at(error.offset, error.to_string()),
    };
    if pom.more {
        sink.incomplete(format!("more than {} dependencies", file.limits.found));
    }
    for Dependency { of, scope } in pom.dependencies {
        if of.artifact.is_empty() {
            continue;
        }
        // A range is no version.
        let version = match of.version.contains(['[', '(', ',']) {
            true => String::new(),
            false => of.version.clone(),
        };
        sink.push(FoundPackage {
            evidence: match scope.as_str() {
                "" => "pom.xml".to_owned(),
                scope => format!("pom.xml, {scope}"),
            },
            dev: scope == "test",
            ..FoundPackage::new(
                Package::new(PackageType::Maven, of.group, of.artifact, version),
                How::Manifest,
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::analyzer::testing::{packages, run};

    #[test]
    fn dependencies_get_their_versions_from_the_file() {
        let text = "<?xml version=\"1.0\"?><project><parent><groupId>org.p</groupId>\
            <version>7</version></parent><artifactId>app</artifactId>\
            <properties><v>${w}.1</v><w>2</w></properties>\
            <dependencyManagement><dependencies><dependency><groupId>m</groupId>\
            <artifactId>n</artifactId><version>9</version><scope>test</scope></dependency></dependencies></dependencyManagement>\
            <dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId>\
            <version>${v}</version><exclusions><exclusion><artifactId>x</artifactId></exclusion></exclusions></dependency>\
            <dependency><groupId>${project.groupId}</groupId><artifactId>c</artifactId><version>${project.version}</version></dependency>\
            <dependency><groupId>m</groupId><artifactId>n</artifactId></dependency>\
            <dependency><groupId>u</groupId><artifactId>v</artifactId><version>${unknown}</version></dependency>\
            <dependency><groupId>r</groupId><artifactId>s</artifactId><version>[1,2)</version></dependency>\
            </dependencies></project>";
        let sink = run(&POM, "pom.xml", text.as_bytes());
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                format!(
                    "{}:{}:{} {}",
                    package.namespace, package.name, package.version, found.dev
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                "a:b:2.1 false",
                "org.p:c:7 false",
                "m:n:9 true",
                "u:v: false",
                "r:s: false"
            ]
        );
    }

    #[test]
    fn properties_that_name_each_other_end() {
        let properties = [("a", "${b}${b}"), ("b", "${a}${a}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(filled("${a}", &properties.into()), "");
    }

    #[test]
    fn damage_is_told() {
        let sink = run(&POM, "pom.xml", b"<project><a></b></project>");
        assert!(
            matches!(sink.problems[..], [(_, Some(_))]),
            "{:?}",
            sink.problems
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[<>/a-c&;${}! \\[\\]\"=-]{0,200}") {
            run(&POM, "pom.xml", text.as_bytes());
        }
    }
}
