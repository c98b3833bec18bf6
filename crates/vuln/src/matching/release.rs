//! Which releases of which distributions speak for an image: what its
//! os-release says, as advisories name it.

use plimsoll_model::image::ImageRelease;

/// A release whose advisories speak for an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Release {
    /// The distribution, as advisories name it.
    pub id: String,
    /// The release, as advisories name it.
    pub release: String,
    /// What a reader must know when another distribution speaks.
    pub note: Option<&'static str>,
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)?;
        if !self.release.is_empty() {
            write!(f, " {}", self.release)?;
        }
        Ok(())
    }
}

/// Debian's codenames and their numbers (<https://www.debian.org/releases/>).
const DEBIAN: [(&str, &str); 13] = [
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// Fedora's extra packages, for those that are built for Red Hat's system.
const EPEL: &str = "epel";

/// The releases that speak for an image with this os-release, the best first:
/// the first of which anything is known does. Empty when it names none.
pub(super) fn candidates(release: &ImageRelease) -> Vec<Release> {
    let version = release.version.trim();
    let own = |id: &str, release: String| Release {
        id: id.to_owned(),
        release,
        note: None,
    };
    let id = release.id.to_lowercase();
    match id.as_str() {
        "" | "linux" => Vec::new(),
        "debian" | "raspbian" => {
            let number = debian(release);
            let mut found = vec![own(&id, number.clone())];
            if id == "raspbian" {
                found.push(Release {
                    note: Some("Debian speaks for Raspbian: what it rebuilt may differ"),
                    ..own("debian", number)
                });
            }
            found
        }
        "alpine" => vec![own("alpine", alpine(version))],
        "rhel" | "almalinux" | "rocky" | "ol" => vec![own(&id, major(version))],
        "centos" => vec![
            own("centos", major(version)),
            Release {
                note: Some(
                    "Red Hat speaks for CentOS: fixes come there later, or never after its end",
                ),
                ..own("rhel", major(version))
            },
        ],
        "sles" | "sled" | "sles_sap" | "sle_hpc" => vec![own("sles", version.to_owned())],
        "sle-micro" | "sl-micro" | "suse-microos" => {
            vec![
                own("sl-micro", version.to_owned()),
                own("sle-micro", version.to_owned()),
            ]
        }
        "opensuse" if !version.contains('.') => vec![own("opensuse-tumbleweed", String::new())],
        "opensuse" => vec![own("opensuse-leap", version.to_owned())],
        "opensuse-tumbleweed" | "opensuse-slowroll" => {
            vec![own("opensuse-tumbleweed", String::new())]
        }
        "amzn" => {
            let mut found = vec![own("amzn", version.to_owned())];
            if version.starts_with("201") {
                found.push(own("amzn", "1".to_owned()));
            }
            found
        }
        "mariner" | "azurelinux" => vec![own(&id, two(version))],
        "photon" => vec![own("photon", two(version))],
        "openeuler" => {
            let mut found = Vec::new();
            if let Some(pack) = service_pack(&release.name) {
                found.push(own("openEuler", format!("{version}-{pack}")));
            }
            found.push(own("openEuler", version.to_owned()));
            found
        }
        // They have no releases: what is newest is all there is.
        "wolfi" | "chainguard" | "arch" | "archarm" => {
            let id = if id == "archarm" { "arch" } else { &id };
            let mut found = vec![own(id, String::new())];
            if id == "chainguard" {
                // Its packages are Wolfi's and more.
                found.push(own("wolfi", String::new()));
            }
            found
        }
        _ => vec![own(&release.id, version.to_owned())],
    }
}

/// Others that speak for packages which they built for such a release.
pub(super) fn besides(release: &Release) -> Option<Release> {
    matches!(
        release.id.as_str(),
        "rhel" | "centos" | "almalinux" | "rocky" | "ol"
    )
    .then(|| Release {
        id: EPEL.to_owned(),
        release: release.release.clone(),
        note: None,
    })
}

fn debian(release: &ImageRelease) -> String {
    if !release.version.is_empty() {
        return major(release.version.trim());
    }
    // Testing and unstable name no version: `trixie/sid` is in the making.
    let codename = release.codename.split('/').next().unwrap_or_default();
    DEBIAN
        .iter()
        .find(|(name, _)| *name == codename)
        .map_or_else(String::new, |(_, number)| (*number).to_owned())
}

/// `3.19` of `3.19.1`; what is in the making is `edge`.
fn alpine(version: &str) -> String {
    if version.is_empty() || version.contains("_alpha") || version == "edge" {
        return "edge".to_owned();
    }
    two(version.strip_prefix('v').unwrap_or(version))
}

fn major(version: &str) -> String {
    version.split('.').next().unwrap_or_default().to_owned()
}

fn two(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some(first), Some(second)) => {
            let second: String = second.chars().take_while(char::is_ascii_digit).collect();
            format!("{first}.{second}")
        }
        (Some("1" | "2" | "3" | "4" | "5"), None) => format!("{version}.0"),
        _ => version.to_owned(),
    }
}

/// `LTS-SP3` of `openEuler 22.03 (LTS-SP3)`.
fn service_pack(name: &str) -> Option<&str> {
    let (_, rest) = name.split_once('(')?;
    let (pack, _) = rest.split_once(')')?;
    pack.starts_with("LTS").then_some(pack)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_named_as_advisories_name_them() {
        let check = |id: &str, version: &str, codename: &str, expect: &[&str]| {
            let release = ImageRelease {
                id: id.into(),
                version: version.into(),
                codename: codename.into(),
                name: "X 22.03 (LTS-SP3)".into(),
                ..ImageRelease::default()
            };
            let found: Vec<String> = candidates(&release)
                .iter()
                .map(Release::to_string)
                .collect();
            assert_eq!(found, expect, "{id} {version}");
        };
        check("debian", "12", "bookworm", &["debian 12"]);
        check("debian", "9.13", "", &["debian 9"]);
        check("debian", "", "trixie", &["debian 13"]);
        check("debian", "", "trixie/sid", &["debian 13"]);
        check("raspbian", "11", "", &["raspbian 11", "debian 11"]);
        check("ubuntu", "22.04", "jammy", &["ubuntu 22.04"]);
        check("alpine", "3.19.1", "", &["alpine 3.19"]);
        check("alpine", "3.21.0_alpha20240807", "", &["alpine edge"]);
        check("wolfi", "20230201", "", &["wolfi"]);
        check("chainguard", "20230214", "", &["chainguard", "wolfi"]);
        check("rhel", "9.2", "", &["rhel 9"]);
        check("rocky", "8.9", "", &["rocky 8"]);
        check("centos", "7", "", &["centos 7", "rhel 7"]);
        check("sles_sap", "15.5", "", &["sles 15.5"]);
        check("opensuse-leap", "15.5", "", &["opensuse-leap 15.5"]);
        check(
            "opensuse-tumbleweed",
            "20240101",
            "",
            &["opensuse-tumbleweed"],
        );
        check("amzn", "2023", "", &["amzn 2023"]);
        check("amzn", "2018.03", "", &["amzn 2018.03", "amzn 1"]);
        check("mariner", "2.0.20230101", "", &["mariner 2.0"]);
        check("photon", "5.0", "", &["photon 5.0"]);
        check("fedora", "40", "", &["fedora 40"]);
        check(
            "openEuler",
            "22.03",
            "",
            &["openEuler 22.03-LTS-SP3", "openEuler 22.03"],
        );
        check("arch", "", "", &["arch"]);
        check("nixos", "24.05", "", &["nixos 24.05"]);
        check("", "", "", &[]);
    }
}
