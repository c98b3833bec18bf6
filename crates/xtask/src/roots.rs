//! `roots`: root file systems of Debian that tests compare with what dpkg says, made once by
//! mmdebstrap from Debian's own packages and kept in the user's cache.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

const HELP: &str = "\
usage: ./x roots [--present]

Makes the root file systems that tests look for where they are not in the cache yet (needs
mmdebstrap and Debian's packages; a minute) and prints their paths.

  --present   make nothing; fail where one is not there";

/// The suites, a root file system each.
const SUITES: [&str; 2] = ["bookworm", "trixie"];

/// Where the root file system of a suite is kept.
fn path(suite: &str) -> Result<PathBuf> {
    Ok(tools::cache()?.join("roots").join(format!("{suite}.tar")))
}

/// Prints the paths of the root file systems, made first where they are missing.
///
/// # Errors
/// There is no mmdebstrap, it fails, or with `--present` one is missing.
pub fn roots(args: &[String]) -> Result<()> {
    let make = match args {
        [] => true,
        [arg] if arg == "--present" => false,
        [arg] if arg == "--help" || arg == "-h" => {
            println!("{HELP}");
            return Ok(());
        }
        [arg, ..] => return Err(Usage(format!("no argument `{arg}`\n{HELP}")).into()),
    };
    for suite in SUITES {
        let path = path(suite)?;
        if !path.is_file() {
            if !make {
                bail!("{} is missing; `./x roots` makes it", path.display());
            }
            let folder = path.parent().context("a cache has a folder")?;
            std::fs::create_dir_all(folder)
                .with_context(|| format!("can't make {}", folder.display()))?;
            // It appears under its name only when it is whole.
            let partial = folder.join(format!("{suite}.{}.tar", std::process::id()));
            let made = shell::run(
                Command::new("mmdebstrap")
                    .args(["--variant=minbase", "--format=tar", suite])
                    .arg(&partial),
            );
            if let Err(error) = made {
                let _ = std::fs::remove_file(&partial);
                return Err(error);
            }
            std::fs::rename(&partial, &path)
                .with_context(|| format!("can't keep {}", path.display()))?;
        }
        println!("{}", path.display());
    }
    Ok(())
}
