//! Packages of compiled languages: what programs and archives say of
//! themselves, and the lock files of their package managers.

pub(crate) mod binary;
pub(crate) mod dotnet;
pub(crate) mod go;
pub(crate) mod java;
pub(crate) mod locks;
pub(crate) mod packed;
pub(crate) mod rust;
pub(crate) mod text;
pub(crate) mod xml;
pub mod zip;

use crate::{Analyzer, analyzer::Passing};

/// The analyzers of this part.
pub const ANALYZERS: &[Analyzer] = &[
    dotnet::DOTNET_ASSETS,
    dotnet::DOTNET_BUNDLE,
    dotnet::DOTNET_DEPS,
    dotnet::NUGET_CONFIG,
    dotnet::NUGET_LOCK,
    dotnet::NUGET_PROJECT,
    go::GO_BINARY,
    go::GO_MOD,
    go::GO_SUM,
    java::GRADLE_LOCK,
    java::JAVA_ARCHIVE,
    java::POM,
    locks::CABAL_FREEZE,
    locks::CONAN_FILE,
    locks::CONAN_LOCK,
    locks::PACKAGE_RESOLVED,
    locks::PODFILE_LOCK,
    locks::PUBSPEC_LOCK,
    locks::STACK_LOCK,
    packed::PACKED,
    rust::CARGO_LOCK,
    rust::RUST_BINARY,
];

/// Those that need little of a large program, most of which have nothing for them.
pub(crate) const PASSING: &[(&str, Passing)] = &[
    (
        dotnet::DOTNET_BUNDLE.name,
        Passing::Mark(dotnet::BUNDLE_MARK),
    ),
    (go::GO_BINARY.name, Passing::Mark(go::MARK)),
    (packed::PACKED.name, Passing::Head),
    (rust::RUST_BINARY.name, Passing::Mark(rust::MARK)),
];
