//! Any bytes under Plimsoll's API group: a resource is read or refused, at a place within the
//! text; what is read is written in a form that reads as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_manifest::{Limits, Source, load};
use plimsoll_model::resource::{Resource, is_resource, parse};

fn written(resource: &Resource) -> serde_json::Value {
    match resource {
        Resource::Goal(resource, _) => serde_json::to_value(&**resource),
        Resource::Class(resource, _) => serde_json::to_value(&**resource),
        Resource::Baseline(resource, _) => serde_json::to_value(&**resource),
        Resource::Exception(resource, _) => serde_json::to_value(&**resource),
    }
    .expect("a resource has a form in JSON")
}

/// The resources of a text, each refused one checked and left out.
fn read(text: &[u8]) -> Vec<Resource> {
    let limits = Limits {
        max_nodes: 10_000,
        ..Limits::default()
    };
    let Ok(source) = Source::new("fuzz.yaml", text.to_vec(), &limits) else {
        return Vec::new();
    };
    let loaded = load(&source, &limits);
    let mut found = Vec::new();
    for document in loaded.documents.iter().filter(|d| is_resource(d)) {
        match parse(document) {
            Ok(resource) => found.push(resource),
            Err(problem) => {
                assert!(!problem.message.is_empty());
                let span = problem.location.span;
                assert!(source.text().get(span.range()).is_some(), "{span:?}");
                assert!(problem.location.line >= 1 && problem.location.column >= 1);
            }
        }
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, body)) = data.split_first() else {
        return;
    };
    // Most bytes are no resource at all: with the head given, what follows decides.
    let kinds = ["PostureGoal", "AssetClass", "Baseline", "PostureException"];
    let text = match kinds.get(usize::from(*kind) % 8) {
        Some(kind) => {
            let mut text =
                format!("apiVersion: plimsoll.dev/v1alpha1\nkind: {kind}\n").into_bytes();
            text.extend_from_slice(body);
            text
        }
        None => data.to_vec(),
    };
    for resource in read(&text) {
        let json = written(&resource);
        let text = json.to_string();
        let again = read(text.as_bytes());
        let again: Vec<_> = again.iter().map(written).collect();
        assert_eq!(again, [json], "{text}");
    }
});
