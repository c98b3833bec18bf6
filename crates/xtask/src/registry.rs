//! `registry`: a registry for tests that knows the referrers API (that of go-containerregistry, see
//! `tests/registry/README.md`), built once from its Go modules and kept in the user's cache.

use anyhow::Result;

use crate::go::{self, Program};

/// The registry.
const PROGRAM: Program = Program {
    name: "registry",
    what: "a registry",
    takes: "half a minute",
    package: ".",
    flags: |_| Ok("-s -w".to_owned()),
};

/// Prints the path of the program, built first where it is missing.
///
/// # Errors
/// There is no Go, the build fails, or with `--present` there is no program yet.
pub fn registry(args: &[String]) -> Result<()> {
    go::program(&PROGRAM, args)
}

#[cfg(test)]
mod tests {
    use super::registry;

    #[test]
    fn arguments_are_checked() {
        let error = registry(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
