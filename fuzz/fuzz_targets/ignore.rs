//! Any bytes as an ignore file; the first byte says of which form. Nothing is lost from the list,
//! and each suppression says which line makes it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_model::Vulnerability;
use plimsoll_vuln::ignore;
use serde_json::json;

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let name = if first % 2 == 0 {
        "fuzz.yaml"
    } else {
        ".trivyignore"
    };
    let Ok(file) = ignore::read(name, rest) else {
        return;
    };
    let vulnerability = json!({
        "vulnerability": "CVE-2023-1",
        "package": {
            "name": "a", "version": "1", "purl": "pkg:npm/a@1", "lineage": "pkg:npm/a",
        },
        "locations": [{"layer": 0, "path": "app/package-lock.json"}],
        "state": "affected",
        "severity": null,
        "source": {"feed": "fuzz", "record": "CVE-2023-1"},
    });
    let mut found: Vec<Vulnerability> =
        vec![serde_json::from_value(vulnerability).expect("a vulnerability")];
    let today = plimsoll_model::time::date_of(plimsoll_model::Timestamp::UNIX_EPOCH);
    let _ = ignore::apply(&[file], &mut found, &[], today);
    assert_eq!(found.len(), 1);
    assert!(found[0].suppressed.iter().all(|by| by.by.starts_with(name)));
});
