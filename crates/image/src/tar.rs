//! A streaming tar reader.
