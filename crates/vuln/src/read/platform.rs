//! Releases of RPM distributions as their feeds name them: by CPE, by the name
//! of the product, by the release tag of a package.

use super::cpe::Cpe;
use crate::advisory::Origin;

/// A release of a distribution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Platform {
    /// `ID` of its os-release.
    pub(crate) id: String,
    /// The release.
    pub(crate) release: String,
    /// What of the release; empty for the release as such.
    pub(crate) stream: String,
}

impl Platform {
    pub(crate) fn new(id: &str, release: &str, stream: &str) -> Self {
        Platform {
            id: id.to_owned(),
            release: release.to_owned(),
            stream: stream.to_owned(),
        }
    }

    /// Where packages of it come from.
    pub(crate) fn origin(&self, source: bool) -> Origin {
        Origin::Distribution {
            id: self.id.clone(),
            release: self.release.clone(),
            stream: self.stream.clone(),
            source,
        }
    }
}

/// The release that a CPE names; none for what is no release of an RPM
/// distribution. A product on top of Red Hat's is a stream of the release it
/// is built for: `cpe:/a:redhat:openshift:4.14::el9` is `9`, `openshift-4.14`.
pub(crate) fn from_cpe(text: &str) -> Option<Platform> {
    let cpe = Cpe::read(text)?;
    let stated = |text: &str| !matches!(text, "" | "*" | "-");
    let version = if stated(&cpe.version) {
        cpe.version.as_str()
    } else {
        ""
    };
    match cpe.vendor.as_str() {
        "redhat" => red_hat(text, &cpe.product, version),
        "suse" => suse_product(&cpe.product, version, &cpe.update),
        "opensuse" => match cpe.product.as_str() {
            "leap" => Some(Platform::new("opensuse-leap", version, "")),
            "tumbleweed" => Some(Platform::new("opensuse-tumbleweed", "", "")),
            _ => None,
        },
        "openeuler" if !version.is_empty() => Some(Platform::new("openEuler", version, "")),
        "oracle" if cpe.product == "linux" => numbered("ol", version),
        "almalinux" => numbered("almalinux", version),
        "rocky" | "rockylinux" | "resf" => numbered("rocky", version),
        "fedoraproject" if cpe.product == "fedora" => numbered("fedora", version),
        "amazon" if cpe.product.starts_with("linux") => Some(Platform::new("amzn", version, "")),
        "vmware" if cpe.product.contains("photon") => numbered_minor("photon", version),
        "microsoft" if cpe.product == "azure_linux" => numbered_minor("azurelinux", version),
        "microsoft" if cpe.product == "cbl-mariner" => numbered_minor("mariner", version),
        _ => None,
    }
}

/// A major release: `9.2` is `9`.
fn numbered(id: &str, version: &str) -> Option<Platform> {
    let major = version.split('.').next().unwrap_or_default();
    is_number(major).then(|| Platform::new(id, major, ""))
}

/// A release with its minor part: `3` is `3.0`.
fn numbered_minor(id: &str, version: &str) -> Option<Platform> {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    (is_number(major) && is_number(minor))
        .then(|| Platform::new(id, &format!("{major}.{minor}"), ""))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn red_hat(text: &str, product: &str, version: &str) -> Option<Platform> {
    let major = version.split('.').next().unwrap_or_default();
    if product == "enterprise_linux" || product.starts_with("enterprise_linux_") {
        return is_number(major).then(|| Platform::new("rhel", major, ""));
    }
    if let Some(stream) = product.strip_prefix("rhel_")
        && let "eus" | "aus" | "e4s" | "tus" | "els" | "eus_long_life" | "mission_critical" = stream
    {
        let stream = format!("{}-{version}", stream.replace('_', "-"));
        return is_number(major).then(|| Platform::new("rhel", major, &stream));
    }
    // What it is built for stands in the edition: `...::el9`.
    let edition = text.rsplit(':').next().unwrap_or_default();
    let release = edition.strip_prefix("el")?;
    let dash = if version.is_empty() { "" } else { "-" };
    is_number(release).then(|| Platform::new("rhel", release, &format!("{product}{dash}{version}")))
}

fn suse_product(product: &str, version: &str, update: &str) -> Option<Platform> {
    let micro = ["suse-microos", "sle-micro", "sl-micro", "sle_micro"];
    if micro.iter().any(|name| product.starts_with(name)) {
        return (!version.is_empty()).then(|| Platform::new("sl-micro", version, ""));
    }
    let known = ["sles", "sled", "sle-", "sle_"];
    if !known.iter().any(|name| product.starts_with(name)) || !version.starts_with(is_digit) {
        return None;
    }
    let release = match update.strip_prefix("sp") {
        Some(pack) if is_number(pack) => format!("{version}.{pack}"),
        _ => version.to_owned(),
    };
    let stream = STREAMS_OF_SUSE
        .into_iter()
        .find(|stream| product.contains(stream))
        .unwrap_or_default();
    Some(Platform::new("sles", &release, stream))
}

/// Lines that outlive the general support of a service pack.
const STREAMS_OF_SUSE: [&str; 3] = ["ltss", "espos", "teradata"];

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// The release that a product's name, or the comment of a test for it, names:
/// `Red Hat Enterprise Linux 8`, `SUSE Linux Enterprise Server 15 SP5-LTSS`,
/// `openEuler-22.03-LTS-SP1`, `Fedora EPEL 9`.
pub(crate) fn from_name(text: &str) -> Option<Platform> {
    let text = text.trim();
    let text = text.strip_suffix(" is installed").unwrap_or(text);
    let number = |prefix: &str| {
        let rest = text.strip_prefix(prefix)?.trim_start_matches([' ', '-']);
        rest.split([' ', '-', ',', '('])
            .next()
            .filter(|word| word.starts_with(is_digit))
    };
    if let Some(version) = text
        .strip_prefix("openEuler-")
        .or_else(|| text.strip_prefix("openEuler "))
    {
        return version
            .starts_with(is_digit)
            .then(|| Platform::new("openEuler", version.trim(), ""));
    }
    if let Some(rest) = text.strip_prefix("openSUSE ") {
        return match rest.strip_prefix("Leap ") {
            Some(version) => Some(Platform::new("opensuse-leap", version.trim(), "")),
            None => rest
                .starts_with("Tumbleweed")
                .then(|| Platform::new("opensuse-tumbleweed", "", "")),
        };
    }
    if text.starts_with("SUSE Linux") || text.starts_with("SLE ") {
        return suse_name(text);
    }
    for (prefix, id) in [
        ("Red Hat Enterprise Linux Server", "rhel"),
        ("Red Hat Enterprise Linux", "rhel"),
        ("Oracle Linux", "ol"),
        ("AlmaLinux", "almalinux"),
        ("Rocky Linux", "rocky"),
        ("Fedora EPEL", "epel"),
        ("EPEL", "epel"),
        ("Fedora", "fedora"),
    ] {
        if let Some(version) = number(prefix) {
            return numbered(id, version);
        }
    }
    for (prefix, id) in [
        ("Photon OS", "photon"),
        ("Photon", "photon"),
        ("Azure Linux", "azurelinux"),
        ("CBL-Mariner", "mariner"),
    ] {
        if let Some(version) = number(prefix) {
            return numbered_minor(id, version);
        }
    }
    match text.strip_prefix("Amazon Linux") {
        Some("" | " AMI" | " 1") => Some(Platform::new("amzn", "1", "")),
        Some(_) => number("Amazon Linux").map(|version| Platform::new("amzn", version, "")),
        None => None,
    }
}

fn suse_name(text: &str) -> Option<Platform> {
    let words: Vec<&str> = text.split([' ', '-']).collect();
    let at = words
        .iter()
        .position(|word| word.starts_with(is_digit) && word.len() < 6)?;
    let version = words.get(at).copied()?;
    if text.contains("Micro") {
        return Some(Platform::new("sl-micro", version, ""));
    }
    let pack = words
        .get(at + 1)
        .and_then(|word| word.strip_prefix("SP"))
        .filter(|pack| is_number(pack));
    let release = match pack {
        Some(pack) => format!("{version}.{pack}"),
        None => version.to_owned(),
    };
    let lower = text.to_lowercase();
    let stream = STREAMS_OF_SUSE
        .into_iter()
        .find(|stream| lower.contains(stream))
        .unwrap_or_default();
    Some(Platform::new("sles", &release, stream))
}

/// The release that the tag of a package's release is for: `3.el9_2`, `1.fc40`,
/// `5.amzn2023.0.2`, `4.oe2203sp1`, `2.azl3`. `el` is the id of the
/// distribution that publishes, where its tags are those of Red Hat.
pub(crate) fn from_tag(release: &str, el: &str) -> Option<Platform> {
    release.split(['.', '+', '~']).rev().find_map(|tag| {
        let after = |prefix: &str| {
            let rest = tag.strip_prefix(prefix)?;
            let end = rest.find(|c: char| !is_digit(c)).unwrap_or(rest.len());
            let number = rest.get(..end)?;
            is_number(number).then_some((number, rest.get(end..).unwrap_or_default()))
        };
        if let Some((number, _)) = after("el") {
            return Some(Platform::new(el, number, ""));
        }
        if let Some((number, _)) = after("fc") {
            return Some(Platform::new("fedora", number, ""));
        }
        if let Some((number, _)) = after("amzn") {
            return Some(Platform::new("amzn", number, ""));
        }
        if let Some((number, _)) = after("azl") {
            return Some(Platform::new("azurelinux", &format!("{number}.0"), ""));
        }
        if let Some((number, _)) = after("cm") {
            return Some(Platform::new("mariner", &format!("{number}.0"), ""));
        }
        if let Some((number, _)) = after("ph") {
            return Some(Platform::new("photon", &format!("{number}.0"), ""));
        }
        let (number, pack) = after("oe")?;
        let (year, month) = number.split_at_checked(2)?;
        if month.len() != 2 {
            return None;
        }
        let pack = match pack.strip_prefix("sp") {
            Some(pack) if is_number(pack) => format!("-SP{pack}"),
            _ => String::new(),
        };
        Some(Platform::new(
            "openEuler",
            &format!("{year}.{month}-LTS{pack}"),
            "",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(platform: Option<Platform>) -> String {
        platform.map_or(String::new(), |p| {
            format!("{}/{}/{}", p.id, p.release, p.stream)
        })
    }

    #[test]
    fn a_cpe_names_a_release_and_its_stream() {
        let check = |text: &str, expect: &str| assert_eq!(shown(from_cpe(text)), expect, "{text}");
        check("cpe:/o:redhat:enterprise_linux:8", "rhel/8/");
        check("cpe:/a:redhat:enterprise_linux:9::appstream", "rhel/9/");
        check("cpe:/o:redhat:enterprise_linux:10.0", "rhel/10/");
        check("cpe:/o:redhat:rhel_eus:9.2::baseos", "rhel/9/eus-9.2");
        check("cpe:/o:redhat:rhel_aus:7.6::server", "rhel/7/aus-7.6");
        check(
            "cpe:/a:redhat:rhel_eus_long_life:8.4",
            "rhel/8/eus-long-life-8.4",
        );
        check("cpe:/a:redhat:openshift:4.14::el9", "rhel/9/openshift-4.14");
        check("cpe:/a:redhat:jboss_fuse:7", "");
        check("cpe:/o:suse:sles:15:sp5", "sles/15.5/");
        check("cpe:/o:suse:sle-module-basesystem:15:sp5", "sles/15.5/");
        check("cpe:/o:suse:sles-ltss:15:sp3", "sles/15.3/ltss");
        check("cpe:/o:suse:sles:15", "sles/15/");
        check("cpe:/o:suse:sle-micro:5.5", "sl-micro/5.5/");
        check("cpe:/o:opensuse:leap:15.5", "opensuse-leap/15.5/");
        check("cpe:/o:opensuse:tumbleweed", "opensuse-tumbleweed//");
        check(
            "cpe:/a:openEuler:openEuler:22.03-LTS-SP1",
            "openEuler/22.03-LTS-SP1/",
        );
        check("cpe:/a:suse:manager-server:4.3", "");
        check("nothing", "");
    }

    #[test]
    fn a_product_name_names_a_release() {
        let check = |text: &str, expect: &str| assert_eq!(shown(from_name(text)), expect, "{text}");
        check("Red Hat Enterprise Linux 8 is installed", "rhel/8/");
        check("Red Hat Enterprise Linux must be installed", "");
        check("Oracle Linux 9", "ol/9/");
        check("Photon OS 3 is installed", "photon/3.0/");
        check("Photon 5", "photon/5.0/");
        check("SUSE Linux Enterprise Server 15 SP5", "sles/15.5/");
        check("SUSE Linux Enterprise Server 15 SP1-LTSS", "sles/15.1/ltss");
        check(
            "SUSE Linux Enterprise Module for Basesystem 15 SP6",
            "sles/15.6/",
        );
        check("SUSE Linux Enterprise Micro 5.5", "sl-micro/5.5/");
        check("openSUSE Leap 15.5 is installed", "opensuse-leap/15.5/");
        check("openSUSE Tumbleweed", "opensuse-tumbleweed//");
        check("openEuler-22.03-LTS-SP1", "openEuler/22.03-LTS-SP1/");
        check("Fedora 40", "fedora/40/");
        check("Fedora EPEL 9", "epel/9/");
        check("Amazon Linux 2", "amzn/2/");
        check("Amazon Linux", "amzn/1/");
        check("CBL-Mariner", "");
    }

    #[test]
    fn the_tag_of_a_package_names_a_release() {
        let check = |text: &str, expect: &str| {
            assert_eq!(shown(from_tag(text, "rocky")), expect, "{text}");
        };
        check("26.el9_3.2", "rocky/9/");
        check("1.module+el8.8.0+18438+15d3aa65", "rocky/8/");
        check("3.fc40", "fedora/40/");
        check("2.amzn2023.0.1", "amzn/2023/");
        check("2.amzn2.0.1", "amzn/2/");
        check("16.oe2203sp1", "openEuler/22.03-LTS-SP1/");
        check("16.oe2003", "openEuler/20.03-LTS/");
        check("2.azl3", "azurelinux/3.0/");
        check("8.cm2", "mariner/2.0/");
        check("150400.5.32.1", "");
    }
}
