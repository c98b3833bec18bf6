//! `image`: the image of the agent as an OCI layout, made without a container engine: the program,
//! and below it the few files of Debian packages that it needs.
//!
//! The same program and the same packages give the same bytes: no time, no name of a machine and no
//! order of a folder gets in.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{Usage, shell, tools};

pub mod base;
pub mod layout;
pub mod sbom;

#[path = "../../../tests/cluster/tar.rs"]
mod tar;

pub use tar::Tar;

use layout::{Image, Layer};

const HELP: &str = "\
usage: ./x image [--binary FILE] [--to FOLDER] [--archive FILE] [--name NAME]

Writes the image of the agent as an OCI layout and prints its digest. It needs no container engine,
but a Debian or Ubuntu whose packages it takes (apt-get, dpkg-deb): the image is for the
architecture and the release of this machine.

  --binary FILE   this program instead of a release build of it
  --to FOLDER     where the layout goes [default: target/image]; what is there is replaced
  --archive FILE  the layout as one archive too, for `ctr images import` or `docker load`
  --name NAME     its name with a tag [default: plimsoll:VERSION]";

/// The user that the agent runs as: nobody that any system knows.
const USER: &str = "65532:65532";
/// Where the program is.
const PROGRAM: &str = "usr/bin/plimsoll";

/// What is asked for.
#[derive(Debug, Default)]
struct Options {
    binary: Option<PathBuf>,
    to: Option<PathBuf>,
    archive: Option<PathBuf>,
    name: Option<String>,
}

/// Writes the layout and prints its digest.
///
/// # Errors
/// A package can't be had, the build fails, or something can't be written.
pub fn image(args: &[String]) -> Result<()> {
    let mut options = Options::default();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == "--help" || arg == "-h" {
            println!("{HELP}");
            return Ok(());
        }
        let mut value = || {
            args.next()
                .cloned()
                .ok_or_else(|| Usage(format!("`{arg}` needs a value\n{HELP}")))
        };
        match arg.as_str() {
            "--binary" => options.binary = Some(value()?.into()),
            "--to" => options.to = Some(value()?.into()),
            "--archive" => options.archive = Some(value()?.into()),
            "--name" => options.name = Some(value()?),
            other => return Err(Usage(format!("no argument `{other}`\n{HELP}")).into()),
        }
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| shell::root().join("target"), PathBuf::from);
    let to = options.to.clone().unwrap_or_else(|| target.join("image"));
    let binary = match &options.binary {
        Some(file) => file.clone(),
        None => {
            // The list of crates stays in the program, for scanners that look at nothing else.
            let mut build = Command::new(tools::path(tools::CARGO_AUDITABLE)?);
            build
                .args(["auditable", "build", "--release", "--locked"])
                .args(["--package", "plimsoll-cli"])
                .current_dir(shell::root());
            shell::run(&mut build)?;
            target.join("release/plimsoll")
        }
    };
    let image = agent(&binary, &options)?;
    let digest = layout::write(&image, &to, options.archive.as_deref())?;
    eprintln!("xtask: {} is in {}", image.name, to.display());
    println!("{digest}");
    Ok(())
}

/// The image of the agent.
fn agent(binary: &Path, options: &Options) -> Result<Image> {
    let version = env!("CARGO_PKG_VERSION");
    let base = base::files(&tools::cache()?.join("debs"))?;
    let mut program = Tar::default();
    let mut put = || {
        for folder in ["usr", "usr/bin", "usr/share", "usr/share/sbom"] {
            program.folder(folder, 0o755)?;
        }
        Ok(())
    };
    put().map_err(anyhow::Error::msg::<String>)?;
    program
        .file(PROGRAM, 0o755, &bytes(binary)?)
        .and_then(|()| {
            let sbom = sbom::cyclonedx(&sbom::metadata().map_err(|error| error.to_string())?);
            program.file("usr/share/sbom/plimsoll.cdx.json", 0o644, sbom.as_bytes())
        })
        .map_err(anyhow::Error::msg)?;
    let mut annotations = vec![
        ("org.opencontainers.image.title", "plimsoll".to_owned()),
        (
            "org.opencontainers.image.description",
            "The agent of Plimsoll: watches a cluster and keeps its goals' verdicts".to_owned(),
        ),
        (
            "org.opencontainers.image.source",
            env!("CARGO_PKG_REPOSITORY").to_owned(),
        ),
        ("org.opencontainers.image.version", version.to_owned()),
        ("org.opencontainers.image.licenses", "Apache-2.0".to_owned()),
    ];
    if let Some(revision) = revision() {
        annotations.push(("org.opencontainers.image.revision", revision));
    }
    annotations.sort();
    Ok(Image {
        name: options
            .name
            .clone()
            .unwrap_or_else(|| format!("plimsoll:{version}")),
        layers: vec![
            Layer {
                step: format!("packages of Debian: {}", base.packages.join(", ")),
                tar: base.tar,
            },
            Layer {
                step: "the program and its SBOM".to_owned(),
                tar: program.finish(),
            },
        ],
        annotations,
        user: USER.to_owned(),
        entrypoint: vec![format!("/{PROGRAM}")],
        command: vec!["agent".to_owned()],
        environment: vec!["PATH=/usr/bin".to_owned()],
    })
}

/// The commit that is checked out, where this is a clone; one with changes says so.
fn revision() -> Option<String> {
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(args)
            .current_dir(shell::root())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changes.is_empty() {
        commit
    } else {
        format!("{commit}-dirty")
    })
}

/// The bytes of one of our own files.
#[expect(
    clippy::disallowed_methods,
    reason = "what we build and the packages of the system are trusted input"
)]
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    if bytes.is_empty() {
        bail!("{} is empty", path.display());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::image;

    #[test]
    fn arguments_are_checked() {
        for args in [&["--now"][..], &["--binary"]] {
            let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
            let error = image(&args).expect_err("they make no sense");
            assert!(error.is::<crate::Usage>(), "{error}");
        }
    }
}
