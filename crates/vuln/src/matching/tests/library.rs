//! Packages of languages, and programs.

use plimsoll_model::{Tristate, VulnerabilityKind, image::Platform};

use super::*;
use crate::advisory::Import;

#[test]
fn packages_of_languages_are_matched_by_type_and_name() {
    let advisories = [
        record("CVE-1").says("pypi", "zope-interface", "..5.0"),
        record("CVE-2").says("npm", "@types/node", "..2.0.0"),
        record("CVE-3").says("maven", "org.apache:log4j", "..2.17"),
        record("CVE-4").says("golang", "github.com/Azure/go", "..1.2.0"),
        record("CVE-5").says("nuget", "Newtonsoft.Json", "..13.0.1"),
        record("CVE-6").says("golang", "stdlib", "1.21.0..1.21.5"),
    ];
    let packages = [
        "pypi Zope.Interface 4.0",
        "npm @types/node 1.0.0",
        "maven org.apache:log4j 2.14",
        "golang github.com/Azure/go v1.1.0",
        // As an SBOM has it, in lower case.
        "golang github.com/azure/go v1.1.9",
        "nuget newtonsoft.json 12.0",
        "golang stdlib 1.21.4",
        "golang github.com/fine/fine v1.0.0",
    ];
    let mut found = lines(&matched(&image("", &packages), &advisories));
    found.sort();
    let expect = [
        "@types/node CVE-2 fixed 2.0.0",
        "Zope.Interface CVE-1 fixed 5.0",
        "github.com/Azure/go CVE-4 fixed 1.2.0",
        "github.com/azure/go CVE-4 fixed 1.2.0",
        "newtonsoft.json CVE-5 fixed 13.0.1",
        "org.apache:log4j CVE-3 fixed 2.17",
        "stdlib CVE-6 fixed 1.21.5",
    ];
    assert_eq!(found, expect);
}

#[test]
fn a_type_of_packages_without_a_feed_is_unknown() {
    let advisories = [record("CVE-1").says("npm", "a", "..2.0.0")];
    check(
        &image("", &["gem a 1", "gem b 1", "npm a", "npm b", "generic c 1"]),
        &advisories,
        &[
            "? 2 gem packages: the database has no advisories about them",
            "? 1 npm packages without a version: without one it can't be told which \
             vulnerabilities they have",
            "? 1 programs without a package: the database has no advisories about them",
        ],
    );
    // Nothing is said of a module that was built from its own folder.
    let go = [record("CVE-1").says("golang", "b", "..2.0.0")];
    check(&image("", &["golang a"]), &go, &[]);
}

#[test]
fn records_of_several_databases_are_one_vulnerability() {
    let advisories = [
        record("PYSEC-1")
            .alias("CVE-2021-1")
            .says("pypi", "a", "..2"),
        record("GHSA-1")
            .alias("CVE-2021-1")
            .says("pypi", "a", "1..2.1 "),
        record("RUSTSEC-1").says("pypi", "a", "..3"),
        record("GHSA-2").alias("RUSTSEC-1").alias("CVE-2021-2"),
    ];
    let found = matched(&image("", &["pypi a 1"]), &advisories);
    assert_eq!(
        lines(&found),
        ["a CVE-2021-1 fixed 2.1", "a CVE-2021-2 fixed 3"]
    );
    assert_eq!(found.vulnerabilities[0].aliases, ["GHSA-1", "PYSEC-1"]);
    assert_eq!(found.vulnerabilities[0].source.record, "GHSA-1");
    assert_eq!(found.vulnerabilities[0].also[0].record, "PYSEC-1");
    assert_eq!(found.vulnerabilities[1].aliases, ["GHSA-2", "RUSTSEC-1"]);
}

#[test]
fn programs_are_matched_by_their_cpes_and_by_bitnamis_names() {
    let advisories = [
        record("CVE-1").says("program", "erlang:erlang/otp", "..27.0.0"),
        record("BIT-1")
            .alias("CVE-2024-2")
            .says("bitnami", "nginx", "..1.25.4"),
        record("CVE-3").says("golang", "toolchain", "..1.21.5"),
        record("CVE-4").says("golang", "stdlib", "..1.21.5"),
    ];
    let mut image = image(
        "",
        &[
            "generic erlang 26.0",
            "generic nginx 1.25.3",
            "generic go 1.21.4",
        ],
    );
    image.packages[0].cpes = vec![
        "cpe:2.3:a:erlang:erlang\\/otp:26.0:*:*:*:*:*:*:*".into(),
        "cpe:2.3:a:erlang:erlang:26.0:*:*:*:*:*:*:*".into(),
    ];
    check(
        &image,
        &advisories,
        &[
            "erlang CVE-1 fixed 27.0.0",
            "go CVE-3 fixed 1.21.5",
            "nginx CVE-2024-2 fixed 1.25.4",
        ],
    );
}

#[test]
fn a_package_made_to_do_harm_is_told_as_malware() {
    let mut record = record("MAL-2024-1").alias("GHSA-1").says("npm", "a", "");
    record.affected[0].versions = vec!["1.0.0".into()];
    let found = matched(&image("", &["npm a 1.0.0", "npm a 1.0.1"]), &[record]);
    let [hit] = found.vulnerabilities.as_slice() else {
        panic!("{found:#?}");
    };
    assert_eq!(hit.kind, VulnerabilityKind::Malware);
    assert_eq!(hit.severity, Some(plimsoll_model::Severity::Critical));
    assert_eq!((hit.package.version.as_str(), &hit.fixed), ("1.0.0", &None));
}

#[test]
fn functions_that_are_not_in_the_program_are_not_reachable() {
    let import = |path: &str, symbols: &[&str]| Import {
        path: path.into(),
        symbols: symbols.iter().map(|name| (*name).to_owned()).collect(),
        ..Import::default()
    };
    let go = |symbols: &[&str], needs: &[&str]| {
        let mut image = image(
            "",
            &["golang golang.org/x/net v0.1.0", "golang stdlib 1.21.0"],
        );
        image.platform = Platform {
            os: "linux".into(),
            arch: "amd64".into(),
            ..Platform::default()
        };
        for package in &mut image.packages {
            package.locations[0].how = "embedded".into();
        }
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        image.packages[0].symbols = owned(symbols);
        image.packages[0].needs = owned(needs);
        image.packages[1].symbols = owned(&["runtime.main"]);
        image
    };
    let check = |image: &Image, imports: Vec<Import>, expect: (Tristate, &str)| {
        let mut record = record("CVE-1").says("golang", "golang.org/x/net", "..0.2.0");
        record.affected[0].imports = imports;
        let found = matched(
            image,
            &[record, self::record("GHSA-1").says("golang", "x", "..1")],
        );
        let reachable = &found.vulnerabilities[0].reachable;
        assert_eq!((reachable.answer, &*reachable.evidence), expect);
    };
    let parse = "golang.org/x/net/html.Parse";
    let path = "golang.org/x/net/html";
    let yes = "golang.org/x/net/html.Parse is in /app";
    check(
        &go(&[parse], &[]),
        vec![import(path, &["Render", "Parse"])],
        (Tristate::Yes, yes),
    );
    check(
        &go(&[parse], &[]),
        vec![import(path, &[])],
        (Tristate::Yes, yes),
    );
    check(
        &go(&[parse], &[]),
        vec![import(path, &["Render", "Tokenizer.Next"])],
        (
            Tristate::No,
            "none of the 2 vulnerable functions is in /app",
        ),
    );
    check(
        &go(&[parse], &[]),
        vec![import("golang.org/x/net/http2", &[])],
        (
            Tristate::No,
            "no function of the vulnerable packages is in /app",
        ),
    );
    // The program has functions, and none of this module.
    check(
        &go(&[], &[]),
        vec![import(path, &["Parse"])],
        (Tristate::No, "no function of the module is in /app"),
    );
    let windows = Import {
        os: vec!["windows".into()],
        ..import(path, &["Parse"])
    };
    check(
        &go(&[parse], &[]),
        vec![windows],
        (Tristate::No, "the vulnerable code is for windows only"),
    );
    // Nothing is known: no symbols in the advisory, no table in the program,
    // or the program's own package, which its table calls `main`.
    check(&go(&[parse], &[]), vec![], (Tristate::Unknown, ""));
    let mut stripped = go(&[], &[]);
    stripped.packages[1].symbols.clear();
    check(
        &stripped,
        vec![import(path, &["Parse"])],
        (Tristate::Unknown, ""),
    );
    check(
        &go(&[], &["a"]),
        vec![import(path, &["Parse"])],
        (Tristate::Unknown, ""),
    );
    let mut twice = go(&[parse], &[]);
    let elsewhere = PackageLocation {
        path: "other".into(),
        ..twice.packages[0].locations[0].clone()
    };
    twice.packages[0].locations.push(elsewhere);
    check(
        &twice,
        vec![import(path, &["Render"])],
        (
            Tristate::No,
            "the vulnerable function is not in /app and 1 more",
        ),
    );
}
