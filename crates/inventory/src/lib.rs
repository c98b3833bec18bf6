//! Objects in; indexes and relations out.
//!
//! An [`Inventory`] takes [`Document`](plimsoll_manifest::Document)s one by one
//! and answers what an object is, what it owns, selects, binds and exposes, and
//! which others are touched when it changes. Nothing is copied out of the
//! documents but names and labels: everything else is read through the views of
//! [`view`], which are cursors that keep the place of every field.
//!
//! No answer depends on the order in which objects came in, and none costs a
//! walk over all of them: labels, selectors and names are indexed by namespace.

mod affected;
mod exposure;
mod facts;
mod index;
mod inventory;
mod isolation;
mod object;
mod owners;
mod place;
mod rbac;
mod relations;
mod scope;
mod set;
mod shape;
mod strings;
mod template;
pub mod view;

pub use inventory::{Inserted, Inventory, Settings};
pub use isolation::Isolation;
pub use object::{Object, ObjectIx, ObjectRole};
pub use place::location_of;
pub use rbac::SubjectKey;
pub use scope::is_cluster_scoped;
pub use template::TemplateRef;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
