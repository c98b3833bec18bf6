//! What the texts of nodes and servers mean: products and versions.

/// A version of Kubernetes: `v1.36.2-eks-1a2b3c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minor {
    pub(super) major: u32,
    pub(super) minor: u32,
}

impl Minor {
    /// Reads it; none for what is no version.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').split('.');
        let number = |part: &str| {
            let end = part
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(part.len());
            part[..end].parse().ok()
        };
        Some(Minor {
            major: number(parts.next()?)?,
            minor: number(parts.next()?)?,
        })
    }

    /// `1.36`.
    pub(super) fn cycle(self) -> String {
        format!("{}.{}", self.major, self.minor)
    }
}

/// Whose Kubernetes it is: a managed one has dates of its own.
pub(super) fn distribution(version: &str) -> &'static str {
    if version.contains("-eks-") {
        "amazon-eks"
    } else if version.contains("-gke.") {
        "google-kubernetes-engine"
    } else {
        "kubernetes"
    }
}

/// Name, product of the table and version of a container runtime:
/// `containerd://2.2.1`. Without a product the table has no dates of it.
pub(super) fn runtime(text: &str) -> Option<(&str, Option<&'static str>, &str)> {
    let (name, version) = text.split_once("://")?;
    let product = match name {
        "containerd" => Some("containerd"),
        "docker" => Some("docker-engine"),
        _ => None,
    };
    Some((name, product, numbers(version)))
}

/// Product and version of an operating system by the name it gives itself.
pub(super) fn os(text: &str) -> Option<(&'static str, String)> {
    // The longer names before those they begin with.
    const NAMES: [(&str, Option<&str>); 27] = [
        ("almalinux", Some("almalinux")),
        ("alpine linux", Some("alpine-linux")),
        ("amazon linux", Some("amazon-linux")),
        ("centos linux", Some("centos")),
        ("centos stream", Some("centos-stream")),
        ("container-optimized os", Some("cos")),
        ("debian gnu/linux", Some("debian")),
        ("devuan gnu/linux", Some("devuan")),
        ("eurolinux", Some("eurolinux")),
        ("fedora coreos", Some("fedora")),
        ("fedora linux", Some("fedora")),
        ("mageia", Some("mageia")),
        ("opensuse leap", Some("opensuse")),
        ("oracle linux server", Some("oracle-linux")),
        // Of OpenShift, with its dates and not those of the base.
        ("red hat enterprise linux coreos", None),
        ("red hat enterprise linux server", Some("rhel")),
        ("red hat enterprise linux", Some("rhel")),
        ("rocky linux", Some("rocky-linux")),
        ("suse linux enterprise micro", Some("suse-linux-micro")),
        ("suse linux micro", Some("suse-linux-micro")),
        ("suse linux enterprise server", Some("sles")),
        ("ubuntu core", None),
        ("ubuntu", Some("ubuntu")),
        ("vmware photon os/linux", Some("vmware-photon")),
        ("vmware photon os", Some("vmware-photon")),
        ("vmware photon", Some("vmware-photon")),
        ("windows server", Some("windows-server")),
    ];
    let lower = text.trim().to_ascii_lowercase();
    let lower = lower.strip_prefix("microsoft ").unwrap_or(&lower);
    let (rest, product) = NAMES
        .iter()
        .find_map(|(name, product)| Some((lower.strip_prefix(name)?, *product)))?;
    let product = product?;
    let mut words = rest.split_whitespace();
    let mut version = words
        .by_ref()
        .map(|word| word.trim_start_matches('v'))
        .map(numbers)
        .find(|word| !word.is_empty())?
        .to_owned();
    // SUSE's service packs are the minor versions of the table.
    if product == "sles" && !version.contains('.') {
        let pack = words.find_map(|word| word.strip_prefix("sp"));
        version = format!("{version}.{}", pack.map_or("0", numbers));
    }
    Some((product, version))
}

/// The line of a kernel that is built from kernel.org's releases, `6.18.45`;
/// none for one that a distribution builds and keeps itself.
pub(super) fn kernel(text: &str) -> Option<&str> {
    // Systems for containers that take the lines as they are.
    const PLAIN: [&str; 3] = ["-talos", "-flatcar", "-cos"];
    let version = numbers(text);
    let rest = &text[version.len()..];
    let plain = rest.is_empty() || rest == "+" || PLAIN.contains(&rest);
    (plain && version.split('.').count() >= 2).then_some(version)
}

/// The numbers and dots that a text begins with.
fn numbers(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operating_systems_are_known_by_the_names_they_give_themselves() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let found = os(text);
            let found = found
                .as_ref()
                .map(|(product, version)| (*product, &**version));
            assert_eq!(found, expect, "{text}");
        };
        check("Ubuntu 22.04.4 LTS", Some(("ubuntu", "22.04.4")));
        check("Debian GNU/Linux 13 (trixie)", Some(("debian", "13")));
        check("Debian GNU/Linux forky/sid", None);
        check("Amazon Linux 2", Some(("amazon-linux", "2")));
        check(
            "Amazon Linux 2023.6.20250303",
            Some(("amazon-linux", "2023.6.20250303")),
        );
        check("Red Hat Enterprise Linux 9.4 (Plow)", Some(("rhel", "9.4")));
        check("Red Hat Enterprise Linux CoreOS 417.94 (Plow)", None);
        check(
            "SUSE Linux Enterprise Server 15 SP5",
            Some(("sles", "15.5")),
        );
        check("SUSE Linux Enterprise Server 15", Some(("sles", "15.0")));
        check("Rocky Linux 9.3 (Blue Onyx)", Some(("rocky-linux", "9.3")));
        check("CentOS Linux 7 (Core)", Some(("centos", "7")));
        check("Alpine Linux v3.19", Some(("alpine-linux", "3.19")));
        check(
            "Windows Server 2022 Datacenter",
            Some(("windows-server", "2022")),
        );
        check("Microsoft Azure Linux 3.0", None);
        check("Talos (v1.7.0)", None);
        check("Container-Optimized OS from Google", None);
        check("", None);
        check("Ubuntu é", None);
    }

    #[test]
    fn a_kernel_that_a_distribution_builds_is_the_distributions() {
        let check = |text: &str, expect: Option<&str>| assert_eq!(kernel(text), expect, "{text}");
        check("6.18.45", Some("6.18.45"));
        check("6.12.1+", Some("6.12.1"));
        check("6.6.29-talos", Some("6.6.29"));
        check("5.15.0-105-generic", None);
        check("5.14.0-427.13.1.el9_4.x86_64", None);
        check("6.1.0-18-cloud-amd64", None);
        check("rubbish", None);
        check("", None);
    }

    #[test]
    fn versions_of_kubernetes_are_read_whoever_built_it() {
        let check = |text: &str, expect: Option<(&str, &str)>| {
            let found = Minor::of(text).map(|minor| (minor.cycle(), distribution(text)));
            let found = found.as_ref().map(|(cycle, product)| (&**cycle, *product));
            assert_eq!(found, expect, "{text}");
        };
        check("v1.36.0", Some(("1.36", "kubernetes")));
        check("v1.33.1+k3s1", Some(("1.33", "kubernetes")));
        check("v1.34.2-eks-1a2b3c", Some(("1.34", "amazon-eks")));
        check(
            "v1.35.0-gke.1234",
            Some(("1.35", "google-kubernetes-engine")),
        );
        check("1.36+", Some(("1.36", "kubernetes")));
        check("v1", None);
        check("", None);
    }
}
