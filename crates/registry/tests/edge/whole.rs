//! From a registry to what is in an image, with the cache between.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use plimsoll_image::{
    Limits,
    image::{Run, analyze},
    source::Silent,
};
use plimsoll_registry::DiskCache;

use crate::{
    client, digest, reference,
    server::{Reply, Server},
};

/// A tar of one file.
fn tar(path: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, text: &str| {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    put(0, path);
    put(100, "0000644\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{:011o}\0", content.len()));
    put(136, "00000000000\0");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512) + 1024, 0);
    bytes
}

#[test]
fn an_image_is_read_once_and_a_broken_reading_is_not_kept() {
    let release = b"ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME=\"Alpine Linux v3.20\"\n";
    let layer = tar("etc/os-release", release);
    let config = format!(
        r#"{{"architecture":"amd64","os":"linux","config":{{}},"rootfs":{{"type":"layers","diff_ids":["{}"]}},"history":[{{"created_by":"COPY . /"}}]}}"#,
        digest(&layer)
    );
    let part = |kind: &str, bytes: &[u8]| {
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{}","size":{}}}"#,
            digest(bytes),
            bytes.len()
        )
    };
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}}"#,
        part("config.v1+json", config.as_bytes()),
        part("layer.v1.tar", &layer)
    );
    let layer_path = format!("/v2/a/b/blobs/{}", digest(&layer));
    let config_path = format!("/v2/a/b/blobs/{}", digest(config.as_bytes()));
    let is_broken = Arc::new(AtomicBool::new(true));
    let (broken, asked_path) = (is_broken.clone(), layer_path.clone());
    let server = Server::open(move |asked| {
        if asked.path == asked_path {
            let cut = if broken.load(Ordering::Relaxed) {
                700
            } else {
                layer.len()
            };
            let mut bytes =
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", layer.len()).into_bytes();
            bytes.extend_from_slice(&layer[..cut]);
            Reply::Raw(bytes)
        } else if asked.path == config_path {
            Reply::ok(config.clone())
        } else {
            Reply::ok(manifest.clone())
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let cache = DiskCache::new(folder.path().join("layers"), 1 << 20);
    let limits = Limits::default();
    let read = || {
        let (source, blobs) = client()
            .image(&reference(&server.host(), "a/b:1"), None, &limits)
            .expect("an image");
        let run = Run {
            cache: &cache,
            limits: &limits,
            progress: &Silent,
        };
        analyze(&source, &blobs, &run).image
    };
    let image = read();
    assert!(!image.is_complete(), "{:?}", image.gaps);
    assert_eq!(cache.info().expect("read").layers.entries, 0);
    is_broken.store(false, Ordering::Relaxed);
    let image = read();
    assert!(image.is_complete(), "{:?}", image.gaps);
    assert_eq!(
        image.release.as_ref().map(|release| release.id.as_str()),
        Some("alpine")
    );
    assert_eq!(cache.info().expect("read").layers.entries, 1);
    let before = server
        .asked()
        .iter()
        .filter(|a| a.path == layer_path)
        .count();
    assert_eq!(read(), image);
    let after = server
        .asked()
        .iter()
        .filter(|a| a.path == layer_path)
        .count();
    assert_eq!(before, after, "the layer comes from the cache");
}
