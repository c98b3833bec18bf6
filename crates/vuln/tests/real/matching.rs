//! What is found against a list made from the publisher's own files by another
//! path.

mod almalinux;
mod alpine;
mod debian;
mod feeds;
mod pypi;
