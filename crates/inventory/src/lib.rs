//! Objects in; indexes and relations out.

pub mod view;
