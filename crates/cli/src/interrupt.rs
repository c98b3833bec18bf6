//! Ctrl-C, and being asked to terminate, end the run at once with 130 and
//! remove what was half written. A verb that runs on until it is told to stop
//! asks to be told first: [`ask_first`].

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
};

use crate::exit::Exit;

/// Files that are being written and are not what they will be.
static DRAFTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn drafts() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    DRAFTS
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What ends before the program does.
static LAST: Mutex<Vec<Box<dyn Fn() + Send>>> = Mutex::new(Vec::new());

/// Calls this when the run is interrupted, before it ends. It must return soon.
pub fn before_end(last: impl Fn() + Send + 'static) {
    LAST.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .push(Box::new(last));
}

/// Who is asked to end before the run is ended.
static ASKED: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// The first Ctrl-C only calls this: the verb ends by itself, soon. The second
/// ends the run at once, as always.
pub fn ask_first(ask: impl FnOnce() + Send + 'static) {
    *ASKED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Box::new(ask));
}

/// Listens for Ctrl-C. Where that can't be done, the system's own way of
/// ending a program stays.
pub fn install() {
    let _ = ctrlc::set_handler(|| {
        let asked = ASKED
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        if let Some(ask) = asked {
            return ask();
        }
        // Held to the end: no rename begins after the drafts are gone.
        let drafts = drafts();
        let last = LAST
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        last.iter().for_each(|last| last());
        for draft in &*drafts {
            let _ = fs::remove_file(draft);
        }
        std::process::exit(Exit::Interrupted as i32);
    });
}

/// From now on this file is removed when the run is interrupted.
pub fn remember(draft: &Path) {
    drafts().insert(draft.to_owned());
}

/// The file is finished, or gone.
pub fn forget(draft: &Path) {
    drafts().remove(draft);
}

/// Renames a draft to what it was made for; Ctrl-C waits for it.
pub fn rename(draft: &Path, path: &Path) -> io::Result<()> {
    let mut drafts = drafts();
    fs::rename(draft, path)?;
    drafts.remove(draft);
    Ok(())
}
