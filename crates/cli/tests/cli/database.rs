//! `plimsoll db`, and vulnerabilities of images.

use std::fs;

use crate::{
    images::{RELEASE, Tar, apk, config, saved},
    support::{NOW, Run, Sandbox, bytes},
};

/// A record of OSV about a package of Alpine.
fn record(id: &str, package: &str, fixed: &str) -> String {
    serde_json::json!({
        "schema_version": "1.6.0", "id": id, "modified": "2026-11-20T00:00:00Z",
        "published": "2026-11-01T00:00:00Z", "upstream": [id.replace("ALPINE-", "")],
        "summary": "A flaw in it.",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": "Alpine:v3.19", "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
    })
    .to_string()
}

/// A folder with an image, `web.tar`, and feeds about what is in it.
pub fn world() -> Sandbox {
    let sandbox = Sandbox::empty();
    let layer = Tar::default()
        .file("etc/os-release", RELEASE)
        .file(
            "lib/apk/db/installed",
            &apk(&[("musl", "1.2.4-r2"), ("busybox", "1.36.1-r15")]),
        )
        .done();
    let layers = [layer];
    let image = saved("shop/web:1", &config("10001", &layers), &layers);
    fs::write(sandbox.path().join("web.tar"), image).expect("writable");
    sandbox.write(
        "feeds/alpine.json",
        &format!(
            "[{},{}]",
            record("ALPINE-CVE-2026-1111", "musl", "1.2.5-r0"),
            record("ALPINE-CVE-2026-2222", "busybox", "1.36.1-r10"),
        ),
    );
    sandbox
}

pub fn db(sandbox: &Sandbox, args: &[&str]) -> Run {
    sandbox.run(&[&["db"], args, &["--db-dir", "db"]].concat())
}

pub fn scan(sandbox: &Sandbox, more: &[&str]) -> Run {
    let args = [
        "image",
        "scan",
        "web.tar",
        "--now",
        NOW,
        "--no-cache",
        "--control",
    ];
    let rest = ["image-runs-as-root", "--db-dir", "db"];
    sandbox.run(&[&args[..], &rest, more].concat())
}

pub fn imported() -> Sandbox {
    let sandbox = world();
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    sandbox
}

#[test]
fn what_was_imported_is_found_in_an_image() {
    let sandbox = imported();
    let run = scan(&sandbox, &["-o", "json"]).exits(0);
    let report = run.json();
    let findings = report["findings"].as_array().expect("a list");
    assert_eq!(findings.len(), 1, "{run}");
    let found = &findings[0];
    assert_eq!(found["kind"], "vulnerability");
    assert_eq!(found["vulnerability"], "CVE-2026-1111");
    assert_eq!(found["package"]["name"], "musl");
    assert_eq!(found["package"]["version"], "1.2.4-r2");
    assert_eq!(found["fixed"], "1.2.5-r0");
    assert_eq!(found["state"], "fixed");
    assert_eq!(found["locations"][0]["path"], "lib/apk/db/installed");
    assert_eq!(found["source"]["feed"], "alpine");
    scan(&sandbox, &["--fail-on", "low"]).exits(2);
    scan(&sandbox, &["--no-vulnerabilities", "--fail-on", "low"]).exits(0);
}

#[test]
fn without_a_database_nothing_is_clean() {
    let sandbox = world();
    let run = scan(&sandbox, &[]).exits(3);
    assert!(
        run.stderr.contains("there is no vulnerability database"),
        "{run}"
    );
    scan(&sandbox, &["--db", "none.db"]).exits(1);
}

#[test]
fn a_release_that_no_feed_is_about_is_unknown_and_not_clean() {
    let sandbox = world();
    let other = record("ALPINE-CVE-2026-1111", "musl", "1.2.5-r0").replace("v3.19", "v3.18");
    sandbox.write("feeds/alpine.json", &other);
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    // Nor is it without need of a fix.
    let fix = [
        "image",
        "fix",
        "web.tar",
        "--now",
        NOW,
        "--no-cache",
        "--db-dir",
        "db",
    ];
    let fix = sandbox.run(&fix).exits(3);
    assert!(fix.stderr.contains("2 apk packages"), "{fix}");
    let run = scan(&sandbox, &["-o", "json"]).exits(3);
    let coverage = &run.json()["coverage"];
    assert_eq!(coverage["unmatched"], 2, "{run}");
    assert_eq!(coverage["gaps"][0]["state"], "unmatched");
}

#[test]
fn the_database_can_be_looked_into() {
    let sandbox = imported();
    let info = db(&sandbox, &["info", "--now", NOW, "-o", "json"])
        .exits(0)
        .json();
    assert_eq!(info["records"], 2);
    assert_eq!(info["feeds"][0]["name"], "alpine");
    // As old as the newest record in it.
    assert_eq!(info["feeds"][0]["as_of"], "2026-11-20T00:00:00Z");
    let table = db(&sandbox, &["info", "--now", NOW]).exits(0);
    assert!(table.stdout.contains("5 days old"), "{table}");
    db(&sandbox, &["verify"]).exits(0);
    for what in ["CVE-2026-1111", "musl"] {
        let found = db(&sandbox, &["search", what]).exits(0);
        assert!(found.stdout.contains("fixed in 1.2.5-r0"), "{found}");
    }
    db(&sandbox, &["search", "CVE-1999-0001"]).exits(1);
}

#[test]
fn a_database_that_is_damaged_or_of_a_stranger_is_refused() {
    let sandbox = imported();
    let path = sandbox.path().join("db/advisories.db");
    let whole = bytes(&path);
    for at in [0, 20, 200, whole.len() / 2, whole.len() - 1] {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        fs::write(&path, &bent).expect("writable");
        db(&sandbox, &["verify"]).exits(1);
    }
    fs::write(&path, &whole).expect("writable");
    db(&sandbox, &["verify"]).exits(0);
    // Another machine has another key.
    fs::remove_file(sandbox.path().join("db/signing.key")).expect("there");
    let run = scan(&sandbox, &[]).exits(1);
    assert!(run.stderr.contains("not trusted"), "{run}");
}

#[test]
fn a_database_travels_with_its_key_and_a_delta_brings_it_up_to_date() {
    let sandbox = imported();
    let key = db(&sandbox, &["sign", "--key", "our.key"]).exits(0);
    sandbox.write("our.pub", &key.stdout);
    db(&sandbox, &["export", "old.db"]).exits(0);
    sandbox.write(
        "feeds/alpine.json",
        &format!(
            "[{},{}]",
            record("ALPINE-CVE-2026-1111", "musl", "1.2.5-r0"),
            record("ALPINE-CVE-2026-3333", "busybox", "1.37.0-r0"),
        ),
    );
    let again = ["import", "feeds", "--now", NOW, "--key", "our.key"];
    db(&sandbox, &again).exits(0);
    db(&sandbox, &["export", "new.delta", "--since", "old.db"]).exits(0);
    db(&sandbox, &["export", "new.db"]).exits(0);

    let there = |args: &[&str]| sandbox.run(&[&["db"], args, &["--db-dir", "there"]].concat());
    // Whose it is must be said the first time.
    there(&["import", "old.db"]).exits(1);
    there(&["import", "old.db", "--db-key", "our.pub"]).exits(0);
    there(&["search", "CVE-2026-3333"]).exits(1);
    there(&["import", "new.delta"]).exits(0);
    there(&["search", "CVE-2026-3333"]).exits(0);
    let of = |name: &str| bytes(&sandbox.path().join(name));
    assert_eq!(of("there/advisories.db"), of("new.db"));
}

#[test]
fn a_file_that_is_no_feed_is_named_and_the_others_are_taken() {
    let sandbox = world();
    sandbox.write("feeds/readme.txt", "nothing of interest\n");
    sandbox.write(
        "feeds/torn.json",
        "{\"id\": \"ALPINE-CVE-2026-9\", \"affected\": [",
    );
    let run = db(&sandbox, &["import", "feeds", "--now", NOW]).exits(3);
    assert!(run.stderr.contains("readme.txt"), "{run}");
    assert!(run.stderr.contains("torn.json"), "{run}");
    db(&sandbox, &["search", "CVE-2026-1111"]).exits(0);
}

#[test]
fn a_goal_counts_vulnerabilities_of_the_images_that_workloads_name() {
    let sandbox = imported();
    sandbox.write(
        "pods/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  containers: \
         [{name: web, image: 'shop/web:1'}]\n",
    );
    let goal = |clause: &str| {
        format!(
            "apiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: g}}\nspec:\n  \
             owner: web\n  why: Known flaws get fixed.\n  assets: {{all: true}}\n  require:\n  - \
             vulnerabilities: {clause}\n"
        )
    };
    let check = |clause: &str, images: &[&str], code: i32, verdict: &str| {
        sandbox.write("goal.yaml", &goal(clause));
        let args = [
            "check",
            "pods",
            "--goals",
            "goal.yaml",
            "--now",
            NOW,
            "-o",
            "json",
        ];
        let rest = ["--no-cache", "--db-dir", "db"];
        let run = sandbox
            .run(&[&args[..], &rest, images].concat())
            .exits(code);
        let report = run.json();
        assert_eq!(report["goals"][0]["verdict"], verdict, "{run}");
        report
    };
    let seen: &[&str] = &["--images", "."];
    check("{max: 0}", &[], 3, "unverified");
    let report = check("{max: 0, fixable: true}", seen, 2, "breached");
    assert_eq!(report["findings"][0]["vulnerability"], "CVE-2026-1111");
    check("{max: 1}", seen, 0, "met");
    // No feed says what is exploited.
    check("{exploited: true}", seen, 3, "unverified");
    check("{max: 1, maxFeedAge: 2d}", seen, 3, "unverified");
}

#[test]
fn what_vex_and_ignore_files_rule_out_stays_listed_with_whose_word_it_is() {
    let sandbox = imported();
    let vex = serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "Example Ltd",
        "timestamp": "2026-11-21T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-1111"},
                "products": [{"@id": "pkg:apk/alpine/musl"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
            },
            {
                "vulnerability": {"name": "CVE-2026-9999"},
                "products": [{"@id": "pkg:apk/alpine/musl"}],
                "status": "not_affected",
                "justification": "component_not_present",
            },
        ],
    });
    sandbox.write("vex.json", &vex.to_string());
    sandbox.write(
        ".trivyignore",
        "# until the next release\nCVE-2026-1111 exp:2026-12-01\n",
    );
    sandbox.write("old.trivyignore", "CVE-2026-1111 exp:2026-11-01\n");
    let check = |more: &[&str], by: &str, code: i32| {
        let run = scan(
            &sandbox,
            &[&["-o", "json", "--fail-on", "low"], more].concat(),
        )
        .exits(code);
        let finding = run.json()["findings"][0].clone();
        assert_eq!(finding["vulnerability"], "CVE-2026-1111", "{run}");
        let said = finding["suppressed"][0]["by"].as_str().unwrap_or_default();
        assert!(said.contains(by), "{run}");
        run.json()["diagnostics"].to_string()
    };
    check(&[], "", 2);
    let said = check(&["--vex", "vex.json"], "Example Ltd", 0);
    // A statement about nothing is told: it may be meant for something else.
    assert!(said.contains("CVE-2026-9999"), "{said}");
    check(&["--ignore-file", ".trivyignore"], ".trivyignore:2", 0);
    let said = check(&["--ignore-file", "old.trivyignore"], "", 2);
    assert!(said.contains("held until 2026-10-31"), "{said}");
    sandbox.write("torn.json", "{");
    scan(&sandbox, &["--vex", "torn.json"]).exits(1);
}

#[test]
fn a_dockerfile_gets_the_upgrades_that_clear_its_image() {
    let sandbox = world();
    // The image has apk, so that it can be upgraded in place.
    let layer = Tar::default()
        .file("etc/os-release", RELEASE)
        .file(
            "lib/apk/db/installed",
            &apk(&[("apk-tools", "2.14.0-r5"), ("musl", "1.2.4-r2")]),
        )
        .done();
    let layers = [layer];
    let image = saved("shop/web:1", &config("", &layers), &layers);
    fs::write(sandbox.path().join("web.tar"), image).expect("writable");
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    let dockerfile = "# ours\nFROM alpine:3.19\nCOPY web /bin/web\nCMD [\"/bin/web\"]\n";
    sandbox.write("Dockerfile", dockerfile);
    let fix = |more: &[&str]| {
        let args = [
            "image",
            "fix",
            "web.tar",
            "--now",
            NOW,
            "--no-cache",
            "--db-dir",
            "db",
        ];
        sandbox.run(&[&args[..], more].concat()).exits(0)
    };
    let plan = fix(&["-o", "json"]).json();
    assert_eq!(plan["total"], 1);
    assert_eq!(plan["clears"], 1);
    assert_eq!(plan["upgrades"][0]["packages"][0]["to"], "1.2.5-r0");
    let patch = fix(&["--dockerfile", "Dockerfile", "--diff"]);
    assert!(patch.stdout.contains("+RUN apk"), "{patch}");
    assert_eq!(sandbox.read("Dockerfile"), dockerfile);
    fix(&["--dockerfile", "Dockerfile", "--write"]);
    let written = sandbox.read("Dockerfile");
    assert!(written.contains("musl"), "{written}");
    assert!(
        written.starts_with("# ours\nFROM alpine:3.19\n"),
        "{written}"
    );
    insta::assert_snapshot!(fix(&["--dockerfile", "Dockerfile"]));
}

#[test]
fn a_vulnerability_is_explained_with_where_it_is() {
    let sandbox = imported();
    sandbox.write(
        "pods/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec:\n  containers: \
         [{name: web, image: 'shop/web:1'}]\n",
    );
    let explain = |what: &str, more: &[&str]| {
        let args = [
            "explain",
            what,
            "pods",
            "--now",
            NOW,
            "--db-dir",
            "db",
            "--no-cache",
        ];
        sandbox.run(&[&args[..], more].concat())
    };
    let alone = explain("CVE-2026-1111", &[]).exits(0);
    assert!(alone.stdout.contains("A flaw in it"), "{alone}");
    let here = explain("ALPINE-CVE-2026-1111", &["--images", "."]).exits(0);
    assert!(
        here.stdout.contains("musl 1.2.4-r2, fixed in 1.2.5-r0"),
        "{here}"
    );
    explain("CVE-1999-9999", &[]).exits(1);
    for rule in ["vulnerable-package", "malicious-package"] {
        explain(rule, &[]).exits(0);
    }
}

/// Vulnerability, package and fix of each finding of a scan, with the finding's id.
fn told(sandbox: &Sandbox, target: &str) -> Vec<(String, String)> {
    let args = [
        "image",
        "scan",
        target,
        "--now",
        NOW,
        "--no-cache",
        "--control",
    ];
    let rest = ["image-runs-as-root", "--db-dir", "db", "-o", "json"];
    let report = sandbox.run(&[&args[..], &rest].concat()).json();
    let findings = report["findings"].as_array().expect("a list");
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .filter(|finding| finding["kind"] == "vulnerability")
        .map(|finding| {
            let what = format!(
                "{} {} {}",
                word(&finding["vulnerability"]),
                word(&finding["package"]["purl"]),
                word(&finding["fixed"])
            );
            (what, word(&finding["id"]))
        })
        .collect()
}

#[test]
fn an_image_and_its_sboms_have_the_same_vulnerabilities_and_new_ones_need_no_image() {
    let sandbox = imported();
    for (format, file) in [("cyclonedx", "web.cdx.json"), ("spdx", "web.spdx.json")] {
        let output = format!("{format}={file}");
        let args = [
            "image",
            "sbom",
            "web.tar",
            "--now",
            NOW,
            "--no-cache",
            "-o",
            &output,
        ];
        sandbox.run(&args).exits(0);
    }
    let image = told(&sandbox, "web.tar");
    assert_eq!(image.len(), 1);
    assert_eq!(told(&sandbox, "web.cdx.json"), image);
    assert_eq!(told(&sandbox, "web.spdx.json"), image);
    // A new advisory: what is stored is compared again, the image is gone.
    fs::remove_file(sandbox.path().join("web.tar")).expect("there");
    let newer = record("ALPINE-CVE-2026-4444", "busybox", "1.36.1-r20");
    sandbox.write("more/busybox.json", &newer);
    db(&sandbox, &["import", "more", "--now", NOW]).exits(0);
    let again = told(&sandbox, "web.cdx.json");
    assert_eq!(again.len(), 2);
    assert!(again.contains(&image[0]), "the old finding is the same one");
}

#[test]
fn a_new_tag_of_a_rebuilt_image_has_the_same_findings() {
    let sandbox = imported();
    let before = told(&sandbox, "web.tar");
    let layer = Tar::default()
        .file("etc/os-release", RELEASE)
        .file("etc/motd", "built again")
        .file("lib/apk/db/installed", &apk(&[("musl", "1.2.4-r3")]))
        .done();
    let layers = [layer];
    let image = saved("shop/web:2", &config("10001", &layers), &layers);
    fs::write(sandbox.path().join("web2.tar"), image).expect("writable");
    let after = told(&sandbox, "web2.tar");
    let ids = |told: &[(String, String)]| told.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&after), ids(&before));
}

#[test]
fn an_update_that_brings_nothing_leaves_the_database_that_was_taken() {
    let sandbox = imported();
    let key = db(&sandbox, &["sign", "--key", "our.key"]).exits(0);
    sandbox.write("our.pub", &key.stdout);
    db(&sandbox, &["export", "our.db"]).exits(0);
    let there = |args: &[&str]| sandbox.run(&[&["db"], args, &["--db-dir", "there"]].concat());
    // Nothing is there yet, and that is said.
    let none = there(&["search", "CVE-2026-1111"]).exits(1);
    assert!(none.stderr.contains("there is no database"), "{none}");
    there(&["import", "our.db", "--db-key", "our.pub"]).exits(0);
    let before = bytes(&sandbox.path().join("there/advisories.db"));
    // Nobody listens on that port.
    let args = [
        "update",
        "--source",
        "cisa-kev",
        "--mirror",
        "http://127.0.0.1:9",
    ];
    let run = there(&args).exits(1);
    assert!(run.stderr.contains("stays as it is"), "{run}");
    assert_eq!(bytes(&sandbox.path().join("there/advisories.db")), before);
    there(&["search", "CVE-2026-1111"]).exits(0);
}

#[test]
fn a_new_advisory_is_found_in_the_images_that_were_scanned_before() {
    let sandbox = imported();
    scan(&sandbox, &["--store-dir", "store"]).exits(0);
    // No image, and no registry to have it from.
    fs::remove_file(sandbox.path().join("web.tar")).expect("there");
    let rematch = |now: &str, more: &[&str]| {
        let args = ["image", "rematch", "--db-dir", "db", "--store-dir", "store"];
        sandbox.run(&[&args[..], &["--now", now], more].concat())
    };
    let nothing = rematch(NOW, &["-o", "json"]).exits(0).json();
    assert_eq!(nothing["images"], 1);
    assert_eq!(nothing["changes"], serde_json::json!([]));
    sandbox.write(
        "feeds/alpine.json",
        &format!(
            "[{}]",
            record("ALPINE-CVE-2026-2222", "busybox", "1.37.0-r0")
        ),
    );
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    let later = "2026-12-01T00:00:00Z";
    let run = rematch(later, &["-o", "json", "--fail-on", "low"]).exits(2);
    let change = &run.json()["changes"][0];
    let image = change["image"].as_str().expect("an id");
    assert!(
        image.starts_with("image/docker.io/shop/web@sha256:"),
        "{run}"
    );
    assert_eq!(change["new"][0]["vulnerability"], "CVE-2026-2222");
    assert_eq!(change["new"][0]["firstSeen"], later);
    assert_eq!(change["new"][0]["fixed"], "1.37.0-r0");
    assert_eq!(change["gone"][0]["vulnerability"], "CVE-2026-1111");
    // What comes back was first seen when it was found by the scan.
    sandbox.write(
        "feeds/alpine.json",
        &format!("[{}]", record("ALPINE-CVE-2026-1111", "musl", "1.2.5-r0")),
    );
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    let run = rematch("2026-12-02T00:00:00Z", &[]).exits(0);
    let day = &NOW[..10];
    assert!(run.stdout.contains(&format!("first seen {day}")), "{run}");
    assert!(run.stdout.contains("  - "), "{run}");
    // Not twice.
    let again = rematch("2026-12-03T00:00:00Z", &["-o", "json"]).exits(0);
    assert_eq!(again.json()["changes"], serde_json::json!([]), "{again}");
}

#[test]
fn what_others_say_is_laid_on_what_is_new_in_stored_images() {
    let sandbox = imported();
    sandbox.write(
        "web.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: \
         [{name: web, image: 'shop/web:1'}]}\n",
    );
    // A check keeps what it looked into where it is told to.
    let check = |more: &[&str]| {
        let args = [
            "check",
            "web.yaml",
            "--images",
            ".",
            "--no-cache",
            "--now",
            NOW,
        ];
        let store = ["--db-dir", "db", "--store-dir", "store"];
        sandbox.run(&[&args[..], &store, more].concat())
    };
    let rematch = |more: &[&str]| {
        let args = ["image", "rematch", "--db-dir", "db", "--store-dir", "store"];
        sandbox.run(&[&args[..], &["--now", NOW, "-o", "json"], more].concat())
    };
    check(&[]);
    assert_eq!(rematch(&[]).exits(0).json()["images"], 0);
    check(&["--store"]);
    let kept = rematch(&[]).exits(0).json();
    assert_eq!(
        (&kept["images"], &kept["changes"]),
        (&1.into(), &serde_json::json!([]))
    );

    sandbox.write(
        "feeds/alpine.json",
        &format!(
            "[{},{},{}]",
            record("ALPINE-CVE-2026-1111", "musl", "1.2.5-r0"),
            record("ALPINE-CVE-2026-3333", "musl", "1.2.5-r0"),
            record("ALPINE-CVE-2026-4444", "busybox", "1.37.0-r0"),
        ),
    );
    db(&sandbox, &["import", "feeds", "--now", NOW]).exits(0);
    let vex = serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1",
        "author": "Shop", "timestamp": "2026-11-20T00:00:00Z", "version": 1,
        "statements": [{
            "vulnerability": {"name": "CVE-2026-3333"},
            "products": [{"@id": "pkg:oci/web?repository_url=docker.io/shop/web"}],
            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
        }],
    });
    sandbox.write("vex.json", &vex.to_string());
    sandbox.write(".trivyignore", "CVE-2026-4444\n");
    let given = [
        "--vex",
        "vex.json",
        "--ignore-file",
        ".trivyignore",
        "--fail-on",
        "low",
    ];
    let run = rematch(&given).exits(0);
    let report = run.json();
    let new = report["changes"][0]["new"].as_array().expect("a list");
    let told: Vec<String> = new
        .iter()
        .map(|new| format!("{} {}", new["vulnerability"], new["suppressed"]["status"]))
        .collect();
    assert_eq!(
        told,
        [
            "\"CVE-2026-3333\" \"not_affected\"",
            "\"CVE-2026-4444\" \"ignored\"",
        ],
        "{run}"
    );
}
