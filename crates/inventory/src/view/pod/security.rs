//! Security contexts, of pods and of containers.

use plimsoll_manifest::Node;

use super::mapping;

/// A `securityContext`, present or not.
#[derive(Clone, Copy, Debug)]
pub struct SecurityContext<'a> {
    node: Option<Node<'a>>,
}

impl<'a> SecurityContext<'a> {
    pub(super) fn new(node: Option<Node<'a>>) -> Self {
        SecurityContext {
            node: mapping(node),
        }
    }

    /// The mapping, if there is one.
    #[must_use]
    pub fn node(self) -> Option<Node<'a>> {
        self.node
    }

    /// A field by its name; none when it is null.
    #[must_use]
    pub fn get(self, field: &str) -> Option<Node<'a>> {
        self.node?.get(field).filter(|value| !value.is_null())
    }

    /// A boolean field.
    #[must_use]
    pub fn bool(self, field: &str) -> Option<bool> {
        self.get(field)?.as_bool()
    }

    /// A field that is a mapping.
    #[must_use]
    pub fn mapping(self, field: &str) -> Option<Node<'a>> {
        mapping(self.get(field))
    }

    /// `privileged`.
    #[must_use]
    pub fn privileged(self) -> Option<bool> {
        self.bool("privileged")
    }

    /// `allowPrivilegeEscalation`.
    #[must_use]
    pub fn allow_privilege_escalation(self) -> Option<bool> {
        self.bool("allowPrivilegeEscalation")
    }

    /// `readOnlyRootFilesystem`.
    #[must_use]
    pub fn read_only_root_filesystem(self) -> Option<bool> {
        self.bool("readOnlyRootFilesystem")
    }

    /// `runAsNonRoot`.
    #[must_use]
    pub fn run_as_non_root(self) -> Option<bool> {
        self.bool("runAsNonRoot")
    }

    /// `runAsUser`.
    #[must_use]
    pub fn run_as_user(self) -> Option<i64> {
        self.get("runAsUser")?.as_i64()
    }

    /// `runAsGroup`.
    #[must_use]
    pub fn run_as_group(self) -> Option<i64> {
        self.get("runAsGroup")?.as_i64()
    }

    /// `procMount`.
    #[must_use]
    pub fn proc_mount(self) -> Option<&'a str> {
        self.get("procMount")?.scalar_text()
    }

    /// `capabilities.add` or `capabilities.drop`: index and name of each.
    pub fn capabilities(self, list: &str) -> impl Iterator<Item = (u32, &'a str)> + use<'a> {
        self.node
            .and_then(|node| node.get("capabilities")?.get(list))
            .into_iter()
            .flat_map(Node::items)
            .enumerate()
            .filter_map(|(index, item)| {
                Some((
                    u32::try_from(index).unwrap_or(u32::MAX),
                    item.scalar_text()?,
                ))
            })
    }

    /// `type` of `seccompProfile` or `appArmorProfile`: none without such a
    /// profile, empty when the profile has no type.
    #[must_use]
    pub fn profile_type(self, profile: &str) -> Option<&'a str> {
        let profile = self.mapping(profile)?;
        Some(
            profile
                .get("type")
                .and_then(Node::scalar_text)
                .unwrap_or_default(),
        )
    }

    /// `windowsOptions.hostProcess`.
    #[must_use]
    pub fn host_process(self) -> Option<bool> {
        self.mapping("windowsOptions")?
            .get("hostProcess")?
            .as_bool()
    }
}
