//! Go: the build info in programs, and the module files of source folders.
//!
//! A program tells its main module, its dependencies and the toolchain that
//! built it; what `go version -m` prints. Names of functions, for
//! reachability, come from its line table.

mod build_info;
mod line_table;
mod module_info;
mod passing;
mod source;

use plimsoll_model::{Package, PackageType};

use self::{
    build_info::BuildInfo,
    module_info::{Module, ModuleInfo},
};
pub(crate) use self::{
    passing::{ALIGN, HEAD, may_begin, needed},
    source::{GO_MOD, GO_SUM},
};
use super::binary::{Binary, is_binary};
use crate::{Analyzer, Candidate, Found, FoundPackage, How, Sink, analyzer::never_by_path};

pub(crate) use self::build_info::MAGIC as MARK;

/// Programs built by Go.
pub(crate) const GO_BINARY: Analyzer = Analyzer {
    name: "go-binary",
    version: 1,
    by_path: never_by_path,
    by_head: |_, _, head| is_binary(head),
    run: binary,
};

/// A module path to purl namespace and name. Their case is kept: module paths
/// differ by it, and advisories name them so.
fn package(path: &str, version: &str) -> Package {
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    Package::new(PackageType::Golang, namespace, name, version)
}

/// Whether a program with this beginning says there that Go built it, by a note
/// that the linker puts among the first sections. Most do; without, it may be all
/// the same.
pub(crate) fn is_noted(start: &[u8]) -> bool {
    // The type of the note, and its name.
    memchr::memmem::find(start, b"\x04\0\0\0Go\0\0").is_some()
}

fn binary(file: &Candidate<'_>, sink: &mut Sink) {
    let binary = match Binary::parse(file.content) {
        Ok(Some(binary)) => binary,
        Ok(None) => return,
        Err(error) => return sink.incomplete(format!("not read: {error}")),
    };
    let info = match build_info::find(file.content, &binary) {
        Ok(Some(info)) => info,
        Ok(None) => return,
        Err(error) => return sink.incomplete(format!("Go build info: {error}")),
    };
    if !binary.symbols {
        sink.push(Found::Mark {
            name: "go-stripped".into(),
            detail: "a Go program without a symbol table".into(),
        });
    }
    let modules = match &info.modules {
        Some(text) => ModuleInfo::parse(text, file.limits.found, sink),
        None => {
            sink.push(Found::Mark {
                name: "go-without-modules".into(),
                detail: "a Go program built without modules: what it depends on is not recorded"
                    .into(),
            });
            ModuleInfo::default()
        }
    };
    let mut found = vec![standard_library(&info)];
    if let Some(main) = &modules.main {
        found.push(main_module(main, &modules));
    }
    found.extend(modules.dependencies.iter().filter_map(dependency));
    let most = file.limits.found;
    match line_table::functions(file.content, &binary, most) {
        Ok(functions) => {
            line_table::assign(&functions, &mut found);
        }
        Err(error) => sink.incomplete(format!("Go line table: {error}")),
    }
    for package in found {
        sink.push(package);
    }
}

/// The standard library, with the toolchain's version as advisories write it:
/// `1.22.3` of `go1.22.3 X:boringcrypto`.
fn standard_library(info: &BuildInfo) -> FoundPackage {
    let version = info.go_version.as_str();
    let version = match version.strip_prefix("devel ") {
        Some(devel) => devel,
        None => version,
    };
    let version = version.split_whitespace().next().unwrap_or("");
    let version = version.strip_prefix("go").unwrap_or(version);
    FoundPackage {
        evidence: info.go_version.clone(),
        cpes: vec!["golang:go".into()],
        ..FoundPackage::new(package("stdlib", version), How::Embedded)
    }
}

fn main_module(main: &Module, modules: &ModuleInfo) -> FoundPackage {
    let mut evidence = Vec::new();
    let mut version = main.version.as_str();
    if version == "(devel)" {
        version = "";
        evidence.push("(devel)".to_owned());
        if let Some((variable, value)) = modules.linked_version() {
            evidence.push(format!("-ldflags -X {variable}={value}"));
            version = value;
        }
    }
    for key in ["vcs.revision", "vcs.time", "vcs.modified"] {
        if let Some(value) = modules.setting(key) {
            evidence.push(format!("{key}={value}"));
        }
    }
    if evidence.is_empty() {
        evidence.push("main module".into());
    }
    FoundPackage {
        evidence: evidence.join(", "),
        checksums: checksums(main),
        needs: modules
            .dependencies
            .iter()
            .map(|dependency| dependency.path.clone())
            .collect(),
        ..FoundPackage::new(package(&main.path, version), How::Embedded)
    }
}

/// A dependency: what is in the program is the replacement, when it has one.
fn dependency(module: &Module) -> Option<FoundPackage> {
    if module.path.is_empty() {
        return None;
    }
    let (package, sums, evidence) = match module.replacement.as_deref() {
        // A folder: what it holds has no version.
        Some(by) if by.path.starts_with(['.', '/']) || by.version.is_empty() => (
            package(&module.path, ""),
            Vec::new(),
            format!("{} replaced by {}", module.version, by.path),
        ),
        Some(by) => (
            package(&by.path, &by.version),
            checksums(by),
            format!("replaces {} {}", module.path, module.version),
        ),
        None => (
            package(&module.path, version(module)),
            checksums(module),
            module.sum.clone(),
        ),
    };
    Some(FoundPackage {
        evidence,
        checksums: sums,
        ..FoundPackage::new(package, How::Embedded)
    })
}

fn version(module: &Module) -> &str {
    match module.version.as_str() {
        "(devel)" => "",
        version => version,
    }
}

fn checksums(module: &Module) -> Vec<String> {
    Vec::from_iter((!module.sum.is_empty()).then(|| module.sum.clone()))
}

#[cfg(test)]
mod tests;
