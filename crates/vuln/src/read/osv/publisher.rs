//! What publishers of OSV records do each in their own way: whose word a
//! severity is, and which ids are other names and which are what an advisory
//! is about.

use serde_json::Value;

use super::super::{
    bounds,
    record::{add_id, is_cve, severity_vector, severity_word},
    tree,
};
use crate::advisory::{Advisory, SeverityStatement};

/// A publisher, known by how its ids begin.
pub(super) struct Publisher {
    prefix: &'static str,
    /// The name of the feed.
    pub(super) feed: &'static str,
    /// Whose word its severities are.
    pub(super) by: &'static str,
    /// Whether a record is an erratum of a distribution, which may fix several
    /// vulnerabilities at once.
    pub(super) erratum: bool,
    /// Whether it is a bug fix or an enhancement: no vulnerability, unless it names some.
    pub(super) routine: bool,
}

const fn publisher(
    prefix: &'static str,
    feed: &'static str,
    by: &'static str,
    kind: u8,
) -> Publisher {
    Publisher {
        prefix,
        feed,
        by,
        erratum: kind > 0,
        routine: kind > 1,
    }
}

const PUBLISHERS: [Publisher; 43] = [
    publisher("ALBA-", "osv-almalinux", "almalinux", 2),
    publisher("ALEA-", "osv-almalinux", "almalinux", 2),
    publisher("ALPINE-", "osv-alpine", "alpine", 0),
    publisher("ALSA-", "osv-almalinux", "almalinux", 1),
    publisher("ASB-", "osv-android", "android", 0),
    publisher("AZL-", "osv-azurelinux", "azurelinux", 0),
    publisher("BELL-", "osv-bellsoft", "bellsoft", 0),
    publisher("BIT-", "osv-bitnami", "bitnami", 0),
    publisher("CGA-", "osv-chainguard", "chainguard", 0),
    publisher("CURL-", "osv-curl", "curl", 0),
    publisher("DEBIAN-", "osv-debian", "debian", 0),
    publisher("DLA-", "osv-debian", "debian", 1),
    publisher("DSA-", "osv-debian", "debian", 1),
    publisher("DTSA-", "osv-debian", "debian", 1),
    publisher("ECHO-", "osv-echo", "echo", 0),
    publisher("EEF-", "osv-eef", "eef", 0),
    publisher("GHSA-", "osv-github", "github", 0),
    publisher("GO-", "osv-go", "go", 0),
    publisher("HSEC-", "osv-haskell", "haskell", 0),
    publisher("JLSEC-", "osv-julia", "julia", 0),
    publisher("LSN-", "osv-ubuntu", "ubuntu", 1),
    publisher("MAL-", "osv-malicious", "openssf", 0),
    publisher("MGASA-", "osv-mageia", "mageia", 1),
    publisher("MINI-", "osv-minimos", "minimos", 0),
    publisher("OESA-", "osv-openeuler", "openeuler", 1),
    publisher("PHSA-", "osv-photon", "photon", 1),
    publisher("PSF-", "osv-python", "python", 0),
    publisher("PYSEC-", "osv-pypi", "pypa", 0),
    publisher("RHBA-", "osv-redhat", "redhat", 2),
    publisher("RHEA-", "osv-redhat", "redhat", 2),
    publisher("RHSA-", "osv-redhat", "redhat", 1),
    publisher("RLBA-", "osv-rocky", "rocky", 2),
    publisher("RLEA-", "osv-rocky", "rocky", 2),
    publisher("RLSA-", "osv-rocky", "rocky", 1),
    publisher("ROOT-", "osv-root", "root", 0),
    publisher("RSEC-", "osv-cran", "rconsortium", 0),
    publisher("RUSTSEC-", "osv-rustsec", "rustsec", 0),
    publisher("RXSA-", "osv-rocky", "rocky", 1),
    publisher("SUSE-", "osv-suse", "suse", 1),
    publisher("UBUNTU-", "osv-ubuntu", "ubuntu", 0),
    publisher("USN-", "osv-ubuntu", "ubuntu", 1),
    publisher("V8-", "osv-v8", "v8", 0),
    publisher("openSUSE-", "osv-suse", "suse", 1),
];

/// For ids that none of them gives.
const OTHER: Publisher = publisher("", "osv", "osv", 0);

/// The publisher of a record.
pub(super) fn of(id: &str) -> &'static Publisher {
    PUBLISHERS
        .iter()
        .find(|publisher| id.starts_with(publisher.prefix))
        .unwrap_or(&OTHER)
}

impl Publisher {
    /// Other names, and what it is about.
    pub(super) fn names(&self, value: &Value, advisory: &mut Advisory) {
        let own = advisory.id.clone();
        let bare = |id: &str| match id.find("CVE-") {
            Some(at) if is_cve(id.get(at..).unwrap_or_default()) => {
                id.get(at..).unwrap_or_default().to_owned()
            }
            _ => id.to_owned(),
        };
        if self.erratum {
            for field in ["upstream", "related", "aliases"] {
                for id in tree::texts(value, field).take(bounds::IDS) {
                    if is_cve(&bare(id)) {
                        add_id(&mut advisory.about, &bare(id));
                    } else if field == "aliases" {
                        add_id(&mut advisory.aliases, id);
                    }
                }
            }
            return;
        }
        // `UBUNTU-CVE-2023-1234` is Ubuntu's record of that CVE.
        if bare(&own) != own {
            add_id(&mut advisory.aliases, &bare(&own));
        }
        for field in ["aliases", "upstream"] {
            for id in tree::texts(value, field).take(bounds::IDS) {
                if id.trim() != own {
                    add_id(&mut advisory.aliases, id);
                }
            }
        }
    }

    /// What is said of the severity, in the record and at its packages.
    pub(super) fn severities(&self, value: &Value, summary: &str) -> Vec<SeverityStatement> {
        let mut word = self.word(value, summary);
        let mut found: Vec<SeverityStatement> = Vec::new();
        let affected = tree::items(value, "affected").iter();
        for holder in std::iter::once(value).chain(affected) {
            for severity in tree::items(holder, "severity").iter().take(16) {
                let (kind, score) = (tree::text(severity, "type"), tree::text(severity, "score"));
                let statement = match kind {
                    _ if score.is_empty() => continue,
                    "CVSS_V2" | "CVSS_V3" | "CVSS_V4" => severity_vector(self.by, score, ""),
                    "Ubuntu" => severity_word("ubuntu", score),
                    _ => severity_word(&bounds::prose(kind, 40).to_lowercase(), score),
                };
                if !found.contains(&statement) && found.len() < 32 {
                    found.push(statement);
                }
            }
        }
        if found.iter().any(|statement| statement.word == word) {
            word.clear();
        }
        if !word.is_empty() {
            match found.iter_mut().find(|first| first.word.is_empty()) {
                Some(first) => *first = severity_vector(&first.by, &first.vector, &word),
                None => found.push(severity_word(self.by, &word)),
            }
        }
        found
    }

    /// The level in its own word, wherever it writes it.
    fn word(&self, value: &Value, summary: &str) -> String {
        let specific = value.get("database_specific");
        let stated = specific.map_or("", |specific| tree::text(specific, "severity"));
        let ubuntu = || {
            let first = tree::items(value, "affected").first()?;
            let specific = first.get("ecosystem_specific")?;
            Some(tree::text(specific, "ubuntu_priority"))
        };
        let word = match self.by {
            _ if !stated.is_empty() => stated,
            // `Important: gupnp security update`
            "almalinux" | "rocky" | "redhat" | "openeuler" => summary
                .split_once(':')
                .map(|(word, _)| word)
                .filter(|word| {
                    ["critical", "important", "moderate", "low"]
                        .contains(&word.to_lowercase().as_str())
                })
                .unwrap_or_default(),
            "ubuntu" => ubuntu().unwrap_or_default(),
            "openssf" => "malicious",
            _ => "",
        };
        bounds::prose(word, 40).to_lowercase()
    }
}
