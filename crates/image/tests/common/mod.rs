//! What tests against real tools share: files read in place, analyzers run by
//! name, tools that may be missing.

use std::{
    io,
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Output},
    sync::atomic::{AtomicU64, Ordering},
};

use plimsoll_image::{
    Candidate, FileKind, FileRecord, Found, FoundPackage, Limits, ReadAt, Sink, analyzer,
};

/// A file that is read in place, and how many bytes of it were.
pub struct InPlace {
    file: std::fs::File,
    size: u64,
    /// Bytes read so far.
    pub read: AtomicU64,
}

impl InPlace {
    /// Opens it.
    pub fn open(path: &Path) -> InPlace {
        let file = std::fs::File::open(path).expect("the file is there");
        let size = file.metadata().expect("it has a size").len();
        InPlace {
            file,
            size,
            read: AtomicU64::new(0),
        }
    }
}

impl ReadAt for InPlace {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let count = FileExt::read_at(&self.file, buffer, offset)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Runs the analyzer of this name over a file read in place.
pub fn run(name: &str, path: &str, content: &dyn ReadAt) -> Sink {
    let analyzer = analyzer::all()
        .find(|analyzer| analyzer.name == name)
        .unwrap_or_else(|| panic!("no analyzer {name}"));
    let record = FileRecord {
        kind: FileKind::Regular,
        mode: 0o755,
        uid: 0,
        gid: 0,
        size: content.size(),
        mtime: 0,
        digests: Vec::new(),
        binary: true,
    };
    let mut head = vec![0; usize::try_from(content.size()).map_or(512, |size| size.min(512))];
    plimsoll_image::read_at::read_exact_at(content, 0, &mut head).expect("has a head");
    assert!(
        (analyzer.by_path)(path, &record) || (analyzer.by_head)(path, &record, &head),
        "{name} does not ask for {path}"
    );
    let mut sink = Sink::default();
    let candidate = Candidate {
        path,
        record: &record,
        content,
        limits: &Limits::default(),
    };
    (analyzer.run)(&candidate, &mut sink);
    sink
}

/// The packages among what was found.
pub fn packages(sink: &Sink) -> Vec<&FoundPackage> {
    sink.found
        .iter()
        .filter_map(|found| match found {
            Found::Package(package) => Some(&**package),
            _ => None,
        })
        .collect()
}

/// What a tool printed; none, said loudly, when it is missing or fails.
pub fn output(command: &mut Command) -> Option<Output> {
    match command.output() {
        Ok(output) if output.status.success() => Some(output),
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr);
            eprintln!("SKIPPED: {command:?} failed: {words}");
            None
        }
        Err(error) => {
            eprintln!("SKIPPED: {command:?}: {error}");
            None
        }
    }
}
