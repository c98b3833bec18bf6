//! `trees`: folders with real packages of scripted languages, installed once by npm and pip and kept
//! in the user's cache beside what these tools list, and the lock files of several managers for the
//! same packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

const HELP: &str = "\
usage: ./x trees [--present]

Makes the folders of packages that tests look for where they are not in the cache yet (needs npm,
python3 with venv, and their registries; a minute), builds cargo-auditable (a minute), which makes a
program for another, and prints their paths.

  --present   make nothing; fail where one is not there";

/// Fills an empty folder.
type Fill = fn(&Path) -> Result<()>;

/// Folders and what fills them. Their names end in a number that is raised when that changes.
const TREES: &[(&str, Fill)] = &[("node-1", node), ("python-1", python)];

/// Scopes, aliases, several versions of one package, development and what is optional.
const NODE: &str = r#"{
  "name": "app", "version": "1.0.0", "private": true,
  "dependencies": {"express": "4.18.2", "@types/node": "20.8.0", "chalk": "4.1.2", "semver": "7.5.4",
    "aliased": "npm:ms@2.1.3"},
  "devDependencies": {"mocha": "10.2.0"}
}
"#;

/// Names in other forms than the index's, a dependency by an extra, a group for development.
const PYTHON: &str = r#"[project]
name = "app"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["flask==3.0.0", "requests[socks]==2.31.0", "zope.interface==6.1", "PyYAML==6.0.1"]
[dependency-groups]
dev = ["iniconfig==2.0.0"]
"#;

const REQUIREMENTS: &str = "flask==3.0.0\nrequests[socks]==2.31.0\nzope.interface==6.1\n\
                            PyYAML==6.0.1\niniconfig==2.0.0\n";

/// Prints the paths of the folders, made first where they are missing.
///
/// # Errors
/// A tool is missing or fails, or with `--present` a folder is missing.
pub fn trees(args: &[String]) -> Result<()> {
    let make = match args {
        [] => true,
        [arg] if arg == "--present" => false,
        [arg] if arg == "--help" || arg == "-h" => {
            println!("{HELP}");
            return Ok(());
        }
        [arg, ..] => return Err(Usage(format!("no argument `{arg}`\n{HELP}")).into()),
    };
    let folder = tools::cache()?.join("trees");
    let mut failed = Vec::new();
    for (name, fill) in TREES {
        let path = folder.join(name);
        if !path.is_dir() {
            if !make {
                bail!("{} is missing; `./x trees` makes it", path.display());
            }
            // It appears under its name only when it is whole; one that fails holds up no other.
            let partial = folder.join(format!("{name}.{}", std::process::id()));
            let made = std::fs::create_dir_all(&partial)
                .context("can't make a folder")
                .and_then(|()| fill(&partial))
                .and_then(|()| Ok(std::fs::rename(&partial, &path)?));
            if let Err(error) = made {
                let _ = std::fs::remove_dir_all(&partial);
                failed.push(format!("{name}: {error:#}"));
                continue;
            }
        }
        println!("{}", path.display());
    }
    // Not a tree, but made for the same tests.
    if make {
        match tools::path(tools::CARGO_AUDITABLE) {
            Ok(path) => println!("{}", path.display()),
            Err(error) => failed.push(format!("{error:#}")),
        }
    } else if !tools::is_present(tools::CARGO_AUDITABLE)? {
        bail!("cargo-auditable is missing; `./x trees` builds it");
    }
    if failed.is_empty() {
        Ok(())
    } else {
        bail!("{}", failed.join("; "))
    }
}

/// Writes a small file.
fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("can't make {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("can't write {}", path.display()))
}

/// Keeps what a command prints.
fn keep(command: &mut Command, path: &Path) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("can't start `{}`", shell::shown(command)))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {words}", shell::shown(command));
    }
    write(path, &String::from_utf8_lossy(&output.stdout))
}

fn npm(folder: &Path, args: &[&str]) -> Command {
    let mut npm = Command::new("npm");
    npm.args(args).current_dir(folder);
    npm
}

/// `node_modules`, `npm-ls.json`, and in `locks` lock files of the same packages.
fn node(folder: &Path) -> Result<()> {
    const QUIET: [&str; 4] = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    write(&folder.join("package.json"), NODE)?;
    shell::run(npm(folder, &["install"]).args(QUIET))?;
    keep(
        &mut npm(folder, &["ls", "--all", "--json"]),
        &folder.join("npm-ls.json"),
    )?;
    let lock = |name: &str| -> Result<PathBuf> {
        let at = folder.join("locks").join(name);
        write(&at.join("package.json"), NODE)?;
        std::fs::copy(
            folder.join("package-lock.json"),
            at.join("package-lock.json"),
        )?;
        Ok(at)
    };
    lock("npm-3")?;
    for version in ["1", "2"] {
        let at = lock(&format!("npm-{version}"))?;
        let args = [
            "install",
            "--package-lock-only",
            "--lockfile-version",
            version,
        ];
        shell::run(npm(&at, &args).args(QUIET))?;
    }
    let pnpm = lock("pnpm")?;
    let args = [
        "exec",
        "--yes",
        "--package=pnpm@9.15.9",
        "--",
        "pnpm",
        "import",
    ];
    shell::run(&mut npm(&pnpm, &args))?;
    std::fs::remove_file(pnpm.join("package-lock.json"))?;
    let yarn = lock("yarn")?;
    // It does not take over lock files of npm's third version: it resolves the same on its own.
    std::fs::remove_file(yarn.join("package-lock.json"))?;
    let args = [
        "exec",
        "--yes",
        "--package=yarn@1.22.22",
        "--",
        "yarn",
        "install",
    ];
    shell::run(npm(&yarn, &args).args(["--ignore-scripts", "--non-interactive", "--silent"]))?;
    std::fs::remove_dir_all(yarn.join("node_modules"))?;
    Ok(())
}

/// `venv`, `pip-list.json`, and in `locks` lock files of the same packages.
fn python(folder: &Path) -> Result<()> {
    let venv = folder.join("venv");
    let program = |name: &str| {
        let mut command = Command::new(venv.join("bin").join(name));
        command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        command
    };
    // The system's own, which has no shims before it.
    let python = Path::new("/usr/bin/python3");
    let python = if python.is_file() {
        python
    } else {
        Path::new("python3")
    };
    shell::run(Command::new(python).args(["-m", "venv"]).arg(&venv))?;
    let requirements = folder.join("locks/pip/requirements.txt");
    write(&folder.join("requirements.in"), REQUIREMENTS)?;
    shell::run(
        program("pip")
            .args(["install", "--quiet", "--only-binary=:all:", "--requirement"])
            .arg(folder.join("requirements.in")),
    )?;
    let list = folder.join("pip-list.json");
    keep(program("pip").args(["list", "--format", "json"]), &list)?;
    keep(program("pip").arg("freeze"), &requirements)?;
    let uv = folder.join("uv");
    shell::run(Command::new(python).args(["-m", "venv"]).arg(&uv))?;
    shell::run(Command::new(uv.join("bin/pip")).args(["install", "--quiet", "uv"]))?;
    let locks = folder.join("locks/uv");
    write(&locks.join("pyproject.toml"), PYTHON)?;
    let uv_run = |args: &[&str]| {
        let mut command = Command::new(uv.join("bin/uv"));
        command.args(args).arg("--quiet").current_dir(&locks);
        shell::run(&mut command)
    };
    uv_run(&["lock"])?;
    std::fs::create_dir_all(folder.join("locks/pylock"))?;
    let out = "../pylock/pylock.toml";
    uv_run(&["export", "--format", "pylock.toml", "--output-file", out])?;
    std::fs::remove_dir_all(uv)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::trees;

    #[test]
    fn arguments_are_checked() {
        let error = trees(&["--now".to_owned()]).expect_err("there is no such argument");
        assert!(error.is::<crate::Usage>());
    }
}
