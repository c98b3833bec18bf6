//! What is found in a Rust program equals what `cargo auditable` put there,
//! and what is found in a lock file equals what `cargo metadata` says of it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use common::{InPlace, output, packages, run};

mod common;

fn listed(name: &str, path: &Path) -> Vec<String> {
    let sink = run(name, &path.to_string_lossy(), &InPlace::open(path));
    assert!(sink.problems.is_empty(), "{:?}", sink.problems);
    let mut listed: Vec<String> = packages(&sink)
        .iter()
        .map(|found| format!("{} {}", found.package.name, found.package.version))
        .collect();
    listed.sort();
    listed
}

#[derive(serde::Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(serde::Deserialize)]
struct Package {
    name: String,
    version: String,
}

#[test]
fn the_lock_file_of_this_workspace_lists_what_cargo_lists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let Some(told) = output(
        Command::new("cargo")
            .args([
                "metadata",
                "--format-version=1",
                "--locked",
                "--offline",
                "--all-features",
            ])
            .current_dir(&root),
    ) else {
        return;
    };
    let told: Metadata = serde_json::from_slice(&told.stdout).expect("is JSON");
    let mut told: Vec<String> = told
        .packages
        .iter()
        .map(|package| format!("{} {}", package.name, package.version))
        .collect();
    told.sort();
    let found = listed("cargo-lock", &root.join("Cargo.lock"));
    assert!(told.iter().all(|line| found.contains(line)), "{told:?}");
    assert!(found.len() >= told.len());
}

/// `PATH` with the folder of cargo-auditable: the one `./x trees` builds, else
/// the one installed.
fn paths_with_auditable() -> Option<std::ffi::OsString> {
    let paths = std::env::var_os("PATH")?;
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let tools = std::fs::read_dir(cache.join("plimsoll/tools"));
    let tools = tools.into_iter().flatten().flatten();
    let built = tools
        .filter(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("cargo-auditable-")
        })
        .map(|entry| entry.path().join("bin"));
    let folders: Vec<PathBuf> = built.chain(std::env::split_paths(&paths)).collect();
    let is_there = |folder: &PathBuf| folder.join("cargo-auditable").is_file();
    folders
        .iter()
        .any(is_there)
        .then(|| std::env::join_paths(&folders).ok())
        .flatten()
}

#[test]
fn an_auditable_build_is_found_as_it_was_built() {
    let Some(paths) = paths_with_auditable() else {
        eprintln!("SKIPPED: no cargo-auditable; ./x trees builds it");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::create_dir(at.join("src")).expect("is made");
    std::fs::write(
        at.join("Cargo.toml"),
        "[package]\nname = \"app\"\nversion = \"0.3.0\"\nedition = \"2021\"\n\n\
         [dependencies]\nitoa = \"1\"\nmemchr = { version = \"2\", default-features = false }\n",
    )
    .expect("is written");
    std::fs::write(
        at.join("src/main.rs"),
        "fn main() { println!(\"{}\", itoa::Buffer::new().format(7)); }\n",
    )
    .expect("is written");
    let Some(_) = output(
        Command::new("cargo")
            .args(["auditable", "build"])
            .env("PATH", paths)
            .current_dir(at)
            .env("CARGO_TARGET_DIR", at.join("target")),
    ) else {
        return;
    };
    let found = listed("rust-binary", &at.join("target/debug/app"));
    let locked = listed("cargo-lock", &at.join("Cargo.lock"));
    assert_eq!(found, locked);
    assert_eq!(found.len(), 3, "{found:?}");
}
