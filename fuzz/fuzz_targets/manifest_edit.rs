//! Any text and any operations: a plan is refused, or what it makes reads as the operations say
//! wherever no bytes are shared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_manifest::edit::{Op, apply, plan};
use plimsoll_manifest::{Document, FieldPath, Kind, Limits, Node, Source, load};
use serde_json::{Value, json};

fn first(text: &str) -> Option<Document> {
    let limits = Limits {
        max_nodes: 10_000,
        ..Limits::default()
    };
    let source = Source::new("fuzz.yaml", text.as_bytes().to_vec(), &limits).ok()?;
    load(&source, &limits).documents.into_iter().next()
}

/// A path that mostly exists, drawn from the bytes.
fn draw_path(root: Node<'_>, bytes: &mut impl Iterator<Item = u8>) -> FieldPath {
    let (mut node, mut path) = (root, FieldPath::new());
    for _ in 0..4 {
        let choice = bytes.next().unwrap_or_default() as usize;
        let next = match node.kind() {
            Kind::Mapping if node.len() > 0 && choice % 4 != 0 => node
                .entries()
                .nth(choice % node.len())
                .map(|(key, value)| (path.clone().key(key.text), value)),
            Kind::Sequence if node.len() > 0 => {
                let at = choice % node.len();
                node.at(at).map(|item| (path.clone().index(at), item))
            }
            Kind::Null | Kind::Mapping => return path.key(["x", "y.z", "no"][choice % 3]),
            _ => None,
        };
        let Some((deeper, child)) = next else { break };
        (path, node) = (deeper, child);
        if choice & 0x80 != 0 {
            break;
        }
    }
    path
}

fn draw_value(choice: u8) -> Value {
    match choice % 8 {
        0 => json!(true),
        1 => json!("x: y"),
        2 => json!({"a": [1, {"b": null}]}),
        3 => json!([]),
        4 => json!("two\nlines"),
        5 => json!({}),
        6 => json!(["a", "b"]),
        _ => json!(1.5),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((head, text)) = data.split_at_checked(16) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let text = format!("apiVersion: v1\nkind: A\n{text}");
    let Some(document) = first(&text) else { return };
    let mut bytes = head.iter().copied();
    let mut ops = Vec::new();
    for _ in 0..2 {
        let path = draw_path(document.root(), &mut bytes);
        let choice = bytes.next().unwrap_or_default();
        let value = draw_value(choice >> 3);
        ops.push(match choice % 3 {
            0 => Op::Set { path, value },
            1 => Op::Add { path, value },
            _ => Op::Remove { path },
        });
    }
    let Ok(planned) = plan(&document, &ops) else {
        return;
    };
    let edited = apply(&text, &planned.edits).expect("a plan fits its text");
    if planned.shared {
        return;
    }
    // The first operation alone leads to the document the second was planned on.
    let middle = plan(&document, &ops[..1]).expect("a part of a plan is a plan");
    let middle = apply(&text, &middle.edits).expect("a plan fits its text");
    let Some(middle) = first(&middle) else { return };
    if let Ok(second) = plan(&middle, &ops[1..]) {
        let twice = apply(middle.source().text(), &second.edits).expect("a plan fits its text");
        let (one, two) = (first(&edited), first(&twice));
        let json = |document: Option<Document>| document.map(|document| document.root().to_json());
        assert_eq!(json(one), json(two));
    }
});
