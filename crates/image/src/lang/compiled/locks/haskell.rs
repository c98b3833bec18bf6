//! `stack.yaml.lock` (<https://docs.haskellstack.org/en/stable/topics/lock_files/>)
//! and `cabal.project.freeze` (<https://cabal.readthedocs.io/en/stable/cabal-commands.html#cabal-freeze>).

use plimsoll_model::{Package, PackageType};

use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::{has_name, text_or_tell},
        yaml::yaml_or_tell,
    },
};

/// `stack.yaml.lock`: what a project needs beside its snapshot.
pub(crate) const STACK_LOCK: Analyzer = Analyzer {
    name: "stack-lock",
    version: 1,
    by_path: |path, _| has_name(path, "stack.yaml.lock"),
    by_head: never_by_head,
    run: stack,
};

/// `cabal.project.freeze`.
pub(crate) const CABAL_FREEZE: Analyzer = Analyzer {
    name: "cabal-freeze",
    version: 1,
    by_path: |path, _| has_name(path, "cabal.project.freeze") || has_name(path, "cabal.config"),
    by_head: never_by_head,
    run: cabal,
};

fn found(name: &str, version: &str, evidence: &str) -> FoundPackage {
    FoundPackage {
        evidence: evidence.into(),
        ..FoundPackage::new(
            Package::new(PackageType::Hackage, "", name, version),
            How::Lock,
        )
    }
}

fn stack(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(document) = yaml_or_tell(file, sink) else {
        return;
    };
    let Some(packages) = document.root().get("packages") else {
        return;
    };
    if packages.len() > file.limits.found {
        sink.incomplete(format!("more than {} packages", file.limits.found));
    }
    for package in packages.items().take(file.limits.found) {
        let Some(completed) = package.get("completed") else {
            continue;
        };
        let text = |key: &str| completed.get(key).and_then(|node| node.scalar_text());
        if let Some(reference) = text("hackage") {
            // NAME-VERSION@sha256:DIGEST,SIZE
            let (package, digest) = reference.split_once('@').unwrap_or((reference, ""));
            let Some((name, version)) = package.rsplit_once('-') else {
                sink.incomplete(format!("{package} is not NAME-VERSION"));
                continue;
            };
            let digest = digest.split(',').next().unwrap_or("");
            sink.push(FoundPackage {
                checksums: Vec::from_iter((!digest.is_empty()).then(|| digest.to_owned())),
                ..found(name, version, "stack.yaml.lock")
            });
        } else if let (Some(name), Some(version)) = (text("name"), text("version")) {
            let from = text("git").or(text("url")).unwrap_or("elsewhere");
            sink.push(found(name, version, &format!("stack.yaml.lock, {from}")));
        }
    }
}

/// `constraints: any.NAME ==VERSION, NAME +flag, ...`
fn cabal(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let mut count = 0;
    let mut within = false;
    for line in text.lines() {
        let code = line.split("--").next().unwrap_or("");
        let code = match code.split_once(':') {
            Some((field, rest)) => {
                within = field.trim() == "constraints";
                rest
            }
            None => code,
        };
        if !within {
            continue;
        }
        for constraint in code.split(',') {
            let Some((name, version)) = constraint.split_once("==") else {
                continue;
            };
            let (name, version) = (name.trim(), version.trim());
            let name = name.strip_prefix("any.").unwrap_or(name);
            if name.is_empty() || name.contains(' ') {
                continue;
            }
            count += 1;
            if count > file.limits.found {
                return sink.incomplete(format!("more than {} packages", file.limits.found));
            }
            sink.push(found(name, version, "cabal.project.freeze"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::testing::check, *};

    #[test]
    fn stack_locks_are_read() {
        check(
            &STACK_LOCK,
            "stack.yaml.lock",
            "packages:\n- completed:\n    hackage: acme-missiles-0.3@sha256:2ba6,613\n    pantry-tree:\n      size: 226\n\
             \x20 original:\n    hackage: acme-missiles-0.3\n- completed:\n    git: https://example.com/x.git\n    name: x\n    version: 1.10\n\
             - completed:\n    hackage: odd\nsnapshots: []\n",
            &[
                "|acme-missiles 0.3 (stack.yaml.lock)",
                "|x 1.10 (stack.yaml.lock, https://example.com/x.git)",
            ],
            1,
        );
    }

    #[test]
    fn frozen_constraints_are_read() {
        check(
            &CABAL_FREEZE,
            "cabal.project.freeze",
            "active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.1.0.0,\n             aeson -cffi +ordered,\n\
             \x20            any.base ==4.17.0.0, -- a comment ==1\n             text ==2.0\nindex-state: hackage.haskell.org 2023-01-01T00:00:00Z\n",
            &[
                "|aeson 2.1.0.0 (cabal.project.freeze)",
                "|base 4.17.0.0 (cabal.project.freeze)",
                "|text 2.0 (cabal.project.freeze)",
            ],
            0,
        );
    }
}
