//! What readers of manifests and lock files of scripted languages share.

use std::{collections::VecDeque, hash::Hash};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustc_hash::FxHashSet;
use serde_json::Value;

use crate::{Candidate, FoundPackage, Sink, lang::compiled::text::text_or_tell};

/// Bytes of a name, and of a version, that are believed.
const MOST_NAME: usize = 512;
/// Malformed entries of one file that are told by name.
const MOST_TOLD: usize = 5;
/// Characters of a malformed entry that are shown.
const SHOWN: usize = 80;

/// Packages of one file, up to the limit of a run; entries that are none are
/// counted, and the first of them named.
pub(crate) struct List<'a> {
    sink: &'a mut Sink,
    left: usize,
    over: bool,
    malformed: usize,
}

/// Fills a [`List`] and tells of what it could not take.
pub(crate) fn list(file: &Candidate<'_>, sink: &mut Sink, fill: impl FnOnce(&mut List<'_>)) {
    let most = file.limits.found;
    let mut list = List {
        sink,
        left: most,
        over: false,
        malformed: 0,
    };
    fill(&mut list);
    let (over, more) = (list.over, list.malformed.saturating_sub(MOST_TOLD));
    if over {
        sink.incomplete(format!("more than {most} packages"));
    }
    if more > 0 {
        sink.incomplete(format!("{more} more entries could not be read"));
    }
}

impl List<'_> {
    /// A package, when its name and version can be those of one.
    pub(crate) fn push(&mut self, found: FoundPackage) {
        let package = &found.package;
        let sound =
            |text: &str| text.len() <= MOST_NAME && !text.contains(|c: char| c.is_control());
        if package.name.is_empty() || !sound(&package.name) || !sound(&package.namespace) {
            let name = package.name.clone();
            self.malformed(&name, "not a package's name");
        } else if !sound(&package.version) {
            let name = package.name.clone();
            self.malformed(&name, "not a version");
        } else if self.left == 0 {
            self.over = true;
        } else {
            self.left -= 1;
            self.sink.push(found);
        }
    }

    /// An entry is none that is known here.
    pub(crate) fn malformed(&mut self, entry: &str, why: &str) {
        self.malformed += 1;
        if self.malformed <= MOST_TOLD {
            let entry: String = entry.chars().take(SHOWN).collect();
            self.sink
                .incomplete(format!("{:?}: {why}", entry.trim_end()));
        }
    }
}

/// The file as JSON; none, and said in `sink`, when it is not.
pub(crate) fn json_or_tell(file: &Candidate<'_>, sink: &mut Sink) -> Option<Value> {
    let text = text_or_tell(file, sink)?;
    match serde_json::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            sink.incomplete(format!("not JSON: {error}"));
            None
        }
    }
}

/// The file as TOML, in the shape of JSON; none, and said in `sink`, when it is not.
pub(crate) fn toml_or_tell(file: &Candidate<'_>, sink: &mut Sink) -> Option<Value> {
    let text = text_or_tell(file, sink)?;
    match toml::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let at = error.span().map(|span| span.start as u64);
            sink.problems
                .push((format!("not TOML: {}", error.message()), at));
            None
        }
    }
}

/// The text of a field; empty where there is none.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// Whether a field is `true`.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The fields of an object that is in a field; none where there is none.
pub(crate) fn fields<'a>(
    value: &'a Value,
    key: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let object = value.get(key).and_then(Value::as_object);
    let fields = object.into_iter().flatten();
    fields.map(|(key, value)| (&**key, value))
}

/// The items of a list that is in a field; none where there is none.
pub(crate) fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], |items| &**items)
}

/// The names of the fields of objects that are in these fields.
pub(crate) fn names(value: &Value, keys: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for key in keys {
        names.extend(fields(value, key).map(|(name, _)| name.to_owned()));
    }
    names
}

/// Subresource integrity, `sha512-BASE64 sha1-BASE64`, as `sha512:HEX`
/// (<https://www.w3.org/TR/SRI/>); what is not that is left out.
pub(crate) fn integrity(text: &str) -> Vec<String> {
    let one = |part: &str| {
        let (kind, digest) = part.split_once('-')?;
        let bytes = STANDARD.decode(digest.split('?').next()?).ok()?;
        let known = matches!(kind, "sha1" | "sha256" | "sha384" | "sha512" | "md5");
        (known && bytes.len() <= 64).then(|| checksum(kind, &hex(&bytes)))
    };
    text.split_ascii_whitespace().filter_map(one).collect()
}

/// `KIND:HEX` in lower case.
pub(crate) fn checksum(kind: &str, hex: &str) -> String {
    format!("{kind}:{}", hex.to_ascii_lowercase())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the path is in a package that some manager fetched or installed: a
/// lock file there tells of what that package was developed with, not of what
/// is here.
pub(crate) fn in_package(path: &str) -> bool {
    const FOLDERS: &[&str] = &[
        "node_modules/",
        "site-packages/",
        "dist-packages/",
        ".yarn/cache/",
        "/gems/",
        "/vendor/bundle/",
        "/.cargo/",
    ];
    FOLDERS.iter().any(|folder| path.contains(folder))
        || crate::lang::compiled::text::in_source_cache(path)
}

/// Whatever is reached from `roots` by `next`, the roots among it.
pub(crate) fn reached<K: Copy + Eq + Hash>(
    roots: impl IntoIterator<Item = K>,
    mut next: impl FnMut(K, &mut dyn FnMut(K)),
) -> FxHashSet<K> {
    let mut seen = FxHashSet::default();
    let mut queue = VecDeque::new();
    for root in roots {
        if seen.insert(root) {
            queue.push_back(root);
        }
    }
    while let Some(key) = queue.pop_front() {
        next(key, &mut |to| {
            if seen.insert(to) {
                queue.push_back(to);
            }
        });
    }
    seen
}

#[cfg(test)]
pub(crate) mod testing {
    use crate::{
        Analyzer, Found, How,
        analyzer::testing::{claims, packages, run},
    };

    /// What the analyzer finds in a file: `PURL [HOW] (evidence) dev needs a,b
    /// sums sha1:..`, what is empty left out; then marks; then problems.
    pub(crate) fn listed(analyzer: &Analyzer, path: &str, bytes: &[u8]) -> Vec<String> {
        assert!(claims(analyzer, path, bytes), "{path}");
        let sink = run(analyzer, path, bytes);
        let mut lines = Vec::new();
        for found in packages(&sink) {
            let mut line = found.package.purl();
            match &found.how {
                How::Lock => {}
                how => line.push_str(&format!(" {how:?}")),
            }
            if !found.inner.is_empty() {
                line.push_str(&format!(" !{}", found.inner));
            }
            if !found.package.licences.is_empty() {
                line.push_str(&format!(" <{}>", found.package.licences.join(";")));
            }
            if found.dev {
                line.push_str(" dev");
            }
            if !found.needs.is_empty() {
                line.push_str(&format!(" needs {}", found.needs.join(",")));
            }
            if !found.checksums.is_empty() {
                line.push_str(&format!(" sums {}", found.checksums.join(",")));
            }
            if !found.files.is_empty() {
                line.push_str(&format!(" files {}", found.files.join(",")));
            }
            lines.push(line);
        }
        for found in &sink.found {
            if let Found::Mark { name, detail } = found {
                lines.push(format!("{name}: {detail}"));
            }
        }
        for (problem, _) in &sink.problems {
            lines.push(format!("! {problem}"));
        }
        lines
    }

    /// Asserts what [`listed`] gives. A problem need only begin as is told.
    pub(crate) fn check(analyzer: &Analyzer, path: &str, text: &str, expect: &[&str]) {
        let lines = listed(analyzer, path, text.as_bytes());
        let same = lines.len() == expect.len()
            && lines.iter().zip(expect).all(|(line, expect)| {
                line == expect || (expect.starts_with('!') && line.starts_with(expect))
            });
        assert!(same, "{path}:\n{lines:#?}\nis not\n{expect:#?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrity_becomes_hexadecimal_digests() {
        let check = |text: &str, expect: &[&str]| assert_eq!(integrity(text), expect, "{text}");
        check(
            "sha1-qUJYgZ0QtbcS1O3cVMmM/vMNk9U=",
            &["sha1:a94258819d10b5b712d4eddc54c98cfef30d93d5"],
        );
        check("md5-AAEC?x sha1-!! odd-AAEC odd", &["md5:000102"]);
        check("", &[]);
    }

    #[test]
    fn what_packages_bring_along_is_known_by_its_folder() {
        let check = |path: &str, expect: bool| assert_eq!(in_package(path), expect, "{path}");
        check("app/node_modules/a/yarn.lock", true);
        check("usr/lib/python3/dist-packages/a/poetry.lock", true);
        check("usr/lib/ruby/gems/3.1.0/gems/a-1/Gemfile.lock", true);
        check("app/yarn.lock", false);
    }

    #[test]
    fn what_is_reached_ends_in_circles() {
        let edges = [(1, 2), (2, 1), (2, 3), (4, 5)];
        let found = reached([1], |key, to| {
            for (_, target) in edges.iter().filter(|edge| edge.0 == key) {
                to(*target);
            }
        });
        let mut found: Vec<i32> = found.into_iter().collect();
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3]);
    }
}
