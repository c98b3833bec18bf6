//! Conda: what was installed (`conda-meta`), `conda-lock.yml` and what
//! `environment.yml` pins (<https://docs.conda.io/projects/conda/en/stable/>).
//!
//! A Python package that conda installed is there twice, as conda's and, by
//! its own metadata, as the index's: advisories name the one, fixes the other.

use plimsoll_manifest::Node;
use plimsoll_model::{Package, PackageType};
use serde_json::Value;

use super::{exact_version, package, split_specifier};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{file_name, has_name},
        scripted::shared::{List, checksum, in_package, items, json_or_tell, list, text},
        yaml::yaml_or_tell,
    },
    licence,
};

/// `conda-meta/NAME-VERSION-BUILD.json`.
pub(crate) const CONDA_META: Analyzer = Analyzer {
    name: "conda-meta",
    version: 1,
    by_path: |path, _| {
        path.strip_suffix(".json")
            .and_then(|stem| stem.rsplit_once('/'))
            .is_some_and(|(folder, _)| has_name(folder, "conda-meta"))
    },
    by_head: never_by_head,
    run: meta,
};

/// `conda-lock.yml`.
pub(crate) const CONDA_LOCK: Analyzer = Analyzer {
    name: "conda-lock",
    version: 1,
    by_path: |path, _| {
        (path.ends_with("conda-lock.yml") || path.ends_with("conda-lock.yaml")) && !in_package(path)
    },
    by_head: never_by_head,
    run: lock,
};

/// `environment.yml`.
pub(crate) const CONDA_ENVIRONMENT: Analyzer = Analyzer {
    name: "conda-environment",
    version: 1,
    by_path: |path, _| {
        (has_name(path, "environment.yml") || has_name(path, "environment.yaml"))
            && !in_package(path)
    },
    by_head: never_by_head,
    run: environment,
};

/// A package of conda with the qualifiers that its purl has.
fn conda(name: &str, version: &str, qualifiers: [(&str, &str); 3]) -> Package {
    let mut package = Package::new(PackageType::Conda, "", name, version);
    for (key, value) in qualifiers {
        if !value.is_empty() {
            package.qualifiers.insert(key.to_owned(), value.to_owned());
        }
    }
    package
}

fn meta(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(meta) = json_or_tell(file, sink) else {
        return;
    };
    // Other things are kept there as well: `state`, lists of what pip installed.
    if meta.get("build").is_none() {
        return;
    }
    let version = text(&meta, "version");
    if version.is_empty() {
        return sink.incomplete("no version");
    }
    let channel = match text(&meta, "schannel") {
        "" => text(&meta, "channel"),
        channel => channel,
    };
    // An address with the platform behind it: its last part before that is the name.
    let subdir = text(&meta, "subdir");
    let channel = channel.trim_end_matches('/');
    let channel = channel.strip_suffix(subdir).unwrap_or(channel);
    let channel = channel.trim_end_matches('/').rsplit('/').next();
    let mut package = conda(
        text(&meta, "name"),
        version,
        [
            ("build", text(&meta, "build")),
            ("channel", channel.unwrap_or("")),
            ("subdir", subdir),
        ],
    );
    package.licences = licence::normalise(text(&meta, "license"));
    let needs = items(&meta, "depends").iter().filter_map(Value::as_str);
    let needs = needs.filter_map(|need| need.split_ascii_whitespace().next());
    let sums = ["md5", "sha256"].map(|kind| (kind, text(&meta, kind)));
    let home = file
        .path
        .rsplit_once("conda-meta/")
        .map_or("", |(home, _)| home);
    let files = items(&meta, "files").iter().filter_map(Value::as_str);
    // What is run or loaded; the rest tells nobody anything.
    let files = files.filter(|path| {
        let folder = ["bin/", "sbin/", "libexec/"].iter();
        folder.into_iter().any(|folder| path.starts_with(folder))
            || path.ends_with(".so")
            || path.contains(".so.")
    });
    let found = FoundPackage {
        evidence: "conda-meta".to_owned(),
        needs: needs
            .filter(|need| !need.starts_with("__"))
            .map(str::to_owned)
            .collect(),
        checksums: sums
            .into_iter()
            .filter(|(_, sum)| !sum.is_empty())
            .map(|(kind, sum)| checksum(kind, sum))
            .collect(),
        files: files.map(|path| format!("{home}{path}")).collect(),
        ..FoundPackage::new(package, How::Installed)
    };
    list(file, sink, |list| list.push(found));
}

fn lock(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(document) = yaml_or_tell(file, sink) else {
        return;
    };
    let entries = document.root().get("package");
    list(file, sink, |list| {
        for entry in entries.iter().flat_map(|entries| entries.items()) {
            let field = |name: &str| entry.get(name).and_then(Node::scalar_text).unwrap_or("");
            let (name, version) = (field("name"), field("version"));
            let package = match field("manager") {
                "pip" => package(name, version),
                _ => conda(
                    name,
                    version,
                    [
                        ("build", field("build")),
                        ("channel", ""),
                        ("subdir", field("platform")),
                    ],
                ),
            };
            let needs = entry.get("dependencies");
            let sums = entry.get("hash");
            list.push(FoundPackage {
                evidence: file_name(file.path).to_owned(),
                dev: field("category") == "dev",
                needs: needs
                    .iter()
                    .flat_map(|needs| needs.entries())
                    .map(|(name, _)| name.text.to_owned())
                    .collect(),
                checksums: sums
                    .iter()
                    .flat_map(|sums| sums.entries())
                    .filter_map(|(kind, sum)| Some(checksum(kind.text, sum.scalar_text()?)))
                    .collect(),
                ..FoundPackage::new(package, How::Lock)
            });
        }
    });
}

fn environment(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(document) = yaml_or_tell(file, sink) else {
        return;
    };
    let Some(entries) = document.root().get("dependencies") else {
        return;
    };
    list(file, sink, |list| {
        for entry in entries.items() {
            if let Some(text) = entry.scalar_text() {
                pinned(text, list);
            }
            let pip = entry.get("pip");
            for text in pip.iter().flat_map(|all| all.items()) {
                let (name, rest) = split_specifier(text.scalar_text().unwrap_or(""));
                if let Some(version) = exact_version(rest) {
                    push(list, package(name, version));
                }
            }
        }
    });
}

/// `CHANNEL::NAME=VERSION=BUILD` or `NAME==VERSION`; one `=` alone is any
/// version that begins so.
fn pinned(text: &str, list: &mut List<'_>) {
    let (channel, rest) = text.rsplit_once("::").unwrap_or(("", text));
    let (name, rest) = split_specifier(rest);
    let (version, build) = match (rest.strip_prefix("=="), rest.strip_prefix('=')) {
        (Some(version), _) => (version, ""),
        (None, Some(rest)) => match rest.split_once('=') {
            Some((version, build)) => (version, build),
            None => return,
        },
        _ => return,
    };
    if !version.is_empty() && !version.contains(['*', ',', '|', '<', '>']) {
        let qualifiers = [("build", build), ("channel", channel), ("subdir", "")];
        push(list, conda(name, version, qualifiers));
    }
}

fn push(list: &mut List<'_>, package: Package) {
    let mut found = FoundPackage::new(package, How::Manifest);
    found.evidence = "environment.yml".to_owned();
    list.push(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn what_conda_installed_is_read() {
        check(
            &CONDA_META,
            "opt/conda/conda-meta/numpy-1.26.0-py311_0.json",
            r#"{"name":"numpy","version":"1.26.0","build":"py311_0","channel":"https://conda.example.com/conda-forge/linux-64","subdir":"linux-64",
               "license":"BSD-3-Clause","depends":["python >=3.11","__glibc"],"md5":"AB","sha256":"cd","files":["bin/f2py","lib/x.so.1","lib/a.py"]}"#,
            &[
                "pkg:conda/numpy@1.26.0?build=py311_0&channel=conda-forge&subdir=linux-64 Installed <BSD-3-Clause> \
               needs python sums md5:ab,sha256:cd files opt/conda/bin/f2py,opt/conda/lib/x.so.1",
            ],
        );
        let path = "conda-meta/x.json";
        check(&CONDA_META, path, "{}", &[]);
        check(&CONDA_META, path, r#"{"build":"0"}"#, &["! no version"]);
        check(&CONDA_META, path, "", &["! not JSON"]);
    }

    #[test]
    fn lock_files_and_pins_are_read() {
        check(
            &CONDA_LOCK,
            "conda-lock.yml",
            "version: 1\npackage:\n- {name: a, version: '1.10', manager: conda, platform: linux-64, dependencies: {b: '>=1'}, hash: {md5: AB}, category: main}\n\
             - {name: B_c, version: 2.0, manager: pip, category: dev}\n- {}\n",
            &[
                "pkg:conda/a@1.10?subdir=linux-64 needs b sums md5:ab",
                "pkg:pypi/b-c@2.0 dev",
                r#"! "": not a package's name"#,
            ],
        );
        check(
            &CONDA_ENVIRONMENT,
            "app/environment.yml",
            "name: x\ndependencies:\n- conda-forge::numpy=1.26.0=py311_0\n- a==1.0\n- b=1.0\n- c\n- d=1.*=x\n- pip:\n  - Foo==2.0\n  - bar>=1\n",
            &[
                "pkg:conda/numpy@1.26.0?build=py311_0&channel=conda-forge Manifest",
                "pkg:conda/a@1.0 Manifest",
                "pkg:pypi/foo@2.0 Manifest",
            ],
        );
        check(&CONDA_ENVIRONMENT, "environment.yml", "spring: 1\n", &[]);
        check(&CONDA_ENVIRONMENT, "environment.yml", "a: [\n", &["!"]);
    }
}
