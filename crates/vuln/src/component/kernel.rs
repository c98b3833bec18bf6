//! The kernel of a node, by what the node says of it: `uname -r` and the name
//! of its operating system.
//!
//! Distributions of RPM name the kernel that runs by its package's version. The
//! others do not: of Debian, Ubuntu, Alpine and SUSE the release that runs leaves
//! out a part of that version, of kernels that nobody packages there are no
//! advisories. There the packages of the node have to tell.

use plimsoll_model::{
    Package, PackageType, SourcePackage,
    image::{Image, ImagePackage, ImageRelease},
};

use super::{MOST_VERSION, shown};

/// The operating systems that name a kernel by its package: how the name begins
/// that a node tells, what os-release has for it, how the kernel's source is
/// called there, and how its packages are marked.
const BY_PACKAGE: [(&str, &str, &str, &str); 10] = [
    ("almalinux", "almalinux", "kernel", "el"),
    ("rocky linux", "rocky", "kernel", "el"),
    ("red hat enterprise linux server", "rhel", "kernel", "el"),
    ("red hat enterprise linux", "rhel", "kernel", "el"),
    ("oracle linux server", "ol", "kernel", "el"),
    ("fedora linux", "fedora", "kernel", "fc"),
    ("amazon linux", "amzn", "kernel", "amzn"),
    ("cbl-mariner", "mariner", "kernel", "cm"),
    ("microsoft azure linux", "azurelinux", "kernel", "azl"),
    ("vmware photon os", "photon", "linux", "ph"),
];

/// Names that begin like one above and are something else.
const OTHERS: [&str; 1] = ["red hat enterprise linux coreos"];

const ARCHITECTURES: [&str; 4] = [".x86_64", ".aarch64", ".ppc64le", ".s390x"];

/// The kernel that a node runs, as the only package of a system of its release.
///
/// # Errors
/// What is told does not name a package; why, in words.
pub fn kernel(os_image: &str, release: &str) -> Result<Image, String> {
    let (os, told) = (shown(os_image), shown(release));
    let lower = os.trim().to_lowercase();
    let known = BY_PACKAGE
        .iter()
        .find(|(name, ..)| lower.starts_with(name))
        .filter(|_| !OTHERS.iter().any(|other| lower.starts_with(other)));
    let Some((name, id, source, mark)) = known else {
        return Err(format!(
            "kernel {told} of {os} does not tell the version of its package"
        ));
    };
    let version = lower
        .strip_prefix(name)
        .unwrap_or_default()
        .split([' ', '/'])
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let Some(mut version) = version else {
        return Err(format!("`{os}` names no release"));
    };
    if *id == "amzn" {
        version = version.split('.').next().unwrap_or(version);
        if version == "2" {
            // Kernels of several lines, each with advisories of its own.
            return Err(format!(
                "kernel {told} of {os} does not tell which of its lines it is of"
            ));
        }
    }
    let (number, flavour) = parts(&told);
    if release.len() > MOST_VERSION || !is_packaged(number, mark) {
        return Err(format!("`{told}` is no kernel that {os} packages"));
    }
    let name = match flavour {
        "" => (*source).to_owned(),
        flavour => format!("{source}-{flavour}"),
    };
    // Oracle's own kernel beside the one that is Red Hat's.
    let name = match number.contains(".el") && number.ends_with("uek") {
        true => "kernel-uek".to_owned(),
        false => name,
    };
    let mut package = Package::new(PackageType::Rpm, *id, &name, number);
    package.source = Some(SourcePackage {
        name: name.as_str().into(),
        version: number.to_owned(),
    });
    let architecture = ARCHITECTURES.iter().find(|arch| told.contains(*arch));
    package.arch = architecture.map(|arch| arch.trim_start_matches('.').into());
    Ok(Image {
        name: format!("kernel {told}"),
        release: Some(ImageRelease {
            id: (*id).to_owned(),
            version: version.to_owned(),
            name: os,
            ..ImageRelease::default()
        }),
        packages: vec![ImagePackage::of(package)],
        ..Image::default()
    })
}

/// The version of the package and the flavour of the kernel:
/// `5.14.0-427.13.1.el9_4.x86_64+rt`, `6.1.83-1.ph5-esx`.
fn parts(release: &str) -> (&str, &str) {
    let (release, variant) = release.split_once('+').unwrap_or((release, ""));
    let number = ARCHITECTURES
        .iter()
        .find_map(|arch| release.strip_suffix(arch))
        .unwrap_or(release);
    match number.rsplit_once('-') {
        // Photon has the flavour behind the release of the package.
        Some((version, flavour)) if version.contains('-') && variant.is_empty() => {
            (version, flavour)
        }
        _ => (number, variant),
    }
}

/// Whether it is the version and the release of a package, and of one that the
/// distribution built: `6.1.79-99.164.amzn2023`, but not `6.8.1-1.el9.elrepo`.
fn is_packaged(number: &str, mark: &str) -> bool {
    let is_digit = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let Some((version, release)) = number.split_once('-') else {
        return false;
    };
    let last = release.rsplit('.').next().unwrap_or_default();
    is_digit(version) && is_digit(release) && last.strip_prefix(mark).is_some_and(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_is_the_package_that_its_release_names() {
        let check = |os: &str, release: &str, expect: &str| {
            let kernel = kernel(os, release).expect(release);
            let package = &kernel.packages[0].package;
            let of = kernel.release.expect("told");
            let text = format!(
                "{} {}: {} {} {}",
                of.id,
                of.version,
                package.name,
                package.version,
                package.arch.as_deref().unwrap_or_default()
            );
            assert_eq!(text, expect, "{os} {release}");
        };
        check(
            "AlmaLinux 9.3 (Shamrock Pampas Gallinule)",
            "5.14.0-362.8.1.el9_3.x86_64",
            "almalinux 9.3: kernel 5.14.0-362.8.1.el9_3 x86_64",
        );
        check(
            "Rocky Linux 9.4 (Blue Onyx)",
            "5.14.0-427.13.1.el9_4.aarch64+64k",
            "rocky 9.4: kernel-64k 5.14.0-427.13.1.el9_4 aarch64",
        );
        check(
            "Red Hat Enterprise Linux Server 7.9 (Maipo)",
            "3.10.0-1160.el7.x86_64",
            "rhel 7.9: kernel 3.10.0-1160.el7 x86_64",
        );
        check(
            "Oracle Linux Server 9.3",
            "5.15.0-200.131.27.el9uek.x86_64",
            "ol 9.3: kernel-uek 5.15.0-200.131.27.el9uek x86_64",
        );
        check(
            "Amazon Linux 2023.6.20250303",
            "6.1.79-99.164.amzn2023.x86_64",
            "amzn 2023: kernel 6.1.79-99.164.amzn2023 x86_64",
        );
        check(
            "VMware Photon OS/Linux 5.0",
            "6.1.83-1.ph5-esx",
            "photon 5.0: linux-esx 6.1.83-1.ph5 ",
        );
        check(
            "Microsoft Azure Linux 3.0",
            "6.6.57.1-2.azl3",
            "azurelinux 3.0: kernel 6.6.57.1-2.azl3 ",
        );
    }

    #[test]
    fn what_names_no_package_is_told_with_why() {
        for (os, release) in [
            ("Debian GNU/Linux 12 (bookworm)", "6.1.0-18-amd64"),
            ("Ubuntu 22.04.4 LTS", "5.15.0-105-generic"),
            (
                "SUSE Linux Enterprise Server 15 SP5",
                "5.14.21-150500.55.52-default",
            ),
            ("Amazon Linux 2", "5.10.210-201.852.amzn2.x86_64"),
            (
                "Red Hat Enterprise Linux CoreOS 417.94 (Plow)",
                "5.14.0-427.el9_4.x86_64",
            ),
            ("AlmaLinux", "5.14.0-362.8.1.el9_3.x86_64"),
            // Built by somebody else.
            ("AlmaLinux 9.3", "6.8.1-1.el9.elrepo.x86_64"),
            ("AlmaLinux 9.3", "6.1.79-99.164.amzn2023.x86_64"),
            ("AlmaLinux 9.3", "6.8.1"),
            ("Rocky Linux 9.3", "6.8.1-custom"),
            ("Talos (v1.7.0)", "6.6.29-talos"),
            ("", ""),
        ] {
            let why = kernel(os, release).expect_err(release);
            assert!(!why.is_empty());
        }
    }
}
