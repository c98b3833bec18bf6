//! Any bytes: reading them ends, within the limits, and every place lies within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_manifest::{Limits, Node, Source, load};

fn walk(node: Node<'_>) {
    let text = node.source().text();
    let span = node.span();
    assert!(
        span.start <= span.end && text.get(span.range()).is_some(),
        "{span:?}"
    );
    let place = node.place();
    assert!(place.line >= 1 && place.column >= 1);
    let _ = (
        node.as_bool(),
        node.as_i64(),
        node.as_f64(),
        node.scalar_text(),
        node.is_shared(),
    );
    for (key, value) in node.entries() {
        assert!(text.get(key.span.range()).is_some(), "{:?}", key.span);
        walk(value);
    }
    node.items().for_each(walk);
}

fuzz_target!(|data: &[u8]| {
    let limits = Limits {
        max_nodes: 10_000,
        ..Limits::default()
    };
    let Ok(source) = Source::new("fuzz.yaml", data.to_vec(), &limits) else {
        return;
    };
    let loaded = load(&source, &limits);
    for document in &loaded.documents {
        walk(document.root());
        let _ = document.root().content_hash();
        assert!(document.root().same(document.root()));
    }
    for error in &loaded.errors {
        assert!(!error.to_string().is_empty());
        assert!(
            source.text().get(error.span.range()).is_some(),
            "{:?}",
            error.span
        );
    }
});
