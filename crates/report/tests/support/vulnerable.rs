//! An image with vulnerabilities: exploited, without a fix, suppressed,
//! malicious.

use plimsoll_model::{
    AssetId, FindingId, FindingKind, ObjectRef, Severity, Subject,
    image::Image,
    wire::{CheckReport, FindingReport, FixReport, ScanReport, VulnerabilityReport},
};
use serde_json::{Value, json};

use super::shop;

const IMAGE: &str = "registry.example.com/shop/web:1";

fn object() -> ObjectRef {
    ObjectRef {
        api_version: "".into(),
        kind: "Image".into(),
        namespace: None,
        name: IMAGE.into(),
    }
}

fn package(name: &str, version: &str, path: &str) -> Value {
    json!({
        "package": {
            "name": name,
            "version": version,
            "purl": format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12"),
            "lineage": format!("pkg:deb/debian/{name}"),
            "source": { "name": name, "version": version },
        },
        "locations": [{
            "layer": 0,
            "diffId": format!("sha256:{}", "0a".repeat(32)),
            "path": path,
        }],
        "source": {
            "feed": "debian-security-tracker",
            "record": name,
            "date": "2026-11-01T00:00:00Z",
        },
        "state": "affected",
    })
}

/// A finding of what is written over what the package has.
fn finding(severity: Severity, mut base: Value, more: Value) -> FindingReport {
    let (Some(fields), Value::Object(more)) = (base.as_object_mut(), more) else {
        panic!("fields of a vulnerability");
    };
    fields.extend(more);
    let v: VulnerabilityReport = serde_json::from_value(base).expect("a vulnerability");
    let malware = v.vulnerability.starts_with("MAL-");
    let rule = if malware {
        "malicious-package"
    } else {
        "vulnerable-package"
    };
    let asset = AssetId::from_text(format!("image/{IMAGE}"));
    let subject = Subject {
        container: None,
        field: format!("{} {}", v.vulnerability, v.package.lineage).into(),
    };
    let path = v.locations[0].path.clone();
    let p = &v.package;
    let fixed = v.fixed.as_deref();
    let end = fixed.map_or("no fix is known".to_owned(), |f| format!("fixed in {f}"));
    FindingReport {
        id: FindingId::new(asset.as_str(), rule, &subject),
        kind: if malware {
            FindingKind::Malware
        } else {
            FindingKind::Vulnerability
        },
        control: rule.to_owned(),
        title: "No package has a known vulnerability".to_owned(),
        severity,
        asset,
        object: object(),
        container: None,
        file: format!("{IMAGE}!/{path}"),
        line: 0,
        column: 0,
        path,
        layer: None,
        observed: Some(format!("{} {}", p.name, p.version)),
        message: format!("{} {} has {}; {end}", p.name, p.version, v.vulnerability),
        also: Vec::new(),
        baselines: Vec::new(),
        fix: FixReport {
            summary: match fixed {
                Some(fixed) => format!("Upgrade {} to {fixed}", p.name),
                None => "Upgrade the package, or take it out.".to_owned(),
            },
            automatic: false,
            object: None,
            edits: Vec::new(),
            manifest: None,
            decision: None,
        },
        alternatives: Vec::new(),
        waived_by: v
            .suppressed
            .first()
            .map(|by| format!("{} (until 2027-01-31): {}", by.by, by.status)),
        excepted_by: None,
        first_seen: None,
        vulnerability: Some(Box::new(v)),
    }
}

/// The findings, worst first.
pub fn findings() -> Vec<FindingReport> {
    let dpkg = "var/lib/dpkg/status";
    let openssl = || package("openssl", "3.0.1-1", dpkg);
    let zlib = || package("zlib1g", "1:1.2.13", dpkg);
    let evil = package("evil-pad", "1.0.0", "app/package-lock.json");
    let mut list = vec![
        finding(
            Severity::Critical,
            openssl(),
            json!({
                "vulnerability": "CVE-2022-3602",
                "aliases": ["DSA-5300-1", "GHSA-8rwr-x37p-mx23"],
                "fixed": "3.0.7-1",
                "fixPublished": "2022-11-01",
                "state": "fixed",
                "severities": [
                    { "by": "debian", "word": "critical", "level": "critical" },
                    {
                        "by": "nvd",
                        "level": "high",
                        "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H",
                        "score": 7.5,
                    },
                ],
                "kev": {
                    "added": "2022-11-01",
                    "due": "2022-11-22",
                    "ransomware": true,
                    "name": "OpenSSL buffer overflow",
                },
                "epss": { "score": 0.944, "percentile": 0.998, "day": "2026-11-25" },
                "exploits": ["exploit-db:51234"],
                "priority": {
                    "level": "now",
                    "why": "At once: it is known to be exploited (CISA, due 2022-11-22), and an upgrade to 3.0.7-1 clears it.",
                },
                "reachable": { "answer": "yes", "evidence": "symbol ossl_punycode_decode" },
                "inUse": "yes",
                "otherSources": [{ "feed": "nvd", "record": "CVE-2022-3602" }],
                "summary": "X.509 e-mail address buffer overflow",
                "weaknesses": ["CWE-787"],
                "references": ["https://www.openssl.org/news/secadv/20221101.txt"],
                "notes": ["only 3.0 is affected"],
                "fromBase": true,
            }),
        ),
        finding(
            Severity::Critical,
            evil,
            json!({ "vulnerability": "MAL-2026-1", "summary": "sends environment variables away" }),
        ),
        finding(
            Severity::High,
            openssl(),
            json!({
                "vulnerability": "CVE-2023-0286",
                "fixed": "3.0.8-1",
                "fixNeeds": "Ubuntu Pro",
                "state": "fixed",
                "epss": { "score": 0.004, "percentile": 0.6 },
                "reachable": { "answer": "no", "evidence": "GENERAL_NAME_cmp is not in it" },
            }),
        ),
        finding(
            Severity::High,
            zlib(),
            json!({
                "vulnerability": "CVE-2023-45853",
                "state": "will-not-fix",
                "summary": "Heap overflow in zipOpenNewFileInZip4_64 of minizip, which is not built here but shipped as source, as a long sentence says that must be cut somewhere or wrapped",
            }),
        ),
    ];
    for (at, severity) in [
        (1, Severity::Medium),
        (2, Severity::Medium),
        (3, Severity::Low),
    ] {
        let id = format!("CVE-2024-000{at}");
        list.push(finding(
            severity,
            openssl(),
            json!({ "vulnerability": id, "fixed": "3.0.9-1", "state": "fixed" }),
        ));
    }
    list.push(finding(
        Severity::Low,
        zlib(),
        json!({
            "vulnerability": "CVE-2025-0001",
            "suppressed": [{
                "by": "vex/zlib.json",
                "status": "not_affected",
                "reason": "the code is not built",
                "until": "2027-01-31",
            }],
        }),
    ));
    list
}

/// The scan of the image.
pub fn scan() -> (ScanReport, Vec<FindingReport>) {
    let (mut header, others) = super::extremes::scan();
    let mut findings = findings();
    header.kind = "image".to_owned();
    header.images = vec![Image {
        name: IMAGE.to_owned(),
        ..Image::default()
    }];
    header.coverage.unmatched = 12;
    let other = others.into_iter().last().expect("the shop has findings");
    findings.push(FindingReport {
        object: object(),
        ..other
    });
    (header, findings)
}

/// A check with such findings beside others.
pub fn check() -> CheckReport {
    let mut report = shop();
    let mut findings = findings();
    for finding in &findings {
        *report.severities.entry(finding.severity).or_default() += 1;
    }
    let ids: Vec<FindingId> = findings.iter().map(|f| f.id).collect();
    for because in report
        .goals
        .iter_mut()
        .flat_map(|goal| &mut goal.assets)
        .take(1)
        .flat_map(|asset| &mut asset.because)
    {
        because.findings.extend(&ids);
    }
    report.findings.append(&mut findings);
    report
        .findings
        .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    report
}
