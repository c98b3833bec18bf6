//! `packages.lock.json`
//! (<https://learn.microsoft.com/nuget/consume-packages/package-references-in-project-files#locking-dependencies>).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{file_name, text_or_tell},
};

/// `packages.lock.json`, also with a project's name in it.
pub(crate) const NUGET_LOCK: Analyzer = Analyzer {
    name: "nuget-lock",
    version: 1,
    by_path: |path, _| {
        let name = file_name(path);
        name.ends_with(".lock.json") && name.starts_with("packages.")
    },
    by_head: never_by_head,
    run,
};

#[derive(Deserialize)]
struct Lock {
    /// By framework, then by name.
    #[serde(default)]
    dependencies: BTreeMap<String, BTreeMap<String, Locked>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Locked {
    #[serde(default)]
    resolved: String,
    #[serde(default)]
    content_hash: String,
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(text) = text_or_tell(file, sink) else {
        return;
    };
    let lock: Lock = match serde_json::from_str(&text) {
        Ok(lock) => lock,
        Err(error) => return sink.incomplete(error.to_string()),
    };
    let mut told = BTreeSet::new();
    for (framework, packages) in &lock.dependencies {
        for (name, locked) in packages {
            // Projects of the same solution have no version.
            if locked.resolved.is_empty() || !told.insert((name, &locked.resolved)) {
                continue;
            }
            if told.len() > file.limits.found {
                return sink.incomplete(format!("more than {} packages", file.limits.found));
            }
            sink.push(FoundPackage {
                evidence: format!("packages.lock.json, {framework}"),
                checksums: Vec::from_iter(
                    (!locked.content_hash.is_empty())
                        .then(|| format!("sha512:{}", locked.content_hash)),
                ),
                needs: locked.dependencies.keys().cloned().collect(),
                ..FoundPackage::new(package(name, &locked.resolved), How::Lock)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{claims, packages, run};

    #[test]
    fn each_package_counts_once_over_frameworks() {
        let text = r#"{"version":1,"dependencies":{
            "net6.0":{"A":{"type":"Direct","requested":"[1.0, )","resolved":"1.0.2","contentHash":"x==","dependencies":{"B":"2.0"}},
                "B":{"type":"Transitive","resolved":"2.0.0"},"lib":{"type":"Project"}},
            "net8.0":{"A":{"type":"Direct","resolved":"1.0.2"},"B":{"type":"Transitive","resolved":"2.1.0"}}}}"#;
        assert!(claims(&NUGET_LOCK, "src/packages.lock.json", b""));
        assert!(!claims(&NUGET_LOCK, "src/package-lock.json", b""));
        let sink = run(&NUGET_LOCK, "packages.lock.json", text.as_bytes());
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                (
                    &*found.package.name,
                    &*found.package.version,
                    found.needs.len(),
                )
            })
            .collect();
        assert_eq!(
            listed,
            [("A", "1.0.2", 1), ("B", "2.0.0", 0), ("B", "2.1.0", 0)]
        );
        assert_eq!(
            run(&NUGET_LOCK, "packages.lock.json", b"[]x")
                .problems
                .len(),
            1
        );
    }
}
