//! Files are written whole or not at all: into a new file beside the old one,
//! flushed to the disk, then renamed over it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use crate::interrupt;

/// Writes a file by what `fill` writes. A file that is there keeps its
/// permissions; a symbolic link keeps being one, its target changes.
///
/// # Errors
/// What the system says. The old file is then untouched and nothing is left
/// beside it.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let path = match fs::canonicalize(path) {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(error),
    };
    let old = fs::metadata(&path).ok();
    // A pipe or device can't be replaced; it is written as it is.
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(&path)?);
        fill(&mut out)?;
        return out.flush();
    }
    let (file, draft) = create_beside(&path)?;
    let draft = Draft(draft);
    let mut out = BufWriter::new(file);
    fill(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(old) = old {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    interrupt::rename(&draft.0, &path)?;
    sync_folder(&path);
    Ok(())
}

/// A file being written; it is removed unless it was renamed.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        interrupt::forget(&self.0);
        // After the rename there is nothing to remove, and that is no error.
        let _ = fs::remove_file(&self.0);
    }
}

/// The folder of a path: `.` for a bare name.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn create_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::other("it names no file"))?;
    for attempt in 0..100u32 {
        let mut draft = std::ffi::OsString::from(".");
        draft.push(name);
        draft.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let draft = folder(path).join(draft);
        interrupt::remember(&draft);
        match OpenOptions::new().write(true).create_new(true).open(&draft) {
            Ok(file) => return Ok((file, draft)),
            Err(error) => {
                interrupt::forget(&draft);
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error);
                }
            }
        }
    }
    Err(io::Error::other(
        "too many unfinished files stand beside it",
    ))
}

/// Makes the rename itself last. Some systems can't open folders; the file is
/// whole either way.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.txt");
        write(&path, |out| out.write_all(b"old")).expect("the first write");
        let failed = write(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::other("stop"))
        });
        assert!(failed.is_err());
        assert_eq!(
            crate::bounded::read_file(&path, 10).as_deref(),
            Ok(&b"old"[..])
        );
        let left = fs::read_dir(folder.path()).expect("listable").count();
        assert_eq!(left, 1, "no draft is left");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.sh");
        let link = folder.path().join("link");
        write(&path, |out| out.write_all(b"old")).expect("the first write");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).expect("settable");
        std::os::unix::fs::symlink("a.sh", &link).expect("linkable");
        write(&link, |out| out.write_all(b"new")).expect("the second write");
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
        assert_eq!(
            fs::metadata(&path).expect("there").permissions().mode() & 0o777,
            0o750
        );
        assert_eq!(
            crate::bounded::read_file(&path, 10).as_deref(),
            Ok(&b"new"[..])
        );
    }
}
