//! Documents and the cursors one walks them with.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::path::Segment;
use crate::scalar;
use crate::tree::{Edge, Entry, NodeData, Style, Text, Tree};
use crate::{FieldPath, Place, Source, Span};

/// Type of a value, as Kubernetes' YAML reader resolves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `null`, `~` or nothing.
    Null = 0,
    /// `true`, `no`, `on`, ...
    Bool = 1,
    /// A whole number within 64 bits, signed or not.
    Int = 2,
    /// Any other number.
    Float = 3,
    /// Text, quoted or not.
    String = 4,
    /// A list.
    Sequence = 5,
    /// Keys and values.
    Mapping = 6,
}

impl Kind {
    /// The type in plain words with its article: `a string`, `a list`.
    #[must_use]
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool => "a boolean",
            Self::Int => "a whole number",
            Self::Float => "a number",
            Self::String => "a string",
            Self::Sequence => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

/// One object: a YAML document, a JSON value, or one item of a `List` or of a typed list.
///
/// Cloning is cheap; the file and the arena are shared.
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) tree: Arc<Tree>,
    pub(crate) root: u32,
    pub(crate) index: u32,
    /// The typed list that names kind and version of this item of it, as a node.
    pub(crate) list: Option<u32>,
}

impl Document {
    /// `apiVersion`: the object's own, or that of the typed list it is an item of. The API returns
    /// the items of a `PodList` without either name. Empty for what is no object.
    #[must_use]
    pub fn api_version(&self) -> &str {
        let own = self.root().named("apiVersion");
        own.or_else(|| self.list()?.named("apiVersion"))
            .unwrap_or_default()
    }

    /// `kind`: the object's own, or the one that the typed list it is an item of is named for:
    /// `Pod` for a `PodList`. Empty for what is no object.
    #[must_use]
    pub fn kind(&self) -> &str {
        let own = self.root().named("kind");
        own.or_else(|| self.list()?.named("kind")?.strip_suffix("List"))
            .unwrap_or_default()
    }

    fn list(&self) -> Option<Node<'_>> {
        Some(Node::new(self, Edge::to(self.list?), false, false))
    }

    /// The object itself.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::new(self, Edge::to(self.root), false, false)
    }

    /// The file it stands in.
    #[must_use]
    pub fn source(&self) -> &Arc<Source> {
        &self.tree.source
    }

    /// The how-manieth object of its file this is, from 0.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The bytes of the root value.
    #[must_use]
    pub fn span(&self) -> Span {
        self.root().span()
    }
}

/// A cursor at one value of a [`Document`].
#[derive(Clone, Copy)]
pub struct Node<'a> {
    document: &'a Document,
    id: u32,
    shared: bool,
    merged: bool,
}

/// A key of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Its meaning: quotes removed, escapes resolved. Numbers and booleans as they are written.
    pub text: &'a str,
    /// The bytes it is written in, quotes included.
    pub span: Span,
}

impl Key<'_> {
    /// Line and column of the key.
    #[must_use]
    pub fn place(&self, source: &Source) -> Place {
        source.place(self.span.start)
    }
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:?} at {})", self.kind(), self.place())
    }
}

impl<'a> Node<'a> {
    pub(crate) fn new(document: &'a Document, edge: Edge, shared: bool, merged: bool) -> Self {
        let aliased = document.tree.node(edge.id()).aliased();
        Self {
            document,
            id: edge.id() as u32,
            shared: shared || aliased || edge.is_alias(),
            merged: merged || edge.is_merged(),
        }
    }

    fn follow(self, edge: Edge) -> Self {
        Self::new(self.document, edge, self.shared, self.merged)
    }

    pub(crate) fn data(self) -> NodeData {
        self.document.tree.node(self.id as usize)
    }

    pub(crate) fn id(self) -> u32 {
        self.id
    }

    pub(crate) fn style(self) -> Style {
        self.data().style()
    }

    pub(crate) fn raw_entries(self) -> &'a [Entry] {
        self.document.tree.entries_of(self.data())
    }

    pub(crate) fn raw_items(self) -> &'a [Edge] {
        self.document.tree.items_of(self.data())
    }

    pub(crate) fn entry_key(self, entry: &Entry) -> Key<'a> {
        let span = Span::new(entry.start, entry.end);
        Key {
            text: self.document.tree.text(entry.text, span),
            span,
        }
    }

    pub(crate) fn entry_value(self, entry: &Entry) -> Self {
        self.follow(entry.value)
    }

    /// Its type.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.data().kind()
    }

    /// Whether it is null or nothing is written.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value of a key; `None` for a missing key and for anything but a mapping.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Self> {
        let entry = self
            .raw_entries()
            .iter()
            .find(|entry| self.entry_key(entry).text == key)?;
        Some(self.follow(entry.value))
    }

    /// The text of a field that is one and not empty.
    pub(crate) fn named(self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// The key itself, with its place, and the value.
    #[must_use]
    pub fn get_entry(self, key: &str) -> Option<(Key<'a>, Self)> {
        self.entries().find(|(found, _)| found.text == key)
    }

    /// The item at an index; `None` past the end and for anything but a sequence.
    #[must_use]
    pub fn at(self, index: usize) -> Option<Self> {
        self.raw_items().get(index).map(|edge| self.follow(*edge))
    }

    /// The items of a sequence; none for anything else.
    pub fn items(self) -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator {
        self.raw_items().iter().map(move |edge| self.follow(*edge))
    }

    /// The fields of a mapping in their order, merged ones last; none for anything else.
    pub fn entries(self) -> impl ExactSizeIterator<Item = (Key<'a>, Self)> + DoubleEndedIterator {
        self.raw_entries()
            .iter()
            .map(move |entry| (self.entry_key(entry), self.follow(entry.value)))
    }

    /// Number of items or fields; 0 for scalars.
    #[must_use]
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Sequence | Kind::Mapping => self.data().count(),
            _ => 0,
        }
    }

    /// Whether there are no items or fields. True of scalars.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The text of a string; `None` for every other type.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        (self.kind() == Kind::String).then(|| self.text())
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| scalar::parse_bool(self.text()))?
    }

    /// The value of a whole number that fits; a float without fraction (`3.0`, `1e3`) is one.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        match self.kind() {
            Kind::Int => scalar::parse_int(self.text()).and_then(|value| i64::try_from(value).ok()),
            Kind::Float => {
                let value = scalar::parse_float(self.text())?;
                (value.fract() == 0.0 && value.abs() < 9.0e15).then_some(value as i64)
            }
            _ => None,
        }
    }

    /// The value of a number.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        match self.kind() {
            Kind::Int => scalar::parse_int(self.text()).map(|value| value as f64),
            Kind::Float => scalar::parse_float(self.text())
                .or_else(|| scalar::parse_int(self.text()).map(|value| value as f64)),
            _ => None,
        }
    }

    /// The text of a scalar of any type; `None` for sequences and mappings.
    #[must_use]
    pub fn scalar_text(self) -> Option<&'a str> {
        (self.kind() < Kind::Sequence).then(|| self.text())
    }

    fn text(self) -> &'a str {
        let data = self.data();
        self.document.tree.text(Text(data.first), data.span())
    }

    /// The bytes of the value: quotes and brackets included; anchors, tags and comments not.
    /// Empty, and where the value would stand, when nothing is written.
    #[must_use]
    pub fn span(self) -> Span {
        self.data().span()
    }

    /// Line and column of the value's first character.
    #[must_use]
    pub fn place(self) -> Place {
        self.source().place(self.span().start)
    }

    /// The file.
    #[must_use]
    pub fn source(self) -> &'a Arc<Source> {
        self.document.source()
    }

    /// The document.
    #[must_use]
    pub fn document(self) -> &'a Document {
        self.document
    }

    /// Whether an alias repeats this value or one around it: its bytes serve several places.
    #[must_use]
    pub fn is_shared(self) -> bool {
        self.shared
    }

    /// Whether this value or one around it is here by a merge key.
    #[must_use]
    pub fn is_merged(self) -> bool {
        self.merged
    }

    /// The value at a path below this one.
    #[must_use]
    pub fn lookup(self, path: &FieldPath) -> Option<Self> {
        path.segments()
            .iter()
            .try_fold(self, |node, segment| match segment {
                Segment::Key(key) => node.get(key),
                Segment::Index(index) => node.at(*index as usize),
            })
    }

    /// The value as JSON. Floats JSON does not know become the text they are written as.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        use serde_json::Value;
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(self.as_bool().unwrap_or_default()),
            Kind::Int => match scalar::parse_int(self.text()) {
                Some(value) => match i64::try_from(value) {
                    Ok(value) => Value::from(value),
                    Err(_) => Value::from(value as u64),
                },
                None => Value::Null,
            },
            Kind::Float => self
                .as_f64()
                .and_then(serde_json::Number::from_f64)
                .map_or_else(|| Value::from(self.text()), Value::Number),
            Kind::String => Value::from(self.text()),
            Kind::Sequence => self.items().map(Self::to_json).collect(),
            Kind::Mapping => {
                let fields = self
                    .entries()
                    .map(|(key, value)| (key.text.to_owned(), value.to_json()));
                Value::Object(fields.collect())
            }
        }
    }

    /// Feeds type, texts and structure, not places or style, so that equal templates hash alike.
    /// The order of keys counts.
    pub fn hash_into(self, hasher: &mut impl Hasher) {
        let kind = self.kind();
        (kind as u8).hash(hasher);
        match kind {
            Kind::Sequence => {
                self.len().hash(hasher);
                self.items().for_each(|item| item.hash_into(hasher));
            }
            Kind::Mapping => {
                self.len().hash(hasher);
                for (key, value) in self.entries() {
                    key.text.hash(hasher);
                    value.hash_into(hasher);
                }
            }
            Kind::Null => {}
            _ => self.text().hash(hasher),
        }
    }

    /// A 64-bit hash of [`hash_into`](Self::hash_into): a look-up aid, not an identity.
    /// Confirm with [`same`](Self::same).
    #[must_use]
    pub fn content_hash(self) -> u64 {
        let mut hasher = rustc_hash::FxHasher::default();
        self.hash_into(&mut hasher);
        hasher.finish()
    }

    /// Whether two values are equal in what [`hash_into`](Self::hash_into) looks at.
    #[must_use]
    pub fn same(self, other: Node<'_>) -> bool {
        if self.kind() != other.kind() || self.len() != other.len() {
            return false;
        }
        match self.kind() {
            Kind::Sequence => self
                .items()
                .zip(other.items())
                .all(|(one, two)| one.same(two)),
            Kind::Mapping => self
                .entries()
                .zip(other.entries())
                .all(|((one, left), (two, right))| one.text == two.text && left.same(right)),
            Kind::Null => true,
            _ => self.text() == other.text(),
        }
    }
}
