//! What a control is.

use plimsoll_model::{Rule, image::Image};

use crate::{Minor, ObjectContext, PodContext, Sink, image::ImageSink};

/// A check of configuration: the words, and the code.
#[derive(Debug)]
pub struct Control {
    /// The words: id, title, severity, why, remediation, mappings.
    pub rule: &'static Rule,
    /// The code.
    pub check: Check,
    /// The Kubernetes minor versions from which on it behaves in a new way,
    /// ascending; empty when it never changes. Two versions between the same
    /// two changes are evaluated once.
    pub changes: &'static [u8],
}

impl Control {
    /// A control that looks at pod templates and is the same for every
    /// Kubernetes version.
    pub const fn pod(rule: &'static Rule, check: fn(&PodContext<'_>, &mut Sink)) -> Self {
        Control {
            rule,
            check: Check::Pod(check),
            changes: &[],
        }
    }

    /// A control that looks at objects of these kinds.
    pub const fn object(
        rule: &'static Rule,
        kinds: &'static [&'static str],
        check: fn(&ObjectContext<'_>, &mut Sink),
    ) -> Self {
        Control {
            rule,
            check: Check::Object { kinds, run: check },
            changes: &[],
        }
    }

    /// A control that looks at every workload as a whole, with its relations.
    pub const fn workload(rule: &'static Rule, check: fn(&ObjectContext<'_>, &mut Sink)) -> Self {
        Control {
            rule,
            check: Check::Workload(check),
            changes: &[],
        }
    }

    /// A control that looks at an image.
    pub const fn image(rule: &'static Rule, check: fn(&Image, &mut ImageSink)) -> Self {
        Control {
            rule,
            check: Check::Image(check),
            changes: &[],
        }
    }

    /// The same control with the minor versions at which it changes.
    pub const fn changing_at(mut self, changes: &'static [u8]) -> Self {
        self.changes = changes;
        self
    }

    /// Whether it looks at images.
    pub fn is_of_images(&self) -> bool {
        matches!(self.check, Check::Image(_))
    }

    /// Its id.
    pub fn id(&self) -> &'static str {
        self.rule.id
    }

    /// The oldest version that behaves as this one does.
    pub fn effective(&self, minor: Minor) -> Minor {
        Minor(
            self.changes
                .iter()
                .copied()
                .rfind(|change| *change <= minor.0)
                .unwrap_or(0),
        )
    }
}

/// The code of a control.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// A pure function of a pod template and the Kubernetes version:
    /// templates that are the same are evaluated once.
    Pod(fn(&PodContext<'_>, &mut Sink)),
    /// A function of a workload and what the inventory relates it to.
    Workload(fn(&ObjectContext<'_>, &mut Sink)),
    /// A function of an object and what the inventory relates it to.
    Object {
        /// Kinds it looks at, each as `Kind` (of whatever group) or
        /// `group/Kind`.
        kinds: &'static [&'static str],
        /// The function.
        run: fn(&ObjectContext<'_>, &mut Sink),
    },
    /// A function of an image.
    Image(fn(&Image, &mut ImageSink)),
}
