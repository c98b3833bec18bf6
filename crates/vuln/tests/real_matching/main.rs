//! Matching over feeds as their publishers have them: what is found against a
//! list made from the publisher's own files by another path. The feeds are not
//! part of the repository: without them the tests say so and pass.

mod almalinux;
mod alpine;
mod debian;
mod feeds;
mod pypi;
