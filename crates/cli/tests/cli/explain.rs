//! Any id or word gets an answer.

use crate::support::{NOW, run, run_with_stdin};

#[test]
fn words_and_ids_in_plain_words() {
    let check = |name: &str, args: &[&str]| {
        let args = [&["explain"], args, &["--now", NOW]].concat();
        insta::assert_snapshot!(format!("explain-{name}"), run(&args).exits(0));
    };
    check("control", &["pss-privileged"]);
    check("baseline", &["pss/baseline@1.29"]);
    check("verdict", &["at-risk"]);
    check("state", &["pending"]);
    check("clause", &["configuration"]);
    check("resource", &["exception"]);
    check("exit-codes", &["exit-codes"]);
    check("words", &["words"]);
    check("goal", &["storefront-restricted", "shop"]);
    check("class", &["storefront", "shop"]);
    check("exception", &["worker-sees-processes", "shop"]);
    check("asset", &["Deployment shop/web", "shop"]);
}

#[test]
fn an_asset_by_its_name_where_only_one_has_it() {
    let full = run(&["explain", "Deployment shop/web", "shop", "--now", NOW]).exits(0);
    for name in ["shop/web", "web"] {
        let short = run(&["explain", name, "shop", "--now", NOW]).exits(0);
        assert_eq!(short.stdout, full.stdout, "{name}");
    }
    let pod = |kind: &str| {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: b}}]}}}}}}\n"
        )
    };
    let both = format!("{}---\n{}", pod("Deployment"), pod("StatefulSet"));
    let run = run_with_stdin(&["explain", "web", "-", "--now", NOW], both.as_bytes()).exits(1);
    let expect = "`web` is the name of `Deployment default/web` and of `StatefulSet default/web`";
    assert!(run.stderr.contains(expect), "{}", run.stderr);
}

#[test]
fn names_of_other_tools_are_understood() {
    let own = run(&["explain", "pss-privileged"]).exits(0).stdout;
    for alias in [
        "KSV-0017",
        "trivy:ksv-0017",
        "privileged-container",
        "C-0057",
    ] {
        assert_eq!(run(&["explain", alias]).exits(0).stdout, own, "{alias}");
    }
}

#[test]
fn a_finding_by_the_first_digits_of_its_id() {
    let report = run(&["check", "shop", "--now", NOW, "-o", "json"]).json();
    let findings = report["findings"].as_array().expect("a list");
    let finding = findings
        .iter()
        .find(|finding| finding["control"] == "pss-allow-privilege-escalation")
        .expect("the fixture violates it");
    let id = finding["id"].as_str().expect("an id");
    let run = run(&["explain", &id[..8], "shop", "--now", NOW]).exits(0);
    insta::assert_snapshot!("explain-finding", run);
}

#[test]
fn every_finding_and_every_control_can_be_explained() {
    let report = run(&["scan", "shop", "--now", NOW, "-o", "json"]).json();
    for finding in report["findings"].as_array().expect("a list") {
        let id = finding["id"].as_str().expect("an id");
        let page = run(&["explain", id, "shop", "--now", NOW]).exits(0);
        for part in [
            "What is wrong",
            "Evidence",
            "Why it matters",
            "How to test",
            "How to fix",
        ] {
            assert!(page.stdout.contains(part), "{part}: {page}");
        }
    }
    let list = run(&["explain", "controls"]).exits(0).stdout;
    let ids: Vec<&str> = list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(ids.len() > 50, "{list}");
    for id in ids {
        run(&["explain", id]).exits(0);
    }
}
