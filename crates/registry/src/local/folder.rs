//! A folder whose files are read by paths that stand in foreign documents.

use std::{
    io,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use plimsoll_image::{ReadAt, source::Folder};

use super::FileAt;

/// A folder. No path leads out of it, by dots or by links.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
}

impl LocalFolder {
    /// A folder.
    ///
    /// # Errors
    /// It is not there, or no folder.
    pub fn new(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        if !root.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(LocalFolder { root })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The file at a path with `/` between its parts.
    ///
    /// # Errors
    /// `NotFound` when it is not there; it leads out of the folder, or is not
    /// to be read.
    pub fn file(&self, path: &str) -> io::Result<Arc<dyn ReadAt>> {
        let outside = || {
            io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("`{path}` leads out of its folder"),
            )
        };
        let relative = Path::new(path);
        let is_inside =
            |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if path.is_empty() || path.contains('\0') || !relative.components().all(is_inside) {
            return Err(outside());
        }
        let full = self.root.join(relative).canonicalize()?;
        if !full.starts_with(&self.root) {
            return Err(outside());
        }
        Ok(Arc::new(FileAt::open(&full)?))
    }
}

impl Folder for LocalFolder {
    fn open(&self, path: &str) -> io::Result<Arc<dyn ReadAt>> {
        self.file(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out() {
        let outer = tempfile::tempdir().expect("a folder");
        let inner = outer.path().join("inner");
        std::fs::create_dir_all(inner.join("blobs/sha256")).expect("made");
        std::fs::write(outer.path().join("secret"), "s").expect("written");
        std::fs::write(inner.join("blobs/sha256/a"), "a").expect("written");
        let folder = LocalFolder::new(&inner).expect("a folder");
        assert_eq!(folder.file("blobs/sha256/a").expect("there").size(), 1);
        assert_eq!(folder.file("./blobs/sha256/a").expect("there").size(), 1);
        let check = |path: &str, kind: io::ErrorKind| {
            let error = folder.file(path).err().expect(path);
            assert_eq!(error.kind(), kind, "{path}");
        };
        check("none", io::ErrorKind::NotFound);
        check("../secret", io::ErrorKind::PermissionDenied);
        check("blobs/../../secret", io::ErrorKind::PermissionDenied);
        check("/etc/passwd", io::ErrorKind::PermissionDenied);
        check("", io::ErrorKind::PermissionDenied);
        check("a\0b", io::ErrorKind::PermissionDenied);
        check("blobs", io::ErrorKind::InvalidInput);
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret", inner.join("out")).expect("linked");
            std::os::unix::fs::symlink("blobs/sha256/a", inner.join("in")).expect("linked");
            std::os::unix::fs::symlink("round", inner.join("round")).expect("linked");
            check("out", io::ErrorKind::PermissionDenied);
            assert_eq!(folder.file("in").expect("there").size(), 1);
            assert!(folder.file("round").is_err());
        }
        assert!(LocalFolder::new(&inner.join("none")).is_err());
        assert!(LocalFolder::new(&outer.path().join("secret")).is_err());
    }
}
