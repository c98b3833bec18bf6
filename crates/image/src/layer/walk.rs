//! What comes of the entries of a layer, wherever they are read from.

use rayon::Scope;

use super::{
    FileKind, FileRecord, LayerAnalysis,
    digests::{Kinds, Managers},
    look::{Content, Job, Jobs, Outcome, Shared},
    magic,
    passing::{Keeper, Watch},
    path::{self, Whiteout},
};
use crate::{
    Analyzer, Diagnostic, Place, ReadAt,
    analyzer::HEAD,
    tar::{Piece, SparseFile},
};

/// Diagnostics of a layer that are told one by one.
const MOST_DIAGNOSTICS: usize = 1_000;

/// Takes the entries of a layer one by one and has its files looked into.
pub struct Walk<'a, 's> {
    pub(super) scope: &'a Scope<'s>,
    shared: &'s Shared<'s>,
    jobs: Jobs<'a, 's>,
    files: Vec<(String, FileRecord)>,
    whiteouts: Vec<String>,
    opaque: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    more_diagnostics: usize,
    managers: Managers,
    entries: u64,
    name_bytes: u64,
    full: bool,
}

/// What is to be done with a file.
pub(super) struct Wanted {
    /// Its number among the layer's entries.
    pub index: usize,
    /// Who wants to look into it.
    pub analyzers: Vec<&'static Analyzer>,
    /// Which digests it gets.
    pub kinds: Kinds,
}

impl Wanted {
    /// Whether nobody wants anything of it.
    pub fn is_nothing(&self) -> bool {
        self.analyzers.is_empty() && self.kinds.is_empty()
    }
}

impl<'a, 's> Walk<'a, 's> {
    pub(super) fn new(shared: &'s Shared<'s>, scope: &'a Scope<'s>) -> Self {
        Walk {
            scope,
            shared,
            jobs: Jobs::new(shared, scope),
            files: Vec::new(),
            whiteouts: Vec::new(),
            opaque: Vec::new(),
            diagnostics: Vec::new(),
            more_diagnostics: 0,
            managers: Managers::default(),
            entries: 0,
            name_bytes: 0,
            full: false,
        }
    }

    /// Something can't be read: at this byte of the layer, or of this path.
    pub fn tell(&mut self, path: Option<String>, offset: Option<u64>, message: impl Into<String>) {
        if self.diagnostics.len() >= MOST_DIAGNOSTICS {
            self.more_diagnostics += 1;
            return;
        }
        self.diagnostics.push(Diagnostic {
            place: Place {
                layer: None,
                path,
                offset,
            },
            message: message.into(),
        });
    }

    /// Whether no more entries are taken.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The path of an entry as the layer writes it, made normal. None, with
    /// the reason told, when it means nothing in a layer; the root is none too.
    pub fn path(&mut self, written: &[u8], offset: u64) -> Option<String> {
        self.path_of(written, true, offset)
    }

    /// [`path`](Self::path) of a folder, which may be the root, or of something else.
    pub(super) fn path_of(&mut self, written: &[u8], folder: bool, offset: u64) -> Option<String> {
        let message = match path::normal(written, self.shared.limits) {
            Ok(path) if !path.is_empty() => return Some(path),
            Ok(_) if folder => return None,
            Ok(_) => "the path names nothing: left out".to_owned(),
            Err(error) => error.to_string(),
        };
        let shown = path::shown(&written[..written.len().min(200)]);
        self.tell(Some(shown), Some(offset), message);
        None
    }

    /// The target of a hard link, made normal.
    pub(super) fn target(&mut self, of: &str, written: &[u8], offset: u64) -> Option<String> {
        let message = match path::normal(written, self.shared.limits) {
            Ok(target) if !target.is_empty() => return Some(target),
            Ok(_) => "a hard link to nothing: left out".to_owned(),
            Err(error) => format!("the target of a hard link: {error}"),
        };
        self.tell(Some(of.to_owned()), Some(offset), message);
        None
    }

    /// The target of a symbolic link, as it is written.
    pub(super) fn symlink(&mut self, of: &str, written: &[u8], offset: u64) -> Option<String> {
        if written.len() > self.shared.limits.path_bytes || memchr::memchr(0, written).is_some() {
            let message = "the target of a symbolic link is too long or has a zero byte: left out";
            self.tell(Some(of.to_owned()), Some(offset), message);
            return None;
        }
        Some(path::shown(written))
    }

    /// Counts an entry against the limits; false when there are too many.
    pub(super) fn count(&mut self, offset: u64, names: usize) -> bool {
        let limits = self.shared.limits;
        self.entries += 1;
        self.name_bytes += names as u64;
        if self.entries > limits.entries || self.name_bytes > limits.name_bytes {
            let message = if self.entries > limits.entries {
                format!("more than {} entries: not read further", limits.entries)
            } else {
                format!(
                    "paths of more than {} bytes: not read further",
                    limits.name_bytes
                )
            };
            self.tell(None, Some(offset), message);
            self.full = true;
        }
        !self.full
    }

    /// Whether the path takes something away from the layers below; then it is
    /// no entry itself.
    pub(super) fn is_whiteout(&mut self, path: &str, offset: u64) -> bool {
        match path::whiteout(path) {
            Whiteout::No => return false,
            Whiteout::Aufs => {}
            Whiteout::Path(path) => self.whiteouts.push(path),
            Whiteout::Folder(path) => self.opaque.push(path),
            Whiteout::Malformed => self.tell(
                Some(path.to_owned()),
                Some(offset),
                "a whiteout that names nothing",
            ),
        }
        true
    }

    /// Takes an entry that is no regular file, or one that can't be looked into.
    pub fn entry(&mut self, path: String, record: FileRecord) {
        self.managers.see(&path);
        self.files.push((path, record));
    }

    /// Takes a regular file that begins with `head`; tells what is wanted of it.
    pub(super) fn file(&mut self, path: &str, mut record: FileRecord, head: &[u8]) -> Wanted {
        record.binary = magic::is_program(head, record.size);
        let mut analyzers = Vec::new();
        for &analyzer in self.shared.analyzers {
            if (analyzer.by_path)(path, &record) || (analyzer.by_head)(path, &record, head) {
                analyzers.push(analyzer);
            }
        }
        let kinds = Kinds::that_pay(path, &record, self.managers);
        let index = self.files.len();
        self.entry(path.to_owned(), record);
        Wanted {
            index,
            analyzers,
            kinds,
        }
    }

    /// Has the file looked into that [`file`](Self::file) took.
    pub(super) fn look(
        &mut self,
        wanted: Wanted,
        content: Content<'s>,
        sparse: Option<Vec<Piece>>,
    ) {
        let Some((path, record)) = self.files.get(wanted.index) else {
            return;
        };
        self.jobs.push(Job {
            index: wanted.index,
            path: path.clone(),
            record: record.clone(),
            content,
            sparse,
            analyzers: wanted.analyzers,
            kinds: wanted.kinds,
        });
    }

    /// A regular file whose bytes can be read at any place: of a root file
    /// system, say. `path` is [normal](Self::path). What can't be read is told.
    pub fn readable(&mut self, path: &str, record: FileRecord, content: Box<dyn ReadAt + 's>) {
        let mut head = [0; HEAD];
        let size = usize::try_from(content.size()).unwrap_or(HEAD).min(HEAD);
        let head = &mut head[..size];
        if let Err(error) = crate::read_at::read_exact_at(&*content, 0, head) {
            self.tell(Some(path.to_owned()), None, format!("not read: {error}"));
            self.entry(path.to_owned(), record);
            return;
        }
        let wanted = self.file(path, record, head);
        if !wanted.is_nothing() {
            self.look(wanted, Content::Given(content), None);
        }
    }

    /// A sparse file of which `stored` is there.
    pub(super) fn sparse(
        &mut self,
        path: String,
        record: FileRecord,
        stored: Content<'s>,
        pieces: Vec<Piece>,
        offset: u64,
    ) {
        let mut head = [0; HEAD];
        let size = usize::try_from(record.size).unwrap_or(HEAD).min(HEAD);
        let head = &mut head[..size];
        let file = SparseFile::new(stored.bytes(), &pieces, record.size);
        if let Err(error) = crate::read_at::read_exact_at(&file, 0, head) {
            self.tell(
                Some(path.clone()),
                Some(offset),
                format!("not read: {error}"),
            );
            self.entry(path, record);
            return;
        }
        let wanted = self.file(&path, record, head);
        if !wanted.analyzers.is_empty() {
            self.look(wanted, stored, Some(pieces));
        }
    }

    /// Keeps what came out of an entry without a task.
    pub(super) fn keep(&mut self, index: usize, outcome: Outcome) {
        self.shared.keep(index, outcome);
    }

    /// Tells that a file of a compressed layer is too large to be looked into.
    pub(super) fn too_large(&mut self, path: &str, wanted: &Wanted, size: u64) {
        let names: Vec<&str> = wanted
            .analyzers
            .iter()
            .map(|analyzer| analyzer.name)
            .collect();
        let message = format!(
            "not looked into ({}): it has {size} bytes, more than are held of a compressed layer",
            names.join(", "),
        );
        self.tell(Some(path.to_owned()), None, message);
    }

    /// What came out of an entry that is let go: none where it has to be read
    /// after all.
    pub(super) fn passed(&self, index: usize, watch: Watch) -> Option<Outcome> {
        let (path, record) = self.files.get(index)?;
        watch.finish(path, record, self.shared)
    }

    /// How a large file is looked at as it goes by, where that is possible.
    pub(super) fn watch(&self, wanted: &Wanted, head: &[u8]) -> Option<Keeper> {
        let (path, record) = self.files.get(wanted.index)?;
        Keeper::watch(&wanted.analyzers, path, record, head)
    }

    /// Memory for a file that is held.
    pub(super) fn buffer(&self, size: usize) -> Vec<u8> {
        self.shared.buffers.take(size)
    }

    /// Whether something could not be read so far.
    pub(super) fn has_diagnostics(&self) -> bool {
        !self.diagnostics.is_empty()
    }

    /// Whether this was told.
    pub(super) fn has_told(&self, message: &str) -> bool {
        self.diagnostics.iter().any(|told| told.message == message)
    }

    /// Ends the walk. Its files are looked into until the scope ends.
    pub(super) fn finish(mut self) -> Walked {
        self.jobs.flush();
        Walked {
            files: self.files,
            whiteouts: self.whiteouts,
            opaque: self.opaque,
            diagnostics: self.diagnostics,
            more_diagnostics: self.more_diagnostics,
        }
    }
}

/// A walk that has ended.
pub(super) struct Walked {
    files: Vec<(String, FileRecord)>,
    whiteouts: Vec<String>,
    opaque: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
    more_diagnostics: usize,
}

impl Walked {
    /// Puts together what the entries say and what was found in the files. Of
    /// repeated paths the last counts, and what was found in it.
    pub fn into_analysis(
        mut self,
        outcomes: Vec<(usize, Outcome)>,
        too_many: bool,
    ) -> LayerAnalysis {
        // By path and then by place: a stable sort of what is in order.
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        order.sort_by(|&a, &b| self.files[a].0.cmp(&self.files[b].0).then(a.cmp(&b)));
        let mut kept = vec![false; self.files.len()];
        for (at, &index) in order.iter().enumerate() {
            let next = order.get(at + 1).map(|&next| &self.files[next].0);
            kept[index] = next != Some(&self.files[index].0);
        }
        let mut found = Vec::new();
        for (index, outcome) in outcomes {
            if !kept.get(index).copied().unwrap_or_default() {
                continue;
            }
            let (path, record) = &mut self.files[index];
            record.digests.extend(outcome.digests);
            if !outcome.found.is_empty() {
                found.push((path.clone(), outcome.found));
            }
            for (message, offset) in outcome.problems {
                if self.diagnostics.len() >= 2 * MOST_DIAGNOSTICS {
                    self.more_diagnostics += 1;
                    continue;
                }
                self.diagnostics.push(Diagnostic {
                    place: Place {
                        layer: None,
                        path: Some(path.clone()),
                        offset,
                    },
                    message,
                });
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let mut kept = kept.into_iter();
        self.files.retain(|_| kept.next().unwrap_or_default());
        self.files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for paths in [&mut self.whiteouts, &mut self.opaque] {
            paths.sort_unstable();
            paths.dedup();
        }
        let summary = |message: String| Diagnostic {
            place: Place::default(),
            message,
        };
        if self.more_diagnostics > 0 {
            let message = format!("{} more problems that are not told", self.more_diagnostics);
            self.diagnostics.push(summary(message));
        }
        if too_many {
            let message = "too many findings in this layer: some are left out";
            self.diagnostics.push(summary(message.into()));
        }
        LayerAnalysis {
            files: self.files,
            whiteouts: self.whiteouts,
            opaque: self.opaque,
            found,
            diagnostics: self.diagnostics,
            ..LayerAnalysis::default()
        }
    }
}

impl FileRecord {
    /// A record of a kind and a size, with nothing else known.
    #[must_use]
    pub fn new(kind: FileKind, size: u64) -> Self {
        FileRecord {
            kind,
            mode: 0,
            uid: 0,
            gid: 0,
            size,
            mtime: 0,
            digests: Vec::new(),
            binary: false,
        }
    }
}
