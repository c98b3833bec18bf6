//! `cluster`: the program of the test cluster (real Kubernetes, see `tests/cluster/README.md`),
//! built once from its Go modules and kept in the user's cache under a hash of its sources.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

#[path = "../../../tests/cluster/location.rs"]
mod location;

const HELP: &str = "\
usage: ./x cluster [--present]

Builds the test cluster's program where it is not in the cache yet (needs Go; minutes) and
prints its path.

  --present   build nothing; fail where it is not there";

/// Where the build flags have Kubernetes' own version put.
const VERSION: &str = "k8s.io/component-base/version";

/// Prints the path of the program, built first where it is missing.
///
/// # Errors
/// There is no Go, the build fails, or with `--present` there is no program yet.
pub fn cluster(args: &[String]) -> Result<()> {
    let build = match args {
        [] => true,
        [arg] if arg == "--present" => false,
        [arg] if arg == "--help" || arg == "-h" => {
            println!("{HELP}");
            return Ok(());
        }
        [arg, ..] => return Err(Usage(format!("no argument `{arg}`\n{HELP}")).into()),
    };
    let root = shell::root();
    let program =
        location::program(&root, &tools::cache()?).context("the sources of the test cluster")?;
    if !program.is_file() {
        if !build {
            bail!(
                "{} is not built yet; `./x cluster` builds it",
                program.display()
            );
        }
        make(&root.join("tests/cluster"), &program)?;
    }
    println!("{}", program.display());
    Ok(())
}

/// Builds the program. It appears under its name only when it is whole, so that two builds at
/// once, or one that is stopped, harm nobody.
fn make(module: &Path, program: &Path) -> Result<()> {
    if shell::which("go").is_none() {
        bail!(
            "no Go: the test cluster is built with it. Install Go 1.21 or newer (it fetches the version it needs)"
        );
    }
    let version = kubernetes_version(&shell::read(&module.join("go.mod"))?)?;
    let folder = program.parent().context("the program is in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let unfinished = folder.join(format!("unfinished-{}", std::process::id()));
    eprintln!(
        "xtask: Kubernetes {version} for tests is built once into {} (about 7 minutes on 2 cores)",
        folder.display()
    );
    let mut command = Command::new("go");
    command
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(link_flags(&version))
        .arg("-o")
        .arg(&unfinished)
        .arg(".")
        .current_dir(module)
        .env("CGO_ENABLED", "0");
    if std::env::var_os("GOTOOLCHAIN").is_none() {
        // Distributions turn the fetching of a newer toolchain off.
        command.env("GOTOOLCHAIN", "auto");
    }
    let built = shell::run(&mut command).and_then(|()| {
        std::fs::rename(&unfinished, program)
            .with_context(|| format!("can't move the program to {}", program.display()))
    });
    if built.is_err() {
        // What is left of a failed build is of no use; that it may not exist is no second error.
        let _ = std::fs::remove_file(&unfinished);
    }
    built
}

/// The version of Kubernetes that a `go.mod` requires: `v1.36.3`.
fn kubernetes_version(go_mod: &str) -> Result<String> {
    go_mod
        .lines()
        .map(|line| line.trim().trim_start_matches("require "))
        .find_map(|line| line.strip_prefix("k8s.io/kubernetes "))
        .and_then(|rest| rest.split_whitespace().next())
        .map(str::to_owned)
        .context("tests/cluster/go.mod requires no k8s.io/kubernetes")
}

/// Smaller, and with the version that a release would say: clients look at it.
fn link_flags(version: &str) -> String {
    let mut flags = format!("-s -w -X {VERSION}.gitVersion={version}");
    let mut numbers = version.trim_start_matches('v').split('.');
    for name in ["gitMajor", "gitMinor"] {
        if let Some(number) = numbers.next() {
            flags.push_str(&format!(" -X {VERSION}.{name}={number}"));
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::{cluster, kubernetes_version, link_flags, location};
    use crate::shell;

    #[test]
    fn the_version_is_read_from_go_mod() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(kubernetes_version(text).ok().as_deref(), expect, "{text}");
        };
        check(
            "module a\nrequire k8s.io/kubernetes v1.36.3\n",
            Some("v1.36.3"),
        );
        check(
            "require (\n\tk8s.io/kubernetes v1.35.4 // why\n)\n",
            Some("v1.35.4"),
        );
        check("require k8s.io/kubectl v0.36.3\n", None);
        let own = shell::read(&shell::root().join("tests/cluster/go.mod")).expect("it is there");
        assert!(kubernetes_version(&own).is_ok(), "go.mod says the version");
        assert_eq!(
            link_flags("v1.36.3"),
            "-s -w -X k8s.io/component-base/version.gitVersion=v1.36.3 \
             -X k8s.io/component-base/version.gitMajor=1 \
             -X k8s.io/component-base/version.gitMinor=36"
        );
    }

    #[test]
    fn the_name_of_the_program_follows_its_sources() {
        let repo = std::env::temp_dir().join(format!("plimsoll-location-{}", std::process::id()));
        let module = repo.join("tests/cluster");
        std::fs::create_dir_all(&module).expect("a folder");
        let place = |go_mod: &str, go_sum: &str| {
            std::fs::write(module.join("go.mod"), go_mod).expect("a file");
            std::fs::write(module.join("go.sum"), go_sum).expect("a file");
            std::fs::write(module.join("main.go"), "").expect("a file");
            location::program(&repo, "cache".as_ref()).expect("the sources are there")
        };
        let first = place("ab", "c");
        assert_eq!(first, place("ab", "c"));
        assert_ne!(first, place("a", "bc"));
        assert!(first.starts_with("cache/cluster") && first.ends_with("plimsoll-cluster"));
        std::fs::remove_dir_all(&repo).expect("the folder goes");
        assert!(location::program(&repo, "cache".as_ref()).is_err());
    }

    #[test]
    fn arguments_are_checked() {
        let error = cluster(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
