//! PHP: what Composer installed, and its lock file
//! (<https://getcomposer.org/doc/04-schema.md>).

use plimsoll_model::{Package, PackageType};
use rustc_hash::FxHashSet;
use serde_json::Value;

use super::shared::{List, checksum, fields, items, json_or_tell, list, text};
use crate::{
    Analyzer, Candidate, FoundPackage, How, Sink,
    analyzer::never_by_head,
    lang::compiled::text::{has_name, in_source_cache},
    licence,
};

/// `composer.lock`.
pub(crate) const COMPOSER_LOCK: Analyzer = Analyzer {
    name: "composer-lock",
    version: 1,
    by_path: |path, _| {
        // `vendor/OWNER/NAME/composer.lock` is what that package was developed with.
        let in_vendor = path
            .rsplit_once("vendor/")
            .is_some_and(|(_, rest)| rest.matches('/').count() >= 2);
        has_name(path, "composer.lock") && !in_vendor && !in_source_cache(path)
    },
    by_head: never_by_head,
    run: lock,
};

/// `vendor/composer/installed.json`.
pub(crate) const COMPOSER_INSTALLED: Analyzer = Analyzer {
    name: "composer-installed",
    version: 1,
    by_path: |path, _| has_name(path, "composer/installed.json"),
    by_head: never_by_head,
    run: installed,
};

fn lock(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(lock) = json_or_tell(file, sink) else {
        return;
    };
    if !lock.is_object() {
        return sink.incomplete("not an object of a lock file");
    }
    list(file, sink, |list| {
        for (section, dev) in [("packages", false), ("packages-dev", true)] {
            for entry in items(&lock, section) {
                push(entry, dev, How::Lock, "composer.lock", list);
            }
        }
    });
}

/// A list of packages, since version 2 of Composer in an object.
fn installed(file: &Candidate<'_>, sink: &mut Sink) {
    let Some(installed) = json_or_tell(file, sink) else {
        return;
    };
    let Some(entries) = installed
        .as_array()
        .or_else(|| installed.get("packages")?.as_array())
    else {
        return sink.incomplete("no list of packages");
    };
    let dev: FxHashSet<&str> = items(&installed, "dev-package-names")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    list(file, sink, |list| {
        for entry in entries {
            let dev = dev.contains(text(entry, "name"));
            push(entry, dev, How::Installed, "installed.json", list);
        }
    });
}

fn push(entry: &Value, dev: bool, how: How, evidence: &str, list: &mut List<'_>) {
    let name = text(entry, "name");
    let Some((owner, short)) = name.split_once('/') else {
        return list.malformed(name, "not OWNER/NAME");
    };
    let version = text(entry, "version");
    if version.is_empty() {
        return list.malformed(name, "no version");
    }
    let dist = entry.get("dist").unwrap_or(&Value::Null);
    let source = entry.get("source").unwrap_or(&Value::Null);
    // The project's own code, by a path on the disk.
    if text(dist, "type") == "path" {
        return;
    }
    let mut package = Package::new(PackageType::Composer, owner, short, version);
    // Of several licences any may be chosen.
    let licences = items(entry, "license").iter().filter_map(Value::as_str);
    package.licences = licence::normalise(&licences.take(20).collect::<Vec<_>>().join(" OR "));
    let needs = fields(entry, "require").map(|(name, _)| name);
    let is_package = |name: &&str| name.contains('/');
    // A branch moves: the commit tells which state of it this is.
    let moves = version.starts_with("dev-") || version.ends_with("-dev");
    list.push(FoundPackage {
        evidence: match (moves, text(source, "reference")) {
            (true, reference) if !reference.is_empty() => format!("{evidence}, {reference}"),
            _ => evidence.to_owned(),
        },
        dev,
        needs: needs.filter(is_package).map(str::to_owned).collect(),
        checksums: match text(dist, "shasum") {
            "" => Vec::new(),
            sum => vec![checksum("sha1", sum)],
        },
        ..FoundPackage::new(package, how)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{analyzer::testing::claims, lang::scripted::shared::testing::check};

    #[test]
    fn the_lock_file_is_read() {
        check(
            &COMPOSER_LOCK,
            "app/composer.lock",
            r#"{"packages":[{"name":"symfony/console","version":"v6.3.0","license":["MIT","GPL-2.0-only"],
                 "require":{"php":">=8.1","ext-json":"*","psr/log":"^3"},"dist":{"type":"zip","shasum":"AB"}},
                {"name":"x/branch","version":"dev-main","source":{"reference":"ab12"}},
                {"name":"own/lib","version":"1.0","dist":{"type":"path"}},{"name":"odd"},5],
                "packages-dev":[{"name":"phpunit/phpunit","version":"10.1.0"},{"name":"a/b"}]}"#,
            &[
                "pkg:composer/symfony/console@v6.3.0 <MIT OR GPL-2.0-only> needs psr/log sums sha1:ab",
                "pkg:composer/x/branch@dev-main",
                "pkg:composer/phpunit/phpunit@10.1.0 dev",
                r#"! "odd": not OWNER/NAME"#,
                r#"! "": not OWNER/NAME"#,
                r#"! "a/b": no version"#,
            ],
        );
        check(&COMPOSER_LOCK, "composer.lock", "[]", &["! not an object"]);
        assert!(!claims(&COMPOSER_LOCK, "app/vendor/a/b/composer.lock", b""));
    }

    #[test]
    fn what_is_installed_is_read_in_both_forms() {
        let path = "app/vendor/composer/installed.json";
        check(
            &COMPOSER_INSTALLED,
            path,
            r#"[{"name":"a/b","version":"1.0.0","dist":{"shasum":""}}]"#,
            &["pkg:composer/a/b@1.0.0 Installed"],
        );
        check(
            &COMPOSER_INSTALLED,
            path,
            r#"{"packages":[{"name":"a/b","version":"1.0.0"},{"name":"c/d","version":"2"}],"dev":true,"dev-package-names":["c/d"]}"#,
            &[
                "pkg:composer/a/b@1.0.0 Installed",
                "pkg:composer/c/d@2 Installed dev",
            ],
        );
        check(&COMPOSER_INSTALLED, path, "{}", &["! no list of packages"]);
        check(&COMPOSER_INSTALLED, path, "{", &["! not JSON"]);
    }
}
