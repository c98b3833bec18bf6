//! `deny`: cargo-deny over our dependencies. Bans, licences and sources are always checked.
//! Advisories need a clone of a database from the network: where that can't be had the check is
//! said to be skipped, loudly, since a skip that looks like a pass is worse than no check.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{shell, tools};

/// Runs all four checks.
///
/// # Errors
/// A check found something, or cargo-deny can't be built.
pub fn deny() -> Result<()> {
    let program = tools::path(tools::CARGO_DENY)?;
    let deny = || {
        let mut command = Command::new(&program);
        command
            .args(["--workspace", "--locked"])
            .current_dir(shell::root());
        command
    };
    let mut failed = Vec::new();
    if let Err(error) = shell::run(deny().args(["check", "bans", "licenses", "sources"])) {
        eprintln!("xtask: {error:#}");
        failed.push("bans, licenses or sources");
    }
    // Fetching apart from checking tells an unreachable database from an advisory.
    let mut fetch = deny();
    fetch.args(["fetch", "db"]).env("GIT_TERMINAL_PROMPT", "0");
    eprintln!("xtask: {}", shell::shown(&fetch));
    let fetched = fetch.output()?;
    if fetched.status.success() {
        if let Err(error) = shell::run(deny().args(["check", "--disable-fetch", "advisories"])) {
            eprintln!("xtask: {error:#}");
            failed.push("advisories");
        }
    } else {
        println!("{}", skipped(&String::from_utf8_lossy(&fetched.stderr)));
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failed: {}", failed.join(", "))
    }
}

/// The notice for a database that can't be fetched, with the first line that says why.
fn skipped(stderr: &str) -> String {
    let why = stderr
        .lines()
        .map(str::trim)
        .find(|line| line.to_lowercase().contains("error") || line.contains("failed"))
        .or_else(|| stderr.lines().map(str::trim).find(|line| !line.is_empty()))
        .unwrap_or("cargo-deny gave no reason");
    let rule = "*".repeat(78);
    format!(
        "{rule}\nadvisories: SKIPPED, not checked: the advisory database can't be fetched\n\
         advisories: {why}\n\
         advisories: this is no pass; run `./x deny` where github.com can be reached\n{rule}"
    )
}

#[cfg(test)]
mod tests {
    use super::skipped;

    #[test]
    fn a_skip_says_so_and_why() {
        let check = |stderr: &str, why: &str| {
            let notice = skipped(stderr);
            assert!(notice.contains("SKIPPED, not checked"), "{notice}");
            assert!(notice.contains(why), "{notice}");
        };
        check("", "cargo-deny gave no reason");
        check(
            "INFO fetching\n [ERROR] failed to clone\n",
            "[ERROR] failed to clone",
        );
        check("something odd\n", "something odd");
    }
}
