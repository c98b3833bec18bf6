//! The files of two images, compared by path.
//!
//! Bytes are told apart by size and by the digests that analysis took of them,
//! which is what package managers record of theirs. Where neither says that two
//! files differ and no digest says that they are the same, another time of
//! change is told as such.

use std::cmp::Ordering;

use plimsoll_image::{
    FileKind, FileRecord, LayerAnalysis,
    found::FileDigest,
    image::{
        Whole,
        tree::{Id, Tree},
    },
};
use plimsoll_model::{
    image::ImageForm,
    image_diff::{ChangeKind, FileChange, FileChanges},
};

/// The files of an image that are there in the end.
pub(super) fn tree(whole: &Whole) -> Result<Tree<'_>, String> {
    if whole.image.form == ImageForm::Sbom {
        return Err(format!(
            "{} is an SBOM, which does not list them",
            whole.image.name
        ));
    }
    let mut layers: Vec<&LayerAnalysis> = Vec::with_capacity(whole.layers.len());
    for (at, layer) in whole.layers.iter().enumerate() {
        match layer {
            Some(layer) => layers.push(layer),
            None => {
                return Err(format!(
                    "layer {} of {} could not be read",
                    at + 1,
                    whole.image.name
                ));
            }
        }
    }
    Ok(Tree::new(layers))
}

/// Both lists are sorted: one pass over them.
pub(super) fn changes(from: &Tree<'_>, to: &Tree<'_>, listed: usize) -> FileChanges {
    let mut changes = FileChanges::default();
    let (a, b) = (from.visible(), to.visible());
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let order = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((x, _)), Some((y, _))) => x.cmp(y),
        };
        let was = if order.is_le() { a.next() } else { None };
        let is = if order.is_ge() { b.next() } else { None };
        if let Some(change) = change(from, to, was.copied(), is.copied()) {
            count(&mut changes, change, listed);
        }
    }
    changes
}

fn count(changes: &mut FileChanges, change: FileChange, listed: usize) {
    match change.change {
        ChangeKind::Added => changes.added += 1,
        ChangeKind::Removed => changes.removed += 1,
        _ => changes.changed += 1,
    }
    let bytes_changed = change.what.is_empty() || change.what.iter().any(|w| w == "content");
    if bytes_changed {
        changes.bytes_added += change.to_bytes.unwrap_or(0);
        changes.bytes_removed += change.from_bytes.unwrap_or(0);
    }
    if changes.list.len() < listed {
        changes.list.push(change);
    } else {
        changes.left_out += 1;
    }
}

fn change(
    from: &Tree<'_>,
    to: &Tree<'_>,
    was: Option<(&str, Id)>,
    is: Option<(&str, Id)>,
) -> Option<FileChange> {
    let side = |tree: &Tree<'_>, id: Id| {
        let (own, content) = (tree.record(id).clone(), tree.content(id).clone());
        (own, content)
    };
    let was = was.map(|(path, id)| (path, side(from, id)));
    let is = is.map(|(path, id)| (path, side(to, id)));
    let bytes = |record: &FileRecord| (record.kind == FileKind::Regular).then_some(record.size);
    let path = was.as_ref().or(is.as_ref()).map(|(path, _)| *path)?;
    let (change, what) = match (&was, &is) {
        // A folder comes and goes with what is in it.
        (Some((_, (own, _))), None) | (None, Some((_, (own, _))))
            if own.kind == FileKind::Directory =>
        {
            return None;
        }
        (Some(_), None) => (ChangeKind::Removed, Vec::new()),
        (None, Some(_)) => (ChangeKind::Added, Vec::new()),
        (Some((_, was)), Some((_, is))) => {
            let what = differences(was, is);
            if what.is_empty() {
                return None;
            }
            (ChangeKind::Changed, what)
        }
        (None, None) => return None,
    };
    Some(FileChange {
        path: path.to_owned(),
        change,
        what,
        from_bytes: was.and_then(|(_, (_, content))| bytes(&content)),
        to_bytes: is.and_then(|(_, (_, content))| bytes(&content)),
    })
}

/// An entry by itself, and what is known of its bytes.
type Side = (FileRecord, FileRecord);

fn differences((was, was_bytes): &Side, (is, is_bytes): &Side) -> Vec<String> {
    let mut what = Vec::new();
    match (&was_bytes.kind, &is_bytes.kind) {
        (FileKind::Symlink(a), FileKind::Symlink(b)) => {
            if a != b {
                what.push(format!("link {a} to {b}"));
            }
            // A link's own mode and owner mean nothing.
            return what;
        }
        (a, b) if word(a) != word(b) => what.push(format!("{} to {}", word(a), word(b))),
        (FileKind::Regular, _) => match same_bytes(was_bytes, is_bytes) {
            Some(true) => {}
            Some(false) => what.push("content".to_owned()),
            None if was_bytes.mtime == is_bytes.mtime => {}
            None => what.push("time".to_owned()),
        },
        _ => {}
    }
    if was.mode != is.mode {
        what.push(format!("mode {:o} to {:o}", was.mode, is.mode));
    }
    if (was.uid, was.gid) != (is.uid, is.gid) {
        what.push(format!(
            "owner {}:{} to {}:{}",
            was.uid, was.gid, is.uid, is.gid
        ));
    }
    what
}

fn word(kind: &FileKind) -> &'static str {
    match kind {
        FileKind::Regular | FileKind::Hardlink(_) => "file",
        FileKind::Directory => "folder",
        FileKind::Symlink(_) => "link",
        FileKind::Special => "device",
    }
}

/// Whether two files have the same bytes; none when nothing says so either way.
fn same_bytes(was: &FileRecord, is: &FileRecord) -> Option<bool> {
    if was.size != is.size {
        return Some(false);
    }
    was.digests.iter().find_map(|a| {
        is.digests.iter().find_map(|b| match (a, b) {
            (FileDigest::Md5(a), FileDigest::Md5(b)) => Some(a == b),
            (FileDigest::Sha1(a), FileDigest::Sha1(b)) => Some(a == b),
            (FileDigest::Sha256(a), FileDigest::Sha256(b)) => Some(a == b),
            _ => None,
        })
    })
}
