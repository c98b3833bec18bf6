//! dpkg: Debian, Ubuntu and their kin (dpkg(1), dpkg-query(1), deb-control(5)).
//!
//! - `var/lib/dpkg/status`: what is installed.
//! - `var/lib/dpkg/status.d/NAME`: the same of one package each, in distroless
//!   images, which have no dpkg. What is there is installed: these have no
//!   `Status`. `status.d/NAME.md5sums` beside it has its files.
//! - `var/lib/dpkg/info/NAME.list`, `.md5sums`, `.conffiles`: its files.
//! - `var/lib/dpkg/diversions`: files of a package that lie elsewhere.

pub(crate) mod files;
pub(crate) mod record;

use plimsoll_model::PackageType;

use super::text::{MOST_BYTES, between};
use crate::{Analyzer, Candidate, FileRecord, Sink, analyzer::never_by_head};

const INFO: &str = "var/lib/dpkg/info/";
const STATUS_D: &str = "var/lib/dpkg/status.d/";

/// What is installed.
pub(crate) const STATUS: Analyzer = Analyzer {
    name: "dpkg",
    version: 1,
    by_path: is_status,
    by_head: never_by_head,
    run: |file, sink| {
        if let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) {
            let default = match file.path.starts_with(STATUS_D) {
                true => record::Default::Installed,
                false => record::Default::Told,
            };
            record::read(&bytes, PackageType::Deb, default, file.limits.found, sink);
        }
    },
};

/// The paths of a package.
pub(crate) const LIST: Analyzer = Analyzer {
    name: "dpkg-list",
    version: 1,
    by_path: |path, _| between(path, INFO, ".list").is_some(),
    by_head: never_by_head,
    run: |file, sink| run(file, INFO, ".list", files::list, sink),
};

/// The digests of a package's files.
pub(crate) const MD5SUMS: Analyzer = Analyzer {
    name: "dpkg-md5sums",
    version: 1,
    by_path: |path, _| {
        between(path, INFO, ".md5sums").is_some() || between(path, STATUS_D, ".md5sums").is_some()
    },
    by_head: never_by_head,
    run: |file, sink| {
        let folder = match file.path.starts_with(INFO) {
            true => INFO,
            false => STATUS_D,
        };
        run(file, folder, ".md5sums", files::md5sums, sink);
    },
};

/// The configuration files of a package.
pub(crate) const CONFFILES: Analyzer = Analyzer {
    name: "dpkg-conffiles",
    version: 1,
    by_path: |path, _| between(path, INFO, ".conffiles").is_some(),
    by_head: never_by_head,
    run: |file, sink| run(file, INFO, ".conffiles", files::conffiles, sink),
};

/// Files that lie elsewhere than their package says.
pub(crate) const DIVERSIONS: Analyzer = Analyzer {
    name: "dpkg-diversions",
    version: 1,
    by_path: |path, _| path == "var/lib/dpkg/diversions",
    by_head: never_by_head,
    run: |file, sink| {
        if let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) {
            files::diversions(&bytes, sink);
        }
    },
};

fn is_status(path: &str, _: &FileRecord) -> bool {
    path == "var/lib/dpkg/status"
        || between(path, STATUS_D, "").is_some_and(|name| !name.ends_with(".md5sums"))
}

/// Reads one of the files that are named for their package.
fn run(
    file: &Candidate<'_>,
    folder: &str,
    suffix: &str,
    read: fn(&str, &[u8], &mut Sink),
    sink: &mut Sink,
) {
    let Some(package) = between(file.path, folder, suffix) else {
        return;
    };
    if let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) {
        read(package, &bytes, sink);
    }
}

#[cfg(test)]
mod tests;
