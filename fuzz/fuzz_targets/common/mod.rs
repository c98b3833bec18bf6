//! Runs one analyzer over bytes, as a layer would.

use plimsoll_image::{Candidate, FileKind, FileRecord, Limits, Sink, analyzer};

/// Runs the analyzer of this name. Limits are small, so that hitting them is
/// tried too.
pub fn run(name: &str, path: &str, bytes: &[u8]) -> Sink {
    let analyzer = analyzer::all()
        .find(|analyzer| analyzer.name == name)
        .unwrap_or_else(|| panic!("no analyzer {name}"));
    let record = FileRecord {
        kind: FileKind::Regular,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: bytes.len() as u64,
        mtime: 0,
        digests: Vec::new(),
        binary: false,
    };
    let limits = Limits {
        held_bytes: 1 << 20,
        document_bytes: 1 << 20,
        ratio_from: 4 << 20,
        found: 1_000,
        ..Limits::default()
    };
    let head = &bytes[..bytes.len().min(analyzer::HEAD)];
    let _ = (analyzer.by_path)(path, &record) || (analyzer.by_head)(path, &record, head);
    let mut sink = Sink::default();
    let candidate = Candidate {
        path,
        record: &record,
        content: &bytes,
        limits: &limits,
    };
    (analyzer.run)(&candidate, &mut sink);
    assert!(sink.found.len() <= 4_000, "{} found", sink.found.len());
    for (message, _) in &sink.problems {
        assert!(!message.is_empty());
    }
    sink
}
