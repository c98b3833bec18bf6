//! Paths to places: where a field stands, or, when it is missing, the nearest
//! parent that is there.

use std::borrow::Cow;

use plimsoll_manifest::{Document, Key, Kind, Node, Span};
use plimsoll_model::Location;

/// One step of a written path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

/// The steps of a path as `FieldPath` writes it, without building one: this
/// runs once per finding.
pub(crate) struct Steps<'a>(pub &'a str);

impl<'a> Iterator for Steps<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        let rest = self.0.strip_prefix('.').unwrap_or(self.0);
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix("[\"") {
            let end = inside.find("\"]")?;
            self.0 = &inside[end + 2..];
            let key = &inside[..end];
            let key = if key.contains('\\') {
                Cow::Owned(key.replace('\\', ""))
            } else {
                key.into()
            };
            return Some(Step::Key(key));
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let end = inside.find(']')?;
            self.0 = &inside[end + 1..];
            return Some(Step::Index(inside[..end].parse().ok()?));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        self.0 = &rest[end..];
        Some(Step::Key(rest[..end].into()))
    }
}

/// The place of the field these parts of a path lead to, one after the other,
/// or of its nearest parent that is there.
pub(crate) fn locate<'p>(
    document: &Document,
    parts: impl IntoIterator<Item = &'p str>,
) -> Location {
    let mut node = document.root();
    let mut key: Option<Key<'_>> = None;
    'walk: for part in parts {
        for step in Steps(part) {
            let next = match &step {
                Step::Key(name) => node.get_entry(name).map(|(key, value)| (Some(key), value)),
                Step::Index(index) => node.at(*index).map(|item| (None, item)),
            };
            match next {
                Some((found, value)) => (key, node) = (found, value),
                None => break 'walk,
            }
        }
    }
    let span = extent(document.source().text(), key, node);
    let place = document.source().place(span.start);
    Location {
        file: document.source().name().clone(),
        line: place.line,
        column: place.column,
        span,
    }
}

/// What to underline: of a scalar field the key and the value, of a larger one
/// the key, of an item or a document its first line.
fn extent(text: &str, key: Option<Key<'_>>, node: Node<'_>) -> Span {
    let value = node.span();
    match key {
        Some(key) => {
            let scalar = !matches!(node.kind(), Kind::Sequence | Kind::Mapping);
            let between = key.span.end as usize..value.start as usize;
            // An alias' value stands elsewhere, a block scalar on other lines.
            let beside = text
                .get(between)
                .is_some_and(|gap| gap.len() < 64 && !gap.contains('\n'));
            let end = if scalar && beside {
                first_line(text, value).end
            } else {
                key.span.end
            };
            Span::new(key.span.start, end.max(key.span.end))
        }
        None => first_line(text, value),
    }
}

fn first_line(text: &str, span: Span) -> Span {
    let slice = text.get(span.range()).unwrap_or_default();
    let line = slice.split('\n').next().unwrap_or_default().trim_end();
    Span::new(
        span.start,
        span.start + u32::try_from(line.len()).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use plimsoll_manifest::{Limits, Source, load};

    use super::*;

    fn check(yaml: &str, path: &str, expect: &str) {
        let limits = Limits::default();
        let source = Source::new("t.yaml", yaml.as_bytes().to_vec(), &limits).expect("UTF-8");
        let loaded = load(&source, &limits);
        let document = loaded.documents.first().expect("a document");
        let location = locate(document, [path]);
        let shown = format!(
            "{}:{} {}",
            location.line,
            location.column,
            source.slice(location.span)
        );
        assert_eq!(shown, expect, "{path}");
    }

    const POD: &str = "apiVersion: v1
kind: Pod
metadata:
  annotations:
    a.b/c: \"x y\"
spec:
  hostPID:   true # why
  containers:
  - name: web
    securityContext:
      capabilities: {add: [SYS_ADMIN, ALL]}
";

    #[test]
    fn fields_are_found_where_they_stand() {
        check(POD, "spec.hostPID", "7:3 hostPID:   true");
        check(POD, "metadata.annotations[\"a.b/c\"]", "5:5 a.b/c: \"x y\"");
        check(POD, "spec.containers[0]", "9:5 name: web");
        check(POD, "spec.containers[0].name", "9:5 name: web");
        check(
            POD,
            "spec.containers[0].securityContext.capabilities.add[1]",
            "11:39 ALL",
        );
    }

    #[test]
    fn missing_fields_are_shown_at_the_nearest_parent() {
        check(POD, "spec.hostIPC", "6:1 spec");
        check(
            POD,
            "spec.containers[0].securityContext.privileged",
            "10:5 securityContext",
        );
        check(
            POD,
            "spec.containers[0].resources.limits.memory",
            "9:5 name: web",
        );
        check(POD, "spec.containers[3].name", "8:3 containers");
        check(POD, "other", "1:1 apiVersion: v1");
        check(POD, "", "1:1 apiVersion: v1");
    }

    #[test]
    fn an_alias_is_shown_where_it_is_used() {
        check("apiVersion: v1\nkind: A\nx: &a 5\ny: *a\n", "y", "4:1 y");
    }

    #[test]
    fn steps_read_all_forms() {
        let steps: Vec<_> = Steps("[2].a[\"b.c/d\"][1].e").collect();
        let key = |text: &'static str| Step::Key(text.into());
        assert_eq!(
            steps,
            [
                Step::Index(2),
                key("a"),
                key("b.c/d"),
                Step::Index(1),
                key("e")
            ]
        );
    }
}
