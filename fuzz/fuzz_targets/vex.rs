//! Any bytes as a VEX document, laid on two vulnerabilities: none is lost, and what is written of
//! what was read can be read again. The same bytes as what a VEX repository says of itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_model::Vulnerability;
use plimsoll_vuln::vex::{self, Identity, repository};
use serde_json::json;

fn vulnerability(id: &str, purl: &str) -> Vulnerability {
    serde_json::from_value(json!({
        "vulnerability": id,
        "package": {"name": "a", "version": "1", "purl": purl, "lineage": purl},
        "state": "affected",
        "severity": null,
        "source": {"feed": "fuzz", "record": id},
    }))
    .expect("a vulnerability")
}

fuzz_target!(|data: &[u8]| {
    let _ = repository::Manifest::read("fuzz.json", data);
    if let Ok(index) = repository::Index::read("fuzz.json", data) {
        for path in index.documents() {
            assert!(!path.starts_with('/') && !path.split('/').any(|part| part == ".."));
        }
    }
    let Ok(document) = vex::read("fuzz.json", data) else {
        return;
    };
    for statement in &document.statements {
        if let Ok(text) = vex::write(
            &vex::Author {
                id: "https://example.com/vex".to_owned(),
                name: "A".to_owned(),
                role: String::new(),
                time: plimsoll_model::Timestamp::UNIX_EPOCH,
                version: 1,
            },
            std::slice::from_ref(statement),
        ) {
            vex::read("written.json", text.as_bytes()).expect("what is written can be read");
        }
    }
    let image = Identity {
        names: vec!["web:1".to_owned()],
        ..Identity::default()
    };
    let mut found = vec![
        vulnerability("CVE-2023-1", "pkg:npm/a@1"),
        vulnerability("CVE-2023-2", "pkg:deb/debian/b@1?arch=amd64"),
    ];
    let applied = vex::apply(&[document], &mut found, &image);
    assert_eq!((found.len(), applied.statuses.len()), (2, 2));
});
