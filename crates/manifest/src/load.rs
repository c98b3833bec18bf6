//! From a file to its objects: parts, documents, lists, and what was not read.

mod split;

use std::sync::Arc;

pub use self::split::{Part, split};

use crate::builder::{Builder, Fault};
use crate::template::{self, GuessedObject, NotRendered};
use crate::tree::{NodeData, Style, Tree};
use crate::{Document, Kind, Limits, LoadError, LoadErrorKind, Node, Place, Source, Span};
use crate::{json, yaml};

/// Everything a file held: objects, and all that is no object with the reason.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The objects in their order, lists taken apart.
    pub documents: Vec<Document>,
    /// Documents without content: two `---` in a row, only comments.
    pub empty: u64,
    /// Documents that could be read but are no Kubernetes objects.
    pub skipped: Vec<Skipped>,
    /// Documents that could not be read.
    pub errors: Vec<LoadError>,
    /// The parts that are templates.
    pub not_rendered: Option<NotRendered>,
}

/// A document that was read and is no Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Its bytes.
    pub span: Span,
    /// Its first character.
    pub place: Place,
    /// Why.
    pub reason: SkipReason,
}

/// Why a document is no Kubernetes object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum SkipReason {
    /// Nothing is written in it. Counted in [`Loaded::empty`] unless an item of a list.
    #[error("it is empty")]
    Empty,
    /// A list or a scalar.
    #[error("it is not a mapping")]
    NotAnObject,
    /// A mapping without `apiVersion` and `kind`, both non-empty strings, that no typed list names
    /// either.
    #[error("it has no apiVersion and kind")]
    NoApiVersionOrKind,
}

/// Reads a file.
///
/// Never fails as a whole: a document that cannot be read is an error beside the ones that can.
#[must_use]
pub fn load(source: &Arc<Source>, limits: &Limits) -> Loaded {
    let mut loader = Loader::new(source, limits);
    for part in split(source) {
        if loader.full() {
            break;
        }
        loader.part(part);
    }
    loader.finish()
}

/// Reads some parts of a file, as [`load`] would. For callers that read a huge file in parallel:
/// give each a run of [`split`]'s parts and join the results with [`Loaded::append`].
#[must_use]
pub fn load_parts(source: &Arc<Source>, parts: &[Part], limits: &Limits) -> Loaded {
    let mut loader = Loader::new(source, limits);
    for part in parts {
        if loader.full() {
            break;
        }
        loader.part(*part);
    }
    loader.finish()
}

impl Loaded {
    /// Adds what was read from later parts of the same file, in order.
    pub fn append(&mut self, later: Self) {
        let offset = self.documents.len() as u32;
        self.documents
            .extend(later.documents.into_iter().map(|mut document| {
                document.index += offset;
                document
            }));
        self.empty += later.empty;
        self.skipped.extend(later.skipped);
        self.errors.extend(later.errors);
        match (&mut self.not_rendered, later.not_rendered) {
            (Some(first), Some(second)) => first.guesses.extend(second.guesses),
            (first @ None, second) => *first = second,
            (Some(_), None) => {}
        }
    }
}

/// The first document of a file that need be no Kubernetes object, such as a lock file; none where
/// nothing is written in it.
///
/// # Errors
/// It is no YAML or JSON, or a limit is hit.
pub fn load_one(source: &Arc<Source>, limits: &Limits) -> Result<Option<Document>, LoadError> {
    first_document(source, limits).map_err(|faults| {
        let Some(fault) = faults.into_iter().next() else {
            return source.error(Span::empty(0), LoadErrorKind::Syntax("no document".into()));
        };
        let mut error = source.error(fault.span, fault.kind);
        error.other = fault.other.map(|(at, what)| (source.place(at), what));
        error
    })
}

/// The root of a text that is one document, object or not.
pub(crate) fn parse_one(source: &Arc<Source>, limits: &Limits) -> Option<Document> {
    first_document(source, limits).ok()?
}

fn first_document(source: &Arc<Source>, limits: &Limits) -> Result<Option<Document>, Vec<Fault>> {
    let mut builder = Builder::new(source, limits);
    let text = source.text();
    let mut first = None;
    if text.starts_with(['{', '[']) && json::read_value(&mut builder, text, 0).is_ok() {
        first = Some(builder.finish());
    } else {
        builder.reset();
        yaml::read(&mut builder, text, 0, text.len(), &mut |outcome| {
            first.get_or_insert(outcome);
        });
    }
    let Some((tree, root)) = first.transpose()?.flatten() else {
        return Ok(None);
    };
    Ok(Some(Document {
        tree,
        root,
        index: 0,
        list: None,
    }))
}

struct Loader<'s> {
    source: &'s Arc<Source>,
    limits: &'s Limits,
    builder: Builder<'s>,
    loaded: Loaded,
    count: usize,
    full: bool,
}

impl<'s> Loader<'s> {
    fn new(source: &'s Arc<Source>, limits: &'s Limits) -> Self {
        let builder = Builder::new(source, limits);
        Self {
            source,
            limits,
            builder,
            loaded: Loaded::default(),
            count: 0,
            full: false,
        }
    }

    fn full(&self) -> bool {
        self.full
    }

    fn finish(self) -> Loaded {
        self.loaded
    }

    /// Counts one more document; whether it is still allowed.
    fn admit(&mut self, at: u32) -> bool {
        self.count += 1;
        if self.count > self.limits.max_documents && !self.full {
            self.full = true;
            let limit = self.limits.max_documents;
            let error = self
                .source
                .error(Span::empty(at), LoadErrorKind::TooManyDocuments { limit });
            self.loaded.errors.push(error);
        }
        !self.full
    }

    fn fault(&mut self, fault: Fault) {
        let mut error = self.source.error(fault.span, fault.kind);
        error.other = fault.other.map(|(at, what)| (self.source.place(at), what));
        self.loaded.errors.push(error);
    }

    fn part(&mut self, part: Part) {
        let text = self.source.text();
        let (start, end) = (part.span.start as usize, part.span.end as usize);
        let Some(bytes) = text.as_bytes().get(start..end) else {
            return;
        };
        let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        if let Some(at) = bytes.iter().position(control) {
            let code = bytes.get(at).copied().unwrap_or_default().into();
            let span = Span::new((start + at) as u32, (start + at + 1) as u32);
            if self.admit(span.start) {
                self.fault(Fault::new(span, LoadErrorKind::ControlCharacter { code }));
            }
            return;
        }
        let head = json_start(text, start, end);
        if matches!(text.as_bytes().get(head), Some(b'{' | b'[')) {
            self.json(head, start, end);
        } else {
            self.yaml(start, end);
        }
    }

    /// JSON values one after the other; what is not JSON may still be YAML.
    fn json(&mut self, head: usize, start: usize, end: usize) {
        let text = self.source.text();
        let Some(part) = text.get(..end) else { return };
        let mut at = head;
        while at < end && !self.full {
            match json::read_value(&mut self.builder, part, at) {
                Ok(next) => {
                    let outcome = self.builder.finish();
                    self.outcome(outcome, at as u32);
                    at = json::skip_space(part, next);
                }
                Err(fault) => {
                    self.builder.reset();
                    let syntax = matches!(fault.kind, LoadErrorKind::Syntax(_));
                    if syntax && at == head && self.yaml_instead(start, end, &fault) {
                        return;
                    }
                    let after = fault.span.end as usize;
                    if !self.admit(fault.span.start) {
                        return;
                    }
                    self.fault(fault);
                    // The next value that starts a line is taken for the next document.
                    let rest = part.as_bytes().get(after..).unwrap_or_default();
                    match memchr::memmem::find(rest, b"\n{") {
                        Some(found) => at = after + found + 1,
                        None => return,
                    }
                }
            }
        }
    }

    /// Reads as YAML what failed as JSON; `false` where the JSON error says more.
    fn yaml_instead(&mut self, start: usize, end: usize, _fault: &Fault) -> bool {
        let named_json = self.source.name().ends_with(".json");
        let mut outcomes = Vec::new();
        yaml::read(
            &mut self.builder,
            self.source.text(),
            start,
            end,
            &mut |outcome| outcomes.push(outcome),
        );
        let failed = outcomes.iter().any(Result::is_err);
        let template = failed && template::find_action(self.source.text(), start, end).is_some();
        if failed && named_json && !template {
            return false;
        }
        self.outcomes(outcomes, start, end);
        true
    }

    fn yaml(&mut self, start: usize, end: usize) {
        let mut outcomes = Vec::new();
        yaml::read(
            &mut self.builder,
            self.source.text(),
            start,
            end,
            &mut |outcome| outcomes.push(outcome),
        );
        self.outcomes(outcomes, start, end);
    }

    fn outcomes(&mut self, outcomes: Vec<yaml::Outcome>, start: usize, end: usize) {
        if let Some((at, reason)) = self.unrendered(&outcomes, start, end) {
            self.not_rendered(at, reason, start, end);
            return;
        }
        for outcome in outcomes {
            self.outcome(outcome, start as u32);
        }
    }

    /// Whether template actions are why a part cannot be read, or read but mean something else.
    fn unrendered(
        &self,
        outcomes: &[yaml::Outcome],
        start: usize,
        end: usize,
    ) -> Option<(usize, String)> {
        let text = self.source.text();
        let part = text.get(start..end)?;
        memchr::memmem::find(part.as_bytes(), b"{{")?;
        for outcome in outcomes {
            match outcome {
                Err(faults) => {
                    let fault = faults.first()?;
                    let line_end = text.get(fault.span.start as usize..end)?.find('\n');
                    let upto = line_end.map_or(end, |nl| fault.span.start as usize + nl);
                    let at = template::find_action(text, start, upto)?;
                    return Some((
                        at,
                        "template actions are in the way of reading it as YAML".to_owned(),
                    ));
                }
                Ok(Some((tree, _))) => {
                    if let Some(at) = action_in_plain(tree) {
                        return Some((
                            at,
                            "values are template actions that are not filled in".to_owned(),
                        ));
                    }
                }
                Ok(None) => {}
            }
        }
        None
    }

    fn not_rendered(&mut self, at: usize, reason: String, start: usize, end: usize) {
        self.count += 1;
        let guesses: Vec<GuessedObject> = template::guess(self.source, start, end)
            .into_iter()
            .collect();
        match &mut self.loaded.not_rendered {
            Some(known) => known.guesses.extend(guesses),
            none => {
                *none = Some(NotRendered {
                    place: self.source.place(at as u32),
                    reason,
                    guesses,
                })
            }
        }
    }

    fn outcome(&mut self, outcome: yaml::Outcome, start: u32) {
        match outcome {
            Ok(None) => self.loaded.empty += 1,
            Ok(Some((tree, root))) => {
                let document = Document {
                    tree,
                    root,
                    index: 0,
                    list: None,
                };
                self.document(document);
            }
            Err(faults) => {
                if self.admit(start) {
                    for fault in faults {
                        self.fault(fault);
                    }
                }
            }
        }
    }

    /// Takes lists apart and sorts objects from other things.
    fn document(&mut self, document: Document) {
        if !self.admit(document.span().start) {
            return;
        }
        let root = document.root();
        if root.kind() == Kind::Null {
            self.loaded.empty += 1;
        } else if let Some(items) = list_items(root) {
            // Not itself an object; its items count instead.
            self.count -= 1;
            let list = root.id();
            let items: Vec<(u32, bool)> = items
                .items()
                .map(|item| (item.id(), is_named_by(root, item)))
                .collect();
            for (root, is_named) in items {
                if self.full {
                    return;
                }
                self.document(Document {
                    root,
                    list: is_named.then_some(list),
                    ..document.clone()
                });
            }
        } else if let Some(reason) = skip_reason(&document) {
            let (span, place) = (root.span(), root.place());
            self.loaded.skipped.push(Skipped {
                span,
                place,
                reason,
            });
        } else {
            let index = self.loaded.documents.len() as u32;
            self.loaded.documents.push(Document { index, ..document });
        }
    }
}

/// The offset of the first byte after `---`, white space.
fn json_start(text: &str, start: usize, end: usize) -> usize {
    let part = text.get(start..end).unwrap_or_default();
    let body = part.trim_start_matches([' ', '\t', '\n', '\r']);
    let body = match body.strip_prefix("---") {
        Some(rest) if rest.starts_with([' ', '\t', '\n', '\r']) => {
            rest.trim_start_matches([' ', '\t', '\n', '\r'])
        }
        _ => body,
    };
    end - body.len()
}

/// The `items` of a `List` or of a typed list.
fn list_items(root: Node<'_>) -> Option<Node<'_>> {
    let kind = root.get("kind").and_then(Node::as_str)?;
    root.get("apiVersion").and_then(Node::as_str)?;
    let items = root.get("items").filter(|_| kind.ends_with("List"))?;
    matches!(items.kind(), Kind::Sequence | Kind::Null).then_some(items)
}

/// Whether a typed list names what its item does not: the API returns the items of a `PodList`
/// without `apiVersion` and `kind`. What has no metadata is no object, whatever list it is in.
fn is_named_by(list: Node<'_>, item: Node<'_>) -> bool {
    let kind = list
        .named("kind")
        .and_then(|kind| kind.strip_suffix("List"))
        .filter(|kind| !kind.is_empty());
    let of_kind = match item.named("kind") {
        None => kind.is_some(),
        own => own == kind,
    };
    of_kind
        && item
            .get("metadata")
            .is_some_and(|metadata| metadata.kind() == Kind::Mapping)
}

fn skip_reason(document: &Document) -> Option<SkipReason> {
    if document.root().kind() != Kind::Mapping {
        return Some(SkipReason::NotAnObject);
    }
    let is_named = !document.api_version().is_empty() && !document.kind().is_empty();
    (!is_named).then_some(SkipReason::NoApiVersionOrKind)
}

/// The first plain scalar or key with a chart's action in it.
fn action_in_plain(tree: &Arc<Tree>) -> Option<usize> {
    let text = tree.source.text();
    let plain = |node: &&NodeData| node.kind() == Kind::String && node.style() == Style::Plain;
    let scalars = tree.nodes.iter().filter(plain).map(|node| node.span());
    let keys = tree
        .entries
        .iter()
        .map(|entry| Span::new(entry.start, entry.end));
    let found = scalars.chain(keys).filter_map(|span| {
        let word = text.get(span.range())?;
        if word.starts_with(['"', '\'']) {
            return None;
        }
        let last = memchr::memmem::rfind(word.as_bytes(), b"}}")?;
        let mut opened =
            memchr::memmem::find_iter(word.as_bytes(), b"{{").take_while(|at| *at < last);
        // `${{ ... }}` is a workflow's expression.
        let at = opened.find(|at| {
            let dollar = word.get(..*at).is_some_and(|before| before.ends_with('$'));
            !dollar && word.get(*at..).is_some_and(template::is_chart_action)
        })?;
        Some(span.start as usize + at)
    });
    found.min()
}

#[cfg(test)]
mod tests;
