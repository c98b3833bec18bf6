//! Until when releases get fixes: a dated table, made by `cargo xtask support`
//! from endoflife.date. Rolling distributions (Arch, Wolfi, Chainguard,
//! MinimOS, Tumbleweed) have no end, and those the source does not have
//! (Azure Linux and Mariner, Bottlerocket, openEuler) have no row: what is not
//! known is said to be so.

use jiff::civil::Date;
use plimsoll_model::image::Support;

use crate::Release;

/// Product, cycle, codename, last day of support, last day of extended
/// support; separated by tabs, `-` where there is none. Remarks begin with `#`.
const TABLE: &str = include_str!("support.tsv");

/// Which product of the table a release is of.
fn product(release: &Release) -> Option<&'static str> {
    Some(match &*release.id {
        "almalinux" => "almalinux",
        "alpine" => "alpine-linux",
        "amzn" => "amazon-linux",
        "centos" if release.name.to_lowercase().contains("stream") => "centos-stream",
        // There is no other from 9 on.
        "centos" if cycles(&release.version).any(|cycle| matches!(cycle, "9" | "10")) => {
            "centos-stream"
        }
        "centos" => "centos",
        "cos" => "cos",
        "debian" => "debian",
        "devuan" => "devuan",
        "eurolinux" => "eurolinux",
        "fedora" => "fedora",
        "linuxmint" => "linuxmint",
        "mageia" => "mageia",
        "ol" => "oracle-linux",
        "opensuse" | "opensuse-leap" => "opensuse",
        "openwrt" => "openwrt",
        "photon" => "vmware-photon",
        "postmarketos" => "postmarketos",
        "rhel" => "rhel",
        "rocky" => "rocky-linux",
        "sles" | "sled" | "sles_sap" | "sle_hpc" => "sles",
        "sle-micro" | "sl-micro" | "suse-microos" => "suse-linux-micro",
        "ubuntu" => "ubuntu",
        _ => return None,
    })
}

/// A version and what is left of it when its last parts are taken away:
/// `3.19.1`, `3.19`, `3`.
fn cycles(version: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(
        Some(version).filter(|version| !version.is_empty()),
        |version| version.rsplit_once('.').map(|(rest, _)| rest),
    )
}

/// Until when this release is supported, as far as the table knows. `until` is
/// empty when it was supported at the table's date and no end was announced.
/// Of Debian it is the end of its long term support, which everyone gets from
/// the same archive; what has to be paid for is `extended_until`.
#[must_use]
pub fn support(release: &Release) -> Option<Support> {
    let product = product(release)?;
    let rows = || {
        TABLE
            .lines()
            .filter_map(|line| fields(line).filter(|row| row[0] == product))
    };
    let by_cycle = |cycle: &str| rows().find(|row| row[1] == cycle);
    let version = &*release.version;
    let row = cycles(version)
        .find_map(by_cycle)
        // SUSE's first release of a version has no service pack.
        .or_else(|| by_cycle(&format!("{version}.0")))
        .or_else(|| {
            let codename = Some(&*release.codename).filter(|_| version.is_empty())?;
            rows().find(|row| row[2] != "-" && row[2] == codename)
        })?;
    let date = |field: &str| (field != "-").then(|| field.to_owned());
    Some(Support {
        until: date(row[3]).unwrap_or_default(),
        extended_until: date(row[4]),
        source: format!("https://endoflife.date/{product}"),
        as_of: as_of().to_owned(),
    })
}

fn fields(line: &str) -> Option<[&str; 5]> {
    let mut fields = line.split('\t');
    let row = [(); 5].map(|()| fields.next().unwrap_or(""));
    (!line.starts_with('#') && !row[4].is_empty()).then_some(row)
}

/// The date of the table.
fn as_of() -> &'static str {
    TABLE
        .lines()
        .find_map(|line| line.strip_prefix("# as of "))
        .unwrap_or("")
}

/// Whether support that everyone gets has ended before `today`. False when no
/// end is known.
#[must_use]
pub fn is_ended(support: &Support, today: Date) -> bool {
    support
        .until
        .parse::<Date>()
        .is_ok_and(|until| until < today)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        assert!(as_of().parse::<Date>().is_ok(), "{:?}", as_of());
        let rows: Vec<_> = TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert!(rows.len() > 200, "{}", rows.len());
        for line in &rows {
            let row = fields(line).unwrap_or_else(|| panic!("{line}"));
            for date in [row[3], row[4]] {
                assert!(date == "-" || date.parse::<Date>().is_ok(), "{line}");
            }
        }
        let mut keys: Vec<_> = rows
            .iter()
            .filter_map(|line| fields(line))
            .map(|row| (row[0], row[1]))
            .collect();
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count, "a cycle has two rows");
    }

    #[test]
    fn extended_support_is_told_apart() {
        let check = |id: &str, version: &str, until: &str, extended: Option<&str>| {
            let release = Release {
                id: id.to_owned(),
                version: version.to_owned(),
                ..Release::default()
            };
            let found = support(&release).expect("has a row");
            assert_eq!(
                (&*found.until, found.extended_until.as_deref()),
                (until, extended),
                "{id} {version}"
            );
        };
        check("ubuntu", "20.04", "2025-05-31", Some("2030-04-02"));
        check("rhel", "7.9", "2024-06-30", Some("2029-05-31"));
        check("debian", "11", "2026-08-31", None);
        check("sles", "15.3", "2022-12-31", Some("2025-12-31"));
        check("ol", "10.1", "", None);
        check("centos", "9", "2027-05-31", None);
        check("devuan", "4", "2026-08-15", None);
    }

    #[test]
    fn ended_is_after_the_last_day() {
        let check = |until: &str, today: &str, expect| {
            let support = Support {
                until: until.to_owned(),
                ..Support::default()
            };
            let today = today.parse().expect("a date");
            assert_eq!(is_ended(&support, today), expect, "{until} {today}");
        };
        check("2024-06-30", "2024-06-30", false);
        check("2024-06-30", "2024-07-01", true);
        check("", "2024-07-01", false);
        check("rubbish", "2024-07-01", false);
    }
}
