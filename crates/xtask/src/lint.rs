//! `lint`, `docs` and `tidy`: each runs all its parts and then says which failed.

use anyhow::{Result, bail};

use crate::{shell, tidy as rules};

/// Format, clippy with warnings denied, tidy.
///
/// # Errors
/// Names each part that failed; what it found stands above.
pub fn lint() -> Result<()> {
    let mut failed = Vec::new();
    if let Err(error) = shell::run(shell::cargo().args(["fmt", "--all", "--check"])) {
        eprintln!("xtask: {error:#} (`cargo fmt --all` puts it right)");
        failed.push("format");
    }
    let mut clippy = shell::cargo();
    clippy.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ]);
    if let Err(error) = shell::run(&mut clippy) {
        eprintln!("xtask: {error:#}");
        failed.push("clippy");
    }
    if let Err(error) = tidy() {
        eprintln!("xtask: {error:#}");
        failed.push("tidy");
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("failed: {}", failed.join(", "))
    }
}

/// The API documentation; a broken link or another warning fails.
///
/// # Errors
/// rustdoc's own.
pub fn docs() -> Result<()> {
    shell::run(
        shell::cargo()
            .args(["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// Prints what the tidy rules find.
///
/// # Errors
/// They found something, or a file can't be read.
pub fn tidy() -> Result<()> {
    let found = rules::check(&shell::root())?;
    for violation in &found {
        eprintln!("{violation}");
    }
    match found.len() {
        0 => {
            eprintln!("xtask: tidy: all rules hold");
            Ok(())
        }
        1 => bail!("tidy: 1 rule is broken (above)"),
        n => bail!("tidy: {n} rules are broken (above)"),
    }
}
