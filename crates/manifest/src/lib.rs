//! Bytes of YAML and JSON to objects whose every field knows its place.
//!
//! [`Source`] is a file's text, [`load`] takes it apart into [`Document`]s (and says what it could
//! not read), [`Node`] is the cursor to walk one, [`FieldPath`] names a field, [`de`] decodes a
//! node into a type with errors that name file, line and column.
//!
//! Scalars mean what Kubernetes takes them for (go-yaml v2 through `sigs.k8s.io/yaml`). Input is
//! foreign: bytes, depth, documents and alias expansion are bounded by [`Limits`], and nothing
//! here panics or recurses deeper than those allow.

mod builder;
pub mod de;
pub mod edit;
mod error;
mod json;
mod limits;
mod load;
mod node;
mod path;
mod place;
mod scalar;
mod source;
mod template;
mod tree;
mod yaml;

pub use de::{DecodeError, from_node};
pub use error::{LoadError, LoadErrorKind};
pub use limits::Limits;
pub use load::{Loaded, Part, SkipReason, Skipped, load, load_one, load_parts, split};
pub use node::{Document, Key, Kind, Node};
pub use path::{FieldPath, PathError, Segment};
pub use place::{Place, Span};
pub use source::Source;
pub use template::{GuessedObject, NotRendered};
