//! Cargo subcommands that the project's tasks use: built once, kept by version in the user's
//! cache, never looked up on `PATH` (another version there may disagree with ours).

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell;

/// A program from crates.io at one version.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Name of the crate and of its program.
    pub name: &'static str,
    /// The one version that is used.
    pub version: &'static str,
}

/// Licences, bans, sources and advisories of dependencies.
pub const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};
/// Builds with the list of crates in the program, for the test that reads it there.
pub const CARGO_AUDITABLE: Tool = Tool {
    name: "cargo-auditable",
    version: "0.7.7",
};
/// libFuzzer for Cargo.
pub const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};

/// `${XDG_CACHE_HOME:-~/.cache}/plimsoll`.
///
/// # Errors
/// Neither variable is set.
pub fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(
            std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?,
        )
        .join(".cache"),
    };
    Ok(base.join("plimsoll"))
}

/// The folder in which a program is kept.
fn folder(tool: Tool) -> Result<PathBuf> {
    let name = format!("{}-{}", tool.name, tool.version);
    Ok(cache()?.join("tools").join(name))
}

/// Whether the program is in the cache.
///
/// # Errors
/// There is no cache.
pub fn is_present(tool: Tool) -> Result<bool> {
    Ok(folder(tool)?.join("bin").join(tool.name).is_file())
}

/// The program, built first where it is not in the cache yet.
///
/// # Errors
/// It can't be built: the network, or the compiler's own message above.
pub fn path(tool: Tool) -> Result<PathBuf> {
    let folder = folder(tool)?;
    let program = folder.join("bin").join(tool.name);
    if !program.is_file() {
        eprintln!(
            "xtask: {} {} is built once into {} (minutes)",
            tool.name,
            tool.version,
            folder.display()
        );
        shell::run(
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
                .args(["install", "--quiet", "--locked", "--root"])
                .arg(&folder)
                .arg(format!("{}@{}", tool.name, tool.version))
                // Our target folder is of no use to it, and its lock would hold up others.
                .env_remove("CARGO_TARGET_DIR"),
        )?;
    }
    Ok(program)
}
