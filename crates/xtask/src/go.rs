//! Programs of other projects that tests run against, built once from their Go modules (in
//! `tests/NAME`) and kept in the user's cache under a hash of their sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

#[path = "../../../tests/cluster/location.rs"]
mod location;

/// A program to be built.
pub struct Program {
    /// Its name, that of its verb and of its folder below `tests`.
    pub name: &'static str,
    /// What it is, for a person.
    pub what: &'static str,
    /// How long it takes to build.
    pub takes: &'static str,
    /// The package that is built, `.` for the module's own.
    pub package: &'static str,
    /// The linker's flags, given what is in `go.mod`.
    pub flags: fn(&str) -> Result<String>,
}

/// Prints the path of a program, built first where it is missing.
///
/// # Errors
/// There is no Go, the build fails, or with `--present` there is no program yet.
pub fn program(of: &Program, args: &[String]) -> Result<()> {
    let name = of.name;
    let help = format!(
        "usage: ./x {name} [--present]\n\n\
         Builds {} for tests where it is not in the cache yet (needs Go; {}) and\n\
         prints its path.\n\n  \
         --present   build nothing; fail where it is not there",
        of.what, of.takes
    );
    let build = match args {
        [] => true,
        [arg] if arg == "--present" => false,
        [arg] if arg == "--help" || arg == "-h" => {
            println!("{help}");
            return Ok(());
        }
        [arg, ..] => return Err(Usage(format!("no argument `{arg}`\n{help}")).into()),
    };
    let program = if build {
        built(of)?
    } else {
        let program = place(of)?;
        if !program.is_file() {
            bail!(
                "{} is not built yet; `./x {name}` builds it",
                program.display()
            );
        }
        program
    };
    println!("{}", program.display());
    Ok(())
}

/// The path of a program, built first where it is missing.
///
/// # Errors
/// There is no Go, or the build fails.
pub fn built(of: &Program) -> Result<PathBuf> {
    let program = place(of)?;
    if !program.is_file() {
        make(of, &shell::root().join("tests").join(of.name), &program)?;
    }
    Ok(program)
}

fn place(of: &Program) -> Result<PathBuf> {
    location::program(&shell::root(), &tools::cache()?, of.name)
        .with_context(|| format!("the sources in tests/{}", of.name))
}

/// Builds the program. It appears under its name only when it is whole, so that two builds at
/// once, or one that is stopped, harm nobody.
///
/// # Errors
/// There is no Go, or the build fails.
pub fn make(of: &Program, module: &Path, program: &Path) -> Result<()> {
    if shell::which("go").is_none() {
        bail!(
            "no Go: {} for tests is built with it. Install Go 1.21 or newer (it fetches the version it needs)",
            of.what
        );
    }
    let flags = (of.flags)(&shell::read(&module.join("go.mod"))?)?;
    let folder = program.parent().context("the program is in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("can't make {}", folder.display()))?;
    let unfinished = folder.join(format!("unfinished-{}", std::process::id()));
    eprintln!(
        "xtask: {} for tests is built once into {} ({})",
        of.what,
        folder.display(),
        of.takes
    );
    let mut command = Command::new("go");
    command
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(flags)
        .arg("-o")
        .arg(&unfinished)
        .arg(of.package)
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

#[cfg(test)]
mod tests {
    use super::location;

    #[test]
    fn the_name_of_the_program_follows_its_sources() {
        let repo = std::env::temp_dir().join(format!("plimsoll-location-{}", std::process::id()));
        let module = repo.join("tests/cluster");
        std::fs::create_dir_all(&module).expect("a folder");
        let place = |go_mod: &str, go_sum: &str| {
            std::fs::write(module.join("go.mod"), go_mod).expect("a file");
            std::fs::write(module.join("go.sum"), go_sum).expect("a file");
            std::fs::write(module.join("main.go"), "").expect("a file");
            location::program(&repo, "cache".as_ref(), "cluster").expect("the sources are there")
        };
        let first = place("ab", "c");
        assert_eq!(first, place("ab", "c"));
        assert_ne!(first, place("a", "bc"));
        std::fs::remove_file(module.join("main.go")).expect("a file");
        assert!(location::program(&repo, "cache".as_ref(), "cluster").is_ok_and(|it| it != first));
        assert!(first.starts_with("cache/cluster") && first.ends_with("plimsoll-cluster"));
        std::fs::remove_dir_all(&repo).expect("the folder goes");
        assert!(location::program(&repo, "cache".as_ref(), "cluster").is_err());
    }
}
