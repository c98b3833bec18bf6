//! Fixes are proven by a real API server: what `plimsoll fix --write` leaves is accepted in a
//! server dry run with strict validation, the controls pass then, and every comment is still
//! there. The same files are accepted before the fix, so that a refusal is the fix's doing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[path = "../../../tests/cluster/harness.rs"]
mod cluster;

use cluster::Cluster;

/// The clock of all runs: a fix does not depend on the day of the test.
const NOW: &str = "2026-11-25";

/// A goal for each control that must pass afterwards; without any, a line over everything, for a
/// plan with every fix there is, whatever is left to a person.
fn line(controls: &[&str]) -> String {
    let goal = |name: &str, clauses: &[String]| {
        let clauses: String = clauses
            .iter()
            .map(|clause| format!("    - configuration: {{{clause}, max: 0}}\n"))
            .collect();
        format!(
            "---\napiVersion: plimsoll.dev/v1alpha1\nkind: PostureGoal\nmetadata: {{name: {name}}}\n\
             spec:\n  owner: test\n  assets: {{match: {{kinds: [\"*\"]}}}}\n  require:\n{clauses}"
        )
    };
    let everything = ["pss/restricted@1.36", "plimsoll/essentials@1"]
        .map(|baseline| format!("baseline: {baseline}"));
    if controls.is_empty() {
        return goal("everything", &everything);
    }
    controls
        .iter()
        .map(|control| goal(control, &[format!("controls: [{control}]")]))
        .collect()
}

/// Kinds that are not Kubernetes' own: any object of these passes.
const CUSTOM: [(&str, &str, &str, &str); 3] = [
    ("argoproj.io", "v1alpha1", "rollouts", "Rollout"),
    ("gateway.networking.k8s.io", "v1", "gateways", "Gateway"),
    ("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
];

/// What a pod can be cured of by edits of itself.
const PODS: [&str; 17] = [
    "pss-privileged",
    "pss-host-namespaces",
    "pss-host-ports",
    "pss-capabilities-baseline",
    "pss-capabilities-restricted",
    "pss-allow-privilege-escalation",
    "pss-seccomp-baseline",
    "pss-seccomp-restricted",
    "pss-run-as-user",
    "pss-run-as-non-root",
    "pss-sysctls",
    "pss-selinux",
    "pss-apparmor",
    "pss-windows-host-process",
    "root-filesystem-writable",
    "cronjob-concurrency",
    "job-ttl-missing",
];

/// What edits of the objects around the pods cure.
const RELATIONS: [&str; 7] = [
    "token-automount",
    "default-service-account",
    "namespace-psa-missing",
    "anti-affinity-missing",
    "service-node-port",
    "webhook-failure-policy-ignore",
    "webhook-timeout",
];

/// What needs an object that is not there yet.
const NEW_OBJECTS: [&str; 3] = [
    "network-policy-missing",
    "network-policy-egress-missing",
    "pdb-missing",
];

fn custom_kinds() -> String {
    CUSTOM
        .iter()
        .map(|(group, version, plural, kind)| {
            // The server wants a word on approval for groups of Kubernetes' own domain.
            format!(
                "---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: {plural}.{group}
  annotations: {{api-approved.kubernetes.io: \"unapproved, for tests\"}}
spec:
  group: {group}
  scope: Namespaced
  names: {{plural: {plural}, kind: {kind}}}
  versions:
    - name: {version}
      served: true
      storage: true
      schema:
        openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}
"
            )
        })
        .collect()
}

/// Files to fix, and what is to be seen then.
struct Case {
    name: &'static str,
    folder: PathBuf,
    /// Controls that must have findings before and none after.
    clears: &'static [&'static str],
    /// Comments that go with the field they stand on, since the fix removes or rewrites it.
    lost: &'static [&'static str],
    /// Files that the server must refuse before the fix: their version is no longer served.
    refused: &'static [&'static str],
    /// Files that the server refuses after the fix, and a part of what it says: faults that are
    /// known. Each is said loudly, and once it is mended the test wants its line gone.
    known: &'static [(&'static str, &'static str)],
    /// Whether the goals among the files are used rather than those of [`line`].
    own_goals: bool,
}

fn plimsoll(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args)
        .args(["--now", NOW, "--color", "never"])
        .current_dir(folder)
        .output()
        .expect("plimsoll starts");
    let code = output.status.code().expect("plimsoll is not killed");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(code, 0 | 2 | 3),
        "plimsoll {args:?} exited {code}:\n{stderr}"
    );
    (
        code,
        String::from_utf8(output.stdout).expect("its output is UTF-8"),
    )
}

fn json(folder: &Path, args: &[&str]) -> Value {
    serde_json::from_str(&plimsoll(folder, args).1).expect("a JSON report")
}

/// The manifests below a folder, by path from it. Goals are no object of a cluster.
fn manifests(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in std::fs::read_dir(&here).expect("a folder of the test") {
            let path = entry.expect("an entry").path();
            let name = path
                .strip_prefix(folder)
                .expect("it is below")
                .display()
                .to_string();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(name, read(&path));
            }
        }
    }
    found.retain(|_, text| !text.contains("plimsoll.dev/v1alpha1"));
    found
}

#[expect(clippy::disallowed_methods, reason = "a file that the test wrote")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a manifest is text")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder of the repository") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The values that follow `namespace:` anywhere.
fn namespaces(text: &str) -> BTreeSet<String> {
    let bare = text.replace('"', "");
    let mut found: BTreeSet<String> = bare
        .split("namespace:")
        .skip(1)
        .map(|rest| {
            rest.trim_start()
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect()
        })
        .collect();
    found.remove("");
    found
}

/// The comments of a YAML file, in order: from a `#` that starts a word to the end of the line.
/// The fixtures have no `#` in values.
fn comments(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| {
            let start = if line.trim_start().starts_with('#') {
                line.find('#')
            } else {
                line.find(" #").map(|at| at + 1)
            };
            start.map(|at| line[at..].trim_end())
        })
        .collect()
}

/// What the server says against each of the files that it does not take.
fn refusals(server: &Cluster, folder: &Path, files: &[&String]) -> BTreeMap<String, String> {
    let run = |files: &[&String]| {
        let mut args = vec!["apply", "--dry-run=server", "--validate=strict"];
        let paths: Vec<String> = files
            .iter()
            .map(|file| format!("--filename={}", folder.join(file).display()))
            .collect();
        args.extend(paths.iter().map(String::as_str));
        let output = server.kubectl(&args).expect("kubectl starts");
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        (!output.status.success()).then_some(said)
    };
    // All in one go is much faster; one by one only to know which.
    if run(files).is_none() {
        return BTreeMap::new();
    }
    files
        .iter()
        .filter_map(|file| Some(((*file).clone(), run(&[file])?)))
        .collect()
}

/// Ids of the findings that the plan clears by edits and can't clear in another way, with control
/// and place of each.
fn promised(check: &Value) -> BTreeMap<String, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let planned: BTreeSet<String> = list(&check["fixPlan"]["steps"])
        .iter()
        .flat_map(|step| list(&step["findings"]))
        .map(|id| id.as_str().expect("an id").to_owned())
        .collect();
    let automatic: BTreeSet<String> = list(&check["findings"])
        .iter()
        .filter(|finding| finding["fix"]["automatic"] == true)
        .filter(|finding| list(&finding["alternatives"]).is_empty())
        .filter_map(|finding| finding["id"].as_str().map(str::to_owned))
        .collect();
    by_id(check)
        .into_iter()
        .filter(|(id, _)| planned.contains(id) && automatic.contains(id))
        .collect()
}

fn by_id(report: &Value) -> BTreeMap<String, String> {
    report["findings"]
        .as_array()
        .expect("a list of findings")
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap_or("").to_owned();
            (
                text("id"),
                format!(
                    "{} {}:{} {}",
                    text("control"),
                    text("file"),
                    finding["line"],
                    text("message")
                ),
            )
        })
        .collect()
}

fn controls(report: &Value) -> BTreeSet<&str> {
    report["findings"]
        .as_array()
        .expect("a list of findings")
        .iter()
        .filter_map(|finding| finding["control"].as_str())
        .collect()
}

/// Runs a case and returns everything that is wrong with it.
fn prove(server: &Cluster, case: &Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let elsewhere = tempfile::tempdir().expect("a folder for the goals");
    let goals = elsewhere.path().join("goals.yaml");
    std::fs::write(&goals, line(case.clears)).expect("the goals are written");
    let goals = goals.display().to_string();
    let goals: &[&str] = if case.own_goals {
        &[]
    } else {
        &["--goals", &goals]
    };

    let before = manifests(&case.folder);
    for name in before.values().flat_map(|text| namespaces(text)) {
        // It may be there already, from another case.
        server
            .kubectl(&["create", "namespace", &name])
            .expect("kubectl starts");
        // In a whole cluster a controller makes it.
        server
            .kubectl(&["create", "serviceaccount", "default", "--namespace", &name])
            .expect("kubectl starts");
    }
    let refused = refusals(server, &case.folder, &before.keys().collect::<Vec<_>>());
    for (file, said) in &refused {
        if !case.refused.contains(&file.as_str()) || !said.contains("no matches for kind") {
            wrong.push(format!("{file}: refused BEFORE the fix: {said}"));
        }
    }
    for file in case.refused {
        if !refused.contains_key(*file) {
            wrong.push(format!("{file}: accepted before the fix"));
        }
    }

    let check = json(
        &case.folder,
        &[&["check", ".", "-o", "json"], goals].concat(),
    );
    let scan = ["scan", ".", "-o", "json"];
    let found = json(&case.folder, &scan);
    let promised = promised(&check);
    plimsoll(&case.folder, &[&["fix", ".", "--write"], goals].concat());
    let after = manifests(&case.folder);
    let left = json(&case.folder, &scan);

    let changed: Vec<&String> = after
        .iter()
        .filter(|(file, text)| before.get(*file) != Some(text))
        .map(|(f, _)| f)
        .collect();
    let refused = refusals(server, &case.folder, &changed);
    for (file, said) in &refused {
        match case.known.iter().find(|(known, _)| known == file) {
            Some((_, part)) if said.contains(part) => {
                eprintln!(
                    "SKIPPED: {}, {file}: a known fault: refused after the fix: {part}",
                    case.name
                );
            }
            _ => wrong.push(format!("{file}: refused AFTER the fix: {said}")),
        }
    }
    for (file, _) in case.known {
        if !refused.contains_key(*file) {
            wrong.push(format!(
                "{file}: accepted after the fix: the fault is known no longer"
            ));
        }
    }
    if changed.is_empty() || (case.clears.is_empty() && promised.is_empty()) {
        wrong.push("nothing was fixed: the case proves nothing".to_owned());
    }
    let still = by_id(&left);
    for (id, what) in promised {
        if still.contains_key(&id) {
            wrong.push(format!("still there after the fix: {what}"));
        }
    }
    for control in case.clears {
        if !controls(&found).contains(control) {
            wrong.push(format!("{control}: no finding before the fix"));
        }
        if controls(&left).contains(control) {
            wrong.push(format!("{control}: a finding after the fix"));
        }
    }
    for (file, text) in &before {
        let now = after.get(file).map_or("", String::as_str);
        if file.ends_with(".json") {
            continue;
        }
        let kept: Vec<&str> = comments(text)
            .into_iter()
            .filter(|comment| !case.lost.contains(comment))
            .collect();
        if kept != comments(now) {
            wrong.push(format!(
                "{file}: comments {kept:?}\n  are now {:?}",
                comments(now)
            ));
        }
    }
    eprintln!("{}: {} files changed or new", case.name, changed.len());
    wrong
        .into_iter()
        .map(|what| format!("{}: {what}", case.name))
        .collect()
}

#[test]
fn fixes_pass_a_server_dry_run_and_clear_their_findings() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = match cluster::program(&repo) {
        Ok(program) => program,
        Err(why) => {
            eprintln!("SKIPPED: {why}; that fixes pass a server dry run was NOT tested");
            return;
        }
    };
    let server = Cluster::start(&program).expect("the API server starts");
    server
        .apply(&custom_kinds())
        .expect("the custom kinds are defined");
    let waited = server
        .kubectl(&[
            "wait",
            "--for=condition=Established",
            "crd",
            "--all",
            "--timeout=60s",
        ])
        .expect("kubectl starts");
    assert!(waited.status.success(), "the custom kinds are served");

    let work = tempfile::tempdir().expect("a folder for the files");
    let at = |name: &str, source: &Path| {
        let folder = work.path().join(name);
        copy(source, &folder);
        folder
    };
    let shop = repo.join("examples/shop");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/server_dry_run");
    let case = |name: &'static str, source: &Path, clears: &'static [&'static str]| Case {
        name,
        folder: at(name, source),
        clears,
        lost: &[],
        refused: &[],
        known: &[],
        own_goals: false,
    };
    let fixture = |name: &str| fixtures.join(name);
    let cases = [
        Case {
            own_goals: true,
            ..case("shop-own-goals", &shop, &[])
        },
        Case {
            lost: &["# the installer insists"],
            ..case("shop-everything", &shop, &[])
        },
        case("shop-new-objects", &shop, &["network-policy-missing"]),
        Case {
            lost: &["# remark 7", "# remark 16"],
            ..case("pods", &fixture("pods"), &PODS)
        },
        case("relations", &fixture("relations"), &RELATIONS),
        case("new-objects", &fixture("relations"), &NEW_OBJECTS),
        Case {
            refused: &["old.yaml"],
            ..case("deprecated", &fixture("deprecated"), &["deprecated-api"])
        },
        case(
            "list",
            &fixture("list"),
            &[
                "pss-allow-privilege-escalation",
                "pss-capabilities-restricted",
            ],
        ),
        case(
            "json",
            &fixture("json"),
            &[
                "pss-privileged",
                "pss-host-namespaces",
                "pss-run-as-non-root",
            ],
        ),
    ];
    let wrong: Vec<String> = cases.iter().flat_map(|case| prove(&server, case)).collect();
    assert!(
        wrong.is_empty(),
        "{} problems:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
