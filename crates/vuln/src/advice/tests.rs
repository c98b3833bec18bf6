use plimsoll_model::{SourcePackage, VulnerabilityKind, VulnerabilityState};
use proptest::prelude::*;

use super::*;
use crate::{Scheme, testing::vulnerability, version::compare};

/// A vulnerability that a version clears.
fn fixed(id: &str, purl: &str, version: &str) -> Vulnerability {
    let mut found = vulnerability(id, purl);
    found.fixed = Some(version.to_owned());
    found.state = VulnerabilityState::Fixed;
    found
}

/// The same, of a package built from this source.
fn built_from(mut found: Vulnerability, source: &str) -> Vulnerability {
    found.package.source = Some(SourcePackage {
        name: source.to_owned(),
        version: found.package.version.clone(),
    });
    found
}

fn steps(upgrade: &Upgrade) -> Vec<(&str, &str)> {
    upgrade
        .steps
        .iter()
        .map(|step| (step.name.as_str(), step.to.as_str()))
        .collect()
}

#[test]
fn the_lowest_version_that_clears_all_is_in_the_order_of_the_ecosystem() {
    let check = |purl: &str, versions: &[&str], expect: &str| {
        let found: Vec<Vulnerability> = versions
            .iter()
            .enumerate()
            .map(|(at, version)| fixed(&format!("CVE-2023-{at}"), purl, version))
            .collect();
        let advice = advise(&found, &Facts::default());
        assert_eq!(advice.upgrades.len(), 1);
        assert_eq!(steps(&advice.upgrades[0])[0].1, expect, "{purl}");
        assert_eq!(advice.upgrades[0].clears.len(), versions.len());
        assert_eq!(advice.clears(), versions.len());
    };
    check("pkg:npm/a@1.0.0", &["1.9.0", "1.10.0", "1.2.0"], "1.10.0");
    check(
        "pkg:deb/debian/a@1",
        &["1:0.1", "9.0", "1:0.1~rc1"],
        "1:0.1",
    );
    check("pkg:apk/alpine/a@1", &["1.0_rc1-r0", "1.0-r0"], "1.0-r0");
    check("pkg:pypi/a@1", &["2.0.dev1", "2.0", "2.0a1"], "2.0");
    check("pkg:maven/g/a@1", &["1.0-alpha", "1.0"], "1.0");
}

#[test]
fn packages_of_one_source_are_one_upgrade_and_what_stays_is_said() {
    let ssl = "pkg:deb/debian/libssl3@3.0.9-1";
    let tool = "pkg:deb/debian/openssl@3.0.9-1";
    let mut found = vec![
        built_from(fixed("CVE-2023-1", ssl, "3.0.11-1"), "openssl"),
        built_from(fixed("CVE-2023-1", tool, "3.0.11-1"), "openssl"),
        built_from(fixed("CVE-2023-2", ssl, "3.0.10-1"), "openssl"),
        built_from(vulnerability("CVE-2023-3", ssl), "openssl"),
        fixed("CVE-2023-4", "pkg:npm/lodash@4.17.20", "4.17.21"),
        vulnerability("CVE-2023-5", "pkg:npm/left-pad@1.0.0"),
        fixed("CVE-2023-6", "pkg:deb/debian/zlib1g@1.2.13", "1.2.13+esm1"),
        vulnerability("MAL-2023-7", "pkg:npm/evil@1.0.0"),
        fixed("CVE-2023-8", "pkg:npm/quiet@1.0.0", "2.0.0"),
    ];
    found[5].state = VulnerabilityState::WillNotFix;
    found[6].fix_needs = "Ubuntu Pro".to_owned();
    found[7].kind = VulnerabilityKind::Malware;
    found[8]
        .suppressed
        .push(plimsoll_model::Suppression::default());
    let advice = advise(&found, &Facts::default());
    assert_eq!(advice.total, 8, "what is suppressed does not count");
    let names: Vec<_> = advice
        .upgrades
        .iter()
        .map(|upgrade| (upgrade.name.as_str(), upgrade.clears.len()))
        .collect();
    assert_eq!(names, [("openssl", 3), ("lodash", 1)]);
    assert_eq!(
        steps(&advice.upgrades[0]),
        [("libssl3", "3.0.11-1"), ("openssl", "3.0.11-1")]
    );
    assert_eq!(
        advice.upgrades[1].command.as_deref(),
        Some("npm install lodash@4.17.21")
    );
    let remaining: Vec<String> = advice
        .remaining
        .iter()
        .map(|left| format!("{} {}: {}", left.package, left.id, left.why))
        .collect();
    assert_eq!(
        remaining,
        [
            "evil 1.0.0 MAL-2023-7: it was published to do harm: remove it",
            "left-pad 1.0.0 CVE-2023-5: there will be no fix",
            "libssl3 3.0.9-1 CVE-2023-3: there is no fix yet",
            "zlib1g 1.2.13 CVE-2023-6: 1.2.13+esm1 fixes it, which needs Ubuntu Pro",
        ]
    );
}

/// Findings of a base image: of these packages.
fn of_base(names: &[&str]) -> Vec<Vulnerability> {
    names
        .iter()
        .map(|name| {
            let mut found = fixed("CVE-2023-1", &format!("pkg:apk/alpine/{name}@1-r0"), "1-r1");
            found.from_base = Some(true);
            found
        })
        .collect()
}

fn candidate(name: &str, has: &[&str]) -> Candidate {
    Candidate {
        name: name.to_owned(),
        digest: None,
        vulnerabilities: of_base(has).iter().map(Vulnerability::subject).collect(),
    }
}

#[test]
fn a_newer_base_is_named_by_what_it_clears_and_brings() {
    let mut found = of_base(&["a", "b", "c", "d"]);
    let mut own = fixed("CVE-2023-9", "pkg:npm/x@1.0.0", "2.0.0");
    own.from_base = Some(false);
    found.push(own);
    let facts = |candidates: Vec<Candidate>| Facts {
        base: Some("alpine:3.18".to_owned()),
        candidates,
        ..Facts::default()
    };
    let check = |candidates: Vec<Candidate>, expect: Option<&str>, upgrades: &[&str]| {
        let advice = advise(&found, &facts(candidates));
        let base = advice.base.as_ref().map(ToString::to_string);
        assert_eq!(base.as_deref(), expect);
        let names: Vec<&str> = advice.upgrades.iter().map(|u| u.name.as_str()).collect();
        assert_eq!(names, upgrades);
        assert_eq!(advice.clears(), 5, "all are cleared one way or the other");
    };
    check(vec![], None, &["a", "b", "c", "d", "x"]);
    check(
        vec![
            candidate("alpine:3.19", &["d"]),
            candidate("alpine:3.20", &[]),
        ],
        Some("base alpine:3.18 to alpine:3.20 clears 4 of 4"),
        &["x"],
    );
    check(
        vec![candidate("alpine:3.19", &["d", "new"])],
        Some("base alpine:3.18 to alpine:3.19 clears 3 of 4 and brings 1"),
        &["d", "x"],
    );
    check(
        vec![candidate("alpine:3.19", &["a", "b", "c", "new"])],
        None,
        &["a", "b", "c", "d", "x"],
    );
    check(
        vec![candidate("alpine:3.18", &[])],
        None,
        &["a", "b", "c", "d", "x"],
    );
}

#[test]
fn managers_write_their_own_command_of_plain_names_only() {
    let step = |name: &str, to: &str| Step {
        name: name.to_owned(),
        from: "0".to_owned(),
        to: to.to_owned(),
    };
    let all = [
        step("libssl3", "3.1.4-r1"),
        step("$(reboot)", "1"),
        step("zlib", "1;reboot"),
        step("a'b", "1"),
    ];
    let all: Vec<&Step> = all.iter().collect();
    let check = |manager: Manager, expect: &str| {
        let (command, left) = manager.upgrade(&all);
        assert_eq!(command.as_deref(), Some(expect));
        assert_eq!(left, ["$(reboot)", "zlib", "a'b"]);
    };
    check(
        Manager::Apk,
        "apk add --no-cache --upgrade 'libssl3>=3.1.4-r1'",
    );
    check(
        Manager::Apt,
        "apt-get update && apt-get install -y --no-install-recommends --only-upgrade libssl3 && rm \
         -rf /var/lib/apt/lists/*",
    );
    check(
        Manager::Microdnf,
        "microdnf upgrade -y libssl3 && microdnf clean all",
    );
    assert_eq!(Manager::Apk.upgrade(&all[1..]).0, None);
    assert_eq!(Manager::among(["bash", "yum", "dnf"]), Some(Manager::Dnf));
    assert_eq!(Manager::among(["bash"]), None);
}

#[test]
fn packages_of_languages_have_a_command_of_their_manager() {
    let check = |kind: &str, name: &str, version: &str, expect: Option<&str>| {
        let got = command::of_language(kind, name, version);
        assert_eq!(got.as_deref(), expect, "{kind} {name}");
    };
    check(
        "npm",
        "@types/node",
        "20.1.0",
        Some("npm install @types/node@20.1.0"),
    );
    check(
        "pypi",
        "flask",
        "2.0",
        Some("pip install --upgrade 'flask>=2.0'"),
    );
    check(
        "golang",
        "golang.org/x/net",
        "0.17.0",
        Some("go get golang.org/x/net@v0.17.0"),
    );
    check(
        "golang",
        "stdlib",
        "1.21.4",
        Some("go get go@1.21.4 toolchain@go1.21.4"),
    );
    check(
        "cargo",
        "time",
        "0.2.23",
        Some("cargo update -p time --precise 0.2.23"),
    );
    check("maven", "g:a", "1", None);
    check("npm", "a; reboot", "1", None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_vulnerability_is_cleared_or_said_to_stay(
        rows in proptest::collection::vec((0_usize..4, 0_u8..5, proptest::option::of(1_u8..9), any::<bool>()), 0..20),
    ) {
        let kinds = ["pkg:npm/a", "pkg:deb/debian/b", "pkg:pypi/c", "pkg:npm/d"];
        let found: Vec<Vulnerability> = rows
            .iter()
            .enumerate()
            .map(|(at, (kind, version, fix, base))| {
                let purl = format!("{}@{version}.0.0", kinds[*kind]);
                let mut found = vulnerability(&format!("CVE-2023-{at}"), &purl);
                found.fixed = fix.map(|fix| format!("{fix}.0.0"));
                found.from_base = Some(*base);
                found
            })
            .collect();
        let advice = advise(&found, &Facts::default());
        let cleared: usize = advice.upgrades.iter().map(|upgrade| upgrade.clears.len()).sum();
        prop_assert_eq!(cleared, advice.clears());
        prop_assert_eq!(cleared + advice.remaining.len(), found.len());
        // Each step reaches every version that clears one of its package.
        for one in found.iter().filter(|one| one.fixed.is_some()) {
            let wanted = one.fixed.as_deref().unwrap_or_default();
            let reached = advice.upgrades.iter().flat_map(|upgrade| &upgrade.steps).any(|step| {
                step.name == one.package.name
                    && step.from == one.package.version
                    && compare(Scheme::Semver, &step.to, wanted).is_ge()
            });
            prop_assert!(reached);
        }
        let mut backwards = found.clone();
        backwards.reverse();
        prop_assert_eq!(advise(&backwards, &Facts::default()), advice, "whatever the order");
    }
}
