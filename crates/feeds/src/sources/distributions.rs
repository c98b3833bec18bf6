//! Distributions that publish repositories, OVAL, CSAF or lists of their own.

use super::{At, Part, Source};

/// Red Hat's directory of VEX documents.
const RED_HAT: &str = "https://security.access.redhat.com/data/csaf/v2/vex/";

/// Releases of Fedora, current and to come.
const FEDORA: [&str; 6] = ["41", "42", "43", "44", "45", "46"];

/// SUSE's files of definitions, with what is not fixed.
const SUSE: [&str; 7] = [
    "opensuse.leap.15.5",
    "opensuse.leap.15.6",
    "opensuse.leap.16.0",
    "opensuse.tumbleweed",
    "suse.linux.enterprise.micro.5",
    "suse.linux.enterprise.server.12",
    "suse.linux.enterprise.server.15",
];

/// Oracle's repositories.
const ORACLE: [(&str, &str); 7] = [
    ("ol7", "OL7/latest/x86_64"),
    ("ol8-appstream", "OL8/appstream/x86_64"),
    ("ol8-baseos", "OL8/baseos/latest/x86_64"),
    ("ol9-appstream", "OL9/appstream/x86_64"),
    ("ol9-baseos", "OL9/baseos/latest/x86_64"),
    ("ol10-appstream", "OL10/appstream/x86_64"),
    ("ol10-baseos", "OL10/baseos/latest/x86_64"),
];

/// Their feeds.
pub(super) fn all() -> Vec<Source> {
    let source = |name, about, licence, parts| Source {
        name,
        about,
        licence,
        parts,
        changes: None,
    };
    let repository = |name: &str, url: String| {
        Part::new(format!("{name}-updateinfo.xml"), url, At::Repository).optional()
    };
    let amazon = [
        ("al2", "2/core/latest/x86_64/mirror.list"),
        ("al2023", "al2023/core/mirrors/latest/x86_64/mirror.list"),
    ]
    .map(|(name, path)| {
        let url = format!("https://cdn.amazonlinux.com/{path}");
        Part::new(format!("{name}-updateinfo.xml"), url, At::MirrorList)
    });
    let azure = ["azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml"].map(|file| {
        let base = "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main";
        Part::new(file, format!("{base}/{file}"), At::File)
    });
    let debian = ["DLA", "DSA"].map(|list| {
        let base = "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master";
        let url = format!("{base}/data/{list}/list");
        Part::new(format!("{list}-list"), url, At::File)
    });
    let epel = ["8", "9", "10"].map(|release| {
        let base = "https://dl.fedoraproject.org/pub/epel";
        repository(
            &format!("epel{release}"),
            format!("{base}/{release}/Everything/x86_64/"),
        )
    });
    let fedora = FEDORA.map(|release| {
        let base = "https://dl.fedoraproject.org/pub/fedora/linux/updates";
        repository(
            &format!("f{release}"),
            format!("{base}/{release}/Everything/x86_64/"),
        )
    });
    let oracle = ORACLE.map(|(name, path)| {
        let url = format!("https://yum.oracle.com/repo/OracleLinux/{path}/");
        repository(name, url)
    });
    let photon = ["3", "4", "5"].map(|release| {
        let file = format!("com.vmware.phsa-photon{release}.xml.gz");
        let base = "https://packages.vmware.com/photon/photon_oval_definitions";
        let url = format!("{base}/{file}");
        Part::new(file, url, At::File).optional()
    });
    let suse = SUSE.map(|name| {
        let file = format!("{name}-affected.xml.gz");
        let url = format!("https://ftp.suse.com/pub/projects/security/oval/{file}");
        Part::new(file, url, At::File).optional()
    });
    let red_hat = Part::new(
        "archive.tar.zst",
        format!("{RED_HAT}archive_latest.txt"),
        At::Latest,
    );
    vec![
        source(
            "amazon-updateinfo",
            "Amazon Linux 2 and 2023",
            "none stated",
            amazon.into(),
        ),
        source(
            "azure-linux-oval",
            "Azure Linux and CBL-Mariner",
            "MIT",
            azure.into(),
        ),
        source(
            "debian-advisories",
            "Debian's DSA and DLA lists",
            "none stated",
            debian.into(),
        ),
        source(
            "epel-updateinfo",
            "Extra packages for Enterprise Linux",
            "none stated",
            epel.into(),
        ),
        source("fedora-updateinfo", "Fedora", "none stated", fedora.into()),
        source(
            "oracle-updateinfo",
            "Oracle Linux",
            "none stated",
            oracle.into(),
        ),
        source("photon-oval", "Photon OS", "none stated", photon.into()),
        Source {
            changes: Some(RED_HAT),
            ..source(
                "redhat-csaf-vex",
                "Red Hat: every release and stream, with what will not be fixed",
                "CC-BY-4.0",
                vec![red_hat],
            )
        },
        source(
            "suse-oval",
            "SUSE and openSUSE, with what is not fixed",
            "CC-BY-4.0",
            suse.into(),
        ),
    ]
}
