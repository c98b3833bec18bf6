//! One writer at a time: a lock on a file beside the state file, since the
//! state file itself is replaced whenever it is written.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    bounded,
    context::Context,
    exit::{Failure, fail},
};

/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// Longer than what anyone writes about themselves.
const MAX_HOLDER: u64 = 4096;

/// The lock; given back when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a state file, waiting at most `patience` for another
    /// run to end.
    ///
    /// # Errors
    /// The other run, by what it wrote about itself, did not end; or there can
    /// be no lock file.
    pub fn take(context: &Context, state: &Path, patience: Duration) -> Result<Lock, Failure> {
        let path = beside(state);
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = match open {
            Ok(file) => file,
            Err(error) => {
                return fail(format!("{}: {}", path.display(), bounded::words(&error)));
            }
        };
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                    if !told {
                        told = true;
                        context.note(&format!(
                            "waiting for another run to finish with {} ({})",
                            state.display(),
                            holder(&path)
                        ));
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return fail(format!(
                        "the state file {} is in use by another run ({}): wait for it, give more \
                         time with --lock-timeout, or read only with --dry-run",
                        state.display(),
                        holder(&path)
                    ));
                }
                Err(TryLockError::Error(error)) => {
                    return fail(format!(
                        "{} can't be locked: {}",
                        path.display(),
                        bounded::words(&error)
                    ));
                }
            }
        }
        let lock = Lock { file };
        // Who holds it is a help for others, not what makes the lock hold.
        let _ = lock.sign();
        Ok(lock)
    }

    fn sign(&self) -> std::io::Result<()> {
        let mut file = &self.file;
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "process {}", std::process::id())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it while another run opens it would let
        // two runs hold two different locks.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

/// Who holds the lock, as far as they say.
fn holder(path: &Path) -> String {
    let text = bounded::read_file(path, MAX_HOLDER).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = crate::term::printable(text.lines().next().unwrap_or_default());
    if line.is_empty() {
        "it does not say who it is".to_owned()
    } else {
        line
    }
}
