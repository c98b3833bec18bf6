//! `helm`: the Helm that our chart is tried with, built once from its Go modules (`tests/helm`) and
//! kept in the user's cache.

use anyhow::Result;

use crate::go::{self, Program};

/// Helm.
const PROGRAM: Program = Program {
    name: "helm",
    what: "Helm",
    takes: "about a minute",
    package: "helm.sh/helm/v3/cmd/helm",
    flags: |_| Ok("-s -w".to_owned()),
};

/// Prints the path of the program, built first where it is missing.
///
/// # Errors
/// There is no Go, the build fails, or with `--present` there is no program yet.
pub fn helm(args: &[String]) -> Result<()> {
    go::program(&PROGRAM, args)
}

#[cfg(test)]
mod tests {
    use super::helm;

    #[test]
    fn arguments_are_checked() {
        let error = helm(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
