//! R: `DESCRIPTION` of installed packages
//! (<https://cran.r-project.org/doc/manuals/r-release/R-exts.html>) and `renv.lock`.

use plimsoll_model::{Package, PackageType};
use serde_json::Value;

use super::shared::{checksum, fields, items, json_or_tell, list, text};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::compiled::text::has_name, licence,
};

/// `DESCRIPTION` of an installed package.
pub(crate) const R_PACKAGE: Analyzer = Analyzer {
    name: "r-package",
    version: 1,
    by_path: |path, _| has_name(path, "DESCRIPTION"),
    by_head: never_by_head,
    run: description,
};

/// `renv.lock`.
pub(crate) const RENV_LOCK: Analyzer = Analyzer {
    name: "renv-lock",
    version: 1,
    by_path: |path, _| has_name(path, "renv.lock"),
    by_head: never_by_head,
    run: renv,
};

/// Fields with their further lines joined; the last of a name counts.
fn control(text: &str) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = all.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            all.push((key, value.trim().to_owned()));
        }
    }
    all
}

fn description(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) else {
        return;
    };
    // The encoding is a field among others; what is read here is ASCII.
    let text = String::from_utf8_lossy(&bytes);
    let all = control(&text);
    let field = |key: &str| {
        let found = all.iter().rev().find(|(name, _)| *name == key);
        found.map_or("", |(_, value)| &**value)
    };
    // Only what was installed says with which R it was built.
    let (name, version) = (field("Package"), field("Version"));
    if name.is_empty() || field("Built").is_empty() {
        return;
    }
    if version.is_empty() {
        return sink.incomplete("no Version");
    }
    let mut package = Package::new(PackageType::Cran, "", name, version);
    package.licences = licences(field("License"));
    let needs = ["Depends", "Imports", "LinkingTo"]
        .into_iter()
        .flat_map(|key| {
            let list = field(key).split(',');
            list.map(|need| need.trim().split(['(', ' ']).next().unwrap_or(need))
        });
    let needs = needs
        .map(str::trim)
        .filter(|need| !need.is_empty() && *need != "R");
    let mut needs: Vec<String> = needs.map(str::to_owned).collect();
    needs.sort();
    needs.dedup();
    let evidence = match (field("Priority"), field("Repository")) {
        ("base", _) => "DESCRIPTION, part of R".to_owned(),
        (_, "") => "DESCRIPTION".to_owned(),
        (_, repository) => format!("DESCRIPTION, of {repository}"),
    };
    list(file, sink, |list| {
        list.push(FoundPackage {
            evidence,
            needs,
            ..FoundPackage::new(package, How::Installed)
        });
    });
}

/// `GPL (>= 2) | MIT + file LICENSE`: a bar between choices.
fn licences(text: &str) -> Vec<String> {
    let choices = text.split('|').map(|choice| {
        let choice = choice.split(" + file").next().unwrap_or(choice).trim();
        match choice.split_once(" (>=") {
            Some((name, version)) => {
                format!("{name}-{}+", version.trim_end_matches(')').trim())
            }
            None => choice.to_owned(),
        }
    });
    licence::normalise(&choices.collect::<Vec<_>>().join(" OR "))
}

fn renv(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(lock) = json_or_tell(file, sink) else {
        return;
    };
    list(file, sink, |list| {
        for (key, entry) in fields(&lock, "Packages") {
            let name = match text(entry, "Package") {
                "" => key,
                name => name,
            };
            let version = text(entry, "Version");
            if version.is_empty() {
                list.malformed(name, "no version");
                continue;
            }
            let sum = text(entry, "Hash");
            // Since version 1.1 the fields of the description, else a list or an object.
            let mut needs: Vec<String> = fields(entry, "Requirements")
                .flat_map(|(_, list)| list.as_array())
                .flatten()
                .chain(items(entry, "Requirements"))
                .filter_map(Value::as_str)
                .filter(|need| *need != "R")
                .map(str::to_owned)
                .collect();
            needs.dedup();
            list.push(FoundPackage {
                evidence: match text(entry, "RemoteSha") {
                    "" => "renv.lock".to_owned(),
                    commit => format!("renv.lock, {}#{commit}", text(entry, "RemoteRepo")),
                },
                needs,
                checksums: match sum {
                    "" => Vec::new(),
                    sum => vec![checksum("md5", sum)],
                },
                ..FoundPackage::new(
                    Package::new(PackageType::Cran, "", name, version),
                    How::Lock,
                )
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn an_installed_package_is_told_by_its_description() {
        let path = "usr/local/lib/R/site-library/jsonlite/DESCRIPTION";
        check(
            &R_PACKAGE,
            path,
            "Package: jsonlite\nVersion: 1.8.7\nLicense: MIT + file LICENSE\nDepends: methods, R (>= 3.5)\nImports: a (>= 1),\n    b\n\
             Repository: CRAN\nBuilt: R 4.2.2; x86_64; 2023; unix\n",
            &["pkg:cran/jsonlite@1.8.7 Installed <MIT> needs a,b,methods"],
        );
        check(
            &R_PACKAGE,
            path,
            "Package: x\nVersion: 1\nLicense: GPL (>= 2) | MIT\nBuilt: R 4\n",
            &["pkg:cran/x@1 Installed <GPL-2.0-or-later OR MIT>"],
        );
        check(&R_PACKAGE, path, "Package: x\nVersion: 1\n", &[]);
        check(
            &R_PACKAGE,
            path,
            "Package: x\nBuilt: R 4\n",
            &["! no Version"],
        );
        check(&R_PACKAGE, path, " \n:\n", &[]);
    }

    #[test]
    fn the_lock_file_of_renv_is_read() {
        check(
            &RENV_LOCK,
            "renv.lock",
            r#"{"R":{"Version":"4.2"},"Packages":{"a":{"Package":"a","Version":"1.0","Source":"Repository","Hash":"AB","Requirements":["R","b"]},
               "b":{"Version":"2","RemoteSha":"cd"},"odd":{}}}"#,
            &[
                "pkg:cran/a@1.0 needs b sums md5:ab",
                "pkg:cran/b@2",
                r#"! "odd": no version"#,
            ],
        );
        check(&RENV_LOCK, "renv.lock", "", &["! not JSON"]);
    }
}
