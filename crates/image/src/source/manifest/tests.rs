use proptest::prelude::*;

use super::*;

fn hex(byte: &str) -> String {
    format!("sha256:{}", byte.repeat(32))
}

fn manifest(extra: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,{extra}
            "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":7}},
            "layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{}","size":9}}]}}"#,
        hex("aa"),
        hex("bb")
    )
}

#[test]
fn manifests_and_indexes_are_told_apart() {
    let limits = Limits::default();
    for media_type in [
        "",
        "\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",",
        "\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\",",
    ] {
        match parse(manifest(media_type).as_bytes(), &limits).expect("a manifest") {
            Document::Manifest(manifest) => {
                assert_eq!(manifest.config.digest, Digest([0xaa; 32]));
                assert_eq!(manifest.layers[0].size, 9);
                manifest.must_be_image().expect("an image");
            }
            Document::Index(_) => panic!("no index"),
        }
    }
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":1,
            "platform":{{"os":"linux","architecture":"arm","variant":"v7"}},"annotations":{{"a":"b"}}}}]}}"#,
        hex("cc")
    );
    match parse(index.as_bytes(), &limits).expect("an index") {
        Document::Index(index) => {
            let entry = &index.manifests[0].descriptor;
            assert_eq!(
                entry.platform.clone().unwrap_or_default().to_string(),
                "linux/arm/v7"
            );
            assert_eq!(entry.annotations["a"], "b");
        }
        Document::Manifest(_) => panic!("an index"),
    }
}

#[test]
fn what_can_not_be_relied_on_is_refused_by_name() {
    let check = |text: &str, expect: &str| {
        let error = parse(text.as_bytes(), &Limits::default()).expect_err(text);
        assert!(error.to_string().contains(expect), "{error} / {expect}");
    };
    check("", "no JSON");
    check("[]", "no JSON");
    check("{}", "no `config`");
    check(r#"{"schemaVersion":3}"#, "schemaVersion 3");
    check(
        r#"{"schemaVersion":1,"fsLayers":[{"blobSum":"x"}],"history":[],"signatures":[]}"#,
        "schema 1",
    );
    check(r#"{"schemaVersion":1,"config":"odd"}"#, "schema 1");
    check(
        r#"{"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"}"#,
        "schema 1",
    );
    check(r#"{"mediaType":"text/html"}"#, "`text/html`");
    check(r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#, "both");
    check(
        &format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}"}}"#),
        "no `manifests`",
    );
    check(
        &manifest("").replace(&hex("bb"), "sha512:aabb"),
        "layers[0].digest: `sha512:aabb`",
    );
    check(
        &manifest("").replace(&hex("bb"), "sha256:aabb"),
        "layers[0].digest",
    );
    check(&manifest("").replace(&hex("aa"), ""), "config.digest");
    check(&manifest("").replace(":9", ":-9"), "layers[0].size is -9");
    let layer = format!(r#"{{"digest":"{}","size":1}},"#, hex("bb"));
    let many = manifest("").replace(
        "\"layers\":[",
        &format!("\"layers\":[{}", layer.repeat(600)),
    );
    check(&many, "601 layers; at most 512");
}

#[test]
fn artifacts_are_no_images() {
    let check = |from: &str, to: &str, expect: &str| {
        let text = manifest("").replace(from, to);
        match parse(text.as_bytes(), &Limits::default()).expect("a manifest") {
            Document::Manifest(manifest) => {
                let error = manifest.must_be_image().expect_err("no image");
                assert!(error.to_string().contains(expect), "{error}");
            }
            Document::Index(_) => panic!("no index"),
        }
    };
    check(
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.cncf.helm.config.v1+json",
        "vnd.cncf.helm.config",
    );
    check(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.in-toto+json",
        "in-toto",
    );
}

/// Documents by digest, and how often one was asked for.
#[derive(Default)]
struct Documents(BTreeMap<Digest, Vec<u8>>);

impl Documents {
    fn put(&mut self, bytes: impl Into<Vec<u8>>) -> (Digest, usize) {
        use sha2::Digest as _;
        let bytes = bytes.into();
        let digest = Digest(sha2::Sha256::digest(&bytes).into());
        let size = bytes.len();
        self.0.insert(digest, bytes);
        (digest, size)
    }

    fn image(&mut self, arch: &str) -> (Digest, usize) {
        let (config, size) = self.put(format!(r#"{{"os":"linux","architecture":"{arch}"}}"#));
        self.put(format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}",
                "config":{{"digest":"{config}","size":{size}}},"layers":[],"annotations":{{"of":"manifest"}}}}"#
        ))
    }

    fn resolve(
        &self,
        bytes: &[u8],
        wanted: Option<&str>,
    ) -> Result<Resolved, crate::source::SourceError> {
        let wanted = wanted.map(|arch| Platform {
            os: "linux".to_owned(),
            arch: arch.to_owned(),
            ..Platform::default()
        });
        resolve(
            bytes,
            wanted.as_ref(),
            &mut |descriptor| {
                self.0
                    .get(&descriptor.digest)
                    .cloned()
                    .ok_or_else(|| std::io::ErrorKind::NotFound.into())
            },
            &Limits::default(),
        )
    }
}

fn entry(media_type: &str, (digest, size): (Digest, usize), arch: &str) -> String {
    let (os, arch) = if arch == "unknown" {
        ("unknown", arch)
    } else {
        ("linux", arch)
    };
    format!(
        r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size},
            "annotations":{{"of":"entry","index":"yes"}},
            "platform":{{"os":"{os}","architecture":"{arch}"}}}}"#
    )
}

fn index(entries: &[String]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#,
        entries.join(",")
    )
}

#[test]
fn an_image_is_found_through_nested_indexes() {
    let mut documents = Documents::default();
    let amd = documents.image("amd64");
    let arm = documents.image("arm64");
    let proof = documents.image("unknown");
    let inner = documents.put(index(&[entry(OCI_MANIFEST, arm, "arm64")]));
    let outer = index(&[
        entry(OCI_MANIFEST, amd, "amd64"),
        entry(OCI_MANIFEST, proof, "unknown"),
        entry(OCI_INDEX, inner, "arm64"),
    ]);
    let resolved = documents.resolve(outer.as_bytes(), None).expect("amd64");
    assert_eq!(resolved.digest, amd.0);
    assert!(resolved.index.is_some());
    let others: Vec<String> = resolved
        .other_platforms
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(others, ["linux/arm64"]);
    assert_eq!(resolved.annotations["of"], "manifest");
    assert_eq!(resolved.annotations["index"], "yes");
    let resolved = documents
        .resolve(outer.as_bytes(), Some("arm64"))
        .expect("arm64");
    assert_eq!(resolved.digest, arm.0);
    let error = documents
        .resolve(outer.as_bytes(), Some("s390x"))
        .expect_err("none");
    assert!(
        error.to_string().contains("linux/amd64, linux/arm64"),
        "{error}"
    );
}

#[test]
fn a_manifest_alone_is_checked_against_the_platform_asked_for() {
    let mut documents = Documents::default();
    let (digest, _) = documents.image("arm64");
    let bytes = documents.0[&digest].clone();
    assert_eq!(documents.resolve(&bytes, None).expect("any").index, None);
    assert!(documents.resolve(&bytes, Some("arm64")).is_ok());
    let error = documents.resolve(&bytes, Some("amd64")).expect_err("other");
    assert!(
        error.to_string().contains("there is linux/arm64"),
        "{error}"
    );
}

#[test]
fn endless_and_wrong_references_end() {
    let mut documents = Documents::default();
    let image = documents.image("amd64");
    // Deeper than is followed.
    let mut inner = documents.put(index(&[entry(OCI_MANIFEST, image, "amd64")]));
    for _ in 0..5 {
        inner = documents.put(index(&[entry(OCI_INDEX, inner, "amd64")]));
    }
    let bytes = documents.0[&inner.0].clone();
    let error = documents.resolve(&bytes, None).expect_err("deep");
    assert!(error.to_string().contains("indexes"), "{error}");
    // Wider than is followed.
    let leaf = documents.put(index(&[entry(OCI_MANIFEST, image, "amd64")]));
    let wide: Vec<String> = (0..100).map(|_| entry(OCI_INDEX, leaf, "amd64")).collect();
    assert!(documents.resolve(index(&wide).as_bytes(), None).is_err());
    // An index that says it is a manifest.
    let lie = index(&[entry(OCI_MANIFEST, leaf, "amd64")]);
    assert!(documents.resolve(lie.as_bytes(), None).is_err());
    // Not what its digest says; not there.
    let text = index(&[entry(OCI_MANIFEST, image, "amd64")]);
    documents.0.insert(image.0, b"{}".to_vec());
    let error = documents.resolve(text.as_bytes(), None).expect_err("wrong");
    assert!(
        error.to_string().contains("not what its digest says"),
        "{error}"
    );
    documents.0.remove(&image.0);
    let error = documents
        .resolve(text.as_bytes(), None)
        .expect_err("missing");
    assert!(error.to_string().contains(&image.0.to_string()), "{error}");
    // Larger than is read.
    let large = index(&[entry(OCI_MANIFEST, (image.0, 1 << 40), "amd64")]);
    let error = documents
        .resolve(large.as_bytes(), None)
        .expect_err("large");
    assert!(error.to_string().contains("at most"), "{error}");
}

proptest! {
    #[test]
    fn it_never_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, &Limits::default());
    }

    #[test]
    fn it_never_panics_on_cut_documents(at in 0usize..400) {
        let text = manifest("");
        let _ = parse(&text.as_bytes()[..at.min(text.len())], &Limits::default());
    }
}
