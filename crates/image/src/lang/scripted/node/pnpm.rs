//! `pnpm-lock.yaml` of versions 5 to 9 (<https://github.com/pnpm/spec>).

use plimsoll_manifest::Node;
use rustc_hash::FxHashSet;

use super::{is_local, package, split_at_version};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::text::has_name,
        scripted::shared::{in_package, integrity, list, reached},
        yaml::yaml_or_tell,
    },
};

/// `pnpm-lock.yaml`.
pub(crate) const PNPM_LOCK: Analyzer = Analyzer {
    name: "pnpm-lock",
    version: 1,
    by_path: |path, _| has_name(path, "pnpm-lock.yaml") && !in_package(path),
    by_head: never_by_head,
    run,
};

/// What is needed to run, as lists of a package or a project.
const NEEDED: [&str; 2] = ["dependencies", "optionalDependencies"];

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(document) = yaml_or_tell(file, sink) else {
        return;
    };
    let root = document.root();
    let version = root.get("lockfileVersion").and_then(Node::scalar_text);
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    let Some(major) = major else {
        return sink.incomplete("no lockfileVersion");
    };
    let snapshots = root.get("snapshots");
    let used = snapshots.map(|snapshots| used(root, snapshots));
    list(file, sink, |list| {
        let packages = root.get("packages");
        for (key, entry) in packages.iter().flat_map(|packages| packages.entries()) {
            let field = |name: &str| entry.get(name).and_then(Node::scalar_text).unwrap_or("");
            if is_local(key.text) || key.text.contains("@file:") {
                continue;
            }
            let Some((name, version)) = identity(key.text, major) else {
                list.malformed(key.text, "not a package's name and version");
                continue;
            };
            let name = match field("name") {
                "" => name,
                name => name,
            };
            if is_local(version) {
                continue;
            }
            let resolution = entry.get("resolution");
            let resolved = |name: &str| {
                let field = resolution.and_then(|resolution| resolution.get(name));
                field.and_then(Node::scalar_text).unwrap_or("")
            };
            let version = match field("version") {
                "" if version.contains(['/', ':']) => "",
                "" => version,
                version => version,
            };
            let source = match resolved("repo") {
                "" if resolved("integrity").is_empty() => resolved("tarball").to_owned(),
                "" => String::new(),
                repo => format!("{repo}#{}", resolved("commit")),
            };
            let dev = match &used {
                Some(used) => !used.contains(key.text),
                None => entry.get("dev").and_then(Node::as_bool).unwrap_or(false),
            };
            // What it needs stands with the snapshots since version 9.
            let lists = snapshots.and_then(|all| all.get(key.text)).unwrap_or(entry);
            let needs = NEEDED.iter().filter_map(|name| lists.get(name));
            list.push(FoundPackage {
                evidence: match &*source {
                    "" => "pnpm-lock.yaml".to_owned(),
                    source => format!("pnpm-lock.yaml, {source}"),
                },
                dev,
                needs: needs
                    .flat_map(|needs| needs.entries())
                    .map(|(key, _)| key.text.to_owned())
                    .collect(),
                checksums: integrity(resolved("integrity")),
                ..FoundPackage::new(package(name, version), How::Lock)
            });
        }
    });
}

/// Name and version of a package's key: `/a/1.0.0_b@2` of version 5,
/// `/a@1.0.0(b@2)` of version 6, `a@1.0.0` of version 9.
fn identity(key: &str, major: u32) -> Option<(&str, &str)> {
    let key = without_peers(key);
    // A registry other than the one of the settings stands before the slash.
    let plain = match key.strip_prefix('/') {
        Some(plain) => plain,
        None if major < 6 => match key.split_once('/') {
            Some((host, rest)) if host.contains('.') && !key.starts_with('@') => rest,
            _ => key,
        },
        None => key,
    };
    if major >= 6 {
        return split_at_version(plain);
    }
    let parts = if plain.starts_with('@') { 2 } else { 1 };
    let (at, _) = plain.match_indices('/').nth(parts - 1)?;
    let (name, version) = (&plain[..at], &plain[at + 1..]);
    let version = version.split('_').next()?;
    Some((name, version.split('/').next()?))
}

fn without_peers(key: &str) -> &str {
    key.split('(').next().unwrap_or(key)
}

/// Keys of the packages that something other than development needs.
fn used<'a>(root: Node<'a>, snapshots: Node<'a>) -> FxHashSet<&'a str> {
    let importers = root.get("importers");
    let all = snapshots.entries().map(|(key, _)| key.text);
    let known: FxHashSet<&str> = all.collect();
    let known = |name: &str, version: &str| -> Option<&'a str> {
        let key = format!("{name}@{version}");
        let alias = || known.get(version);
        known.get(&*key).or_else(alias).copied()
    };
    let projects = importers.iter().flat_map(|all| all.entries());
    let roots = projects.flat_map(|(_, project)| {
        let lists = NEEDED.iter().filter_map(move |name| project.get(name));
        lists.flat_map(|list| list.entries())
    });
    let roots = roots.filter_map(|(key, entry)| {
        let version = entry.get("version").and_then(Node::scalar_text)?;
        known(key.text, version)
    });
    let keys = reached(roots.collect::<Vec<_>>(), |key, to| {
        let Some(snapshot) = snapshots.get(key) else {
            return;
        };
        for list in NEEDED.iter().filter_map(|name| snapshot.get(name)) {
            for (key, version) in list.entries() {
                let version = version.scalar_text().unwrap_or("");
                if let Some(key) = known(key.text, version) {
                    to(key);
                }
            }
        }
    });
    keys.into_iter().map(without_peers).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::scripted::shared::testing::check;

    #[test]
    fn keys_of_each_version_are_read() {
        let check = |key, major, expect| assert_eq!(identity(key, major), expect, "{key}");
        check("/@s/a/1.0.0_b@2.0.0", 5, Some(("@s/a", "1.0.0")));
        check("/a/1.0.0/b@2", 5, Some(("a", "1.0.0")));
        check("registry.example.com/a/1.0.0", 5, Some(("a", "1.0.0")));
        check("/@s/a@1.0.0(b@2)(@s/c@3)", 6, Some(("@s/a", "1.0.0")));
        check("a@https://x/y", 9, Some(("a", "https://x/y")));
        check("/a", 5, None);
        check("a", 9, None);
    }

    #[test]
    fn older_versions_are_read() {
        check(
            &PNPM_LOCK,
            "app/pnpm-lock.yaml",
            "lockfileVersion: 5.4\npackages:\n  /@s/a/1.10.0:\n    resolution: {integrity: sha1-AAEC}\n    \
             dependencies:\n      b: 2.0.0\n    dev: false\n  /b/2.0.0:\n    dev: true\n  \
             file:own:\n    name: own\n    version: 1.0.0\n  github.com/o/g/ab12:\n    name: g\n    version: 3.1.0\n    resolution: {tarball: 'https://x/y'}\n",
            &[
                "pkg:npm/%40s/a@1.10.0 needs b sums sha1:000102",
                "pkg:npm/b@2.0.0 dev",
                "pkg:npm/g@3.1.0",
            ],
        );
        check(
            &PNPM_LOCK,
            "pnpm-lock.yaml",
            "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0(b@2.0.0):\n    dev: true\n",
            &["pkg:npm/a@1.0.0 dev"],
        );
    }

    #[test]
    fn version_nine_tells_development_by_what_projects_need() {
        check(
            &PNPM_LOCK,
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0(p@1.0.0)}\n      \
             own: {specifier: 'link:../own', version: 'link:../own'}\n    devDependencies:\n      d: {specifier: ^1, version: 1.0.0}\n\
             packages:\n  a@1.0.0:\n    resolution: {integrity: sha1-AAEC}\n  '@s/b@2.0.0': {}\n  d@1.0.0: {}\n  p@1.0.0: {}\n\
             snapshots:\n  a@1.0.0(p@1.0.0):\n    dependencies:\n      alias: '@s/b@2.0.0'\n      p: 1.0.0\n  '@s/b@2.0.0': {}\n  d@1.0.0:\n    dependencies: {p: 1.0.0}\n  p@1.0.0: {}\n",
            &[
                "pkg:npm/a@1.0.0 sums sha1:000102",
                "pkg:npm/%40s/b@2.0.0",
                "pkg:npm/d@1.0.0 dev needs p",
                "pkg:npm/p@1.0.0",
            ],
        );
    }

    #[test]
    fn damage_is_told() {
        check(
            &PNPM_LOCK,
            "pnpm-lock.yaml",
            "packages: {}\n",
            &["! no lockfileVersion"],
        );
        check(&PNPM_LOCK, "pnpm-lock.yaml", "a: [\n", &["!"]);
        check(
            &PNPM_LOCK,
            "pnpm-lock.yaml",
            "lockfileVersion: 9\npackages: [a]\n",
            &[],
        );
    }
}
