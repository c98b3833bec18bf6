//! Volumes of a pod.

use plimsoll_manifest::Node;

use super::mapping;

/// An item of `spec.volumes`.
#[derive(Clone, Copy, Debug)]
pub struct Volume<'a> {
    node: Node<'a>,
    index: u32,
}

impl<'a> Volume<'a> {
    pub(super) fn new(node: Node<'a>, index: usize) -> Self {
        Volume {
            node,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }

    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `spec.volumes`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        self.node.get("name")?.as_str()
    }

    /// The field that says where its contents come from, and its value:
    /// `configMap`, `hostPath`, ... A volume that names none, or only null
    /// ones, is an `emptyDir` by default; then it is none.
    pub fn sources(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        self.node
            .entries()
            .filter(|(key, value)| key.text != "name" && !value.is_null())
            .map(|(key, value)| (key.text, value))
    }

    /// One source by its field; none when it is null.
    #[must_use]
    pub fn source(self, field: &str) -> Option<Node<'a>> {
        mapping(self.node.get(field))
    }

    /// `hostPath.path`; empty when a hostPath names none.
    #[must_use]
    pub fn host_path(self) -> Option<&'a str> {
        let source = self.source("hostPath")?;
        Some(
            source
                .get("path")
                .and_then(Node::scalar_text)
                .unwrap_or_default(),
        )
    }
}
