//! Which operating system an image holds: `os-release` (os-release(5)) and the
//! forms before it, and what package URLs call it.

pub(crate) mod assignments;
pub(crate) mod line;

use assignments::{lsb_release, os_release};

use super::text::between;
use crate::{Analyzer, Candidate, FileRecord, Release, Sink, analyzer::never_by_head};

/// Bytes that are read of such a file.
const MOST_BYTES: u64 = 1 << 20;

/// What reads one of the forms; none where the text says no release.
type Read = fn(&str, &mut Sink) -> Option<Release>;

/// The files that say it, the most trusted first: [`choose`] goes by it. What
/// a distribution copies from another (`debian_version` in Ubuntu,
/// `redhat-release` in its rebuilds) comes after what it writes for itself.
const PATHS: &[(&str, Read)] = &[
    ("etc/os-release", os_release),
    ("usr/lib/os-release", os_release),
    ("etc/alpine-release", line::alpine),
    ("etc/azurelinux-release", line::redhat),
    ("etc/mariner-release", line::redhat),
    ("etc/photon-release", line::redhat),
    ("etc/openEuler-release", line::redhat),
    ("etc/rocky-release", line::redhat),
    ("etc/almalinux-release", line::redhat),
    ("etc/oracle-release", line::redhat),
    ("etc/enterprise-release", line::redhat),
    ("etc/centos-release", line::redhat),
    ("etc/fedora-release", line::redhat),
    ("etc/SuSE-release", line::suse),
    ("etc/openwrt_release", lsb_release),
    ("etc/lsb-release", lsb_release),
    ("etc/system-release", line::redhat),
    ("etc/redhat-release", line::redhat),
    ("etc/arch-release", line::arch),
    ("etc/debian_version", line::debian),
];

/// The release of an operating system.
pub(crate) const RELEASE: Analyzer = Analyzer {
    name: "os-release",
    version: 1,
    by_path: is_release,
    by_head: never_by_head,
    run,
};

/// Whether this may be one; called for every file, so what most are not is
/// seen first.
fn is_release(path: &str, _: &FileRecord) -> bool {
    match between(path, "etc/", "") {
        Some(_) => rank(path).is_some(),
        None => path == "usr/lib/os-release",
    }
}

fn rank(path: &str) -> Option<usize> {
    PATHS.iter().position(|(known, _)| *known == path)
}

fn run(file: &Candidate<'_>, sink: &mut Sink) {
    let Some((_, read)) = rank(file.path).and_then(|rank| PATHS.get(rank)) else {
        return;
    };
    let Some(bytes) = file.whole_or_tell(MOST_BYTES, sink) else {
        return;
    };
    let text = String::from_utf8_lossy(&bytes);
    if let Some(release) = read(&text, sink) {
        sink.push(release);
    }
}

/// Which of the releases that the files of one image tell is the image's, with
/// its path: that of the most trusted file, `etc/os-release` before all. What
/// it leaves open (the version in Debian's testing, a codename) is filled in
/// from files that tell of the same system. None when none is told.
#[must_use]
pub fn choose<'a>(
    candidates: impl IntoIterator<Item = (&'a str, &'a Release)>,
) -> Option<(&'a str, Release)> {
    let mut known: Vec<_> = candidates
        .into_iter()
        .filter(|(_, release)| !release.id.is_empty())
        .collect();
    known.sort_by_key(|(path, _)| (rank(path).unwrap_or(usize::MAX), *path));
    // `linux` is what os-release(5) says of a file without an ID.
    let first = known
        .iter()
        .position(|(_, release)| release.id != "linux")
        .unwrap_or(0);
    let (path, chosen) = known.get(first)?;
    let mut release = Release::clone(chosen);
    for (_, other) in &known {
        if other.id == release.id {
            if release.version.is_empty() {
                release.version.clone_from(&other.version);
            }
            if release.codename.is_empty() && other.version == release.version {
                release.codename.clone_from(&other.codename);
            }
        }
    }
    Some((path, release))
}

/// The namespace that package URLs of this system's packages have: its id,
/// but for the few that purl and the feeds know under their vendor's name
/// (<https://github.com/package-url/purl-spec>, types/rpm).
#[must_use]
pub fn namespace(release: &Release) -> &str {
    match &*release.id {
        "rhel" => "redhat",
        "sles" | "sled" | "sles_sap" | "sle_hpc" | "sle-micro" | "sl-micro" | "suse" => "suse",
        id if id == "opensuse" || id.starts_with("opensuse-") => "opensuse",
        id => id,
    }
}

/// The `distro` qualifier of package URLs: id and version, `debian-12`,
/// `alpine-3.19.1`; the id alone, or with the codename, where there is no
/// version (`arch`, `debian-trixie`).
#[must_use]
pub fn distro(release: &Release) -> String {
    let version = match &*release.version {
        "" => &*release.codename,
        version => version,
    };
    match version {
        "" => release.id.clone(),
        version => format!("{}-{version}", release.id),
    }
}

#[cfg(test)]
mod tests;
