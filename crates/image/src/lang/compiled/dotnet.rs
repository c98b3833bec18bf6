//! .NET: `*.deps.json`, the bundles of single-file programs, lock files and
//! project files.

mod bundle;
mod deps;
mod lock;
mod project;

use plimsoll_model::{Package, PackageType};

pub(crate) use self::{
    bundle::{DOTNET_BUNDLE, SIGNATURE as BUNDLE_MARK},
    deps::{DOTNET_ASSETS, DOTNET_DEPS},
    lock::NUGET_LOCK,
    project::{NUGET_CONFIG, NUGET_PROJECT},
};

fn package(name: &str, version: &str) -> Package {
    Package::new(PackageType::Nuget, "", name, version)
}
