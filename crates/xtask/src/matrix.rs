//! `test-matrix`: the tests that need a cluster, against several versions of Kubernetes. The other
//! versions are the test cluster's own modules with other numbers, built once and kept in the cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, cluster, go, shell, tools};

/// The versions beside the one that `tests/cluster/go.mod` requires: the oldest that is promised,
/// and the newest.
const OTHERS: [&str; 2] = ["v1.34.4", "v1.37.2"];

/// What is run against each: all tests that start an API server or a node. Of the whole workspace,
/// as `./x test` builds it: of one package alone, all it depends on would be built once more.
const TESTS: [&str; 9] = [
    "agent",
    "agent_chaos",
    "agent_images",
    "chart",
    "cluster",
    "crds",
    "same_answer",
    "server_dry_run",
    "source",
];

const HELP: &str = "\
usage: ./x test-matrix [--build] [VERSION...]

Runs the tests that need a cluster against each VERSION of Kubernetes, such as v1.34.4 (default:
the oldest that is promised, the tests' own, the newest). A version that is not in the cache yet
is built first (needs Go; about 7 minutes each on 2 cores).

  --build   build only; run nothing";

/// Builds the versions, and runs the tests against each.
///
/// # Errors
/// A version can't be built, or a test fails; all are tried, and the error names those.
pub fn test_matrix(args: &[String]) -> Result<()> {
    let mut versions = Vec::new();
    let mut build_only = false;
    for arg in args {
        match arg.as_str() {
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(());
            }
            "--build" => build_only = true,
            version if is_version(version) => versions.push(version.to_owned()),
            other => return Err(Usage(format!("no argument `{other}`\n{HELP}")).into()),
        }
    }
    let module = shell::root().join("tests/cluster");
    let own = cluster::kubernetes_version(&shell::read(&module.join("go.mod"))?)?;
    if versions.is_empty() {
        versions = OTHERS.map(str::to_owned).to_vec();
        versions.push(own.clone());
        versions.sort();
    }
    let mut failed = Vec::new();
    for version in &versions {
        let program = if *version == own {
            go::built(&cluster::PROGRAM)
        } else {
            build(&module, version, &own)
        }
        .with_context(|| format!("Kubernetes {version}"))?;
        eprintln!("xtask: Kubernetes {version} is {}", program.display());
        if build_only {
            continue;
        }
        let mut command = shell::cargo();
        command.args(["test", "--workspace", "--locked", "--no-fail-fast"]);
        for test in TESTS {
            command.args(["--test", test]);
        }
        command
            .args(["--", "--show-output"])
            .env("PLIMSOLL_CLUSTER_PROGRAM", &program);
        if shell::run(&mut command).is_err() {
            failed.push(version.clone());
        }
    }
    if build_only {
        println!("built, not tried: Kubernetes {}", versions.join(", "));
        return Ok(());
    }
    if failed.is_empty() {
        println!("holds for Kubernetes {}", versions.join(", "));
        return Ok(());
    }
    bail!("does not hold for Kubernetes {}", failed.join(", "))
}

/// `v1.X.Y`, and nothing that could be a path or an option.
fn is_version(text: &str) -> bool {
    let mut numbers = text
        .strip_prefix("v1.")
        .into_iter()
        .flat_map(|rest| rest.split('.'));
    let mut number = || {
        numbers
            .next()
            .is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
    };
    number() && number() && numbers.next().is_none()
}

/// The program of another version, from modules derived from our own.
fn build(module: &Path, version: &str, own: &str) -> Result<PathBuf> {
    let derived = derive(&shell::read(&module.join("go.mod"))?, own, version);
    let folder = tools::cache()?.join("cluster-versions").join(version);
    let program = folder.join("plimsoll-cluster");
    // What was built from other sources is built again.
    let main = shell::read(&module.join("main.go"))?;
    let same =
        |name: &str, text: &str| shell::read(&folder.join(name)).is_ok_and(|there| there == text);
    if program.is_file() && same("go.mod.derived", &derived) && same("main.go", &main) {
        return Ok(program);
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
    for (name, text) in [("go.mod", &derived), ("main.go", &main)] {
        std::fs::write(folder.join(name), text)
            .with_context(|| format!("can't write {name} in {}", folder.display()))?;
    }
    // Its own dependencies have versions of their own.
    shell::run(
        Command::new("go")
            .args(["mod", "tidy"])
            .current_dir(&folder),
    )?;
    go::make(&cluster::PROGRAM, &folder, &program)?;
    std::fs::write(folder.join("go.mod.derived"), derived)
        .with_context(|| format!("can't write into {}", folder.display()))?;
    Ok(program)
}

/// `go.mod` of another version: numbers changed, and what only follows from them left to Go.
fn derive(go_mod: &str, own: &str, version: &str) -> String {
    // The libraries of v1.X.Y are v0.X.Y.
    let library = |version: &str| version.replacen("v1.", "v0.", 1);
    go_mod
        .lines()
        .filter(|line| !line.trim_end().ends_with("// indirect"))
        .map(|line| {
            if line.contains("k8s.io/") {
                line.replace(own, version)
                    .replace(&library(own), &library(version))
            } else {
                line.to_owned()
            }
        })
        .fold(String::new(), |text, line| text + &line + "\n")
}

#[cfg(test)]
mod tests {
    use super::{derive, is_version, test_matrix};

    #[test]
    fn another_version_is_the_same_modules_with_other_numbers() {
        let own = "require k8s.io/kubernetes v1.36.3\n\
                   require (\n\tgo.etcd.io/etcd/server/v3 v0.36.3\n\tk8s.io/kubectl v0.0.0\n\
                   \ta.test/b v1.0.0 // indirect\n)\n\
                   replace k8s.io/api => k8s.io/api v0.36.3\n";
        assert_eq!(
            derive(own, "v1.36.3", "v1.34.4"),
            "require k8s.io/kubernetes v1.34.4\n\
             require (\n\tgo.etcd.io/etcd/server/v3 v0.36.3\n\tk8s.io/kubectl v0.0.0\n)\n\
             replace k8s.io/api => k8s.io/api v0.34.4\n"
        );
    }

    #[test]
    fn versions_are_told_from_other_arguments() {
        for version in ["v1.34.4", "v1.100.0"] {
            assert!(is_version(version), "{version}");
        }
        for other in [
            "1.34.4",
            "v1.34",
            "v1.34.",
            "v1.a.1",
            "v1.34.4.5",
            "v2.1.1",
            "v1.../x",
        ] {
            assert!(!is_version(other), "{other}");
        }
        let error = test_matrix(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
