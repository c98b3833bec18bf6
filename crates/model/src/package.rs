//! A package: what image analysis finds, SBOMs tell of and advisories are about.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a package comes from and how its versions are ordered: the type of a
/// package URL (<https://github.com/package-url/purl-spec>).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PackageType {
    /// Arch Linux and its kin (pacman).
    Alpm,
    /// Alpine, Wolfi, Chainguard.
    Apk,
    /// Bitnami's own components.
    Bitnami,
    /// Rust crates.
    Cargo,
    /// CocoaPods (Swift, Objective-C).
    Cocoapods,
    /// Packagist (PHP).
    Composer,
    /// Conan (C and C++).
    Conan,
    /// Conda.
    Conda,
    /// CPAN (Perl).
    Cpan,
    /// CRAN (R).
    Cran,
    /// Debian, Ubuntu (dpkg).
    Deb,
    /// RubyGems.
    Gem,
    /// A program that no package manager installed: nginx built from source.
    Generic,
    /// GitHub repositories, such as actions.
    Github,
    /// Go modules.
    Golang,
    /// Hackage (Haskell).
    Hackage,
    /// Hex (Elixir, Erlang).
    Hex,
    /// Julia.
    Julia,
    /// LuaRocks.
    Luarocks,
    /// Maven (Java).
    Maven,
    /// npm.
    Npm,
    /// NuGet (.NET).
    Nuget,
    /// opkg (OpenWrt, Yocto).
    Opkg,
    /// pub.dev (Dart).
    Pub,
    /// PyPI.
    Pypi,
    /// RPM.
    Rpm,
    /// Swift packages.
    Swift,
}

impl PackageType {
    /// Whether an operating system's package manager installs them.
    #[must_use]
    pub fn is_os(self) -> bool {
        matches!(
            self,
            Self::Alpm | Self::Apk | Self::Deb | Self::Opkg | Self::Rpm
        )
    }
}

/// The source package a binary package was built from: what distributions'
/// advisories name.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its version, as its package manager writes it, epoch included.
    pub version: String,
}

/// A package, wherever it was found.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// The purl namespace: `org.apache.logging.log4j`, `@types` (npm scope
    /// with the at sign), `github.com/spf13`; empty where there is none. For
    /// packages of an operating system the distribution: `debian`, `alpine`,
    /// `redhat`; left empty by the readers of package databases and filled in
    /// once the release is known.
    pub namespace: String,
    /// Its name, without the namespace.
    pub name: String,
    /// Its version as its package manager writes it, epoch included
    /// (`1:2.3-4`); empty when it is not known.
    pub version: String,
    /// The architecture it was built for, as its package manager writes it.
    pub arch: Option<String>,
    /// The source package it was built from, where that is a thing apart.
    pub source: Option<SourcePackage>,
    /// Licences as SPDX expressions where they could be understood, else as
    /// they were declared; sorted.
    pub licences: Vec<String>,
    /// Further purl qualifiers: `modularity`, `distro`, `classifier`.
    pub qualifiers: BTreeMap<String, String>,
    /// The purl subpath, such as a Go package in its module; else empty.
    pub subpath: String,
}

impl Package {
    /// A package with nothing known beyond its name and version.
    pub fn new(
        kind: PackageType,
        namespace: impl Into<String>,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        Package {
            kind,
            namespace: namespace.into(),
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            licences: Vec::new(),
            qualifiers: BTreeMap::new(),
            subpath: String::new(),
        }
    }

    /// The name as its manager writes it: with scope, path or group before it
    /// (`@types/node`, `org.slf4j:slf4j-api`), and by itself for a package of
    /// an operating system.
    #[must_use]
    pub fn full_name(&self) -> String {
        let (namespace, name) = (&self.namespace, &self.name);
        if namespace.is_empty() || self.kind.is_os() {
            return name.clone();
        }
        match self.kind {
            PackageType::Maven => format!("{namespace}:{name}"),
            _ => format!("{namespace}/{name}"),
        }
    }
}
