//! Fields that both the pod's and each container's security context have.

use plimsoll_inventory::view::pod::{Container, SecurityContext};
use plimsoll_manifest::FieldPath;

use crate::{At, Path, PodContext, Remedy, Violation};

/// One security context: the pod's or a container's.
pub(super) struct Scope<'c, 'a> {
    /// The container; none for the pod.
    pub container: Option<&'c Container<'a>>,
    /// Its security context.
    pub context: SecurityContext<'a>,
}

/// The pod's security context, then that of each container.
pub(super) fn scopes<'c, 'a>(pod: &'c PodContext<'a>) -> impl Iterator<Item = Scope<'c, 'a>> {
    std::iter::once(Scope {
        container: None,
        context: pod.security_context(),
    })
    .chain(pod.containers().iter().map(|container| Scope {
        container: Some(container),
        context: container.security_context(),
    }))
}

impl Scope<'_, '_> {
    /// The path of a field, which begins with `securityContext.`.
    pub(super) fn at(&self, field: &'static str) -> Path {
        match self.container {
            Some(container) => container.at(field),
            None => Path::template(format!("spec.{field}")),
        }
    }

    /// A violation at such a field, with what stands there.
    pub(super) fn violation(&self, field: &'static str, message: &'static str) -> Violation {
        let violation = Violation::new(field, self.at(field), message);
        let inside = field.strip_prefix("securityContext.").unwrap_or(field);
        let found = FieldPath::parse(inside)
            .ok()
            .and_then(|path| self.context.node()?.lookup(&path));
        let violation = violation.observed(found);
        match self.container {
            Some(container) => violation.in_container(container),
            None => violation,
        }
    }
}

/// The same remedy, unless the pod is for Windows: until 1.25 the standard asks
/// such pods too for fields that the API server refuses them.
pub(super) fn unless_windows(pod: &PodContext<'_>, remedy: Remedy) -> Remedy {
    if pod.is_windows() {
        Remedy::manual(
            "Judge the pod by the standard of 1.25 or later",
            "The API server takes no such field where os.name is windows. Older standards ask for it all the same: the pod can't pass them.",
        )
    } else {
        remedy
    }
}
