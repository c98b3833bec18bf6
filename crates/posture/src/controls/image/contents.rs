//! What an image holds that a container does not need.

use plimsoll_model::{
    PackageType, Rule, Severity,
    image::{Image, ImagePackage},
};

use super::words::{NIST, PRACTICES, cis, has_files, marks, nist};
use crate::{Control, ImageSink};

/// Packages to build with, by exact name.
const BUILD: &[&str] = &[
    "autoconf",
    "automake",
    "binutils",
    "bison",
    "build-base",
    "build-essential",
    "clang",
    "cmake",
    "alpine-sdk",
    "dpkg-dev",
    "flex",
    "g++",
    "gcc",
    "gcc-c++",
    "gdb",
    "gfortran",
    "golang",
    "llvm",
    "make",
    "meson",
    "ninja-build",
    "patch",
    "rpm-build",
    "rustc",
    "cargo",
    "base-devel",
    "ltrace",
    "strace",
    "valgrind",
];

/// Packages to look around in a network with, by exact name.
const NETWORK: &[&str] = &[
    "dsniff",
    "ettercap-common",
    "hping3",
    "masscan",
    "netcat",
    "netcat-openbsd",
    "netcat-traditional",
    "ncat",
    "nmap",
    "nmap-ncat",
    "socat",
    "tcpdump",
    "telnet",
    "telnetd",
    "inetutils-telnet",
    "tshark",
    "wireshark",
    "wireshark-cli",
    "rsh-client",
    "rsh-server",
    "hydra",
    "john",
    "sqlmap",
    "aircrack-ng",
    "proxychains4",
    "chisel",
];

/// Reports packages of the operating system that are there in the end.
fn packages(image: &Image, sink: &mut ImageSink, of: impl Fn(&str) -> bool, message: &str) {
    for package in image.packages.iter().filter(|one| is_there(one)) {
        let name = package.package.name.as_str();
        if !of(name) {
            continue;
        }
        let layer = package.locations.first().map_or(0, |place| place.layer);
        let path = package
            .locations
            .first()
            .map_or("", |place| place.path.as_str());
        sink.package(
            name.to_owned(),
            path,
            layer,
            format!("holds {name}, {message}"),
        );
    }
}

fn is_there(package: &ImagePackage) -> bool {
    package.removed_by.is_none() && package.package.kind.is_os() && !is_library(package)
}

/// `gcc-12-base` and the like are libraries' parts, not tools.
fn is_library(package: &ImagePackage) -> bool {
    package.package.kind == PackageType::Deb && package.package.name.ends_with("-base")
}

/// The name without a version behind it: `gcc-12`, `llvm15`.
fn without_version(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.')
        .trim_end_matches('-')
}

/// No tool to build with is left.
pub const BUILD_TOOLS: Control = Control::image(
    &Rule {
        id: "image-build-tools",
        title: "The image holds no tools to build with",
        severity: Severity::Low,
        category: "images",
        why: "Compilers and debuggers are of use to whoever broke in: to build what the container lacks and to look into what runs. Each brings vulnerabilities of its own.",
        remediation: "Build in a stage of its own (`FROM ... AS build`) and copy what was built into an image without the tools.",
        test: "docker run --rm --entrypoint which IMAGE gcc make gdb",
        references: &["https://docs.docker.com/build/building/multi-stage/"],
        mappings: &[cis("4.3"), nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        packages(
            image,
            sink,
            |name| BUILD.contains(&name) || BUILD.contains(&without_version(name)),
            "which is for building",
        );
    },
);

/// No tool to look around in networks with is there.
pub const NETWORK_TOOLS: Control = Control::image(
    &Rule {
        id: "image-network-tools",
        title: "The image holds no tools to look around in networks with",
        severity: Severity::Low,
        category: "images",
        why: "Scanners, sniffers and relays let whoever broke in go on from the container at once.",
        remediation: "Remove the package; for looking into a problem, add a container with the tools by `kubectl debug`.",
        test: "docker run --rm --entrypoint which IMAGE nmap tcpdump socat nc",
        references: &[NIST],
        mappings: &[cis("4.3"), nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        packages(
            image,
            sink,
            |name| NETWORK.contains(&name),
            "a tool to look around in networks with",
        );
    },
);

/// Reports once that there is any of these, with their names.
fn any(image: &Image, sink: &mut ImageSink, name: &'static str, message: impl Fn(&str) -> String) {
    if !has_files(image, sink) {
        return;
    }
    let mut names: Vec<&str> = marks(image, name)
        .map(|mark| mark.detail.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if let Some(first) = marks(image, name).next() {
        sink.package(name, &first.path, first.layer, message(&names.join(", ")));
    }
}

/// No package manager is there.
pub const PACKAGE_MANAGER: Control = Control::image(
    &Rule {
        id: "image-package-manager",
        title: "The image holds no package manager",
        severity: Severity::Low,
        category: "images",
        why: "A package manager lets whoever broke in install what the container lacks. What runs is changed by a new image, not in place.",
        remediation: "Build on an image without one (distroless, scratch, Wolfi), or remove it in the last step.",
        test: "docker run --rm --entrypoint which IMAGE apt-get apk dnf",
        references: &[PRACTICES],
        mappings: &[cis("4.3"), nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        any(image, sink, "package-manager", |names| {
            format!("holds package managers: {names}")
        });
    },
);

/// No shell is there.
pub const SHELL: Control = Control::image(
    &Rule {
        id: "image-shell",
        title: "The image holds no shell",
        severity: Severity::Info,
        category: "images",
        why: "Most ways to run a command of one's own in a container need a shell. An image without one makes them fail.",
        remediation: "Build on an image without one (distroless, scratch); for looking into a problem, add a container with a shell by `kubectl debug`.",
        test: "docker run --rm --entrypoint /bin/sh IMAGE -c true",
        references: &[NIST],
        mappings: &[cis("4.3"), nist("4.1.2")],
        aliases: &[],
    },
    |image, sink| {
        any(image, sink, "shell", |names| {
            format!("holds shells: {names}")
        })
    },
);

/// Nobody becomes root by sudo.
pub const SUDO: Control = Control::image(
    &Rule {
        id: "image-sudo",
        title: "The image does not hold sudo",
        severity: Severity::Low,
        category: "images",
        why: "sudo is there to become root, which a container never needs: its user is chosen when it starts. Its rules are often without a password, and it has had flaws that need none.",
        remediation: "Remove sudo; write `USER root` before the steps of the build that need it, and the user that runs behind them.",
        test: "docker run --rm --entrypoint which IMAGE sudo doas",
        references: &[PRACTICES],
        mappings: &[cis("4.3"), nist("4.1.2")],
        aliases: &["trivy:DS010", "dockle:DKL-DI-0001", "hadolint:DL3004"],
    },
    |image, sink| {
        if has_files(image, sink) {
            for mark in marks(image, "sudo") {
                sink.file(&mark.path, mark.layer, "lets a user become root");
            }
        }
    },
);

#[cfg(test)]
mod tests {
    use plimsoll_model::{
        Package,
        image::{FileMark, PackageLocation},
    };

    use super::*;
    use crate::image::testing::hits;

    fn holding(kind: PackageType, name: &str) -> Image {
        let package = Package::new(kind, "", name, "1");
        Image {
            packages: vec![ImagePackage {
                locations: vec![PackageLocation {
                    path: "var/lib/dpkg/status".to_owned(),
                    ..PackageLocation::default()
                }],
                ..ImagePackage::of(package)
            }],
            ..Image::default()
        }
    }

    #[test]
    fn tools_are_told_by_their_packages() {
        use PackageType::{Apk, Deb, Npm};
        let check = |control: &Control, kind, name: &str, expect: usize| {
            assert_eq!(hits(control, &holding(kind, name)).len(), expect, "{name}");
        };
        check(&BUILD_TOOLS, Deb, "gcc", 1);
        check(&BUILD_TOOLS, Deb, "gcc-12", 1);
        check(&BUILD_TOOLS, Apk, "clang17", 1);
        check(&BUILD_TOOLS, Apk, "build-base", 1);
        check(&BUILD_TOOLS, Deb, "gcc-12-base", 0);
        check(&BUILD_TOOLS, Deb, "libgcc-s1", 0);
        check(&BUILD_TOOLS, Npm, "make", 0);
        check(&NETWORK_TOOLS, Deb, "nmap", 1);
        check(&NETWORK_TOOLS, Deb, "netbase", 0);
        let mut gone = holding(Deb, "gcc");
        gone.packages[0].removed_by = Some(1);
        assert_eq!(hits(&BUILD_TOOLS, &gone), []);
    }

    #[test]
    fn shells_and_managers_are_told_once() {
        let mut image = Image::default();
        assert_eq!(hits(&SHELL, &image), []);
        for (name, path, detail) in [
            ("shell", "bin/bash", "bash"),
            ("shell", "bin/sh", "sh"),
            ("package-manager", "sbin/apk", "apk"),
            ("sudo", "usr/bin/sudo", "sudo"),
        ] {
            image.marks.push(FileMark {
                path: path.to_owned(),
                layer: 0,
                name: name.to_owned(),
                detail: detail.to_owned(),
            });
        }
        let one = |control: &Control| hits(control, &image).remove(0);
        assert_eq!(
            one(&SHELL),
            ("shell".to_owned(), "holds shells: bash, sh".to_owned())
        );
        assert_eq!(one(&PACKAGE_MANAGER).1, "holds package managers: apk");
        assert_eq!(one(&SUDO).0, "file /usr/bin/sudo");
    }
}
