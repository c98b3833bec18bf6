use proptest::prelude::*;

use super::*;
use crate::{
    Found,
    analyzer::testing::{claims, run},
    os::support,
};

fn read(path: &str, text: &str) -> Option<Release> {
    assert!(claims(&RELEASE, path, text.as_bytes()), "{path}");
    let sink = run(&RELEASE, path, text.as_bytes());
    assert!(sink.problems.is_empty(), "{:?}", sink.problems);
    sink.found.into_iter().find_map(|found| match found {
        Found::Release(release) => Some(*release),
        _ => None,
    })
}

/// Namespace, distro qualifier, codename and last day of support.
fn words(release: &Release) -> String {
    let until = support(release).map(|support| support.until);
    format!(
        "{} {} {} {}",
        namespace(release),
        distro(release),
        match &*release.codename {
            "" => "-",
            codename => codename,
        },
        match until.as_deref() {
            None => "-",
            Some("") => "open",
            Some(until) => until,
        }
    )
}

#[test]
fn every_distribution_by_its_os_release() {
    let check = |text: &str, expect: &str| {
        let text = text.replace("; ", "\n");
        let release = read("etc/os-release", &text).expect("a release");
        assert_eq!(words(&release), expect, "{text}");
    };
    let debian = "PRETTY_NAME=\"Debian GNU/Linux";
    check(
        &format!(
            "{debian} 12 (bookworm)\"; NAME=\"Debian GNU/Linux\"; VERSION_ID=\"12\"; VERSION=\"12 (bookworm)\"; VERSION_CODENAME=bookworm; ID=debian"
        ),
        "debian debian-12 bookworm 2028-06-30",
    );
    check(
        &format!("{debian} 8 (jessie)\"; VERSION_ID=\"8\"; VERSION=\"8 (jessie)\"; ID=debian"),
        "debian debian-8 jessie 2020-06-30",
    );
    check(
        &format!("{debian} forky/sid\"; NAME=\"Debian GNU/Linux\"; ID=debian"),
        "debian debian-forky forky -",
    );
    // Distroless images have Debian's.
    check(
        "PRETTY_NAME=\"Distroless\"; NAME=\"Debian GNU/Linux\"; ID=\"debian\"; VERSION_ID=\"13\"; VERSION=\"Debian GNU/Linux 13 (trixie)\"",
        "debian debian-13 trixie 2030-06-30",
    );
    check(
        "PRETTY_NAME=\"Ubuntu 22.04.3 LTS\"; NAME=\"Ubuntu\"; VERSION_ID=\"22.04\"; VERSION=\"22.04.3 LTS (Jammy Jellyfish)\"; VERSION_CODENAME=jammy; ID=ubuntu; ID_LIKE=debian; UBUNTU_CODENAME=jammy",
        "ubuntu ubuntu-22.04 jammy 2027-04-01",
    );
    check(
        "NAME=\"Alpine Linux\"; ID=alpine; VERSION_ID=3.19.1; PRETTY_NAME=\"Alpine Linux v3.19\"",
        "alpine alpine-3.19.1 - 2025-11-01",
    );
    check(
        "NAME=\"Alpine Linux\"; ID=alpine; VERSION_ID=3.20_alpha20240329; PRETTY_NAME=\"Alpine Linux edge\"",
        "alpine alpine-3.20_alpha20240329 - -",
    );
    check(
        "NAME=\"Red Hat Enterprise Linux\"; VERSION=\"8.9 (Ootpa)\"; ID=\"rhel\"; ID_LIKE=\"fedora\"; VERSION_ID=\"8.9\"; PLATFORM_ID=\"platform:el8\"; PRETTY_NAME=\"Red Hat Enterprise Linux 8.9 (Ootpa)\"; CPE_NAME=\"cpe:/o:redhat:enterprise_linux:8::baseos\"",
        "redhat rhel-8.9 - 2029-05-31",
    );
    check(
        "NAME=\"CentOS Stream\"; VERSION=\"9\"; ID=\"centos\"; ID_LIKE=\"rhel fedora\"; VERSION_ID=\"9\"; PRETTY_NAME=\"CentOS Stream 9\"",
        "centos centos-9 - 2027-05-31",
    );
    check(
        "NAME=\"CentOS Linux\"; VERSION=\"8\"; ID=\"centos\"; VERSION_ID=\"8\"; PRETTY_NAME=\"CentOS Linux 8\"",
        "centos centos-8 - 2021-12-31",
    );
    check(
        "NAME=\"Fedora Linux\"; VERSION=\"39 (Container Image)\"; ID=fedora; VERSION_ID=39; PRETTY_NAME=\"Fedora Linux 39 (Container Image)\"; VARIANT_ID=container",
        "fedora fedora-39 - 2024-11-26",
    );
    check(
        "NAME=\"Rocky Linux\"; ID=\"rocky\"; ID_LIKE=\"rhel centos fedora\"; VERSION_ID=\"9.3\"; PRETTY_NAME=\"Rocky Linux 9.3 (Blue Onyx)\"",
        "rocky rocky-9.3 - 2032-05-31",
    );
    check(
        "NAME=\"AlmaLinux\"; ID=\"almalinux\"; VERSION_ID=\"8.10\"; PRETTY_NAME=\"AlmaLinux 8.10 (Cerulean Leopard)\"",
        "almalinux almalinux-8.10 - 2029-05-31",
    );
    check(
        "NAME=\"Oracle Linux Server\"; ID=\"ol\"; VERSION_ID=\"8.9\"; PRETTY_NAME=\"Oracle Linux Server 8.9\"; VARIANT_ID=\"server\"",
        "ol ol-8.9 - 2029-07-31",
    );
    check(
        "NAME=\"Amazon Linux\"; VERSION=\"2023\"; ID=\"amzn\"; ID_LIKE=\"fedora\"; VERSION_ID=\"2023\"; PRETTY_NAME=\"Amazon Linux 2023\"",
        "amzn amzn-2023 - 2029-06-30",
    );
    check(
        "NAME=\"Amazon Linux AMI\"; VERSION=\"2018.03\"; ID=\"amzn\"; VERSION_ID=\"2018.03\"; PRETTY_NAME=\"Amazon Linux AMI 2018.03\"",
        "amzn amzn-2018.03 - 2023-12-31",
    );
    check(
        "NAME=\"SLES\"; VERSION=\"15-SP5\"; VERSION_ID=\"15.5\"; PRETTY_NAME=\"SUSE Linux Enterprise Server 15 SP5\"; ID=\"sles\"; ID_LIKE=\"suse\"",
        "suse sles-15.5 - 2024-12-31",
    );
    check(
        "NAME=\"SLES\"; VERSION=\"15\"; VERSION_ID=\"15\"; PRETTY_NAME=\"SUSE Linux Enterprise Server 15\"; ID=\"sles\"",
        "suse sles-15 - 2019-12-31",
    );
    check(
        "NAME=\"SL-Micro\"; VERSION=\"6.1\"; VERSION_ID=\"6.1\"; PRETTY_NAME=\"SUSE Linux Micro 6.1\"; ID=\"sl-micro\"",
        "suse sl-micro-6.1 - 2028-11-30",
    );
    check(
        "NAME=\"openSUSE Leap\"; VERSION=\"15.5\"; ID=\"opensuse-leap\"; ID_LIKE=\"suse opensuse\"; VERSION_ID=\"15.5\"; PRETTY_NAME=\"openSUSE Leap 15.5\"",
        "opensuse opensuse-leap-15.5 - 2024-12-31",
    );
    check(
        "NAME=\"openSUSE Tumbleweed\"; ID=\"opensuse-tumbleweed\"; VERSION_ID=\"20240110\"; PRETTY_NAME=\"openSUSE Tumbleweed\"",
        "opensuse opensuse-tumbleweed-20240110 - -",
    );
    check(
        "NAME=\"VMware Photon OS\"; VERSION=\"4.0\"; ID=photon; VERSION_ID=4.0; PRETTY_NAME=\"VMware Photon OS/Linux\"",
        "photon photon-4.0 - 2027-10-11",
    );
    check(
        "NAME=\"VMware Photon OS\"; VERSION=\"5.0\"; ID=photon; VERSION_ID=5.0",
        "photon photon-5.0 - open",
    );
    check(
        "NAME=\"Common Base Linux Mariner\"; VERSION=\"2.0.20240112\"; ID=mariner; VERSION_ID=\"2.0\"; PRETTY_NAME=\"CBL-Mariner/Linux\"",
        "mariner mariner-2.0 - -",
    );
    check(
        "NAME=\"Microsoft Azure Linux\"; VERSION=\"3.0.20240609\"; ID=azurelinux; VERSION_ID=\"3.0\"; PRETTY_NAME=\"Microsoft Azure Linux 3.0\"",
        "azurelinux azurelinux-3.0 - -",
    );
    check(
        "ID=wolfi; NAME=\"Wolfi\"; PRETTY_NAME=\"Wolfi\"; VERSION_ID=\"20230201\"",
        "wolfi wolfi-20230201 - -",
    );
    check(
        "ID=chainguard; NAME=\"Chainguard\"; PRETTY_NAME=\"Chainguard\"; VERSION_ID=\"20230214\"",
        "chainguard chainguard-20230214 - -",
    );
    check(
        "NAME=\"Arch Linux\"; PRETTY_NAME=\"Arch Linux\"; ID=arch; BUILD_ID=rolling",
        "arch arch - -",
    );
    check(
        "ID=minimos; NAME=\"MinimOS\"; PRETTY_NAME=\"MinimOS\"; VERSION_ID=\"20241031\"",
        "minimos minimos-20241031 - -",
    );
    check(
        "NAME=Bottlerocket; ID=bottlerocket; VERSION=\"1.19.0 (aws-k8s-1.29)\"; PRETTY_NAME=\"Bottlerocket OS 1.19.0 (aws-k8s-1.29)\"; VARIANT_ID=aws-k8s-1.29; VERSION_ID=1.19.0",
        "bottlerocket bottlerocket-1.19.0 - -",
    );
    check(
        "NAME=\"openEuler\"; VERSION=\"22.03 (LTS-SP1)\"; ID=\"openEuler\"; VERSION_ID=\"22.03\"; PRETTY_NAME=\"openEuler 22.03 (LTS-SP1)\"",
        "openeuler openeuler-22.03 - -",
    );
    check(
        "NAME=\"OpenWrt\"; VERSION=\"23.05.0\"; ID=\"openwrt\"; ID_LIKE=\"lede openwrt\"; VERSION_ID=\"23.05.0\"",
        "openwrt openwrt-23.05.0 - 2025-08-16",
    );
}

#[test]
fn every_older_form() {
    let check = |path: &str, text: &str, expect: &str| {
        let release = read(path, text).expect("a release");
        assert_eq!(words(&release), expect, "{text}");
    };
    let red = "etc/redhat-release";
    check(
        red,
        "CentOS release 6.10 (Final)\n",
        "centos centos-6.10 - 2020-11-30",
    );
    check(
        red,
        "CentOS Linux release 7.9.2009 (Core)\n",
        "centos centos-7.9.2009 - 2024-06-30",
    );
    check(
        "etc/centos-release",
        "CentOS Stream release 8\n",
        "centos centos-8 - 2024-05-31",
    );
    check(
        red,
        "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
        "redhat rhel-6.10 - 2020-11-30",
    );
    check(
        red,
        "Fedora release 20 (Heisenbug)",
        "fedora fedora-20 - 2015-06-23",
    );
    check(
        "etc/rocky-release",
        "Rocky Linux release 8.9 (Green Obsidian)\n",
        "rocky rocky-8.9 - 2029-05-31",
    );
    check(
        "etc/almalinux-release",
        "AlmaLinux release 9.3 (Shamrock Pampas Cat)\n",
        "almalinux almalinux-9.3 - 2032-05-31",
    );
    check(
        "etc/oracle-release",
        "Oracle Linux Server release 7.9\n",
        "ol ol-7.9 - 2024-12-31",
    );
    check(
        "etc/enterprise-release",
        "Enterprise Linux Enterprise Linux Server release 5.11 (Carthage)\n",
        "ol ol-5.11 - -",
    );
    check(
        "etc/system-release",
        "Amazon Linux release 2 (Karoo)\n",
        "amzn amzn-2 - 2026-06-30",
    );
    check(
        "etc/system-release",
        "Amazon Linux AMI release 2018.03\n",
        "amzn amzn-2018.03 - 2023-12-31",
    );
    check(
        "etc/system-release",
        "Amazon Linux release 2023.3.20240108 (Amazon Linux)\n",
        "amzn amzn-2023.3.20240108 - 2029-06-30",
    );
    check(
        "etc/photon-release",
        "VMware Photon OS 3.0\nPHOTON_BUILD_NUMBER=913b49438\n",
        "photon photon-3.0 - 2025-10-02",
    );
    check(
        "etc/mariner-release",
        "CBL-Mariner 2.0.20220226\nMARINER_BUILD_NUMBER=1fae2aa\n",
        "mariner mariner-2.0.20220226 - -",
    );
    check(
        "etc/azurelinux-release",
        "Microsoft Azure Linux 3.0.20240609\n",
        "azurelinux azurelinux-3.0.20240609 - -",
    );
    check(
        "etc/openEuler-release",
        "openEuler release 22.03 (LTS-SP1)\n",
        "openeuler openeuler-22.03 - -",
    );
    check(
        "etc/SuSE-release",
        "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n",
        "suse sles-11.4 - 2019-03-31",
    );
    check(
        "etc/SuSE-release",
        "openSUSE 13.2 (x86_64)\nVERSION = 13.2\nCODENAME = Harlequin\n",
        "opensuse opensuse-13.2 Harlequin 2017-01-17",
    );
    check(
        "etc/alpine-release",
        "3.10.3\n",
        "alpine alpine-3.10.3 - 2021-05-01",
    );
    check("etc/arch-release", "", "arch arch - -");
    check("etc/arch-release", "Manjaro Linux\n", "manjaro manjaro - -");
    check(
        "etc/debian_version",
        "12.5\n",
        "debian debian-12 - 2028-06-30",
    );
    check(
        "etc/debian_version",
        "3.1\n",
        "debian debian-3.1 - 2008-03-31",
    );
    check(
        "etc/debian_version",
        "trixie/sid\n",
        "debian debian-trixie trixie 2030-06-30",
    );
    check(
        "etc/lsb-release",
        "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=14.04\nDISTRIB_CODENAME=trusty\nDISTRIB_DESCRIPTION=\"Ubuntu 14.04.6 LTS\"\n",
        "ubuntu ubuntu-14.04 trusty 2019-04-02",
    );
    check(
        "etc/lsb-release",
        "DISTRIB_ID=\"Arch\"\nDISTRIB_RELEASE=\"rolling\"\n",
        "arch arch - -",
    );
    check(
        "etc/openwrt_release",
        "DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='19.07.8'\nDISTRIB_ARCH='x86_64'\n",
        "openwrt openwrt-19.07.8 - 2022-04-30",
    );
    check(
        "etc/system-release",
        "Some Company's OS release 4.2 (Beta)\n",
        "some-companys-os some-companys-os-4.2 - -",
    );
    for path in [
        "etc/redhat-release",
        "etc/alpine-release",
        "etc/debian_version",
    ] {
        assert_eq!(read(path, "\n"), None, "{path}");
    }
}

#[test]
fn of_several_files_the_most_trusted_counts() {
    let check = |files: &[(&str, &str)], expect: Option<&str>| {
        let read: Vec<_> = files
            .iter()
            .filter_map(|(path, text)| Some((*path, read(path, text)?)))
            .collect();
        let chosen = choose(read.iter().map(|(path, release)| (*path, release)));
        let words = chosen.map(|(path, release)| format!("{path}: {}", distro(&release)));
        assert_eq!(words.as_deref(), expect, "{files:?}");
    };
    check(&[], None);
    check(
        &[
            ("etc/debian_version", "bookworm/sid"),
            ("etc/os-release", "ID=ubuntu\nVERSION_ID=22.04\n"),
            (
                "etc/lsb-release",
                "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n",
            ),
        ],
        Some("etc/os-release: ubuntu-22.04"),
    );
    check(
        &[
            ("usr/lib/os-release", "ID=rocky\nVERSION_ID=9.3\n"),
            ("etc/redhat-release", "Red Hat Enterprise Linux release 9.3"),
        ],
        Some("usr/lib/os-release: rocky-9.3"),
    );
    // Its rebuilds have the files of Red Hat too.
    check(
        &[
            (
                "etc/redhat-release",
                "Red Hat Enterprise Linux Server release 6.10",
            ),
            ("etc/oracle-release", "Oracle Linux Server release 6.10"),
        ],
        Some("etc/oracle-release: ol-6.10"),
    );
    check(
        &[
            ("etc/os-release", "NAME=unknown\n"),
            ("etc/alpine-release", "3.18.4\n"),
        ],
        Some("etc/alpine-release: alpine-3.18.4"),
    );
    check(
        &[
            ("etc/os-release", "ID=debian\nPRETTY_NAME=x\n"),
            ("etc/debian_version", "12.1\n"),
        ],
        Some("etc/os-release: debian-12"),
    );
}

#[test]
fn other_files_are_not_asked_for() {
    for path in [
        "opt/etc/os-release",
        "etc/os-release.bak",
        "usr/lib/debian_version",
        "etc/conf/os-release",
    ] {
        assert!(!claims(&RELEASE, path, b"ID=x"), "{path}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "[A-Z=a-c0-9.\"'\\\\ /()\n]{0,80}", which in 0..PATHS.len()) {
        run(&RELEASE, PATHS[which].0, text.as_bytes());
    }

    #[test]
    fn any_bytes_are_survived(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        which in 0..PATHS.len(),
    ) {
        run(&RELEASE, PATHS[which].0, &bytes);
    }
}
