//! Ruby: specifications of installed gems, and Bundler's lock file.

mod gemfile_lock;
mod gemspec;

use plimsoll_model::{Package, PackageType};

pub(crate) use self::{gemfile_lock::GEMFILE_LOCK, gemspec::GEMSPEC};

/// A gem for a platform; `ruby` is any.
fn package(name: &str, version: &str, platform: &str) -> Package {
    let mut package = Package::new(PackageType::Gem, "", name, version);
    if !platform.is_empty() && platform != "ruby" {
        let platform = platform.to_owned();
        package.qualifiers.insert("platform".to_owned(), platform);
    }
    package
}
