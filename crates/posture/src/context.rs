//! What a check is given.

use std::sync::Arc;

use plimsoll_inventory::{
    Inventory, Object, ObjectIx,
    view::pod::{Container, PodOs, PodSpec, PodTemplate, SecurityContext, Volume},
};
use plimsoll_manifest::Node;

use crate::Minor;

/// A pod template, for checks that are pure functions of it.
#[derive(Clone, Debug)]
pub struct PodContext<'a> {
    /// The template: metadata and spec.
    pub template: PodTemplate<'a>,
    /// Its spec.
    pub spec: PodSpec<'a>,
    /// The Kubernetes version whose rules hold.
    pub minor: Minor,
    containers: Vec<Container<'a>>,
}

impl<'a> PodContext<'a> {
    /// The template at this node; none when it has no spec.
    pub fn new(node: Node<'a>, minor: Minor) -> Option<Self> {
        let template = PodTemplate::new(node);
        let spec = template.spec()?;
        let containers = spec.containers().collect();
        Some(PodContext {
            template,
            spec,
            minor,
            containers,
        })
    }

    /// All containers: main, init, ephemeral.
    pub fn containers(&self) -> &[Container<'a>] {
        &self.containers
    }

    /// The volumes.
    pub fn volumes(&self) -> impl Iterator<Item = Volume<'a>> + use<'a> {
        self.spec.volumes()
    }

    /// The pod's own security context.
    pub fn security_context(&self) -> SecurityContext<'a> {
        self.spec.security_context()
    }

    /// The value of one of the template's annotations, with its place.
    pub fn annotation_node(&self, key: &str) -> Option<Node<'a>> {
        self.template
            .node()
            .get("metadata")?
            .get("annotations")?
            .get(key)
    }

    /// Whether it says that it is for Windows nodes.
    pub fn is_windows(&self) -> bool {
        self.spec.os() == Some(PodOs::Windows)
    }

    /// Whether it runs in a user namespace of its own (`hostUsers: false`).
    pub fn has_user_namespace(&self) -> bool {
        self.spec.host_users() == Some(false)
    }
}

/// An object with all that the inventory knows of it.
#[derive(Clone, Copy, Debug)]
pub struct ObjectContext<'a> {
    /// The inventory.
    pub inventory: &'a Inventory,
    /// The object's slot in it.
    pub ix: ObjectIx,
    /// The object.
    pub object: &'a Object,
    templates: &'a [(Arc<str>, Node<'a>)],
}

impl<'a> ObjectContext<'a> {
    pub(crate) fn new(
        inventory: &'a Inventory,
        ix: ObjectIx,
        object: &'a Object,
        templates: &'a [(Arc<str>, Node<'a>)],
    ) -> Self {
        ObjectContext {
            inventory,
            ix,
            object,
            templates,
        }
    }

    /// The object's root.
    pub fn root(&self) -> Node<'a> {
        self.object.document.root()
    }

    /// Its pod templates, each with its number for
    /// [`Sink::enter_template`](crate::Sink::enter_template).
    pub fn pods(&self) -> impl Iterator<Item = (u16, PodContext<'a>)> {
        (0u16..)
            .zip(self.templates)
            .filter_map(|(index, (_, node))| Some((index, PodContext::new(*node, Minor::NEWEST)?)))
    }

    /// The kind, such as `Deployment`.
    pub fn kind(&self) -> &'a str {
        &self.object.asset.object.kind
    }

    /// The namespace, for what is in one.
    pub fn namespace(&self) -> Option<&'a str> {
        self.object.asset.object.namespace.as_deref()
    }

    /// The name.
    pub fn name(&self) -> &'a str {
        &self.object.asset.object.name
    }
}
