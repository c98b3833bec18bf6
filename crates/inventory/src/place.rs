//! From a cursor to a place that can be shown.

use plimsoll_manifest::Node;
use plimsoll_model::Location;

/// Where a node's value stands.
pub fn location_of(node: Node<'_>) -> Location {
    let place = node.place();
    Location {
        file: node.source().name().clone(),
        line: place.line,
        column: place.column,
        span: node.span(),
    }
}
