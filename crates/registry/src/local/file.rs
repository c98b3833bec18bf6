//! A file that is read at any place.

use std::{
    fs::{File, Metadata},
    io,
    path::Path,
    time::SystemTime,
};

use plimsoll_image::{ReadAt, read_at::Stamp};

/// A regular file. Its size is that of when it was opened: what is written
/// behind it later is not seen, and what is cut off is an error where it is read.
#[derive(Debug)]
pub struct FileAt {
    file: File,
    size: u64,
    stamp: Option<Stamp>,
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
            stamp: stamp(&metadata, SystemTime::now()),
        })
    }
}

/// How long after a change one more change may leave the file's times as they
/// are: systems count in steps of a few milliseconds, some in whole seconds.
const STEP: i128 = 20_000_000;
const COARSE_STEP: i128 = 2_000_000_000;

/// What shows later that the file is as it was when this was asked; none while
/// one more change might not show.
fn stamp(metadata: &Metadata, now: SystemTime) -> Option<Stamp> {
    let now = since_1970(now)?;
    let modified = since_1970(metadata.modified().ok()?)?;
    #[cfg(unix)]
    let (device, inode, changed) = {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds = i128::from(metadata.ctime_nsec());
        let changed = i128::from(metadata.ctime()) * 1_000_000_000 + nanoseconds;
        (metadata.dev(), metadata.ino(), changed)
    };
    // Without such numbers, the time it was made at tells files apart.
    #[cfg(not(unix))]
    let (device, inode, changed) = (0, 0, since_1970(metadata.created().ok()?)?);
    let last = modified.max(changed);
    let step = if last % 1_000_000 == 0 {
        COARSE_STEP
    } else {
        STEP
    };
    (now - last > step).then_some(Stamp {
        device,
        inode,
        size: metadata.len(),
        modified,
        changed,
    })
}

fn since_1970(time: SystemTime) -> Option<i128> {
    let since = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_nanos()),
        Err(before) => i128::try_from(before.duration().as_nanos()).map(|nanos| -nanos),
    };
    since.ok()
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

    fn stamp(&self) -> Option<Stamp> {
        self.stamp
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        let stamped = |after: u64| {
            let metadata = path.metadata().expect("there");
            let now = metadata.modified().expect("known") + Duration::from_secs(after);
            stamp(&metadata, now)
        };
        // Written just now: the next change may not show.
        assert_eq!(stamped(0), None);
        let first = stamped(60).expect("nothing since");
        assert_eq!((first.size, stamped(90)), (5, Some(first)));
        // Times that are put back do not hide a change of the file.
        let was = path.metadata().and_then(|is| is.modified()).expect("known");
        std::thread::sleep(Duration::from_millis(30));
        std::fs::write(&path, "01x34").expect("written");
        cut.set_modified(was).expect("set");
        #[cfg(unix)]
        assert!(stamped(60).is_some_and(|is| is.modified == first.modified && is != first));
        assert!(FileAt::open(folder.path()).is_err());
        assert!(FileAt::open(&folder.path().join("none")).is_err());
    }
}
