//! `*.deps.json`, what a program's host loads, and `project.assets.json`, what
//! a restore chose: both list libraries as `NAME/VERSION`
//! (<https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink, analyzer::never_by_head,
    lang::compiled::text::has_name,
};

/// `*.deps.json` beside a program.
pub(crate) const DOTNET_DEPS: Analyzer = Analyzer {
    name: "dotnet-deps",
    version: 1,
    by_path: |path, _| path.ends_with(".deps.json"),
    by_head: never_by_head,
    run: |file, sink| run(file, "deps.json", How::Installed, sink),
};

/// `obj/project.assets.json` of a source folder.
pub(crate) const DOTNET_ASSETS: Analyzer = Analyzer {
    name: "dotnet-assets",
    version: 1,
    by_path: |path, _| has_name(path, "project.assets.json"),
    by_head: never_by_head,
    run: |file, sink| run(file, "project.assets.json", How::Lock, sink),
};

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    libraries: BTreeMap<String, Library>,
    #[serde(default)]
    targets: BTreeMap<String, BTreeMap<String, Target>>,
}

#[derive(Deserialize)]
struct Library {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    sha512: String,
}

#[derive(Deserialize)]
struct Target {
    #[serde(default)]
    dependencies: BTreeMap<String, String>,
}

fn run(file: &Candidate<'_>, evidence: &str, how: How, sink: &mut Sink) {
    if let Some(bytes) = file.whole_or_tell(file.limits.document_bytes, sink) {
        read(&bytes, "", evidence, &how, file.limits.found, sink);
    }
}

/// Tells of the libraries of such a document, found at `inner`.
pub(super) fn read(
    bytes: &[u8],
    inner: &str,
    evidence: &str,
    how: &How,
    most: usize,
    sink: &mut Sink,
) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document: Document = match serde_json::from_slice(bytes) {
        Ok(document) => document,
        Err(error) => return sink.incomplete(format!("{evidence}: {error}")),
    };
    for (key, library) in document.libraries.iter().take(most) {
        let Some((name, version)) = key.split_once('/') else {
            sink.incomplete(format!("{evidence}: {key} is not NAME/VERSION"));
            continue;
        };
        // What a self-contained program brings of the runtime itself.
        let name = name.strip_prefix("runtimepack.").unwrap_or(name);
        let mut needs: Vec<String> = document
            .targets
            .values()
            .filter_map(|target| target.get(key))
            .flat_map(|target| target.dependencies.keys().cloned())
            .collect();
        needs.sort();
        needs.dedup();
        sink.push(FoundPackage {
            inner: inner.into(),
            evidence: match library.kind.as_str() {
                "package" | "" => evidence.to_owned(),
                kind => format!("{evidence}, {kind}"),
            },
            checksums: Vec::from_iter((!library.sha512.is_empty()).then(|| {
                let sum = library.sha512.trim_start_matches("sha512-");
                format!("sha512:{sum}")
            })),
            needs,
            ..FoundPackage::new(package(name, version), how.clone())
        });
    }
    if document.libraries.len() > most {
        sink.incomplete(format!("{evidence}: more than {most} libraries"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::testing::{claims, packages, run};

    const DEPS: &str = r#"{"runtimeTarget":{"name":".NETCoreApp,Version=v8.0"},
        "targets":{".NETCoreApp,Version=v8.0":{
            "app/1.0.0":{"dependencies":{"Newtonsoft.Json":"13.0.1"},"runtime":{"app.dll":{}}},
            "Newtonsoft.Json/13.0.1":{}}},
        "libraries":{"app/1.0.0":{"type":"project","serviceable":false,"sha512":""},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1":{"type":"runtimepack"},
            "Newtonsoft.Json/13.0.1":{"type":"package","sha512":"sha512-abc=="},
            "odd":{"type":"package"}}}"#;

    #[test]
    fn libraries_are_listed() {
        assert!(claims(&DOTNET_DEPS, "app/app.deps.json", b""));
        let sink = run(
            &DOTNET_DEPS,
            "app/app.deps.json",
            format!("\u{feff}{DEPS}").as_bytes(),
        );
        let listed: Vec<_> = packages(&sink)
            .iter()
            .map(|found| {
                let package = &found.package;
                format!(
                    "{} {} {:?} {}",
                    package.name, package.version, found.needs, found.evidence
                )
            })
            .collect();
        assert_eq!(
            listed,
            [
                "Newtonsoft.Json 13.0.1 [] deps.json",
                r#"app 1.0.0 ["Newtonsoft.Json"] deps.json, project"#,
                "Microsoft.NETCore.App.Runtime.linux-x64 8.0.1 [] deps.json, runtimepack",
            ]
        );
        assert_eq!(packages(&sink)[0].checksums, ["sha512:abc=="]);
        assert_eq!(sink.problems.len(), 1);
        assert_eq!(run(&DOTNET_DEPS, "a.deps.json", b"{").problems.len(), 1);
    }
}
