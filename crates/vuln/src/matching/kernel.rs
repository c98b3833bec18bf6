//! What is built from a kernel's source and is no kernel: headers, build
//! files, documentation. The vulnerabilities of the kernel are not in them.

use plimsoll_model::{Package, PackageType};

/// What a package has to do with the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel<'a> {
    /// Nothing.
    No,
    /// It is built from its source and none of its code is run from it.
    Beside,
    /// It is a kernel; its release as `uname -r` has it, where the package tells.
    Is(Option<&'a str>),
}

/// What `package` has to do with the kernel.
pub(super) fn kernel(package: &Package) -> Kernel<'_> {
    let name = package.name.as_str();
    match package.kind {
        PackageType::Deb => deb(name, package),
        PackageType::Rpm => rpm(name, package),
        PackageType::Apk | PackageType::Alpm => {
            let beside = name.starts_with("linux")
                && ["-headers", "-dev", "-doc", "-docs"]
                    .iter()
                    .any(|end| name.ends_with(end));
            if beside { Kernel::Beside } else { Kernel::No }
        }
        _ => Kernel::No,
    }
}

fn deb<'a>(name: &'a str, package: &'a Package) -> Kernel<'a> {
    const BESIDE: [&str; 11] = [
        "linux-libc-dev",
        "linux-headers",
        "linux-doc",
        "linux-source",
        "linux-kbuild",
        "linux-support",
        "linux-compiler",
        "linux-config",
        "linux-manual",
        "linux-buildinfo",
        "linux-cloud-tools-common",
    ];
    let source = package.source.as_ref().map_or(name, |source| &*source.name);
    if !source.starts_with("linux") {
        return Kernel::No;
    }
    if BESIDE.iter().any(|prefix| name.starts_with(prefix)) || name.contains("-headers-") {
        return Kernel::Beside;
    }
    for prefix in ["linux-image-", "linux-modules-extra-", "linux-modules-"] {
        if let Some(release) = name.strip_prefix(prefix) {
            let release = release.strip_prefix("unsigned-").unwrap_or(release);
            // `linux-image-amd64` only depends on one.
            let told = release.starts_with(|c: char| c.is_ascii_digit());
            return Kernel::Is(told.then_some(release));
        }
    }
    Kernel::No
}

fn rpm<'a>(name: &'a str, package: &'a Package) -> Kernel<'a> {
    let rest = match name.strip_prefix("kernel") {
        Some(rest) if rest.is_empty() || rest.starts_with('-') => rest,
        _ => {
            return match name {
                "glibc-kernheaders" | "linux-glibc-devel" | "linux-api-headers" | "linux-devel"
                | "linux-docs" => Kernel::Beside,
                _ => Kernel::No,
            };
        }
    };
    const BESIDE: [&str; 8] = [
        "headers",
        "devel",
        "doc",
        "docs",
        "macros",
        "source",
        "syms",
        "whitelists",
    ];
    if rest.split('-').any(|part| BESIDE.contains(&part)) || rest.contains("-abi-") {
        return Kernel::Beside;
    }
    let parts = [
        "",
        "-core",
        "-modules",
        "-modules-core",
        "-modules-extra",
        "-default",
    ];
    if parts.contains(&rest) {
        let version = package.version.as_str();
        return Kernel::Is(Some(
            version.split_once(':').map_or(version, |(_, rest)| rest),
        ));
    }
    Kernel::No
}

/// Whether a package is the kernel that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Running {
    /// It is no kernel, or nobody knows.
    Unknown,
    /// It is.
    This,
    /// Another runs, of this release.
    Other(String),
}

impl Running {
    /// Whether `kernel` is the one that runs, where that is known.
    pub fn of(kernel: &Kernel<'_>, running: Option<&str>) -> Self {
        match (kernel, running) {
            (Kernel::Is(Some(release)), Some(running)) if runs(release, running) => Self::This,
            (Kernel::Is(Some(_)), Some(running)) => Self::Other(running.to_owned()),
            _ => Self::Unknown,
        }
    }
}

/// Whether a kernel of this release is the one that runs, as `uname -r` has it.
fn runs(release: &str, running: &str) -> bool {
    // RPM's versions do not name the architecture, `uname -r` does.
    running
        .strip_prefix(release)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::SourcePackage;

    use super::*;

    #[test]
    fn headers_are_no_kernel() {
        let check = |kind: PackageType, name: &str, source: &str, expect: Kernel<'_>| {
            let mut package = Package::new(kind, "", name, "0:5.14.0-362.el9");
            package.source = Some(SourcePackage {
                name: source.into(),
                version: String::new(),
            });
            assert_eq!(kernel(&package), expect, "{name}");
        };
        use PackageType::{Apk, Deb, Rpm};
        check(Deb, "linux-libc-dev", "linux", Kernel::Beside);
        check(Deb, "linux-headers-6.1.0-18-amd64", "linux", Kernel::Beside);
        check(
            Deb,
            "linux-aws-headers-5.15.0-1",
            "linux-aws",
            Kernel::Beside,
        );
        check(Deb, "linux-perf", "linux", Kernel::No);
        let image = Kernel::Is(Some("6.1.0-18-amd64"));
        check(
            Deb,
            "linux-image-6.1.0-18-amd64",
            "linux-signed-amd64",
            image,
        );
        check(Deb, "linux-image-unsigned-6.1.0-18-amd64", "linux", image);
        check(
            Deb,
            "linux-image-amd64",
            "linux-signed-amd64",
            Kernel::Is(None),
        );
        check(Deb, "bash", "bash", Kernel::No);
        check(Rpm, "kernel-headers", "kernel", Kernel::Beside);
        check(Rpm, "kernel-rt-devel", "kernel-rt", Kernel::Beside);
        check(Rpm, "kernel-uek-doc", "kernel-uek", Kernel::Beside);
        check(
            Rpm,
            "kernel-core",
            "kernel",
            Kernel::Is(Some("5.14.0-362.el9")),
        );
        check(Rpm, "kernel-tools", "kernel", Kernel::No);
        check(Rpm, "kernelshark", "kernelshark", Kernel::No);
        check(Apk, "linux-headers", "linux-headers", Kernel::Beside);
        check(Apk, "linux-lts", "linux-lts", Kernel::No);
    }

    #[test]
    fn the_running_kernel_is_told_by_its_release() {
        assert!(runs("5.14.0-362.el9", "5.14.0-362.el9.x86_64"));
        assert!(runs("6.1.0-18-amd64", "6.1.0-18-amd64"));
        assert!(!runs("6.1.0-1", "6.1.0-18-amd64"));
    }
}
