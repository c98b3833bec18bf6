//! What a check reports: paths and words. Places, identities and baselines are
//! the engine's.

use std::{borrow::Cow, sync::Arc};

use plimsoll_inventory::view::pod::{Container, Volume};
use plimsoll_manifest::Node;
use plimsoll_model::{FixValue, ObjectRef, Subject};

/// Text that mostly is a constant.
pub type Text = Cow<'static, str>;

/// Where a [`Path`] starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// At the object.
    Object,
    /// At the pod template that is being looked at.
    Template,
}

/// The path of a field: from the object or its pod template, perhaps into an
/// item of a list, then on. Kept in parts, so that a report that many
/// documents share costs next to nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// The list (`spec.containers`) and the item it goes into first.
    pub item: Option<(&'static str, u32)>,
    /// The rest, such as `securityContext.privileged`; may be empty.
    pub rest: Text,
}

impl Path {
    /// A path from the object: `rules[0].verbs`.
    pub fn object(rest: impl Into<Text>) -> Self {
        Path {
            root: Root::Object,
            item: None,
            rest: rest.into(),
        }
    }

    /// A path from the pod template: `spec.hostPID`,
    /// `metadata.annotations["example.com/a"]`.
    pub fn template(rest: impl Into<Text>) -> Self {
        Path {
            root: Root::Template,
            item: None,
            rest: rest.into(),
        }
    }
}

/// Paths below an item of a list of the pod.
pub trait At {
    /// The path of a field below this item.
    fn at(&self, rest: impl Into<Text>) -> Path;
}

impl At for Container<'_> {
    fn at(&self, rest: impl Into<Text>) -> Path {
        let item = Some((self.kind().path(), self.index()));
        Path {
            root: Root::Template,
            item,
            rest: rest.into(),
        }
    }
}

impl At for Volume<'_> {
    fn at(&self, rest: impl Into<Text>) -> Path {
        let item = Some(("spec.volumes", self.index()));
        Path {
            root: Root::Template,
            item,
            rest: rest.into(),
        }
    }
}

/// What the edits of a remedy are made to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The object that the violation is on.
    Own,
    /// Another object that is there; paths start at it.
    Other(Arc<ObjectRef>),
    /// An object that is missing, with its manifest.
    New(Arc<ObjectRef>, Arc<str>),
}

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Edit {
    /// Set the field, making the parents it lacks.
    Set(Path, FixValue),
    /// Add to the end of the list, making it if it is missing.
    Add(Path, FixValue),
    /// Remove the field or the item of a list.
    Remove(Path),
}

/// One way to clear a violation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remedy {
    /// What to do, in one sentence in the imperative.
    pub summary: Text,
    /// The object it edits.
    pub target: Target,
    /// The edits.
    pub edits: Vec<Edit>,
    /// What a person must decide or know first.
    pub decision: Option<Text>,
}

impl Remedy {
    /// A remedy without edits yet.
    pub fn new(summary: impl Into<Text>) -> Self {
        Remedy {
            summary: summary.into(),
            target: Target::Own,
            edits: Vec::new(),
            decision: None,
        }
    }

    /// A remedy that only a person can make, since the value is theirs.
    pub fn manual(summary: impl Into<Text>, decision: impl Into<Text>) -> Self {
        Remedy::new(summary).decision(decision)
    }

    /// A remedy that adds an object: its manifest is a YAML document with a
    /// newline at its end.
    pub fn new_object(
        summary: impl Into<Text>,
        object: ObjectRef,
        manifest: impl Into<Arc<str>>,
    ) -> Self {
        Remedy {
            target: Target::New(Arc::new(object), manifest.into()),
            ..Remedy::new(summary)
        }
    }

    /// The same remedy on another object that is there.
    pub fn on(mut self, object: ObjectRef) -> Self {
        self.target = Target::Other(Arc::new(object));
        self
    }

    /// With one more field to set.
    pub fn set(mut self, path: Path, value: impl IntoValue) -> Self {
        self.edits.push(Edit::Set(path, value.into_value()));
        self
    }

    /// With one more value to add to a list.
    pub fn add(mut self, path: Path, value: impl IntoValue) -> Self {
        self.edits.push(Edit::Add(path, value.into_value()));
        self
    }

    /// With one more field or item to remove.
    pub fn remove(mut self, path: Path) -> Self {
        self.edits.push(Edit::Remove(path));
        self
    }

    /// With what a person must know before it is applied.
    pub fn decision(mut self, decision: impl Into<Text>) -> Self {
        self.decision = Some(decision.into());
        self
    }
}

/// Values an edit can write.
pub trait IntoValue {
    /// The value.
    fn into_value(self) -> FixValue;
}

impl IntoValue for bool {
    fn into_value(self) -> FixValue {
        FixValue::Bool(self)
    }
}

impl IntoValue for i64 {
    fn into_value(self) -> FixValue {
        FixValue::Int(self)
    }
}

impl IntoValue for &'static str {
    fn into_value(self) -> FixValue {
        FixValue::Str(self)
    }
}

impl IntoValue for serde_json::Value {
    fn into_value(self) -> FixValue {
        FixValue::Json(Box::new(self))
    }
}

/// Something a check found: what, where, in which words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What it is about, in names and never in indexes.
    pub subject: Subject,
    /// The first path that shows it, and what stands there.
    pub(crate) first: (Path, Option<Box<str>>),
    /// Further ones.
    pub(crate) more: Vec<(Path, Option<Box<str>>)>,
    /// What is wrong, in one sentence.
    pub message: Text,
    /// Alternatives, each of which clears it alone; the usual one first.
    pub remedies: Vec<Remedy>,
    /// The pod template that [`Root::Template`] paths start at.
    pub(crate) template: u16,
}

impl Violation {
    /// A violation at `path`. `field` names it within the asset:
    /// `securityContext.privileged`, `volume docker-sock`, `rule secrets`.
    pub fn new(field: impl Into<Text>, path: Path, message: impl Into<Text>) -> Self {
        Violation {
            subject: Subject {
                container: None,
                field: field.into(),
            },
            first: (path, None),
            more: Vec::new(),
            message: message.into(),
            remedies: Vec::new(),
            template: 0,
        }
    }

    /// A violation of a container at `rest` below it. The field of the
    /// subject is the same `rest`: give another with [`Violation::about`]
    /// when `rest` has an index in it.
    pub fn of(container: &Container<'_>, rest: impl Into<Text>, message: impl Into<Text>) -> Self {
        let rest = rest.into();
        Violation::new(rest.clone(), container.at(rest), message).in_container(container)
    }

    /// The same, about this container.
    pub fn in_container(mut self, container: &Container<'_>) -> Self {
        self.subject.container = Some(Arc::from(container.name()));
        self
    }

    /// The same, with another name for what it is about.
    pub fn about(mut self, field: impl Into<Text>) -> Self {
        self.subject.field = field.into();
        self
    }

    /// The same, with what stands at its (last) path. Never call it for what
    /// may be a secret.
    pub fn observed(mut self, node: Option<Node<'_>>) -> Self {
        let (_, observed) = self.more.last_mut().unwrap_or(&mut self.first);
        *observed = node.and_then(Node::scalar_text).map(short);
        self
    }

    /// The same, with one more path that shows it.
    pub fn also(mut self, path: Path) -> Self {
        self.more.push((path, None));
        self
    }

    /// The same, with one more way to clear it.
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }
}

/// At most eighty characters of a text.
fn short(text: &str) -> Box<str> {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Where checks put what they find.
#[derive(Debug, Default)]
pub struct Sink {
    violations: Vec<Violation>,
    unevaluated: Vec<(Path, Text)>,
    template: u16,
}

impl Sink {
    /// Reports a violation.
    pub fn report(&mut self, mut violation: Violation) {
        violation.template = self.template;
        self.violations.push(violation);
    }

    /// Says that the control can't be judged here, and why: the asset becomes
    /// *unknown* for it instead of clean.
    pub fn cannot_judge(&mut self, path: Path, reason: impl Into<Text>) {
        self.unevaluated.push((path, reason.into()));
    }

    /// From now on paths of templates start at the `index`-th template of the
    /// object. Needed only by checks of objects that walk several.
    pub fn enter_template(&mut self, index: u16) {
        self.template = index;
    }

    pub(crate) fn take(&mut self) -> (Vec<Violation>, Vec<(Path, Text)>) {
        self.template = 0;
        (
            std::mem::take(&mut self.violations),
            std::mem::take(&mut self.unevaluated),
        )
    }
}
