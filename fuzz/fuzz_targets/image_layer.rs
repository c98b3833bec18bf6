//! Any bytes as a layer: reading ends, tells what is wrong with a place, and gives the same
//! whether the bytes come once or can be read at any place.
#![no_main]

use std::{collections::BTreeMap, io::Cursor, sync::Arc};

use libfuzzer_sys::fuzz_target;
use plimsoll_image::{
    Digest, Limits,
    layer::analyze,
    source::{Blob, Descriptor, Silent},
};

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        layer_bytes: 16 << 20,
        ratio_from: 1 << 20,
        held_bytes: 1 << 20,
        entries: 1000,
        ..Limits::default()
    };
    let descriptor = Descriptor {
        media_type: String::new(),
        // Zeros alone stand for a digest that is not known, which is not compared.
        digest: Digest([1; 32]),
        size: data.len() as u64,
        urls: Vec::new(),
        annotations: BTreeMap::new(),
        platform: None,
    };
    let at = Blob::At(Arc::new(data.to_vec()));
    let stream = Blob::Stream(Box::new(Cursor::new(data.to_vec())));
    let [at, stream] = [at, stream].map(|blob| analyze(blob, &descriptor, 0, &limits, &Silent));
    assert_eq!(at.files.len(), stream.files.len());
    assert_eq!((at.size, at.diff_id), (stream.size, stream.diff_id));
    assert!(!at.diagnostics.is_empty(), "the digest is wrong at least");
    assert!(at.files.is_sorted_by(|a, b| a.0 < b.0));
    for (path, _) in &at.files {
        assert!(
            !path.is_empty() && !path.starts_with('/') && !path.split('/').any(|part| part == "..")
        );
    }
});
