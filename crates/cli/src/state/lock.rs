//! One writer at a time: a lock on a file beside the state file, since the
//! state file itself is replaced whenever it is written.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use plimsoll_feeds::{Lock, LockError};

use crate::{
    bounded,
    context::Context,
    exit::{Failure, fail},
};

/// Takes the lock of a state file, waiting at most `patience` for another run to
/// end.
///
/// # Errors
/// The other run, by what it wrote about itself, did not end; or there can be no
/// lock file.
pub fn take(context: &Context, state: &Path, patience: Duration) -> Result<Lock, Failure> {
    let path = beside(state);
    let waits = |holder: &str| {
        context.note(&format!(
            "waiting for another run to finish with {} ({holder})",
            state.display()
        ));
    };
    match Lock::take(&path, patience, &waits) {
        Ok(lock) => Ok(lock),
        Err(LockError::Held(holder)) => fail(format!(
            "the state file {} is in use by another run ({holder}): wait for it, give more time \
             with --lock-timeout, or read only with --dry-run",
            state.display()
        )),
        Err(LockError::Io(error)) => {
            fail(format!("{}: {}", path.display(), bounded::words(&error)))
        }
    }
}

fn beside(state: &Path) -> PathBuf {
    let mut path = state.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}
