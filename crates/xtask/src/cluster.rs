//! `cluster`: the program of the test cluster (real Kubernetes, see `tests/cluster/README.md`),
//! built once from its Go modules and kept in the user's cache under a hash of its sources.

use anyhow::{Context, Result};

use crate::go::{self, Program};

/// Where the build flags have Kubernetes' own version put.
const VERSION: &str = "k8s.io/component-base/version";

/// The program of the test cluster.
pub const PROGRAM: Program = Program {
    name: "cluster",
    what: "Kubernetes",
    takes: "about 7 minutes on 2 cores",
    package: ".",
    flags: |go_mod| Ok(link_flags(&kubernetes_version(go_mod)?)),
};

/// Prints the path of the program, built first where it is missing.
///
/// # Errors
/// There is no Go, the build fails, or with `--present` there is no program yet.
pub fn cluster(args: &[String]) -> Result<()> {
    go::program(&PROGRAM, args)
}

/// The version of Kubernetes that a `go.mod` requires: `v1.36.3`.
///
/// # Errors
/// It requires none.
pub fn kubernetes_version(go_mod: &str) -> Result<String> {
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
    use super::{cluster, kubernetes_version, link_flags};
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
    fn arguments_are_checked() {
        let error = cluster(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
