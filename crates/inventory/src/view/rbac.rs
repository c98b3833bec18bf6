//! Roles and bindings.

use plimsoll_manifest::Node;

use super::{items, labels::Selector, text, texts};

/// The API group of all of them.
pub const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role or ClusterRole.
#[derive(Clone, Copy, Debug)]
pub struct Role<'a> {
    root: Node<'a>,
}

/// An item of a role's `rules`.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRule<'a> {
    node: Node<'a>,
    index: u32,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    root: Node<'a>,
}

/// An item of a binding's `subjects`.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    node: Node<'a>,
    index: u32,
}

/// A binding's `roleRef`.
#[derive(Clone, Copy, Debug)]
pub struct RoleRef<'a> {
    node: Node<'a>,
}

impl<'a> Role<'a> {
    /// The role that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Role { root }
    }

    /// `rules`.
    pub fn rules(self) -> impl Iterator<Item = PolicyRule<'a>> {
        (0u32..)
            .zip(items(self.root, "rules"))
            .map(|(index, node)| PolicyRule { node, index })
    }

    /// `aggregationRule.clusterRoleSelectors`: the roles whose rules it gathers.
    pub fn aggregates(self) -> impl Iterator<Item = Selector<'a>> {
        self.root
            .get("aggregationRule")
            .into_iter()
            .flat_map(|rule| items(rule, "clusterRoleSelectors"))
            .map(|node| Selector::labels(Some(node)))
    }
}

impl<'a> PolicyRule<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `rules`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `verbs`.
    pub fn verbs(self) -> impl Iterator<Item = &'a str> {
        texts(self.node, "verbs")
    }

    /// `apiGroups`.
    pub fn api_groups(self) -> impl Iterator<Item = &'a str> {
        texts(self.node, "apiGroups")
    }

    /// `resources`, subresources among them.
    pub fn resources(self) -> impl Iterator<Item = &'a str> {
        texts(self.node, "resources")
    }

    /// `resourceNames`; without any it is for all.
    pub fn resource_names(self) -> impl Iterator<Item = &'a str> {
        texts(self.node, "resourceNames")
    }

    /// `nonResourceURLs`.
    pub fn non_resource_urls(self) -> impl Iterator<Item = &'a str> {
        texts(self.node, "nonResourceURLs")
    }

    /// Whether it grants this verb, by name or by `*`.
    #[must_use]
    pub fn grants_verb(self, verb: &str) -> bool {
        self.verbs()
            .any(|granted| granted == "*" || granted == verb)
    }

    /// Whether it is about this resource of this group: by name, by `*`, and for
    /// a subresource also by `*/name`.
    #[must_use]
    pub fn covers(self, group: &str, resource: &str) -> bool {
        let sub = resource.split_once('/').map(|(_, sub)| sub);
        self.api_groups()
            .any(|granted| granted == "*" || granted == group)
            && self.resources().any(|granted| {
                granted == "*"
                    || granted == resource
                    || granted
                        .strip_prefix("*/")
                        .is_some_and(|granted| Some(granted) == sub)
            })
    }
}

impl<'a> Binding<'a> {
    /// The binding that this object is.
    #[must_use]
    pub fn new(root: Node<'a>) -> Self {
        Binding { root }
    }

    /// `subjects`.
    pub fn subjects(self) -> impl Iterator<Item = Subject<'a>> {
        (0u32..)
            .zip(items(self.root, "subjects"))
            .map(|(index, node)| Subject { node, index })
    }

    /// `roleRef`.
    #[must_use]
    pub fn role_ref(self) -> Option<RoleRef<'a>> {
        super::mapping(self.root.get("roleRef")).map(|node| RoleRef { node })
    }
}

impl<'a> Subject<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// Its place in `subjects`, from 0.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// `kind`: `ServiceAccount`, `User` or `Group`.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        text(self.node, "kind")
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }

    /// `namespace`, of a service account.
    #[must_use]
    pub fn namespace(self) -> Option<&'a str> {
        text(self.node, "namespace")
    }
}

impl<'a> RoleRef<'a> {
    /// The mapping itself.
    #[must_use]
    pub fn node(self) -> Node<'a> {
        self.node
    }

    /// `kind`: `Role` or `ClusterRole`.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        text(self.node, "kind")
    }

    /// `name`.
    #[must_use]
    pub fn name(self) -> Option<&'a str> {
        text(self.node, "name")
    }
}
