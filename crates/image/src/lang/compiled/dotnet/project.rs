//! `packages.config` and project files of source folders
//! (<https://learn.microsoft.com/nuget/reference/packages-config>,
//! <https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files>).

use std::collections::BTreeMap;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::{text::has_name, xml},
};

/// `packages.config`: exact versions.
pub(crate) const NUGET_CONFIG: Analyzer = Analyzer {
    name: "nuget-config",
    version: 1,
    by_path: |path, _| has_name(path, "packages.config"),
    by_head: never_by_head,
    run: |file, sink| run(file, "package", &How::Lock, "packages.config", sink),
};

/// Project files: the versions they ask for.
pub(crate) const NUGET_PROJECT: Analyzer = Analyzer {
    name: "nuget-project",
    version: 1,
    by_path: |path, _| {
        [".csproj", ".fsproj", ".vbproj"]
            .iter()
            .any(|ending| path.ends_with(ending))
            || has_name(path, "Directory.Packages.props")
    },
    by_head: never_by_head,
    run: |file, sink| {
        run(
            file,
            "PackageReference",
            &How::Manifest,
            "project file",
            sink,
        )
    },
};

#[derive(Default)]
struct Reference {
    name: String,
    version: String,
    dev: bool,
}

fn run(file: &Candidate<'_>, element: &str, how: &How, evidence: &str, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    let mut references: Vec<Reference> = Vec::new();
    let mut properties = BTreeMap::new();
    let mut open = Reference::default();
    let is_reference = |name: &str| name == element || name == "PackageVersion";
    let read = xml::read(&bytes, |path, event| match (path, event) {
        ([.., name], xml::Event::Start(attributes)) if is_reference(name) => {
            open = Reference::default();
            for (name, value) in attributes {
                match name.as_str() {
                    "Include" | "Update" | "id" => open.name.clone_from(value),
                    "Version" | "version" | "VersionOverride" => open.version.clone_from(value),
                    "PrivateAssets" => open.dev |= value.eq_ignore_ascii_case("all"),
                    "developmentDependency" => open.dev |= value.eq_ignore_ascii_case("true"),
                    _ => {}
                }
            }
        }
        ([.., outer, "Version"], xml::Event::Text(text)) if is_reference(outer) => {
            text.clone_into(&mut open.version);
        }
        ([.., outer, "PrivateAssets"], xml::Event::Text(text)) if is_reference(outer) => {
            open.dev |= text.eq_ignore_ascii_case("all");
        }
        ([.., name], xml::Event::End) if is_reference(name) => {
            references.push(std::mem::take(&mut open));
        }
        ([.., "PropertyGroup", name], xml::Event::Text(text)) => {
            properties.insert(format!("$({name})"), text.to_owned());
        }
        _ => {}
    });
    if let Err(error) = read {
        sink.incomplete_at(error.offset, error.to_string());
    }
    if references.len() > file.limits.found {
        sink.incomplete(format!("more than {} packages", file.limits.found));
    }
    for reference in references.into_iter().take(file.limits.found) {
        if reference.name.is_empty() {
            continue;
        }
        let version = properties
            .get(&reference.version)
            .map_or(reference.version.as_str(), String::as_str);
        // `[1.2.3]` is exact; ranges and patterns are no version.
        let version = version
            .strip_prefix('[')
            .and_then(|version| version.strip_suffix(']'))
            .unwrap_or(version);
        let exact = !version.contains([',', '*', '(', '$', '[']);
        sink.push(FoundPackage {
            evidence: match exact {
                true => evidence.to_owned(),
                false => format!("{evidence}, {version}"),
            },
            dev: reference.dev,
            ..FoundPackage::new(
                package(&reference.name, if exact { version } else { "" }),
                how.clone(),
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{claims, packages, run};

    fn check(analyzer: &Analyzer, path: &str, text: &str, expect: &[(&str, &str, bool)]) {
        assert!(claims(analyzer, path, b""));
        let sink = run(analyzer, path, text.as_bytes());
        assert!(sink.problems.is_empty(), "{:?}", sink.problems);
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| (&*found.package.name, &*found.package.version, found.dev))
            .collect();
        assert_eq!(listed, expect);
    }

    #[test]
    fn references_are_read_in_all_their_forms() {
        check(
            &NUGET_CONFIG,
            "web/packages.config",
            "<?xml version=\"1.0\"?><packages><package id=\"A\" version=\"1.0.0\" targetFramework=\"net48\" />\
             <package id=\"B\" version=\"2.0\" developmentDependency=\"true\" /></packages>",
            &[("A", "1.0.0", false), ("B", "2.0", true)],
        );
        check(
            &NUGET_PROJECT,
            "app/app.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><V>3.1</V></PropertyGroup><ItemGroup>\
             <PackageReference Include=\"A\" Version=\"1.0\" />\
             <PackageReference Include=\"B\"><Version>2.0</Version><PrivateAssets>all</PrivateAssets></PackageReference>\
             <PackageReference Include=\"C\" Version=\"$(V)\" /><PackageReference Include=\"D\" Version=\"4.*\" />\
             <PackageReference Include=\"E\" Version=\"[5.0.1]\" /><PackageReference Include=\"F\" />\
             </ItemGroup></Project>",
            &[
                ("A", "1.0", false),
                ("B", "2.0", true),
                ("C", "3.1", false),
                ("D", "", false),
                ("E", "5.0.1", false),
                ("F", "", false),
            ],
        );
        check(
            &NUGET_PROJECT,
            "Directory.Packages.props",
            "<Project><ItemGroup><PackageVersion Include=\"A\" Version=\"1.0\" /></ItemGroup></Project>",
            &[("A", "1.0", false)],
        );
        let sink = run(&NUGET_PROJECT, "a.csproj", b"<Project>");
        assert_eq!(sink.problems.len(), 1);
    }
}
