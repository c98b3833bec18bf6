//! OpenVEX that is written, and what an image goes by in it.

use super::*;

#[test]
fn openvex_is_written_with_reasons_only_and_read_back() {
    let author = Author {
        id: "https://example.com/vex/web-1".to_owned(),
        name: "Example Ltd".to_owned(),
        role: String::new(),
        time: "2026-01-01T00:00:00Z".parse().expect("a time"),
        version: 1,
    };
    let mut found = vec![
        vulnerability("CVE-2023-2", "pkg:npm/b@1"),
        vulnerability("CVE-2023-1", "pkg:golang/example.com/lib@v1.0.0"),
        vulnerability("CVE-2023-3", "pkg:npm/c@1"),
    ];
    found[0].fixed = Some("2".to_owned());
    found[1].reachable.answer = Tristate::No;
    found[1].reachable.evidence = "no `lib.Decode` in usr/bin/app".to_owned();
    found[2].suppressed.push(plimsoll_model::Suppression {
        by: "c.json (C Ltd)".to_owned(),
        status: "not_affected".to_owned(),
        reason: "code_not_reachable: it is off".to_owned(),
        until: None,
    });
    let product = ProductName::parse("pkg:oci/web").expect("a product");
    let statements = draft(&found, &[product]);
    let text = write(&author, &statements).expect("reasons are given");
    let backwards: Vec<Statement> = statements.iter().rev().cloned().collect();
    assert_eq!(write(&author, &backwards).as_ref(), Ok(&text), "sorted");
    let document = read("web.json", text.as_bytes()).expect("OpenVEX");
    assert_eq!(document.skipped, []);
    let titles: Vec<String> = document.statements.iter().map(Statement::title).collect();
    assert_eq!(
        titles,
        [
            "CVE-2023-1 not_affected for pkg:golang/example.com/lib@v1.0.0 in pkg:oci/web",
            "CVE-2023-2 affected for pkg:npm/b@1 in pkg:oci/web",
            "CVE-2023-3 not_affected for pkg:npm/c@1 in pkg:oci/web",
        ]
    );
    assert_eq!(document.statements[1].text, "Upgrade b to 2.");
    assert_eq!(
        document.statements[2].reason(),
        "vulnerable_code_not_in_execute_path: So says c.json (C Ltd): it is off"
    );
    // What it rules out is ruled out again, and nothing else.
    for vulnerability in &mut found {
        vulnerability.suppressed.clear();
    }
    let image = Identity {
        names: vec!["docker.io/shop/web:1".to_owned()],
        ..Identity::default()
    };
    let applied = apply(&[document], &mut found, &image);
    assert_eq!(applied.suppressed, 2);
    assert!(!found[0].is_suppressed());
    assert_eq!(write(&author, &[]), Err(WriteError::Empty));
    let mut bare = statements[1].clone();
    bare.text = String::new();
    assert!(matches!(
        write(&author, &[bare]),
        Err(WriteError::Unjustified(_))
    ));
}

#[test]
fn an_image_is_named_by_its_digest_and_else_by_its_tag() {
    use plimsoll_model::{
        Digest,
        image::{Image, ImageForm, Platform},
    };
    let named = |image: &Image| -> Vec<String> {
        let names = product_of(image);
        // Whoever reads it back finds the image by it.
        if !names.is_empty() {
            let mut found = [vulnerability("CVE-2023-1", "pkg:npm/a@1")];
            found[0].reachable.answer = Tristate::No;
            found[0].reachable.evidence = "it is not there".to_owned();
            let mut document = Document::new(VexFormat::OpenVex, "x");
            document.statements = draft(&found, &names);
            apply(&[document], &mut found, &Identity::of(image));
            assert!(found[0].is_suppressed(), "{names:?}");
        }
        names.iter().map(ToString::to_string).collect()
    };
    let hex = "07".repeat(32);
    let mut image = Image {
        name: "localhost:5000/Shop/web:1".to_owned(),
        form: ImageForm::Registry,
        digest: Some(Digest([7; 32])),
        id: Some(Digest([9; 32])),
        platform: Platform {
            arch: "arm64".to_owned(),
            ..Platform::default()
        },
        ..Image::default()
    };
    assert_eq!(
        named(&image),
        [
            format!("pkg:oci/web@sha256%3A{hex}?arch=arm64&repository_url=localhost:5000/Shop/web"),
            format!("sha256:{hex}"),
        ]
    );
    // What `docker save` writes has a tag and the image's id.
    image.form = ImageForm::DockerArchive;
    image.name = "web.tar".to_owned();
    image.tags = vec!["shop/web:1".to_owned()];
    image.digest = None;
    assert_eq!(
        named(&image),
        [
            "pkg:oci/web?arch=arm64&repository_url=docker.io/shop/web&tag=1".to_owned(),
            format!("sha256:{}", "09".repeat(32)),
        ]
    );
    image.tags.clear();
    image.id = None;
    assert_eq!(named(&image), [] as [String; 0]);
}
