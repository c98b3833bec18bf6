//! Any text as a Dockerfile, and advice for it: it is edited or the reason why not is given, and a
//! second edit changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_model::Vulnerability;
use plimsoll_vuln::advice::{
    Candidate, Facts, Manager, advise,
    dockerfile::{Options, edit},
};
use serde_json::json;

fn vulnerability(purl: &str, base: bool) -> Vulnerability {
    serde_json::from_value(json!({
        "vulnerability": "CVE-2023-1",
        "package": {"name": "a", "version": "1-r0", "purl": purl, "lineage": "pkg:apk/alpine/a"},
        "fixed": "1-r1",
        "state": "fixed",
        "severity": null,
        "source": {"feed": "fuzz", "record": "CVE-2023-1"},
        "fromBase": base,
    }))
    .expect("a vulnerability")
}

fuzz_target!(|text: &str| {
    let found = [
        vulnerability("pkg:apk/alpine/a@1-r0", true),
        vulnerability("pkg:apk/alpine/b@1-r0", false),
    ];
    let facts = Facts {
        base: Some("alpine:3.18".to_owned()),
        manager: Some(Manager::Apk),
        candidates: vec![Candidate {
            name: "alpine:3.19".to_owned(),
            ..Candidate::default()
        }],
    };
    let advice = advise(&found, &facts);
    let options = Options::default();
    let Ok(edited) = edit(text, &advice, &options) else {
        return;
    };
    let again = edit(&edited.text, &advice, &options).expect("it is a Dockerfile still");
    assert_eq!(again.text, edited.text);
});
