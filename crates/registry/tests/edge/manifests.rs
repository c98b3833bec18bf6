//! Manifests, and images made of them.

use std::time::Duration;

use plimsoll_image::{
    Limits,
    source::{Blob, Blobs},
};
use plimsoll_model::image::{ImageForm, Platform};
use plimsoll_registry::{Client, Error};

use crate::{
    all, client, digest, noise, options, reference,
    server::{Asked, Reply, Server},
    soon,
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn manifest(config: &[u8], layers: &[&[u8]]) -> String {
    let part = |kind: &str, bytes: &[u8]| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{}","size":{}}}"#,
            digest(bytes),
            bytes.len()
        )
    };
    let layers: Vec<String> = layers.iter().map(|l| part("layer.v1.tar", l)).collect();
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}]}}"#,
        part("config.v1+json", config),
        layers.join(",")
    )
}

fn get(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Result<String, Error> {
    let server = Server::open(script);
    soon(|| client().manifest(&reference(&server.host(), "a/b:1"))).map(|m| m.media_type)
}

#[test]
fn what_goes_wrong_is_told_by_its_kind() {
    let check = |expect: &str, script: fn(&Asked) -> Reply| {
        let error = get(script).expect_err(expect).to_string();
        assert!(error.contains(expect), "{error}, not {expect}");
    };
    check("has no the image a/b:1", |_| Reply::status(404));
    check("forbids", |_| {
        Reply::Whole(
            403,
            Vec::new(),
            br#"{"errors":[{"code":"DENIED","message":"not\nyours"}]}"#.to_vec(),
        )
    });
    check("it says: notyours", |_| {
        Reply::Whole(
            403,
            Vec::new(),
            br#"{"errors":[{"code":"DENIED","message":"not\nyours"}]}"#.to_vec(),
        )
    });
    check("status 418", |_| Reply::status(418));
    check("status 500", |_| Reply::status(500));
    check("limits how often", |_| Reply::status(429));
    check("wait 3600 s", |_| {
        Reply::status(429).with("retry-after", "3600")
    });
    check("no manifest in JSON", |_| Reply::ok("<html>"));
    check("no manifest in JSON", |_| Reply::ok(""));
    check("no manifest in JSON", |_| Reply::ok("[".repeat(100_000)));
    check("has the digest", |_| {
        Reply::ok("{}").with(
            "docker-content-digest",
            format!("sha256:{}", "0".repeat(64)),
        )
    });
    check("schema 1", |_| {
        Reply::ok(r#"{"schemaVersion":1,"fsLayers":[]}"#)
    });
    check("schema 1", |_| {
        Reply::ok("{}").with(
            "content-type",
            "application/vnd.docker.distribution.manifest.v1+prettyjws; charset=utf-8",
        )
    });
    check("larger than", |_| {
        Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 1 << 20])
    });
    check("too slow", |_| Reply::Hang);
    check("too slow", |_| {
        let head = b"HTTP/1.1 200 OK\r\n".to_vec();
        Reply::Slow(
            head,
            b"x-slow: aaaaaaaaaaaaaaaaaaaaa".to_vec(),
            Duration::from_millis(100),
        )
    });
    check("too slow", |_| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n".to_vec();
        Reply::Slow(head, vec![b' '; 50], Duration::from_millis(100))
    });
    check("a head of more than", |_| {
        let head = format!("HTTP/1.1 200 OK\r\nx-huge: {}\r\n\r\n", "a".repeat(200_000));
        Reply::Raw(head.into_bytes())
    });
    check("no connection", |_| Reply::Raw(Vec::new()));
    check("127.0.0.1", |_| {
        Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())
    });
    check("ended too early", |_| {
        Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}".to_vec())
    });
    check("redirects", |_| {
        Reply::status(307).with("location", "/v2/again")
    });
    check("no URL", |_| {
        Reply::status(302).with("location", "file:///etc/passwd")
    });
}

#[test]
fn passing_failures_are_passed() {
    let server = Server::open(|asked| match asked.before {
        0 => Reply::status(429).with("retry-after", "0"),
        1 => Reply::status(502),
        2 => Reply::Raw(Vec::new()),
        _ => Reply::ok(manifest(b"{}", &[])),
    });
    let read = client().manifest(&reference(&server.host(), "a/b:1"));
    assert_eq!(read.expect("in the end").media_type, MANIFEST);
    assert_eq!(server.asked().len(), 4);
    // A time that is stated is waited.
    let server = Server::open(|asked| match asked.before {
        0 => Reply::status(503).with("retry-after", "1"),
        _ => Reply::ok(manifest(b"{}", &[])),
    });
    let begin = std::time::Instant::now();
    assert!(
        client()
            .manifest(&reference(&server.host(), "a/b:1"))
            .is_ok()
    );
    assert!(begin.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_manifest_by_digest_is_that_one() {
    let text = manifest(b"{}", &[]);
    let server = Server::open({
        let text = text.clone();
        move |_| Reply::ok(text.clone())
    });
    let asked = reference(&server.host(), "a/b:1");
    let right = asked.at(digest(text.as_bytes()));
    assert_eq!(
        client().manifest(&right).expect("it").bytes,
        text.as_bytes()
    );
    let wrong = asked.at(digest(b"other"));
    let error = client().manifest(&wrong).expect_err("not it");
    assert!(matches!(error, Error::WrongDigest { .. }), "{error}");
}

#[test]
fn an_image_is_chosen_by_its_platform_and_its_layers_are_read() {
    let config =
        br#"{"architecture":"arm64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let layer = noise(5000);
    let arm = manifest(config, &[&layer]);
    let amd = manifest(b"{}", &[]);
    let entry = |text: &str, arch: &str| {
        format!(
            r#"{{"mediaType":"{MANIFEST}","digest":"{}","size":{},"platform":{{"os":"linux","architecture":"{arch}"}}}}"#,
            digest(text.as_bytes()),
            text.len()
        )
    };
    let index = format!(
        r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{},{}]}}"#,
        entry(&amd, "amd64"),
        entry(&arm, "arm64")
    );
    let index_digest = digest(index.as_bytes());
    let things = [
        ("/v2/a/b/manifests/1".to_owned(), index.into_bytes()),
        (
            format!("/v2/a/b/manifests/{}", digest(arm.as_bytes())),
            arm.clone().into_bytes(),
        ),
        (format!("/v2/a/b/blobs/{}", digest(config)), config.to_vec()),
        (format!("/v2/a/b/blobs/{}", digest(&layer)), layer.clone()),
    ];
    let server = Server::open(move |asked| {
        let found = things.iter().find(|(path, _)| *path == asked.path);
        found.map_or_else(|| Reply::status(404), |(_, bytes)| Reply::ok(bytes.clone()))
    });
    let asked = reference(&server.host(), "a/b:1");
    let platform = Platform {
        os: "linux".to_owned(),
        arch: "arm64".to_owned(),
        ..Platform::default()
    };
    let limits = Limits::default();
    let (source, blobs) = client()
        .image(&asked, Some(&platform), &limits)
        .expect("an image");
    assert_eq!(source.form, ImageForm::Registry);
    assert_eq!(source.index, Some(index_digest));
    assert_eq!(source.manifest, Some(digest(arm.as_bytes())));
    assert_eq!(source.config, config);
    assert_eq!(source.other_platforms.len(), 1);
    match blobs.open(0).expect("a layer") {
        Blob::Stream(reader) => assert_eq!(all(reader), Ok(layer)),
        Blob::At(_) => panic!("a registry streams"),
    }
    assert!(blobs.open(1).is_err());
    let other = Platform {
        arch: "s390x".to_owned(),
        ..platform
    };
    let error = client()
        .image(&asked, Some(&other), &limits)
        .map(|_| ())
        .expect_err("not there");
    assert!(error.to_string().contains("s390x"), "{error}");
    // A document that is missing is the registry's error, not the index's.
    let error = client()
        .image(&asked, None, &limits)
        .map(|_| ())
        .expect_err("404");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
}

#[test]
fn mirrors_go_first_and_the_registry_is_asked_for_what_they_lack() {
    let text = manifest(b"{}", &[]);
    let good = Server::open({
        let text = text.clone();
        move |_| Reply::ok(text.clone())
    });
    let lacking = Server::open(|_| Reply::status(404));
    let lying = Server::open(|_| Reply::ok("{}"));
    let registry = Server::open({
        let text = text.clone();
        move |_| Reply::ok(text.clone())
    });
    let wanted = reference(&registry.host(), "a/b:1").at(digest(text.as_bytes()));
    let with = |mirrors: Vec<String>| {
        let mut options = options();
        options.mirrors.insert(registry.host(), mirrors);
        Client::new(options)
    };
    let pulled = with(vec![
        lacking.host(),
        lying.host(),
        format!("http://{}/hub", good.host()),
    ])
    .manifest(&wanted);
    assert!(pulled.is_ok());
    assert_eq!(registry.asked().len(), 0);
    assert!(
        good.asked()[0]
            .path
            .starts_with("/v2/hub/a/b/manifests/sha256:")
    );
    let pulled =
        with(vec![lacking.host(), lying.host(), "127.0.0.1:1".to_owned()]).manifest(&wanted);
    assert!(pulled.is_ok());
    assert_eq!(registry.asked().len(), 1);
    let error = with(vec!["ftp://x".to_owned()])
        .manifest(&wanted)
        .expect_err("no mirror");
    assert!(matches!(error, Error::Options(_)), "{error}");
}
