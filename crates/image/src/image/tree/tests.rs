use proptest::prelude::*;

use super::*;
use crate::testing::layer;

/// What is there in the end, as `path@layer`, folders with a slash.
fn seen(layers: &[LayerAnalysis]) -> Vec<String> {
    let tree = Tree::new(layers.iter().collect());
    tree.visible()
        .into_iter()
        .map(|(path, id)| {
            let slash = match tree.record(id).kind {
                FileKind::Directory => "/",
                _ => "",
            };
            format!("{path}{slash}@{}", id.layer)
        })
        .collect()
}

#[test]
fn layers_go_over_each_other() {
    let check = |layers: &[&[&str]], expect: &[&str]| {
        let layers: Vec<LayerAnalysis> = layers.iter().map(|entries| layer(entries)).collect();
        assert_eq!(seen(&layers), expect, "{layers:?}");
    };
    // Replaced, added, kept.
    check(&[&["a", "b"], &["b", "c"]], &["a@0", "b@1", "c@1"]);
    // A whiteout takes a file, a folder with all in it, and nothing beside it.
    check(&[&["a", "b"], &["!a"]], &["b@0"]);
    check(
        &[&["d/", "d/x", "d/y/", "d/y/z", "d-e", "da", "d.f"], &["!d"]],
        &["d-e@0", "d.f@0", "da@0"],
    );
    // A whiteout of a folder that has no entry of its own.
    check(&[&["d/x", "e"], &["!d"]], &["e@0"]);
    // Whiteouts are about the layers below, wherever they stand.
    check(&[&["a"], &["!a", "a"]], &["a@1"]);
    check(&[&["a", "!a"]], &["a@0"]);
    check(&[&["a"], &["!a"], &["a"]], &["a@2"]);
    // A whiteout of nothing.
    check(&[&["a"], &["!b", "!a/b"]], &["a@0"]);
    // An opaque folder hides what was in it; its own stays.
    check(
        &[&["d/", "d/x", "d/s/", "d/s/y", "e"], &["d/", "d/z", "*d"]],
        &["d/@1", "d/z@1", "e@0"],
    );
    check(&[&["a", "d/", "d/x"], &["*", "b"]], &["b@1"]);
    // A file in place of a folder, and the other way round.
    check(&[&["d/", "d/x", "d0"], &["d"]], &["d@1", "d0@0"]);
    check(&[&["d/x"], &["d"]], &["d@1"]);
    check(&[&["d"], &["d/", "d/x"]], &["d/@1", "d/x@1"]);
    check(&[&["d"], &["d/x"]], &["d/x@1"]);
    check(
        &[&["d/", "d/x"], &["d"], &["d/", "d/y"]],
        &["d/@2", "d/y@2"],
    );
    // A folder keeps what is in it.
    check(
        &[&["d/", "d/x"], &["d/", "d/y"]],
        &["d/@1", "d/x@0", "d/y@1"],
    );
}

#[test]
fn entries_below_a_link_land_where_it_leads() {
    let check = |layers: &[&[&str]], expect: &[&str]| {
        let layers: Vec<LayerAnalysis> = layers.iter().map(|entries| layer(entries)).collect();
        assert_eq!(seen(&layers), expect, "{layers:?}");
    };
    check(
        &[
            &["lib>usr/lib", "usr/", "usr/lib/", "usr/lib/a"],
            &["lib/b"],
        ],
        &[
            "lib@0",
            "usr/@0",
            "usr/lib/@0",
            "usr/lib/a@0",
            "usr/lib/b@1",
        ],
    );
    // Replaced through the link; a folder of its own replaces the link.
    check(
        &[&["lib>usr/lib", "usr/lib/", "usr/lib/a"], &["lib/a"]],
        &["lib@0", "usr/lib/@0", "usr/lib/a@1"],
    );
    check(
        &[
            &["lib>usr/lib", "usr/lib/", "usr/lib/a"],
            &["lib/", "lib/a"],
        ],
        &["lib/@1", "lib/a@1", "usr/lib/@0", "usr/lib/a@0"],
    );
    // In one layer, absolute, relative with dots, out of the root.
    check(&[&["a>/b", "a/x", "b/"]], &["a@0", "b/@0", "b/x@0"]);
    check(&[&["d/", "d/a>../b", "d/a/x"]], &["b/x@0", "d/@0", "d/a@0"]);
    check(&[&["a>../../../b", "a/x"]], &["a@0", "b/x@0"]);
    // Two names of one place in one layer: the real one stays.
    check(&[&["a>b", "a/x", "b/x"]], &["a@0", "b/x@0"]);
    // Links that go round are replaced by what needs a folder there.
    check(&[&["a>b", "b>a"], &["a/x"]], &["a/x@1", "b@0"]);
    check(&[&["a>a", "a/x"]], &["a@0", "a/x@0"]);
}

#[test]
fn hard_links_keep_what_they_link_to() {
    // `a` is taken away, but its bytes are there as `b`.
    let layers = [layer(&["a", "b=a"]), layer(&["!a"]), layer(&["!b"])];
    let removed = |count: usize| {
        let tree = Tree::new(layers[..count].iter().collect());
        let id = tree.find_in(0, "a").expect("it is there");
        (tree.hidden_by(id), tree.removed_by(id))
    };
    assert_eq!(removed(1), (None, None));
    assert_eq!(removed(2), (Some(1), None));
    assert_eq!(removed(3), (Some(1), Some(2)));
    // A link to a file of a layer below; a link to a link.
    let layers = [layer(&["a"]), layer(&["b=a", "c=b", "!a"])];
    let tree = Tree::new(layers.iter().collect());
    let a = tree.find_in(0, "a").expect("it is there");
    let c = tree.get("c").expect("it is there");
    assert_eq!(tree.links_to(a).len(), 2);
    assert_eq!(tree.removed_by(a), None);
    assert_eq!(tree.content(c).size, tree.record(a).size);
    // To itself, in a circle, to nothing.
    let layers = [layer(&["a=a", "b=c", "c=b", "d=e"])];
    let tree = Tree::new(layers.iter().collect());
    assert_eq!(tree.visible().len(), 4);
}

#[test]
fn paths_are_found_through_links() {
    let layers = [layer(&[
        "lib>usr/lib",
        "usr/",
        "usr/lib/",
        "usr/lib/a",
        "var/run>/run",
        "run/x",
        "loop>loop",
    ])];
    let tree = Tree::new(layers.iter().collect());
    let check = |path: &str, expect: Option<&str>| {
        assert_eq!(tree.find(path).map(|id| tree.path(id)), expect, "{path}");
    };
    check("lib/a", Some("usr/lib/a"));
    check("usr/lib/a", Some("usr/lib/a"));
    check("var/run/x", Some("run/x"));
    check("lib", Some("lib"));
    check("lib/none", None);
    check("loop/x", None);
    check("", None);
}

/// Puts layers over each other as it is written in the specification, one path
/// at a time, without any index. Knows no links.
fn plainly(layers: &[LayerAnalysis]) -> Vec<String> {
    let mut state: Vec<(String, bool, usize)> = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        for path in &layer.opaque {
            state.retain(|(p, ..)| !is_under(p, path));
        }
        for path in &layer.whiteouts {
            state.retain(|(p, ..)| p != path && !is_under(p, path));
        }
        for (path, record) in &layer.files {
            let folder = record.kind == FileKind::Directory;
            state.retain(|(p, is_folder, from)| {
                p != path
                    && (folder || *from == at || !is_under(p, path))
                    && (*is_folder || *from == at || !is_under(path, p))
            });
            state.push((path.clone(), folder, at));
        }
    }
    state.sort();
    state
        .into_iter()
        .map(|(path, folder, at)| format!("{path}{}@{at}", if folder { "/" } else { "" }))
        .collect()
}

fn entry() -> impl Strategy<Value = String> {
    (
        prop::sample::select(vec!["", "!", "*"]),
        prop::collection::vec(prop::sample::select(vec!["a", "b", "a-", "a0"]), 1..4),
        prop::sample::select(vec!["", "/"]),
    )
        .prop_map(|(mark, parts, slash)| match mark {
            "" => format!("{}{slash}", parts.join("/")),
            _ => format!("{mark}{}", parts.join("/")),
        })
}

proptest! {
    #[test]
    fn it_is_as_the_specification_says(
        layers in prop::collection::vec(prop::collection::vec(entry(), 0..8), 1..5)
    ) {
        let layers: Vec<LayerAnalysis> = layers
            .iter()
            .map(|entries| layer(&entries.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        // A layer in which a file has something below it can't be unpacked.
        prop_assume!(layers.iter().all(|layer| {
            layer.files.iter().all(|(path, record)| {
                record.kind == FileKind::Directory
                    || !layer.files.iter().any(|(other, _)| is_under(other, path))
            })
        }));
        prop_assert_eq!(seen(&layers), plainly(&layers));
    }

    #[test]
    fn following_ends(links in prop::collection::vec(("[a-c]", "[a-c/.]{1,6}"), 0..6), path in "[a-c/.]{1,12}") {
        let kinds: Vec<(String, FileKind)> = links
            .into_iter()
            .map(|(from, to)| (from, FileKind::Symlink(to)))
            .collect();
        let real = follow(&path, |p| kinds.iter().find(|(from, _)| from == p).map(|(_, kind)| kind));
        if let Some(real) = real {
            prop_assert!(!real.starts_with('/') && real.split('/').all(|part| part != ".."));
        }
    }
}
