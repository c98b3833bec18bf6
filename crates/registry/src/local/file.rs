//! A file that is read at any place.

use std::{fs::File, io, path::Path};

use plimsoll_image::ReadAt;

/// A regular file. Its size is that of when it was opened: what is written
/// behind it later is not seen, and what is cut off is an error where it is read.
#[derive(Debug)]
pub struct FileAt {
    file: File,
    size: u64,
}

impl FileAt {
    /// Opens a file.
    ///
    /// # Errors
    /// It is not there, no regular file, or not to be read.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::new(options().open(path)?)
    }

    /// The file that was opened.
    ///
    /// # Errors
    /// It is no regular file.
    pub fn new(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file",
            ));
        }
        Ok(FileAt {
            file,
            size: metadata.len(),
        })
    }
}

/// Options that open for reading, and wait neither for a writer of a pipe nor
/// for a terminal.
pub(crate) fn options() -> std::fs::OpenOptions {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits() as i32);
    }
    options
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(offset);
        let most = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&self.file, &mut buffer[..most], offset)?;
        #[cfg(windows)]
        let count =
            std::os::windows::fs::FileExt::seek_read(&self.file, &mut buffer[..most], offset)?;
        if count == 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file was cut off while it was read",
            ));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_image::read_at::read_exact_at;

    use super::*;

    #[test]
    fn a_file_is_read_at_any_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "0123456789").expect("written");
        let file = FileAt::open(&path).expect("a file");
        assert_eq!(file.size(), 10);
        let mut buffer = [0; 3];
        read_exact_at(&file, 4, &mut buffer).expect("three bytes");
        assert_eq!(&buffer, b"456");
        assert_eq!(file.read_at(10, &mut buffer).expect("the end"), 0);
        assert_eq!(file.read_at(u64::MAX, &mut buffer).expect("beyond"), 0);
        assert_eq!(file.read_at(8, &mut buffer).expect("two"), 2);
        let cut = File::options().write(true).open(&path).expect("opened");
        cut.set_len(5).expect("cut");
        let error = file.read_at(6, &mut buffer).expect_err("it is gone");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(FileAt::open(folder.path()).is_err());
        assert!(FileAt::open(&folder.path().join("none")).is_err());
    }
}
