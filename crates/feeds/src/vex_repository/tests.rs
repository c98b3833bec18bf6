use std::io::Write as _;

use plimsoll_vuln::vex::{Status, repository::key};

use super::*;

fn vex(id: &str, product: &str) -> String {
    serde_json::json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.com/vex",
        "author": "Example Ltd",
        "timestamp": "2026-11-21T00:00:00Z",
        "version": 1,
        "statements": [{
            "vulnerability": {"name": id},
            "products": [{"@id": product}],
            "status": "not_affected",
            "justification": "component_not_present",
        }],
    })
    .to_string()
}

/// The files of a repository, by path.
fn repository() -> Vec<(String, String)> {
    let index = serde_json::json!({
        "updated_at": "2026-11-20T00:00:00Z",
        "packages": [
            {"id": "pkg:npm/a", "location": "pkg/npm/a/vex.json"},
            {"id": "pkg:npm/b", "location": "pkg/npm/a/vex.json"},
            {"id": "pkg:npm/torn", "location": "pkg/npm/torn/vex.json"},
            {"id": "pkg:npm/gone", "location": "pkg/npm/gone/vex.json"},
        ],
    });
    vec![
        (
            "pkg/npm/a/vex.json".to_owned(),
            vex("CVE-2026-1", "pkg:npm/a"),
        ),
        ("pkg/npm/torn/vex.json".to_owned(), "{".to_owned()),
        ("secret.json".to_owned(), vex("CVE-2026-9", "pkg:npm/x")),
        (INDEX.to_owned(), index.to_string()),
    ]
}

/// A tar of regular files below a folder.
fn tar(below: &str, files: &[(String, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (path, data) in files {
        let mut head = [0_u8; 512];
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, format!("{below}{path}").as_bytes());
        put(100, b"0000644\0");
        put(124, format!("{:011o}\0", data.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, b"0");
        put(257, b"ustar\x0000");
        let sum: u32 = head.iter().map(|&byte| u32::from(byte)).sum();
        head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(head);
        out.extend(data.as_bytes());
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn keys(purls: &[&str]) -> Vec<String> {
    purls.iter().filter_map(|purl| key(purl)).collect()
}

/// What a repository must say, however it is read.
fn says_what_it_has(shelf: &Shelf) {
    let wanted = keys(&[
        "pkg:npm/a@1.0.0",
        "pkg:npm/b@2.0.0",
        "pkg:npm/torn@1",
        "pkg:npm/gone@1",
        "pkg:npm/x@1",
    ]);
    let found = shelf.about(&wanted);
    // One document about two packages is said once.
    let count: usize = found.values().map(|said| said.documents.len()).sum();
    assert_eq!(count, 1, "{found:?}");
    let document = &found["pkg:npm/a"].documents[0];
    assert!(document.shared);
    assert_eq!(document.statements[0].status, Status::NotAffected);
    assert!(
        document.by().starts_with("pkg/npm/a/vex.json of "),
        "{}",
        document.by()
    );
    assert!(found["pkg:npm/b"].problems.is_empty());
    // What can't be read is told, and still is this repository's to say.
    assert_eq!(found["pkg:npm/torn"].problems.len(), 1);
    assert_eq!(found["pkg:npm/gone"].problems.len(), 1);
    assert!(!found.contains_key("pkg:npm/x"), "no index names it");
}

#[test]
fn a_folder_is_read_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("hub-main");
    for (path, text) in repository() {
        let path = below.join(path);
        fs::create_dir_all(path.parent().expect("below")).expect("made");
        fs::write(path, text).expect("written");
    }
    says_what_it_has(&local(&below).expect("a repository"));
    // As an archive of a project unpacks.
    says_what_it_has(&local(folder.path()).expect("a repository"));
    let empty = tempfile::tempdir().expect("a folder");
    let refused = local(empty.path()).err().expect("none").to_string();
    assert!(refused.contains("no VEX repository"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (outside, below) = (folder.path().join("x.json"), folder.path().join("hub"));
    fs::create_dir_all(below.join("pkg/npm/a")).expect("made");
    fs::write(&outside, vex("CVE-2026-1", "pkg:npm/a")).expect("written");
    let (_, index) = repository().pop().expect("the index");
    fs::write(below.join(INDEX), index).expect("written");
    std::os::unix::fs::symlink(&outside, below.join("pkg/npm/a/vex.json")).expect("a link");
    let shelf = local(&below).expect("a repository");
    let found = shelf.about(&keys(&["pkg:npm/a@1"]));
    let said = &found["pkg:npm/a"];
    assert!(said.documents.is_empty());
    assert!(
        said.problems[0].contains("out of the repository"),
        "{said:?}"
    );
}

#[test]
fn an_archive_is_read_in_one_place_or_another() {
    for below in ["", "./", "hub-main/"] {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        let mut packed = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        packed
            .write_all(&tar(below, &repository()))
            .expect("writable");
        packed.finish().expect("writable");
        says_what_it_has(&local(file.path()).expect("a repository"));
    }
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(&tar("", &repository()[..1]))
        .expect("writable");
    assert!(local(file.path()).is_err(), "it has no index");
}
