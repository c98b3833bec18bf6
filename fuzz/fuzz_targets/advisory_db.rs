//! The advisory database: any bytes as a file; any bytes as a section of a file
//! whose hashes are right; any bytes as the changes of a delta, and as an index
//! of stored images. Answers are errors or records, and nothing panics.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_vuln::{
    advisory::Exploitation,
    db::{Builder, fuzzing},
    read,
};

static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut builder = Builder::new();
    for number in 0..40 {
        let record = format!(
            r#"{{"schema_version": "1.6.0", "id": "GHSA-{number:04}", "modified": "2026-01-01T00:00:00Z",
            "aliases": ["CVE-2026-{number:04}"], "summary": "s",
            "affected": [{{"package": {{"ecosystem": "npm", "name": "p{}"}},
            "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0"}}, {{"fixed": "1.2.3"}}]}}]}}]}}"#,
            number % 9
        );
        let records = read::read(read::Format::Osv, "a.json", record.as_bytes());
        records
            .advisories
            .into_iter()
            .for_each(|advisory| builder.add(advisory));
        let known = Exploitation {
            exploits: vec!["EDB-1".into()],
            ..Exploitation::default()
        };
        builder.add_exploitation(format!("CVE-2026-{number:04}"), known);
    }
    builder.finish(None)
});

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    match kind % 16 {
        0 => fuzzing::whole(rest),
        1 => fuzzing::changes(&GOOD, rest),
        2 => fuzzing::index(rest),
        section => fuzzing::section(&GOOD, usize::from(section) - 3, rest),
    }
});
