//! `package.json` of installed packages
//! (<https://docs.npmjs.com/cli/configuring-npm/package-json>), in folders and
//! in the archives of Yarn's cache.

use serde::Deserialize;
use serde_json::Value;

use super::package;
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::{
        compiled::{
            text::{has_name, text_or_tell},
            zip::Zip,
        },
        scripted::shared::{integrity, list},
    },
    licence,
};

/// `package.json` of a package that was installed, or unpacked into a folder
/// of its name and version.
pub(crate) const NPM_PACKAGE: Analyzer = Analyzer {
    name: "npm-package",
    version: 1,
    by_path: |path, _| has_name(path, "package.json") && place(path).is_some(),
    by_head: never_by_head,
    run,
};

/// Archives of packages that Yarn loads from without unpacking them.
pub(crate) const YARN_CACHE: Analyzer = Analyzer {
    name: "yarn-cache",
    version: 1,
    by_path: |path, _| path.ends_with(".zip") && path.contains(".yarn/"),
    by_head: never_by_head,
    run: archive,
};

/// Bytes of one `package.json` that are read.
const MOST: u64 = 4 << 20;

/// Folders in which packages keep what they are tested and shown with.
const FIXTURES: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "fixture",
    "fixtures",
    "example",
    "examples",
    "demo",
    "template",
    "templates",
];

#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    /// A package's own folder in `node_modules`.
    Own,
    /// Further down in the folder of the package of this name.
    Below(&'a str),
    /// A folder elsewhere: its last two parts.
    Elsewhere(&'a str, &'a str),
}

fn place(path: &str) -> Option<Place<'_>> {
    let folder = path.strip_suffix("package.json")?.strip_suffix('/')?;
    let after = match folder.rfind("node_modules/") {
        Some(at) if at == 0 || folder[..at].ends_with('/') => {
            folder.get(at + "node_modules/".len()..)?
        }
        _ => {
            let (parent, last) = folder.rsplit_once('/')?;
            let before = parent.rsplit('/').next()?;
            return last
                .contains(|c: char| c.is_ascii_digit())
                .then_some(Place::Elsewhere(before, last));
        }
    };
    let mut parts = after.splitn(3, '/');
    let first = parts.next()?;
    let name = match first.starts_with('@') {
        true => &after[..first.len() + 1 + parts.next()?.len()],
        false => first,
    };
    let Some(rest) = after[name.len()..].strip_prefix('/') else {
        return Some(Place::Own);
    };
    let fixture = rest.split('/').any(|part| FIXTURES.contains(&part));
    (!fixture).then_some(Place::Below(name))
}

#[derive(Deserialize)]
struct Json {
    name: Option<Value>,
    version: Option<Value>,
    private: Option<Value>,
    license: Option<Value>,
    licenses: Option<Value>,
    dependencies: Option<Value>,
    #[serde(rename = "optionalDependencies")]
    optional: Option<Value>,
    /// What npm before version 7 wrote into the manifest of what it installed.
    #[serde(rename = "_integrity")]
    integrity: Option<Value>,
}

impl Json {
    fn text<'a>(&'a self, of: fn(&'a Json) -> &'a Option<Value>) -> &'a str {
        of(self).as_ref().and_then(Value::as_str).unwrap_or("")
    }

    fn found(&self, evidence: String) -> FoundPackage {
        let mut package = package(
            self.text(|json| &json.name),
            self.text(|json| &json.version),
        );
        package.licences = self.licences();
        let needs = [&self.dependencies, &self.optional];
        let needs = needs.into_iter().flatten().filter_map(Value::as_object);
        let mut needs: Vec<String> = needs.flat_map(|all| all.keys().cloned()).collect();
        needs.sort();
        needs.dedup();
        FoundPackage {
            evidence,
            needs,
            checksums: integrity(self.text(|json| &json.integrity)),
            ..FoundPackage::new(package, How::Installed)
        }
    }

    /// A text, `{type}`, or lists of these; of several any may be chosen.
    fn licences(&self) -> Vec<String> {
        fn collect<'a>(value: &'a Value, out: &mut Vec<&'a str>) {
            match value {
                Value::String(text) => out.push(text),
                Value::Array(all) => all.iter().take(20).for_each(|one| match one {
                    Value::Array(_) => {}
                    one => collect(one, out),
                }),
                Value::Object(one) => out.extend(one.get("type").and_then(Value::as_str)),
                _ => {}
            }
        }
        let mut texts = Vec::new();
        for value in [&self.license, &self.licenses].into_iter().flatten() {
            collect(value, &mut texts);
        }
        texts.dedup();
        match texts[..] {
            [one] => licence::normalise(one),
            _ => licence::normalise(&texts.join(" OR ")),
        }
    }
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(place) = place(file.path) else {
        return;
    };
    // Whatever is deeper down may be a template or made to be broken.
    let mut aside = Sink::default();
    let own = place == Place::Own;
    let Some(text) = text_or_tell(file, if own { sink } else { &mut aside }) else {
        return;
    };
    let json: Json = match serde_json::from_str(&text) {
        Ok(json) => json,
        Err(error) => {
            if own {
                sink.incomplete(format!("not JSON: {error}"));
            }
            return;
        }
    };
    let (name, version) = (
        json.text(|json| &json.name),
        json.text(|json| &json.version),
    );
    if name.is_empty() || version.is_empty() {
        return;
    }
    let private = json.private == Some(Value::Bool(true));
    let evidence = match place {
        Place::Own => "package.json".to_owned(),
        // Part of the package itself, or a folder that only looks like one.
        Place::Below(outer) if private || is_part(name, outer) => return,
        Place::Below(outer) => format!("package.json, in {outer}"),
        Place::Elsewhere(before, last) => {
            let short = name.rsplit('/').next().unwrap_or(name);
            let rest = last.strip_prefix(short).unwrap_or(last);
            let rest = rest.trim_start_matches(['-', '@', 'v']);
            let named = last.starts_with(short) || before == short;
            if !named || rest != version {
                return;
            }
            "package.json".to_owned()
        }
    };
    list(file, sink, |list| list.push(json.found(evidence)));
}

/// Whether a name is that of a package or of a part of it: `a`, `a/esm`, `a-esm`.
fn is_part(name: &str, of: &str) -> bool {
    let rest = name.strip_prefix(of);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '-']))
}

/// The package whose files are below `node_modules` of an archive.
fn archive(file: &Candidate<'_>, sink: &mut Sink) {
    let zip = match Zip::open(file.content) {
        Ok(zip) => zip,
        Err(error) => return sink.incomplete(error.to_string()),
    };
    let own = zip.entries.iter().filter(|entry| {
        has_name(&entry.name, "package.json") && place(&entry.name) == Some(Place::Own)
    });
    for entry in own.take(16) {
        let bytes = match zip.read(entry, MOST) {
            Ok(bytes) => bytes,
            Err(error) => {
                sink.incomplete(format!("{}: {error}", entry.name));
                continue;
            }
        };
        match serde_json::from_slice::<Json>(&bytes) {
            Ok(json) => list(file, sink, |list| {
                list.push(FoundPackage {
                    inner: entry.name.clone(),
                    ..json.found("package.json".to_owned())
                });
            }),
            Err(error) => sink.incomplete(format!("{}: not JSON: {error}", entry.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        analyzer::testing::claims,
        lang::{
            compiled::zip::testing::zip,
            scripted::shared::testing::{check, listed},
        },
    };

    const NODE: &str = r#"{"name":"a","version":"1.2.3","license":"MIT"}"#;

    #[test]
    fn an_installed_package_is_told_by_its_manifest() {
        check(
            &NPM_PACKAGE,
            "app/node_modules/@types/node/package.json",
            r#"{"name":"@types/node","version":"20.1.0","license":{"type":"MIT"},
                "dependencies":{"b":"^1"},"optionalDependencies":{"c":"*"},"_integrity":"sha1-AAEC"}"#,
            &["pkg:npm/%40types/node@20.1.0 Installed <MIT> needs b,c sums sha1:000102"],
        );
        check(
            &NPM_PACKAGE,
            "node_modules/a/package.json",
            r#"{"name":"a","version":"1","licenses":[{"type":"MIT"},{"type":"Apache-2.0"}]}"#,
            &["pkg:npm/a@1 Installed <MIT OR Apache-2.0>"],
        );
        check(
            &NPM_PACKAGE,
            "app/node_modules/.pnpm/a@1.2.3/node_modules/a/package.json",
            NODE,
            &["pkg:npm/a@1.2.3 Installed <MIT>"],
        );
        // A folder for a module's kind, no package.
        let path = "app/node_modules/b/esm/package.json";
        check(&NPM_PACKAGE, path, r#"{"type":"module"}"#, &[]);
        check(&NPM_PACKAGE, path, r#"{"name":"b/esm","version":"1"}"#, &[]);
        check(
            &NPM_PACKAGE,
            path,
            r#"{"name":"x","version":"1","private":true}"#,
            &[],
        );
        check(&NPM_PACKAGE, path, "{{name}}", &[]);
        // A copy that another package ships, of a name that begins alike too.
        check(
            &NPM_PACKAGE,
            path,
            r#"{"name":"bc","version":"1"}"#,
            &["pkg:npm/bc@1 Installed"],
        );
        check(
            &NPM_PACKAGE,
            path,
            NODE,
            &["pkg:npm/a@1.2.3 Installed <MIT>"],
        );
        check(
            &NPM_PACKAGE,
            "opt/a-v1.2.3/package.json",
            NODE,
            &["pkg:npm/a@1.2.3 Installed <MIT>"],
        );
        check(
            &NPM_PACKAGE,
            "root/.cache/node/corepack/v1/a/1.2.3/package.json",
            NODE,
            &["pkg:npm/a@1.2.3 Installed <MIT>"],
        );
        check(&NPM_PACKAGE, "opt/a-v1.2.4/package.json", NODE, &[]);
    }

    #[test]
    fn what_is_no_package_is_left_alone_and_damage_told() {
        let claimed = |path: &str| claims(&NPM_PACKAGE, path, b"{}");
        assert!(!claimed("app/package.json"));
        assert!(!claimed("package.json"));
        assert!(!claimed("app/node_modules/a/test/x/package.json"));
        assert!(!claimed("app/node_modules/package.json2"));
        let path = "node_modules/a/package.json";
        check(&NPM_PACKAGE, path, "{", &["! not JSON: EOF"]);
        check(&NPM_PACKAGE, path, "\u{feff}[]", &["! not JSON: invalid"]);
        check(&NPM_PACKAGE, path, r#"{"name":["a"],"version":1}"#, &[]);
        check(
            &NPM_PACKAGE,
            path,
            "{\"name\":\"a\\nb\",\"version\":\"1\"}",
            &[r#"! "a\nb": not a package's name"#],
        );
        assert_eq!(listed(&NPM_PACKAGE, path, b"\xff"), ["! not UTF-8"]);
    }

    #[test]
    fn archives_of_yarns_cache_are_looked_into() {
        let path = "app/.yarn/cache/a-npm-1.2.3-0123456789-abc.zip";
        let bytes = zip(&[
            ("node_modules/a/package.json", NODE.as_bytes()),
            ("node_modules/a/esm/package.json", b"{}"),
        ]);
        assert_eq!(
            listed(&YARN_CACHE, path, &bytes),
            ["pkg:npm/a@1.2.3 Installed !node_modules/a/package.json <MIT>"]
        );
        assert_eq!(
            listed(&YARN_CACHE, path, b"PK"),
            ["! no zip archive, or its end is missing"]
        );
    }
}
