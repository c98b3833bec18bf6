//! What an installed distribution says of itself: `METADATA` of a `dist-info`
//! folder, `PKG-INFO` of an `egg-info` one, an `egg-info` file
//! (<https://packaging.python.org/en/latest/specifications/core-metadata/>).

use super::{normal_name, package, split_specifier};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{compiled::text::file_name, scripted::shared::list},
    licence,
};

/// `METADATA`, `PKG-INFO`, `*.egg-info`.
pub(crate) const PYTHON_METADATA: Analyzer = Analyzer {
    name: "python-metadata",
    version: 1,
    by_path: |path, _| {
        path.ends_with(".dist-info/METADATA")
            || path.ends_with(".egg-info/PKG-INFO")
            || path.ends_with("EGG-INFO/PKG-INFO")
            || path.ends_with(".egg-info")
    },
    by_head: never_by_head,
    run,
};

/// Requirements of one distribution that are read.
const MOST_NEEDS: usize = 2_000;

/// The package that headers tell of; none when they have no name or version.
pub(super) fn read(bytes: &[u8], how: How) -> Option<FoundPackage> {
    // Before version 2.1 no encoding was said; names and versions are ASCII.
    let text = String::from_utf8_lossy(bytes);
    let (mut name, mut version, mut licence, mut expression) = ("", "", "", "");
    let mut classifiers = Vec::new();
    let mut needs = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        // The description comes behind the first empty line.
        if line.trim().is_empty() {
            break;
        }
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        match key {
            "Name" => name = value,
            "Version" => version = value,
            "License" => licence = value,
            "License-Expression" => expression = value,
            "Classifier" if value.starts_with("License ::") => classifiers.push(value),
            // What only an extra needs may not be there.
            "Requires-Dist" if needs.len() < MOST_NEEDS => {
                let marker = value.split_once(';').map_or("", |(_, marker)| marker);
                let need = normal_name(split_specifier(value).0);
                if !marker.contains("extra") && !need.is_empty() && !needs.contains(&need) {
                    needs.push(need);
                }
            }
            _ => {}
        }
    }
    if name.is_empty() || version.is_empty() {
        return None;
    }
    let mut package = package(name, version);
    package.licences = match (expression, &*classifiers) {
        ("", []) => licence::normalise(licence),
        ("", classifiers) => licence::normalise_all(classifiers.iter().copied()),
        (expression, _) => licence::normalise(expression),
    };
    Some(FoundPackage {
        needs,
        ..FoundPackage::new(package, how)
    })
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    match read(&bytes, How::Installed) {
        Some(found) => list(file, sink, |list| {
            list.push(FoundPackage {
                evidence: match file_name(file.path) {
                    name if name.ends_with(".egg-info") => "egg-info".to_owned(),
                    name => name.to_owned(),
                },
                ..found
            });
        }),
        None => sink.incomplete("no Name and Version"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        analyzer::testing::claims,
        lang::scripted::shared::testing::{check, listed},
    };

    #[test]
    fn an_installed_distribution_is_told_by_its_headers() {
        check(
            &PYTHON_METADATA,
            "usr/lib/python3/dist-packages/Foo_Bar-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0\nLicense: see below\n   a line: more\n\
             Classifier: License :: OSI Approved :: MIT License\nRequires-Dist: Baz.x (>=1)\n\
             Requires-Dist: y[z]>2; extra == 'z'\nRequires-Dist: w; python_version > '3'\n\nName: other\n",
            &["pkg:pypi/foo-bar@1.0 Installed <MIT> needs baz-x,w"],
        );
        check(
            &PYTHON_METADATA,
            "x/a.egg-info/PKG-INFO",
            "Name: a\r\nVersion: 1!2.0+x\r\nLicense-Expression: MIT OR Apache-2.0\r\n",
            &["pkg:pypi/a@1%212.0%2Bx Installed <MIT OR Apache-2.0>"],
        );
        check(
            &PYTHON_METADATA,
            "x/a-1.egg-info",
            "Name: a\nVersion: 1\nLicense: BSD-3-Clause\n",
            &["pkg:pypi/a@1 Installed <BSD-3-Clause>"],
        );
        let latin = b"Name: a\nVersion: 1\nAuthor: Andr\xe9\n";
        assert_eq!(
            listed(&PYTHON_METADATA, "a.egg/EGG-INFO/PKG-INFO", latin),
            ["pkg:pypi/a@1 Installed"]
        );
    }

    #[test]
    fn headers_without_a_name_or_version_are_told() {
        let path = "a-1.dist-info/METADATA";
        check(&PYTHON_METADATA, path, "", &["! no Name and Version"]);
        check(
            &PYTHON_METADATA,
            path,
            "Name: a\n\nVersion: 1\n",
            &["! no Name"],
        );
        assert!(!claims(&PYTHON_METADATA, "a/METADATA", b""));
        assert!(!claims(&PYTHON_METADATA, "a-1/PKG-INFO", b""));
    }

    proptest! {
        #[test]
        fn any_headers_are_survived(text in "(Name|Version|Requires-Dist|License)?[:;\\[\\]a(=1\n ]{0,80}") {
            let _ = read(text.as_bytes(), How::Installed);
        }
    }
}
