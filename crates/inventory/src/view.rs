//! Typed views: thin, copied cursors over [`Node`](plimsoll_manifest::Node)s.

pub mod pod;
