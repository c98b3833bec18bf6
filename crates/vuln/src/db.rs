//! The advisory database: one read-only file.
