//! Documents in attestations.

use super::*;

#[test]
fn a_document_in_an_attestation_is_about_what_that_is_about() {
    use base64::{Engine as _, engine::general_purpose};
    let hex = "07".repeat(32);
    let statement = |predicate: Value| {
        json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": "https://openvex.dev/ns/v0.2.0",
            "subject": [{"name": "registry.example.com/shop/web", "digest": {"sha256": hex}}],
            "predicate": predicate,
        })
    };
    let vex = json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex/1",
        "author": "Example Ltd",
        "timestamp": "2026-11-21T00:00:00Z",
        "version": 1,
        "statements": [{
            "vulnerability": {"name": "CVE-2023-1"},
            "status": "not_affected",
            "justification": "component_not_present",
        }],
    });
    let whole = statement(vex).to_string();
    let envelope = |payload: String| {
        json!({
            "payloadType": "application/vnd.in-toto+json",
            "payload": payload,
            "signatures": [{"keyid": "", "sig": "MEUC"}],
        })
    };
    let standard = general_purpose::STANDARD.encode(&whole);
    let url = general_purpose::URL_SAFE_NO_PAD.encode(&whole);
    let forms = [
        whole.clone(),
        envelope(standard.clone()).to_string(),
        envelope(url).to_string(),
        json!({"mediaType": "x", "dsseEnvelope": envelope(standard)}).to_string(),
    ];
    for form in forms {
        let document = read("web.json", form.as_bytes()).expect("VEX");
        assert_eq!(document.subjects, [format!("sha256:{hex}")]);
        assert_eq!(
            document.by(),
            "web.json (Example Ltd; signature not verified)"
        );
        let mut found = [vulnerability("CVE-2023-1", "pkg:npm/a@1")];
        let mut image = Identity {
            digests: vec![format!("sha256:{hex}")],
            ..Identity::default()
        };
        apply(std::slice::from_ref(&document), &mut found, &image);
        assert!(found[0].is_suppressed());
        // Another image is not what it is about.
        found[0].suppressed.clear();
        image.digests = vec![format!("sha256:{}", "08".repeat(32))];
        apply(&[document], &mut found, &image);
        assert!(!found[0].is_suppressed());
    }
    let refused = |text: String| {
        read("web.json", text.as_bytes())
            .expect_err("refused")
            .to_string()
    };
    let mut provenance = statement(json!({"buildType": "x"}));
    provenance["predicateType"] = json!("https://slsa.dev/provenance/v1");
    assert_eq!(
        refused(provenance.to_string()),
        "web.json: it attests `https://slsa.dev/provenance/v1`, which is no VEX"
    );
    assert_eq!(
        refused(envelope("%".to_owned()).to_string()),
        "web.json: the payload of the envelope is no base64"
    );
    assert_eq!(
        refused(envelope("e30=".to_owned()).to_string()),
        "web.json: the envelope holds no in-toto statement"
    );
}
