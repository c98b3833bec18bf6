//! Debian's own word: the security tracker's JSON and the lists of advisories.

mod list;
mod releases;
mod tracker;

pub use list::read as read_list;
pub use releases::release;
pub use tracker::read as read_tracker;
