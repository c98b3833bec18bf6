//! What a person, or a Dockerfile, types for an upgrade.
//!
//! Names and versions come from images and feeds: one that could mean anything
//! to a shell is never written into a command.

use std::fmt;

use super::Step;

/// Bytes of a name or version in a command.
const MOST_BYTES: usize = 200;

/// A package manager of an operating system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Alpine, Wolfi, Chainguard.
    Apk,
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL and its kin.
    Dnf,
    /// The small one of RHEL's minimal images.
    Microdnf,
    /// Photon, Azure Linux.
    Tdnf,
    /// RHEL 7 and its kin, Amazon Linux 2.
    Yum,
    /// SUSE.
    Zypper,
    /// Arch Linux.
    Pacman,
}

impl Manager {
    /// The manager among the names of an image's packages; the one that is
    /// meant for people when there are several.
    pub fn among<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        names
            .into_iter()
            .filter_map(|name| match name {
                "apk-tools" => Some(Manager::Apk),
                "apt" => Some(Manager::Apt),
                "dnf" | "dnf5" => Some(Manager::Dnf),
                "microdnf" | "dnf5-microdnf" => Some(Manager::Microdnf),
                "tdnf" => Some(Manager::Tdnf),
                "yum" => Some(Manager::Yum),
                "zypper" => Some(Manager::Zypper),
                "pacman" => Some(Manager::Pacman),
                _ => None,
            })
            .min()
    }

    /// The command that upgrades these packages, and the names that were left
    /// out of it because they are no plain words; none when nothing is left.
    #[must_use]
    pub fn upgrade(self, steps: &[&Step]) -> (Option<String>, Vec<String>) {
        let (good, bad): (Vec<&&Step>, Vec<&&Step>) = steps
            .iter()
            .partition(|step| is_plain(&step.name) && is_plain(&step.to));
        let left_out = bad.iter().map(|step| step.name.clone()).collect();
        if good.is_empty() {
            return (None, left_out);
        }
        let mut names: Vec<&str> = good.iter().map(|step| step.name.as_str()).collect();
        names.dedup();
        let names = names.join(" ");
        let command = match self {
            Manager::Apk => {
                let wanted: Vec<String> = good
                    .iter()
                    .map(|step| format!("'{}>={}'", step.name, step.to))
                    .collect();
                format!("apk add --no-cache --upgrade {}", wanted.join(" "))
            }
            Manager::Apt => format!(
                "apt-get update && apt-get install -y --no-install-recommends --only-upgrade \
                 {names} && rm -rf /var/lib/apt/lists/*"
            ),
            Manager::Dnf => format!("dnf upgrade -y {names} && dnf clean all"),
            Manager::Microdnf => format!("microdnf upgrade -y {names} && microdnf clean all"),
            Manager::Tdnf => format!("tdnf update -y {names} && tdnf clean all"),
            Manager::Yum => format!("yum update -y {names} && yum clean all"),
            Manager::Zypper => {
                format!(
                    "zypper --non-interactive update --no-recommends {names} && zypper clean -a"
                )
            }
            // A part of the system alone can't be upgraded there.
            Manager::Pacman => "pacman -Syu --noconfirm && pacman -Scc --noconfirm".to_owned(),
        };
        (Some(command), left_out)
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Manager::Apk => "apk",
            Manager::Apt => "apt",
            Manager::Dnf => "dnf",
            Manager::Microdnf => "microdnf",
            Manager::Tdnf => "tdnf",
            Manager::Yum => "yum",
            Manager::Zypper => "zypper",
            Manager::Pacman => "pacman",
        })
    }
}

/// Whether packages of this purl type belong to an operating system.
#[must_use]
pub fn is_os(kind: &str) -> bool {
    matches!(kind, "apk" | "deb" | "rpm" | "alpm" | "opkg")
}

/// Whether a shell takes the text for what it is, inside single quotes at least.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    text.len() <= MOST_BYTES
        && text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '@')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._+:~@/^-".contains(&byte))
}

/// What upgrades a package of a language; none where it takes more than a
/// line, or the names are no plain words.
#[must_use]
pub fn of_language(kind: &str, name: &str, version: &str) -> Option<String> {
    if !is_plain(name) || !is_plain(version) {
        return None;
    }
    Some(match kind {
        "npm" => format!("npm install {name}@{version}"),
        "pypi" => format!("pip install --upgrade '{name}>={version}'"),
        "gem" => format!("gem install {name} -v {version}"),
        "golang" if name == "stdlib" || name == "toolchain" => {
            let version = version.trim_start_matches("go").trim_start_matches('v');
            format!("go get go@{version} toolchain@go{version}")
        }
        "golang" => format!("go get {name}@v{}", version.trim_start_matches('v')),
        "cargo" => format!("cargo update -p {name} --precise {version}"),
        "composer" => format!("composer require '{name}:>={version}'"),
        "nuget" => format!("dotnet add package {name} --version {version}"),
        "hex" => format!("mix deps.update {name}"),
        "pub" => format!("dart pub upgrade {name}"),
        _ => return None,
    })
}
