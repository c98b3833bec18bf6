//! Real registries: what was pushed is what is pulled.

use std::path::Path;

use plimsoll_image::{
    Limits,
    source::{Blob, Blobs},
};
use plimsoll_registry::{Client, Error, Options, auth::Credential};

use crate::{all, digest, noise, options, reference};

#[path = "../../../../tests/registry/harness.rs"]
mod harness;

use harness::{Kind, Registry};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A registry, or none when there is none on this machine.
fn registry(kind: Kind) -> Option<Registry> {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match Registry::start(kind, &repo) {
        Ok(registry) => Some(registry),
        Err(why) => {
            eprintln!("SKIPPED: {why}");
            None
        }
    }
}

/// Time enough for a real registry on a busy machine.
fn patient() -> Options {
    Options {
        timeouts: plimsoll_registry::http::options::Timeouts::default(),
        ..options()
    }
}

fn client(kind: Kind, host: &str) -> Client {
    let mut options = patient();
    if kind == Kind::Closed {
        options.credentials.insert(
            host.to_owned(),
            Credential::Password {
                username: "me".to_owned(),
                password: "secret".to_owned(),
            },
        );
    }
    Client::new(options)
}

fn part(media_type: &str, bytes: &[u8]) -> String {
    format!(
        r#"{{"mediaType":"{media_type}","digest":"{}","size":{}}}"#,
        digest(bytes),
        bytes.len()
    )
}

fn push(registry: &Registry, repository: &str, tags: &[&str]) -> (String, Vec<Vec<u8>>) {
    let config =
        br#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}"#;
    let layers = [noise(3_000_000), noise(10)];
    let blob = |bytes: &[u8]| {
        registry
            .push_blob(repository, &digest(bytes).to_string(), bytes)
            .expect("pushed");
    };
    blob(config);
    layers.iter().for_each(|layer| blob(layer));
    let parts: Vec<String> = layers
        .iter()
        .map(|layer| part("application/vnd.oci.image.layer.v1.tar", layer))
        .collect();
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","config":{},"layers":[{}]}}"#,
        part("application/vnd.oci.image.config.v1+json", config),
        parts.join(",")
    );
    for tag in tags {
        registry
            .push_manifest(repository, tag, MANIFEST, manifest.as_bytes())
            .expect("pushed");
    }
    (manifest, layers.to_vec())
}

fn pulls_what_was_pushed(kind: Kind) {
    let Some(registry) = registry(kind) else {
        return;
    };
    let (manifest, layers) = push(&registry, "team/app", &["1.0", "1.1", "latest"]);
    let client = client(kind, registry.host());
    let asked = reference(registry.host(), "team/app:1.0");
    let (source, blobs) = client
        .image(&asked, None, &Limits::default())
        .expect("an image");
    assert_eq!(source.manifest, Some(digest(manifest.as_bytes())));
    assert_eq!(source.layers.len(), 2);
    std::thread::scope(|scope| {
        for (index, layer) in layers.iter().enumerate() {
            let blobs = &blobs;
            scope.spawn(move || match blobs.open(index).expect("a layer") {
                Blob::Stream(reader) => assert_eq!(all(reader).as_ref(), Ok(layer)),
                Blob::At(_) => panic!("a registry streams"),
            });
        }
    });
    let mut verified = client.blob(&asked, &source.layers[0]).expect("a blob");
    assert_eq!(all(&mut verified).as_ref(), Ok(&layers[0]));
    let by_digest = client.manifest(&asked.at(digest(manifest.as_bytes())));
    assert_eq!(by_digest.expect("the same").bytes, manifest.as_bytes());
    let mut tags = client.tags(&asked).expect("tags").items;
    tags.sort();
    assert_eq!(tags, ["1.0", "1.1", "latest"]);
    let catalogue = client.catalogue(registry.host()).expect("a catalogue");
    assert_eq!(catalogue.items, ["team/app"]);
    let missing = client
        .manifest(&asked.tagged("none").expect("a tag"))
        .expect_err("no such tag");
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
    let missing = client
        .tags(&reference(registry.host(), "none"))
        .map(|listing| listing.items)
        .expect_err("no such repository");
    assert!(matches!(missing, Error::NotFound { .. }), "{missing}");
}

#[test]
fn crane_gives_what_it_was_given() {
    pulls_what_was_pushed(Kind::Crane);
}

#[test]
fn the_distribution_registry_gives_what_it_was_given() {
    pulls_what_was_pushed(Kind::Distribution);
}

#[test]
fn a_closed_registry_gives_to_those_who_know_its_password() {
    pulls_what_was_pushed(Kind::Closed);
    let Some(registry) = registry(Kind::Closed) else {
        return;
    };
    push(&registry, "team/app", &["1"]);
    let error = Client::new(patient())
        .manifest(&reference(registry.host(), "team/app:1"))
        .expect_err("no password");
    assert!(
        matches!(error, Error::Unauthorized { sent: false, .. }),
        "{error}"
    );
}

#[test]
fn referrers_are_found_with_the_api_and_without() {
    for kind in [Kind::Crane, Kind::Distribution] {
        let Some(registry) = registry(kind) else {
            continue;
        };
        let (manifest, _) = push(&registry, "team/app", &["1"]);
        let subject = digest(manifest.as_bytes());
        let (empty, sbom) = (&b"{}"[..], &br#"{"spdxVersion":"SPDX-2.3"}"#[..]);
        for bytes in [empty, sbom] {
            registry
                .push_blob("team/app", &digest(bytes).to_string(), bytes)
                .expect("pushed");
        }
        let artifact = format!(
            r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"application/spdx+json","config":{},"layers":[{}],"subject":{}}}"#,
            part("application/spdx+json", empty),
            part("application/spdx+json", sbom),
            part(MANIFEST, manifest.as_bytes())
        );
        let name = digest(artifact.as_bytes());
        registry
            .push_manifest("team/app", &name.to_string(), MANIFEST, artifact.as_bytes())
            .expect("pushed");
        if kind == Kind::Distribution {
            // Without the API it is the pusher who keeps the list.
            let index = format!(
                r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{{"mediaType":"{MANIFEST}","digest":"{name}","size":{},"artifactType":"application/spdx+json"}}]}}"#,
                artifact.len()
            );
            let tag = format!("sha256-{}", subject.hex());
            registry
                .push_manifest(
                    "team/app",
                    &tag,
                    "application/vnd.oci.image.index.v1+json",
                    index.as_bytes(),
                )
                .expect("pushed");
        }
        let client = client(kind, registry.host());
        let asked = reference(registry.host(), "team/app:1");
        let found = client.referrers(&asked, subject, None).expect("referrers");
        assert!(found.cut.is_none(), "{kind:?}");
        let digests: Vec<_> = found.items.iter().map(|r| r.descriptor.digest).collect();
        assert_eq!(digests, [name], "{kind:?}");
        let spdx = client.referrers(&asked, subject, Some("application/spdx+json"));
        assert_eq!(spdx.expect("one").items.len(), 1, "{kind:?}");
        let other = client.referrers(&asked, subject, Some("application/other"));
        assert!(other.expect("none").items.is_empty(), "{kind:?}");
    }
}
