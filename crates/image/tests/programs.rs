//! Classifiers against the programs of this machine: the version found is the
//! one the program itself prints.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use common::{InPlace, output, packages, run};

mod common;

/// The path a program is found at, links resolved.
fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())?
        .canonicalize()
        .ok()
}

/// The versions found in a file.
fn found(path: &Path) -> Vec<String> {
    let path_text = path.to_string_lossy();
    let sink = run(
        "program",
        path_text.trim_start_matches('/'),
        &InPlace::open(path),
    );
    assert!(sink.problems.is_empty(), "{path:?}: {:?}", sink.problems);
    packages(&sink)
        .iter()
        .map(|found| found.package.version.clone())
        .collect()
}

#[test]
fn programs_of_this_machine_say_the_version_that_is_found() {
    let programs: &[(&str, &[&str])] = &[
        ("bash", &["--version"]),
        ("node", &["--version"]),
        ("git", &["--version"]),
        ("curl", &["--version"]),
        ("perl", &["--version"]),
        ("openssl", &["version"]),
        ("ssh", &["-V"]),
        ("nginx", &["-v"]),
        ("busybox", &[]),
    ];
    for (name, arguments) in programs {
        let Some(path) = program(name) else {
            eprintln!("SKIPPED: no {name} here");
            continue;
        };
        // Shims and scripts are no programs.
        let start = plimsoll_image::bounded::read_all(
            std::io::Read::take(std::fs::File::open(&path).expect("opens"), 4),
            4,
        );
        if start.expect("reads") != b"\x7fELF" {
            eprintln!("SKIPPED: {name} is no ELF program here");
            continue;
        }
        let Some(output) = output(Command::new(&path).args(*arguments)) else {
            continue;
        };
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let versions = found(&path);
        assert!(
            !versions.is_empty() && versions.iter().all(|version| said.contains(version)),
            "{name}: {versions:?} of {}",
            said.lines().next().unwrap_or_default()
        );
    }
}

#[test]
fn the_go_toolchain_of_this_machine_is_found() {
    let output = Command::new("go")
        .args(["env", "GOROOT", "GOVERSION"])
        .output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no go here");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    let (Some(root), Some(version)) = (lines.next(), lines.next()) else {
        eprintln!("SKIPPED: go env says nothing");
        return;
    };
    let path = Path::new(root).join("VERSION");
    if !path.is_file() {
        eprintln!("SKIPPED: no VERSION in {root}");
        return;
    }
    assert_eq!(found(&path), [version.trim_start_matches("go")]);
}
