//! What is found in real Go programs equals what `go version -m` says of them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::Ordering,
};

use common::{InPlace, output, packages, run};

mod common;

const MAIN: &str = r#"package main

import (
	"fmt"

	"github.com/google/uuid"
	"gopkg.in/yaml.v3"
)

var version = "dev"

func main() {
	out, _ := yaml.Marshal(map[string]string{"id": uuid.NewString(), "version": version})
	fmt.Println(string(out))
}
"#;

const GO_MOD: &str = "module example.com/plimsoll/app

go 1.20

require (
	github.com/google/uuid v1.6.0
	gopkg.in/yaml.v3 v3.0.1
)

replace github.com/google/uuid => github.com/google/uuid v1.5.0
";

/// `path version` of the toolchain and every module, the replacement standing
/// for what it replaces.
fn told_by_go(program: &Path) -> Option<Vec<String>> {
    let output = output(Command::new("go").args(["version", "-m"]).arg(program))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut modules = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        match words[..] {
            ["", "=>", path, version, ..] => {
                modules.pop();
                modules.push(format!("{path} {version}"));
            }
            ["", "mod" | "dep", path, version, ..] => {
                modules.push(format!("{path} {}", version.replace("(devel)", "")));
            }
            [first] => {
                let version = first.split("go").last().unwrap_or_default();
                let version = version.split(' ').next().unwrap_or_default();
                modules.push(format!("stdlib {version}"));
            }
            _ => {}
        }
    }
    modules.sort();
    Some(modules)
}

fn compare(program: &Path) -> Option<()> {
    let told = told_by_go(program)?;
    let file = InPlace::open(program);
    let sink = run("go-binary", "usr/bin/app", &file);
    assert!(sink.problems.is_empty(), "{program:?}: {:?}", sink.problems);
    let mut found: Vec<String> = packages(&sink)
        .iter()
        .map(|found| {
            let package = &found.package;
            let separator = if package.namespace.is_empty() {
                ""
            } else {
                "/"
            };
            let version = match found.evidence.contains("-ldflags") {
                true => "",
                false => &package.version,
            };
            format!("{}{separator}{} {version}", package.namespace, package.name)
        })
        .collect();
    found.sort();
    assert_eq!(found, told, "{program:?}");
    let standard = packages(&sink)
        .into_iter()
        .find(|found| found.package.name == "stdlib")?;
    assert!(
        standard
            .symbols
            .iter()
            .any(|name| name == "runtime.mallocgc"),
        "{program:?}: {} symbols",
        standard.symbols.len()
    );
    let size = plimsoll_image::ReadAt::size(&file);
    eprintln!(
        "{program:?}: {size} bytes, {} of them read",
        file.read.load(Ordering::Relaxed)
    );
    Some(())
}

#[test]
fn a_real_build_is_found_as_go_tells_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    std::fs::write(at.join("main.go"), MAIN).expect("is written");
    std::fs::write(at.join("go.mod"), GO_MOD).expect("is written");
    let go = |arguments: &[&str], os: &str| {
        output(
            Command::new("go")
                .args(arguments)
                .current_dir(at)
                .env("GOOS", os)
                .env("CGO_ENABLED", "0")
                .env("GOTOOLCHAIN", "local")
                .env("GOFLAGS", "-mod=mod -buildvcs=false"),
        )
    };
    let builds: [(&str, &[&str], &str); 3] = [
        ("plain", &["-ldflags=-X main.version=1.2.3"], "linux"),
        ("stripped", &["-trimpath", "-ldflags=-s -w"], "linux"),
        ("pie", &["-buildmode=pie"], "linux"),
    ];
    for (name, flags, os) in builds {
        let arguments = [&["build", "-o", name], flags, &["."]].concat();
        if go(&arguments, os).is_none() || compare(&at.join(name)).is_none() {
            return;
        }
    }
    let file = InPlace::open(&at.join("plain"));
    let sink = run("go-binary", "app", &file);
    let find = |name: &str| {
        packages(&sink)
            .into_iter()
            .find(|found| found.package.name == name)
            .unwrap_or_else(|| panic!("no {name}"))
    };
    assert_eq!(find("app").package.version, "1.2.3");
    assert!(
        find("yaml.v3")
            .symbols
            .iter()
            .any(|name| name == "gopkg.in/yaml.v3.Marshal")
    );
    assert_eq!(find("uuid").package.version, "v1.5.0");
}

#[test]
fn windows_and_macos_programs_are_read_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let main = "package main\n\nfunc main() { println(1) }\n";
    std::fs::write(at.join("main.go"), main).expect("is written");
    std::fs::write(at.join("go.mod"), "module example.com/m\n\ngo 1.20\n").expect("is written");
    for (os, arch) in [("windows", "amd64"), ("darwin", "arm64")] {
        let built = output(
            Command::new("go")
                .args(["build", "-o", os, "."])
                .current_dir(at)
                .env("GOOS", os)
                .env("GOARCH", arch)
                .env("CGO_ENABLED", "0")
                .env("GOTOOLCHAIN", "local")
                .env("GOFLAGS", "-mod=mod -buildvcs=false"),
        );
        if built.is_none() || compare(&at.join(os)).is_none() {
            return;
        }
    }
}

#[test]
fn programs_that_are_installed_are_found_as_go_tells_them() {
    let Some(root) = output(Command::new("go").args(["env", "GOROOT", "GOPATH"])) else {
        return;
    };
    let text = String::from_utf8_lossy(&root.stdout).into_owned();
    for folder in text.lines() {
        let Ok(entries) = PathBuf::from(folder).join("bin").read_dir() else {
            continue;
        };
        for entry in entries.flatten() {
            compare(&entry.path());
        }
    }
}
