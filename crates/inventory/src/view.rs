//! Typed views: thin, copied cursors over [`Node`]s.
//!
//! Nothing is parsed ahead and every field keeps its place. What has the wrong
//! type reads as absent: no view fails.

pub mod gateway;
pub mod ingress;
pub mod labels;
pub mod network_policy;
pub mod plugin_policy;
pub mod pod;
pub mod rbac;
pub mod service;
pub mod workload;

use plimsoll_manifest::{Kind, Node};

/// The node when it is a mapping.
pub(crate) fn mapping(node: Option<Node<'_>>) -> Option<Node<'_>> {
    node.filter(|node| node.kind() == Kind::Mapping)
}

/// A field's text, whatever scalar it is; none when it is null or empty.
pub(crate) fn text<'a>(node: Node<'a>, field: &str) -> Option<&'a str> {
    let value = node.get(field).filter(|value| !value.is_null())?;
    value.scalar_text().filter(|text| !text.is_empty())
}

/// The items of a list below a node; none when it is no list.
pub(crate) fn items<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    node.get(field).into_iter().flat_map(Node::items)
}

/// The scalars of a list below a node.
pub(crate) fn texts<'a>(node: Node<'a>, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    items(node, field).filter_map(Node::scalar_text)
}
