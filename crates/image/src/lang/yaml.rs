//! Lock files in YAML, through the bounded loader of manifests.

use plimsoll_manifest::{Document, Limits, Source, load_one};

use crate::{Candidate, Sink};

/// The file as one YAML document; none, and said in `sink`, when it is none.
/// An empty file gives none and is no problem.
pub(crate) fn yaml_or_tell(file: &Candidate<'_>, sink: &mut Sink) -> Option<Document> {
    let bytes = file.whole_or_tell(file.limits.document_bytes, sink)?;
    let limits = Limits {
        max_bytes: file.limits.document_bytes,
        ..Limits::default()
    };
    let document = Source::new(file.path, bytes.into_owned(), &limits)
        .and_then(|source| load_one(&source, &limits));
    match document {
        Ok(document) => document,
        Err(error) => {
            sink.problems
                .push((error.kind.to_string(), Some(u64::from(error.span.start))));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::{self, testing::run};

    const ANALYZER: analyzer::Analyzer = analyzer::Analyzer {
        name: "test",
        version: 1,
        by_path: |_, _| true,
        by_head: analyzer::never_by_head,
        run: |file, sink| {
            if let Some(document) = yaml_or_tell(file, sink) {
                let value = document.root().get("a").and_then(|node| node.scalar_text());
                sink.incomplete(value.unwrap_or("none").to_owned());
            }
        },
    };

    #[test]
    fn any_document_is_read_and_damage_told() {
        let check = |text: &[u8], expect: Option<(&str, bool)>| {
            let problems = run(&ANALYZER, "x.lock", text).problems;
            let found = problems.first().map(|(text, at)| (&**text, at.is_some()));
            match (found, expect) {
                (Some((text, place)), Some((expect, expect_place))) => {
                    assert!(text.contains(expect) && place == expect_place, "{text}");
                }
                (found, expect) => assert_eq!(found, expect),
            }
        };
        check(b"a: 1.10\nb: [x]\n", Some(("1.10", false)));
        check(b"- a\n- b\n", Some(("none", false)));
        check(b"", None);
        check(b"a: [1\n", Some(("", true)));
        check(b"a: \xff\n", Some(("UTF-8", true)));
    }
}
