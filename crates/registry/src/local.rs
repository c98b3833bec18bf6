//! Files and folders of this machine.

mod file;
mod folder;
#[cfg(unix)]
mod walk;

pub use file::FileAt;
pub use folder::LocalFolder;
#[cfg(unix)]
pub use walk::{Entry, RootFs, Walked};
