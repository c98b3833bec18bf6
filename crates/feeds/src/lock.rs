//! One writer at a time, among all processes: a lock on a file. Readers need
//! none, where each file is put in place whole.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::Path,
    time::{Duration, Instant},
};

use plimsoll_image::bounded::read_all;

/// How long to wait before the next try.
const PAUSE: Duration = Duration::from_millis(50);
/// Bytes of what a holder writes about itself.
const MOST_HOLDER: u64 = 4096;

/// The lock; given back when dropped, and when its process ends. Its file stays:
/// were it removed, two runs could hold locks on two files of that name.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another run holds it, by what it wrote about itself.
    #[error("in use by another run ({0})")]
    Held(String),
    /// The lock's file can't be had.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Lock {
    /// Takes the lock on this file, which is made where it is not there, waiting
    /// at most `patience` for another run to end. `waits` hears, once, who that
    /// is.
    ///
    /// # Errors
    /// The other run did not end; or there can be no lock file.
    pub fn take(path: &Path, patience: Duration, waits: &dyn Fn(&str)) -> Result<Lock, LockError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                    if !told {
                        told = true;
                        waits(&holder(path));
                    }
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(path))),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
        let lock = Lock { file };
        // Who holds it helps others; it is not what makes the lock hold.
        let _ = lock.sign();
        Ok(lock)
    }

    fn sign(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        let mut file = &self.file;
        write!(file, "process {}", std::process::id())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

/// Who holds the lock, as far as they say.
fn holder(path: &Path) -> String {
    let bytes = File::open(path).and_then(|file| read_all(file, MOST_HOLDER));
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let line = text.lines().next().unwrap_or_default();
    let plain: String = line.chars().filter(|c| !c.is_control()).collect();
    match plain.trim() {
        "" => "it does not say who it is".to_owned(),
        plain => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::store::Store;

    #[test]
    fn a_second_writer_waits_for_the_first_or_is_told_who_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(folder.path().join("db"));
        let patience = Duration::from_secs(20);
        let first = store.lock(patience, &|_| {}).expect("nobody has it");
        let refused = store.lock(Duration::ZERO, &|_| {}).expect_err("held");
        let own = format!("process {}", std::process::id());
        assert!(refused.to_string().contains(&own), "{refused}");
        let heard = RefCell::new(Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(PAUSE * 3);
                drop(first);
            });
            let waits = |holder: &str| heard.borrow_mut().push(holder.to_owned());
            let second = store.lock(patience, &waits).expect("given back");
            drop(second);
        });
        assert_eq!(*heard.borrow(), [own]);
        // The lock's file is no feed.
        assert_eq!(store.names().expect("readable"), Vec::<String>::new());
    }
}
