//! CPE 2.3 names (NISTIR 7695): what the National Vulnerability Database knows
//! products by. Which vendor a package is filed under can't be computed: what
//! is made here are candidates, the likeliest first.

mod known;

use plimsoll_model::{Package, PackageType};

/// At most so many candidates for one package.
const MOST: usize = 5;

/// A CPE 2.3 formatted string of an application: `target` is the software it
/// runs in (`node.js`), empty for any.
///
/// None when vendor or product hold nothing that a CPE can name.
#[must_use]
pub fn name(vendor: &str, product: &str, version: &str, target: &str) -> Option<String> {
    let (vendor, product) = (component(vendor), component(product));
    if vendor.is_empty() || product.is_empty() {
        return None;
    }
    let or_any = |text: String| {
        if text.is_empty() {
            "*".to_owned()
        } else {
            text
        }
    };
    let (version, target) = (or_any(component(version)), or_any(component(target)));
    Some(format!(
        "cpe:2.3:a:{vendor}:{product}:{version}:*:*:*:*:{target}:*:*"
    ))
}

/// One component of a formatted string: lower case, spaces as underscores, and
/// a backslash before everything but letters, digits, `_`, `.` and `-` (a
/// lone `-` would say *not applicable*). What is not ASCII can't be written.
fn component(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '-' => {
                result.push(c.to_ascii_lowercase());
            }
            ' ' => result.push('_'),
            '!'..='~' => {
                result.push('\\');
                result.push(c);
            }
            _ => {}
        }
    }
    if result == "-" {
        result.insert(0, '\\');
    }
    result
}

/// The candidates for a package, the likeliest first. `known` are vendor and
/// product, `f5:nginx`, that whoever found it knows.
#[must_use]
pub fn candidates(package: &Package, known: &[String]) -> Vec<String> {
    let version = upstream_version(package);
    let target = target(package.kind);
    let mut found: Vec<String> = Vec::new();
    let mut add = |vendor: &str, product: &str, target: &str| {
        if found.len() < MOST
            && let Some(name) = name(vendor, product, version, target)
            && !found.contains(&name)
        {
            found.push(name);
        }
    };
    for pair in known {
        if let Some((vendor, product)) = pair.split_once(':') {
            add(vendor, product, "");
        }
    }
    let name = &*package.name;
    match package.kind {
        PackageType::Alpm
        | PackageType::Apk
        | PackageType::Deb
        | PackageType::Opkg
        | PackageType::Rpm => {
            let source = package.source.as_ref().map_or(name, |source| &*source.name);
            for (vendor, product) in known::program(source).chain(known::program(name)) {
                add(vendor, product, "");
            }
            add(source, source, "");
            add(name, name, "");
        }
        PackageType::Generic | PackageType::Bitnami | PackageType::Conan => {
            for (vendor, product) in known::program(name) {
                add(vendor, product, "");
            }
            add(name, name, "");
        }
        PackageType::Maven => {
            let vendor = known::maven_vendor(&package.namespace);
            for (vendor, product) in known::library(package.kind, name) {
                add(vendor, product, "");
            }
            if let Some(vendor) = vendor {
                add(vendor, name, "");
            }
            add(name, name, "");
        }
        PackageType::Golang | PackageType::Github | PackageType::Swift => {
            // `github.com/OWNER/NAME/v2` is NAME of OWNER.
            let whole = format!("{}/{name}", package.namespace);
            let mut parts = whole.split('/').filter(|part| !part.is_empty());
            let forge = parts.clone().next().is_some_and(|host| host.contains('.'));
            let (owner, repository) = if forge {
                (parts.nth(1), parts.next())
            } else {
                (parts.next(), parts.next())
            };
            for (vendor, product) in known::library(package.kind, &whole) {
                add(vendor, product, "");
            }
            if let (Some(owner), Some(repository)) = (owner, repository) {
                add(owner, repository, target);
            }
            add(name, name, target);
        }
        _ => {
            for (vendor, product) in known::library(package.kind, name) {
                add(vendor, product, "");
            }
            let vendor = package.namespace.trim_start_matches('@');
            if !vendor.is_empty() {
                add(vendor, name, target);
            }
            add(name, name, target);
        }
    }
    found
}

/// The software that packages of a type run in, as CPEs name it.
fn target(kind: PackageType) -> &'static str {
    match kind {
        PackageType::Npm => "node.js",
        PackageType::Pypi => "python",
        PackageType::Gem => "ruby",
        PackageType::Cargo => "rust",
        PackageType::Golang => "go",
        PackageType::Nuget => ".net",
        PackageType::Composer => "php",
        PackageType::Cpan => "perl",
        _ => "",
    }
}

/// The version without what a distribution put around it: epoch, revision,
/// `+dfsg`, and Go's `v`.
fn upstream_version(package: &Package) -> &str {
    let version = &*package.version;
    if package.kind == PackageType::Golang {
        return version.strip_prefix('v').unwrap_or(version);
    }
    if !package.kind.is_os() {
        return version;
    }
    let version = match version.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => version,
    };
    let version = version
        .rsplit_once('-')
        .map_or(version, |(before, _)| before);
    let cut = ["+dfsg", "~dfsg", ".dfsg", "+ds", "~ds", "+really"]
        .iter()
        .filter_map(|mark| version.find(mark))
        .min();
    cut.map_or(version, |at| &version[..at])
}

#[cfg(test)]
mod tests {
    use plimsoll_model::SourcePackage;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_escaped() {
        let check = |vendor: &str, product: &str, version: &str, expect: Option<&str>| {
            assert_eq!(name(vendor, product, version, "").as_deref(), expect);
        };
        check(
            "GNU",
            "glibc",
            "2.36",
            Some("cpe:2.3:a:gnu:glibc:2.36:*:*:*:*:*:*:*"),
        );
        check(
            "gnu",
            "libstdc++",
            "",
            Some("cpe:2.3:a:gnu:libstdc\\+\\+:*:*:*:*:*:*:*:*"),
        );
        check(
            "a:b",
            "c d",
            "1:2*?",
            Some("cpe:2.3:a:a\\:b:c_d:1\\:2\\*\\?:*:*:*:*:*:*:*"),
        );
        check("a", "b", "-", Some("cpe:2.3:a:a:b:\\-:*:*:*:*:*:*:*"));
        check("", "b", "1", None);
        check("é", "b", "1", None);
    }

    #[test]
    fn packages_have_candidates() {
        let check = |package: &Package, known: &[&str], expect: &[&str]| {
            let known: Vec<String> = known.iter().map(|pair| (*pair).to_owned()).collect();
            let found: Vec<String> = candidates(package, &known)
                .iter()
                .map(|name| {
                    let fields: Vec<&str> = name.split(':').collect();
                    format!("{}:{}:{}:{}", fields[3], fields[4], fields[5], fields[10])
                })
                .collect();
            assert_eq!(found, expect, "{}", package.purl());
        };
        let package = Package::new;
        let mut libssl = package(PackageType::Deb, "debian", "libssl3", "3.0.11-1~deb12u2");
        libssl.source = Some(SourcePackage {
            name: "openssl".into(),
            version: "3.0.11-1~deb12u2".into(),
        });
        check(
            &libssl,
            &[],
            &["openssl:openssl:3.0.11:*", "libssl3:libssl3:3.0.11:*"],
        );
        check(
            &package(PackageType::Generic, "", "nginx", "1.25.3"),
            &["f5:nginx"],
            &["f5:nginx:1.25.3:*", "nginx:nginx:1.25.3:*"],
        );
        check(
            &package(PackageType::Rpm, "redhat", "curl", "1:7.76.1+dfsg-26.el9"),
            &[],
            &["haxx:curl:7.76.1:*", "curl:curl:7.76.1:*"],
        );
        check(
            &package(
                PackageType::Maven,
                "org.apache.logging.log4j",
                "log4j-core",
                "2.14.1",
            ),
            &[],
            &[
                "apache:log4j:2.14.1:*",
                "apache:log4j-core:2.14.1:*",
                "log4j-core:log4j-core:2.14.1:*",
            ],
        );
        check(
            &package(PackageType::Golang, "github.com/spf13", "cobra", "v1.8.0"),
            &[],
            &["spf13:cobra:1.8.0:go", "cobra:cobra:1.8.0:go"],
        );
        check(
            &package(PackageType::Golang, "", "stdlib", "1.22.1"),
            &[],
            &["golang:go:1.22.1:*", "stdlib:stdlib:1.22.1:go"],
        );
        check(
            &package(PackageType::Npm, "@angular", "core", "17.0.0"),
            &[],
            &["angular:core:17.0.0:node.js", "core:core:17.0.0:node.js"],
        );
        check(
            &package(PackageType::Pypi, "", "django", "4.2"),
            &[],
            &["djangoproject:django:4.2:*", "django:django:4.2:python"],
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_candidate_has_thirteen_fields(name in "\\PC{1,20}", version in "\\PC{0,12}", at in 0..26_usize) {
            let package = Package::new(PackageType::ALL[at], "a/b", name, version);
            for cpe in candidates(&package, &[]) {
                let mut fields = 1;
                let mut escaped = false;
                for c in cpe.chars() {
                    fields += usize::from(c == ':' && !escaped);
                    escaped = c == '\\' && !escaped;
                }
                prop_assert_eq!(fields, 13, "{}", cpe);
                prop_assert!(cpe.is_ascii() && !cpe.contains(char::is_whitespace));
            }
        }
    }
}
