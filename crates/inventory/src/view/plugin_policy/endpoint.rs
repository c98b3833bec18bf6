//! A pod as the selectors of network plugins see it.

use crate::view::labels::Labelled;

/// Yes, no, or not to be told from what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold.
    No,
    /// It may hold.
    Unknown,
    /// It holds.
    Yes,
}

impl Truth {
    /// Whether both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Whether one of the two holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// Whether it does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
            Truth::Yes => Truth::No,
        }
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Truth::Yes } else { Truth::No }
    }
}

/// What is known of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label<'a> {
    Is(&'a str),
    Absent,
    Unknown,
}

impl<'a> Label<'a> {
    fn of(found: Option<&'a str>) -> Self {
        found.map_or(Label::Absent, Label::Is)
    }

    /// Whether it is there.
    pub fn exists(self) -> Truth {
        match self {
            Label::Is(_) => Truth::Yes,
            Label::Absent => Truth::No,
            Label::Unknown => Truth::Unknown,
        }
    }

    /// Whether it is there with a value of which this holds.
    pub fn is(self, holds: impl Fn(&str) -> bool) -> Truth {
        match self {
            Label::Is(value) => holds(value).into(),
            Label::Absent => Truth::No,
            Label::Unknown => Truth::Unknown,
        }
    }
}

/// A pod, its namespace and its service account.
#[derive(Clone, Copy)]
pub struct Endpoint<'a> {
    /// The labels of the pod, as its template has them.
    pub labels: &'a dyn Labelled,
    /// The name of its namespace.
    pub namespace: &'a str,
    /// The labels of the namespace; none when the Namespace is not there.
    pub namespace_labels: Option<&'a dyn Labelled>,
    /// The name of its service account.
    pub account: &'a str,
    /// The labels of the account; none when it is not there.
    pub account_labels: Option<&'a dyn Labelled>,
}

impl<'a> Endpoint<'a> {
    pub(super) fn pod_label(&self, key: &str) -> Label<'a> {
        match self.labels.label(key) {
            None if is_set_at_runtime(key) => Label::Unknown,
            found => Label::of(found),
        }
    }

    pub(super) fn namespace_label(&self, key: &str) -> Label<'a> {
        match (key, self.namespace_labels) {
            ("kubernetes.io/metadata.name", _) => Label::Is(self.namespace),
            (_, Some(labels)) => Label::of(labels.label(key)),
            (_, None) => Label::Unknown,
        }
    }

    pub(super) fn account_label(&self, key: &str) -> Label<'a> {
        self.account_labels
            .map_or(Label::Unknown, |labels| Label::of(labels.label(key)))
    }
}

/// Whether controllers give pods this label, whatever their template says.
pub(super) fn is_set_at_runtime(key: &str) -> bool {
    matches!(
        key,
        "apps.kubernetes.io/pod-index"
            | "controller-revision-hash"
            | "controller-uid"
            | "job-name"
            | "pod-template-generation"
            | "pod-template-hash"
            | "statefulset.kubernetes.io/pod-name"
    ) || ["batch.kubernetes.io/", "topology.kubernetes.io/"]
        .iter()
        .any(|prefix| key.starts_with(prefix))
}
