//! Updates from publishers whose files are where something else says:
//! repositories, lists of mirrors, directories of documents.

#[expect(dead_code, reason = "it serves the tests of registries as well")]
#[path = "../../registry/tests/edge/server.rs"]
mod server;

use std::{
    collections::BTreeSet,
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use plimsoll_feeds::{
    make,
    mapped::open,
    sources::{At, Part, Source},
    store::Store,
    update::{Hears, Outcome, update},
};
use plimsoll_registry::{
    Options,
    http::{fetch::Fetcher, retry::Retry},
};
use plimsoll_vuln::{db::Trust, lookup::Lookup};
use server::{Asked, Reply, Server};
use sha2::{Digest as _, Sha256};

struct Silent;

impl Hears for Silent {
    fn bytes(&self, _: &str, _: u64) {}
}

fn source(name: &'static str, parts: Vec<Part>, changes: Option<String>) -> Source {
    Source {
        name,
        about: "",
        licence: "CC0-1.0",
        parts,
        changes: changes.map(|text| &*Box::leak(text.into_boxed_str())),
    }
}

fn part(file: &str, url: String, at: At) -> Part {
    Part {
        file: file.to_owned(),
        url,
        at,
        optional: true,
    }
}

fn run(store: &Store, source: &Source, now: &str) -> Vec<(String, Outcome)> {
    let fetcher = Fetcher::new(Options {
        retry: Retry {
            attempts: 1,
            ..Retry::default()
        },
        ..Options::default()
    });
    let now: Timestamp = now.parse().expect("a time");
    update(store, source, None, &fetcher, now, &Silent).expect("the store is writable")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).expect("memory");
    out.finish().expect("memory")
}

/// A tar archive.
fn tar(files: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, text) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(text.as_bytes());
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

const UPDATE: &str = "<updates><update type=\"security\"><id>ALAS2023-2024-1</id>\
    <issued date=\"2024-01-02\"/><pkglist><collection short=\"amazon-linux-2023\">\
    <package name=\"curl\" version=\"8.5.0\" release=\"1.amzn2023.0.1\" epoch=\"0\" arch=\"x86_64\"/>\
    </collection></pkglist></update></updates>";

#[test]
fn the_updateinfo_of_a_repository_is_found_behind_its_mirrors_and_checked() {
    let lies = Arc::new(AtomicBool::new(false));
    let packed = gzip(UPDATE.as_bytes());
    let host = Arc::new(std::sync::Mutex::new(String::new()));
    let (told, root) = (lies.clone(), host.clone());
    let server = Server::start(move |asked: &Asked| {
        let digest = match told.load(Ordering::Relaxed) {
            true => "00".repeat(32),
            false => {
                let digest = Sha256::digest(&packed);
                digest.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        };
        match asked.path.as_str() {
            "/mirror.list" => Reply::ok(format!(
                "http://{}/repo/abc/\nhttp://other.example.com/\n",
                root.lock().expect("whole")
            )),
            "/repo/abc/repodata/repomd.xml" => Reply::ok(format!(
                "<repomd><data type=\"updateinfo\"><checksum type=\"sha256\">{digest}</checksum>\
                 <location href=\"repodata/updateinfo.xml.gz\"/></data></repomd>"
            )),
            "/repo/abc/repodata/updateinfo.xml.gz" => match asked.header("if-none-match") {
                "\"1\"" if !told.load(Ordering::Relaxed) => Reply::status(304),
                _ => Reply::ok(packed.clone()).with("etag", "\"1\""),
            },
            _ => Reply::status(404),
        }
    });
    host.lock().expect("whole").push_str(&server.host());
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::new(folder.path());
    let base = format!("http://{}", server.host());
    let amazon = source(
        "amazon-updateinfo",
        vec![
            part("a.xml", format!("{base}/mirror.list"), At::MirrorList),
            part("b.xml", format!("{base}/repo/abc/"), At::Repository),
            part("gone.xml", format!("{base}/gone/"), At::Repository),
        ],
        None,
    );
    let shown = |outcomes: Vec<(String, Outcome)>| -> Vec<String> {
        let word = |outcome: &Outcome| match outcome {
            Outcome::New { .. } => "new".to_owned(),
            Outcome::Unchanged => "unchanged".to_owned(),
            Outcome::Failed { error, .. } => error.to_string(),
        };
        let all = outcomes.iter();
        all.map(|(file, outcome)| format!("{file} {}", word(outcome)))
            .collect()
    };
    assert_eq!(
        shown(run(&store, &amazon, "2024-02-01T00:00:00Z")),
        ["a.xml new", "b.xml new", "gone.xml unchanged"]
    );
    assert_eq!(
        shown(run(&store, &amazon, "2024-02-02T00:00:00Z")),
        ["a.xml unchanged", "b.xml unchanged", "gone.xml unchanged"]
    );
    lies.store(true, Ordering::Relaxed);
    let said = shown(run(&store, &amazon, "2024-02-03T00:00:00Z"));
    assert!(said[0].contains("digest is not the one"), "{said:?}");
    let about = store.about("amazon-updateinfo").expect("reads");
    assert_eq!(about.parts.len(), 2);
}

fn vex(id: &str, package: &str) -> String {
    format!(
        r#"{{"document": {{"category": "csaf_vex", "csaf_version": "2.0", "title": "{id}",
        "publisher": {{"namespace": "https://www.redhat.com"}}, "tracking": {{"id": "{id}"}}}},
        "product_tree": {{"branches": [
        {{"product": {{"name": "P", "product_id": "P", "product_identification_helper":
        {{"cpe": "cpe:/o:redhat:enterprise_linux:9"}}}}}},
        {{"product": {{"name": "{package}", "product_id": "{package}",
        "product_identification_helper": {{"purl": "pkg:rpm/redhat/{package}"}}}}}}],
        "relationships": [{{"product_reference": "{package}", "relates_to_product_reference": "P",
        "full_product_name": {{"product_id": "P:{package}"}}}}]}},
        "vulnerabilities": [{{"cve": "{id}", "product_status":
        {{"known_affected": ["P:{package}"]}}}}]}}"#
    )
}

#[test]
fn a_directory_of_documents_is_followed_from_its_archive_on() {
    let archive = zstd::encode_all(
        tar(&[
            ("2024/cve-2024-1.json", vex("CVE-2024-1", "old")),
            ("2024/cve-2024-2.json", vex("CVE-2024-2", "old")),
            ("2024/cve-2024-3.json", vex("CVE-2024-3", "old")),
        ])
        .as_slice(),
        1,
    )
    .expect("packed");
    let round = Arc::new(AtomicUsize::new(0));
    let now = round.clone();
    let server = Server::start(move |asked: &Asked| {
        let round = now.load(Ordering::Relaxed);
        match asked.path.as_str() {
            "/vex/archive_latest.txt" => Reply::ok("csaf_vex_2024-11-01.tar.zst\n"),
            "/vex/csaf_vex_2024-11-01.tar.zst" => Reply::ok(archive.clone()),
            "/vex/changes.csv" => {
                let mut text = String::from(
                    "\"2024/cve-2024-1.json\",\"2024-11-02T10:00:00+00:00\"\n\
                     \"2023/cve-2023-9.json\",\"2023-01-01T00:00:00+00:00\"\n",
                );
                if round > 0 {
                    text.insert_str(
                        0,
                        "\"2024/cve-2024-5.json\",\"2024-11-04T10:00:00+00:00\"\n",
                    );
                    text.insert_str(
                        0,
                        "\"2024/cve-2024-4.json\",\"2024-11-03T10:00:00+00:00\"\n",
                    );
                }
                Reply::ok(text)
            }
            "/vex/deletions.csv" => {
                Reply::ok("\"2024/cve-2024-3.json\",\"2024-11-02T10:00:00+00:00\"\n")
            }
            "/vex/2024/cve-2024-1.json" => match asked.header("if-none-match") {
                "\"1\"" => Reply::status(304),
                _ => Reply::ok(vex("CVE-2024-1", "new")).with("etag", "\"1\""),
            },
            "/vex/2024/cve-2024-4.json" => Reply::ok(vex("CVE-2024-4", "new")),
            "/vex/2024/cve-2024-5.json" if round == 1 => Reply::status(500),
            "/vex/2024/cve-2024-5.json" => Reply::ok(vex("CVE-2024-5", "new")),
            _ => Reply::status(404),
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::new(folder.path());
    let base = format!("http://{}/vex/", server.host());
    let latest = format!("{base}archive_latest.txt");
    let red_hat = source(
        "redhat-csaf-vex",
        vec![part("archive.tar.zst", latest, At::Latest)],
        Some(base),
    );
    // Which package each vulnerability affects, as the database has it.
    let held = |store: &Store| -> BTreeSet<String> {
        let path = folder.path().join("advisories.db");
        make::make(store, &path, None, &|_| {}).expect("made");
        let db = open(&path, Trust::SignedOrLocal(&[])).expect("opened");
        let mut all = BTreeSet::new();
        for number in 1..=9 {
            let id = format!("CVE-2024-{number}");
            for advisory in db.by_id(&id).expect("whole") {
                let names = advisory.affected.iter().map(|found| found.name.clone());
                all.extend(names.map(|name| format!("{id} {name}")));
            }
        }
        all
    };
    let set = |of: &[&str]| {
        of.iter()
            .map(|&text| text.to_owned())
            .collect::<BTreeSet<_>>()
    };
    let outcomes = run(&store, &red_hat, "2024-11-02T12:00:00Z");
    assert_eq!(outcomes.len(), 2, "{outcomes:?}");
    assert_eq!(held(&store), set(&["CVE-2024-1 new", "CVE-2024-2 old"]));

    // It breaks off after one of two, and goes on there.
    round.store(1, Ordering::Relaxed);
    let outcomes = run(&store, &red_hat, "2024-11-05T00:00:00Z");
    assert!(
        outcomes
            .iter()
            .any(|(_, outcome)| matches!(outcome, Outcome::Failed { kept: Some(_), .. })),
        "{outcomes:?}"
    );
    let first = set(&["CVE-2024-1 new", "CVE-2024-2 old", "CVE-2024-4 new"]);
    assert_eq!(held(&store), first);
    round.store(2, Ordering::Relaxed);
    run(&store, &red_hat, "2024-11-06T00:00:00Z");
    assert!(held(&store).contains("CVE-2024-5 new"));
    let archives = server.asked();
    let archives = archives
        .iter()
        .filter(|asked| asked.path.ends_with(".tar.zst"));
    assert_eq!(archives.count(), 1);

    // After a month a new archive is worth more.
    run(&store, &red_hat, "2025-01-01T00:00:00Z");
    let about = store.about("redhat-csaf-vex").expect("reads");
    assert_eq!(
        about.followed.map(|time| time.to_string()).as_deref(),
        Some("2024-11-04T10:00:00Z")
    );
    assert!(about.deleted.contains("2024/cve-2024-3.json"));
}
