//! The conformance fixtures of the Pod Security Standards: 4,537 pods, each in
//! a folder that names level, version and verdict. They are not part of this
//! repository; where they are absent the test says so loudly.

mod support;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use plimsoll_posture::evaluate;
use support::{baselines, documents, fixed, inventory, scan};

const FIXTURES: usize = 4537;

/// The folder that holds `baseline` and `restricted`, unpacked.
fn fixtures() -> Option<(tempfile::TempDir, PathBuf)> {
    let shared = std::env::var_os("PLIMSOLL_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let archive = shared.join("data/conformance/pod-security-standards.tar.xz");
    if !archive.is_file() {
        eprintln!(
            "SKIPPED: the conformance fixtures are not there; set PLIMSOLL_SHARED to the folder with data/conformance/pod-security-standards.tar.xz"
        );
        return None;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unpacked = Command::new("tar")
        .arg("-xJf")
        .arg(&archive)
        .arg("-C")
        .arg(folder.path())
        .status();
    assert!(
        unpacked.is_ok_and(|status| status.success()),
        "tar can't unpack {}",
        archive.display()
    );
    let root = folder.path().join("test/testdata");
    Some((folder, root))
}

/// The controls of which one must object to the fixtures of this stem.
fn expected(stem: &str) -> &'static [&'static str] {
    match stem {
        // One has a security context without capabilities too.
        "allowprivilegeescalation" => &[
            "pss-allow-privilege-escalation",
            "pss-capabilities-restricted",
        ],
        "apparmorprofile" => &["pss-apparmor"],
        "capabilities_baseline" => &["pss-capabilities-baseline", "pss-capabilities-restricted"],
        "capabilities_restricted" => &["pss-capabilities-restricted"],
        "hostnamespaces" => &["pss-host-namespaces"],
        "hostpathvolumes" => &["pss-host-path"],
        "hostports" => &["pss-host-ports"],
        "hostprobesandhostlifecycle" => &["pss-host-probes"],
        // Kubernetes takes no privileged container that may not escalate.
        "privileged" => &["pss-privileged", "pss-allow-privilege-escalation"],
        "procmount" => &["pss-proc-mount", "pss-proc-mount-restricted"],
        "procmount_restricted" => &["pss-proc-mount-restricted"],
        "restrictedvolumes" => &["pss-volume-types", "pss-host-path"],
        "runasnonroot" => &["pss-run-as-non-root"],
        "runasuser" => &["pss-run-as-user"],
        "seccompprofile_baseline" => &["pss-seccomp-baseline", "pss-seccomp-restricted"],
        "seccompprofile_restricted" => &["pss-seccomp-restricted"],
        "selinuxoptions" => &["pss-selinux"],
        "sysctls" => &["pss-sysctls"],
        // A HostProcess pod must ask for the node's network too.
        "windowshostprocess" => &["pss-windows-host-process", "pss-host-namespaces"],
        _ => panic!("unknown kind of fixture: {stem}"),
    }
}

fn stem(file: &str) -> &str {
    file.trim_end_matches(".yaml")
        .trim_end_matches(|c: char| c.is_ascii_digit())
}

/// Every fixture: baseline, whether it must pass, file name, text.
fn walk(root: &Path, mut each: impl FnMut(&str, bool, Vec<(String, String)>)) {
    for level in ["baseline", "restricted"] {
        for version in sorted(&root.join(level)) {
            let baseline = format!("pss/{level}@{version}");
            for (folder, passes) in [("pass", true), ("fail", false)] {
                let folder = root.join(level).join(&version).join(folder);
                let files = sorted(&folder)
                    .into_iter()
                    .map(|name| {
                        let text = read(&folder.join(&name));
                        (name, text)
                    })
                    .collect();
                each(&baseline, passes, files);
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a fixture of a known archive, not foreign input"
)]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a text file")
}

fn sorted(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder of fixtures")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_fixture_gets_the_verdict_its_folder_names() {
    let Some((_folder, root)) = fixtures() else {
        return;
    };
    let (mut seen, mut wrong) = (0, Vec::new());
    walk(&root, |baseline, passes, files| {
        seen += files.len();
        let (findings, evaluation) = evaluate(
            &inventory(files.iter().flat_map(|(name, text)| documents(name, text))),
            &baselines(&[baseline]),
        );
        assert!(evaluation.missing.is_empty(), "{:?}", evaluation.missing);
        assert!(
            evaluation.unevaluated.is_empty(),
            "{:?}",
            evaluation.unevaluated
        );
        for (name, _) in &files {
            let found: BTreeSet<&str> = findings
                .iter()
                .filter(|finding| *finding.evidence().location().file == **name)
                .map(|finding| finding.rule.id)
                .collect();
            let right = if passes {
                found.is_empty()
            } else {
                let expected = expected(stem(name));
                // The one it is made for objects, and none that has nothing to
                // do with it.
                let main = match expected {
                    [_, _] if stem(name) == "allowprivilegeescalation" => &expected[..1],
                    [_, _] if stem(name) == "privileged" => &expected[..1],
                    [_, _] if stem(name) == "windowshostprocess" => &expected[..1],
                    _ => expected,
                };
                main.iter().any(|id| found.contains(id))
                    && found.iter().all(|id| expected.contains(id))
            };
            if !right {
                wrong.push(format!(
                    "{baseline} {name}, must pass: {passes}, found {found:?}"
                ));
            }
        }
    });
    assert!(
        wrong.is_empty(),
        "{} of {seen} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(seen, FIXTURES);
}

#[test]
fn fixes_bring_failing_fixtures_to_passing() {
    let Some((_folder, root)) = fixtures() else {
        return;
    };
    let mut wrong = Vec::new();
    walk(&root, |baseline, passes, files| {
        // What fixes do changes little from version to version.
        let version = baseline.rsplit_once('.').map_or("", |(_, minor)| minor);
        if passes || !matches!(version, "0" | "8" | "19" | "22" | "25" | "31" | "35" | "37") {
            return;
        }
        for (name, text) in files {
            // Which volume replaces another is a person's choice.
            if matches!(stem(&name), "hostpathvolumes" | "restrictedvolumes") {
                continue;
            }
            let after = fixed(&text, &scan(&text, baseline));
            let left = scan(&after, baseline);
            if !left.is_empty() {
                wrong.push(format!(
                    "{baseline} {name}: {:?}\n{after}",
                    support::shown(&left)
                ));
            }
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
